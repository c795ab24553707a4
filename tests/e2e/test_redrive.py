"""The runbook's redrive of the dead-letter queue, in the embedded cloud, which refuses what SQS refuses."""

import re
from typing import Any

from photodna_guard.aws.retry_queue import RetryQueue
from photodna_guard.domain import events
from tests.e2e.embedded import Bench, Pictures, read_results
from tests.support.template import ROOT
from tests.support.waiting import wait_until

RUNBOOK = (ROOT / "docs/runbook.md").read_text(encoding="utf-8")


def read_redrive_command(outputs: dict[str, str]) -> dict[str, Any]:
    """Return the arguments of the runbook's command, with the stack's outputs in place of their names."""
    (command,) = re.findall(
        r"aws sqs start-message-move-task --source-arn (\w+) --destination-arn (\w+)$", RUNBOOK, re.M
    )
    return {"SourceArn": outputs[command[0]], "DestinationArn": outputs[command[1]]}


def test_failed_upload_is_checked_again_by_the_runbooks_command_only(bench: Bench, pictures: Pictures) -> None:
    sqs, endpoints = bench.cloud.client("sqs"), bench.cloud.endpoints
    (job,) = events.parse_event({"Records": [bench.put("a.jpg", pictures["clean"])]}).jobs
    queue = RetryQueue(sqs, endpoints.retry_queue_url, endpoints.dead_letter_queue_url)
    queue.send_to_dead_letters(job, "http-500")
    (stack,) = bench.cloud.client("cloudformation").describe_stacks()["Stacks"]
    command = read_redrive_command({output["OutputKey"]: output["OutputValue"] for output in stack["Outputs"]})

    sqs.start_message_move_task(SourceArn=command["SourceArn"])
    (refused,) = sqs.list_message_move_tasks(SourceArn=command["SourceArn"])["Results"]
    sqs.start_message_move_task(**command)

    assert refused["FailureReason"] == "CouldNotDetermineMessageSource"
    assert wait_until(lambda: [r for r in read_results(bench.cloud, job.upload.id) if r["status"] == "CLEAN"])
