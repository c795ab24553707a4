"""guardctl release: a false match goes back to its place. One person asks, and another one confirms within a day."""

from typing import Annotated, Any

import typer

from ops.errors import CannotProceedError
from ops.guardctl.break_glass import break_glass_clients
from ops.guardctl.journal import Journal
from ops.guardctl.options import AsJson, Version, Yes, ask, check_reason, check_uri, get_target
from ops.guardctl.printing import print_json, print_table
from ops.guardctl.put_back import PlaceTakenError, PutBack
from ops.guardctl.release_items import Item
from ops.guardctl.releases import Releases
from ops.guardctl.target import Target
from ops.guardctl.uploads import Results
from photodna_guard.domain.release_record import release_record_name
from photodna_guard.domain.releases import ReleaseState, parse_release

_LISTED = ("state", "upload", "version", "anywhere", "requested_at", "requested_by", "confirmed_by", "reason")
_RELEASED = ("requested_by", "requested_at", "reason", "confirmed_by", "confirmed_at", "confirmation")
MaybeUri = Annotated[str | None, typer.Argument(metavar="s3://BUCKET/KEY", help="The quarantined upload.")]
MaybeReason = Annotated[str | None, typer.Option("--reason", "-r", help="Why. It becomes part of the evidence.")]
Anywhere = Annotated[bool, typer.Option("--anywhere", help="These bytes in every place, and not only in this one.")]
Confirm = Annotated[bool, typer.Option("--confirm", help="Confirm what another person asked for, and put it back.")]
Withdraw = Annotated[bool, typer.Option("--withdraw", help="End a release: the bytes are a match as any other.")]
Listing = Annotated[bool, typer.Option("--list", help="Show all releases, the newest first.")]


def release(
    context: typer.Context,
    uri: MaybeUri = None,
    reason: MaybeReason = None,
    version: Version = None,
    anywhere: Anywhere = False,
    confirm: Confirm = False,
    withdraw: Withdraw = False,
    listing: Listing = False,
    yes: Yes = False,
    json: AsJson = False,
) -> None:
    """Release a false match: the exact version goes back to its place, and is not quarantined again.

    One person asks. Another one gives the same call with --confirm within 24 hours; that takes the break-glass role,
    and rings its alarm. After a crash the same person gives the same command again. The quarantined copy stays, and
    both people are in the evidence.
    """
    if confirm + withdraw + listing > 1:
        raise CannotProceedError("Give one of --confirm, --withdraw and --list")
    target = get_target(context)
    if listing:
        return _show(Releases(target), json)
    if not uri:
        raise CannotProceedError("Which upload? Give s3://BUCKET/KEY, or --list")
    why = check_reason(reason or "")
    results = Results(target)
    result = results.read_quarantined(check_uri(uri), version)
    _check_may_be_released(uri, result)
    change = Change(target, results, result, anywhere, why)
    if withdraw:
        return change.withdraw(uri, yes, json)
    if confirm:
        return change.confirm(uri, yes, json)
    return change.request(uri, yes, json)


