"""guardctl case export: everything that is known of a match, in one directory, for whoever reports it."""

from pathlib import Path
from typing import Annotated, Any

import typer

from ops.errors import CannotProceedError
from ops.guardctl.case_directory import CASES, CaseDirectory, choose_name
from ops.guardctl.case_documents import build_documents
from ops.guardctl.case_picture import fetch_picture
from ops.guardctl.journal import Journal
from ops.guardctl.options import AsJson, Reason, Uri, Version, Yes, ask, check_reason, get_target
from ops.guardctl.printing import print_json
from ops.guardctl.target import Target
from ops.guardctl.uploads import Results
from photodna_guard.domain.models import Status
from photodna_guard.domain.timestamps import to_iso

case = typer.Typer(help="Cases: what is known of a match, for whoever reports it.", no_args_is_help=True)
# The template's default of RetentionDays.
_RETENTION_DAYS = 400
To = Annotated[Path | None, typer.Option("--to", help=f"The new directory. Else one below {CASES}.")]
WithPicture = Annotated[
    bool, typer.Option("--with-picture", help="Read the picture itself with the break-glass role, and write it too.")
]


@case.command("export")
def export(
    context: typer.Context,
    uri: Uri,
    reason: Reason,
    version: Version = None,
    to: To = None,
    with_picture: WithPicture = False,
    yes: Yes = False,
    json: AsJson = False,
) -> None:
    """Write a match's evidence record, uploader, hashes, answer, chain of custody and the draft of a report.

    The draft has the fields of a CyberTipline report, and is sent nowhere. The picture is not among the files. With
    --with-picture it is: the break-glass role reads it (your own credentials need to be trusted by it, with MFA), its
    SHA-256 is compared, and the locked evidence record is fetched and compared as well. Each export is in the journal.
    """
    target, why = get_target(context), check_reason(reason)
    item = _find_match(Results(target), uri, version)
    check_may_be_exported(uri, item)
    directory = CaseDirectory(to or CASES / choose_name(item))
    if with_picture:
        ask(f"Read the quarantined picture of {uri} with the break-glass role, and write it to {directory.path}?", yes)
    # The entry comes first: nobody reads evidence unseen.
    action = "case export with picture" if with_picture else "case export"
    with directory.create(), Journal(target).recording(action, why, uri, version=item["version"]) as entry:
        entry["directory"] = str(directory.path.absolute())
        fetched = fetch_picture(target, item, directory) if with_picture else {}
        names = _write(target, item, directory, fetched, why)
    answer = {"case": str(directory.path), "files": names, "has_picture": with_picture}
    answer |= {"differences": fetched["differences"]} if fetched else {}
    print_json(answer) if json else print(_describe(answer))


def _find_match(results: Results, uri: str, version: str | None) -> dict[str, Any]:
    """Return the named version, or the only one in quarantine: beside it later uploads may stand."""
    quarantined = [item for item in results.read_versions(uri) if item["status"] == Status.QUARANTINED]
    is_clear = version is None and len(quarantined) == 1
    return quarantined[0] if is_clear else results.read_version(uri, version)


def check_may_be_exported(uri: str, item: dict[str, Any]) -> None:
    """Raise CannotProceedError for a result that is no case."""
    if item["status"] == Status.MATCHED:
        raise CannotProceedError(f"{uri} is a match that is not in quarantine yet (guardctl show says why it waits)")
    if item["status"] != Status.QUARANTINED:
        earlier = "Its earlier matches are in guardctl show --json" if item.get("previous_matches") else ""
        raise CannotProceedError(". ".join(filter(None, (f"{uri} is {item['status']}, and no match", earlier))))
    if item["is_test"]:
        raise CannotProceedError(f"{uri} matched the service's own samples only: it is no case, and not to be reported")


def _write(
    target: Target, item: dict[str, Any], directory: CaseDirectory, fetched: dict[str, Any], why: str
) -> list[str]:
    entries = Journal(target).of_subject(f"s3://{item['upload']}")
    days = int(target.stack.parameters.get("RetentionDays", _RETENTION_DAYS))
    for name, content in build_documents(item, entries, fetched, days).items():
        directory.write(name, content)
    return directory.finish(item, target.who, to_iso(target.now()), why)


def _describe(answer: dict[str, Any]) -> str:
    lines = [f"{answer['case']} has the case: {', '.join(answer['files'])}."]
    if answer.get("differences"):
        parts = ", ".join(answer["differences"])
        lines.append(f"LOOK: the locked evidence record and the result differ in {parts}. The locked one counts.")
    lines.append("The draft of the report lists what a person has to fill (to_be_filled). Nothing was sent.")
    return "\n".join(lines)
