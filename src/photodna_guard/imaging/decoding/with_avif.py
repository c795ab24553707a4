"""Decode AVIF with libavif. Pillow reads its size, profile and orientation."""

import functools
from pathlib import Path

from PIL import Image

from photodna_guard.domain.errors import UnscannableError
from photodna_guard.imaging.decoding.colours import to_srgb, turn_upright
from photodna_guard.imaging.decoding.frames import Frame, Frames
from photodna_guard.imaging.decoding.libavif import AvifFile
from photodna_guard.imaging.decoding.reducing import reduce_frame
from photodna_guard.imaging.decoding.sizes import check_size, check_way, choose_longer_side

# With one frame's planes, of up to 16 bits, in memory.
MAX_PIXELS = 70_000_000


def open_file(file: Path, strict: bool) -> Frames:  # noqa: ARG001 - libavif shows nothing of a damaged frame
    """Return the file's frames. Raises UnscannableError."""
    try:
        header = Image.open(file, formats=("AVIF",))
    except MemoryError:
        raise
    except Exception:  # noqa: BLE001 - Pillow's plugins raise whatever they meet in hostile bytes
        raise UnscannableError("damaged") from None
    check_size(header.size, MAX_PIXELS)
    total = getattr(header, "n_frames", 1)
    check_way(total, header.size)
    return Frames(total, functools.partial(_read_frame, header, AvifFile(file)))


def _read_frame(header: Image.Image, opened: AvifFile, i: int) -> Frame:
    size, mode = opened.decode(i), "RGBA" if header.mode in ("RGBA", "LA") else "RGB"
    check_size(size, MAX_PIXELS)
    side = choose_longer_side(size)
    reduced = reduce_frame(size, mode, side, lambda top, rows: opened.convert(mode, (0, top, size[0], rows)))
    reduced = to_srgb(reduced, header.info.get("icc_profile"))
    reduced.getexif().update(header.getexif())
    return Frame(turn_upright(reduced), size)
