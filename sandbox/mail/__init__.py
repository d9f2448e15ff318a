"""The mail server and its readable mailbox."""

from sandbox.mail.web import blueprint

__all__ = ["blueprint"]
