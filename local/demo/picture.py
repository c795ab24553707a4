"""What the demo uploads, and what is expected of it: plain values, no I/O but reading a user's file."""

import hashlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from typing import IO, Literal

# Once a result is one of these, it stays so. MATCHED is not: the move is still to be finished.
FINAL = frozenset({"CLEAN", "SKIPPED", "UNSCANNABLE", "GONE", "QUARANTINED", "FAILED"})
CLEAN = frozenset({"CLEAN"})
SKIPPED = frozenset({"SKIPPED"})
UNSCANNABLE = frozenset({"UNSCANNABLE"})
QUARANTINED = frozenset({"QUARANTINED"})

JPEG = "image/jpeg"
PNG = "image/png"


@dataclass(frozen=True)
class Picture:
    """One version to upload. Pictures of the same key are uploaded one after the other, in their order."""

    key: str
    kind: str  # for people: "clean JPEG"
    expected: frozenset[str]  # any of these final statuses is right
    content: bytes | Path
    content_type: str = JPEG
    reason: str = ""  # the result's reason holds this, in any case; "" where it does not matter
    is_test: bool | None = None  # for a match: whether the Test list alone knows it; None: either
    tags: Mapping[str, str] = field(default_factory=lambda: {"owner": "demo"})
    afterwards: Literal["keep", "hide", "delete"] = "keep"  # hide: a delete marker; delete: the version
    drawn: bool = False  # drawn by this project and decodable, so that a report may show it

    @contextmanager
    def open(self) -> Iterator[IO[bytes]]:
        """The content as a stream, so that a user's large file need not fit in memory."""
        with BytesIO(self.content) if isinstance(self.content, bytes) else self.content.open("rb") as stream:
            yield stream

    def sha256(self) -> str:
        """The content's SHA-256, in hex."""
        with self.open() as stream:
            digest = hashlib.sha256()
            while chunk := stream.read(1024 * 1024):
                digest.update(chunk)
            return digest.hexdigest()


@dataclass(frozen=True)
class Listed:
    """A picture that the emulator is to match, and under which source."""

    content: bytes
    match_id: str
    source: str = "Test"
    violations: tuple[str, ...] = ()


@dataclass(frozen=True)
class PictureSet:
    """What one run uploads, what the emulator matches, and what was left out and why."""

    pictures: list[Picture]
    listed: list[Listed]
    left_out: list[str] = field(default_factory=list)
