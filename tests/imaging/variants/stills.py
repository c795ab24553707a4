"""Variants as BMP, TIFF, JPEG 2000, PSD, icons and the older formats."""

import io
import struct
from functools import partial

from PIL import Image

from local.pictures import encode
from tests.imaging.variants.variant import Subject, Variant, filler


def _encode(subject: Subject, form: str, mode: str = "RGB", **options: object) -> bytes:
    return encode(subject.image.convert(mode), form, **options)


def _top_down_bmp(subject: Subject) -> bytes:
    """Store the rows from the top, which a negative height says."""
    content = bytearray(encode(subject.image.transpose(Image.Transpose.FLIP_TOP_BOTTOM), "BMP"))
    struct.pack_into("<i", content, 22, -subject.image.height)
    return bytes(content)


def _alpha_bmp(subject: Subject) -> bytes:
    return encode(subject.image.convert("RGBA"), "BMP")


def _second_page(subject: Subject) -> bytes:
    return encode(filler(0, (640, 480)).copy(), "TIFF", save_all=True, append_images=[subject.image.copy()])


def _last_page(subject: Subject) -> bytes:
    # Copies, since an image remembers the options of its last encoder.
    pages = [image.copy() for image in (*(filler(number) for number in range(11)), subject.image)]
    return encode(pages[0], "TIFF", save_all=True, append_images=pages[1:])


def _deep_tiff(subject: Subject) -> bytes:
    return encode(subject.image.convert("L").convert("I").point(lambda value: value * 257).convert("I;16"), "TIFF")


def _icon(subject: Subject, png: bool) -> bytes:
    options = {} if png else {"bitmap_format": "bmp"}
    return encode(subject.image.resize((256, 192)), "ICO", sizes=[(32, 24), (256, 192)], **options)


def _cursor(subject: Subject) -> bytes:
    """Write a cursor: an icon whose type is 2."""
    content = bytearray(encode(subject.image.resize((256, 192)), "ICO", sizes=[(256, 192)], bitmap_format="bmp"))
    content[2] = 2
    return bytes(content)


def _photoshop(subject: Subject) -> bytes:
    """Write a PSD without layers: the header, three empty sections and the planes as they are."""
    image = subject.image
    header = b"8BPS" + struct.pack(">H6xHIIHH", 1, 3, image.height, image.width, 8, 3)
    return header + bytes(12) + b"\0\0" + b"".join(band.tobytes() for band in image.split())


def _plain_pnm(subject: Subject, kind: bytes) -> bytes:
    """Write the numbers as text."""
    image = subject.small.convert("L" if kind == b"P2" else "RGB")
    numbers = [str(value).encode() for value in image.tobytes()]
    lines = [b" ".join(numbers[at : at + 16]) for at in range(0, len(numbers), 16)]
    return kind + b"\n# drawn\n320 240\n255\n" + b"\n".join(lines) + b"\n"


def _padded(subject: Subject) -> bytes:
    """Store over 4 MB: more than the service takes."""
    return encode(subject.image.resize((3000, 2250)), "JPEG", quality=100, subsampling=0)


def _photograph(subject: Subject, form: str, size: tuple[int, int], **options: object) -> bytes:
    return encode(subject.image.resize(size, Image.Resampling.BICUBIC), form, **options)


def _bigtiff(subject: Subject) -> bytes:
    return encode(subject.image, "TIFF", big_tiff=True)


def _packbits_tiff_of_tiles(subject: Subject) -> bytes:
    out = io.BytesIO()
    subject.image.save(out, "TIFF", compression="packbits", strip_size=20_000)
    return out.getvalue()


VARIANTS = (
    Variant("bmp, 24 bit", "image/bmp", partial(_encode, form="BMP")),
    Variant("bmp, 32 bit", "image/bmp", _alpha_bmp),
    Variant("bmp, 8 bit", "image/bmp", partial(_encode, form="BMP", mode="L")),
    Variant("bmp, from the top", "image/bmp", _top_down_bmp),
    Variant("tiff", "image/tiff", partial(_encode, form="TIFF")),
    Variant("tiff, LZW", "image/tiff", partial(_encode, form="TIFF", compression="tiff_lzw")),
    Variant("tiff, deflate", "image/tiff", partial(_encode, form="TIFF", compression="tiff_adobe_deflate")),
    Variant("tiff, JPEG", "image/tiff", partial(_encode, form="TIFF", compression="jpeg")),
    Variant("tiff, CMYK", "image/tiff", partial(_encode, form="TIFF", mode="CMYK")),
    Variant("tiff, 16 bit grey", "image/tiff", _deep_tiff),
    Variant("tiff, second page", "image/tiff", _second_page),
    Variant("tiff, last of 12 pages", "image/tiff", _last_page),
    Variant("tiff, strips", "image/tiff", _packbits_tiff_of_tiles),
    Variant("bigtiff", "image/tiff", _bigtiff),
    Variant("jp2", "image/jp2", partial(_encode, form="JPEG2000", quality_mode="rates", quality_layers=[20])),
    Variant("j2k codestream", "image/jp2", partial(_encode, form="JPEG2000", no_jp2=True)),
    Variant("psd", "image/vnd.adobe.photoshop", _photoshop),
    Variant("ico of png", "image/x-icon", partial(_icon, png=True)),
    Variant("ico of bmp", "image/x-icon", partial(_icon, png=False)),
    Variant("cur", "image/x-icon", _cursor),
    Variant("tga", "image/x-tga", partial(_encode, form="TGA")),
    Variant("tga, RLE", "image/x-tga", partial(_encode, form="TGA", compression="tga_rle")),
    Variant("ppm", "image/x-portable-pixmap", partial(_encode, form="PPM")),
    Variant("pgm", "image/x-portable-graymap", partial(_encode, form="PPM", mode="L")),
    Variant("ppm, as text", "text/plain", partial(_plain_pnm, kind=b"P3")),
    Variant("pgm, as text", "text/plain", partial(_plain_pnm, kind=b"P2")),
    Variant("pcx", "image/x-pcx", partial(_encode, form="PCX")),
    Variant("sgi", "image/sgi", partial(_encode, form="SGI")),
    Variant("dds", "image/vnd-ms.dds", partial(_encode, form="DDS", mode="RGBA")),
    Variant("jpeg over 4 MB", "image/jpeg", _padded),
    Variant("jpeg, 12 megapixels", "image/jpeg", partial(_photograph, form="JPEG", size=(4000, 3000)), slow=True),
    Variant("jpeg, 48 megapixels", "image/jpeg", partial(_photograph, form="JPEG", size=(8000, 6000)), slow=True),
    Variant("webp, 12 megapixels", "image/webp",
            partial(_photograph, form="WEBP", size=(4000, 3000), method=0), slow=True),
    Variant("png, 12 megapixels", "image/png",
            partial(_photograph, form="PNG", size=(4000, 3000), compress_level=1), slow=True),
    Variant("jpeg, 120 x 90 pixels", "image/jpeg", partial(_photograph, form="JPEG", size=(120, 90), quality=90)),
    Variant("png, 80 x 60 pixels", "image/png", partial(_photograph, form="PNG", size=(80, 60)), lossy=True),
)  # fmt: skip
