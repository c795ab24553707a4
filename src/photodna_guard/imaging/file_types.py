"""First bytes -> the type of a picture: each format at its own place, with sane fields. Pure."""

import struct
from collections.abc import Callable

from photodna_guard.imaging.header_fields import (
    is_bmp,
    is_emf,
    is_fli,
    is_icon,
    is_iptc,
    is_pcx,
    is_sgi,
    is_tga,
    is_tiff,
    is_webp,
)
from photodna_guard.imaging.text_formats import detect_text_format

# Magic bytes at the beginning and the type. What is weaker than four bytes is below, with its fields.
_MAGIC = (
    (b"\xff\xd8\xff", "jpeg"),
    (b"\x89PNG\r\n\x1a\n", "png"),
    (b"GIF87a", "gif"),
    (b"GIF89a", "gif"),
    (b"\0\0\0\x0cJXL \r\n\x87\n", "jxl"),
    (b"\0\0\0\x0cjP  \r\n\x87\n", "jp2"),
    (b"\0\0\0\x0cjP\x1a\x1a\r\n\x87\n", "jp2"),
    (b"\xff\x4f\xff\x51", "jp2"),
    (b"8BPS\0\1", "psd"),
    (b"8BPS\0\2", "psd"),
    (b"\x8aMNG\r\n\x1a\n", "mng"),
    (b"\x8bJNG\r\n\x1a\n", "jng"),
    (b"II\xbc", "jxr"),
    (b"\x76\x2f\x31\x01", "exr"),
    (b"qoif", "qoi"),
    (b"DDS \x7c\0\0\0", "dds"),
    (b"BLP1", "blp"),
    (b"BLP2", "blp"),
    (b"icns", "icns"),
    (b"\x59\xa6\x6a\x95", "sun"),
    (b"DanM", "msp"),
    (b"LinS", "msp"),
    (b"\x80\xe8\0\0", "pixar"),
    (b"\xb1\x68\xde\x3a", "dcx"),
    (b"FTEX", "ftex"),
    (b"FTU\0", "ftex"),
    (b"\x08\xf2\xa6\xb6", "vips"),
    (b"\xb6\xa6\xf2\x08", "vips"),
    (b"gimp xcf", "xcf"),
    (b"AT&TFORM", "djvu"),
    (b"BPG\xfb", "bpg"),
    (b"farbfeld", "farbfeld"),
    (b"FUJIFILMCCD-RAW", "raw"),
    (b"FOVb", "raw"),
    (b"IIRO\x08\0", "raw"),
    (b"IIRS\x08\0", "raw"),
    (b"MMOR\0\x08", "raw"),
    (b"IIU\0", "raw"),
    (b"\0MRM", "raw"),
    (b"\xd7\xcd\xc6\x9a", "wmf"),
    (b"\1\0\x09\0\0\3", "wmf"),
)
_HEIF_BRANDS = {
    b"heic": "heic", b"heix": "heic", b"heim": "heic", b"heis": "heic", b"hevc": "heic", b"hevx": "heic",
    b"hevm": "heic", b"hevs": "heic", b"mif1": "heif", b"mif2": "heif", b"msf1": "heif", b"mif3": "heif",
    b"miaf": "heif", b"jpeg": "heif", b"jpgs": "heif", b"j2ki": "heif", b"j2is": "heif", b"vvic": "heif",
    b"vvis": "heif", b"evbi": "heif", b"avci": "heif", b"avcs": "heif", b"avif": "avif", b"avis": "avif",
    b"avio": "avif", b"crx ": "raw", b"jxl ": "jxl", b"jp2 ": "jp2", b"jpx ": "jp2", b"jph ": "jp2",
}  # fmt: skip


def detect_type(head: bytes) -> str | None:
    """Return the picture type of the first bytes, such as "jpeg"; None if they are no known picture.

    The types of text formats ("svg", "pnm", "xbm" ...) are among them. Without a magic number of its own a type is
    reported only if all fields of its header are sane.
    """
    if head[4:8] == b"ftyp" and (file_type := _detect_heif(head)):
        return file_type
    by_magic = next((file_type for magic, file_type in _MAGIC if head.startswith(magic)), None)
    if by_magic or not head:
        return by_magic
    try:
        by_fields = next((file_type for file_type, has_fields in _FIELDS if has_fields(head)), None)
    except struct.error:
        by_fields = None
    return by_fields or detect_text_format(head) or _detect_without_magic(head)


def _detect_heif(head: bytes) -> str | None:
    """Return the type by the first known brand of the `ftyp` box: the major brand, then the compatible ones."""
    size = int.from_bytes(head[:4], "big")
    # A size of 1 says that a 64-bit one follows the type, and 0 that the box goes on to the end.
    first = 16 if size == 1 else 8
    end = len(head) if size < 16 else min(size, len(head))
    whole = head[first : end - (end - first) % 4]
    return next((_HEIF_BRANDS[brand] for (brand,) in struct.iter_unpack("4s", whole) if brand in _HEIF_BRANDS), None)


def _detect_without_magic(head: bytes) -> str | None:
    """Return the type by magic numbers far behind the beginning, or by sane fields alone."""
    if head[128:132] == b"DICM":
        return "dicom"
    if head[2048:2052] == b"PCD_":
        return "pcd"
    return "tga" if len(head) >= 18 and is_tga(head) else None


_FIELDS: tuple[tuple[str, Callable[[bytes], bool]], ...] = (
    ("tiff", is_tiff),
    ("webp", is_webp),
    ("bmp", is_bmp),
    ("jxl", lambda head: head.startswith(b"\xff\x0a")),
    ("sgi", is_sgi),
    ("pcx", is_pcx),
    ("emf", is_emf),
    ("iptc", is_iptc),
    ("ico", is_icon),
    ("fli", is_fli),
)
