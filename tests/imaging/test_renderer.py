"""renderer.py: the child process, its limits and its end, with a real child."""

import gzip
import os
import signal
import subprocess
import sys
import zlib
from pathlib import Path

import pytest

from local.pictures import draw, encode
from photodna_guard.domain.errors import RetryableError, UnscannableError
from photodna_guard.domain.renditions import RenditionSet
from photodna_guard.imaging.renderer import Renderer, build_environment
from tests.imaging.conftest import ENLARGE_FROM, MAX_FRAMES

WEBP = encode(draw(1, (320, 240)), "WEBP")


def child_of(renderer: Renderer) -> int:
    """Return the process id of the child."""
    assert renderer.process_id is not None
    return renderer.process_id


def png_bomb(side: int) -> bytes:
    """Return a PNG of `side` x `side` pixels and few bytes, interlaced, so that a decoder needs it as a whole."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return len(data).to_bytes(4, "big") + name + data + zlib.crc32(name + data).to_bytes(4, "big")

    header = side.to_bytes(4, "big") * 2 + bytes([16, 6, 0, 0, 1])
    rows = zlib.compress(bytes(8 * side * side // 8), 9)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "object"
    path.write_bytes(WEBP)
    return path


def test_child_is_kept_for_the_next_object(renderer: Renderer, file: Path) -> None:
    first = renderer.render(file, "", "")
    child = child_of(renderer)
    assert renderer.render(file, "", "") == first
    assert child_of(renderer) == child


def test_renditions_are_the_same_in_every_child(file: Path) -> None:
    found = []
    for _ in range(2):
        renderer = Renderer(MAX_FRAMES, ENLARGE_FROM)
        found.append(renderer.render(file, "", ""))
        renderer.close()
    assert found[0] == found[1]
    assert isinstance(found[0], RenditionSet)


def test_child_that_died_meanwhile_is_replaced(renderer: Renderer, file: Path) -> None:
    renderer.render(file, "", "")
    os.kill(child_of(renderer), signal.SIGKILL)
    assert isinstance(renderer.render(file, "", ""), RenditionSet)


def test_object_that_takes_too_long_ends_the_child_alone(file: Path) -> None:
    renderer = Renderer(MAX_FRAMES, ENLARGE_FROM, seconds=0.05)
    file.write_bytes(png_bomb(6000))
    with pytest.raises(UnscannableError, match="too-complex"):
        renderer.render(file, "", "")
    assert renderer.process_id is None


def test_child_that_is_killed_leaves_no_files_behind(
    file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own, usual = tmp_path / "of-the-child", tmp_path / "usual"
    own.mkdir()
    usual.mkdir()
    monkeypatch.setenv("TMPDIR", str(usual))
    renderer = Renderer(MAX_FRAMES, ENLARGE_FROM, seconds=0.2, directory=own)
    file.write_bytes(gzip.compress(png_bomb(6000)))
    with pytest.raises(UnscannableError, match="too-complex"):
        renderer.render(file, "", "gzip")
    assert [*own.iterdir(), *usual.iterdir()] == []


@pytest.mark.parametrize("side", [12_000, 20_000])
def test_bomb_is_unscannable_and_the_next_object_is_rendered(renderer: Renderer, file: Path, side: int) -> None:
    file.write_bytes(png_bomb(side))
    with pytest.raises(UnscannableError):
        renderer.render(file, "", "")
    file.write_bytes(WEBP)
    assert isinstance(renderer.render(file, "", ""), RenditionSet)


def test_child_is_replaced_after_its_last_object(file: Path) -> None:
    renderer = Renderer(MAX_FRAMES, ENLARGE_FROM, objects_per_process=2)
    renderer.render(file, "", "")
    first = child_of(renderer)
    renderer.render(file, "", "")
    renderer.render(file, "", "")
    assert child_of(renderer) != first
    renderer.close()


@pytest.mark.parametrize("python", ["/bin/false", "/no/such/python"])
def test_child_that_cannot_be_started_is_tried_again_later(file: Path, python: str) -> None:
    with pytest.raises(RetryableError, match="cannot be started"):
        Renderer(MAX_FRAMES, ENLARGE_FROM, python=python).render(file, "", "")


def test_child_has_no_credentials_and_no_more_memory_than_the_function() -> None:
    environment = {"AWS_SECRET_ACCESS_KEY": "testing", "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "512", "PATH": "/bin"}
    given = build_environment(environment)
    assert "testing" not in str(given)
    assert given["RENDERER_MEGABYTES"] == "292"


def test_function_imports_no_image_library_before_the_first_object() -> None:
    code = (
        "import sys; import photodna_guard.bootstrap; "
        "print([name for name in ('PIL', 'pyvips', 'pi_heif', 'cffi') if name in sys.modules])"
    )
    found = subprocess.run(  # noqa: S603
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env={"PYTHONPATH": "src"}
    )
    assert found.stdout.strip() == "[]"
