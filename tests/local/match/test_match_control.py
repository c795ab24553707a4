"""The control API, the injected failures and the emulator's life as a process."""

import json
import os
import signal
import socket
import struct
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests

from local.match.control import running_emulator
from tests.local.match.match_client import Client, Draw, Encode, Origin


def test_an_injected_status_code_is_answered(match: Client, draw: Draw, encode: Encode) -> None:
    match.emulator.settings(failures=[{"kind": "status", "code": 3004}])

    codes = [match.by_value(encode(draw(1))).json()["Status"]["Code"] for _ in range(2)]

    assert codes == [3004, 3000]
    assert [entry["failure"] for entry in match.emulator.requests()] == ["status", None]


def test_an_injected_http_error_is_answered_with_its_retry_after(match: Client) -> None:
    match.emulator.settings(
        failures=[{"kind": "http", "status": 503, "retry_after": 7}, {"kind": "http", "status": 500}]
    )

    first, second = match.by_value(b"junk"), match.by_value(b"junk")

    assert (first.status_code, first.headers["Retry-After"]) == (503, "7")
    assert (second.status_code, second.headers.get("Retry-After")) == (500, None)
    assert second.json()["statusCode"] == 500


def test_an_injected_page_is_not_json(match: Client) -> None:
    match.emulator.settings(failures=[{"kind": "not_json"}])

    answer = match.by_value(b"junk")

    assert answer.status_code == 200
    with pytest.raises(requests.JSONDecodeError):
        answer.json()


def test_an_injected_body_is_answered_as_it_is(match: Client) -> None:
    match.emulator.settings(failures=[{"kind": "body", "json": {"IsMatch": "perhaps"}}])

    assert match.by_value(b"junk").json() == {"IsMatch": "perhaps"}


def test_a_dropped_connection_gives_no_answer(match: Client) -> None:
    match.emulator.settings(failures=[{"kind": "drop"}])

    with pytest.raises(requests.ConnectionError):
        match.by_value(b"junk")

    assert match.emulator.requests()[0]["http_status"] is None
    assert match.by_value(b"junk").status_code == 200


def test_a_truncated_answer_breaks_off(match: Client, draw: Draw, encode: Encode) -> None:
    match.emulator.settings(failures=[{"kind": "truncated"}])

    with pytest.raises(requests.exceptions.ChunkedEncodingError, match="IncompleteRead"):
        match.by_value(encode(draw(1)))


def test_a_hanging_request_keeps_the_client_waiting_and_others_not(match: Client) -> None:
    match.emulator.settings(failures=[{"kind": "hang", "seconds": 30}])

    with pytest.raises(requests.ReadTimeout):
        match.by_value(b"junk", timeout=0.3)

    assert match.by_value(b"junk").status_code == 200
    assert [entry["http_status"] for entry in match.emulator.requests()] == [None, 200]


def test_a_short_hang_ends_in_a_proper_answer(match: Client, draw: Draw, encode: Encode) -> None:
    match.emulator.settings(failures=[{"kind": "hang", "seconds": 0.2}])

    answer = match.by_value(encode(draw(1)))

    assert answer.elapsed.total_seconds() >= 0.2
    assert answer.json()["Status"]["Code"] == 3000


def test_a_failure_meets_only_its_object(match: Client, origin: Origin, draw: Draw, encode: Encode) -> None:
    match.emulator.settings(failures=[{"kind": "status", "code": 3004, "object_contains": "bad one", "forever": True}])
    good, bad = origin.put("/b/good", encode(draw(1))), origin.put("/b/bad%20one", encode(draw(1)))

    codes = [match.by_url(url).json()["Status"]["Code"] for url in (good, bad, good, bad)]

    assert codes == [3000, 3004, 3000, 3004]


def test_a_failure_is_kept_for_a_request_that_passes_key_and_rate(at_rate: Callable[..., Any]) -> None:
    with at_rate(1) as client:
        client.emulator.settings(failures=[{"kind": "http", "status": 500}])
        statuses = [client.by_value(b"junk", key=key).status_code for key in ("wrong", *["emulator-test-key"] * 2)]

    assert statuses == [401, 500, 429]


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"speed": 1}, "no such setting: speed"),
        ({"rate": 0}, "rate must be"),
        ({"rate": 0.05}, "rate must be"),
        ({"latency": -1}, "latency must be"),
        ({"latency": "1"}, "latency must be"),
        ({"key": ""}, "key must be"),
        ({"quota_retry_after": "soon"}, "quota_retry_after must be"),
        ({"failures": [{"kind": "odd"}]}, "kind must be one of"),
        ({"rate": 0, "latency": None}, "latency must be .*; rate must be"),
    ],
)
def test_faulty_settings_are_refused_with_every_fault(match: Client, changes: dict[str, Any], says: str) -> None:
    with pytest.raises(ValueError, match=says):
        match.emulator.settings(**changes)


def test_faulty_settings_change_nothing(match: Client) -> None:
    with pytest.raises(ValueError, match="kind must be one of"):
        match.emulator.settings(key="another", failures=[{"kind": "odd"}])

    assert match.by_value(b"junk").status_code == 200


