"""Tries to read what nobody should: an upload without permission by its status, and a copy in quarantine."""

from collections.abc import Iterator
from typing import Any

from botocore.exceptions import ClientError

from ops.guardctl.doctor.deployment import Deployment
from ops.guardctl.doctor.findings import Finding, Level, find
from ops.guardctl.uploads import Results

# Versions that the read gate keeps from readers, unless ReadableStatuses names them.
_UNREADABLE = ("MATCHED", "UNSCANNABLE", "FAILED")
_MOST_TRIED = 20
_DENIED, _GONE = ("AccessDenied", "403"), ("NoSuchKey", "NoSuchVersion", "404", "MethodNotAllowed", "405")


def check_read_gate(deployment: Deployment) -> Iterator[Finding]:
    """Try to read one byte of an upload that the read gate keeps from everybody, with the caller's own credentials."""
    if deployment.parameter("ReadGate") != "on":
        yield Finding(
            Level.WARNING,
            "read gate",
            "off: an upload can be read before its verdict",
            "Deploy with ReadGate=on (docs/read-gate.md)",
        )
        return
    readable = {status.upper() for status in deployment.parameter("ReadableStatuses").split(",")}
    statuses = [status for status in _UNREADABLE if status not in readable]
    bucket = deployment.resource("UploadBucket")
    items = Results(deployment.target).first_of_attention(statuses, _MOST_TRIED)
    objects = [(bucket, item["upload"].removeprefix(f"{bucket}/"), item["version"]) for item in items]
    own = [each for each, item in zip(objects, items, strict=True) if item["upload"].startswith(f"{bucket}/")]
    yield _try(
        deployment,
        "read gate",
        own,
        "no upload is unscannable, failed or matched, and so there is none to try",
    )


def check_quarantine(deployment: Deployment) -> Iterator[Finding]:
    """Try to read one byte of a copy in quarantine, with the caller's own credentials."""
    bucket = deployment.resource("QuarantineBucket")
    items = Results(deployment.target).first_of_attention(("QUARANTINED",), _MOST_TRIED)
    copies = [
        (bucket, one["quarantine_key"], one.get("quarantine_version")) for one in items if "quarantine_key" in one
    ]
    found = copies or _list_copies(deployment, bucket)
    yield _try(deployment, "reading the quarantine", found, "there is no copy in quarantine that you see")


def _list_copies(deployment: Deployment, bucket: str) -> list[tuple[str, str, str | None]]:
    """List some copies, where the caller may: a test match is not on the list of what needs a person."""
    if deployment.target.own_client is None:
        return []
    try:
        listed = deployment.target.own_client("s3").list_object_versions(Bucket=bucket, MaxKeys=_MOST_TRIED)
    except ClientError as error:
        if error.response["Error"]["Code"] in _DENIED:
            return []
        raise
    return [(bucket, one["Key"], one["VersionId"]) for one in listed.get("Versions", [])]


def _try(deployment: Deployment, subject: str, objects: list[tuple[str, str, str | None]], none: str) -> Finding:
    if deployment.target.own_client is None:
        return Finding(Level.UNCHECKED, subject, "not tried: your own credentials are not known")
    s3 = deployment.target.own_client("s3")
    for bucket, key, version in objects:
        refused = _find_refusal(s3, bucket, key, version)
        if refused is not None:
            return find(
                bool(refused),
                subject,
                f"you may not read it: {refused}",
                f"you ({deployment.target.who}) can read version {version} of an object that nobody should read",
                "See what the check of the policies says, and who you are: only the scanners' roles may read an "
                "upload, and only the break-glass role a copy. Until then, take s3:GetObject from whoever has it",
            )
    return Finding(Level.UNCHECKED, subject, f"not tried: {none}")


def _find_refusal(s3: Any, bucket: str, key: str, version: str | None) -> str | None:
    """Return how reading one byte was refused, nothing where it was not, and None where the object is gone."""
    try:
        s3.get_object(Bucket=bucket, Key=key, Range="bytes=0-0", **({"VersionId": version} if version else {}))
    except ClientError as error:
        code, message = error.response["Error"]["Code"], error.response["Error"].get("Message", "")
        if code in _DENIED:
            # S3 says of a resource policy's Deny that it was one. Without that your own policies may have refused.
            is_policy = "resource-based policy" in message or "denied by Deny" in message
            return "the bucket's policy denies it" if is_policy else "refused, by the bucket's policy or by your own"
        if code in _GONE:
            return None
        if code != "InvalidRange":
            raise
    return ""
