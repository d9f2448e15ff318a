"""French telephone numbers, mainland and overseas: from what people type to E.164 and back."""

import phonenumbers
from django.conf import settings
from phonenumbers import NumberParseException, PhoneNumber, PhoneNumberFormat, PhoneNumberType

from notifications.wording import NBSP

# Overseas numbers have country codes of their own, though everybody types ten digits: each region is tried in turn.
REGIONS = ("FR", "GP", "RE", "YT", "GF", "MQ")
COUNTRY_CODES = {33, 590, 262, 594, 596}
MOBILE = {PhoneNumberType.MOBILE, PhoneNumberType.FIXED_LINE_OR_MOBILE}
LONGEST = 40


def to_e164(text: str) -> str | None:
    """+33612345678 for "06 12 34 56 78"; None for anything that is no French number."""
    if len(text) > LONGEST:
        return None
    for region in REGIONS:
        try:
            number = phonenumbers.parse(text, region)
        except NumberParseException:
            continue
        if number.country_code in COUNTRY_CODES and not number.extension and _exists(number):
            return _e164(number)
    return None


def is_mobile(e164: str) -> bool:
    """Whether an SMS can reach this number."""
    if _is_fictional(e164):
        return True
    try:
        number = phonenumbers.parse(e164)
    except NumberParseException:
        return False
    return phonenumbers.number_type(number) in MOBILE


def show(e164: str) -> str:
    """06 12 34 56 78, with no-break spaces; what is no number is shown as it is."""
    try:
        number = phonenumbers.parse(e164)
    except NumberParseException:
        return e164
    return phonenumbers.format_number(number, PhoneNumberFormat.NATIONAL).replace(" ", NBSP)


def _e164(number: PhoneNumber) -> str:
    return phonenumbers.format_number(number, PhoneNumberFormat.E164)


def _exists(number: PhoneNumber) -> bool:
    if _is_fictional(_e164(number)):
        return phonenumbers.is_possible_number(number)
    return phonenumbers.is_valid_number(number)


def _is_fictional(e164: str) -> bool:
    """Numbers reserved for fiction (06 39 98 …) belong to no region: a demo allows them by their prefix."""
    prefix = settings.SMS_TEST_PREFIX
    return bool(prefix) and e164.startswith(prefix)
