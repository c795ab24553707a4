"""Pictures that pretend to be something else: drawn by code, each from one random number generator."""

import base64
import codecs
import gzip
import io
import json
import quopri
import random
import struct
import urllib.parse
from collections.abc import Callable

from PIL import Image, ImageDraw

_WRITTEN = (
    "AVIF", "BLP", "BMP", "DDS", "DIB", "GIF", "ICNS", "ICO", "IM", "JPEG", "JPEG2000", "MPO", "MSP", "PCX", "PNG",
    "PPM", "QOI", "SGI", "SPIDER", "TGA", "TIFF", "WEBP", "XBM",
)  # fmt: skip
_MODES = {"BLP": "P", "MSP": "1", "XBM": "1", "SPIDER": "F", "ICNS": "RGBA", "GIF": "P"}
SVG = (
    b'<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" width="9" height="9">'
    b'<rect width="5" height="5"/></svg>'
)
_PLAIN_PNM = (
    b"P1\n# drawn\n3 2\n1 0 1\n0 1 0\n",
    b"P2 3 2 9\n1 2 3 4 5 6\n",
    b"P3\n1 2\n255\n1 2 3\n4 5 6\n",
    b"P5 5 4 255 abcdefghijklmnopqrst",
    b"P4 8 4\nabcd",
    b"P6\n2 2\n255\nabcdefghijkl",
)
_XPM = b'/* XPM */\nstatic char *x[] = {\n"2 2 2 1",\n"a c #000000",\n"b c #ffffff",\n"ab",\n"ba"\n};\n'
_IMT = b"width 3\nheight 2\npixel n8\n\x0cabcdef"
# Magic bytes of others, and where they stand.
_MAGIC = (
    (0, b"%PDF-1.7\n"), (0, b"PK\x03\x04"), (0, b"\x1f\x8b\x08"), (0, b"BM"), (0, b"hello "), (0, b"\xef\xbb\xbf"),
    (0, b"ID3\x03"), (0, b"RIFF"), (4, b"ftypisom"), (8, b"WAVE"), (8, b"AVI "), (128, b"DICM"), (188, b"G"),
    (257, b"ustar"), (2048, b"PCD_"), (0, b"#!/bin/sh\n"), (0, b"{"), (0, b"GIF89a"),
    (0, b"From: a\n"), (0, b"\xff\xfe"),
)  # fmt: skip
_ENCODINGS = ("utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "latin-1", "iso2022_jp")


def draw(form: str, dice: random.Random) -> bytes:
    """Return a small picture in one of Pillow's formats."""
    picture = Image.new("RGB", (dice.choice((16, 24, 64)), dice.choice((16, 24, 64))), dice.choice(("white", "navy")))
    ImageDraw.Draw(picture).ellipse((3, 3, 12, 14), fill=dice.choice(("red", "teal", "black")))
    out = io.BytesIO()
    picture.convert(_MODES.get(form, "RGB")).save(out, form)
    return out.getvalue()


class Disguiser:
    """Makes disguised pictures. The seed decides all of them."""

    def __init__(self, seed: int) -> None:
        self._dice = random.Random(seed)
        self._seeds = [draw(form, self._dice) for form in _WRITTEN for _ in range(3)]
        self._texts = [SVG, *_PLAIN_PNM, _XPM, _IMT, draw("XBM", self._dice)]

    def make(self) -> bytes:
        """Return the next one: a picture or a text picture, changed one to four times."""
        data = self._dice.choice(self._seeds if self._dice.random() < 0.5 else self._texts)
        steps = _STEPS if self._dice.random() < 0.7 else _STEPS_THAT_KEEP
        for _ in range(self._dice.randint(1, 4)):
            data = self._dice.choice(steps)(data, self._dice)
        return data


def _overwrite(data: bytes, dice: random.Random) -> bytes:
    at, magic = dice.choice(_MAGIC)
    return data[:at] + magic + data[at + len(magic) :]


def _prepend(data: bytes, dice: random.Random) -> bytes:
    lead = dice.choice(
        (b" ", b"\n", b"\xef\xbb\xbf", b"\t\r\n ", b"text\n", b"\0", b"\n" * 700, b" " * 66_000, b"<!-- x -->")
    )
    return lead + data


def _append(data: bytes, dice: random.Random) -> bytes:
    return data + dice.choice((b"\n", b"words\n" * 100, b"\0" * 40, b"%PDF-1.4", b"\x1a", b" " * 70_000))


def _mutate(data: bytes, dice: random.Random) -> bytes:
    changed = bytearray(data)
    for _ in range(dice.randint(1, 5)):
        if changed:
            changed[dice.randrange(min(len(changed), 300))] = dice.choice((dice.randrange(256), 0x20, 0x41, 0x0A))
    return bytes(changed)


def _to_printable(data: bytes, dice: random.Random) -> bytes:
    """Make control bytes in the head printable: so text proofs are tried with what is nearly a header."""
    end = dice.randint(4, 200)
    return bytes(byte if 32 <= byte < 127 or byte > 159 else 0x30 + byte % 64 for byte in data[:end]) + data[end:]


def _truncate(data: bytes, dice: random.Random) -> bytes:
    return data[: dice.randint(1, max(len(data), 1))]


def _insert(data: bytes, dice: random.Random) -> bytes:
    at = dice.randrange(len(data) + 1) if data else 0
    return data[:at] + dice.choice((b"#", b" ", b"\n", b"\x1b(B", b"\0", b"<!---->", b"A")) + data[at:]


def _insert_comment_segment(data: bytes, dice: random.Random) -> bytes:
    """Give a JPEG a comment whose length and text spell another format's magic."""
    if not data.startswith(b"\xff\xd8"):
        return data
    spelt = dice.choice((b"ftypisom", b"  plain ", b"ftypqt  ", b"WAVEfmt ", b"\n\nwords\n"))
    length = struct.unpack(">H", spelt[:2])[0]
    return b"\xff\xd8\xff\xfe" + (spelt + bytes(length))[:length] + data[2:]


def _reencode(data: bytes, dice: random.Random) -> bytes:
    text = data.decode("utf-8", "ignore") if len(data) < 100_000 else ""
    encoded = text.encode(dice.choice(_ENCODINGS), "ignore")
    return dice.choice((b"", b"", codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) + encoded


def _change_case(data: bytes, dice: random.Random) -> bytes:
    return dice.choice((bytes.upper, bytes.lower, bytes.swapcase))(data)


def _prefix_tags(data: bytes, dice: random.Random) -> bytes:
    prefix = dice.choice((b"s", b"svg", b"x.y", b"_"))
    return data.replace(b"</", b"</" + prefix + b":").replace(b"<rect", b"<" + prefix + b":rect").replace(
        b"<svg xmlns=", b"<" + prefix + b":svg xmlns:" + prefix + b"="
    )  # fmt: skip


def _declare(data: bytes, dice: random.Random) -> bytes:
    lead = dice.choice(
        (b'<?xml version="1.0"?>', b'<?xml version="1.0" encoding="iso-8859-1"?>\n', b"<!DOCTYPE svg>",
         b"<!-- %PDF- -->", b"<!DOCTYPE svg [<!ENTITY a 'b'>]>", b"<?php x ?>", b"<!DOCTYPE html>")
    )  # fmt: skip
    return lead + data


def _embed(data: bytes, dice: random.Random) -> bytes:
    """Put the picture into a text: a data: URL, base64, JSON, SVG, MIME."""
    return dice.choice(_EMBEDDINGS)(data[:60_000])


def _embed_in_svg(data: bytes) -> bytes:
    url = b"data:image/png;base64," + base64.b64encode(data)
    return SVG.replace(b"<rect", b'<image xlink:href="' + url + b'" width="9" height="9"/><rect')


_EMBEDDINGS: tuple[Callable[[bytes], bytes], ...] = (
    base64.b64encode,
    base64.encodebytes,
    base64.urlsafe_b64encode,
    quopri.encodestring,
    gzip.compress,
    _embed_in_svg,
    lambda data: b"data:image/png;base64," + base64.b64encode(data),
    lambda data: b"data:image/png," + urllib.parse.quote_from_bytes(data).encode(),
    lambda data: b"data:image/svg+xml;utf8," + data,
    lambda data: json.dumps({"image": base64.b64encode(data).decode()}).replace("/", "\\/").encode(),
    lambda data: (
        b"MIME-Version: 1.0\nContent-Type: image/png\nContent-Transfer-Encoding: base64\n\n" + base64.encodebytes(data)
    ),
    lambda data: b"<html><img src='data:image/png;base64," + base64.b64encode(data) + b"'></html>",
)
_Step = Callable[[bytes, random.Random], bytes]
_STEPS_THAT_KEEP: tuple[_Step, ...] = (
    _append, _insert_comment_segment, _reencode, _prefix_tags, _declare, _embed, _insert,
)  # fmt: skip
_STEPS: tuple[_Step, ...] = (
    *_STEPS_THAT_KEEP, _overwrite, _prepend, _mutate, _to_printable, _truncate, _change_case, _insert,
)  # fmt: skip
