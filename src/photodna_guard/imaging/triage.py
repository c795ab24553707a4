"""Triage: an object's head -> how it is scanned. Pure.

The picture formats are looked for first. Without a request only that is settled which the head proves: a document, a
film, an archive at their own places, and what may be read, an empty object or a plain text that was seen as a whole.
Whatever the head leaves open is a rendition: the renderer looks at the whole object.
"""

from dataclasses import dataclass
from enum import Enum

from photodna_guard.domain.models import ObjectHead
from photodna_guard.imaging.content_encoding import has_ignored_encoding, undone_by_viewers
from photodna_guard.imaging.dimensions import read_dimensions
from photodna_guard.imaging.file_types import detect_type
from photodna_guard.imaging.other_types import detect_other
from photodna_guard.imaging.raw_pixels import find_obstacle
from photodna_guard.imaging.text import classify_text
from photodna_guard.imaging.wrapping import is_wrapped

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
# Formats that nothing here decodes, and that hold no preview.
_NEVER_DECODED = ("jxr", "bpg", "mng", "jng")


class Disposition(Enum):
    """What to do with an upload."""

    # Send the service a presigned URL.
    BY_URL = "by URL"
    # Look at the whole object, and send the service pictures made of it.
    RENDITION = "rendition"
    # Send the service the stored bytes: a URL may not give them as they are.
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
    # For BY_URL and BY_VALUE: the picture's media type.
    media_type: str = ""


def triage(head: ObjectHead) -> Triage:
    """Return the decision for an object with that head."""
    if head.size == 0:
        return Triage(Disposition.NOT_AN_IMAGE, "empty")
    # A browser decodes the body, and may show a picture that the stored bytes do not show.
    if undone_by_viewers(head.content_encoding):
        return Triage(Disposition.RENDITION, "content-encoding")
    file_type = detect_type(head.head)
    if file_type is None:
        return _triage_no_picture(head)
    if file_type in _NEVER_DECODED:
        return Triage(Disposition.UNSCANNABLE, f"format-{file_type}")
    if reason := _find_rendition_reason(head, file_type):
        return Triage(Disposition.RENDITION, reason)
    if has_ignored_encoding(head.content_encoding):
        return Triage(Disposition.BY_VALUE, "content-encoding", MEDIA_TYPES[file_type])
    return Triage(Disposition.BY_URL, media_type=MEDIA_TYPES[file_type])


def shows_something_else(content_type: str) -> bool:
    """Return whether an object of this Content-Type is shown as markup or as a document, whatever its bytes are."""
    kind = content_type.partition(";")[0].strip().lower()
    return (
        kind.startswith(("multipart/", "message/"))
        or kind.endswith(("+xml", "/xml", "/html", "/svg", "/xsl"))
        or kind in ("application/pdf", "application/x-pdf", "text/pdf", "application/postscript", "application/rtf")
    )


def _triage_no_picture(head: ObjectHead) -> Triage:
    is_whole = head.size == len(head.head)
    if is_wrapped(head.head):
        return Triage(Disposition.RENDITION, "wrapped")
    if reason := detect_other(head.head) or (classify_text([head.head], head.content_type) if is_whole else None):
        return Triage(Disposition.NOT_AN_IMAGE, reason)
    return Triage(Disposition.RENDITION, "unrecognised")


def _find_rendition_reason(head: ObjectHead, file_type: str) -> str:
    """Return why the service does not get the picture as it is; empty if it does."""
    if file_type not in MEDIA_TYPES:
        return f"format-{file_type}"
    if shows_something_else(head.content_type):
        return "content-type"
    if head.size > MAX_PICTURE_BYTES:
        return "too-large"
    if obstacle := find_obstacle(file_type, head.head, is_whole=head.size == len(head.head)):
        return obstacle
    dimensions = read_dimensions(file_type, head.head)
    if dimensions is None:
        return "dimensions"
    return "too-small" if min(dimensions) < MIN_SIDE_PIXELS else ""
