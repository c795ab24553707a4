"""A DynamoDB item in memory. It evaluates the expressions of the rate limiter's own store."""

import re
from collections.abc import Callable, Mapping
from functools import cache
from math import nan
from typing import Any

from photodna_guard.aws.table import ConditionFailedError

Item = dict[str, int]
Values = Mapping[str, Any]
Evaluate = Callable[[Item, Values], Any]
Change = Callable[[Item, Item, Values], None]

# A comparison with an attribute that is missing is false in DynamoDB, as one with a NaN is.
MISSING = nan
COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    "=": lambda a, b: a == b,
    "<=": lambda a, b: a <= b,
    "<": lambda a, b: a < b,
    ">": lambda a, b: a > b,
}


class SimulatedItem:
    """The item as conditional updates leave it, and how many calls have come."""

    def __init__(self) -> None:
        self.attributes: Item = {}
        self.reads = self.writes = self.refused = 0

    def read(self, _key: Values) -> Item:
        self.reads += 1
        return self.attributes

    def update(
        self, _key: Values, expression: str, condition: str | None, values: Values, names: Mapping[str, str]
    ) -> Item:
        self.writes += 1
        if condition and not parse_condition(condition)(self.attributes, values):
            self.refused += 1
            raise ConditionFailedError(dict(self.attributes))
        before = dict(self.attributes)
        for change in parse_update(re.sub(r"#\w+", lambda name: names[name[0]], expression)):
            change(self.attributes, before, values)
        return dict(self.attributes)


@cache
def parse_condition(text: str) -> Evaluate:
    """Comparisons and attribute_not_exists(), joined by AND, OR and parentheses."""
    tokens = re.findall(r":?\w+|<=|[()<>=]", text)
    condition = _any_of(tokens)
    assert not tokens, text
    return condition


def _any_of(tokens: list[str]) -> Evaluate:
    terms = [_all_of(tokens)]
    while tokens and tokens[0] == "OR":
        del tokens[0]
        terms.append(_all_of(tokens))
    return lambda item, values: any(term(item, values) for term in terms)


def _all_of(tokens: list[str]) -> Evaluate:
    terms = [_term(tokens)]
    while tokens and tokens[0] == "AND":
        del tokens[0]
        terms.append(_term(tokens))
    return lambda item, values: all(term(item, values) for term in terms)


def _term(tokens: list[str]) -> Evaluate:
    first = tokens.pop(0)
    if first == "(":
        inner = _any_of(tokens)
        assert tokens.pop(0) == ")"
        return inner
    if first == "attribute_not_exists":
        _, name, _ = (tokens.pop(0) for _ in range(3))
        return lambda item, _values: name not in item
    compare, left, right = COMPARISONS[tokens.pop(0)], _operand(first), _operand(tokens.pop(0))
    return lambda item, values: compare(left(item, values), right(item, values))


def _operand(token: str) -> Evaluate:
    if token.startswith(":"):
        return lambda _item, values: values[token]
    return lambda item, _values: item.get(token, MISSING)


@cache
def parse_update(text: str) -> list[Change]:
    """SET with a value, a sum or if_not_exists(); ADD; REMOVE."""
    parts = re.split(r"\s*\b(SET|ADD|REMOVE)\b\s*", text)[1:]
    parse = {"SET": _set, "ADD": _add, "REMOVE": _remove}
    return [
        parse[clause](action)
        for clause, actions in zip(parts[::2], parts[1::2], strict=True)
        for action in re.split(r",\s*(?![^(]*\))", actions)
    ]


def _set(action: str) -> Change:
    name, _, expression = action.partition(" = ")
    if default := re.fullmatch(r"if_not_exists\((\w+), (:\w+)\)", expression):
        return _set_once(name, default[1], default[2])
    left, _, right = expression.partition(" + ")
    terms = [_operand(term) for term in (left, right) if term]
    return lambda item, before, values: item.update({name: sum(term(before, values) for term in terms)})


def _set_once(name: str, attribute: str, value: str) -> Change:
    def change(item: Item, before: Item, values: Values) -> None:
        item[name] = before[attribute] if attribute in before else values[value]

    return change


def _add(action: str) -> Change:
    name, value = action.split()
    return lambda item, before, values: item.update({name: before.get(name, 0) + values[value]})


def _remove(name: str) -> Change:
    def change(item: Item, _before: Item, _values: Values) -> None:
        item.pop(name, None)

    return change