def test_settings_that_are_not_json_are_refused(match: Client) -> None:
    answer = match.session.put(f"{match.emulator.control}/settings", data=b"{")

    assert answer.status_code == 400
    assert answer.json()["error"]


@contextmanager
def started(
    *options: str, stdin: int = subprocess.DEVNULL
) -> Iterator[tuple["subprocess.Popen[bytes]", dict[str, str]]]:
    process = subprocess.Popen(  # noqa: S603  our own command
        [sys.executable, "-m", "local.match", "--port", "0", "--key", "key", *options],
        stdin=stdin,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=Path(__file__).parents[3],
    )
    try:
        assert process.stdout
        yield process, json.loads(process.stdout.readline())
    finally:
        process.kill()
        process.communicate()


def test_the_line_at_the_start_names_both_addresses_and_the_emulator() -> None:
    with started("--rate", "10.0", "--latency", "0.1") as (_, line):
        base = line["control"].removesuffix("/_emulator")

    assert base.startswith("http://127.0.0.1:")
    assert line["match_endpoint"] == f"{base}/photodna/v1.0/Match"
    assert "not PhotoDNA" in line["emulator"]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_without_a_word(number: signal.Signals) -> None:
    with started() as (process, _):
        process.send_signal(number)
        _, errors = process.communicate(timeout=10)

        assert (process.returncode, errors) == (0, b"")


def test_a_signal_ends_it_with_a_request_hanging() -> None:
    with started() as (process, line):
        settings = {"failures": [{"kind": "hang", "seconds": 60}]}
        requests.put(f"{line['control']}/settings", json=settings, timeout=10)
        with pytest.raises(requests.ReadTimeout):
            requests.post(line["match_endpoint"], headers={"Ocp-Apim-Subscription-Key": "key"}, timeout=0.2)
        process.terminate()
        _, errors = process.communicate(timeout=10)

        assert (process.returncode, errors) == (0, b"")


def test_the_end_of_standard_input_ends_it_where_asked_for() -> None:
    with started("--die-with-stdin", stdin=subprocess.PIPE) as (process, _):
        assert process.poll() is None
        _, errors = process.communicate(timeout=10)

        assert (process.returncode, errors) == (0, b"")


def test_it_does_not_outlive_a_killed_parent(eventually: Callable[..., bool]) -> None:
    parent_code = (
        "from local.match.control import running_emulator\n"
        "with running_emulator() as emulator: print(emulator.control, flush=True); input()"
    )
    parent = subprocess.Popen(  # noqa: S603  our own command
        [sys.executable, "-c", parent_code],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=Path(__file__).parents[3],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    assert parent.stdout
    control = parent.stdout.readline().decode().strip()
    assert requests.get(f"{control}/stats", timeout=10).status_code == 200

    parent.kill()
    parent.communicate()

    assert eventually(lambda: not answers(control))


def answers(control: str) -> bool:
    try:
        return requests.get(f"{control}/stats", timeout=10).ok
    except requests.ConnectionError:
        return False


def test_the_context_manager_leaves_nothing_running() -> None:
    with running_emulator() as emulator:
        assert answers(emulator.control)

    assert not answers(emulator.control)


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--rate", "0"], "not a number of 0.1 or more"),
        (["--rate", "fast"], "not a number of 0.1 or more"),
        (["--port", "99999"], "not a port, 0 to 65535"),
        (["--latency", "nan"], "not a number of seconds"),
        (["--test-list", "/nowhere"], "'/nowhere' is not a folder"),
    ],
)
def test_faulty_options_are_explained(options: list[str], says: str) -> None:
    code, errors = failed_start(*options)

    assert code == 2
    assert says in errors


def test_a_test_list_with_a_file_that_is_no_picture_is_explained(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("hello")

    code, errors = failed_start("--test-list", str(tmp_path))

    assert code == 2
    assert f"{tmp_path / 'notes.txt'}: The file is not a picture" in errors
    assert "Traceback" not in errors


def test_a_port_in_use_is_explained() -> None:
    with started() as (_, line):
        port = line["control"].split(":")[2].split("/")[0]
        code, errors = failed_start("--port", port)

    assert code == 2
    assert f"cannot listen on 127.0.0.1:{port}" in errors
    assert "Traceback" not in errors


def failed_start(*options: str) -> tuple[int, str]:
    done = subprocess.run(  # noqa: S603  our own command
        [sys.executable, "-m", "local.match", "--key", "key", *options],
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
        cwd=Path(__file__).parents[3],
    )
    return done.returncode, done.stderr


def test_a_client_that_goes_away_is_no_fault_of_the_emulator() -> None:
    with started("--latency", "0.3") as (process, line):
        for _ in range(3):
            with pytest.raises(requests.ReadTimeout):
                requests.post(line["match_endpoint"], headers={"Ocp-Apim-Subscription-Key": "key"}, timeout=0.1)
        reset_connection(line["control"])
        time.sleep(0.4)
        process.terminate()
        _, errors = process.communicate(timeout=10)

    assert errors == b""


def reset_connection(url: str) -> None:
    where = urlsplit(url)
    with socket.create_connection((where.hostname, where.port), timeout=10) as connection:
        # Closing with a linger time of 0 sends a reset.
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        connection.sendall(b"POST /photodna/v1.0/Match HTTP/1.1\r\nContent-Le")
