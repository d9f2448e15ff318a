"""The one class of refusals."""


class LoadRefused(Exception):
    """This file was not loaded and nothing changed; `str(error)` is a French sentence for the operator."""
