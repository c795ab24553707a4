"""Variants as PNG: depths, palettes, interlacing, transparency, gamma and animation."""

import struct
import zlib
from functools import partial

from PIL import Image

from local.pictures import encode
from tests.imaging.variants.variant import Subject, Variant, filler

PNG = "image/png"
_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_END_OF_HEADER = 33
# The first row and column, and the steps, of Adam7's seven passes.
_ADAM7 = ((0, 0, 8, 8), (0, 4, 8, 8), (4, 0, 8, 4), (0, 2, 4, 4), (2, 0, 4, 2), (0, 1, 2, 2), (1, 0, 2, 1))


def _png(subject: Subject, mode: str = "RGB") -> bytes:
    return encode(subject.image.convert(mode), "PNG")


def _chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def _write(image: Image.Image, depth: int, colour_type: int, interlace: int, rows: bytes) -> bytes:
    header = struct.pack(">IIBBBBB", *image.size, depth, colour_type, 0, 0, interlace)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(rows)), (b"IEND", b""))
    return _SIGNATURE + b"".join(_chunk(name, data) for name, data in chunks)


def _interlaced(subject: Subject) -> bytes:
    image, rows = subject.image, b""
    for top, left, down, across in _ADAM7:
        for y in range(top, image.height, down):
            row = image.crop((0, y, image.width, y + 1)).tobytes()
            rows += b"\0" + b"".join(row[3 * x : 3 * x + 3] for x in range(left, image.width, across))
    return _write(image, 8, 2, 1, rows)


def _deep(subject: Subject) -> bytes:
    """Write 16 bits for each colour."""
    image = subject.image
    width, data = 3 * image.width, image.tobytes()
    rows = (data[at : at + width] for at in range(0, len(data), width))
    return _write(
        image, 16, 2, 0, b"".join(b"\0" + bytes(value for one in row for value in (one, one)) for row in rows)
    )


def _deep_grey(subject: Subject) -> bytes:
    return encode(subject.image.convert("L").convert("I").point(lambda value: value * 257).convert("I;16"), "PNG")


def _with_chunk(subject: Subject, name: bytes, data: bytes, image: Image.Image | None = None) -> bytes:
    content = encode(image or subject.image, "PNG")
    return content[:_END_OF_HEADER] + _chunk(name, data) + content[_END_OF_HEADER:]


def _linear(subject: Subject) -> bytes:
    """Store linear light, and the gamma of 1 by which a viewer shows it as it was."""
    linear = subject.image.point([round(255 * (value / 255) ** 2.2) for value in range(256)] * 3)
    return _with_chunk(subject, b"gAMA", struct.pack(">I", 100_000), linear)


def _extreme_gamma(subject: Subject) -> bytes:
    """Store almost black, so that the picture is there only where the gamma is applied."""
    dark = subject.image.point([round(60 * (value / 255) ** 1.5) for value in range(256)] * 3)
    return _with_chunk(subject, b"gAMA", struct.pack(">I", 150_000), dark)


def _seen_on_black(subject: Subject) -> bytes:
    """Draw with transparency alone, on white: a page with a white ground shows nothing."""
    white = Image.new("RGBA", subject.image.size, "white")
    white.putalpha(subject.image.convert("L"))
    return encode(white, "PNG")


def _seen_on_white(subject: Subject) -> bytes:
    black = Image.new("RGBA", subject.image.size, "black")
    black.putalpha(subject.image.convert("L").point([255 - value for value in range(256)]))
    return encode(black, "PNG")


def _animated(subject: Subject, at: int, hidden: Image.Image | None = None) -> bytes:
    """Animate four frames; `hidden`: the picture for viewers that do not animate, which is no frame."""
    frames = [filler(number) for number in range(4)]
    frames[at] = subject.small
    first, rest = (hidden, frames) if hidden else (frames[0], frames[1:])
    return encode(first, "PNG", save_all=True, append_images=rest, default_image=bool(hidden), duration=200)


def _default_image(subject: Subject) -> bytes:
    frames = [filler(number) for number in range(3)]
    return encode(subject.small, "PNG", save_all=True, append_images=frames, default_image=True, duration=200)


VARIANTS = (
    Variant("png", PNG, _png),
    Variant("png, 16 bit", PNG, _deep),
    Variant("png, 16 bit grey", PNG, _deep_grey),
    Variant("png, grey", PNG, partial(_png, mode="L")),
    Variant("png, grey and alpha", PNG, partial(_png, mode="LA")),
    Variant("png, black and white", PNG, partial(_png, mode="1"), lossy=True),
    Variant("png, palette", PNG, lambda subject: encode(subject.image.quantize(64), "PNG")),
    Variant("png, palette of 4 colours", PNG, lambda subject: encode(subject.image.quantize(4), "PNG"), lossy=True),
    Variant("png, opaque alpha", PNG, partial(_png, mode="RGBA")),
    Variant("png, interlaced", PNG, _interlaced),
    Variant("png, one transparent colour", PNG, partial(_with_chunk, name=b"tRNS", data=b"\0\xff\0\0\0\xff")),
    Variant("png, linear light with gamma", PNG, _linear),
    Variant("png, shown by its gamma alone", PNG, _extreme_gamma),
    Variant("png, seen on black alone", PNG, _seen_on_black),
    Variant("png, seen on white alone", PNG, _seen_on_white),
    Variant("apng, last frame", PNG, partial(_animated, at=3)),
    Variant("apng, first frame", PNG, partial(_animated, at=0)),
    Variant("apng, behind another default image", PNG, lambda subject: _animated(subject, 1, hidden=filler(5))),
    Variant("apng, default image alone", PNG, _default_image),
)
