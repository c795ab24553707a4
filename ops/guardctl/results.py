"""guardctl show, attention, ack and rescan: the results of single uploads."""

from typing import Annotated, Any

import typer

from ops.errors import CannotProceedError
from ops.guardctl.journal import Journal
from ops.guardctl.options import AsJson, Reason, Uri, Version, Yes, as_plain, ask, check_reason, get_target
from ops.guardctl.printing import print_facts, print_json, print_table
from ops.guardctl.target import Target
from ops.guardctl.uploads import ATTENTION, TEST_MATCH, Results
from photodna_guard.domain.timestamps import to_iso

_FACTS = (
    "version",
    "status",
    "reason",
    "hold_reason",
    "received_at",
    "settled_at",
    "attempts",
    "representation",
    "frames_seen",
    "frames_total",
    "matched_frame",
    "tracking_id",
    "is_test",
    "sha256",
    "evidence_key",
)
Status = Annotated[str | None, typer.Option("--status", help=f"Only one of {', '.join(ATTENTION)}, {TEST_MATCH}.")]


def show(context: typer.Context, uri: Uri, json: AsJson = False) -> None:
    """Show the results of all versions of one upload, the oldest first, and where the evidence of a match is."""
    target = get_target(context)
    items = Results(target).read_versions(uri)
    if json:
        return print_json(as_plain(items))
    for item in items:
        print_facts(describe(item, target))
        print()
    return None


def describe(item: dict[str, Any], target: Target) -> dict[str, object]:
    """Return the facts of one version, by their names in docs/results.md."""
    facts: dict[str, object] = {"upload": f"s3://{item['upload']}"} | {name: item.get(name) for name in _FACTS}
    facts["matches"] = ", ".join(_describe_match(match) for match in item["matches"]) or None
    if "quarantine_key" in item:
        bucket = target.stack.output("QuarantineBucketName")
        facts["evidence"] = f"s3://{bucket}/{item['quarantine_key']} (version {item.get('quarantine_version')})"
    facts["needs attention"] = item.get("needs_attention")
    if "acknowledged" in item:
        facts["acknowledged"] = "{at} by {by}: {reason}".format(**item["acknowledged"])
    if released := item.get("released"):
        facts["released"] = describe_release(released) if isinstance(released, dict) else "yes"
    facts["release record"] = item.get("release_key")
    if "decision" in item:
        word = "allowed" if item["decision"]["allowed"] else "denied"
        facts["decision"] = f"{word} at " + "{at} by {by}: {reason}".format(**item["decision"])
    facts["earlier matches"] = len(item.get("previous_matches", [])) or None
    return facts


def describe_release(released: dict[str, Any]) -> str:
    """Return who released a match, and as which version it is back."""
    return (
        "as version {version}, asked for by {requested_by} at {requested_at} ({reason}), confirmed by {confirmed_by} "
        "at {confirmed_at} ({confirmation})"
    ).format(**released)


def attention(
    context: typer.Context,
    status: Status = None,
    count: Annotated[int, typer.Option("--count", "-n", min=1, help="How many at most.")] = 50,
    json: AsJson = False,
) -> None:
    """List what a person should look at: by status the most urgent first, of each the oldest first.

    MATCHED: not in quarantine yet. QUARANTINED: to be reported. GONE: a match whose owner deleted it first. FAILED:
    redrive it. UNTAGGED: no room for the status tag. UNSCANNABLE: nobody knows what it shows. `guardctl ack` takes one
    off. Matches of the service's own samples are listed only with --status TEST.
    """
    if status is not None and status.upper() not in (*ATTENTION, TEST_MATCH):
        raise CannotProceedError(f"{status!r} is no such status. Give one of {', '.join((*ATTENTION, TEST_MATCH))}")
    statuses = [status.upper()] if status else list(ATTENTION)
    items = Results(get_target(context)).first_of_attention(statuses, count)
    if json:
        return print_json(as_plain(items))
    rows = [
        (item["needs_attention"], item.get("reason"), item["received_at"], f"s3://{item['upload']}", item["version"])
        for item in items
    ]
    print_table(("status", "reason", "received", "upload", "version"), rows, "Nothing needs attention.")
    if len(items) == count:
        print(f"\nThese are the first {count}. --count shows more.")
    return None


def ack(
    context: typer.Context, uri: Uri, reason: Reason, version: Version = None, yes: Yes = False, json: AsJson = False
) -> None:
    """Take one upload off the list of what needs attention: somebody has looked at it.

    Its result stays as it is, and nobody can read more or less than before.
    """
    target, why = get_target(context), check_reason(reason)
    results = Results(target)
    item = results.read_version(uri, version)
    _check_may_be_acknowledged(target, uri, item)
    ask(f"Take {uri} ({item['needs_attention']}) off the list?", yes)
    with Journal(target).recording("ack", why, uri, version=item["version"], status=item["needs_attention"]):
        if not results.acknowledge(item, target.who, to_iso(target.now()), why):
            raise CannotProceedError(f"{uri} has changed meanwhile. Look at it again (guardctl show)")
    print_json({"acknowledged": uri}) if json else print(f"{uri} is off the list.")


def _check_may_be_acknowledged(target: Target, uri: str, item: dict[str, Any]) -> None:
    if "needs_attention" not in item:
        raise CannotProceedError(f"{uri} is not on the list: its result is {item['status']}")
    # guardctl bucket remove looks there for what would become readable.
    if item["needs_attention"] == "MATCHED" and target.stack.parameters.get("Mode") != "observe":
        raise CannotProceedError(
            f"{uri} is a match that is not in quarantine yet, and leaves this list when it is there (guardctl status "
            f"says whether something stops that)"
        )
    # By this entry the functions know that the tag is still to be set.
    if item["needs_attention"] == "UNTAGGED":
        raise CannotProceedError(
            f"{uri} has no room for its status tag, and nobody can read it. Remove one of its tags and give guardctl "
            f"rescan; it leaves the list then"
        )


def _describe_match(match: dict[str, Any]) -> str:
    violations = f" ({', '.join(match['violations'])})" if match.get("violations") else ""
    return f"{match['source']}{violations}"
