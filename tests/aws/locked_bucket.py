"""A bucket under Object Lock by S3's own rules, in memory: moto enforces no lock and checks no checksum."""

import base64
import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import wraps
from typing import Any, NoReturn

import boto3
from botocore.exceptions import ClientError
from botocore.paginate import Paginator
from botocore.validate import validate_parameters

from tests.support.moto_aws import SESSION

MODEL = SESSION.client("s3").meta.service_model
NO_LOCK = "NoSuchObjectLockConfiguration"


@dataclass
class Version:
    """One version of an object, its lock and its hold."""

    key: str
    id: str
    body: bytes
    lock: dict[str, Any] = field(default_factory=dict)
    hold: str = ""


def operation(name: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Decorate a method of the client. It takes only parameters that botocore's own model of S3 permits."""

    def make(method: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(method)
        def call(self: "LockedBucket", **parameters: Any) -> Any:
            shape = MODEL.operation_model(name).input_shape
            assert shape
            validate_parameters(parameters, shape)
            self.calls.append(name)
            self.parameters.append(parameters)
            if self.failures.get(name):
                refuse(self.failures[name].pop(0), name)
            return method(self, parameters)

        return call

    return make


@dataclass
class LockedBucket:
    """The part of boto3's S3 client that the quarantine bucket's adapter calls.

    `versions` is newest first, as S3 lists them. `parameters` are those of each of the `calls`. `failures` are the
    error codes of the next calls of an operation. An operation in `ignored` succeeds without locking or holding
    anything. `checksum` is returned instead of the true one. A listing has pages of `page_size` versions.
    """

    versions: list[Version] = field(default_factory=list)
    calls: list[str] = field(default_factory=list)
    parameters: list[dict[str, Any]] = field(default_factory=list)
    failures: dict[str, list[str]] = field(default_factory=dict)
    ignored: set[str] = field(default_factory=set)
    checksum: str = ""
    page_size: int = 1000

    @operation("PutObject")
    def put_object(self, parameters: dict[str, Any]) -> Any:
        if parameters["IfNoneMatch"] == "*" and any(version.key == parameters["Key"] for version in self.versions):
            refuse("PreconditionFailed", "PutObject", 412)
        body = parameters["Body"]
        body = body if isinstance(body, bytes) else body.read()
        digest = base64.b64encode(hashlib.sha256(body).digest()).decode()
        if parameters["ChecksumSHA256"] != digest:
            refuse("BadDigest", "PutObject")
        version = Version(parameters["Key"], f"q.{len(self.versions)}", body)
        if "PutObject" not in self.ignored:
            version.lock = {
                "Mode": parameters["ObjectLockMode"],
                "RetainUntilDate": parameters["ObjectLockRetainUntilDate"],
            }
            version.hold = parameters.get("ObjectLockLegalHoldStatus", "")
        self.versions.insert(0, version)
        return {"ChecksumSHA256": self.checksum or digest, "VersionId": version.id}

    @operation("ListObjectVersions")
    def list_object_versions(self, parameters: dict[str, Any]) -> Any:
        found = sorted((v for v in self.versions if v.key.startswith(parameters["Prefix"])), key=lambda v: v.key)
        listed = [{"Key": version.key, "VersionId": version.id, "Size": len(version.body)} for version in found]
        first = int(parameters.get("VersionIdMarker", 0))
        listed, cut = listed[first : first + self.page_size], len(listed) > first + self.page_size
        after = {"NextKeyMarker": "key", "NextVersionIdMarker": str(first + self.page_size)} if cut else {}
        return ({"Versions": listed} if listed else {}) | {"IsTruncated": cut} | after

    def get_paginator(self, name: str) -> Any:
        """Botocore's own paginator over the method of that name."""
        model = boto3.session.Session()._session.get_service_model("s3").operation_model("ListObjectVersions")
        config = boto3.session.Session()._loader.load_service_model("s3", "paginators-1")["pagination"]
        return Paginator(getattr(self, name), config["ListObjectVersions"], model)

    @operation("GetObjectRetention")
    def get_object_retention(self, parameters: dict[str, Any]) -> Any:
        lock = self._find(parameters).lock
        if not lock:
            refuse(NO_LOCK, "GetObjectRetention")
        return {"Retention": dict(lock)}

    @operation("PutObjectRetention")
    def put_object_retention(self, parameters: dict[str, Any]) -> Any:
        version, wanted = self._find(parameters), parameters["Retention"]
        if had := version.lock:
            changes_mode, ends_earlier = (
                had["Mode"] != wanted["Mode"],
                wanted["RetainUntilDate"] < had["RetainUntilDate"],
            )
            # The caller may not bypass governance. S3 lets no other change the mode, not even to the stricter one.
            if changes_mode or ends_earlier:
                refuse("AccessDenied", "PutObjectRetention", 403)
        if "PutObjectRetention" not in self.ignored:
            version.lock = dict(wanted)

    @operation("GetObjectLegalHold")
    def get_object_legal_hold(self, parameters: dict[str, Any]) -> Any:
        hold = self._find(parameters).hold
        if not hold:
            refuse(NO_LOCK, "GetObjectLegalHold")
        return {"LegalHold": {"Status": hold}}

    @operation("PutObjectLegalHold")
    def put_object_legal_hold(self, parameters: dict[str, Any]) -> Any:
        if "PutObjectLegalHold" not in self.ignored:
            self._find(parameters).hold = parameters["LegalHold"]["Status"]

    def _find(self, parameters: dict[str, Any]) -> Version:
        wanted = (parameters["Key"], parameters["VersionId"])
        found = [version for version in self.versions if (version.key, version.id) == wanted]
        if not found:
            refuse("NoSuchVersion", "GetObject", 404)
        return found[0]


def refuse(code: str, name: str, status: int = 400) -> NoReturn:
    """Raise the error that boto3 makes of such a response."""
    raise ClientError({"Error": {"Code": code}, "ResponseMetadata": {"HTTPStatusCode": status}}, name)  # type: ignore[typeddict-item]
