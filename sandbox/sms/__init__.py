"""The SMS gateway, as OVHcloud's API speaks."""

from sandbox.sms.web import blueprint

__all__ = ["blueprint"]
