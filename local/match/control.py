"""Starts the Match emulator, and calls its control API, for the tests and the demo."""

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
    """A running emulator. Its methods raise ValueError with the reason if it refuses a call."""

    def __init__(self, control: str, match_endpoint: str) -> None:
        self.control = control
        self.match_endpoint = match_endpoint

    def requests(self, after: float = 0.0) -> list[dict[str, Any]]:
        """Return the Match requests that arrived after a time (epoch seconds), oldest first.

        They have the fields of `request_log.LoggedRequest`.
        """
        logged: list[dict[str, Any]] = self._call("GET", "requests", params={"after": repr(after)})
        return logged

    def stats(self) -> dict[str, Any]:
        """Return the counters since the start or the last `clear`. See `gateway.Gateway.stats`."""
        stats: dict[str, Any] = self._call("GET", "stats")
        return stats

    def clear(self) -> None:
        """Empty the log and the counters. The rate limit still counts the requests that it accepted before."""
        self._call("DELETE", "requests")

    def settings(self, **changes: Any) -> None:
        """Change `latency`, `rate`, `key`, `quota_retry_after` or `failures` (a plan: see failures.py)."""
        self._call("PUT", "settings", data=json.dumps(changes))

    def add_to_test_list(
        self,
        picture: bytes,
        *,
        source: str = "Test",
        match_id: str | None = None,
        violations: Collection[str] = (),
    ) -> str:
        """Add the picture to the hash list: it and its near copies match from now on. Return its match id."""
        query = {"source": source, "match_id": match_id, "violations": ",".join(violations)}
        return str(self._call("POST", "test-list", params=query, data=picture)["match_id"])

    def clear_test_list(self) -> None:
        """Empty the hash list: no picture matches from now on."""
        self._call("DELETE", "test-list")

    def _call(self, method: str, path: str, **options: Any) -> Any:
        # This session ignores the proxies and the .netrc of the user's environment.
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
    """Run an emulator in another process, which ends with the block or, at the latest, with this process.

    `options` are further command line options. Raises RuntimeError if the emulator does not start; its own message
    is on standard error.
    """
    command = [sys.executable, "-m", "local.match", "--die-with-stdin", "--rate", str(rate), "--key", key]
    command += ["--latency", str(latency), *options]
    command += ["--test-list", str(test_list.resolve())] if test_list else []
    # In another session, Ctrl-C does not reach the emulator: this process ends it.
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True, cwd=_root()
    ) as process:
        try:
            yield _read_addresses(process)
        finally:
            _end(process)


def _read_addresses(process: subprocess.Popen[bytes]) -> Emulator:
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
