"""What the stack wants of a bucket that exists: its name in the parameter, its place, and statements in its policy."""

import re
import shlex
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from ops.errors import CannotProceedError
from ops.guardctl.buckets.facts import BucketFacts, BucketReader
from ops.guardctl.buckets.policy import MAX_POLICY_BYTES, Statement, find_conflicts, list_statements, merge, sids_of
from ops.guardctl.buckets.policy import parse_statements as parse
from ops.guardctl.target import Target

_NAME = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")


@dataclass(frozen=True)
class Wanted:
    """The statements about matches, those of the read gate, and whether the stack's own bucket has the read gate."""

    matches: list[Statement]
    gate: list[Statement]
    has_gate: bool

    @property
    def sids(self) -> list[str]:
        """The ids of all these statements."""
        return sids_of([*self.matches, *self.gate])

    def statements(self, with_gate: bool) -> list[Statement]:
        """Return the statements to put: those about matches always."""
        return [*self.matches, *(self.gate if with_gate else [])]

    def plan_policy(self, facts: BucketFacts, with_gate: bool, recorded: Collection[str]) -> str | None:
        """Return the bucket's policy with the statements. Raises CannotProceedError where that cannot be.

        A read gate that stands already stays. `recorded`: ids of statements that guardctl put there.
        """
        wanted = self.statements(with_gate)
        conflicts = find_conflicts(facts.policy, wanted, recorded)
        if conflicts:
            raise CannotProceedError(
                f"The policy of {facts.name} has statements of its owner under ids that are needed: "
                f"{', '.join(conflicts)}. Give them another Sid, or delete them, and give the command again"
            )
        if not with_gate:
            gate = sids_of(self.gate)
            wanted += [one for one in list_statements(facts.policy) if one.get("Sid") in gate]
        merged = merge(facts.policy, wanted, {*self.sids, *recorded})
        size = len((merged or "").encode())
        if size > MAX_POLICY_BYTES:
            raise CannotProceedError(
                f"The policy of {facts.name} would have {size:,} bytes, and S3 takes {MAX_POLICY_BYTES:,}. Make its "
                f"owner's statements shorter, and give the command again"
            )
        return merged


def read_wanted(target: Target, bucket: str) -> Wanted:
    """Return what the stack's outputs want of a bucket. Raises CannotProceedError for a stack of an older version."""
    outputs, parameters = target.stack.outputs, target.stack.parameters
    if "MatchStatements" not in outputs or "ReadGateStatements" not in outputs:
        raise CannotProceedError("The stack knows no other buckets yet. Deploy it again with this version's template")
    matches, gate = (parse(outputs[name], bucket) for name in ("MatchStatements", "ReadGateStatements"))
    return Wanted(matches, gate, parameters.get("ReadGate", "on") == "on")


def listed_buckets(target: Target) -> list[str]:
    """Return the buckets of the stack's parameter."""
    return list(filter(None, map(str.strip, target.stack.parameters.get("Buckets", "").split(","))))


def check_watched(target: Target, bucket: str) -> str:
    """Return a bucket's name. Raises CannotProceedError where no upload to it reaches this stack."""
    name = bucket.removeprefix("s3://").rstrip("/")
    watched = [target.stack.output("UploadBucketName"), *listed_buckets(target)]
    if name not in watched:
        raise CannotProceedError(
            f"The stack does not watch the bucket {name}. It watches {', '.join(watched)}. Others have to be in its "
            f"parameter Buckets first (docs/buckets.md)"
        )
    return name


def check_name(target: Target, bucket: str) -> str:
    """Return a bucket's name. Raises CannotProceedError for none, and for the stack's own."""
    name = bucket.removeprefix("s3://").rstrip("/")
    if not _NAME.fullmatch(name):
        raise CannotProceedError(f"{bucket!r} names no bucket. Give its name alone, such as pictures-of-2019")
    own = [target.stack.outputs.get(output) for output in ("UploadBucketName", "QuarantineBucketName")]
    if name in own:
        raise CannotProceedError(f"{name} is the stack's own: its template sets it up. See guardctl doctor")
    return name


def check_place(target: Target, bucket: str, reader: BucketReader) -> None:
    """Raise CannotProceedError unless the stack watches the bucket, which must be in its Region."""
    is_listed = bucket in listed_buckets(target)
    try:
        region, own = reader.read_region(), target.client("s3").meta.region_name
    except CannotProceedError:
        # Without the parameter the operator role may read nothing of the bucket.
        if is_listed:
            raise
        raise CannotProceedError(explain_parameter(target, bucket)) from None
    if region != own:
        raise CannotProceedError(
            f"{bucket} is in {region}, and the stack in {own}: S3 sends a bucket's events to its own Region only. "
            f"Deploy another stack there"
        )
    if not is_listed:
        raise CannotProceedError(explain_parameter(target, bucket))


def explain_parameter(target: Target, bucket: str) -> str:
    """Say how a bucket gets into the stack's parameter."""
    return (
        f"The stack does not watch {bucket} yet, and without its rights and its rule nothing behind the read gate "
        f"would be opened. Deploy it first, with all its other parameters as they are: "
        f"{deploy_command(target, [*listed_buckets(target), bucket])}"
    )


def deploy_command(target: Target, buckets: Sequence[str]) -> str:
    """Return the command that deploys the stack for these buckets."""
    # SAM takes no empty value without its quotes.
    given = shlex.quote("Buckets=" + (",".join(buckets) or '""'))
    return f"sam deploy --stack-name {target.stack.name} --parameter-overrides {given}"
