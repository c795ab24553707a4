"""The few uploads of the fault tests, drawn once, and what the service's list makes of them."""

import functools
import hashlib
from typing import Final

from local.match import answers
from local.match.answers import RefusalError
from local.match.decoding import decode
from local.match.fingerprint import fingerprint
from local.match.hash_list import HashListEntry, HashMatch, look_up
from local.pictures import draw, encode

CLEAN, SKIPPED, UNSCANNABLE, QUARANTINED = "CLEAN", "SKIPPED", "UNSCANNABLE", "QUARANTINED"
_SIZE = (200, 180)

BYTES: Final[dict[str, bytes]] = {
    "clean": encode(draw(1, _SIZE), "JPEG"),
    "clean too": encode(draw(2, _SIZE), "PNG"),
    "match": encode(draw(3, _SIZE), "JPEG"),
    # Other bytes of the same picture.
    "match again": encode(draw(3, _SIZE), "JPEG", quality=60),
    "test match": encode(draw(4, _SIZE), "JPEG"),
    "small": encode(draw(5, (90, 90)), "JPEG"),
    # The service cannot verify it as an image.
    "damaged": encode(draw(6, _SIZE), "JPEG")[:900],
    "text": b"%PDF-1.7\n" + b"no picture at all\n" * 20,
}
OUTCOME: Final[dict[str, str]] = {
    "clean": CLEAN,
    "clean too": CLEAN,
    "match": QUARANTINED,
    "match again": QUARANTINED,
    "test match": QUARANTINED,
    "small": UNSCANNABLE,
    "damaged": UNSCANNABLE,
    "text": SKIPPED,
}


def _listed(name: str, source: str) -> HashListEntry:
    return HashListEntry(source, f"id-{source}", ("A1",), fingerprint(decode(BYTES[name])).hashes)


@functools.cache
def _known() -> tuple[HashListEntry, ...]:
    return _listed("match", "Microsoft"), _listed("test match", "Test")


@functools.cache
def looked_up(content: bytes) -> tuple[HashMatch, ...] | RefusalError:
    """Return what the emulator finds of a picture, or why it refuses it. Each picture is hashed once."""
    try:
        seen = fingerprint(decode(content))
    except RefusalError as refusal:
        return refusal
    return tuple(look_up(_known(), seen.hashes[0])) if seen.is_usable else ()


def answer(content: bytes, tracking_id: str) -> dict[str, object]:
    """Return the operation's answer about these bytes."""
    found = looked_up(content)
    if isinstance(found, RefusalError):
        return answers.refusal_answer(found.code, str(found), tracking_id)
    return answers.match_answer(found, tracking_id, evaluated=False)


@functools.cache
def sha256(content: bytes) -> str:
    """Return the SHA-256 in hexadecimal digits."""
    return hashlib.sha256(content).hexdigest()
