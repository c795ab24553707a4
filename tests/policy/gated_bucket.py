"""A bucket with one object, and calls to it, authorized by the policies of template.yaml."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from local.aws.policy import stack_policies
from local.aws.policy.api_call import ApiCall
from local.aws.policy.authorizer import Authorizer
from local.aws.policy.permission_log import PermissionLog, Refusal
from local.aws.policy.stack_policies import StackPolicies
from tests.policy.deployed import ACCOUNT, REGION, UPLOADS, Deployed

SCANNERS = ["OnUploadRole", "OnRetryRole"]
OTHERS = [None, "user", "admin", "BreakGlassRole"]
ELSEWHERE = "a-bucket-of-the-attackers"
NO_TAG: dict[str, str] = {}
STATUSES = ["clean", "skipped", "unscannable", "allowed", "denied", "matched", "failed", "Clean", ""]
FORGED = ["scan-status", "Scan-Status", "SCAN-STATUS"]
TAGS = [NO_TAG, *({"scan-status": status} for status in STATUSES), {"album": "clean"}]
READING = ["GetObject", "HeadObject", "SelectObjectContent", "GetObjectAttributes"]
TAGGING_XML = "<Tagging><TagSet>{}</TagSet></Tagging>"


class GatedBucket:
    """One object with these tags, in a bucket of the stack and in any other, and calls of different callers to it."""

    account = ACCOUNT

    def __init__(self, policies: StackPolicies, tags: Mapping[str, str], bucket: str = UPLOADS) -> None:
        self._tags, self._bucket = tags, bucket
        self._authorizer = Authorizer(policies, self, PermissionLog(Path("/dev/null")))

    def object_tags(self, bucket: str, key: str, version: str | None) -> Mapping[str, str] | None:
        return self._tags if key == "a.jpg" else None

    def bucket_policy(self, bucket: str) -> str | None:
        return None

    def kms_key(self, bucket: str) -> str | None:
        return None

    def partition_key(self, region: str, table: str) -> str | None:
        return None

    def refusal(self, caller: str | None, operation: str, **more: Any) -> Refusal | None:
        given = {"bucket": self._bucket, "key": "a.jpg"} | more
        return self._authorizer.find_refusal(ApiCall(caller, REGION, "s3", operation, **given))

    def reads(self, caller: str | None, operation: str = "GetObject", version: str | None = None) -> bool:
        return self.refusal(caller, operation, query={"versionId": version} if version else {}) is None

    def tag(self, caller: str | None, keys: list[str], version: str | None = None) -> bool:
        body = TAGGING_XML.format("".join(f"<Tag><Key>{k}</Key><Value>clean</Value></Tag>" for k in keys))
        query = {"versionId": version} if version else {}
        return self.refusal(caller, "PutObjectTagging", query=query, body=body.encode()) is None

    def put(self, caller: str | None, tags: Mapping[str, str], operation: str = "PutObject", **headers: str) -> bool:
        header = {"x-amz-tagging": urlencode(tags)} if tags else {}
        return self.refusal(caller, operation, key="new.jpg", headers=header | headers) is None

    def copy(self, caller: str | None, source: str, tags: Mapping[str, str] = NO_TAG, directive: str = "") -> bool:
        headers = {"x-amz-copy-source": f"{source}/a.jpg"}
        headers |= {"x-amz-tagging-directive": directive} if directive else {}
        return self.put(caller, tags, "CopyObject", **headers)


def make_policies_of_statements(statements: list[dict[str, Any]]) -> StackPolicies:
    resources = [r for r in Deployed().resources() if r["type"] != "AWS::S3::BucketPolicy"]
    document = {"PolicyDocument": {"Version": "2012-10-17", "Statement": statements}}
    own = {"logical_id": "Own", "type": "AWS::S3::BucketPolicy", "physical_id": "own", "properties": document}
    return stack_policies.parse_policies([*resources, own], ACCOUNT, REGION)
