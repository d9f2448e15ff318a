"""Amounts as Stripe words them: whole cents in, text out."""

SIGNS = {"eur": "€", "usd": "$", "gbp": "£"}


def english(cents: int, currency: str) -> str:
    """Write an amount as Stripe's error messages do: €12.50."""
    sign = SIGNS.get(currency)
    amount = f"{cents // 100:,}.{cents % 100:02d}"
    return f"{sign}{amount}" if sign else f"{amount} {currency.upper()}"


def french(cents: int, currency: str) -> str:
    """Write an amount for the pages: 1 234,56 € with no-break spaces."""
    whole = f"{cents // 100:,}".replace(",", "\u00a0")
    return f"{whole},{cents % 100:02d}\u00a0{SIGNS.get(currency, currency.upper())}"
