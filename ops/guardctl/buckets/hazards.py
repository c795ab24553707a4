"""What an owner has set in a bucket that keeps the scanners out, or lets pictures by. Pure."""

from collections.abc import Iterator, Sequence
from fnmatch import fnmatchcase
from typing import Any

from ops.guardctl.buckets.facts import BucketFacts
from ops.guardctl.buckets.policy import Statement, list_statements
from ops.guardctl.doctor.findings import Finding, Level, find

# An upload may wait in a queue for 14 days.
MIN_LIFE_DAYS = 15
_PUBLIC = ("BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets")
_NEEDED = (
    "s3:getobject",
    "s3:getobjectversion",
    "s3:getobjecttagging",
    "s3:getobjectversiontagging",
    "s3:putobjecttagging",
    "s3:putobjectversiontagging",
    "s3:deleteobjectversion",
    "s3:listbucketversions",
)
# A statement with one of these denies what the scanners and the service never do.
_HARMLESS_KEYS = ("aws:securetransport", "s3:tlsversion")


def find_hazards(
    facts: BucketFacts, keys: Sequence[str], scanners: Sequence[str], ours: Sequence[str]
) -> Iterator[Finding]:
    """Yield what was found. `keys`: ARNs with which the scanners may decrypt. `ours`: ids of the guard's statements."""
    name = f"bucket {facts.name}:"
    yield _check_key(name, facts, keys)
    barring = [one for one in list_statements(facts.policy) if one.get("Sid") not in ours and _bars(one, scanners)]
    yield find(
        not barring,
        f"{name} the owner's denials",
        "none keeps the scanners out",
        f"{', '.join(one.get('Sid', 'one without Sid') for one in barring)}: may keep out the scanners, or the service "
        f"that fetches a picture by a URL which a scanner signed",
        f'Add to the Condition of each: "ArnNotEquals": {{"aws:PrincipalArn": {_as_list(scanners)}}}. A URL '
        f"counts as the scanner's that signed it",
        Level.WARNING,
    )
    short = [str(rule.get("ID", "one without ID")) for rule in facts.lifecycle if _is_short(rule)]
    yield find(
        not short,
        f"{name} lifecycle",
        f"nothing expires within {MIN_LIFE_DAYS} days",
        f"{', '.join(short)}: versions expire within {MIN_LIFE_DAYS} days, and may do so before they are checked",
        f"Let them expire after {MIN_LIFE_DAYS} days or later",
        Level.WARNING,
    )
    yield find(
        facts.ownership == "BucketOwnerEnforced",
        f"{name} access control lists",
        "off",
        "on: the scanners cannot read an object that another account owns",
        f"aws s3api put-bucket-ownership-controls --bucket {facts.name} --ownership-controls "
        f"'Rules=[{{ObjectOwnership=BucketOwnerEnforced}}]'",
        Level.WARNING,
    )
    copied = [str(rule.get("ID", "one without ID")) for rule in facts.replication if rule.get("Status") == "Enabled"]
    yield find(
        not copied,
        f"{name} replication",
        "none out of it",
        f"{', '.join(copied)}: copies what nobody has checked to a bucket where no read gate stands",
        "Put the read gate there as well (docs/read-gate.md), or end the replication",
        Level.WARNING,
    )
    missing = [each for each in _PUBLIC if not facts.public_access.get(each)]
    yield find(
        not missing,
        f"{name} public access",
        "blocked",
        f"not blocked ({', '.join(missing)}): the read gate alone may stand between an upload and everybody",
        f"aws s3api put-public-access-block --bucket {facts.name} --public-access-block-configuration "
        + ",".join(f"{each}=true" for each in _PUBLIC),
        Level.WARNING,
    )


def _check_key(name: str, facts: BucketFacts, keys: Sequence[str]) -> Finding:
    defaults = [rule.get("ApplyServerSideEncryptionByDefault", {}) for rule in facts.encryption]
    used = [str(one["KMSMasterKeyID"]) for one in defaults if one.get("KMSMasterKeyID")]
    # S3's own key in KMS lets everybody in the account use it through S3.
    unknown = [one for one in used if not one.endswith("alias/aws/s3") and not _is_known(one, keys)]
    return find(
        not unknown,
        f"{name} encryption",
        "the scanners can decrypt",
        f"by default with {', '.join(unknown)}, which is not in UploadKeyArns: the scanners cannot read any upload",
        "Deploy the stack with the key's ARN in UploadKeyArns, and let the key's policy permit it (docs/deploy.md)",
    )


def _is_known(key: str, keys: Sequence[str]) -> bool:
    return any(one == key or one.endswith(f":key/{key}") for one in keys)


def _is_short(rule: dict[str, Any]) -> bool:
    current, noncurrent = rule.get("Expiration", {}), rule.get("NoncurrentVersionExpiration", {})
    days = [one for one in (current.get("Days"), noncurrent.get("NoncurrentDays")) if one is not None]
    # Expiry on a date takes whatever is there on that day.
    return rule.get("Status") == "Enabled" and (any(one < MIN_LIFE_DAYS for one in days) or "Date" in current)


def _bars(statement: Statement, scanners: Sequence[str]) -> bool:
    """Return whether a statement may deny to the scanners what they do. In doubt it does."""
    if statement.get("Effect") != "Deny" or not _concerns_needed_actions(statement):
        return False
    if "Principal" in statement and not _names(statement["Principal"], scanners):
        return False
    tests = [(operator.lower(), key.lower(), _listed(value))
             for operator, keys in statement.get("Condition", {}).items() for key, value in keys.items()]  # fmt: skip
    return not any(
        key in _HARMLESS_KEYS or _exempts(operator, key, values, scanners) for operator, key, values in tests
    )


def _concerns_needed_actions(statement: Statement) -> bool:
    patterns = [str(one).lower() for one in _listed(statement.get("Action", statement.get("NotAction", [])))]
    hit = [any(fnmatchcase(action, pattern) for pattern in patterns) for action in _NEEDED]
    return any(hit) if "Action" in statement else not all(hit)


def _names(principal: Any, scanners: Sequence[str]) -> bool:
    named = _listed(principal.get("AWS", [])) if isinstance(principal, dict) else [principal]
    return any(one == "*" or one in scanners or str(one).endswith(":root") or str(one).isdigit() for one in named)


def _exempts(operator: str, key: str, values: list[Any], scanners: Sequence[str]) -> bool:
    if key != "aws:principalarn" or not operator.startswith(("arnnot", "stringnot")) or not scanners:
        return False
    return all(any(fnmatchcase(role, str(value)) for value in values) for role in scanners)


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _as_list(names: Sequence[str]) -> str:
    return "[" + ", ".join(f'"{name}"' for name in names) + "]"
