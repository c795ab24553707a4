"""The base of all fakes: it records each call, and fails where a test says so."""

from dataclasses import dataclass, field

# Epoch seconds at which every fake lives.
NOW = 1_000_000.0


@dataclass
class Failing:
    """Calls of `name` raise the errors in `fails[name]`, one after the other, before they do anything."""

    fails: dict[str, list[Exception | None]] = field(default_factory=dict)
    calls: list[str] = field(default_factory=list)
    # A list that several fakes may share: the order of their calls.
    order: list[str] = field(default_factory=list)

    def call(self, name: str) -> None:
        """Record the call; raise what is planned for it."""
        self.calls.append(name)
        self.order.append(name)
        planned = self.fails.get(name)
        error = planned.pop(0) if planned else None
        if error:
            raise error
