"""Whether an object becomes readable without a verdict: by its head, or by the examination of all of its bytes."""

import tempfile
from pathlib import Path

from photodna_guard.domain.models import ObjectHead
from photodna_guard.domain.renditions import NotAPicture
from photodna_guard.imaging.examination import examine
from photodna_guard.imaging.file_types import detect_type
from photodna_guard.imaging.render_protocol import RenderRequest
from photodna_guard.imaging.triage import HEAD_BYTES, Disposition, triage

_READABLE = ("empty", "not-an-image")


def is_readable(data: bytes, content_type: str = "", content_encoding: str = "") -> bool:
    """Return whether the triage, or the renderer's look at the whole object, lets everybody read it.

    What is known to be a picture is not decoded: it is never readable without a verdict.
    """
    found = triage(ObjectHead(len(data), data[:HEAD_BYTES], content_encoding, content_type))
    if found.way is Disposition.NOT_AN_IMAGE:
        return found.reason in _READABLE
    if found.way is not Disposition.RENDITION or (not content_encoding and detect_type(data[:HEAD_BYTES])):
        return False
    with tempfile.NamedTemporaryFile() as file:
        file.write(data)
        file.flush()
        try:
            seen = examine(Path(file.name), RenderRequest(file.name, content_type, content_encoding, 1, 50))
        # A fault of a decoder ends the child, and makes nothing readable.
        except Exception:  # noqa: BLE001
            return False
    return isinstance(seen, NotAPicture) and seen.reason in _READABLE
