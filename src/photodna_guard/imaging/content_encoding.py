"""Content-Encodings: which ones viewers undo, and undoing them from file to file, bounded."""

import importlib
import sys
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from typing import BinaryIO, NamedTuple

# What changes nothing: S3 removes its own chunking before it stores an object.
_PLAIN = ("", "identity", "aws-chunked")
_ALIASES = {"x-gzip": "gzip", "x-deflate": "deflate", "brotli": "br", "x-br": "br", "x-zstd": "zstd"}
# What browsers undo.
UNDONE = ("gzip", "deflate", "br", "zstd")
# More of them in one header than any server writes.
_MAX_ENCODINGS = 4
_PIECE_BYTES = 64 * 1024
# RFC 9659: 8 MB, as browsers accept.
_MAX_ZSTD_WINDOW_LOG = 23


class TooLargeError(Exception):
    """What comes out is larger than the limit."""


class _DamagedError(Exception):
    """The bytes are not in the encoding, or not to their end."""


class Undone(NamedTuple):
    """How far an encoding was undone."""

    # Bytes that came out. Zero: the bytes are not in that encoding.
    length: int
    # The encoding was undone to its end. Else viewers may show what came out, the stored bytes, or nothing.
    is_whole: bool


def parse_content_encoding(header: str) -> tuple[str, ...]:
    """Return the names in a Content-Encoding that change something, lower case, in the order of their application."""
    names = (name.strip().lower() for name in header.split(","))
    return tuple(_ALIASES.get(name, name) for name in names if name not in _PLAIN)


def undone_by_viewers(header: str) -> tuple[str, ...]:
    """Return what viewers undo, in the order in which it is undone. What they do not know they pass over."""
    return tuple(name for name in reversed(parse_content_encoding(header)) if name in UNDONE)


def has_ignored_encoding(header: str) -> bool:
    """Return whether the header names an encoding that viewers do not know: a URL may not give the stored bytes."""
    return any(name not in UNDONE for name in parse_content_encoding(header))


def is_too_deep(header: str) -> bool:
    """Return whether more encodings lie over one another than are undone here."""
    return len(undone_by_viewers(header)) > _MAX_ENCODINGS


def undo(encoding: str, source: BinaryIO, target: BinaryIO, max_bytes: int) -> Undone:
    """Undo one encoding from a file to another, as far as it can be undone.

    Raises TooLargeError when more than `max_bytes` come out.
    """
    length = 0
    for decode in _DECODERS[encoding]:
        source.seek(0)
        is_whole = True
        try:
            for piece in decode(iter(lambda: source.read(_PIECE_BYTES), b"")):
                length += len(piece)
                if length > max_bytes:
                    raise TooLargeError
                target.write(piece)
        except _DamagedError:
            is_whole = False
        if length:
            return Undone(length, is_whole)
    return Undone(0, is_whole=False)


def _inflate(pieces: Iterable[bytes], window_bits: int) -> Iterator[bytes]:
    """Decode zlib's formats. Several gzip members may follow one another; what else follows one is passed over."""
    decoder = zlib.decompressobj(window_bits)
    members = 0
    try:
        for piece in pieces:
            while piece:
                yield decoder.decompress(piece, _PIECE_BYTES)
                piece = decoder.unconsumed_tail
                if decoder.eof:
                    members += 1
                    piece, decoder = decoder.unused_data, zlib.decompressobj(window_bits)
        yield decoder.flush()
    except zlib.error:
        pass
    if not members and not decoder.eof:
        raise _DamagedError


def _decode_brotli(pieces: Iterable[bytes]) -> Iterator[bytes]:
    import brotli

    decoder = brotli.Decompressor()
    try:
        for piece in pieces:
            # It takes more input while it still has output.
            while out := decoder.process(piece, output_buffer_limit=_PIECE_BYTES):
                yield out
                piece = b""
                if decoder.is_finished():
                    return
    except brotli.error:
        raise _DamagedError from None
    if not decoder.is_finished():
        raise _DamagedError


def _decode_zstd(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Decode frames that follow one another, within the window that browsers accept."""
    zstd = importlib.import_module("compression.zstd" if sys.version_info >= (3, 14) else "backports.zstd")
    options = {zstd.DecompressionParameter.window_log_max: _MAX_ZSTD_WINDOW_LOG}
    decoder = zstd.ZstdDecompressor(options=options)
    frames = 0
    try:
        for piece in pieces:
            while piece or not decoder.needs_input:
                yield decoder.decompress(piece, max_length=_PIECE_BYTES)
                piece = b""
                if decoder.eof:
                    frames += 1
                    piece, decoder = decoder.unused_data, zstd.ZstdDecompressor(options=options)
    except zstd.ZstdError:
        pass
    if not frames:
        raise _DamagedError


_DECODERS: Mapping[str, tuple[Callable[[Iterable[bytes]], Iterator[bytes]], ...]] = {
    "gzip": (partial(_inflate, window_bits=31),),
    # Browsers take both: zlib's format, and deflate without its header.
    "deflate": (partial(_inflate, window_bits=15), partial(_inflate, window_bits=-15)),
    "br": (_decode_brotli,),
    "zstd": (_decode_zstd,),
}
