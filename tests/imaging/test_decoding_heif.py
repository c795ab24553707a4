"""imaging/decoding/heif_planes: planes that are reduced first become the RGB that libheif makes of them whole."""

import io
import struct
from pathlib import Path

import pi_heif
import pytest
from PIL import Image, ImageChops, ImageStat

from photodna_guard.domain.errors import UnscannableError
from photodna_guard.domain.renditions import RenditionSet
from photodna_guard.imaging.decoding.heif_planes import HeifPlanes
from photodna_guard.imaging.decoding.heif_sequence import HeifSequence
from tests.imaging.conftest import Render
from tests.imaging.variants.boxes import box
from tests.imaging.variants.heif_file import HeifFile, read_coded
from tests.imaging.variants.heif_sequence import write_sequence
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


def write_grid(side: int) -> bytes:
    """Return a HEIC of `side` x `side` tiles of 320 x 240 pixels, as phones make them."""
    heif, tiles = HeifFile(), read_coded(SUBJECT.coded("-tiles.heic"))
    items = tuple(heif.add(tiles[place % 4], hidden=True) for place in range(side * side))
    return heif.to_bytes(heif.add_grid(items, (side, side), (320 * side, 240 * side)))


def test_large_picture_is_read_by_its_planes(render: Render) -> None:
    found = render(write_grid(17))
    assert isinstance(found, RenditionSet)
    assert (len(found.renditions), found.inconclusive) == (1, "")
    with Image.open(io.BytesIO(found.renditions[0].content)) as rendition:
        assert max(rendition.size) == 1024


def write_sequence_of(*numbers: int) -> bytes:
    """Return a sequence of the four quarters of the picture, in this order."""
    tiles = read_coded(SUBJECT.coded("-tiles.heic"))
    return write_sequence([tiles[number] for number in numbers])


def test_frames_of_a_sequence_are_read_in_rising_order(tmp_path: Path) -> None:
    file = tmp_path / "object"
    file.write_bytes(write_sequence_of(0, 1, 2, 3))
    frames = HeifSequence(file)
    assert [frames.read(i).size for i in (0, 2, 3)] == [(320, 240)] * 3
    with pytest.raises(UnscannableError, match="damaged"):
        frames.read(4)


@pytest.mark.parametrize(
    ("mark", "instead", "reason"),
    [
        (b"stsz", b"free", "damaged"),
        (b"trak", b"free", "damaged"),
        (b"stsz" + bytes(8), b"stsz" + bytes(8) + b"\0\0\xff", "too-many-frames"),
    ],
)
def test_damaged_sequence_has_a_reason(mark: bytes, instead: bytes, reason: str, tmp_path: Path) -> None:
    file, content = tmp_path / "object", write_sequence_of(0, 1)
    at = content.index(mark)
    file.write_bytes(content[:at] + instead + content[at + len(instead) :])
    with pytest.raises(UnscannableError, match=reason):
        HeifSequence(file).read(0)


@pytest.mark.parametrize("mark", [b"ftyp", b"hdlr", b"ipco", b"hvcC"])
def test_damaged_picture_is_no_clean_one(mark: bytes, render: Render) -> None:
    content = write().replace(mark, b"free")
    try:
        found = render(content)
    except UnscannableError:
        return
    assert not isinstance(found, RenditionSet) or found.inconclusive
