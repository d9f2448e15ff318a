"""Which offer a company may order, and how many lots. Pure rules: no database, no clock.

The two lot sizes are never mixed: the offer follows from the headcount of the whole company.
"""

from django.db import models

MASKS_PER_EMPLOYEE = 2
HEADCOUNT_LIMIT = 50
PME_FROM_HEADCOUNT = 10


class Offer(models.TextChoices):
    TPE = "TPE", "Offre TPE"
    PME = "PME", "Offre PME"

    @property
    def lot_size(self) -> int:
        """Masks in one lot of this offer."""
        return LOT_SIZES[self]


LOT_SIZES = {Offer.TPE: 6, Offer.PME: 40}


def offer_for(headcount: int) -> Offer | None:
    """The offer for a company of this size; none from fifty employees on."""
    if headcount >= HEADCOUNT_LIMIT:
        return None
    return Offer.PME if headcount >= PME_FROM_HEADCOUNT else Offer.TPE


def max_lots(headcount: int, lot_size: int) -> int:
    """The smallest number of lots that gives every employee two masks; a self-employed person counts as one."""
    return max(1, -(-MASKS_PER_EMPLOYEE * headcount // lot_size))
