"""First bytes -> type, dimensions, and the route that a picture takes. Pure.

Only what is surely no image is skipped. Whatever a browser might still show and the service does not take is
for a rendition; what nothing here knows is not clean either.
"""

from dataclasses import dataclass
from enum import Enum

from photodna_guard.domain.models import Look
from photodna_guard.imaging.dimensions import dimensions
from photodna_guard.imaging.file_types import surely_no_image, type_of

HEAD_BYTES = 64 * 1024  # of the ranged GET: holds the dimensions of most pictures, thumbnails and profiles before them
LARGEST = 4 * 1024 * 1024  # bytes. "4 MB": the wider reading, since the service itself refuses what it finds too large
SMALLEST = 160  # pixels, on each side

MEDIA_TYPES = {
    "jpeg": "image/jpeg",
    "png": "image/png",
    "gif": "image/gif",
    "bmp": "image/bmp",
    "tiff": "image/tiff",
}


class Way(Enum):
    """What is done with an upload after the look."""

    BY_URL = "by URL"
    RENDITION = "rendition"  # a picture that the service does not take as it is
    NOT_AN_IMAGE = "not an image"


@dataclass(frozen=True, slots=True)
class Route:
    """The way, and for all but BY_URL the reason for it."""

    way: Way
    reason: str = ""
    media_type: str = ""  # of what the service takes


def route(look: Look) -> Route:
    """The route of the object that was looked at."""
    if look.size == 0:
        return Route(Way.NOT_AN_IMAGE, "empty")
    if look.content_encoding not in ("", "identity", "aws-chunked"):
        # A browser undoes the encoding and shows a picture where these bytes show none.
        return Route(Way.RENDITION, "content-encoding")
    kind = type_of(look.head)
    if kind is None:
        known = surely_no_image(look.head, cut=look.size > len(look.head))
        return Route(Way.NOT_AN_IMAGE, "not-an-image") if known else Route(Way.RENDITION, "unrecognised")
    if kind not in MEDIA_TYPES:
        return Route(Way.RENDITION, f"format-{kind}")
    if look.size > LARGEST:
        return Route(Way.RENDITION, "too-large")
    size = dimensions(kind, look.head)
    if size and min(size) < SMALLEST:
        return Route(Way.RENDITION, "too-small")
    return Route(Way.BY_URL, media_type=MEDIA_TYPES[kind])
