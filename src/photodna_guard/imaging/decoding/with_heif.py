"""Decode HEIC and HEIF with libheif (pi-heif)."""

import functools
import io
from pathlib import Path
from typing import Any

import pi_heif
import pyvips
from PIL import Image

from photodna_guard.domain.errors import UnscannableError
from photodna_guard.imaging.decoding.colours import to_srgb
from photodna_guard.imaging.decoding.frames import Frame, Frames
from photodna_guard.imaging.decoding.heif_planes import HeifPlanes
from photodna_guard.imaging.decoding.heif_sequence import HeifSequence
from photodna_guard.imaging.decoding.sizes import check_size, choose_longer_side
from photodna_guard.imaging.decoding.with_vips import choose_profile, to_pillow

# Its planes and an RGB copy of them are in memory together, where it is not one whose planes are reduced.
MAX_PIXELS = 70_000_000
# From here on planes are.
LARGE_PIXELS = 20_000_000
_MAJOR_BRANDS = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1")
_BANDS = {"RGB": 3, "RGBA": 4, "RGBa": 4, "L": 1, "LA": 2}


def open_file(file: Path, strict: bool) -> Frames:  # noqa: ARG001 - libheif shows nothing of a damaged image
    """Return the file's still images, the primary one first, and after them the frames of its sequence."""
    content = file.read_bytes()
    sequence = HeifSequence(file) if _is_sequence(content) else None
    try:
        named = _name_a_picture(content)
        found = pi_heif.open_heif(io.BytesIO(named), convert_hdr_to_8bit=True)
        check_size(found.size, MAX_PIXELS)
    except (MemoryError, UnscannableError):
        raise
    except Exception:  # noqa: BLE001 - hostile boxes raise whatever their parser meets
        if sequence is None:
            raise UnscannableError("damaged") from None
        return Frames(sequence.total, functools.partial(_read_frame, sequence))
    first = found.primary_index
    order = [first, *(i for i in range(len(found)) if i != first)]
    stills = functools.partial(_read_image, found, order, named)
    if sequence is None:
        return Frames(len(order), stills)
    total = len(order)
    return Frames(total + sequence.total, lambda i: stills(i) if i < total else _read_frame(sequence, i - total))


def _is_sequence(content: bytes) -> bool:
    return b"moov" in content and b"stsz" in content


def _read_frame(sequence: HeifSequence, i: int) -> Frame:
    image = sequence.read(i)
    side = choose_longer_side(image.size)
    reduced = image.copy()
    reduced.thumbnail((side, side), Image.Resampling.BICUBIC, reducing_gap=2.0)
    return Frame(reduced, image.size)


def _name_a_picture(content: bytes) -> bytes:
    """Return the file with brands of a picture. Where the major one is a video's, libheif opens no picture."""
    if content[8:12] in _MAJOR_BRANDS:
        return content
    end = min(int.from_bytes(content[:4], "big"), 256)
    return content[:8] + b"mif1" + content[12:16] + b"heic" * max((end - 16) // 4, 0) + content[max(end, 16) :]


def _read_image(found: Any, order: list[int], content: bytes, i: int) -> Frame:
    image = found[order[i]]
    check_size(image.size, MAX_PIXELS)
    side = choose_longer_side(image.size)
    if image.size[0] * image.size[1] >= LARGE_PIXELS and (reduced := _read_planes(content, len(order), order[i], side)):
        return Frame(to_srgb(reduced, image.info.get("icc_profile")), image.size)
    bands = _BANDS[image.mode]
    # Rows are padded; libvips reads them as they are, and cuts the padding off.
    wide = pyvips.Image.new_from_memory(image.data, image.stride // bands, image.size[1], bands, "uchar")
    picture = wide.crop(0, 0, *image.size).copy(interpretation="b-w" if bands < 3 else "srgb")
    if profile := image.info.get("icc_profile"):
        picture.set_type(pyvips.GValue.blob_type, "icc-profile-data", profile)
    reduced = picture.thumbnail_image(side, height=side, size="down", no_rotate=True, **choose_profile(picture))
    return Frame(to_pillow(reduced), image.size)


def _read_planes(content: bytes, total: int, i: int, side: int) -> Image.Image | None:
    """Return an image by way of its planes; None where pi-heif has to decode it."""
    opened = HeifPlanes(content)
    # pi-heif leaves out what it cannot open: then its numbers are others.
    return opened.read(i, side) if opened.total == total else None
