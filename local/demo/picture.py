"""The pictures that the demo uploads, with their expected results. The only I/O is reading a user's file."""

import hashlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from typing import IO, Literal

# A result with one of these statuses stays as it is. MATCHED is not final: its move is not finished.
FINAL = frozenset({"CLEAN", "SKIPPED", "UNSCANNABLE", "GONE", "QUARANTINED", "FAILED"})
CLEAN = frozenset({"CLEAN"})
SKIPPED = frozenset({"SKIPPED"})
UNSCANNABLE = frozenset({"UNSCANNABLE"})
QUARANTINED = frozenset({"QUARANTINED"})

JPEG = "image/jpeg"
PNG = "image/png"


@dataclass(frozen=True)
class Picture:
    """One version to upload. Pictures with the same key are uploaded one after the other, in their order."""

    key: str
    # A description for the reader, for example "clean JPEG".
    kind: str
    # Any of these final statuses is right.
    expected: frozenset[str]
    content: bytes | Path
    content_type: str = JPEG
    # The result's reason contains this text, whatever its case. Any reason contains "".
    reason: str = ""
    # Whether only the Test source matches the picture. None accepts both.
    is_test: bool | None = None
    tags: Mapping[str, str] = field(default_factory=lambda: {"owner": "demo"})
    # "hide" adds a delete marker; "delete" deletes the version.
    afterwards: Literal["keep", "hide", "delete"] = "keep"
    # Whether this project drew the picture and it can be decoded, so that the report may show it.
    drawn: bool = False
    # What the upload names as its Content-Encoding.
    content_encoding: str = ""
    # How many frames were looked at, and how many there are. None accepts any numbers.
    frames: tuple[int, int] | None = None
    # The 0-based index of the frame that matched. None accepts any.
    matched_frame: int | None = None

    @contextmanager
    def open(self) -> Iterator[IO[bytes]]:
        """Open the content as a stream, so that a user's large file need not fit in memory."""
        with BytesIO(self.content) if isinstance(self.content, bytes) else self.content.open("rb") as stream:
            yield stream

    def sha256(self) -> str:
        """Compute the SHA-256 of the content, in hexadecimal."""
        with self.open() as stream:
            digest = hashlib.sha256()
            while chunk := stream.read(1024 * 1024):
                digest.update(chunk)
            return digest.hexdigest()


@dataclass(frozen=True)
class ListedPicture:
    """A picture that the emulator matches, and the source of the match."""

    content: bytes
    match_id: str
    source: str = "Test"
    violations: tuple[str, ...] = ()


@dataclass(frozen=True)
class PictureSet:
    """The pictures that one run uploads and the emulator matches, and the files that were not uploaded, with why."""

    pictures: list[Picture]
    listed: list[ListedPicture]
    left_out: list[str] = field(default_factory=list)
