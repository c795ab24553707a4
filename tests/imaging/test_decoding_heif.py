"""imaging/decoding/heif_planes: planes that are reduced first become the RGB that libheif makes of them whole."""

import io
import struct

import pi_heif
import pytest
from PIL import Image, ImageChops, ImageStat

from photodna_guard.domain.errors import UnscannableError
from photodna_guard.imaging.decoding.heif_planes import HeifPlanes
from tests.imaging.variants.boxes import box
from tests.imaging.variants.heif_file import HeifFile, read_coded
from tests.imaging.variants.variant import LISTED_SEED, Subject

SUBJECT = Subject(LISTED_SEED)
REDUCED_SIDE = 200


def colours(matrix: int, *, is_full_range: bool) -> bytes:
    """Return a colr box with BT.709 primaries, sRGB's transfer and this matrix."""
    return box(b"colr", b"nclx" + struct.pack(">HHHB", 1, 13, matrix, is_full_range << 7))


def write(*properties: bytes) -> bytes:
    """Return a HEIC of one picture with these properties."""
    file = HeifFile()
    return file.to_bytes(file.add(read_coded(SUBJECT.coded(".heic"))[0], *properties))


def difference(content: bytes) -> float:
    """Return the mean difference of both ways, in levels, of the channel that differs most."""
    reduced = HeifPlanes(content).read(0, REDUCED_SIDE)
    assert reduced is not None
    whole = pi_heif.open_heif(io.BytesIO(content)).to_pillow().convert("RGB")
    assert max(reduced.size) == REDUCED_SIDE
    other = whole.resize(reduced.size, Image.Resampling.BICUBIC)
    return max(ImageStat.Stat(ImageChops.difference(reduced, other)).mean)


@pytest.mark.parametrize("is_full_range", [True, False])
@pytest.mark.parametrize("matrix", [0, 1, 2, 6, 8, 9])
def test_planes_become_the_rgb_of_their_matrix(matrix: int, is_full_range: bool) -> None:
    assert difference(write(colours(matrix, is_full_range=is_full_range))) < 1


def test_planes_without_a_matrix_become_the_usual_rgb() -> None:
    assert difference(write()) < 1


@pytest.mark.parametrize("name", ["-tiles.heic", "-turned.heic"])
def test_planes_are_put_together_and_upright(name: str) -> None:
    assert difference(SUBJECT.coded(name)) < 1


@pytest.mark.parametrize("turn", [box(b"irot", b"\1"), box(b"irot", b"\2"), box(b"imir", b"\1")])
def test_planes_are_turned_and_mirrored(turn: bytes) -> None:
    assert difference(write(turn)) < 1


def test_damaged_file_has_no_planes() -> None:
    content = write()
    with pytest.raises(UnscannableError, match="damaged"):
        HeifPlanes(content[:100])
    with pytest.raises(UnscannableError, match="damaged"):
        HeifPlanes(content[: len(content) - 5000]).read(0, REDUCED_SIDE)
