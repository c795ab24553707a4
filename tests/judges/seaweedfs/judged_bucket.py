"""A bucket under Object Lock in a real S3 server, seen by the tests as they see LockedBucket."""

from itertools import count
from typing import Any

from botocore.exceptions import ClientError

from tests.aws.locked_bucket import Version

_NUMBERS = count()


class JudgedBucket:
    """boto3's client, with the bucket that the tests call "quarantine" replaced by a new one with Object Lock.

    `calls` are the names of the operations, and `parameters` what each was called with.
    """

    def __init__(self, client: Any) -> None:
        self.name = f"quarantine{next(_NUMBERS)}"
        self.calls: list[str] = []
        self.parameters: list[dict[str, Any]] = []
        self._client = client
        client.create_bucket(Bucket=self.name, ObjectLockEnabledForBucket=True)
        client.meta.events.register("provide-client-params.s3", self._replace_bucket)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._client, name)

    def _replace_bucket(self, params: dict[str, Any], model: Any, **_: Any) -> dict[str, Any]:
        if params.get("Bucket") != "quarantine":
            return params
        self.calls.append(model.name)
        self.parameters.append(params)
        return params | {"Bucket": self.name}

    @property
    def versions(self) -> list[Version]:
        """All versions in the bucket as S3 has them, newest first."""
        listed = self._client.list_object_versions(Bucket=self.name).get("Versions", [])
        listed.sort(key=lambda one: one["LastModified"], reverse=True)
        return [self._read(one["Key"], one["VersionId"]) for one in listed]

    def _read(self, key: str, version_id: str) -> Version:
        where = {"Bucket": self.name, "Key": key, "VersionId": version_id}
        version = Version(key, version_id, self._client.get_object(**where)["Body"].read())
        version.lock = self._client.get_object_retention(**where)["Retention"]
        try:
            version.hold = self._client.get_object_legal_hold(**where)["LegalHold"]["Status"]
        except ClientError:
            version.hold = ""
        return version
