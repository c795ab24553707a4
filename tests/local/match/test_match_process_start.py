"""The start of the emulator's process, and its options."""

from pathlib import Path

import pytest

from tests.local.match.emulator_process import fail_to_start, start_process


def test_first_line_names_both_addresses_and_the_emulator() -> None:
    with start_process("--rate", "10.0", "--latency", "0.1") as (_, line):
        base = line["control"].removesuffix("/_emulator")

    assert base.startswith("http://127.0.0.1:")
    assert line["match_endpoint"] == f"{base}/photodna/v1.0/Match"
    assert "not PhotoDNA" in line["emulator"]


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
def test_faulty_option_is_explained(options: list[str], says: str) -> None:
    code, errors = fail_to_start(*options)

    assert code == 2
    assert says in errors


def test_file_in_the_test_list_without_picture_is_explained(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("hello")

    code, errors = fail_to_start("--test-list", str(tmp_path))

    assert code == 2
    assert f"{tmp_path / 'notes.txt'}: The file is not a picture" in errors
    assert "Traceback" not in errors


def test_port_in_use_is_explained() -> None:
    with start_process() as (_, line):
        port = line["control"].split(":")[2].split("/")[0]
        code, errors = fail_to_start("--port", port)

    assert code == 2
    assert f"cannot listen on 127.0.0.1:{port}" in errors
    assert "Traceback" not in errors
