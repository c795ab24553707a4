"""The embedded cloud, and handlers called in this process against it.

`cloud` runs the whole stack. `bench` is a bucket of that cloud that calls no function, and the application wired in
this process as the functions are, so that a test can call a handler itself, count its calls and read its log.
"""

import uuid
from collections.abc import Iterator

import pytest

from local.pictures import draw, encode
from local.stack import EmbeddedCloud
from photodna_guard import bootstrap
from tests.e2e.embedded import Bench, environment_of, take_messages

# These tests do not test the rate.
RATE = 100.0


@pytest.fixture(scope="session")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedCloud]:
    # On a busy machine slots are missed and uploads deferred. These tests do not test that, so the margin is wide.
    wide = {"RateMarginMs": "1000", "LegalHold": "on", "MaxDeletionsPerHour": "1000"}
    with EmbeddedCloud(rate=RATE, latency=0.0, parameters=wide, log_dir=tmp_path_factory.mktemp("logs")) as running:
        yield running


@pytest.fixture
def calm(cloud: EmbeddedCloud) -> Iterator[None]:
    """Leave no planned failure, no pause and no message behind."""
    yield
    assert cloud.emulator
    cloud.emulator.settings(failures=[], latency=0.0, rate=RATE, quota_retry_after=None)
    cloud.client("dynamodb").delete_item(TableName=cloud.resource("RateLimiterTable"), Key={"limiter": {"S": "match"}})
    for queue in (cloud.endpoints.retry_queue_url, cloud.endpoints.dead_letter_queue_url):
        take_messages(cloud, queue)


@pytest.fixture(params=["versioned"])
def bench(
    request: pytest.FixtureRequest, cloud: EmbeddedCloud, calm: None, known: None, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Bench]:
    bucket = f"bench-{uuid.uuid4().hex[:12]}"
    cloud.client("s3").create_bucket(Bucket=bucket)
    cloud.extend_policies_to(bucket, "UploadBucket")
    if request.param == "versioned":
        cloud.client("s3").put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    cloud_variables = {
        "AWS_ENDPOINT_URL": cloud.aws_endpoint_url,
        "AWS_DEFAULT_REGION": cloud.endpoints.region,
        "AWS_ACCESS_KEY_ID": "OnUploadRole",
        "AWS_SECRET_ACCESS_KEY": "testing",
    }
    for name, value in (environment_of(cloud, "OnUploadFunction") | cloud_variables).items():
        monkeypatch.setenv(name, value)
    bootstrap.get_application.cache_clear()
    yield Bench(cloud, bucket, monkeypatch)
    bootstrap.get_application.cache_clear()


@pytest.fixture(scope="session")
def pictures() -> dict[str, bytes]:
    """Draw `clean` and `match`, far from each other, and `near`, a reduced and recompressed copy of the match."""
    match = draw(901)
    return {
        "clean": encode(draw(900), "JPEG"),
        "match": encode(match, "JPEG"),
        "near": encode(match.resize((420, 315)), "JPEG", quality=45),
        "other": encode(draw(902), "PNG"),
    }


@pytest.fixture
def known(cloud: EmbeddedCloud, pictures: dict[str, bytes]) -> None:
    """Let the emulator know the match, and nothing else."""
    assert cloud.emulator
    cloud.emulator.clear_test_list()
    cloud.emulator.add_to_test_list(pictures["match"], match_id="m-1", violations=["A1"])
