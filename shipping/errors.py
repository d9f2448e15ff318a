"""The one class of refusals."""


class ShippingError(Exception):
    """A parcel rule said no; `str(error)` is a French sentence fit for staff."""
