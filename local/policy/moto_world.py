"""What a policy's evaluation asks of moto: an object's tags, a bucket's key. Runs in moto's process."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from moto.s3.exceptions import MissingBucket
from moto.s3.models import FakeDeleteMarker, s3_backends


class MotoWorld:
    """See need.World. `kms_keys` are ARNs by bucket."""

    def __init__(self, account: str, kms_keys: Mapping[str, str]) -> None:
        self.account = account
        self._s3: Any = s3_backends[account]["aws"]
        self._kms_keys = kms_keys

    def tags(self, bucket: str, key: str, version: str | None) -> Mapping[str, str] | None:
        try:
            versions = self._s3.get_bucket(bucket).keys.getlist(key, default=[])
        except MissingBucket:
            return None
        # Not moto's get_object: that moves a restoration on.
        wanted = [v for v in versions if version is None or str(v.version_id) == version][-1:]
        if not wanted or isinstance(wanted[0], FakeDeleteMarker):
            return None
        tags: Mapping[str, str] = self._s3.tagger.get_tag_dict_for_resource(wanted[0].arn)
        return tags

    def kms_key(self, bucket: str) -> str | None:
        return self._kms_keys.get(bucket)
