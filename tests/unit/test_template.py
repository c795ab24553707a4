"""template.yaml, the functions and their queues: what they must keep to that no linter knows."""

import re
from pathlib import Path
from typing import Any

import pytest

from local.aws import template
from photodna_guard import settings
from photodna_guard.aws.results_table import LEASE_SECONDS, REDELIVER_AFTER_SECONDS
from photodna_guard.aws.retry_queue import MAX_DELAY_SECONDS
from photodna_guard.rate_limiter import gcra
from photodna_guard.scanning.scanner import MAX_RESPONSE_SECONDS

ROOT = Path(__file__).resolve().parents[2]
SAM = template.load(ROOT / "template.yaml")
RESOURCES = SAM["Resources"]
FUNCTIONS = {name: r["Properties"] for name, r in RESOURCES.items() if r["Type"] == "AWS::Serverless::Function"}
SCANNERS = ("OnUploadFunction", "OnRetryFunction", "OnBackfillFunction")


def statements(policy: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = RESOURCES[policy]["Properties"]["PolicyDocument"]["Statement"]
    return found


def actions(policy: str) -> set[str]:
    return {a for s in statements(policy) for a in ([s["Action"]] if isinstance(s["Action"], str) else s["Action"])}


def test_lambda_does_not_take_a_deferred_upload_for_a_runaway_loop() -> None:
    """Else it drops a message after sixteen rounds through the queue: throttling would lose uploads."""
    shared = SAM["Globals"]["Function"]
    assert {(shared | properties)["RecursiveLoop"] for properties in FUNCTIONS.values()} == {"Allow"}


@pytest.mark.parametrize(
    ("function", "policy", "action"),
    [
        ("OnUploadFunction", "OnUploadPolicy", "sqs:SendMessage"),
        ("OnRetryFunction", "OnRetryPolicy", "sqs:ReceiveMessage"),
        ("OnBackfillFunction", "OnRetryPolicy", "sqs:ReceiveMessage"),
        ("OnSweepFunction", "OnSweepPolicy", "sqs:SendMessage"),
    ],
)
def test_what_lambda_checks_when_a_function_is_made_is_permitted_by_then(
    function: str, policy: str, action: str
) -> None:
    assert policy in RESOURCES[function]["DependsOn"]
    assert action in actions(policy)


def test_a_lease_outlives_every_execution_and_a_receipt_six_of_them() -> None:
    longest = max(FUNCTIONS[name]["Timeout"] for name in SCANNERS)
    assert longest < LEASE_SECONDS
    for queue, function in (("RetryQueue", "OnRetryFunction"), ("BackfillQueue", "OnBackfillFunction")):
        visibility = RESOURCES[queue]["Properties"]["VisibilityTimeout"]
        assert visibility >= 6 * FUNCTIONS[function]["Timeout"]
        assert visibility > LEASE_SECONDS


def test_a_function_runs_long_enough_to_wait_for_a_slot_and_for_an_answer() -> None:
    spacing = gcra.slot_interval(10, 25)
    upload = gcra.LIVE.horizon(spacing) / gcra.MICROSECONDS
    assert FUNCTIONS["OnUploadFunction"]["Timeout"] > upload + MAX_RESPONSE_SECONDS
    retry = gcra.RETRY.patience + (gcra.RETRY.horizon(spacing) + gcra.MAX_BATCH * spacing) / gcra.MICROSECONDS
    assert FUNCTIONS["OnRetryFunction"]["Timeout"] > retry + MAX_RESPONSE_SECONDS


def test_no_batch_has_more_messages_than_there_are_threads_and_connections() -> None:
    for function, source in (("OnRetryFunction", "Retry"), ("OnBackfillFunction", "Backfill")):
        event = FUNCTIONS[function]["Events"][source]["Properties"]
        assert 10 < event["BatchSize"] <= gcra.MAX_BATCH, "a write for each ten would be more than it may cost"
        assert event["MaximumBatchingWindowInSeconds"] >= 1, "SQS asks for it where a batch is larger than 10"
        assert event["FunctionResponseTypes"] == ["ReportBatchItemFailures"]


def test_the_backfill_is_worked_in_its_own_lane_from_its_own_queue_as_the_retries_are() -> None:
    retry, backfill = FUNCTIONS["OnRetryFunction"], FUNCTIONS["OnBackfillFunction"]
    assert backfill["Environment"]["Variables"] == {"PRIORITY": "backfill", "RETRY_QUEUE_URL": {"Ref": "BackfillQueue"}}
    assert "Environment" not in retry
    handler = (ROOT / "src/photodna_guard/handlers/on_retry.py").read_text(encoding="utf-8")
    assert 'environ.get("PRIORITY"' in handler, "else the backfill takes the slots of the retries"
    assert {name for name in retry if retry[name] != backfill.get(name)} == {"Description", "Events"}
    assert RESOURCES["RetryQueue"]["Properties"] == RESOURCES["BackfillQueue"]["Properties"]


def test_a_dead_letter_has_days_left_when_a_message_gets_there() -> None:
    """A redriven message keeps its age."""
    retry, dead = (RESOURCES[name]["Properties"] for name in ("RetryQueue", "DeadLetterQueue"))
    longest = retry["RedrivePolicy"]["maxReceiveCount"] * retry["VisibilityTimeout"]
    assert 3 * 86400 < longest < dead["MessageRetentionPeriod"] - 7 * 86400


def test_every_setting_that_a_function_reads_is_given_to_it() -> None:
    given = SAM["Globals"]["Function"]["Environment"]["Variables"]
    with pytest.raises(settings.ConfigurationError) as caught:
        settings.from_environment({})
    needed = set(re.findall(r"([A-Z_]+) is not set", str(caught.value)))
    assert needed <= set(given)
    assert {name for name in given if not name.startswith("POWERTOOLS_")} == needed - {"POWERTOOLS_SERVICE_NAME"}


def test_one_sweep_ends_before_the_next_begins_and_misses_none_for_a_failed_one() -> None:
    sweep = FUNCTIONS["OnSweepFunction"]
    schedule = sweep["Events"]["Schedule"]["Properties"]
    assert schedule["Schedule"] == "rate(5 minutes)"
    assert sweep["Timeout"] < 300
    assert schedule["RetryPolicy"]["MaximumRetryAttempts"] == 0


def test_a_message_that_is_only_late_is_not_taken_for_lost() -> None:
    """The longest delay, the receipt of a worker that died, and its lease: none of them is a lost message."""
    visibility = RESOURCES["RetryQueue"]["Properties"]["VisibilityTimeout"]
    assert all(
        patience > max(MAX_DELAY_SECONDS, visibility, LEASE_SECONDS) for patience in REDELIVER_AFTER_SECONDS.values()
    )
