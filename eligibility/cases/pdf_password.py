"""Whether an encrypted PDF asks its reader for a password. Pure.

Chambers and registries encrypt what they issue so that nobody changes it, and everybody opens it with the empty
password: such a paper is taken. ISO 32000-2, 7.6.4: the empty password is tried as any reader tries it.
"""

import hashlib
import re

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CBC

# What fills a password up to 32 bytes; the empty one is nothing else.
EMPTY = bytes.fromhex("28bf4e5e4e758a4164004e56fffa01082e2e00b6d0683e802f0ca9fe6453697a")
ENCRYPT = re.compile(rb"/Encrypt[\s\0]*(?:([0-9]{1,10})[\s\0]+([0-9]{1,5})[\s\0]+R|(?=<<))")
LONGEST = 8_000  # bytes of the dictionary
LONGEST_STRING = 600
BRACKET = re.compile(rb"\\.|[()]", re.DOTALL)
ESCAPE = re.compile(rb"\\(?:([0-7]{1,3})|(\r\n|.))", re.DOTALL)
ESCAPED = {b"n": b"\n", b"r": b"\r", b"t": b"\t", b"b": b"\b", b"f": b"\f", b"\r\n": b"", b"\r": b"", b"\n": b""}


def is_encrypted(outside: bytes) -> bool:
    """Whether the text outside of the streams names an encryption."""
    return ENCRYPT.search(outside) is not None


def is_needed(outside: bytes) -> bool:
    """Whether the empty password does not open it; what cannot be told counts as needed."""
    entry = _dictionary(outside)
    if not re.search(rb"/Filter[\s\0]*/Standard\b", entry):
        return True  # encrypted for the holders of certificates
    revision, user = _number(entry, b"R"), _string(entry, b"U")
    if revision >= 5:
        salt = user[32:40]
        return user[:32] != (hashlib.sha256(salt).digest() if revision == 5 else _hardened(salt))
    return not _opens_old(entry, _first_id(outside), revision, user)


def _dictionary(outside: bytes) -> bytes:
    """The encryption dictionary: of the last trailer, for a file may have been saved several times."""
    found = list(ENCRYPT.finditer(outside))[-1]
    if found[1] is None:
        return outside[found.end() : found.end() + LONGEST]
    begins = [each.end() for each in re.finditer(rb"(?<![0-9])%b[\s\0]+%b[\s\0]+obj" % (found[1], found[2]), outside)]
    return outside[begins[-1] : begins[-1] + LONGEST].partition(b"endobj")[0] if begins else b""


def _opens_old(entry: bytes, file_id: bytes, revision: int, user: bytes) -> bool:
    """Algorithms 4 and 5 of the standard, for RC4 and the AES of 128 bits."""
    length = {2: 5, 3: max(5, min(16, _number(entry, b"Length", 40) // 8))}.get(revision, 16)
    rights = (_number(entry, b"P") & 0xFFFFFFFF).to_bytes(4, "little")
    is_bare = revision >= 4 and re.search(rb"/EncryptMetadata[\s\0]+false", entry) is not None
    key = _md5(EMPTY + _string(entry, b"O")[:32] + rights + file_id + (b"\xff" * 4 if is_bare else b""))[:length]
    if revision == 2:
        return user[:32] == _rc4(key, EMPTY)
    for _ in range(50):
        key = _md5(key)[:length]
    proof = _md5(EMPTY + file_id)
    for turn in range(20):
        proof = _rc4(bytes(each ^ turn for each in key), proof)
    return user[:16] == proof


def _hardened(salt: bytes) -> bytes:
    """Algorithm 2.B, for the AES of 256 bits; it ends after 287 turns at the latest."""
    key, turn, last = hashlib.sha256(salt).digest(), 0, 0
    while turn < 64 or last > turn - 32:
        encryptor = Cipher(AES(key[:16]), CBC(key[16:32])).encryptor()
        mixed = encryptor.update(key * 64) + encryptor.finalize()
        key = (hashlib.sha256, hashlib.sha384, hashlib.sha512)[sum(mixed[:16]) % 3](mixed).digest()
        turn, last = turn + 1, mixed[-1]
    return key[:32]


def _md5(data: bytes) -> bytes:
    return hashlib.md5(data, usedforsecurity=False).digest()


def _rc4(key: bytes, data: bytes) -> bytes:
    state, j = list(range(256)), 0
    for i in range(256):
        j = (j + state[i] + key[i % len(key)]) % 256
        state[i], state[j] = state[j], state[i]
    i = j = 0
    written = bytearray()
    for each in data:
        i = (i + 1) % 256
        j = (j + state[i]) % 256
        state[i], state[j] = state[j], state[i]
        written.append(each ^ state[(state[i] + state[j]) % 256])
    return bytes(written)


# --- the few things of the syntax that are needed


def _number(entry: bytes, name: bytes, otherwise: int = 0) -> int:
    found = re.search(rb"/%b[\s\0]+(-?[0-9]{1,10})(?![0-9])" % name, entry)
    return int(found[1]) if found else otherwise


def _string(entry: bytes, name: bytes) -> bytes:
    found = re.search(rb"/%b[\s\0]*(?=[(<])" % name, entry)
    return _read_string(entry, found.end()) if found else b""


def _first_id(outside: bytes) -> bytes:
    """The first half of the file's identifier."""
    found = list(re.finditer(rb"/ID[\s\0]*\[[\s\0]*(?=[(<])", outside))
    return _read_string(outside, found[-1].end()) if found else b""


def _read_string(text: bytes, at: int) -> bytes:
    """The string that begins here, written in hexadecimal or in brackets."""
    if text[at : at + 1] == b"<":
        digits = re.sub(rb"[^0-9A-Fa-f]", b"", text[at : at + LONGEST_STRING].partition(b">")[0])
        return bytes.fromhex((digits + b"0" * (len(digits) % 2)).decode())
    depth = 0
    for found in BRACKET.finditer(text, at, at + LONGEST_STRING):
        depth += {b"(": 1, b")": -1}.get(found[0], 0)
        if depth == 0:
            return ESCAPE.sub(_plain, text[at + 1 : found.start()])
    return b""


def _plain(escape: re.Match[bytes]) -> bytes:
    octal, letter = escape.groups()
    return bytes([int(octal, 8) & 0xFF]) if octal else ESCAPED.get(letter, letter)
