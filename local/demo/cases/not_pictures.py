"""Uploads that are certainly not pictures: the application skips them without a request to the service."""

import io
import json
import zipfile

from local.demo.picture import JPEG, SKIPPED, Picture

_TEXT = "Just a note: buy oat milk, call the harbour office – nothing to see.\n".encode()
_PDF = b"%PDF-1.4\n1 0 obj\n<< /Type /Catalog >>\nendobj\ntrailer\n<< /Root 1 0 R >>\n%%EOF\n"


def pictures() -> list[Picture]:
    """Return the files that are certainly not pictures."""
    values = json.dumps({"name": "demo", "values": list(range(50))}).encode()
    return [
        _skipped("note.txt", "text", _TEXT * 20, "text/plain"),
        _skipped("report.pdf", "PDF", _PDF, "application/pdf"),
        _skipped("files.zip", "zip archive", _make_zip(), "application/zip"),
        _skipped("values.json", "JSON", values, "application/json"),
        _skipped("empty.jpg", "empty file", b"", JPEG),
        _skipped("folder/", "folder marker", b"", "application/x-directory"),
        _skipped("note.jpg", "text declared as JPEG", _TEXT * 10, JPEG),
    ]


def _skipped(name: str, kind: str, content: bytes, content_type: str) -> Picture:
    return Picture(f"other/{name}", f"not a picture: {kind}", SKIPPED, content, content_type)


def _make_zip() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("note.txt", _TEXT)
    return buffer.getvalue()
