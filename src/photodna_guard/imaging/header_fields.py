"""Picture formats whose magic number is short or missing: the fields of their headers must be sane. Pure."""

import struct

# TIFF's magic, also BigTIFF's. Many raw formats are TIFF too; the decoder sees what is inside.
_TIFF_MAGIC = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
_BMP_HEADER_SIZES = (12, 16, 40, 52, 56, 64, 108, 124)
_BMP_DEPTHS = (0, 1, 2, 4, 8, 16, 24, 32)  # bits for a pixel; 0: a JPEG or PNG within


def is_tiff(head: bytes) -> bool:
    """Return whether this is a TIFF's magic number, in either byte order and size."""
    return head.startswith(_TIFF_MAGIC)


def is_webp(head: bytes) -> bool:
    """Return whether a RIFF file of WebP begins."""
    return head.startswith(b"RIFF") and head[8:12] == b"WEBP"


def is_bmp(head: bytes) -> bool:
    """Return whether a bitmap's header follows the two letters, or an array of bitmaps begins."""
    if not head.startswith((b"BM", b"BA")):
        return False
    if head.startswith(b"BA"):
        return head[14:16] == b"BM"
    return _is_dib(head[14:])


def _is_dib(head: bytes) -> bool:
    """Return whether this is a bitmap's header. Decoders differ in what they forgive: the depth alone is checked."""
    size = struct.unpack_from("<I", head)[0]
    depth_at = 10 if size == 12 else 14
    return size in _BMP_HEADER_SIZES and struct.unpack_from("<H", head, depth_at)[0] in _BMP_DEPTHS


def is_icon(head: bytes) -> bool:
    """Return whether an icon's or a cursor's directory begins: each entry's reserved byte is zero or 255."""
    reserved, kind, count = struct.unpack_from("<HHH", head)
    return reserved == 0 and kind in (1, 2) and count > 0 and len(head) >= 22


def is_pcx(head: bytes) -> bool:
    """Return whether version, compression and length are a PCX's."""
    return head[:1] == b"\x0a" and head[1:2] in b"\0\2\3\4\5" and head[2:3] in b"\0\1" and len(head) >= 128


def is_sgi(head: bytes) -> bool:
    """Return whether compression and bytes for a channel are those of an SGI picture."""
    return head.startswith(b"\x01\xda") and head[2:3] in b"\0\1" and head[3:4] in b"\1\2"


def is_fli(head: bytes) -> bool:
    """Return whether the second field is a FLIC animation's."""
    return len(head) >= 16 and struct.unpack_from("<H", head, 4)[0] in (0xAF11, 0xAF12, 0xAF44)


def is_emf(head: bytes) -> bool:
    """Return whether an enhanced metafile's header has its signature."""
    return head.startswith(b"\1\0\0\0") and head[40:44] == b" EMF"


def is_iptc(head: bytes) -> bool:
    """Return whether an IPTC record begins."""
    return head[:1] == b"\x1c" and head[1:2] in bytes(range(1, 10)) and len(head) >= 5


def is_tga(head: bytes) -> bool:
    """Return whether all of a Targa header's fields are sane. It has no magic number."""
    map_type, kind = head[1], head[2]
    width, height, depth = struct.unpack_from("<HHB", head, 12)
    has_map_fields = map_type == 1 or kind not in (1, 9)
    is_kind = map_type in (0, 1) and kind in (1, 2, 3, 9, 10, 11)
    return is_kind and has_map_fields and width > 0 and height > 0 and depth in (1, 8, 15, 16, 24, 32)
