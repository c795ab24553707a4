"""Blank pictures of the formats that the service takes."""

import io
from typing import Any

from PIL import Image


def encode_blank(form: str, size: tuple[int, int] = (200, 170), mode: str = "RGB", **options: Any) -> bytes:
    """Return a picture of one colour in one of Pillow's formats."""
    out = io.BytesIO()
    Image.new(mode, size, 1).save(out, form, **options)
    return out.getvalue()


SERVICE_FORMATS = {
    "jpeg": encode_blank("JPEG"),
    "jpeg, progressive": encode_blank("JPEG", progressive=True),
    "jpeg, grey": encode_blank("JPEG", mode="L"),
    "jpeg, CMYK": encode_blank("JPEG", mode="CMYK"),
    "jpeg, large profile": encode_blank("JPEG", icc_profile=b"\xff\xc0" * 20_000),
    "jpeg, exif": encode_blank("JPEG", exif=b"Exif\0\0" + b"\xff" * 5_000),
    "png": encode_blank("PNG"),
    "png, palette": encode_blank("PNG", mode="P"),
    "gif": encode_blank("GIF", mode="P"),
    "bmp": encode_blank("BMP"),
    "tiff": encode_blank("TIFF"),
    "tiff, packed": encode_blank("TIFF", compression="packbits"),
}
