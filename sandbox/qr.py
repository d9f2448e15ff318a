"""A QR code in the terminal. It needs a package that a bare Python does not have, so it is loaded late."""

import io

import qrcode


def drawing(text: str, indent: str = "") -> str:
    """Draw with half blocks, light on dark as most terminals are."""
    code = qrcode.QRCode(error_correction=qrcode.constants.ERROR_CORRECT_L, border=2)
    code.add_data(text)
    out = io.StringIO()
    code.print_ascii(out=out, invert=True)
    return "\n".join(indent + line for line in out.getvalue().splitlines())
