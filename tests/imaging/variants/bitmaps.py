"""Variants as BMP of few bits, QOI, XPM, PBM, FITS, Sun raster and ICNS."""

import struct
from functools import partial
from itertools import groupby

from PIL import Image

from local.pictures import encode
from tests.imaging.variants.variant import Subject, Variant

_RLE8, _BIT_FIELDS = 1, 3
_RED_565, _GREEN_565, _BLUE_565 = 0xF800, 0x07E0, 0x001F
_XPM_COLOURS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_FITS_BLOCK = 2880


def _bmp(size: tuple[int, int], bits: int, compression: int, colours: bytes, pixels: bytes) -> bytes:
    header = struct.pack("<IiiHHIIiiII", 40, *size, 1, bits, compression, len(pixels), 2835, 2835, 0, 0)
    offset = 14 + len(header) + len(colours)
    return b"BM" + struct.pack("<IHHI", offset + len(pixels), 0, 0, offset) + header + colours + pixels


def _rle8(subject: Subject) -> bytes:
    image = subject.image.quantize(64, dither=Image.Dither.NONE).transpose(Image.Transpose.FLIP_TOP_BOTTOM)
    palette = image.getpalette("BGRX") or []
    data, width, coded = image.tobytes(), image.width, bytearray()
    for at in range(0, len(data), width):
        for value, run in groupby(data[at : at + width]):
            length = len(list(run))
            while length:
                coded += bytes((min(length, 255), value))
                length -= min(length, 255)
        coded += b"\0\0"
    return _bmp(image.size, 8, _RLE8, bytes(palette).ljust(1024, b"\0"), bytes(coded) + b"\0\1")


def _bmp_565(subject: Subject) -> bytes:
    data = subject.image.transpose(Image.Transpose.FLIP_TOP_BOTTOM).tobytes()
    values = (
        data[at] << 8 & _RED_565 | data[at + 1] << 3 & _GREEN_565 | data[at + 2] >> 3 for at in range(0, len(data), 3)
    )
    masks = struct.pack("<III", _RED_565, _GREEN_565, _BLUE_565)
    return _bmp(subject.image.size, 16, _BIT_FIELDS, masks, b"".join(struct.pack("<H", value) for value in values))


def _qoi(subject: Subject) -> bytes:
    """Write each pixel in full, behind QOI's operation for that."""
    data = subject.small.tobytes()
    pixels = b"".join(b"\xfe" + data[at : at + 3] for at in range(0, len(data), 3))
    return b"qoif" + struct.pack(">IIBB", *subject.small.size, 3, 0) + pixels + bytes(7) + b"\1"


def _xpm(subject: Subject) -> bytes:
    image = subject.small.quantize(len(_XPM_COLOURS), dither=Image.Dither.NONE)
    palette, data = bytes(image.getpalette() or []), image.tobytes()
    lines = [f"{image.width} {image.height} {len(_XPM_COLOURS)} 1"]
    lines += [f"{sign} c #{palette[3 * i : 3 * i + 3].hex()}" for i, sign in enumerate(_XPM_COLOURS)]
    rows = (data[at : at + image.width] for at in range(0, len(data), image.width))
    lines += ["".join(_XPM_COLOURS[value] for value in row) for row in rows]
    quoted = ",\n".join(f'"{line}"' for line in lines)
    return f"/* XPM */\nstatic char *drawn[] = {{\n{quoted}}};\n".encode()


def _plain_pbm(subject: Subject) -> bytes:
    image = subject.image.convert("1").convert("L")
    bits = b" ".join(b"0" if value else b"1" for value in image.tobytes())
    return b"P1\n%d %d\n" % image.size + bits + b"\n"


def _deep_pgm(subject: Subject) -> bytes:
    values = subject.image.convert("L").tobytes()
    return b"P5\n%d %d\n65535\n" % subject.image.size + bytes(one for value in values for one in (value, value))


def _fits(subject: Subject) -> bytes:
    """Write grey rows from the bottom, behind cards of 80 characters."""
    image = subject.image.convert("L").transpose(Image.Transpose.FLIP_TOP_BOTTOM)
    values = {"SIMPLE": "T", "BITPIX": 8, "NAXIS": 2, "NAXIS1": image.width, "NAXIS2": image.height}
    cards = [f"{name:8}= {value:>20}" for name, value in values.items()]
    header = "".join(card.ljust(80) for card in [*cards, "END"]).ljust(_FITS_BLOCK)
    data = image.tobytes()
    return header.encode() + data + bytes(-len(data) % _FITS_BLOCK)


def _sun(subject: Subject) -> bytes:
    """Write 24 bits in the order red, green, blue, which is type 3."""
    data = subject.image.tobytes()
    return struct.pack(">8I", 0x59A66A95, *subject.image.size, 24, len(data), 3, 0, 0) + data


def _gif_87(subject: Subject) -> bytes:
    return encode(subject.image, "GIF").replace(b"GIF89a", b"GIF87a", 1)


def _one_bit(subject: Subject, form: str, **options: object) -> bytes:
    return encode(subject.image.convert("1"), form, **options)


VARIANTS = (
    Variant("bmp, RLE", "image/bmp", _rle8),
    Variant("bmp, 16 bit", "image/bmp", _bmp_565),
    Variant("bmp, black and white", "image/bmp", partial(_one_bit, form="BMP"), lossy=True),
    Variant("bmp, palette", "image/bmp", lambda subject: encode(subject.image.quantize(128), "BMP")),
    Variant("qoi", "image/qoi", _qoi),
    Variant("xpm", "image/x-xpixmap", _xpm),
    Variant("xbm", "image/x-xbitmap", partial(_one_bit, form="XBM"), lossy=True),
    Variant("pbm", "image/x-portable-bitmap", partial(_one_bit, form="PPM"), lossy=True),
    Variant("pbm, as text", "text/plain", _plain_pbm, lossy=True),
    Variant("pgm, 16 bit", "image/x-portable-graymap", _deep_pgm),
    Variant("fits", "image/fits", _fits),
    Variant("sun raster", "image/x-sun", _sun),
    Variant("icns", "image/icns", lambda subject: encode(subject.image.resize((512, 512)), "ICNS")),
    Variant("gif, version 87a", "image/gif", _gif_87),
)
