"""Who runs a command."""

import getpass


def operator() -> str:
    """The name of the account, where it has one."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "inconnu"
