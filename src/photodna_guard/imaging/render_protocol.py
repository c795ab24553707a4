"""The messages between the renderer and its child: parts of bytes, each with its length before it."""

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from typing import IO

# The child's variable with the megabytes that it may allocate.
MEMORY_VARIABLE = "RENDERER_MEGABYTES"
_LENGTH = struct.Struct(">I")
# More than all renditions of an object together.
MAX_PART_BYTES = 64 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class RenderRequest:
    """One object to be looked at, and the stack's choices."""

    file: str
    content_type: str
    content_encoding: str
    max_frames: int
    enlarge_from_pixels: int


def write_message(to: IO[bytes], parts: Sequence[bytes]) -> None:
    """Write a message of these parts. Raises OSError where its reader has ended."""
    to.write(_LENGTH.pack(len(parts)))
    for part in parts:
        to.write(_LENGTH.pack(len(part)) + part)
    to.flush()


def read_message(source: IO[bytes]) -> list[bytes]:
    """Read a message's parts. Raises EOFError where its writer has ended, and ValueError for what is no message."""
    return [_read(source, _read_length(source)) for _ in range(_read_length(source))]


def _read_length(source: IO[bytes]) -> int:
    length: int = _LENGTH.unpack(_read(source, _LENGTH.size))[0]
    if length > MAX_PART_BYTES:
        raise ValueError("a part of a message is too long")
    return length


def _read(source: IO[bytes], length: int) -> bytes:
    data = source.read(length)
    if len(data) != length:
        raise EOFError
    return data
