"""First bytes -> type, dimensions, and the route that a picture takes. Pure.

Only what is surely no image is skipped. Whatever a browser might still show and the service does not take is
for a rendition; what nothing here knows is not clean either.
"""

from dataclasses import dataclass
from enum import Enum

from photodna_guard.domain.models import ObjectHead
from photodna_guard.imaging.dimensions import read_dimensions
from photodna_guard.imaging.file_types import detect_type, is_known_non_image

HEAD_BYTES = 64 * 1024  # of the ranged GET: holds the dimensions of most pictures, thumbnails and profiles before them
MAX_BYTES = (
    4 * 1024 * 1024
)  # bytes. "4 MB": the wider reading, since the service itself refuses what it finds too large
MIN_SIDE_PIXELS = 160  # pixels, on each side

MEDIA_TYPES = {
    "jpeg": "image/jpeg",
    "png": "image/png",
    "gif": "image/gif",
    "bmp": "image/bmp",
    "tiff": "image/tiff",
}


class Disposition(Enum):
    """What is done with an upload after the look."""

    BY_URL = "by URL"
    RENDITION = "rendition"  # a picture that the service does not take as it is
    NOT_AN_IMAGE = "not an image"


@dataclass(frozen=True, slots=True)
class Triage:
    """The way, and for all but BY_URL the reason for it."""

    way: Disposition
    reason: str = ""
    media_type: str = ""  # of what the service takes


def triage(look: ObjectHead) -> Triage:
    """The route of the object that was looked at."""
    if look.size == 0:
        return Triage(Disposition.NOT_AN_IMAGE, "empty")
    if look.content_encoding not in ("", "identity", "aws-chunked"):
        # A browser undoes the encoding and shows a picture where these bytes show none.
        return Triage(Disposition.RENDITION, "content-encoding")
    kind = detect_type(look.head)
    if kind is None:
        known = is_known_non_image(look.head, cut=look.size > len(look.head))
        return (
            Triage(Disposition.NOT_AN_IMAGE, "not-an-image") if known else Triage(Disposition.RENDITION, "unrecognised")
        )
    if kind not in MEDIA_TYPES:
        return Triage(Disposition.RENDITION, f"format-{kind}")
    if look.size > MAX_BYTES:
        return Triage(Disposition.RENDITION, "too-large")
    size = read_dimensions(kind, look.head)
    if size and min(size) < MIN_SIDE_PIXELS:
        return Triage(Disposition.RENDITION, "too-small")
    return Triage(Disposition.BY_URL, media_type=MEDIA_TYPES[kind])
