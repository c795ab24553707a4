"""The upload that is made alone, for its time."""

from typing import TYPE_CHECKING, Any

from local.demo import alone
from local.demo.results import Results
from tests.local.demo.factories import BUCKET

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

# Far after any upload of a test.
SETTLED_AT = "2100-01-01T00:00:00+00:00"
OTHER = {(f"{BUCKET}/other.jpg", "v1"): {"status": "CLEAN"}}


def _check(s3: "S3Client", result: dict[str, Any] | None, bucket: str = BUCKET) -> Any:
    def read() -> Results:
        versions = s3.list_object_versions(Bucket=BUCKET, Prefix=alone.KEY).get("Versions", [])
        return OTHER | ({(f"{BUCKET}/{alone.KEY}", one["VersionId"]): result for one in versions} if result else {})

    return alone.check_one_alone(s3, bucket, read, lambda _uploaded, _result: [], idle_timeout=0.3)


def test_one_picture_is_uploaded_and_timed_and_other_results_are_left_alone(s3: "S3Client") -> None:
    checked, problems = _check(s3, {"status": "CLEAN", "settled_at": SETTLED_AT})

    assert problems == []
    assert checked.status == "CLEAN"
    assert checked.seconds_to_verdict > 0


def test_no_verdict_is_a_problem_and_no_time(s3: "S3Client") -> None:
    checked, problems = _check(s3, None)

    assert checked.seconds_to_verdict is None
    assert problems == ["alone/one.jpg (one upload alone): no result"]


def test_a_refused_upload_is_a_problem(s3: "S3Client") -> None:
    checked, problems = _check(s3, None, bucket="no-such-bucket")

    assert checked is None
    assert "could not be uploaded" in problems[0]
