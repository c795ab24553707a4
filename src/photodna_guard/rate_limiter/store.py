"""The rate limiter's DynamoDB item: reads it, and moves it by conditional updates."""

from collections.abc import Mapping
from typing import Any, Protocol

from photodna_guard.aws.table import ConditionFailedError
from photodna_guard.rate_limiter.commands import Read, Reply, Write, used_attribute
from photodna_guard.rate_limiter.gcra import LimiterState

_KEY = {"limiter": "match"}
_ATTRIBUTES = ("tat", "paused_until", "tripped_at", "probe_at", "failures")


class ItemTable(Protocol):
    """The table that holds the item."""

    def read(self, key: Mapping[str, str], /) -> dict[str, Any]:
        """Return the item."""

    def update(
        self,
        key: Mapping[str, str],
        expression: str,
        condition: str | None,
        values: Mapping[str, object],
        names: Mapping[str, str],
        /,
    ) -> dict[str, Any]:
        """Update the item and return it. Raises ConditionFailedError."""


class LimiterStore:
    """The item, as the workers of one priority read and write it. Raises DeferrableError and RetryableError."""

    def __init__(self, table: ItemTable, priority: str) -> None:
        self._table, self._priority = table, priority
        self._turn_attributes = (f"fairness_turn_{priority}", f"turn_gap_{priority}")

    def perform(self, command: Read | Write) -> Reply:
        """Read or write the item."""
        if isinstance(command, Read):
            return Reply(self._to_state(self._table.read(_KEY), command.now))
        update = command.to_update(self._priority)
        try:
            item = self._table.update(_KEY, update.expression, update.condition, update.values, update.names)
        except ConditionFailedError as refused:
            return Reply(self._to_state(refused.item, command.now), applied=False)
        return Reply(self._to_state(item, command.now))

    def _to_state(self, item: Mapping[str, Any], now: int) -> LimiterState:
        attributes = (*_ATTRIBUTES, used_attribute(now), "gaps_until", *self._turn_attributes)
        return LimiterState(*[int(item.get(name, 0)) for name in attributes])
