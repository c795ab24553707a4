"""guardctl scope: what is left unscanned, by prefix or by writer, each upload SKIPPED with its reason."""

from typing import Annotated, Any

import typer

from ops.errors import CannotProceedError
from ops.guardctl.buckets.wanted import check_watched
from ops.guardctl.journal import Journal
from ops.guardctl.options import AsJson, Reason, Yes, as_plain, ask, check_reason, get_target
from ops.guardctl.printing import print_json, print_table
from ops.guardctl.tables import OperatedTable
from ops.guardctl.target import Target
from photodna_guard.domain.scan_scope import PARTITION, RuleKind, check_writer, split_prefix
from photodna_guard.domain.timestamps import to_iso

scope = typer.Typer(help="What is left unscanned: prefixes, and what trusted writers upload.", no_args_is_help=True)

_HOW = "Name a prefix as s3://BUCKET/PREFIX, and a writer as aws iam get-role shows its RoleId"
_IN_FORCE = "It holds within a minute, for uploads from then on."
Prefix = Annotated[str, typer.Argument(metavar="s3://BUCKET/PREFIX", help="A prefix of keys, taken as it is.")]
Writer = Annotated[str, typer.Argument(metavar="ROLE", help="The unique id of an IAM role or user, AROA... or AIDA...")]


@scope.command("list")
def list_rules(context: typer.Context, json: AsJson = False) -> None:
    """List the rules in force. Without any everything is scanned."""
    rules = _Rules(get_target(context)).read()
    if json:
        return print_json(as_plain(rules))
    names = ("kind", "subject", "by", "at", "reason")
    return print_table(names, [[rule.get(name) for name in names] for rule in rules], "Everything is scanned.")


@scope.command("leave-out")
def leave_out(context: typer.Context, prefix: Prefix, reason: Reason, yes: Yes = False, json: AsJson = False) -> None:
    """Scan nothing whose key begins so. Such an upload is SKIPPED as prefix-left-out, which is its tag as well.

    The read gate keeps it closed unless prefix-left-out is one of the stack's ReadableStatuses: then whoever may upload
    there can show any picture. Of several prefixes that fit the longest decides.
    """
    _add(context, RuleKind.LEAVE_OUT, _check(split_prefix, prefix), reason, yes, json)


@scope.command("only")
def only(context: typer.Context, prefix: Prefix, reason: Reason, yes: Yes = False, json: AsJson = False) -> None:
    """Scan in this bucket only what begins so, or with another such prefix. All else is SKIPPED as prefix-left-out."""
    _add(context, RuleKind.ONLY, _check(split_prefix, prefix), reason, yes, json)


@scope.command("trust")
def trust(context: typer.Context, writer: Writer, reason: Reason, yes: Yes = False, json: AsJson = False) -> None:
    """Scan nothing that this role or user uploads to the stack's own bucket. It is SKIPPED as trusted-writer.

    `aws iam get-role --role-name NAME --query Role.RoleId` shows the id of a role. EventBridge names no writer, and so
    all uploads to buckets of the parameter Buckets are scanned.
    """
    _add(context, RuleKind.TRUST, _check(check_writer, writer), reason, yes, json)


@scope.command("remove")
def remove(
    context: typer.Context,
    subject: Annotated[str, typer.Argument(metavar="PREFIX|ROLE", help="As guardctl scope list shows it.")],
    reason: Reason,
    yes: Yes = False,
    json: AsJson = False,
) -> None:
    """Take a rule back. What it left out stays as it is until guardctl rescan."""
    target, why = get_target(context), check_reason(reason)
    rules = _Rules(target)
    found = [rule for rule in rules.read() if rule["subject"] == subject]
    if not found:
        raise CannotProceedError(f"There is no rule about {subject}. See guardctl scope list")
    ask(f"Scan what {subject} leaves out from now on?", yes)
    with Journal(target).recording("scope remove", why, subject):
        for rule in found:
            rules.put(rule | {"removed": {"by": target.who, "at": to_iso(target.now()), "reason": why}})
    print_json({"removed": subject}) if json else print(f"The rule about {subject} is gone. {_IN_FORCE}")


class _Rules:
    """The rules in the operations table. A removed one stays there."""

    def __init__(self, target: Target) -> None:
        self._table = OperatedTable(target.client("dynamodb"), target.stack.output("OperationsTableName"))

    def read(self) -> list[dict[str, Any]]:
        return [rule for rule in self._table.query("partition", PARTITION, is_consistent=True) if "removed" not in rule]

    def put(self, rule: dict[str, Any]) -> None:
        self._table.put(rule)


def _check(parse: Any, subject: str) -> str:
    try:
        parse(subject)
    except ValueError as error:
        raise CannotProceedError(f"{error}. {_HOW}") from None
    return subject


def _add(context: typer.Context, kind: RuleKind, subject: str, reason: str, yes: bool, json: bool) -> None:
    target, why = get_target(context), check_reason(reason)
    if kind is not RuleKind.TRUST:
        check_watched(target, split_prefix(subject)[0])
    ask(f"{kind.value} {subject}: leave such uploads unscanned? {_describe_reading(target, kind)}", yes)
    rule = {
        "partition": PARTITION,
        "id": f"{kind.value}#{subject}",
        "kind": kind.value,
        "subject": subject,
        "by": target.who,
        "at": to_iso(target.now()),
        "reason": why,
    }
    with Journal(target).recording(f"scope {kind.value}", why, subject):
        _Rules(target).put(rule)
    print_json({kind.value: subject}) if json else print(
        f"{kind.value}: {subject}. {_IN_FORCE} {_describe_reading(target, kind)}"
    )


def _describe_reading(target: Target, kind: RuleKind) -> str:
    """Say whether anybody can read what is left out."""
    tag = (RuleKind.TRUST if kind is RuleKind.TRUST else RuleKind.LEAVE_OUT).value
    parameters = target.stack.parameters
    if parameters.get("ReadGate", "on") != "on" or tag in parameters.get("ReadableStatuses", "").split(","):
        return "They can be read, whatever they show."
    return f"Nobody can read them unless you deploy with {tag} among the ReadableStatuses."
