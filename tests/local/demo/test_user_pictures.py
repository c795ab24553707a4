"""The user's pictures, and the oracle that predicts their statuses."""

import base64
from pathlib import Path

import pytest

from local.demo.oracle import expected_statuses
from local.demo.user_pictures import NothingToUploadError, read_user_pictures
from local.pictures import draw, encode
from tests.support.template import ROOT

JPEG = encode(draw(1, (320, 240)), "JPEG")
# Its decoder raises RuntimeError.
AVIF_OF_AN_UNKNOWN_CODEC = encode(draw(2, (200, 160)), "AVIF").replace(b"av01", b"av02", 1)


def _expected(tmp_path: Path, content: bytes) -> set[str]:
    (tmp_path / "file").write_bytes(content)
    return set(expected_statuses(tmp_path / "file"))


@pytest.mark.parametrize("format", ["JPEG", "PNG", "GIF", "BMP", "TIFF", "WEBP", "AVIF", "JPEG2000", "ICO", "TGA"])
def test_a_picture_of_each_decoded_format_is_clean(tmp_path: Path, format: str) -> None:
    assert _expected(tmp_path, encode(draw(2, (200, 160)), format)) == {"CLEAN"}


def test_a_phones_double_jpeg_is_a_jpeg(tmp_path: Path) -> None:
    pair = encode(draw(2, (320, 240)), "MPO", save_all=True, append_images=[draw(3, (320, 240))])

    assert _expected(tmp_path, pair) == {"CLEAN"}


def test_heic_is_clean(tmp_path: Path) -> None:
    assert _expected(tmp_path, (ROOT / "local/demo/coded/other.heic").read_bytes()) == {"CLEAN"}


def test_side_under_50_pixels_is_unscannable(tmp_path: Path) -> None:
    assert _expected(tmp_path, encode(draw(2, (400, 49)), "PNG")) == {"UNSCANNABLE"}
    assert _expected(tmp_path, encode(draw(2, (400, 50)), "PNG")) == {"CLEAN"}


def test_format_that_nothing_decodes_is_not_clean(tmp_path: Path) -> None:
    assert _expected(tmp_path, b"<svg/>") == {"SKIPPED", "UNSCANNABLE"}


def test_text_that_begins_like_a_picture_may_be_skipped(tmp_path: Path) -> None:
    assert _expected(tmp_path, b"P1 10 20 was fastest\n") == {"SKIPPED", "UNSCANNABLE"}


def test_picture_that_is_called_a_page_is_unscannable(tmp_path: Path) -> None:
    (tmp_path / "page.html").write_bytes(JPEG)

    [picture] = read_user_pictures(tmp_path).pictures

    assert set(picture.expected) == {"UNSCANNABLE"}


@pytest.mark.parametrize("content", [b"\r\n" + JPEG, b"data:image/jpeg;base64,", base64.b64encode(JPEG)])
def test_hidden_picture_may_have_any_verdict(tmp_path: Path, content: bytes) -> None:
    assert _expected(tmp_path, content) == {"CLEAN", "SKIPPED", "UNSCANNABLE"}


def test_a_damaged_picture_is_unscannable(tmp_path: Path) -> None:
    assert _expected(tmp_path, JPEG[: len(JPEG) // 2]) == {"UNSCANNABLE"}


def test_an_avif_of_an_unknown_codec_may_be_unscannable_and_stops_nothing(tmp_path: Path) -> None:
    assert "UNSCANNABLE" in _expected(tmp_path, AVIF_OF_AN_UNKNOWN_CODEC)


def test_more_than_4_mb_is_clean(tmp_path: Path) -> None:
    assert _expected(tmp_path, JPEG + bytes(4 * 1024 * 1024)) == {"CLEAN"}


def test_an_empty_file_is_skipped(tmp_path: Path) -> None:
    assert _expected(tmp_path, b"") == {"SKIPPED"}


def test_file_without_picture_is_skipped_or_unscannable(tmp_path: Path) -> None:
    assert _expected(tmp_path, b"just text") == {"SKIPPED", "UNSCANNABLE"}


def test_a_directorys_files_are_uploaded_under_their_relative_paths(tmp_path: Path) -> None:
    (tmp_path / "a b" / "ü").mkdir(parents=True)
    (tmp_path / "a b" / "ü" / "photo.jpg").write_bytes(JPEG)

    [picture] = read_user_pictures(tmp_path).pictures

    assert (picture.key, picture.content_type) == ("a b/ü/photo.jpg", "image/jpeg")
    with picture.open() as stream:
        assert stream.read() == JPEG


def test_pictures_in_test_list_are_listed_and_not_uploaded(tmp_path: Path) -> None:
    (tmp_path / "test-list").mkdir()
    (tmp_path / "test-list" / "known.jpg").write_bytes(JPEG)
    (tmp_path / "photo.jpg").write_bytes(JPEG)

    found = read_user_pictures(tmp_path)

    assert [listed.content for listed in found.listed] == [JPEG]
    assert [(one.key, set(one.expected)) for one in found.pictures] == [("photo.jpg", {"CLEAN", "QUARANTINED"})]


def test_file_in_test_list_without_picture_is_left_out_by_name(tmp_path: Path) -> None:
    (tmp_path / "test-list").mkdir()
    (tmp_path / "test-list" / "notes.txt").write_text("no picture")
    (tmp_path / "photo.jpg").write_bytes(JPEG)

    found = read_user_pictures(tmp_path)

    assert found.listed == []
    assert "notes.txt" in found.left_out[0]


def test_path_longer_than_a_key_is_left_out_by_name(tmp_path: Path) -> None:
    deep = tmp_path.joinpath(*["d" * 200] * 6)
    deep.mkdir(parents=True)
    (deep / "photo.jpg").write_bytes(JPEG)
    (tmp_path / "photo.jpg").write_bytes(JPEG)

    found = read_user_pictures(tmp_path)

    assert [picture.key for picture in found.pictures] == ["photo.jpg"]
    assert "1024 bytes" in found.left_out[0]


def test_name_with_a_line_break_is_left_out_on_one_line(tmp_path: Path) -> None:
    (tmp_path / "a\nb.jpg").write_bytes(JPEG)
    (tmp_path / "photo.jpg").write_bytes(JPEG)

    [reason] = read_user_pictures(tmp_path).left_out

    assert reason.startswith("a\\nb.jpg: ")


def test_a_missing_directory_is_named(tmp_path: Path) -> None:
    with pytest.raises(NothingToUploadError, match=r"There is no directory .*nowhere"):
        read_user_pictures(tmp_path / "nowhere")


def test_an_empty_directory_is_named(tmp_path: Path) -> None:
    with pytest.raises(NothingToUploadError, match="has no file to upload"):
        read_user_pictures(tmp_path)
