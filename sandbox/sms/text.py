"""What a text costs: alphabet and number of parts."""

GSM7 = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
GSM7_TWICE = frozenset("^{}\\[~]|€\f")


def outside_gsm7(text: str) -> str:
    """Return the characters that force the dear alphabet, each once."""
    return "".join(dict.fromkeys(char for char in text if char not in GSM7 and char not in GSM7_TWICE))


def parts(text: str) -> int:
    """Count the SMS that the text takes: 160 or 153 characters each in GSM-7, 70 or 67 in UCS-2."""
    if outside_gsm7(text):
        length, one, each = len(text.encode("utf-16-be")) // 2, 70, 67
    else:
        length, one, each = sum(2 if char in GSM7_TWICE else 1 for char in text), 160, 153
    return 1 if length <= one else -(-length // each)
