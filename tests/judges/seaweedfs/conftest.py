"""SeaweedFS in the place of moto for the tests of tests/aws that are imported here."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from botocore.config import Config

from photodna_guard.aws.upload_bucket import UploadBucket
from tests.judges.installed import find_program
from tests.judges.seaweedfs.judged_bucket import JudgedBucket
from tests.judges.servers import find_free_ports, running_server
from tests.support.moto_aws import SESSION

# It reports its use to its makers by default, and serves two protocols more on fixed ports.
_NOTHING_MORE = ["-master.telemetry=false", "-s3.port.iceberg=0", "-s3.port.lance=0"]
# By default the first object of each bucket waits until seven volumes of 30 GB are made.
_ONE_SMALL_VOLUME = "[master.volume_growth]\ncopy_1 = 1\n"
ACCESS, SIGNING = "judged", "testing"
IDENTITIES = {
    "identities": [
        {
            "name": "judged",
            "credentials": [{"accessKey": ACCESS, "secretKey": SIGNING}],
            "actions": ["Admin", "Read", "List", "Tagging", "Write", "BypassGovernanceRetention"],
        }
    ]
}


@pytest.fixture(scope="session")
def endpoint(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    weed, folder = find_program("weed"), tmp_path_factory.mktemp("seaweedfs")
    (folder / "identities.json").write_text(json.dumps(IDENTITIES))
    (folder / "master.toml").write_text(_ONE_SMALL_VOLUME)
    names = ("master.port", "master.port.grpc", "volume.port", "volume.port.grpc", "filer.port", "filer.port.grpc")
    ports = find_free_ports(len(names) + 2)
    options = [f"-{name}={port}" for name, port in zip(names, ports, strict=False)]
    options += [f"-s3.port={ports[-2]}", f"-s3.port.grpc={ports[-1]}", f"-s3.config={folder}/identities.json"]
    options += [f"-s3.localSocket={folder}/s3.sock", f"-filer.localSocket={folder}/filer.sock"]
    options += ["-s3", "-filer", "-ip=127.0.0.1", f"-dir={folder}", "-volume.max=100", *_NOTHING_MORE]
    with running_server([str(weed), "server", *options], ports[-2], folder):
        yield f"http://127.0.0.1:{ports[-2]}"


@pytest.fixture
def s3(endpoint: str) -> Any:
    return make_client(endpoint)


@pytest.fixture
def upload_bucket(s3: Any) -> Iterator[str]:
    with new_bucket(s3, "uploads"):
        s3.put_bucket_versioning(Bucket="uploads", VersioningConfiguration={"Status": "Enabled"})
        yield "uploads"


@pytest.fixture
def plain_bucket(s3: Any) -> Iterator[str]:
    with new_bucket(s3, "plain"):
        yield "plain"


@pytest.fixture
def uploads(endpoint: str, upload_bucket: str) -> UploadBucket:
    return UploadBucket(make_client(endpoint))


@pytest.fixture
def bucket(endpoint: str) -> JudgedBucket:
    return JudgedBucket(make_client(endpoint))


def make_client(endpoint: str) -> Any:
    return SESSION.client(
        "s3",
        endpoint_url=endpoint,
        config=Config(signature_version="s3v4"),
        aws_access_key_id=ACCESS,
        aws_secret_access_key=SIGNING,
    )


@contextmanager
def new_bucket(s3: Any, name: str) -> Iterator[None]:
    """Create a bucket, and delete it with its objects in the end: SeaweedFS permits that."""
    s3.create_bucket(Bucket=name)
    yield
    s3.delete_bucket(Bucket=name)
