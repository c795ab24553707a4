"""Test the functions and queues of template.yaml against rules that no linter knows."""

import re
from typing import Any

import pytest

from photodna_guard import settings
from photodna_guard.aws.results_table import LEASE_SECONDS, REDELIVER_AFTER_SECONDS
from photodna_guard.aws.retry_queue import MAX_DELAY_SECONDS
from photodna_guard.domain.errors import ConfigurationError
from photodna_guard.rate_limiter import gcra
from photodna_guard.scanning import reconciler, sweeper
from photodna_guard.scanning.scanner import MAX_RESPONSE_SECONDS
from tests.support.template import FUNCTIONS, RESOURCES, ROOT, TEMPLATE

SCANNERS = ("OnUploadFunction", "OnRetryFunction", "OnBackfillFunction")


def statements(policy: str) -> list[dict[str, Any]]:
    """Return the statements of a policy in the template."""
    found: list[dict[str, Any]] = RESOURCES[policy]["Properties"]["PolicyDocument"]["Statement"]
    return found


def actions(policy: str) -> set[str]:
    """Return all actions that a policy's statements name."""
    return {a for s in statements(policy) for a in ([s["Action"]] if isinstance(s["Action"], str) else s["Action"])}


def test_deferred_upload_is_no_runaway_loop_for_lambda() -> None:
    """Lambda drops a looping message after 16 rounds, and so throttling would lose uploads."""
    shared = TEMPLATE["Globals"]["Function"]
    assert {(shared | properties)["RecursiveLoop"] for properties in FUNCTIONS.values()} == {"Allow"}


@pytest.mark.parametrize(
    ("function", "policy", "action"),
    [
        ("OnUploadFunction", "OnUploadPolicy", "sqs:SendMessage"),
        ("OnRetryFunction", "OnRetryPolicy", "sqs:ReceiveMessage"),
        ("OnBackfillFunction", "OnRetryPolicy", "sqs:ReceiveMessage"),
        ("OnSweepFunction", "OnSweepPolicy", "sqs:SendMessage"),
        ("OnReconcileFunction", "OnReconcilePolicy", "s3:ListBucketVersions"),
    ],
)
def test_function_depends_on_the_policy_that_lambda_checks(function: str, policy: str, action: str) -> None:
    assert policy in RESOURCES[function]["DependsOn"]
    assert action in actions(policy)


def test_lease_outlives_an_execution_and_visibility_timeout_outlives_six() -> None:
    longest = max(FUNCTIONS[name]["Timeout"] for name in SCANNERS)
    assert longest < LEASE_SECONDS
    for queue, function in (("RetryQueue", "OnRetryFunction"), ("BackfillQueue", "OnBackfillFunction")):
        visibility = RESOURCES[queue]["Properties"]["VisibilityTimeout"]
        assert visibility >= 6 * FUNCTIONS[function]["Timeout"]
        assert visibility > LEASE_SECONDS


def test_timeout_covers_the_wait_for_slot_and_answer() -> None:
    spacing = gcra.slot_interval(10, 25)
    upload = gcra.LIVE.look_ahead(spacing) / gcra.MICROSECONDS
    assert FUNCTIONS["OnUploadFunction"]["Timeout"] > upload + MAX_RESPONSE_SECONDS
    retry = (
        gcra.RETRY.max_wait_seconds + (gcra.RETRY.look_ahead(spacing) + gcra.MAX_BATCH * spacing) / gcra.MICROSECONDS
    )
    assert FUNCTIONS["OnRetryFunction"]["Timeout"] > retry + MAX_RESPONSE_SECONDS


def test_batch_has_no_more_messages_than_a_worker_has_connections() -> None:
    for function, source in (("OnRetryFunction", "Retry"), ("OnBackfillFunction", "Backfill")):
        event = FUNCTIONS[function]["Events"][source]["Properties"]
        assert 10 < event["BatchSize"] <= gcra.MAX_BATCH, "one write for ten slots costs more than the goal"
        assert event["MaximumBatchingWindowInSeconds"] >= 1, "Lambda requires it for batches of more than 10"
        assert event["FunctionResponseTypes"] == ["ReportBatchItemFailures"]


