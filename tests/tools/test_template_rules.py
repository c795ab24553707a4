"""template.yaml against checkov's rules, and hardening that no rule set checks."""

import json
import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from local.aws import stack
from local.stack import EmbeddedCloud
from tests.support.template import RESOURCES, ROOT, TEMPLATE_PATH, translate_template

TEXT = TEMPLATE_PATH.read_text(encoding="utf-8")
CLOUDFORMATION = translate_template()
SKIP = re.compile(r"^    # checkov:skip=(\w+): (.+)$")
ANY_SKIP = "checkov:" + "skip"
# Evidence, results and their access rules outlive the stack.
RETAINED = {
    "UploadBucket",
    "UploadBucketPolicy",
    "QuarantineBucket",
    "QuarantineBucketPolicy",
    "QuarantineKey",
    "BreakGlassRole",
    "BreakGlassPolicy",
    "ResultsTable",
    "OperationsTable",
}
HOLDS_DATA = (
    "AWS::S3::Bucket",
    "AWS::DynamoDB::Table",
    "AWS::KMS::Key",
    "AWS::SQS::Queue",
    "AWS::SecretsManager::Secret",
)
DELETED_WITH_STACK = {
    "RateLimiterTable": "it holds the rate limiter's state",
    "AlarmKey": "it encrypts messages that are sent at once",
    "RetryQueue": "each upload in it has a record, and the record stays",
    "BackfillQueue": "it can be filled again from the bucket",
    "DeadLetterQueue": "each upload in it has a record, and the record stays",
    "NotificationDeadLetterQueue": "the record of each upload in it stays in the index needs-attention",
    "SubscriptionKey": "the service issues it again, and Secrets Manager keeps it for thirty days",
}


def resources_of_type(name: str) -> dict[str, dict[str, Any]]:
    return {logical_id: r for logical_id, r in RESOURCES.items() if r["Type"] == name}


def iter_suppressions() -> Iterator[tuple[str, str, str]]:
    """Yield the resource, the rule and the reason of each suppression."""
    resource = ""
    for line in TEXT.splitlines():
        if re.match(r"^  \w+:$", line):
            resource = line.strip(" :")
        if found := SKIP.match(line):
            yield resource, found[1], found[2]


def run_checkov(folder: Path, text: str) -> set[tuple[str, str]]:
    """Return the resource and rule of each check that fails on the text, with the project's settings."""
    (folder / "template.yaml").write_text(text, encoding="utf-8")
    (folder / ".checkov.yaml").write_text((ROOT / ".checkov.yaml").read_text(encoding="utf-8"), encoding="utf-8")
    checkov = ROOT / ".venv/checkov/bin/checkov"
    assert checkov.exists(), "`make test` and `make check` install checkov; pytest alone does not"
    settings = os.environ | {"CKV_SKIP_PACKAGE_UPDATE_CHECK": "true"}
    completed = subprocess.run([checkov, "--output", "json"], cwd=folder, env=settings, capture_output=True, text=True)  # noqa: S603
    results = json.loads(completed.stdout)["results"]
    return {(check["resource"].split(".")[-1], check["check_id"]) for check in results["failed_checks"]}


@pytest.mark.slow
def test_each_suppression_is_needed_and_no_other_check_fails(tmp_path: Path) -> None:
    # The topic's key is removed as well, to show that the rules are applied.
    key = "    Properties: {KmsMasterKeyId: !GetAtt AlarmKey.Arn}\n"
    assert key in TEXT
    bare = "\n".join(line for line in TEXT.replace(key, "").splitlines() if ANY_SKIP not in line)
    assert run_checkov(tmp_path, bare) == {(resource, rule) for resource, rule, _ in iter_suppressions()} | {
        ("AlarmTopic", "CKV_AWS_26")
    }


def test_each_suppression_is_at_its_resource_with_a_reason() -> None:
    found = list(iter_suppressions())
    assert len(found) == TEXT.count(ANY_SKIP), "a suppression has another form, or is outside of a resource"
    assert all(resource in RESOURCES for resource, _, _ in found)
    assert all(len(reason.split()) >= 8 for _, _, reason in found)


def test_conditions_that_the_suppressions_rely_on_hold() -> None:
    assert all(
        queue["Properties"]["SqsManagedSseEnabled"] is True for queue in resources_of_type("AWS::SQS::Queue").values()
    )
    tables = resources_of_type("AWS::DynamoDB::Table").values()
    assert all(table["Properties"]["SSESpecification"] == {"SSEEnabled": True} for table in tables)
    for name, resource in resources_of_type("AWS::Serverless::Function").items():
        function = resource["Properties"]
        sources = [event["Properties"] for event in function["Events"].values() if event["Type"] == "SQS"]
        assert all(source["ScalingConfig"] == {"MaximumConcurrency": {"Ref": "Workers"}} for source in sources)
        queues = [RESOURCES[source["Queue"]["Fn::GetAtt"][0]]["Properties"] for source in sources]
        assert all("deadLetterTargetArn" in queue["RedrivePolicy"] for queue in queues)
        if not sources and name not in ("OnSweepFunction", "OnReconcileFunction", "OnCanaryFunction", "OnFeedFunction"):
            assert function["EventInvokeConfig"]["DestinationConfig"]["OnFailure"], name


def test_no_rule_is_disabled_for_the_whole_template() -> None:
    assert "skip-check" not in (ROOT / ".checkov.yaml").read_text(encoding="utf-8")
    assert "cfn-lint" not in TEXT, "cfn-lint reads exceptions from the template's metadata"
    assert not (ROOT / ".cfnlintrc").exists()


