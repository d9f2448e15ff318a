"""Test cards: what the number of a card makes happen. The numbers are Stripe's own."""

from dataclasses import dataclass

REFUND_SUCCEEDS, REFUND_WAITS, REFUND_FAILS = "succeeds", "waits", "fails"


@dataclass(frozen=True)
class Decline:
    """Why a bank says no: Stripe's code, the bank's, the text for the merchant, the sentence for the buyer."""

    code: str
    decline_code: str | None
    message: str
    sentence: str


GENERIC = Decline(
    "card_declined",
    "generic_decline",
    "Your card was declined.",
    "Votre carte a été refusée. Essayez une autre carte.",
)
NO_FUNDS = Decline(
    "card_declined",
    "insufficient_funds",
    "Your card has insufficient funds.",
    "Votre carte a été refusée : provision insuffisante. Essayez une autre carte.",
)
LOST = Decline(
    "card_declined",
    "lost_card",
    "Your card was declined.",
    "Votre carte a été refusée. Essayez une autre carte.",
)
EXPIRED = Decline("expired_card", None, "Your card has expired.", "Votre carte a expiré.")
WRONG_CVC = Decline(
    "incorrect_cvc",
    None,
    "Your card's security code is incorrect.",
    "Le code de sécurité de votre carte est incorrect.",
)
PROCESSING = Decline(
    "processing_error",
    None,
    "An error occurred while processing your card. Try again in a little bit.",
    "Une erreur est survenue pendant le traitement de votre carte. Essayez de nouveau dans un moment.",
)
LIVE_CARD = Decline(
    "card_declined",
    "test_mode_live_card",
    "Your card was declined. Your request was in test mode, but used a non test (live) card.",
    "Ce numéro n’est pas celui d’une carte de test. N’utilisez jamais une vraie carte ici.",
)
NOT_AUTHENTICATED = Decline(
    "payment_intent_authentication_failure",
    None,
    "The provided PaymentMethod has failed authentication. "
    "You can provide payment_method_data or a new PaymentMethod to attempt to fulfill this PaymentIntent again.",
    "Votre banque n’a pas pu confirmer votre identité. Aucun débit n’a eu lieu ; essayez de nouveau.",
)


@dataclass(frozen=True)
class Card:
    """A test card and its story."""

    number: str
    label: str = ""
    brand: str = "visa"
    decline: Decline | None = None
    authenticates: bool = False
    disputes: bool = False
    refund: str = REFUND_SUCCEEDS

    @property
    def spaced(self) -> str:
        """The number in groups of four."""
        return " ".join(self.number[i : i + 4] for i in range(0, len(self.number), 4))


CARDS = {
    card.number: card
    for card in (
        Card("4242424242424242", "Paiement accepté"),
        Card("4000002500003155", "Authentification demandée", authenticates=True),
        Card("4000000000000002", "Carte refusée", decline=GENERIC),
        Card("4000000000009995", "Provision insuffisante", decline=NO_FUNDS),
        Card("4000000000000069", "Carte expirée", decline=EXPIRED),
        Card("4000000000000127", "Code de sécurité incorrect", decline=WRONG_CVC),
        Card("4000000000000119", "Erreur de traitement", decline=PROCESSING),
        Card("4000008400001629", "Authentification, puis refus", authenticates=True, decline=GENERIC),
        Card("4000000000000259", "Accepté, puis contesté", disputes=True),
        Card("4000000000007726", "Accepté ; remboursement lent", refund=REFUND_WAITS),
        Card("4000000000005126", "Accepté ; remboursement en échec", refund=REFUND_FAILS),
        Card("4000000000009987", decline=LOST),
        Card("4000000000003220", authenticates=True),
        Card("4000002760003184", authenticates=True),
        Card("4000056655665556"),
        Card("4000002500000003"),
        Card("5555555555554444", brand="mastercard"),
        Card("2223003122003222", brand="mastercard"),
        Card("378282246310005", brand="amex"),
    )
}
OFFERED = [card for card in CARDS.values() if card.label]


def is_number(digits: str) -> bool:
    """Tell whether the digits can be a card number: 12 to 19 of them, with the right check digit (Luhn)."""
    if not (digits.isascii() and digits.isdigit() and 12 <= len(digits) <= 19):
        return False
    total = 0
    for place, digit in enumerate(reversed(digits)):
        value = int(digit) * (1 + place % 2)
        total += value - 9 if value > 9 else value
    return total % 10 == 0


def card_of(digits: str) -> Card:
    """Return the test card; a number that is not one is declined as Stripe declines real cards in test mode."""
    return CARDS.get(digits) or Card(digits, decline=LIVE_CARD)
