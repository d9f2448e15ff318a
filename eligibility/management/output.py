"""Standard output of commands that write whole files."""

import os
import sys
from collections.abc import Iterable

from django.core.management.base import OutputWrapper


def pour(pieces: Iterable[bytes], into: OutputWrapper) -> None:
    """Write text piece by piece, until there is no more of it or the reader has seen enough (`| head`)."""
    try:
        for piece in pieces:
            into.write(piece.decode(), ending="")
        into.flush()
    except BrokenPipeError:
        # The interpreter flushes once more when it ends, into nothing then.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
