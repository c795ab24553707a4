"""What IAM, KMS and S3 refuse only when they are called with a policy, and neither moto nor cfn-lint does.

IAM User Guide: "IAM and AWS STS quotas", "IAM JSON policy elements" (Sid, Principal, Resource), "Grammar of the IAM
JSON policy language". KMS Developer Guide: "Key policies" (size, elements, lockout safety check). S3 User Guide:
"Bucket policies" (20 KB; the resource is the bucket). Service Authorization Reference: actions, resource types,
condition keys.
"""

import json
import re
from collections import Counter
from typing import Any

import pytest

from tests.policy.deployed import ACCOUNT, QUARANTINE, UPLOADS
from tests.policy.documents import LONGEST, Document, as_list, read_documents
from tests.support.template import RESOURCES

DOCUMENTS = read_documents(**LONGEST)
every_document = pytest.mark.parametrize("document", DOCUMENTS, ids=lambda one: one.resource)
ROOT = re.compile(rf"arn:aws:iam::({ACCOUNT}|\d{{12}}):root")
BUCKETS = {"UploadBucketPolicy": UPLOADS, "QuarantineBucketPolicy": QUARANTINE}
BUCKET_ACTIONS = {
    "s3:ListBucket", "s3:ListBucketVersions", "s3:ListBucketMultipartUploads", "s3:GetBucketNotification",
    "s3:GetBucketObjectLockConfiguration", "s3:GetBucketPolicy", "s3:GetBucketPublicAccessBlock",
    "s3:GetBucketVersioning", "s3:GetEncryptionConfiguration",
}  # fmt: skip
EXISTING, REQUESTED, KEYS = "s3:ExistingObjectTag/<key>", "s3:RequestObjectTag/<key>", "s3:RequestObjectTagKeys"
# Condition keys beside the global ones that each action of a conditional statement supports.
SUPPORTED = {
    "s3:GetObject": {EXISTING},
    "s3:GetObjectVersion": {EXISTING},
    "s3:PutObject": {REQUESTED, KEYS, "s3:x-amz-copy-source"},
    "s3:PutObjectTagging": {EXISTING, REQUESTED, KEYS},
    "s3:PutObjectVersionTagging": {EXISTING, REQUESTED, KEYS},
    "s3:DeleteObjectTagging": {EXISTING},
    "s3:DeleteObjectVersionTagging": {EXISTING},
    "s3:PutObjectLegalHold": {"s3:object-lock-legal-hold"},
    "dynamodb:PutItem": {"dynamodb:LeadingKeys"},
    "kms:Decrypt": {"kms:ViaService"},
    "kms:GenerateDataKey": {"kms:ViaService"},
}


def count_characters(document: Any) -> int:
    """Return the size as IAM counts it: without white space."""
    return len(json.dumps(document, separators=(",", ":")))


def documents_of(kind: str) -> list[Document]:
    return [document for document in DOCUMENTS if document.kind == f"AWS::{kind}"]


@every_document
def test_statements_have_the_elements_of_their_kind(document: Document) -> None:
    assert document.body["Version"] == "2012-10-17", "the older version knows no policy variables"
    required = {"Sid", "Effect", "Action"}
    required |= {"Principal"} if document.kind != "AWS::IAM::Policy" else set()
    required |= {"Resource"} if document.kind != "AWS::IAM::Role" else set()
    for statement in document.statements:
        # Lambda's three trust policies are single statements that IAM's own documentation writes without a Sid.
        assert statement.keys() - {"Condition", "Sid"} == required - {"Sid"}
        assert statement["Effect"] in ("Allow", "Deny")


@every_document
def test_sids_are_unique_and_alphanumeric(document: Document) -> None:
    sids = [statement["Sid"] for statement in document.statements if "Sid" in statement]
    assert [sid for sid, number in Counter(sids).items() if number > 1] == []
    assert all(re.fullmatch(r"[A-Za-z0-9]+", sid) for sid in sids)
    assert len(sids) >= len(document.statements) - (document.kind == "AWS::IAM::Role")


@every_document
def test_condition_keys_belong_to_each_action(document: Document) -> None:
    """S3 refuses the policy. IAM and KMS take it, and the key is absent from every request."""
    for statement in document.statements:
        keys = {key for operator in statement.get("Condition", {}).values() for key in operator}
        own = {re.sub(r"(ObjectTag)/.+", r"\1/<key>", key) for key in keys if not key.startswith("aws:")}
        for action in as_list(statement["Action"]) if own else []:
            assert own <= SUPPORTED[action], f"{statement['Sid']}: {action}"


@every_document
def test_principals_are_everybody_services_and_accounts(document: Document) -> None:
    """A service stores a user or role by an id, and refuses one that it cannot see."""
    for statement in document.statements:
        principal = statement.get("Principal", "*")
        if principal == "*":
            assert statement["Effect"] == "Deny" or document.kind == "AWS::IAM::Policy"
            continue
        for kind, names in principal.items():
            pattern = ROOT if kind == "AWS" else re.compile(r"[a-z0-9.-]+\.amazonaws\.com")
            assert all(pattern.fullmatch(name) for name in as_list(names)), statement


def test_inline_policies_of_a_role_fit_together() -> None:
    roles: Counter[str] = Counter()
    for document in documents_of("IAM::Policy"):
        for role in document.properties["Roles"]:
            roles[role] += count_characters(document.body)
    assert len(roles) >= 4
    assert max(roles.values()) <= 10_240


@pytest.mark.parametrize(
    ("kind", "most"), [("IAM::Role", 2048), ("S3::BucketPolicy", 20 * 1024), ("KMS::Key", 32 * 1024)]
)
def test_policy_of_the_longest_parameters_is_no_larger_than_allowed(kind: str, most: int) -> None:
    sizes = {document.resource: count_characters(document.body) for document in documents_of(kind)}
    assert sizes
    # The resources' real names are longer than these tests' by a stack's name and a suffix, in up to ten places.
    assert {name: size for name, size in sizes.items() if size + (0 if kind == "IAM::Role" else 1000) > most} == {}


def test_names_and_descriptions_are_those_that_iam_takes() -> None:
    for document in documents_of("IAM::Policy"):
        assert re.fullmatch(r"[\w+=,.@-]{1,128}", document.properties["PolicyName"])
    for document in documents_of("IAM::Role"):
        description = document.properties.get("Description", "")
        assert len(description) <= 1000
        assert description.isascii()
        assert 3600 <= document.properties.get("MaxSessionDuration", 3600) <= 43_200
    # Names are generated from the stack's name, the logical id and a suffix, and role names have 64 characters.
    assert all(len(name) <= 255 for name in RESOURCES)


def test_policies_of_one_role_have_different_names() -> None:
    """A role's inline policies replace each other by name."""
    names = [(role, d.properties["PolicyName"]) for d in documents_of("IAM::Policy") for role in d.properties["Roles"]]
    assert len(set(names)) == len(names)


@pytest.mark.parametrize("document", documents_of("S3::BucketPolicy"), ids=lambda one: one.resource)
def test_bucket_policy_names_its_own_bucket_with_actions_that_apply(document: Document) -> None:
    """S3: "Policy has invalid resource", and "Action does not apply to any resource(s) in statement"."""
    bucket = f"arn:aws:s3:::{BUCKETS[document.resource]}"
    for statement in document.statements:
        resources = as_list(statement["Resource"])
        assert set(resources) <= {bucket, f"{bucket}/*"}
        for action in as_list(statement["Action"]):
            needed = bucket if action in BUCKET_ACTIONS else f"{bucket}/*"
            assert needed in resources, f"{statement['Sid']}: {action}"


@pytest.mark.parametrize("document", documents_of("IAM::Policy"), ids=lambda one: one.resource)
def test_s3_actions_of_a_role_apply_to_their_resources(document: Document) -> None:
    """IAM takes such a policy, and the action is never allowed."""
    for statement in document.statements:
        for action in (one for one in as_list(statement["Action"]) if one.startswith("s3:")):
            is_object = all("/" in resource for resource in as_list(statement["Resource"]))
            assert is_object is (action not in BUCKET_ACTIONS), f"{statement['Sid']}: {action}"


@pytest.mark.parametrize("document", documents_of("KMS::Key"), ids=lambda one: one.resource)
def test_key_can_be_managed_by_whoever_makes_it(document: Document) -> None:
    """KMS refuses a key whose maker could not put its policy again. A statement without a resource has no effect."""
    managers = [s for s in document.statements if {"kms:PutKeyPolicy", "kms:*"} & set(as_list(s["Action"]))]
    assert managers
    assert all("Condition" not in statement for statement in managers)
    assert all(statement["Resource"] == "*" for statement in document.statements)
    assert len(document.properties["Description"]) <= 8192 - 128
    assert 7 <= document.properties.get("PendingWindowInDays", 30) <= 30


def test_object_lock_keeps_the_rules_of_s3() -> None:
    quarantine = RESOURCES["QuarantineBucket"]["Properties"]
    assert quarantine["ObjectLockEnabled"] is True
    assert quarantine["VersioningConfiguration"] == {"Status": "Enabled"}, "Object Lock needs versions"
    retention = quarantine["ObjectLockConfiguration"]["Rule"]["DefaultRetention"]
    assert retention.keys() == {"Mode", "Days"}, "days or years, and not both"


def test_lifecycle_rules_keep_the_rules_of_s3() -> None:
    buckets = [r["Properties"] for r in RESOURCES.values() if r["Type"] == "AWS::S3::Bucket"]
    rules = [rule for bucket in buckets for rule in bucket.get("LifecycleConfiguration", {}).get("Rules", [])]
    assert 1 <= len(rules) <= 1000
    assert len({rule["Id"] for rule in rules}) == len(rules)
    assert all(len(rule["Id"]) <= 255 for rule in rules)
