"""The expressions of a conditional UpdateItem. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Update:
    """The arguments of one conditional UpdateItem."""

    expression: str
    condition: str
    values: Mapping[str, object]
    names: Mapping[str, str]


def assignments(names: Iterable[str]) -> list[str]:
    """Return the assignments of a SET, by placeholders."""
    return [f"#{name} = :{name}" for name in names]


def name_placeholders(names: Iterable[str]) -> dict[str, str]:
    """Return the names by their placeholders."""
    return {f"#{name}": name for name in names}


def value_placeholders(attributes: Mapping[str, object]) -> dict[str, object]:
    """Return the values by their placeholders."""
    return {f":{name}": value for name, value in attributes.items()}