class Change:
    """What one person does about the release of one result."""

    def __init__(self, target: Target, results: Results, result: Item, anywhere: bool, why: str) -> None:
        self._target, self._results, self._result = target, results, result
        self._releases, self._anywhere, self._why = Releases(target), anywhere, why
        self._place = "anywhere" if anywhere else "in its place"

    def request(self, uri: str, yes: bool, json: bool) -> None:
        """Ask for the release."""
        ask(f"Ask for the release of {uri} ({self._place})? Another person has to confirm it.", yes)
        with self._recording("release", uri):
            found = self._releases.request(self._result, self._anywhere, self._why)
        confirm = f"guardctl release {uri} --confirm{' --anywhere' if self._anywhere else ''} --reason WHY"
        say = f"Asked for at {found['requested_at']}. Within 24 hours another person gives:\n{confirm}"
        _print(found, say, json)

    def confirm(self, uri: str, yes: bool, json: bool) -> None:
        """Confirm the release, put the object back, and note it. Each step may be the last before a crash."""
        found = self._releases.find(self._result, self._anywhere)
        asked = "{requested_by} asked for it: {reason}. ".format(**found) if found else ""
        ask(f"{asked}Release {uri} ({self._place}) and put it back? This takes the break-glass role.", yes)
        with self._recording("release confirm", uri) as entry:
            if found.get("state") != ReleaseState.DONE:
                found = self._put_back(found)
            entry["released_version"] = found["released_version"]
            self._mark_released(found)
        say = (
            f"{uri} is back as version {found['released_version']}. It can be read once it is checked (guardctl show)."
        )
        _print(found, say, json)

    def withdraw(self, uri: str, yes: bool, json: bool) -> None:
        """End the release."""
        found = self._releases.find(self._result, self._anywhere)
        if not found:
            raise CannotProceedError(f"There is no release of {uri} {self._place}. guardctl release --list shows all")
        ask(f"Withdraw the release of {uri} ({self._place})?", yes)
        with self._recording("release withdraw", uri):
            found = self._releases.withdraw(found, self._why)
            self._results.mark_withdrawn(self._result)
        say = (
            "Withdrawn: its bytes are a match as any other. Versions that were opened before stay so: guardctl rescan."
        )
        _print(found, say, json)

    def _recording(self, action: str, uri: str) -> Any:
        facts = {"version": self._result["version"], "sha256": self._result["sha256"], "anywhere": self._anywhere}
        return Journal(self._target).recording(action, self._why, uri, **facts)

    def _put_back(self, found: Item) -> Item:
        # It may have changed while the question stood there.
        found = self._releases.find(self._result, self._anywhere)
        # Refuse whom the release refuses before the glass is broken.
        self._releases.check_confirmer(found)
        client = break_glass_clients(self._target)
        back = PutBack(client, self._target.stack.output("QuarantineBucketName"))
        back.check_copy(self._result)
        # The scanners open these bytes from here on. So no scan of what is put back finds a match.
        found = self._releases.confirm(found, self._why, client)
        try:
            version = back.put(self._result)
        except PlaceTakenError:
            version = self._find_released(found)
        return self._releases.finish(found, version, client)

    def _find_released(self, found: Item) -> str:
        """Return the version that an earlier try put back, by its result. Raises CannotProceedError."""
        agreed, uri = parse_release(found), f"s3://{self._result['upload']}"
        for item in self._results.read_versions(uri):
            if agreed and str(item.get("release_key", "")).endswith(f"/{release_record_name(agreed)}"):
                return str(item["version"])
        raise CannotProceedError(
            f"Another object stands at {uri}, and is not replaced. Remove it and give the command again, or --withdraw "
            f"the release. If an earlier try put it there, give the command again once it is checked (guardctl show)"
        )

    def _mark_released(self, found: Item) -> None:
        released = {name: found[name] for name in _RELEASED} | {"version": found["released_version"]}
        self._results.mark_released(self._result, released)


def _check_may_be_released(uri: str, result: Item) -> None:
    if str(result["version"]).startswith("etag:"):
        raise CannotProceedError(
            f"{uri} was in a bucket without versions, where no status can be pinned to what is put back. Put it back "
            f"by hand (docs/runbook.md)"
        )
    if not {"sha256", "size", "quarantine_key", "quarantine_version"} <= result.keys():
        raise CannotProceedError(f"The result of {uri} names no copy. Put it back by hand (docs/runbook.md)")


def _show(releases: Releases, json: bool) -> None:
    found = [item | {"state": releases.state_of(item)} for item in releases.iter_newest()]
    if json:
        return print_json(found)
    rows = [
        [{**item, "anywhere": "yes" if item["scope"] == "*" else ""}.get(name) for name in _LISTED] for item in found
    ]
    return print_table(_LISTED, rows, "Nothing was released, and nobody has asked for it.")


def _print(found: Item, say: str, json: bool) -> None:
    print_json(found) if json else print(say)