def test_backfill_differs_from_retries_in_priority_and_queue_only() -> None:
    retry, backfill = FUNCTIONS["OnRetryFunction"], FUNCTIONS["OnBackfillFunction"]
    assert backfill["Environment"]["Variables"] == {"PRIORITY": "backfill", "RETRY_QUEUE_URL": {"Ref": "BackfillQueue"}}
    assert "Environment" not in retry
    handler = (ROOT / "src/photodna_guard/handlers/on_retry.py").read_text(encoding="utf-8")
    assert 'environ.get("PRIORITY"' in handler, "the handler must read the variable"
    assert {name for name in retry if retry[name] != backfill.get(name)} == {"Description", "Events"}
    assert RESOURCES["RetryQueue"]["Properties"] == RESOURCES["BackfillQueue"]["Properties"]


def test_dead_letter_queue_keeps_a_redriven_message_a_week() -> None:
    """A message keeps its age when SQS moves it to the dead-letter queue."""
    retry, dead = (RESOURCES[name]["Properties"] for name in ("RetryQueue", "DeadLetterQueue"))
    longest = retry["RedrivePolicy"]["maxReceiveCount"] * retry["VisibilityTimeout"]
    assert 3 * 86400 < longest < dead["MessageRetentionPeriod"] - 7 * 86400


def test_globals_set_exactly_the_variables_that_settings_read() -> None:
    given = TEMPLATE["Globals"]["Function"]["Environment"]["Variables"]
    with pytest.raises(ConfigurationError) as caught:
        settings.from_environment({})
    needed = set(re.findall(r"([A-Z_]+) is not set", str(caught.value)))
    assert needed <= set(given)
    assert {name for name in given if not name.startswith("POWERTOOLS_")} == needed - {"POWERTOOLS_SERVICE_NAME"}


def test_sweep_ends_before_the_next_run_and_is_not_retried() -> None:
    sweep = FUNCTIONS["OnSweepFunction"]
    schedule = sweep["Events"]["Schedule"]["Properties"]
    assert schedule["Schedule"] == f"rate({sweeper.INTERVAL_SECONDS // 60} minutes)"
    assert sweep["Timeout"] < sweeper.INTERVAL_SECONDS
    assert schedule["RetryPolicy"]["MaximumRetryAttempts"] == 0


def test_reconciliation_waits_for_every_event_that_may_still_come() -> None:
    upload = FUNCTIONS["OnUploadFunction"]["EventInvokeConfig"]
    assert upload["MaximumEventAgeInSeconds"] < reconciler.GRACE_SECONDS
    (rule,) = RESOURCES["UploadBucket"]["Properties"]["LifecycleConfiguration"]["Rules"]
    assert rule["AbortIncompleteMultipartUpload"]["DaysAfterInitiation"] == reconciler.MULTIPART_DAYS
    schedule = FUNCTIONS["OnReconcileFunction"]["Events"]["Schedule"]["Properties"]
    assert schedule["Schedule"] == f"rate({reconciler.INTERVAL_SECONDS // 60} minutes)"
    assert FUNCTIONS["OnReconcileFunction"]["Timeout"] < reconciler.INTERVAL_SECONDS


def test_sweep_waits_longer_than_any_message_can_be_late() -> None:
    """A message may be late by the longest delay, or by the receipt or the lease of a dead worker."""
    visibility = RESOURCES["RetryQueue"]["Properties"]["VisibilityTimeout"]
    assert all(
        patience > max(MAX_DELAY_SECONDS, visibility, LEASE_SECONDS) for patience in REDELIVER_AFTER_SECONDS.values()
    )
