"""A client of ClamAV's daemon: the INSTREAM command of its protocol over TCP or a Unix socket.

CLAMAV_ADDRESS is "host:port" or the path of a socket; empty, nothing is scanned.
"""

import socket
import struct

from django.conf import settings

from notifications.pause import Pause

TIMEOUT = 10  # seconds for each step; a file of 10 MB takes about one
CHUNK = 64 * 1024
# A scanner that hangs delays one file of a sending, not ten: the sweep comes back to what was not scanned.
pause = Pause(seconds=30)


class ScannerUnreachable(Exception):
    """No verdict: the daemon is away, slow, or answered that it could not look."""


def is_configured() -> bool:
    return bool(settings.CLAMAV_ADDRESS)


def find_virus(content: bytes) -> str:
    """Give the name of what ClamAV found, or nothing where the file is clean."""
    if pause.is_on():
        raise ScannerUnreachable("left alone for a moment")
    try:
        with _connect(settings.CLAMAV_ADDRESS) as daemon:
            daemon.sendall(b"zINSTREAM\0")
            for start in range(0, len(content), CHUNK):
                chunk = content[start : start + CHUNK]
                daemon.sendall(struct.pack("!L", len(chunk)) + chunk)
            daemon.sendall(struct.pack("!L", 0))
            answer = _read(daemon)
    except OSError as error:
        pause.begin()
        raise ScannerUnreachable(str(error)) from error
    if answer.endswith(" OK"):
        return ""
    if answer.endswith(" FOUND"):
        return answer.removeprefix("stream: ").removesuffix(" FOUND")
    raise ScannerUnreachable(answer or "no answer")


def _connect(address: str) -> socket.socket:
    host, _, port = address.rpartition(":")
    if host and port.isdecimal():
        return socket.create_connection((host.strip("[]"), int(port)), timeout=TIMEOUT)
    daemon = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    daemon.settimeout(TIMEOUT)
    try:
        daemon.connect(address)
    except OSError:
        daemon.close()
        raise
    return daemon


def _read(daemon: socket.socket) -> str:
    """The answer up to the NUL that ends it: « stream: OK », « stream: Eicar-Signature FOUND »."""
    answer = b""
    while not answer.endswith(b"\0") and (part := daemon.recv(4096)) and len(answer) < 4096:
        answer += part
    return answer.rstrip(b"\0\n").decode("utf-8", "replace")
