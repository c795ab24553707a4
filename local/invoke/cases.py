"""The sample events: the function that each one invokes, the uploads that it names, and the expected results."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal

from local.demo.picture import CLEAN, JPEG, QUARANTINED, SKIPPED, ListedPicture, Picture
from local.pictures import draw, encode

ON_UPLOAD, ON_RETRY, ON_SWEEP = "OnUploadFunction", "OnRetryFunction", "OnSweepFunction"
ON_BACKFILL = "OnBackfillFunction"
# The answers of the handlers if nothing has to be redelivered; the others' is None.
ANSWERS: Mapping[str, Any] = {name: {"batchItemFailures": []} for name in (ON_RETRY, ON_BACKFILL)}

Content = Literal["clean", "listed", "near", "text"]


@dataclass(frozen=True)
class Case:
    """One sample event. `contents` has the content of each upload that the event names, in its order."""

    function: str
    contents: tuple[Content, ...]
    method: Literal["put", "multipart", "copy"] = "put"
    # The key has an older and a newer version, which the event does not name.
    has_history: bool = False
    # The event names no upload. There is one whose message was lost: the sweep sends it to the retry queue, and the
    # retry function gets that message.
    has_lost_message: bool = False


CASES = {
    "s3-put.json": Case(ON_UPLOAD, ("clean",)),
    "s3-multipart.json": Case(ON_UPLOAD, ("listed",), method="multipart"),
    "s3-copy.json": Case(ON_UPLOAD, ("near",), method="copy"),
    "s3-versioned-put.json": Case(ON_UPLOAD, ("listed",), has_history=True),
    "s3-several-records.json": Case(ON_UPLOAD, ("clean", "near", "text")),
    "s3-odd-keys.json": Case(ON_UPLOAD, ("clean", "near") * 5),
    "eventbridge-object-created.json": Case(ON_UPLOAD, ("listed",)),
    "sqs-retry.json": Case(ON_RETRY, ("clean", "listed")),
    "sqs-on-failure-destination.json": Case(ON_RETRY, ("listed",)),
    "schedule.json": Case(ON_SWEEP, ("listed",), has_lost_message=True),
}


def make_listed_picture() -> ListedPicture:
    """Make the picture that the emulator matches."""
    return ListedPicture(_make_content("listed"), "listed-1", violations=("A1",))


def make_picture(key: str, content: Content) -> Picture:
    """Make the picture to upload under `key`, with its expected result."""
    match content:
        case "clean":
            return Picture(key, "clean picture", CLEAN, _make_content(content), JPEG)
        case "text":
            return Picture(key, "text", SKIPPED, _make_content(content), "text/plain")
        case "listed":
            return Picture(key, "listed picture", QUARANTINED, _make_content(content), JPEG, is_test=True)
        case "near":
            return Picture(key, "reduced copy of it", QUARANTINED, _make_content(content), JPEG, is_test=True)


@cache
def _make_content(content: Content) -> bytes:
    match content:
        case "clean":
            return encode(draw(900, (320, 240)), "JPEG")
        case "text":
            return b"Bring towels, sun cream and the good umbrella.\n"
        case "listed":
            return encode(draw(901), "JPEG")
        case "near":
            return encode(draw(901).resize((420, 315)), "JPEG", quality=45)
