"""aws/s3_addressing.py: the host of a presigned URL in regions of every partition, and at an endpoint of one's own."""

from urllib.parse import parse_qs, urlsplit

import pytest

from photodna_guard import bootstrap, settings
from photodna_guard.aws.s3_addressing import s3_config
from photodna_guard.aws.upload_bucket import UploadBucket
from photodna_guard.domain.models import Upload
from photodna_guard.rate_limiter.gcra import LIVE
from tests.support.environment import COMPLETE_ENVIRONMENT
from tests.support.moto_aws import SESSION


@pytest.fixture(autouse=True)
def no_endpoint(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3", "AWS_S3_US_EAST_1_REGIONAL_ENDPOINT"):
        monkeypatch.delenv(name, raising=False)


def presign(region: str, bucket: str = "uploads", endpoint: str | None = None) -> str:
    environment = {"AWS_ENDPOINT_URL": endpoint} if endpoint else {}
    client = SESSION.client("s3", region, config=s3_config(environment), endpoint_url=endpoint)
    return UploadBucket(client).presign(Upload(bucket, "a b.jpg", "e", "v1"))


REGIONS = {
    "us-east-1": "amazonaws.com",
    "eu-west-1": "amazonaws.com",
    # Opened after March 2019: no request to the global endpoint reaches them.
    "ap-east-1": "amazonaws.com",
    "me-south-1": "amazonaws.com",
    "eu-south-1": "amazonaws.com",
    "af-south-1": "amazonaws.com",
    "il-central-1": "amazonaws.com",
    # Partitions of their own.
    "cn-north-1": "amazonaws.com.cn",
    "us-gov-west-1": "amazonaws.com",
}


@pytest.mark.parametrize(("region", "suffix"), REGIONS.items())
def test_url_names_the_regional_endpoint_and_is_signed_for_it(region: str, suffix: str) -> None:
    url = urlsplit(presign(region))
    assert (url.scheme, url.netloc, url.path) == ("https", f"uploads.s3.{region}.{suffix}", "/a%20b.jpg")
    query = parse_qs(url.query)
    assert query["X-Amz-Credential"][0].split("/")[2:] == [region, "s3", "aws4_request"]
    assert query["X-Amz-SignedHeaders"] == ["host"]


@pytest.mark.parametrize(("region", "suffix"), REGIONS.items())
def test_bucket_name_with_dots_is_in_the_path_of_the_region(region: str, suffix: str) -> None:
    url = urlsplit(presign(region, "my.dotted.bucket"))
    assert (url.netloc, url.path) == (f"s3.{region}.{suffix}", "/my.dotted.bucket/a%20b.jpg")


@pytest.mark.parametrize("endpoint", ["http://127.0.0.1:4566", "http://aws.local:4566"])
def test_endpoint_of_the_environment_keeps_its_host(endpoint: str) -> None:
    assert presign("eu-south-1", endpoint=endpoint).startswith(f"{endpoint}/uploads/a%20b.jpg?")


def test_application_presigns_for_the_regional_endpoint() -> None:
    application = bootstrap.build(settings.from_environment(COMPLETE_ENVIRONMENT), LIVE, SESSION)
    url = application.scanner._upload_bucket.presign(Upload("uploads", "a.jpg", "e", "v1"))
    assert urlsplit(url).netloc == f"uploads.s3.{SESSION.region_name}.amazonaws.com"
