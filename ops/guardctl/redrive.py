"""guardctl redrive: sends failed uploads back to the retry queue."""

from collections import Counter
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import Progress

from ops.guardctl import queues
from ops.guardctl.dead_letters import DeadLetter, DeadLetterQueue
from ops.guardctl.journal import Journal
from ops.guardctl.options import AsJson, Yes, ask, check_reason, get_target
from ops.guardctl.printing import print_json, print_table
from ops.guardctl.target import Target
from ops.guardctl.uploads import parse_uri

MayLackReason = Annotated[str, typer.Option("--reason", "-r", help="Why, for the journal. --preview needs none.")]
OnlyReason = Annotated[str | None, typer.Option("--only-reason", help="Only messages with this failure_reason.")]
OnlyPrefix = Annotated[str | None, typer.Option("--only-prefix", help="Only uploads below s3://BUCKET/PREFIX.")]


def redrive(
    context: typer.Context,
    reason: MayLackReason = "",
    preview: Annotated[bool, typer.Option("--preview", help="Only show what is there, by reason.")] = False,
    only_reason: OnlyReason = None,
    only_prefix: OnlyPrefix = None,
    yes: Yes = False,
    json: AsJson = False,
) -> None:
    """Send failed uploads from the dead-letter queue back to the retry queue, where they are checked again.

    Repair the cause first. Without a filter SQS moves all messages itself, also those that name no upload: those come
    back. With a filter, messages are read, and moved one by one.
    """
    target = get_target(context)
    if only_prefix is not None:
        parse_uri(only_prefix)
    if preview:
        return _preview(target, only_reason, only_prefix, json)
    why = check_reason(reason)
    waiting = queues.read_depth(target, queues.DEAD_LETTERS).total
    if not waiting:
        print_json({"moved": 0}) if json else print("The dead-letter queue is empty.")
        return None
    is_filtered = only_reason is not None or only_prefix is not None
    ask(f"Send {'matching ones of ' if is_filtered else ''}{waiting} messages back to the retry queue?", yes)
    with Journal(target).recording("redrive", why, only_reason=only_reason, only_prefix=only_prefix) as entry:
        moved = _move_some(target, only_reason, only_prefix) if is_filtered else _move_all(target, waiting)
        entry["moved"] = moved
    print_json({"moved": moved}) if json else print(f"{moved} messages are in the retry queue again.")
    return None


def _preview(target: Target, only_reason: str | None, only_prefix: str | None, json: bool) -> None:
    with DeadLetterQueue(target).reading() as messages_there:
        chosen = [one for one in messages_there if _is_chosen(one, only_reason, only_prefix)]
    counts = Counter(one.reason for one in chosen).most_common()
    if json:
        messages: list[dict[str, Any]] = [{"upload": one.uri or None, "reason": one.reason} for one in chosen]
        return print_json({"by_reason": dict(counts), "messages": messages})
    example = {one.reason: one.uri for one in chosen}
    rows = [(number, reason, example[reason] or "(names no upload)") for reason, number in counts]
    return print_table(("messages", "reason", "one of them"), rows, "No message is there to be received.")


def _move_some(target: Target, only_reason: str | None, only_prefix: str | None) -> int:
    queue, moved = DeadLetterQueue(target), 0
    with queue.reading() as messages:
        for message in messages:
            if _is_chosen(message, only_reason, only_prefix):
                queue.move(message)
                moved += 1
    return moved


def _move_all(target: Target, waiting: int) -> int:
    source, destination = target.stack.output("DeadLetterQueueArn"), target.stack.output("RetryQueueArn")
    # Standard output is for the answer, which a program may read.
    with Progress(transient=True, console=Console(stderr=True)) as shown:
        bar = shown.add_task("Moving messages", total=waiting)

        def show(moved: int) -> None:
            shown.update(bar, completed=moved)

        return DeadLetterQueue(target).move_all(source, destination, show, target.sleep)


def _is_chosen(message: DeadLetter, only_reason: str | None, only_prefix: str | None) -> bool:
    if only_reason is not None and message.reason != only_reason:
        return False
    return only_prefix is None or (bool(message.uri) and message.uri.startswith(only_prefix))
