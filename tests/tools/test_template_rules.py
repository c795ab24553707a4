"""template.yaml against the public rules (checkov), and what of hardening no rule set knows."""

import json
import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from local.aws import stack, template
from local.aws.embedded import REGION, EmbeddedCloud
from tools.supply.locks import ROOT

TEMPLATE = ROOT / "template.yaml"
TEXT = TEMPLATE.read_text(encoding="utf-8")
SAM = template.load(TEMPLATE)
RESOURCES: dict[str, dict[str, Any]] = SAM["Resources"]
PLAIN: dict[str, dict[str, Any]] = template.translate(template.load(TEMPLATE), TEMPLATE, {}, REGION).cloudformation
SKIP = re.compile(r"^    # checkov:skip=(\w+): (.+)$")
ANY_SKIP = "checkov:" + "skip"
# Evidence, results, who may read them, and what keeps others out: for as long as the data, not as the stack.
RETAINED = {
    "UploadBucket",
    "UploadBucketPolicy",
    "QuarantineBucket",
    "QuarantineBucketPolicy",
    "QuarantineKey",
    "BreakGlassRole",
    "BreakGlassPolicy",
    "ResultsTable",
}
HOLDS_DATA = (
    "AWS::S3::Bucket",
    "AWS::DynamoDB::Table",
    "AWS::KMS::Key",
    "AWS::SQS::Queue",
    "AWS::SecretsManager::Secret",
)
GOES_WITH_THE_STACK = {
    "RateLimiterTable": "the rate's clock",
    "AlarmKey": "what it encrypts is sent at once",
    "RetryQueue": "each upload in it has a record, and the record stays",
    "BackfillQueue": "it is filled from the bucket, again if need be",
    "DeadLetterQueue": "each upload in it has a record, and the record stays",
    "SubscriptionKey": "the service gives it out again; Secrets Manager keeps it for thirty days",
}


def of_type(name: str) -> dict[str, dict[str, Any]]:
    return {logical_id: r for logical_id, r in RESOURCES.items() if r["Type"] == name}


def skips() -> Iterator[tuple[str, str, str]]:
    """The resource, the rule and the reason of each suppression."""
    resource = ""
    for line in TEXT.splitlines():
        if re.match(r"^  \w+:$", line):
            resource = line.strip(" :")
        if found := SKIP.match(line):
            yield resource, found[1], found[2]


def refused(folder: Path, text: str) -> set[tuple[str, str]]:
    """The resources and rules that checkov finds in the text, with the project's settings."""
    (folder / "template.yaml").write_text(text, encoding="utf-8")
    (folder / ".checkov.yaml").write_text((ROOT / ".checkov.yaml").read_text(encoding="utf-8"), encoding="utf-8")
    checkov = ROOT / ".venv/checkov/bin/checkov"
    assert checkov.exists(), "`make test` and `make check` install checkov; pytest alone does not"
    settings = os.environ | {"CKV_SKIP_PACKAGE_UPDATE_CHECK": "true"}
    ended = subprocess.run([checkov, "--output", "json"], cwd=folder, env=settings, capture_output=True, text=True)  # noqa: S603
    results = json.loads(ended.stdout)["results"]
    return {(check["resource"].split(".")[-1], check["check_id"]) for check in results["failed_checks"]}


def test_each_suppression_is_needed_and_nothing_else_is_refused(tmp_path: Path) -> None:
    key = "    Properties: {KmsMasterKeyId: !GetAtt AlarmKey.Arn}\n"  # without it: shows that the rules are at work
    assert key in TEXT
    bare = "\n".join(line for line in TEXT.replace(key, "").splitlines() if ANY_SKIP not in line)
    assert refused(tmp_path, bare) == {(resource, rule) for resource, rule, _ in skips()} | {
        ("AlarmTopic", "CKV_AWS_26")
    }


def test_each_suppression_stands_beside_its_resource_with_a_reason_of_its_own() -> None:
    found = list(skips())
    assert len(found) == TEXT.count(ANY_SKIP), "one is not written as the others, or not in a resource"
    assert all(resource in RESOURCES for resource, _, _ in found)
    assert all(len(reason.split()) >= 8 for _, _, reason in found)


def test_what_the_suppressions_lean_on_is_there() -> None:
    assert all(queue["Properties"]["SqsManagedSseEnabled"] is True for queue in of_type("AWS::SQS::Queue").values())
    tables = of_type("AWS::DynamoDB::Table").values()
    assert all(table["Properties"]["SSESpecification"] == {"SSEEnabled": True} for table in tables)
    for name, resource in of_type("AWS::Serverless::Function").items():
        function = resource["Properties"]
        sources = [event["Properties"] for event in function["Events"].values() if event["Type"] == "SQS"]
        assert all(source["ScalingConfig"] == {"MaximumConcurrency": {"Ref": "Workers"}} for source in sources)
        queues = [RESOURCES[source["Queue"]["Fn::GetAtt"][0]]["Properties"] for source in sources]
        assert all("deadLetterTargetArn" in queue["RedrivePolicy"] for queue in queues)
        if not sources and name != "OnSweepFunction":
            assert function["EventInvokeConfig"]["DestinationConfig"]["OnFailure"], name


