"""A clock that a test moves."""

NOW = 1_800_000_000.0


class ManualClock:
    """A clock to pass in as `now`, and its `sleep`. Time passes only by `sleep`, or when a test sets `now`."""

    def __init__(self, now: float = NOW) -> None:
        self.now = now
        self.slept: list[float] = []

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds
