"""The read gate and copies: no copy, part or replica brings a status along."""

import itertools

import pytest

from local.aws.policy import stack_policies
from local.aws.policy.evaluator import Request, decide
from local.aws.policy.stack_policies import StackPolicies
from tests.policy.deployed import ACCOUNT, UPLOADS
from tests.policy.gated_bucket import ELSEWHERE, FORGED, NO_TAG, TAGS, GatedBucket

FROM_ANYWHERE = pytest.mark.parametrize("source", [ELSEWHERE, UPLOADS])


@FROM_ANYWHERE
def test_untagged_object_from_elsewhere_can_be_copied_in(gated: StackPolicies, source: str) -> None:
    there = GatedBucket(gated, NO_TAG)
    assert there.copy("user", source) is (source == ELSEWHERE)


@pytest.mark.parametrize("tags", [t for t in TAGS if t], ids=str)
def test_copy_with_source_tags_is_refused(gated: StackPolicies, tags: dict[str, str]) -> None:
    """An attacker can set any status on an object in a bucket of the attacker's own."""
    for caller, directive in itertools.product(("user", "admin"), ("", "COPY")):
        assert not GatedBucket(gated, tags).copy(caller, ELSEWHERE, directive=directive)


@pytest.mark.parametrize("tags", TAGS, ids=str)
def test_copy_without_source_tags_is_permitted(gated: StackPolicies, tags: dict[str, str]) -> None:
    assert GatedBucket(gated, tags).copy("user", ELSEWHERE, directive="REPLACE")


def test_readable_object_can_be_copied_without_tags(gated: StackPolicies) -> None:
    assert GatedBucket(gated, {"scan-status": "clean"}).copy("user", UPLOADS, directive="REPLACE")
    assert not GatedBucket(gated, {"scan-status": "matched"}).copy("user", UPLOADS, directive="REPLACE")


@pytest.mark.parametrize("directive", ["", "COPY", "REPLACE"])
@pytest.mark.parametrize("key", ["album", *FORGED])
def test_copy_with_tags_in_the_request_is_refused(gated: StackPolicies, directive: str, key: str) -> None:
    """S3 might evaluate the header but copy the source's tags: then a harmless header would hide a status."""
    assert not GatedBucket(gated, {"scan-status": "clean"}).copy("user", ELSEWHERE, {key: "clean"}, directive)


@pytest.mark.parametrize("request_keys", [(), ("scan-status",), ("album", "Scan-Status")], ids=str)
def test_copied_tags_are_refused_with_or_without_request_keys(
    gated: StackPolicies, request_keys: tuple[str, ...]
) -> None:
    """AWS does not document whether copied tags are request tags. The statements deny them in either case."""
    arn = f"arn:aws:iam::{ACCOUNT}:user/user"
    context: dict[str, tuple[str, ...]] = {"aws:principalarn": (arn,), "aws:securetransport": ("true",)}
    context |= {"s3:requestobjecttagkeys": request_keys} if request_keys else {}
    request = Request(arn, "s3:PutObjectTagging", f"arn:aws:s3:::{UPLOADS}/new.jpg", context)
    assert decide(request, stack_policies.ADMINISTRATOR, gated.resource_statements).reason.startswith("denied by")


def test_part_copy_is_permitted(gated: StackPolicies) -> None:
    headers = {"x-amz-copy-source": f"{ELSEWHERE}/a.jpg"}
    tagged = GatedBucket(gated, {"scan-status": "clean"})
    assert tagged.refusal("user", "UploadPartCopy", key="new.jpg", headers=headers) is None


def test_replicating_tags_is_refused(gated: StackPolicies) -> None:
    request = Request(
        f"arn:aws:iam::{ACCOUNT}:role/replication", "s3:ReplicateTags", f"arn:aws:s3:::{UPLOADS}/a.jpg", {}
    )
    assert not decide(request, stack_policies.ADMINISTRATOR, gated.resource_statements).allowed
