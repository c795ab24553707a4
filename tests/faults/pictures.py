"""The few uploads of the fault tests, drawn once, and what the service's list makes of them."""

import functools
import hashlib
import io
from typing import Final

from PIL import Image, ImageSequence

from local.match import answers
from local.match.answers import RefusalError
from local.match.decoding import decode
from local.match.fingerprint import fingerprint
from local.match.hash_list import HashListEntry, HashMatch, look_up
from local.pictures import draw, encode

CLEAN, SKIPPED, UNSCANNABLE, QUARANTINED = "CLEAN", "SKIPPED", "UNSCANNABLE", "QUARANTINED"
_SIZE = (200, 180)


def _animate(*seeds: int) -> bytes:
    first, *others = [draw(seed, _SIZE) for seed in seeds]
    return encode(first, "GIF", save_all=True, append_images=others, loop=0)


BYTES: Final[dict[str, bytes]] = {
    "clean": encode(draw(1, _SIZE), "JPEG"),
    "clean too": encode(draw(2, _SIZE), "PNG"),
    "match": encode(draw(3, _SIZE), "JPEG"),
    # Other bytes of the same picture.
    "match again": encode(draw(3, _SIZE), "JPEG", quality=60),
    "test match": encode(draw(4, _SIZE), "JPEG"),
    # The service takes it enlarged.
    "small": encode(draw(5, (90, 90)), "JPEG"),
    "tiny": encode(draw(5, (30, 30)), "JPEG"),
    "animation": _animate(7, 8),
    # Its last frame is the match.
    "animated match": _animate(9, 3),
    # The service cannot verify it as an image.
    "damaged": encode(draw(6, _SIZE), "JPEG")[:900],
    "text": b"no picture at all\n" * 20,
    "document": b"%PDF-1.7\n" + b"no picture at all\n" * 20,
}
OUTCOME: Final[dict[str, str]] = {
    "clean": CLEAN,
    "clean too": CLEAN,
    "match": QUARANTINED,
    "match again": QUARANTINED,
    "test match": QUARANTINED,
    "small": CLEAN,
    "tiny": UNSCANNABLE,
    "animation": CLEAN,
    "animated match": QUARANTINED,
    "damaged": UNSCANNABLE,
    "text": SKIPPED,
    "document": SKIPPED,
}
# Why the renderer finds nothing in these.
UNDECODABLE: Final = {"damaged": "damaged", "tiny": "too-small", "text": "unrecognised", "document": "unrecognised"}


def _render(name: str) -> tuple[bytes, ...]:
    """Return the renditions of a picture, one for each frame."""
    with Image.open(io.BytesIO(BYTES[name])) as picture:
        frames = [frame.convert("RGB").resize(_SIZE) for frame in ImageSequence.Iterator(picture)]
    return tuple(encode(frame, "JPEG", quality=90) for frame in frames)


RENDITIONS: Final = {name: _render(name) for name in BYTES if name not in UNDECODABLE}
NAME: Final = {hashlib.sha256(content).hexdigest(): name for name, content in BYTES.items()}
# The SHA-256 of a rendition -> that of its picture.
_ORIGIN: Final = {
    hashlib.sha256(rendition).hexdigest(): hashlib.sha256(BYTES[name]).hexdigest()
    for name, renditions in RENDITIONS.items()
    for rendition in renditions
}


def origin(digest: str) -> str:
    """Return the SHA-256 of the upload whose rendition has this one; the same one where it is an upload's own."""
    return _ORIGIN.get(digest, digest)


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
