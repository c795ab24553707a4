"""Uploads one drawn picture while no other upload waits, for the time that an upload takes without a burst."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from local.demo import results, upload
from local.demo.checked_upload import CheckedUpload
from local.demo.picture import CLEAN, Picture
from local.demo.results import Results
from local.demo.verify import CheckBuckets, verify
from local.pictures import draw, encode

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

# No other picture of the demo is drawn from this seed.
_SEED = 990
KEY = "alone/one.jpg"


def check_one_alone(
    s3: "S3Client", bucket: str, read_results: Callable[[], Results], check: CheckBuckets, idle_timeout: float
) -> tuple[CheckedUpload | None, list[str]]:
    """Upload one picture, and verify it as any other. Returns None if S3 refused it, and each problem's sentence."""
    with ThreadPoolExecutor(1) as pool:
        uploading = upload.start_uploads(pool, s3, bucket, [_draw()])
        found = results.wait_for_results(uploading, read_results, lambda _settled: None, idle_timeout)
    own = {one.id: found[one.id] for one in results.finished_uploads(uploading) if one.id in found}
    checked_uploads, problems = verify(uploading, own, check)
    return (checked_uploads[0] if checked_uploads else None), problems


def _draw() -> Picture:
    return Picture(KEY, "one upload alone", CLEAN, encode(draw(_SEED), "JPEG", quality=88), drawn=True)
