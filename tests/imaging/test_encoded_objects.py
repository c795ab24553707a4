"""imaging/examination.py: a text within a Content-Encoding is readable only if the stored bytes are no picture."""

import gzip
import zlib
from pathlib import Path

import pytest

from photodna_guard.domain.errors import UnscannableError
from photodna_guard.domain.renditions import NotAPicture, RenditionSet
from photodna_guard.imaging.examination import examine
from photodna_guard.imaging.render_protocol import RenderRequest
from tests.support.pictures import SERVICE_FORMATS

PLAIN = NotAPicture("not-an-image")
# A Targa header that is also deflate's: a last block of 512 bytes that are stored as they are. Its fields are tabs,
# and the depth is a blank: 32 bits.
TARGA = b"\1\0\2\xff\xfd" + b"\t" * 11 + b" " * 501 + bytes(4000)


def look(directory: Path, content: bytes, encoding: str) -> NotAPicture | RenditionSet | UnscannableError:
    file = directory / "object"
    file.write_bytes(content)
    try:
        return examine(file, RenderRequest(str(file), "", encoding, 5, 50))
    except UnscannableError as error:
        return error


def test_encoded_text_is_readable(tmp_path: Path) -> None:
    assert look(tmp_path, gzip.compress(b"words"), "gzip") == PLAIN
    assert look(tmp_path, gzip.compress(gzip.compress(b"words")), "gzip, gzip") == PLAIN
    assert look(tmp_path, b"words", "gzip") == PLAIN


def test_stored_picture_is_looked_at_where_a_text_comes_out(tmp_path: Path) -> None:
    assert zlib.decompressobj(-15).decompress(TARGA).isspace()
    assert not isinstance(look(tmp_path, TARGA, "deflate"), NotAPicture)


@pytest.mark.parametrize("cut", [5, 9, 40])
def test_text_that_does_not_come_out_whole_is_not_readable(tmp_path: Path, cut: int) -> None:
    content = gzip.compress(b"".join(b"%d words\n" % i for i in range(99)))
    assert look(tmp_path, content[:-cut], "gzip") != PLAIN


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "br", "zstd"])
@pytest.mark.parametrize("name", ["jpeg", "png", "gif", "bmp", "tiff"])
def test_picture_with_a_wrong_encoding_is_seen(tmp_path: Path, name: str, encoding: str) -> None:
    assert isinstance(look(tmp_path, SERVICE_FORMATS[name], encoding), RenditionSet)
