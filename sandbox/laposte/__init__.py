"""La Poste: following parcels, and the hand that moves them."""

from sandbox.laposte.web import blueprint

__all__ = ["blueprint"]
