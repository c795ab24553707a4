"""Starts the Match emulator and talks to its control API: for tests and the demo."""

import json
import subprocess
import sys
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import requests

TIMEOUT_SECONDS = 30
STOP_SECONDS = 10


class Emulator:
    """A running emulator. A call that it refuses raises ValueError with its reason."""

    def __init__(self, control: str, match_endpoint: str) -> None:
        self.control = control
        self.match_endpoint = match_endpoint

    def requests(self) -> list[dict[str, Any]]:
        """The Match requests that arrived, oldest first, with the fields of `request_log.LoggedRequest`."""
        logged: list[dict[str, Any]] = self._call("GET", "requests")
        return logged

    def stats(self) -> dict[str, Any]:
        """The counters since the start or the last `clear`: see `gateway.Gateway.stats`."""
        stats: dict[str, Any] = self._call("GET", "stats")
        return stats

    def clear(self) -> None:
        """Empties the log and the counters; the limit still remembers what it let pass."""
        self._call("DELETE", "requests")

    def settings(self, **changes: Any) -> None:
        """Changes `latency`, `rate`, `key`, `quota_retry_after` or `failures` (a plan: see failures.py)."""
        self._call("PUT", "settings", data=json.dumps(changes))

    def add_to_test_list(
        self,
        picture: bytes,
        *,
        source: str = "Test",
        match_id: str | None = None,
        violations: Collection[str] = (),
    ) -> str:
        """Has the picture, and near copies of it, match from now on. Returns its match id."""
        query = {"source": source, "match_id": match_id, "violations": ",".join(violations)}
        return str(self._call("POST", "test-list", params=query, data=picture)["match_id"])

    def clear_test_list(self) -> None:
        """Has nothing match from now on."""
        self._call("DELETE", "test-list")

    def _call(self, method: str, path: str, **options: Any) -> Any:
        # A session of its own: no proxy and no .netrc of the user's environment is asked.
        with requests.Session() as session:
            session.trust_env = False
            response = session.request(method, f"{self.control}/{path}", timeout=TIMEOUT_SECONDS, **options)
        if response.status_code == 400:
            raise ValueError(response.json()["error"])
        response.raise_for_status()
        return response.json()


@contextmanager
def running_emulator(
    *,
    rate: float = 10,
    key: str = "emulator-key",
    latency: float = 0.0,
    test_list: Path | None = None,
    options: Collection[str] = (),
) -> Iterator[Emulator]:
    """An emulator in a process of its own, which ends with the block or, at the latest, with this process.

    `options` are further command line options. Raises RuntimeError if it does not start; what it says about
    that is on standard error.
    """
    command = [sys.executable, "-m", "local.match", "--die-with-stdin", "--rate", str(rate), "--key", key]
    command += ["--latency", str(latency), *options]
    command += ["--test-list", str(test_list.resolve())] if test_list else []
    # A session of its own: Ctrl-C reaches this process only, which ends the emulator when done with it.
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True, cwd=_root()
    ) as process:
        try:
            yield _addressed(process)
        finally:
            _end(process)


def _addressed(process: subprocess.Popen[bytes]) -> Emulator:
    line = process.stdout.readline() if process.stdout else b""
    if not line:
        raise RuntimeError("the Match emulator did not start")
    addresses = json.loads(line)
    return Emulator(addresses["control"], addresses["match_endpoint"])


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()


def _root() -> Path:
    return Path(__file__).resolve().parents[2]
