"""Parcel numbers and what depends on the destination. Pure."""

OVERSEAS_PRODUCTS = {"COM", "CDS", "ECO", "ECOS"}
RETURNS = {"CORE", "CORI", "CORF"}
PRODUCTS = {"DOM", "DOS", "HD", "CECO"} | OVERSEAS_PRODUCTS | RETURNS
PREFIXES = {"COM": "8L", "ECO": "8L", "CDS": "7Q", "ECOS": "7Q", "CORE": "8R", "CORI": "8R", "CORF": "8R"}


def is_overseas(country: str, zip_code: str) -> bool:
    """Tell Outre-Mer (97…, 98…) from the mainland and Monaco (980…)."""
    return country == "FR" and zip_code.startswith(("97", "98")) and not zip_code.startswith("980")


def check_digit(digits: str) -> int:
    """Compute the key over ten digits: from the right ×3, ×1, ×3 …, then up to the next multiple of ten."""
    total = sum(int(digit) * (3 if place % 2 == 0 else 1) for place, digit in enumerate(reversed(digits)))
    return -total % 10


def parcel_number(product: str, count: int) -> str:
    """Write the count-th parcel number: prefix of the product, ten digits, key."""
    digits = f"{count:010d}"
    return f"{PREFIXES.get(product, '6A')}{digits}{check_digit(digits)}"


def routing_barcode(number: str, zip_code: str) -> str:
    """Write the carrier's 28 characters: 00, postal code, parcel number and routing, as in captured answers."""
    return f"00{zip_code:0>5.5}11{number[:12]}801250L".ljust(28, "0")
