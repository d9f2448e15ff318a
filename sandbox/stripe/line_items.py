"""The lines of a Checkout Session, priced in cents."""

from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from sandbox.stripe.errors import invalid, missing, not_found
from sandbox.stripe.objects import Doc, new, random_id


def line_item(line: dict[str, Any], path: str, created: int) -> Doc:
    """Price one line; `path` is its name in a refusal. There is no catalogue: ids of prices are unknown."""
    if "price" in line:
        raise not_found("price", line["price"], param=f"{path}[price]")
    for name in ("price_data", "quantity"):
        if name not in line:
            raise missing(f"{path}[{name}]")
    if line.get("tax_rates"):
        raise not_found("tax rate", line["tax_rates"][0], param=f"{path}[tax_rates][0]")
    if line["quantity"] < 1:
        raise invalid("This value must be greater than or equal to 1.", param=f"{path}[quantity]")
    price = line["price_data"]
    if "product" in price:
        raise not_found("product", price["product"], param=f"{path}[price_data][product]")
    if "product_data" not in price:
        raise missing(f"{path}[price_data][product_data]")
    amount = _line_amount(price, line["quantity"], f"{path}[price_data]")
    return new(
        "item",
        amount_subtotal=amount,
        amount_total=amount,
        currency=price["currency"].lower(),
        description=price["product_data"]["name"],
        quantity=line["quantity"],
        metadata=line.get("metadata", {}),
        price=_price(price, created),
    )


def _line_amount(price: dict[str, Any], quantity: int, path: str) -> int:
    """Return the line's amount in cents; fractions of a cent are rounded once, after multiplying."""
    if ("unit_amount" in price) == ("unit_amount_decimal" in price):
        raise invalid(f"You must specify exactly one of `unit_amount` and `unit_amount_decimal` in {path}.", param=path)
    text = str(price.get("unit_amount", price.get("unit_amount_decimal")))
    try:
        unit = Decimal(text)
    except ArithmeticError as error:
        raise invalid(f"Invalid decimal: {text}", param=f"{path}[unit_amount_decimal]") from error
    if not unit.is_finite() or unit < 0:
        raise invalid("This value must be greater than or equal to 0.", param=f"{path}[unit_amount]")
    return int((unit * quantity).quantize(Decimal(1), ROUND_HALF_UP))


def _price(price: dict[str, Any], created: int) -> Doc:
    unit = Decimal(str(price.get("unit_amount", price.get("unit_amount_decimal"))))
    return new(
        "price",
        created=created,
        currency=price["currency"].lower(),
        product=random_id("prod_", 14),
        tax_behavior=price.get("tax_behavior", "unspecified"),
        unit_amount=int(unit) if unit == unit.to_integral_value() else None,
        unit_amount_decimal=str(unit.normalize()) if unit % 1 else str(int(unit)),
    )
