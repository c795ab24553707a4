"""What phones and sites hold, through the handlers in this process: renditions, frames, and what nobody may read."""

from pathlib import Path

import pytest
from botocore.exceptions import ClientError

from local.pictures import draw, encode
from tests.e2e.embedded import Bench, upload

CODED = Path(__file__).parents[2] / "local/demo/coded"
LISTED_SEED = 500


@pytest.fixture(autouse=True)
def listed(bench: Bench) -> None:
    """Let the emulator know the picture that `listed.heic` shows."""
    assert bench.cloud.emulator
    bench.cloud.emulator.add_to_test_list(encode(draw(LISTED_SEED), "PNG"), match_id="m-heic")
    bench.cloud.emulator.clear()


def is_readable(bench: Bench, key: str) -> bool:
    """Return whether a user to whom the read gate applies reads the object."""
    try:
        bench.cloud.user_client("s3").get_object(Bucket=bench.bucket, Key=key)
    except ClientError as error:
        if error.response["Error"]["Code"] != "AccessDenied":
            raise
        return False
    return True


def read_status_tag(bench: Bench, key: str) -> str:
    tags = bench.cloud.client("s3").get_object_tagging(Bucket=bench.bucket, Key=key)["TagSet"]
    return {str(tag["Key"]): str(tag["Value"]) for tag in tags}["scan-status"]


def test_listed_heic_is_quarantined_by_its_rendition(bench: Bench) -> None:
    content = (CODED / "listed.heic").read_bytes()
    upload(bench.put("a.heic", content, ContentType="image/heic"))
    result = bench.result("a.heic")
    assert (result["status"], result["representation"]) == ("QUARANTINED", "rendition")
    # Of requests for this upload: the cloud's own workers may still be at what an earlier test left.
    assert result["attempts"] == 1
    quarantine = bench.cloud.endpoints.quarantine_bucket
    copy = bench.cloud.client("s3").get_object(Bucket=quarantine, Key=result["quarantine_key"])
    assert copy["Body"].read() == content


def test_heic_is_readable_after_its_verdict_only(bench: Bench) -> None:
    record = bench.put("b.heic", (CODED / "other.heic").read_bytes(), ContentType="image/heic")
    assert not is_readable(bench, "b.heic")
    upload(record)
    assert bench.result("b.heic")["status"] == "CLEAN"
    assert is_readable(bench, "b.heic")


def test_match_in_the_last_frame_names_that_frame(bench: Bench) -> None:
    frames = [*(draw(910 + number, (320, 240)) for number in range(8)), draw(LISTED_SEED).resize((320, 240))]
    upload(bench.put("c.gif", encode(frames[0], "GIF", save_all=True, append_images=frames[1:])))
    result = bench.result("c.gif")
    assert result["status"] == "QUARANTINED"
    assert (result["matched_frame"], result["frames_seen"], result["frames_total"]) == (8, 5, 9)
    # The first four frames that are looked at are on no list.
    assert result["attempts"] == 5


def test_animation_without_listed_frame_is_clean_after_a_request_for_each(bench: Bench) -> None:
    frames = [draw(920, (320, 240)), draw(921, (320, 240)), draw(920, (320, 240))]
    upload(bench.put("d.webp", encode(frames[0], "WEBP", save_all=True, append_images=frames[1:], lossless=True)))
    result = bench.result("d.webp")
    assert (result["status"], result["frames_seen"], result["frames_total"]) == ("CLEAN", 3, 3)
    # The third frame is the first once more, and costs no request.
    assert result["attempts"] == 2


@pytest.mark.parametrize(
    ("key", "content", "tag"),
    [
        ("report.pdf", b"%PDF-1.4\n1 0 obj\n<< /Type /Catalog >>\nendobj\n%%EOF\n", "document"),
        ("film.mp4", b"\0\0\0\x18ftypmp42\0\0\0\0isommp42\0\0\0\x08mdat" + bytes(5_000), "video"),
        ("files.zip", b"PK\x05\x06" + bytes(18), "archive"),
    ],
)
def test_what_may_show_pictures_is_tagged_by_its_kind_and_unreadable(
    bench: Bench, key: str, content: bytes, tag: str
) -> None:
    upload(bench.put(key, content))
    assert (bench.result(key)["status"], bench.result(key)["reason"]) == ("SKIPPED", tag)
    assert read_status_tag(bench, key) == tag
    assert not is_readable(bench, key)
    assert bench.result(key)["attempts"] == 0


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_long_text_is_readable_once_it_is_seen_to_its_end(bench: Bench, encoding: str) -> None:
    record = bench.put("e.txt", ("کتاب\u200cها اینجاست 📚\n" * 8_000).encode(encoding), ContentType="text/plain")
    assert not is_readable(bench, "e.txt")
    upload(record)
    assert (bench.result("e.txt")["status"], read_status_tag(bench, "e.txt")) == ("SKIPPED", "skipped")
    assert is_readable(bench, "e.txt")


def test_picture_behind_a_long_text_is_not_readable(bench: Bench) -> None:
    page = b'<img src="data:image/jpeg;base64,/9j/4AAQ">'
    upload(bench.put("f.txt", b"\n" * 70_000 + page, ContentType="text/plain"))
    assert bench.result("f.txt")["reason"] == "document"
    assert not is_readable(bench, "f.txt")
