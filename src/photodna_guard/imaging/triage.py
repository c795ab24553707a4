"""Triage: an object's head -> how it is scanned. Pure.

Only what is surely no image is skipped. Anything else that a browser might show and that the service does not accept
needs a rendition. What is unknown is not clean.
"""

from dataclasses import dataclass
from enum import Enum

from photodna_guard.domain.models import ObjectHead
from photodna_guard.imaging.dimensions import read_dimensions
from photodna_guard.imaging.file_types import detect_type, is_known_non_image

# The length of the ranged GET. It includes the dimensions of most pictures, behind their thumbnails and profiles.
HEAD_BYTES = 64 * 1024
# The service's "4 MB" in its wider reading: the service itself refuses a picture that it finds too large.
MAX_PICTURE_BYTES = 4 * 1024 * 1024
MIN_SIDE_PIXELS = 160

MEDIA_TYPES = {
    "jpeg": "image/jpeg",
    "png": "image/png",
    "gif": "image/gif",
    "bmp": "image/bmp",
    "tiff": "image/tiff",
}
# Content-Encodings that leave the stored bytes as a browser shows them.
_PLAIN_ENCODINGS = ("", "identity", "aws-chunked")


class Disposition(Enum):
    """What to do with an upload."""

    # Send the service a presigned URL.
    BY_URL = "by URL"
    # The service does not accept the picture as it is.
    RENDITION = "rendition"
    # Send the service the stored bytes.
    BY_VALUE = "by value"
    # Make no request.
    NOT_AN_IMAGE = "not an image"
    # Nothing here decodes the format.
    UNSCANNABLE = "unscannable"


@dataclass(frozen=True, slots=True)
class Triage:
    """The decision about an upload."""

    way: Disposition
    # Why; empty for BY_URL.
    reason: str = ""
    # For BY_URL: the picture's media type.
    media_type: str = ""


def triage(head: ObjectHead) -> Triage:
    """Return the decision for an object with that head."""
    if head.size == 0:
        return Triage(Disposition.NOT_AN_IMAGE, "empty")
    # A browser decodes the body, and may show a picture that the stored bytes do not show.
    if head.content_encoding not in _PLAIN_ENCODINGS:
        return Triage(Disposition.RENDITION, "content-encoding")
    file_type = detect_type(head.head)
    if file_type is None:
        return _triage_unknown_type(head)
    if file_type not in MEDIA_TYPES:
        return Triage(Disposition.RENDITION, f"format-{file_type}")
    return _triage_accepted_type(head, file_type)


def _triage_unknown_type(head: ObjectHead) -> Triage:
    if is_known_non_image(head.head, cut=head.size > len(head.head)):
        return Triage(Disposition.NOT_AN_IMAGE, "not-an-image")
    return Triage(Disposition.RENDITION, "unrecognised")


def _triage_accepted_type(head: ObjectHead, file_type: str) -> Triage:
    if head.size > MAX_PICTURE_BYTES:
        return Triage(Disposition.RENDITION, "too-large")
    dimensions = read_dimensions(file_type, head.head)
    if dimensions and min(dimensions) < MIN_SIDE_PIXELS:
        return Triage(Disposition.RENDITION, "too-small")
    return Triage(Disposition.BY_URL, media_type=MEDIA_TYPES[file_type])
