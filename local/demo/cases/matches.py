"""Pictures that are on a hash list, exactly or nearly, and the lists."""

from collections.abc import Iterator
from functools import cache

from PIL import Image, ImageEnhance, ImageFilter, ImageOps

from local.demo.picture import JPEG, PNG, QUARANTINED, ListedPicture, Picture
from local.pictures import draw, encode

# Stands for a real hash list: a match of any source other than Test is an incident.
OTHER_SOURCE = "Demo hash list"


def on_the_test_list() -> Image.Image:
    """Draw the picture of the Test list that most cases use."""
    return draw(0)


def also_on_the_test_list() -> Image.Image:
    """Draw the second picture of the Test list."""
    return draw(3)


def on_another_list() -> Image.Image:
    """Draw the picture that is only on the list of another source."""
    return draw(1)


def on_both_lists() -> Image.Image:
    """Draw the picture that is on both lists."""
    return draw(2)


def listed() -> list[ListedPicture]:
    """Return the entries of the hash lists."""
    both = encode(on_both_lists(), "PNG")
    return [
        ListedPicture(encode(on_the_test_list(), "PNG"), "test-0", violations=("A1",)),
        ListedPicture(encode(also_on_the_test_list(), "PNG"), "test-3", violations=("B2",)),
        ListedPicture(encode(on_another_list(), "PNG"), "demo-1", OTHER_SOURCE, ("A2",)),
        ListedPicture(both, "test-2", violations=("B1",)),
        ListedPicture(both, "demo-2", OTHER_SOURCE, ("B1",)),
    ]


def pictures() -> list[Picture]:
    """Return the pictures that are on a hash list, exactly or nearly."""
    return [*_exact(), *_copies(), *_disguised(), *_incidents()]


def matching(
    key: str, kind: str, content: bytes, content_type: str, *, is_test: bool = True, content_encoding: str = ""
) -> Picture:
    """Describe a picture that has to be quarantined."""
    return Picture(
        key, f"match: {kind}", QUARANTINED, content, content_type, is_test=is_test, content_encoding=content_encoding
    )


@cache
def listed_jpeg() -> bytes:
    """Encode the first picture of the Test list as JPEG."""
    return encode(on_the_test_list(), "JPEG", quality=90)


def _exact() -> Iterator[Picture]:
    second = encode(also_on_the_test_list(), "JPEG", quality=90)
    yield matching("match/listed.png", "the listed file", encode(on_the_test_list(), "PNG"), PNG)
    yield matching("match/listed.jpg", "re-encoded as JPEG", listed_jpeg(), JPEG)
    yield matching("match/second.jpg", "another listed picture", second, JPEG)


def _copies() -> Iterator[Picture]:
    picture = on_the_test_list()
    lighter, softer = (
        ImageEnhance.Brightness(picture).enhance(1.15),
        picture.filter(ImageFilter.GaussianBlur(2)),
    )
    turned = picture.transpose(Image.Transpose.ROTATE_90)
    reduced = picture.resize((320, 240), Image.Resampling.LANCZOS)
    yield matching("match/reduced.jpg", "half the size", encode(reduced, "JPEG", quality=85), JPEG)
    yield matching("match/recompressed.jpg", "JPEG at quality 40", encode(picture, "JPEG", quality=40), JPEG)
    yield matching("match/brightened.jpg", "brightened", encode(lighter, "JPEG", quality=85), JPEG)
    yield matching("match/blurred.png", "blurred", encode(softer, "PNG"), PNG)
    yield matching("match/mirrored.jpg", "mirrored", encode(ImageOps.mirror(picture), "JPEG"), JPEG)
    yield matching("match/turned.jpg", "turned by 90 degrees", encode(turned, "JPEG"), JPEG)
    yield matching("match/grey.jpg", "greyscale", encode(picture.convert("L"), "JPEG"), JPEG)
    yield matching("match/as.gif", "as GIF of 256 colours", encode(picture, "GIF"), "image/gif")
    yield matching("match/as.bmp", "as BMP", encode(picture, "BMP"), "image/bmp")
    yield matching("match/as.tif", "as TIFF", encode(picture, "TIFF"), "image/tiff")


def _disguised() -> Iterator[Picture]:
    yield matching("match/notes.txt", "JPEG declared as text", listed_jpeg(), "text/plain")
    yield matching("match/archive", "JPEG without an extension", listed_jpeg(), "application/octet-stream")


def _incidents() -> Iterator[Picture]:
    one, both = encode(on_another_list(), "JPEG"), encode(on_both_lists(), "JPEG")
    yield matching("match/incident.jpg", "another source than Test", one, JPEG, is_test=False)
    yield matching("match/two-sources.jpg", "Test and another source", both, JPEG, is_test=False)
