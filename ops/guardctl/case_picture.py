"""Reads a quarantined copy and its locked evidence record with the break-glass role, into an exported case."""

import hashlib
from collections.abc import Mapping
from typing import Any

from ops.errors import CannotProceedError
from ops.guardctl.break_glass import break_glass_clients
from ops.guardctl.case_directory import CaseDirectory
from ops.guardctl.case_documents import build_evidence, find_differences
from ops.guardctl.target import Target

LOCKED_RECORD = "evidence-locked.json"
_CHUNK_BYTES = 1 << 20


def fetch_picture(target: Target, item: Mapping[str, Any], case: CaseDirectory) -> dict[str, Any]:
    """Write the picture and the locked record into the case. Return what was learnt: hashes, lock and differences.

    Raises CannotProceedError where the bytes are not those of the result, and botocore's errors.
    """
    s3, bucket = break_glass_clients(target)("s3"), target.stack.output("QuarantineBucketName")
    locked = s3.get_object(Bucket=bucket, Key=item["evidence_key"])["Body"].read()
    case.write(LOCKED_RECORD, locked)
    copy = s3.get_object(Bucket=bucket, Key=item["quarantine_key"], VersionId=item["quarantine_version"])
    # No ending: a file manager would open it, or show it in small.
    hashes = _write_picture(copy["Body"], case, f"picture-{item['sha256'][:12]}")
    if hashes["sha256"] != item["sha256"]:
        raise CannotProceedError(f"The copy's SHA-256 is {hashes['sha256']}, and not the result's {item['sha256']}")
    until = copy.get("ObjectLockRetainUntilDate")
    return {
        **hashes,
        "locked_until": until and until.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "lock_mode": copy.get("ObjectLockMode"),
        "legal_hold": copy.get("ObjectLockLegalHoldStatus", "OFF"),
        "differences": find_differences(build_evidence(item), locked),
    }


def _write_picture(body: Any, case: CaseDirectory, name: str) -> dict[str, str]:
    # MD5 and SHA-1 are what a report's hash lists know files by, and protect nothing here.
    digests = {kind: hashlib.new(kind, usedforsecurity=False) for kind in ("sha256", "sha1", "md5")}
    with case.open(name) as file:
        for chunk in body.iter_chunks(_CHUNK_BYTES):
            file.write(chunk)
            for digest in digests.values():
                digest.update(chunk)
    return {kind: digest.hexdigest() for kind, digest in digests.items()}
