"""Reads the user's pictures from a directory, each with its expected statuses."""

import mimetypes
from collections.abc import Iterator
from pathlib import Path

from local.demo.oracle import expected_statuses, is_decodable
from local.demo.picture import CLEAN, QUARANTINED, UNSCANNABLE, ListedPicture, Picture, PictureSet
from local.demo.text import escape_invisible

# The emulator matches the pictures of this sub-folder.
TEST_LIST = "test-list"
_MAX_KEY_BYTES = 1024


class NothingToUploadError(Exception):
    """The directory does not exist, or has no file to upload. The message says what to do."""


def read_user_pictures(directory: Path) -> PictureSet:
    """Read every file below the directory. Its relative path becomes its key; `test-list/` becomes the Test list."""
    if not directory.is_dir():
        raise NothingToUploadError(f"There is no directory {directory}. Name one with pictures: {_USAGE}")
    listed, not_listed = _read_test_list(directory / TEST_LIST)
    pictures, left_out = _read_uploads(directory, may_match=bool(listed))
    if not pictures:
        raise NothingToUploadError(f"{directory} has no file to upload. Put pictures in it, then: {_USAGE}")
    return PictureSet(pictures, listed, not_listed + left_out)


_USAGE = "make demo PICTURES=DIR. Without PICTURES, make demo draws pictures."


def _read_uploads(directory: Path, *, may_match: bool) -> tuple[list[Picture], list[str]]:
    pictures, left_out = [], []
    for path in _list_files(directory):
        name = path.relative_to(directory)
        if name.parts[0] == TEST_LIST:
            continue
        if problem := _find_problem(path, name.as_posix()):
            left_out.append(f"{escape_invisible(name.as_posix())}: {problem}")
        else:
            pictures.append(_make_picture(path, name.as_posix(), may_match))
    return pictures, left_out


def _list_files(directory: Path) -> Iterator[Path]:
    return (path for path in sorted(directory.rglob("*")) if path.is_file())


def _find_problem(path: Path, key: str) -> str:
    """Return why the file cannot be uploaded, or "" if it can."""
    try:
        if len(key.encode()) > _MAX_KEY_BYTES:
            return f"its path is longer than the {_MAX_KEY_BYTES} bytes that S3 allows a key"
        path.open("rb").close()
    except UnicodeEncodeError:
        return "its name is not valid UTF-8, which S3 requires of a key"
    except OSError as error:
        return f"it cannot be read ({error.strerror})"
    if "\n" in key:
        return "its name contains a line break, which the embedded S3 does not accept, although S3 does"
    return ""


def _make_picture(path: Path, key: str, may_match: bool) -> Picture:
    content_type = mimetypes.guess_type(key)[0] or "application/octet-stream"
    expected = expected_statuses(path, content_type)
    # A match counts even where "no match" would prove nothing.
    if may_match and expected & (CLEAN | UNSCANNABLE):
        expected |= QUARANTINED
    return Picture(key, "your file", expected, path, content_type)


def _read_test_list(directory: Path) -> tuple[list[ListedPicture], list[str]]:
    listed, left_out = [], []
    for path in _list_files(directory) if directory.is_dir() else ():
        name = path.relative_to(directory).as_posix()
        if is_decodable(path):
            listed.append(ListedPicture(path.read_bytes(), match_id=escape_invisible(name)))
        else:
            left_out.append(f"{TEST_LIST}/{escape_invisible(name)}: the file is not a picture, so it cannot be listed")
    return listed, left_out
