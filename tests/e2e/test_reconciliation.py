"""The reconciliation in its own role, against the embedded cloud: an upload whose notification was lost is checked."""

import time
from collections.abc import Iterator

import pytest

from photodna_guard import scheduled
from photodna_guard.handlers import on_reconcile
from photodna_guard.scanning import reconciler
from tests.e2e.embedded import Bench, Pictures, environment_of, read_results
from tests.support.waiting import wait_until


@pytest.fixture
def reconciling(bench: Bench) -> Iterator[Bench]:
    """Give this process the function's environment and role. The bench's bucket notifies nobody."""
    variables = environment_of(bench.cloud, "OnReconcileFunction") | {"UPLOAD_BUCKET": bench.bucket}
    for name, value in (variables | {"AWS_ACCESS_KEY_ID": "OnReconcileRole"}).items():
        bench.monkeypatch.setenv(name, value)
    scheduled.get_reconciliation.cache_clear()
    yield bench
    scheduled.get_reconciliation.cache_clear()
    bench.cloud.client("dynamodb").delete_item(
        TableName=bench.cloud.resource("RateLimiterTable"), Key={"limiter": {"S": "listing-reconciliation"}}
    )


def test_lost_notification_is_found_after_seven_hours(reconciling: Bench, pictures: Pictures) -> None:
    bench = reconciling
    bench.put("lost.jpg", pictures["match"])
    on_reconcile.handler({}, None)
    assert read_results(bench.cloud, f"{bench.bucket}/lost.jpg") == [], "its event may still come"
    later = time.time() + reconciler.GRACE_SECONDS
    for part in scheduled.get_reconciliation(())._reconcilers:
        part._now = lambda: later
    on_reconcile.handler({}, None)
    assert wait_until(lambda: bench.result("lost.jpg")["status"] == "QUARANTINED")


def test_version_from_while_versions_were_suspended_is_found(reconciling: Bench, pictures: Pictures) -> None:
    bench, s3 = reconciling, reconciling.cloud.client("s3")
    for status in ("Suspended", "Enabled"):
        s3.put_bucket_versioning(Bucket=bench.bucket, VersioningConfiguration={"Status": status})
        if status == "Suspended":
            bench.put("null.jpg", pictures["match"])
    later = time.time() + reconciler.GRACE_SECONDS
    for part in scheduled.get_reconciliation(())._reconcilers:
        part._now = lambda: later
    on_reconcile.handler({}, None)
    assert wait_until(lambda: bench.result("null.jpg")["status"] == "QUARANTINED")
    assert bench.result("null.jpg")["version"] == "null"


def test_function_looks_at_the_bucket_of_the_stack(bench: Bench) -> None:
    variables = environment_of(bench.cloud, "OnReconcileFunction")
    assert variables["UPLOAD_BUCKET"] == bench.cloud.endpoints.upload_bucket
    assert variables["RECONCILIATION_PAGES"] == "20"
