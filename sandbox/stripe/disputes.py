"""Disputes: the buyer contests a charge at the bank. Opened on demand from the sandbox's page."""

from sandbox.stripe import clock
from sandbox.stripe.account import Account
from sandbox.stripe.errors import StripeError
from sandbox.stripe.objects import Doc, new

DAYS_TO_ANSWER = 9


def open_dispute(account: Account, charge_id: str) -> Doc:
    """Contest a paid charge: Stripe takes the money back at once."""
    with account.act():
        charge = account.fetch("charge", charge_id)
        if not charge["paid"] or charge["disputed"]:
            raise StripeError(400, f"Charge {charge_id} cannot be disputed.", param="charge")
        charge["disputed"] = True
        account.save(charge)
        dispute = new(
            "dispute",
            amount=charge["amount"],
            charge=charge_id,
            created=clock.now(),
            currency=charge["currency"],
            payment_intent=charge["payment_intent"],
        )
        brand = charge["payment_method_details"]["card"]["brand"]
        dispute["payment_method_details"]["card"] |= {"brand": brand, "network": brand}
        dispute["evidence_details"]["due_by"] = clock.now() + DAYS_TO_ANSWER * 24 * 60 * 60
        account.emit("charge.dispute.created", account.save(dispute))
        account.emit("charge.dispute.funds_withdrawn", dispute)
        return dispute


def close_dispute(account: Account, dispute_id: str, *, won: bool) -> Doc:
    """Decide an open dispute; where the shop wins, the money comes back."""
    with account.act():
        dispute = account.fetch("dispute", dispute_id)
        if dispute["status"] in ("won", "lost"):
            raise StripeError(400, "This dispute is already closed.", param="dispute")
        before = {"status": dispute["status"]}
        dispute["status"] = "won" if won else "lost"
        account.emit("charge.dispute.closed", account.save(dispute), before)
        if won:
            account.emit("charge.dispute.funds_reinstated", dispute)
        return dispute
