"""Uploads that are not pictures: nothing is asked of the service. Only what shows no picture is readable."""

import io
import json
import random
import zipfile

from local.demo.picture import JPEG, SKIPPED, Picture

_NOTE = "Just a note: buy oat milk, call the harbour office – nothing to see.\n"
# Persian, whose words have joiners within, and an emoji made of several characters.
_PERSIAN = "می\u200cخواهم امروز به بندر بروم. کتاب\u200cها آنجاست. 👨\u200d👩\u200d👧\n"
_LOG = "\x1b[32mPASS\x1b[0m harbour 12 ms\n\x1b[31mFAIL\x1b[0m beach 7 ms\n"
_PDF = b"%PDF-1.4\n1 0 obj\n<< /Type /Catalog >>\nendobj\ntrailer\n<< /Root 1 0 R >>\n%%EOF\n"
_PAGE = b'<!doctype html>\n<html><body><img src="data:image/jpeg;base64,/9j/4AAQ"></body></html>\n'
_VIDEO = b"\0\0\0\x18ftypmp42\0\0\0\0isommp42\0\0\x40\x08mdat"


def pictures() -> list[Picture]:
    """Return the files that are not pictures."""
    return [*_texts(), *_documents()]


def _texts() -> list[Picture]:
    values = json.dumps({"name": "demo", "values": list(range(50))}).encode()
    text = "text/plain"
    return [
        _skipped("note.txt", "text", _NOTE.encode() * 20, text, "not-an-image"),
        _skipped("persian.txt", "Persian text", _PERSIAN.encode() * 20, text, "not-an-image"),
        _skipped("utf-16.txt", "text in UTF-16", (_NOTE * 20).encode("utf-16"), text, "not-an-image"),
        _skipped("build.log", "text with colours", _LOG.encode() * 20, text, "not-an-image"),
        _skipped("long.txt", "text of 300 kB", _NOTE.encode() * 4000, text, "not-an-image"),
        _skipped("values.json", "JSON", values, "application/json", "not-an-image"),
        _skipped("empty.jpg", "empty file", b"", JPEG, "empty"),
        _skipped("folder/", "folder marker", b"", "application/x-directory", "empty"),
        _skipped("note.jpg", "text declared as JPEG", _NOTE.encode() * 10, JPEG, "not-an-image"),
    ]


def _documents() -> list[Picture]:
    """Return what may show pictures that nobody looks at: not readable, unless the operator permits it."""
    film = _VIDEO + random.Random(0).randbytes(16_384)
    return [
        _skipped("report.pdf", "PDF", _PDF, "application/pdf", "document"),
        _skipped("page.html", "web page", _PAGE, "text/html", "document"),
        _skipped("files.zip", "zip archive", _make_zip(), "application/zip", "archive"),
        _skipped("film.mp4", "video", film, "video/mp4", "video"),
        _skipped("sound.mp3", "audio", b"ID3\4\0\0\0\0\0\x0a" + bytes(4_000), "audio/mpeg", "audio"),
    ]


def _skipped(name: str, kind: str, content: bytes, content_type: str, reason: str) -> Picture:
    return Picture(f"other/{name}", f"not a picture: {kind}", SKIPPED, content, content_type, reason)


def _make_zip() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("note.txt", _NOTE)
    return buffer.getvalue()
