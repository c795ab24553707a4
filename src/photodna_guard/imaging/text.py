"""Proof over a whole stream of bytes that it is plain text, and that the text shows no picture. Pure.

Memory is flat and the time for a byte bounded, whatever the text is.
"""

from collections.abc import Iterable

from photodna_guard.imaging.file_types import detect_type
from photodna_guard.imaging.markup import (
    OVERLAP_BYTES,
    has_encoded_picture,
    has_markup,
    has_style,
    without_escapes,
)
from photodna_guard.imaging.other_types import detect_other
from photodna_guard.imaging.text_decoding import TextDecoder, detect_encoding
from photodna_guard.imaging.text_formats import has_xbm_parts

PLAIN, DOCUMENT = "not-an-image", "document"
# What the beginning of a stream is judged by.
BEGINNING_BYTES = 64 * 1024

# Content-Types by which a viewer takes any tag for markup.
_MARKUP_TYPES = ("html", "xml", "svg", "pdf", "multipart", "message")


class TextProof:
    """Takes the bytes of an object piece by piece. `result` says what is proved of all of them."""

    def __init__(self, content_type: str = "") -> None:
        self._told_markup = any(name in content_type.lower() for name in _MARKUP_TYPES)
        self._beginning = b""
        self._decoder: TextDecoder | None = None
        self._tail = b""
        self._is_text = True
        self._is_document = False
        # What is a picture only together with something else that may be far from it.
        self._xbm = self._style = (False, False)

    @property
    def failed(self) -> bool:
        """Whether it is known that the bytes are not proved to be plain text, so that no more of them are needed."""
        return not self._is_text

    def feed(self, piece: bytes) -> None:
        """Take the next bytes."""
        if not self._is_text:
            return
        if self._decoder is None:
            self._beginning += piece
            if len(self._beginning) >= BEGINNING_BYTES:
                self._begin()
            return
        self._search(self._decoder.decode(piece))

    def result(self) -> str | None:
        """Return "not-an-image" for plain text, "document" for text that shows pictures; None: it is no text."""
        if self._is_text and self._decoder is None:
            self._begin()
        if self._is_text and self._decoder:
            self._search(self._decoder.decode(b"", is_last=True))
        if not self._is_text:
            return None
        return DOCUMENT if self._is_document else PLAIN

    def _begin(self) -> None:
        """Judge the beginning. It must be neither a picture's nor a document's."""
        beginning, self._beginning = self._beginning, b""
        encoding = detect_encoding(beginning)
        if detect_type(beginning) is not None or encoding is None:
            self._is_text = False
            return
        self._is_document = detect_other(beginning) is not None
        self._decoder = TextDecoder(encoding)
        # UTF-16 that a viewer takes for a single-byte encoding.
        if b"\0" in beginning:
            self._search(beginning.replace(b"\0", b""))
            self._tail = b""
        self._search(self._decoder.decode(beginning))

    def _search(self, text: bytes | None) -> None:
        """Search the next piece of the text, as UTF-8 or in its own bytes, with the end of the piece before it."""
        if text is None:
            self._is_text = False
            return
        text, self._tail = self._tail + text, (self._tail + text)[-OVERLAP_BYTES:]
        self._xbm = _either(self._xbm, has_xbm_parts(text))
        self._style = _either(self._style, has_style(text))
        if all(self._xbm) or b"/* XPM" in text:
            self._is_text = False
        self._is_document |= (
            all(self._style)
            or has_markup(text, self._told_markup)
            or has_encoded_picture(text)
            or (b"\x1b" in text and has_markup(without_escapes(text), self._told_markup))
        )


def classify_text(pieces: Iterable[bytes], content_type: str = "") -> str | None:
    """Return "not-an-image" if the whole stream is plain text, "document" if it is text that shows pictures, else None.

    "not-an-image" is the one answer that leaves an object readable without a verdict.
    """
    proof = TextProof(content_type)
    for piece in pieces:
        for at in range(0, len(piece), BEGINNING_BYTES):
            proof.feed(piece[at : at + BEGINNING_BYTES])
        if proof.failed:
            return None
    return proof.result()


def _either(left: tuple[bool, bool], right: tuple[bool, bool]) -> tuple[bool, bool]:
    return left[0] or right[0], left[1] or right[1]
