"""Stripe as the shop sees it: API, hosted card page, signed webhooks; one card payment after the other.

Sessions, payments and refunds are kept in the world's store and have a life; parameters are checked
against the types of the client library's version. Only payment by card through a hosted Checkout
Session is played: what is known to Stripe but not played here is refused, never ignored.
"""

from typing import TYPE_CHECKING

from flask import Blueprint

from sandbox.stripe import api, dashboard, hosted, refunds, sessions, webhooks
from sandbox.stripe.account import Account

if TYPE_CHECKING:
    from sandbox.world import World


def blueprint(world: "World") -> Blueprint:
    """Build everything below /stripe, and take up the work that a restart interrupted."""
    account = Account(world)
    bp = Blueprint("stripe", __name__, url_prefix="/stripe", template_folder="templates", static_folder="static")
    api.register(bp, account)
    hosted.register(bp, account)
    dashboard.register(bp, account)
    world.add_page("Stripe", "/stripe/", "Paiements par carte, remboursements, litiges, évènements.", "stripe.charge")
    sessions.watch_open(account)
    refunds.resume(account)
    webhooks.resume(account)
    return bp