def test_no_rule_is_switched_off_for_the_whole_template() -> None:
    assert "skip-check" not in (ROOT / ".checkov.yaml").read_text(encoding="utf-8")
    assert "cfn-lint" not in TEXT, "cfn-lint takes exceptions from the template's metadata"
    assert not (ROOT / ".cfnlintrc").exists()


def test_what_holds_evidence_and_results_outlives_the_stack_and_the_rest_of_what_holds_data_is_known() -> None:
    retained = {name for name, r in RESOURCES.items() if r.get("DeletionPolicy") == "Retain"}
    assert retained == RETAINED
    assert {name for name, r in RESOURCES.items() if r.get("UpdateReplacePolicy") == "Retain"} == RETAINED
    holding = {name for kind in HOLDS_DATA for name in of_type(kind)}
    assert holding - RETAINED == set(GOES_WITH_THE_STACK)


@pytest.mark.parametrize("policy", ["AWS::S3::BucketPolicy", "AWS::SQS::QueuePolicy", "AWS::SNS::TopicPolicy"])
def test_each_bucket_queue_and_topic_is_spoken_to_over_tls_only(policy: str) -> None:
    target, kind = {
        "AWS::S3::BucketPolicy": ("Bucket", "AWS::S3::Bucket"),
        "AWS::SQS::QueuePolicy": ("Queues", "AWS::SQS::Queue"),
        "AWS::SNS::TopicPolicy": ("Topics", "AWS::SNS::Topic"),
    }[policy]
    bound = set()
    for resource in of_type(policy).values():
        given = resource["Properties"]
        (tls,) = (s for s in given["PolicyDocument"]["Statement"] if s.get("Sid") == "DenyPlainHttp")
        assert (tls["Effect"], tls["Principal"]) == ("Deny", "*")
        assert tls["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
        named = given[target] if isinstance(given[target], list) else [given[target]]
        assert all(one["Ref"] in json.dumps(tls["Resource"]) for one in named)
        bound |= {one["Ref"] for one in named}
    assert bound == set(of_type(kind))


def test_each_log_group_forgets_and_each_function_writes_to_one() -> None:
    groups = of_type("AWS::Logs::LogGroup")
    assert all(group["Properties"]["RetentionInDays"] == {"Ref": "LogRetentionDays"} for group in groups.values())
    used = {f["Properties"]["LoggingConfig"]["LogGroup"]["Ref"] for f in of_type("AWS::Serverless::Function").values()}
    assert used == set(groups)


def test_alarms_and_events_may_publish_to_the_topic_and_use_its_key() -> None:
    topic = {s["Sid"]: s for s in RESOURCES["AlarmTopicPolicy"]["Properties"]["PolicyDocument"]["Statement"]}
    key = RESOURCES["AlarmKey"]["Properties"]["KeyPolicy"]["Statement"]
    (sent,) = (s for s in key if "Service" in s["Principal"])
    services = [topic[sid]["Principal"]["Service"] for sid in ("AllowAlarmsToPublish", "AllowEventsToPublish")]
    assert services == sent["Principal"]["Service"] == ["cloudwatch.amazonaws.com", "events.amazonaws.com"]
    assert set(sent["Action"]) == {"kms:Decrypt", "kms:GenerateDataKey*"}
    assert "Condition" not in topic["AllowEventsToPublish"], (
        "EventBridge brings no context: a condition would stop every event"
    )
    assert topic["AllowAlarmsToPublish"]["Condition"] == {
        "StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}
    }


def test_no_resource_has_a_name_that_a_second_stack_would_want_too() -> None:
    for logical_id, resource in PLAIN["Resources"].items():
        if resource["Type"] in ("AWS::IAM::Policy", "AWS::Lambda::Alias"):
            continue  # their names count within their role and their function only
        noun = resource["Type"].split("::")[-1]
        reserved = {"Name", f"{noun}Name", "BucketNamePrefix"} & set(resource.get("Properties", {}))
        assert not reserved, f"{logical_id} has {reserved}"
    assert not any("Export" in output for output in PLAIN["Outputs"].values())


def test_the_stack_can_be_deployed_twice_in_one_account(tmp_path: Path) -> None:
    with EmbeddedCloud(log_dir=tmp_path, run_functions=False) as cloud:
        parameters = {"MatchEndpoint": cloud.endpoints.match_endpoint}
        fresh = template.translate(template.load(TEMPLATE), TEMPLATE, parameters, REGION).cloudformation
        second = stack.create(cloud.client("cloudformation"), cloud.aws_endpoint_url, "second", fresh, parameters)
        told = {r.logical_id: r.physical_id for r in second if r.physical_id}
        assert told.keys() >= {"UploadBucket", "QuarantineBucket", "ResultsTable", "RetryQueue", "AlarmTopic"}
        assert [name for name, physical in told.items() if physical == cloud.resource(name)] == []
