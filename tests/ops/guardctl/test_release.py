"""guardctl release: what is put back, and how it is shown."""

import hashlib
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from ops.errors import CannotProceedError
from ops.guardctl.put_back import PutBack
from photodna_guard.domain.releases import parse_release
from tests.ops.guardctl.conftest import DAY, PICTURE, URI, As, Console, release
from tests.support.clock import ManualClock
from tests.support.moto_aws import SESSION


def test_released_object_is_back_with_what_its_uploader_chose(
    by: As, quarantine: Callable[..., str], buckets: Any, clock: ManualClock
) -> None:
    quarantine()
    assert release(by("ann")) == 0
    clock.now += DAY - 1
    assert release(by("ben"), "--confirm") == 0, by("ben").err
    answer = buckets.get_object(Bucket="uploads", Key="a b.jpg")
    assert (answer["Body"].read(), answer["ContentType"]) == (PICTURE, "image/png")
    assert answer["Metadata"] == {"album": "b 7"}
    assert (answer["CacheControl"], answer["ContentEncoding"]) == ("max-age=60", "identity")
    # A status of the uploader's own making stays behind.
    tags = buckets.get_object_tagging(Bucket="uploads", Key="a b.jpg")["TagSet"]
    assert tags == [{"Key": "owner", "Value": "ann"}]
    assert len(buckets.list_object_versions(Bucket="quarantine")["Versions"]) == 1


def test_release_is_shown_and_off_the_list(by: As, quarantine: Callable[..., str], clock: ManualClock) -> None:
    quarantine()
    assert [item["upload"] for item in by("ann").json("attention")] == ["uploads/a b.jpg"]
    release(by("ann"))
    clock.now += 1
    release(by("ben"), "--confirm")
    console = by("cyd")
    assert console.json("attention") == []
    console.run("show", URI)
    assert "confirmed by arn:aws:iam::1:user/ben" in console.out
    (listed,) = console.json("release", "--list")
    assert (listed["state"], parse_release(listed) is not None) == ("done", True)
    assert [entry["action"] for entry in console.json("journal")] == ["release confirm", "release"]


def test_large_object_is_put_back_in_parts(by: As, quarantine: Callable[..., str], buckets: Any) -> None:
    content = bytes(range(256)) * 60_000
    stored = quarantine(content)
    result = {
        "upload": "uploads/large.jpg",
        "sha256": hashlib.sha256(content).hexdigest(),
        "size": len(content),
        "quarantine_key": "folder/v1",
        "quarantine_version": stored,
        "tags": {"owner": "ann"},
    }
    make: Any = SESSION.client
    back = PutBack(make, "quarantine", part_bytes=6 * 1024**2)
    version = back.put(result)
    answer = buckets.get_object(Bucket="uploads", Key="large.jpg")
    assert answer["Body"].read() == content
    assert answer["ETag"].endswith('-3"')
    # It is found again by the ETag of its parts.
    assert back.put(result) == version
    wrong = result | {"upload": "uploads/wrong.jpg", "sha256": "0" * 64}
    with pytest.raises(CannotProceedError):
        back.put(wrong)
    assert {one["Key"] for one in buckets.list_object_versions(Bucket="uploads")["Versions"]} == {"large.jpg"}


def test_another_name_is_for_the_embedded_cloud_only(console: Console) -> None:
    assert console.run("--as", "ben", "release", "--list") == 2
    assert "embedded cloud only" in console.err
    console.target = replace(console.target, is_embedded=True)
    assert console.run("--as", "ben", "release", "--list") == 0
    assert console.run("--stack", "guard", "--as", "ben", "release", "--list") == 2
