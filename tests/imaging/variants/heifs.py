"""Variants as HEIC and HEIF: single, turned, of tiles, of several pictures, under a video's brand, as a sequence."""

from functools import partial

from PIL import Image

from tests.imaging.variants.boxes import box
from tests.imaging.variants.heif_file import Coded, HeifFile, read_coded
from tests.imaging.variants.heif_sequence import write_sequence
from tests.imaging.variants.variant import Subject, Variant

HEIC = "image/heic"
_ORIENTATION = 0x0112
# The other picture of files that hold several.
_ANOTHER = Subject(504)


def _picture(subject: Subject) -> Coded:
    return read_coded(subject.coded(".heic"))[0]


def _single(subject: Subject, brands: bytes = b"heicmif1heic") -> bytes:
    file = HeifFile()
    return file.to_bytes(file.add(_picture(subject)), brands)


def _grid(subject: Subject) -> bytes:
    """Write four hidden tiles and the picture that they make up, as phones do."""
    file = HeifFile()
    tiles = tuple(file.add(tile, hidden=True) for tile in read_coded(subject.coded("-tiles.heic")))
    return file.to_bytes(file.add_grid(tiles, (2, 2), (640, 480)))


def _turned(subject: Subject, quarters: int, exif_orientation: int = 0) -> bytes:
    """Store it turned clockwise by `quarters` of a circle, and the property that turns it back.

    Phones write the same turn into the EXIF, which viewers of HEIF ignore.
    """
    file = HeifFile()
    stored = read_coded(subject.coded("-turned.heic"))[quarters - 1]
    number = file.add(stored, box(b"irot", bytes([quarters])))
    if exif_orientation:
        exif = Image.Exif()
        exif[_ORIENTATION] = exif_orientation
        file.add_exif(number, exif.tobytes().removeprefix(b"Exif\0\0"))
    return file.to_bytes(number)


def _mirrored(subject: Subject) -> bytes:
    file = HeifFile()
    return file.to_bytes(file.add(read_coded(subject.coded("-turned.heic"))[3], box(b"imir", b"\x01")))


def _second(subject: Subject) -> bytes:
    """Store two pictures, of which the other one is the primary."""
    file = HeifFile()
    primary = file.add(_picture(_ANOTHER))
    file.add(_picture(subject))
    return file.to_bytes(primary)


def _with_thumbnail(subject: Subject) -> bytes:
    file = HeifFile()
    primary = file.add(_picture(subject))
    file.add_thumbnail(primary, read_coded(Subject(503).coded("-tiles.heic"))[0])
    return file.to_bytes(primary)


def _sequence(subject: Subject, at: int) -> bytes:
    pictures = [_picture(_ANOTHER)] * 3
    pictures[at] = _picture(subject)
    return write_sequence(pictures)


VARIANTS = (
    Variant("heic, as encoded", HEIC, lambda subject: subject.coded(".heic")),
    Variant("heic", HEIC, _single),
    Variant("heif, major brand mif1", "image/heif", partial(_single, brands=b"mif1mif1heic")),
    Variant("heic, major brand of a video", HEIC, partial(_single, brands=b"mp42mp42heicmif1")),
    Variant("heic, four tiles", HEIC, _grid),
    Variant("heic, turned by 90 degrees", HEIC, partial(_turned, quarters=1)),
    Variant("heic, turned by 180 degrees", HEIC, partial(_turned, quarters=2)),
    Variant("heic, turned by 270 degrees", HEIC, partial(_turned, quarters=3)),
    Variant("heic, turned, and EXIF says so too", HEIC, partial(_turned, quarters=3, exif_orientation=6)),
    Variant("heic, mirrored", HEIC, _mirrored),
    Variant("heic, thumbnail of another picture", HEIC, _with_thumbnail),
    Variant("heic, second picture", HEIC, _second),
    Variant("heic sequence, first picture", "image/heic-sequence", partial(_sequence, at=0)),
    Variant("heic sequence, last picture", "image/heic-sequence", partial(_sequence, at=-1)),
)
