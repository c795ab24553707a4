"""Reads an event of the user's own, and guesses which function gets it (pure but for the reading of the file)."""

from __future__ import annotations

import json
from collections.abc import Collection
from pathlib import Path
from typing import Any

from local.invoke import event_uploads
from local.invoke.cases import ON_RETRY, ON_SWEEP, ON_UPLOAD, Case, Content
from local.invoke.errors import SampleEventError

_FORMS = "an S3 notification, an EventBridge event of S3, an SQS batch or a schedule's event"
_SCHEDULE = "Scheduled Event"


def read_json(path: Path) -> Any:
    """Read a file of JSON. Raises SampleEventError, which says where the fault is."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise SampleEventError(f"{path}: there is no such file") from None
    except json.JSONDecodeError as error:
        raise SampleEventError(f"{path}, line {error.lineno}, column {error.colno}: not JSON: {error.msg}") from None
    except UnicodeDecodeError:
        raise SampleEventError(f"{path}: not text in UTF-8") from None
    except OSError as error:
        raise SampleEventError(f"{path}: {error.strerror}") from None


def make_case(path: Path, event: Any, function: str, functions: Collection[str]) -> Case:
    """Return the case of an event: each object that it names is made of a drawn clean picture.

    `function` is the wanted one of `functions`, or empty. Raises SampleEventError, which says what is wrong.
    """
    if function and function not in functions:
        raise SampleEventError(f"FUNCTION={function}: template.yaml has {', '.join(sorted(functions))}")
    chosen = function or guess_function(event)
    if not chosen:
        raise SampleEventError(f"{path}: this is not {_FORMS}. FUNCTION=OnUploadFunction sends it nevertheless")
    if _is_schedule(event):
        return Case(chosen, ())
    try:
        _check_records(event)
        contents: list[Content] = ["clean" for _ in event_uploads.list_uploads(event)]
        return Case(chosen, tuple(contents))
    except SampleEventError as error:
        raise SampleEventError(f"{path}: {error}") from None


def guess_function(event: Any) -> str:
    """Return the function to which AWS sends an event of this form; empty for an unknown form."""
    if not isinstance(event, dict):
        return ""
    if _is_schedule(event):
        return ON_SWEEP
    if event.get("source") == "aws.s3" or event.get("Event") == "s3:TestEvent":
        return ON_UPLOAD
    records = event.get("Records")
    first = records[0] if isinstance(records, list) and records and isinstance(records[0], dict) else {}
    if first.get("eventSource") == "aws:sqs":
        return ON_RETRY
    return ON_UPLOAD if "s3" in first or "Sns" in first or first.get("EventSource") == "aws:sns" else ""


def _is_schedule(event: Any) -> bool:
    return isinstance(event, dict) and event.get("detail-type") == _SCHEDULE


def _check_records(event: Any) -> None:
    """Check what SQS always sends. Raises SampleEventError, which names the record."""
    records = event.get("Records") if isinstance(event, dict) else None
    for index, record in enumerate(records if isinstance(records, list) else []):
        if not isinstance(record, dict):
            raise SampleEventError(f"Records[{index}] is not an object")
        if record.get("eventSource") == "aws:sqs":
            missing = [name for name in ("messageId", "body") if not isinstance(record.get(name), str)]
            if missing:
                raise SampleEventError(f"Records[{index}] of SQS has no text {missing[0]}")
