"""A bucket under Object Lock by S3's own rules, in memory: moto tells no lock and checks no checksum."""

import base64
import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import wraps
from typing import Any

import boto3
from botocore.exceptions import ClientError
from botocore.paginate import Paginator
from botocore.validate import validate_parameters

MODEL = boto3.client("s3", region_name="us-east-1", aws_access_key_id="x", aws_secret_access_key="x").meta.service_model
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
    """A method of the client: botocore's own model says whether S3 takes what is asked."""

    def make(method: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(method)
        def call(self: "LockedBucket", **asked: Any) -> Any:
            validate_parameters(asked, MODEL.operation_model(name).input_shape)
            self.calls.append(name)
            self.asked.append(asked)
            if self.fails.get(name):
                refuse(self.fails[name].pop(0), name)
            return method(self, asked)

        return call

    return make


@dataclass
class LockedBucket:
    """What boto3's S3 client does in the quarantine."""

    versions: list[Version] = field(default_factory=list)  # newest first, as S3 lists them
    calls: list[str] = field(default_factory=list)
    asked: list[dict[str, Any]] = field(default_factory=list)  # of each call, its parameters
    fails: dict[str, list[str]] = field(default_factory=dict)  # error codes by operation
    deaf: set[str] = field(default_factory=set)  # what these write is not there afterwards
    checksum: str = ""  # that it tells instead of the true one
    page: int = 1000  # versions that one answer lists

    @operation("PutObject")
    def put_object(self, asked: dict[str, Any]) -> Any:
        if asked["IfNoneMatch"] == "*" and any(version.key == asked["Key"] for version in self.versions):
            refuse("PreconditionFailed", "PutObject", 412)
        digest = base64.b64encode(hashlib.sha256(asked["Body"]).digest()).decode()
        if asked["ChecksumSHA256"] != digest:
            refuse("BadDigest", "PutObject")
        made = Version(asked["Key"], f"q.{len(self.versions)}", asked["Body"])
        if "PutObject" not in self.deaf:
            made.lock = {"Mode": asked["ObjectLockMode"], "RetainUntilDate": asked["ObjectLockRetainUntilDate"]}
            made.hold = asked.get("ObjectLockLegalHoldStatus", "")
        self.versions.insert(0, made)
        return {"ChecksumSHA256": self.checksum or digest, "VersionId": made.id}

    @operation("ListObjectVersions")
    def list_object_versions(self, asked: dict[str, Any]) -> Any:
        found = sorted((v for v in self.versions if v.key.startswith(asked["Prefix"])), key=lambda v: v.key)
        listed = [{"Key": version.key, "VersionId": version.id, "Size": len(version.body)} for version in found]
        first = int(asked.get("VersionIdMarker", 0))
        listed, cut = listed[first : first + self.page], len(listed) > first + self.page
        after = {"NextKeyMarker": "key", "NextVersionIdMarker": str(first + self.page)} if cut else {}
        return ({"Versions": listed} if listed else {}) | {"IsTruncated": cut} | after

    def get_paginator(self, name: str) -> Any:
        """Botocore's own paginator over the method of that name."""
        model = boto3.session.Session()._session.get_service_model("s3").operation_model("ListObjectVersions")
        config = boto3.session.Session()._loader.load_service_model("s3", "paginators-1")["pagination"]
        return Paginator(getattr(self, name), config["ListObjectVersions"], model)

    @operation("GetObjectRetention")
    def get_object_retention(self, asked: dict[str, Any]) -> Any:
        return {"Retention": dict(self.one(asked).lock or refuse(NO_LOCK, "GetObjectRetention"))}

    @operation("PutObjectRetention")
    def put_object_retention(self, asked: dict[str, Any]) -> Any:
        version, wanted = self.one(asked), asked["Retention"]
        had = version.lock or {"Mode": "GOVERNANCE", "RetainUntilDate": datetime.fromtimestamp(0, UTC)}
        weaker = had["Mode"] == "COMPLIANCE" != wanted["Mode"]
        if weaker or wanted["RetainUntilDate"] < had["RetainUntilDate"]:
            refuse("AccessDenied", "PutObjectRetention", 403)
        if "PutObjectRetention" not in self.deaf:
            version.lock = dict(wanted)

    @operation("GetObjectLegalHold")
    def get_object_legal_hold(self, asked: dict[str, Any]) -> Any:
        return {"LegalHold": {"Status": self.one(asked).hold or refuse(NO_LOCK, "GetObjectLegalHold")}}

    @operation("PutObjectLegalHold")
    def put_object_legal_hold(self, asked: dict[str, Any]) -> Any:
        if "PutObjectLegalHold" not in self.deaf:
            self.one(asked).hold = asked["LegalHold"]["Status"]

    def one(self, asked: dict[str, Any]) -> Version:
        for version in self.versions:
            if (version.key, version.id) == (asked["Key"], asked["VersionId"]):
                return version
        return refuse("NoSuchVersion", "GetObject", 404)


def refuse(code: str, name: str, status: int = 400) -> Any:
    raise ClientError({"Error": {"Code": code}, "ResponseMetadata": {"HTTPStatusCode": status}}, name)  # type: ignore[typeddict-item]
