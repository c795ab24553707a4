"""Whether an object becomes readable without a verdict: by its head, or by the proof over all of its bytes."""

from photodna_guard.domain.models import ObjectHead
from photodna_guard.imaging.file_types import detect_type
from photodna_guard.imaging.text import PLAIN, classify_text
from photodna_guard.imaging.triage import HEAD_BYTES, Disposition, triage
from photodna_guard.imaging.wrapping import is_wrapped

_READABLE = ("empty", PLAIN)


def is_readable(data: bytes, content_type: str = "", content_encoding: str = "") -> bool:
    """Return whether triage, or the text proof that the renderer runs on a whole object, lets everybody read it."""
    found = triage(ObjectHead(len(data), data[:HEAD_BYTES], content_encoding, content_type))
    if found.way is Disposition.NOT_AN_IMAGE:
        return found.reason in _READABLE
    is_looked_at = found.way is Disposition.RENDITION and detect_type(data[:HEAD_BYTES]) is None
    return is_looked_at and not is_wrapped(data) and classify_text([data], content_type) == PLAIN
