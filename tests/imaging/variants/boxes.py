"""Reads and writes the boxes of ISO media files."""

import struct


def box(name: bytes, data: bytes) -> bytes:
    """Return a box."""
    return struct.pack(">I4s", 8 + len(data), name) + data


def full_box(name: bytes, data: bytes, version: int = 0, flags: int = 0) -> bytes:
    """Return a box with a version and flags."""
    return box(name, struct.pack(">I", version << 24 | flags) + data)


def children(data: bytes) -> list[tuple[bytes, bytes]]:
    """Return the names and contents of the boxes that stand one after the other in `data`."""
    found, at = [], 0
    while at < len(data):
        length, name = struct.unpack_from(">I4s", data, at)
        found.append((name, data[at + 8 : at + length]))
        at += length
    return found


def one(data: bytes, name: bytes) -> bytes:
    """Return the content of the first box of that name."""
    return next(content for found, content in children(data) if found == name)
