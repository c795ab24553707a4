"""Two scanners tag one version at the same time: whatever the order of their calls, both tags are there at the end."""

import itertools
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from botocore.exceptions import ClientError

from local.aws.policy.stack_policies import StackPolicies
from photodna_guard.aws.upload_bucket import UploadBucket
from photodna_guard.domain.models import Upload
from tests.policy.deployed import Deployed
from tests.policy.test_second_scanner import CALLER, ROLE, VERDICT, rewrites

UPLOAD = Upload("uploads", "a.jpg", "e", "v1")
ALBUM = {"album": "holiday"}


class SharedVersion:
    """One version's tags in S3, whose bucket has the stack's policy. It is the scanner's S3 client as well."""

    def __init__(self, policies: StackPolicies, before_call: Iterator[bool]) -> None:
        """`before_call`: whether the other scanner makes its next call before each call of this one."""
        self._policies, self._before_call = policies, before_call
        self.tags, self.changes = dict(ALBUM), 0
        self.other = self._run_other()

    def _run_other(self) -> Iterator[None]:
        """Read the tags, and write them back with a verdict, as GuardDuty does."""
        seen = dict(self.tags)
        yield
        self._replace(CALLER, seen | VERDICT)
        yield

    def _replace(self, caller: str, tags: Mapping[str, str]) -> None:
        if not rewrites(self._policies, self.tags, dict(tags), caller):
            raise ClientError({"Error": {"Code": "AccessDenied"}}, "PutObjectTagging")
        self.tags, self.changes = dict(tags), self.changes + 1

    def get_object_tagging(self, **_: Any) -> dict[str, Any]:
        self._let_other_act()
        return {"TagSet": [{"Key": key, "Value": value} for key, value in self.tags.items()]}

    def put_object_tagging(self, Tagging: Mapping[str, Any], **_: Any) -> None:  # noqa: N803
        self._let_other_act()
        self._replace("OnUploadRole", {tag["Key"]: tag["Value"] for tag in Tagging["TagSet"]})

    def _let_other_act(self) -> None:
        if next(self._before_call, False):
            next(self.other, None)


def settle_beside_the_other(policies: StackPolicies, order: tuple[bool, ...]) -> SharedVersion:
    """Set the status while the other scanner acts in this order, and again after each change, as the rule has it."""
    version = SharedVersion(policies, iter(order))
    bucket = UploadBucket(version)  # type: ignore[arg-type]
    bucket.set_status_tag(UPLOAD, "clean")
    for _ in version.other:
        pass
    told = -1
    while told != version.changes:
        told = version.changes
        bucket.set_status_tag(UPLOAD, "clean")
    return version


@pytest.mark.parametrize("gate", ["on", "off"])
@pytest.mark.parametrize("order", list(itertools.product([False, True], repeat=4)), ids=str)
def test_no_tag_is_lost_in_any_order_of_calls(order: tuple[bool, ...], gate: str) -> None:
    policies = Deployed(SecondScannerRoleArn=ROLE, ReadGate=gate).policies()
    version = settle_beside_the_other(policies, order)
    assert version.tags == ALBUM | VERDICT | {"scan-status": "clean"}
    assert version.changes <= 4


def test_race_loses_a_tag_without_the_policys_statement() -> None:
    """Otherwise the test above would prove nothing."""
    policies = Deployed(ReadGate="off").policies()
    # Read, the other's read and write, write.
    assert settle_beside_the_other(policies, (True, True)).tags == ALBUM | {"scan-status": "clean"}


@pytest.mark.parametrize("order", list(itertools.product([False, True], repeat=2)), ids=str)
def test_match_is_tagged_by_one_call_in_any_order(order: tuple[bool, ...]) -> None:
    policies = Deployed(SecondScannerRoleArn=ROLE, ReadGate="off").policies()
    version = SharedVersion(policies, iter(order))
    UploadBucket(version).set_status_tag(UPLOAD, "matched", own_tags={})  # type: ignore[arg-type]
    assert version.tags["scan-status"] == "matched"
    try:
        for _ in version.other:
            pass
    except ClientError:
        pass
    assert version.tags["scan-status"] == "matched", "the other scanner's late write is refused"
