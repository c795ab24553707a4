"""DynamoDB: a query of an index reads its own items, where moto looks at all of the table and sorts them each time."""

from __future__ import annotations

import threading
from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Callable
from typing import Any

from moto.dynamodb.models import DynamoDBBackend
from moto.dynamodb.models.table import Table

from local.aws.moto.replacement import Wrap, replace

# By partition: the sort keys in order, and their items.
Partitions = dict[str, tuple[list[str], list[Any]]]
_lock = threading.RLock()
_narrowed = threading.local()
# The partitions of a table's indexes, until the table is written to.
_CACHE = "_partitions_of_indexes"


def apply() -> None:
    """Correct moto. Raises SystemExit if moto lacks a replaced part."""
    for (owner, name), wrap in REPLACED.items():
        replace(owner, name, wrap)


def _forget_partitions(original: Callable[..., Any]) -> Callable[..., Any]:
    def written(self: DynamoDBBackend, *args: Any, **kwargs: Any) -> Any:
        with _lock:
            try:
                return original(self, *args, **kwargs)
            finally:
                # A transaction names several tables.
                for table in self.tables.values():
                    table.__dict__.pop(_CACHE, None)

    return written


def _narrow(original: Callable[..., Any]) -> Callable[..., Any]:
    """Have moto see no more items than it needs for its answer. It still judges each of them."""

    def query(self: Table, *args: Any, **kwargs: Any) -> Any:
        with _lock:
            _narrowed.items = _find_candidates(self, args, kwargs)
            try:
                return original(self, *args, **kwargs)
            finally:
                _narrowed.items = None

    return query


def _only_narrowed(original: Callable[..., Any]) -> Callable[..., Any]:
    def all_items(self: Table) -> Any:
        found = getattr(_narrowed, "items", None)
        return original(self) if found is None else found

    return all_items


def _find_candidates(table: Table, args: tuple[Any, ...], kwargs: dict[str, Any]) -> list[Any] | None:
    """Return the items that an index's query may answer with, in any order; None if moto is to look at all."""
    conditions = kwargs.get("hash_key_conditions") or []
    if len(args) < 8 or not args[7] or len(conditions) != 1:
        return None
    _, comparison, between, limit, start, is_forward, _, name, *_ = args
    index = {one.name: one for one in table.all_indexes()}.get(name)
    sort_keys = [key["AttributeName"] for key in index.schema if key["KeyType"] == "RANGE"] if index else []
    texts = [one["AttributeName"] for one in table.attr if one["AttributeType"] == "S"]
    if len(sort_keys) != 1 or sort_keys[0] not in texts or comparison not in (None, "BETWEEN"):
        return None
    ((attribute, value),) = conditions
    keys, items = _find_partitions(table, attribute, sort_keys[0]).get(str(value.value), ([], []))
    first, last = 0, len(keys)
    if comparison:
        first, last = bisect_left(keys, str(between[0].value)), bisect_right(keys, str(between[1].value))
    if start and is_forward is not False:
        first = max(first, bisect_left(keys, start[sort_keys[0]]["S"]))
    elif start:
        last = min(last, bisect_right(keys, start[sort_keys[0]]["S"]))
    return items[slice(*_cut(keys, first, last, limit, is_forward is not False, bool(start)))]


def _cut(keys: list[str], first: int, last: int, limit: int | None, is_forward: bool, has_start: bool) -> list[int]:
    """Return the range that `limit` and one more need, with all of those that share a sort key with its ends."""
    if not limit or first >= last:
        return [first, last]
    if is_forward:
        begun = bisect_right(keys, keys[first]) if has_start else first
        end = min(last, begun + limit + 1)
        return [first, min(last, bisect_right(keys, keys[end - 1]))]
    begun = bisect_left(keys, keys[last - 1]) if has_start else last
    end = max(first, begun - limit - 1)
    return [max(first, bisect_left(keys, keys[end])), last]


def _find_partitions(table: Table, attribute: str, sort_key: str) -> Partitions:
    known: dict[Any, Partitions] = table.__dict__.setdefault(_CACHE, {})
    if (attribute, sort_key) not in known:
        found: dict[str, list[Any]] = defaultdict(list)
        rows: list[Any] = list(table.items.values())
        for row in rows:
            for item in row.values() if table.range_key_attr else [row]:
                if attribute in item.attrs and sort_key in item.attrs:
                    found[str(item.attrs[attribute].value)].append(item)
        for items in found.values():
            items.sort(key=lambda item: str(item.attrs[sort_key].value))
        known[attribute, sort_key] = {
            name: ([str(item.attrs[sort_key].value) for item in items], items) for name, items in found.items()
        }
    return known[attribute, sort_key]


REPLACED: dict[tuple[Any, str], Wrap] = {
    (Table, "query"): _narrow,
    (Table, "all_items"): _only_narrowed,
    **{
        (DynamoDBBackend, name): _forget_partitions
        for name in ("put_item", "update_item", "delete_item", "transact_write_items")
    },
}
