"""The JSON schemas of docs/schemas."""

import json
from typing import Any

from jsonschema import Draft202012Validator, FormatChecker

from tests.support.template import ROOT


def load_schema(name: str) -> dict[str, Any]:
    """Return a schema, named as in `evidence-1`."""
    schema: dict[str, Any] = json.loads((ROOT / f"docs/schemas/{name}.schema.json").read_text(encoding="utf-8"))
    return schema


def assert_valid(document: Any, schema: str) -> None:
    """Fail the test if the document breaks the schema of this name, formats included."""
    Draft202012Validator(load_schema(schema), format_checker=FormatChecker()).validate(document)
