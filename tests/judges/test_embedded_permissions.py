"""AWS has the actions, on the resources and with the condition keys, that the embedded AWS requires for its calls."""

from collections.abc import Iterator
from itertools import product

from botocore.model import ServiceModel

from local.aws.policy.api_call import ApiCall, UnknownCallError
from local.aws.policy.permission import Permission
from local.aws.policy.permissions import required_permissions
from tests.judges.iam_simulate import JudgedRequest, judge
from tests.local.aws.policy.calls import FakeAccount
from tests.policy.deployed import ACCOUNT, REGION
from tests.support.moto_aws import SESSION

MODEL: ServiceModel = SESSION.client("s3").meta.service_model
HEADERS = {
    "x-amz-tagging": "album=holiday",
    "x-amz-object-lock-mode": "GOVERNANCE",
    "x-amz-object-lock-legal-hold": "ON",
    "x-amz-acl": "private",
    "x-amz-bypass-governance-retention": "true",
    "x-amz-tagging-directive": "REPLACE",
}
BODY = (
    b"<a><Object><Key>k</Key></Object><Object><Key>l</Key><VersionId>v</VersionId></Object></a><Status>ON</Status>"
    b'name="key"\r\n\r\nk\r\nname="tagging"\r\n\r\n<Key>album</Key>\r\n--'
)


def iter_calls() -> Iterator[ApiCall]:
    """Make each call to S3 on an object and a version, plain, with each header, and with all of them."""
    headers = [{}, HEADERS, *({name: value} for name, value in HEADERS.items())]
    for operation, given, query in product([*MODEL.operation_names, "PostObject"], headers, ({}, {"versionId": "v"})):
        source = {"x-amz-copy-source": "/elsewhere/k?versionId=v"} if "Copy" in operation else {}
        yield ApiCall("user", REGION, "s3", operation, source | given, query, BODY, "locked", "k")


def list_required() -> set[tuple[str, str, tuple[tuple[str, tuple[str, ...]], ...]]]:
    found = set()
    for call, tags in product(iter_calls(), ({"album": "holiday"}, None)):
        try:
            permissions: list[Permission] = required_permissions(call, FakeAccount(tags))
        except UnknownCallError:
            continue
        found |= {
            (one.action, one.resource, tuple((k, tuple(v)) for k, v in one.context.items())) for one in permissions
        }
    return found


def test_aws_has_each_action_resource_and_condition_key() -> None:
    required = sorted(list_required())
    assert len({action for action, _, _ in required}) > 30
    asked = [JudgedRequest(None, action, arn, ACCOUNT, dict(context), (), None) for action, arn, context in required]
    judged = judge({}, asked)
    unknown = {(one.action, key) for one, answer in zip(asked, judged, strict=True) for key in answer.ignored}
    assert unknown == set()
