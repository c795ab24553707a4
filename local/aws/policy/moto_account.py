"""The account's state, read from moto's models. Runs in moto's process."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from moto.dynamodb.models import dynamodb_backends
from moto.s3.exceptions import MissingBucket
from moto.s3.models import FakeDeleteMarker, s3_backends


class MotoAccount:
    """An AccountState. `kms_keys` are ARNs by bucket."""

    def __init__(self, account: str, kms_keys: Mapping[str, str]) -> None:
        self.account = account
        self._s3: Any = s3_backends[account]["aws"]
        self._kms_keys = kms_keys

    def object_tags(self, bucket: str, key: str, version: str | None) -> Mapping[str, str] | None:
        """Return an object's tags; None if there is no such object or version."""
        try:
            versions = self._s3.get_bucket(bucket).keys.getlist(key, default=[])
        except MissingBucket:
            return None
        # moto's get_object would also advance a restoration from Glacier.
        wanted = [v for v in versions if version is None or str(v.version_id) == version][-1:]
        if not wanted or isinstance(wanted[0], FakeDeleteMarker):
            return None
        tags: Mapping[str, str] = self._s3.tagger.get_tag_dict_for_resource(wanted[0].arn)
        return tags

    def bucket_policy(self, bucket: str) -> str | None:
        """Return the policy that somebody put on a bucket, as JSON; None where there is none.

        moto does not create the policies of a stack: they are not among these.
        """
        try:
            policy: bytes | None = self._s3.get_bucket(bucket).policy
        except MissingBucket:
            return None
        return policy.decode() if policy else None

    def kms_key(self, bucket: str) -> str | None:
        """Return the ARN of the KMS key with which a bucket encrypts by default; None if S3 encrypts itself."""
        return self._kms_keys.get(bucket)

    def partition_key(self, region: str, table: str) -> str | None:
        """Return the name of a DynamoDB table's partition key; None if there is no such table."""
        found: Any = dynamodb_backends[self.account][region].tables.get(table)
        return str(found.hash_key_attr) if found else None