def test_exactly_evidence_and_results_outlive_the_stack() -> None:
    keeps = ("Retain", "RetainExceptOnCreate")
    retained = {name for name, r in RESOURCES.items() if r.get("DeletionPolicy") in keeps}
    assert retained == RETAINED
    assert {name for name, r in RESOURCES.items() if r.get("UpdateReplacePolicy") == "Retain"} == RETAINED
    holding = {name for kind in HOLDS_DATA for name in resources_of_type(kind)}
    assert holding - RETAINED == set(DELETED_WITH_STACK)


@pytest.mark.parametrize("policy", ["AWS::S3::BucketPolicy", "AWS::SQS::QueuePolicy", "AWS::SNS::TopicPolicy"])
def test_each_bucket_queue_and_topic_requires_tls(policy: str) -> None:
    target, kind = {
        "AWS::S3::BucketPolicy": ("Bucket", "AWS::S3::Bucket"),
        "AWS::SQS::QueuePolicy": ("Queues", "AWS::SQS::Queue"),
        "AWS::SNS::TopicPolicy": ("Topics", "AWS::SNS::Topic"),
    }[policy]
    protected = set()
    for resource in resources_of_type(policy).values():
        properties = resource["Properties"]
        (tls,) = (s for s in properties["PolicyDocument"]["Statement"] if s.get("Sid") == "DenyPlainHttp")
        assert (tls["Effect"], tls["Principal"]) == ("Deny", "*")
        assert tls["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
        names = properties[target] if isinstance(properties[target], list) else [properties[target]]
        assert all(one["Ref"] in json.dumps(tls["Resource"]) for one in names)
        protected |= {one["Ref"] for one in names}
    assert protected == set(resources_of_type(kind))


def test_secret_is_generated_as_it_was_for_every_stack_before() -> None:
    """An update that changes GenerateSecretString overwrites the subscription key that the operator stored."""
    (secret,) = resources_of_type("AWS::SecretsManager::Secret").values()
    assert secret["Properties"].keys() == {"Description", "GenerateSecretString"}
    assert secret["Properties"]["GenerateSecretString"] == {"PasswordLength": 32, "ExcludePunctuation": True}


def test_no_function_reserves_concurrency() -> None:
    """A new account has 10 executions, and Lambda refuses a reservation that leaves less than that unreserved."""
    translated = [r for r in CLOUDFORMATION["Resources"].values() if r["Type"] == "AWS::Lambda::Function"]
    assert len(translated) >= len(resources_of_type("AWS::Serverless::Function"))
    assert not any("ReservedConcurrentExecutions" in function["Properties"] for function in translated)


def test_each_function_has_a_log_group_with_a_retention() -> None:
    groups = resources_of_type("AWS::Logs::LogGroup")
    assert all(group["Properties"]["RetentionInDays"] == {"Ref": "LogRetentionDays"} for group in groups.values())
    used = {
        f["Properties"]["LoggingConfig"]["LogGroup"]["Ref"]
        for f in resources_of_type("AWS::Serverless::Function").values()
    }
    assert used == set(groups)


def test_alarms_and_events_may_publish_with_the_topics_key() -> None:
    topic = {s["Sid"]: s for s in RESOURCES["AlarmTopicPolicy"]["Properties"]["PolicyDocument"]["Statement"]}
    key = RESOURCES["AlarmKey"]["Properties"]["KeyPolicy"]["Statement"]
    (grant,) = (s for s in key if "Service" in s["Principal"])
    services = [topic[sid]["Principal"]["Service"] for sid in ("AllowAlarmsToPublish", "AllowEventsToPublish")]
    assert services == grant["Principal"]["Service"] == ["cloudwatch.amazonaws.com", "events.amazonaws.com"]
    assert set(grant["Action"]) == {"kms:Decrypt", "kms:GenerateDataKey*"}
    assert "Condition" not in topic["AllowEventsToPublish"], (
        "EventBridge sends no context, so that a condition would deny every event"
    )
    assert topic["AllowAlarmsToPublish"]["Condition"] == {
        "StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}
    }


def test_no_resource_has_a_fixed_name() -> None:
    for logical_id, resource in CLOUDFORMATION["Resources"].items():
        if resource["Type"] in ("AWS::IAM::Policy", "AWS::Lambda::Alias"):
            # These names are unique within a role or a function only.
            continue
        noun = resource["Type"].split("::")[-1]
        reserved = {"Name", f"{noun}Name", "BucketNamePrefix"} & set(resource.get("Properties", {}))
        assert not reserved, f"{logical_id} has {reserved}"
    assert not any("Export" in output for output in CLOUDFORMATION["Outputs"].values())


@pytest.mark.slow
def test_stack_can_be_deployed_twice_in_one_account(tmp_path: Path) -> None:
    with EmbeddedCloud(log_dir=tmp_path, run_functions=False) as cloud:
        parameters = {"MatchEndpoint": cloud.endpoints.match_endpoint}
        translated = translate_template(**parameters)
        second = stack.create_stack(
            cloud.client("cloudformation"), cloud.aws_endpoint_url, "second", translated, parameters
        )
        created = {r.logical_id: r.physical_id for r in second if r.physical_id}
        assert created.keys() >= {"UploadBucket", "QuarantineBucket", "ResultsTable", "RetryQueue", "AlarmTopic"}
        assert [name for name, physical in created.items() if physical == cloud.resource(name)] == []
