"""The judges from npm are what was locked, or they are not installed."""

import base64
import hashlib
import io
import tarfile
from pathlib import Path

import pytest

from tools.supply import npm_packages
from tools.supply.npm_packages import DigestMismatchError, NpmPin

FILES = {"package/index.js": b"1", "package/lib/a.jar": b"2", "package/../../escaped": b"3"}


def make_archive(path: Path, files: dict[str, bytes]) -> str:
    """Write an archive as npm's registry has it. Return its digest."""
    with tarfile.open(path, "w:gz") as packed:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            packed.addfile(member, io.BytesIO(content))
    return base64.b64encode(hashlib.sha512(path.read_bytes()).digest()).decode()


class Registry:
    """Fetches one archive, and counts how often."""

    def __init__(self, files: dict[str, bytes], folder: Path) -> None:
        self.fetched = 0
        self.digest = make_archive(folder / "given.tgz", files)
        self._archive = folder / "given.tgz"

    def fetch(self, pin: NpmPin, folder: Path) -> Path:
        self.fetched += 1
        return self._archive


@pytest.fixture
def registry(tmp_path: Path) -> Registry:
    return Registry({name: FILES[name] for name in list(FILES)[:2]}, tmp_path)


def test_package_is_unpacked_once(registry: Registry, tmp_path: Path) -> None:
    pin = NpmPin("@scope/name", "1.0.0", registry.digest)
    for _ in range(2):
        npm_packages.install(pin, tmp_path / "modules", registry.fetch)
    assert registry.fetched == 1
    assert (tmp_path / "modules/@scope/name/lib/a.jar").read_bytes() == b"2"


def test_package_with_another_digest_is_not_unpacked(registry: Registry, tmp_path: Path) -> None:
    with pytest.raises(DigestMismatchError, match=r"name@1\.0\.0"):
        npm_packages.install(NpmPin("name", "1.0.0", "another"), tmp_path / "modules", registry.fetch)
    assert not (tmp_path / "modules").exists()


def test_new_version_replaces_the_old_one(registry: Registry, tmp_path: Path) -> None:
    modules = tmp_path / "modules"
    old = modules / "name/old.js"
    old.parent.mkdir(parents=True)
    old.write_text("old")
    (old.parent / ".verified").write_text("its digest")
    npm_packages.install(NpmPin("name", "2.0.0", registry.digest), modules, registry.fetch)
    assert not old.exists()


def test_archive_cannot_write_outside_its_folder(tmp_path: Path) -> None:
    hostile = Registry(FILES, tmp_path)
    with pytest.raises(tarfile.OutsideDestinationError):
        npm_packages.install(NpmPin("name", "1.0.0", hostile.digest), tmp_path / "modules", hostile.fetch)
    assert not (tmp_path / "escaped").exists()


def test_lock_pins_every_package_by_sha512() -> None:
    pins = npm_packages.read_lock()
    assert {pin.name for pin in pins} >= {"@cloud-copilot/iam-simulate", "amplify-dynamodb-simulator"}
    assert all(len(base64.b64decode(pin.digest)) == 64 for pin in pins)
    assert "://" not in npm_packages.LOCK.read_text(encoding="utf-8")


def test_lock_with_a_weaker_digest_is_refused(tmp_path: Path) -> None:
    lock = tmp_path / "lock.txt"
    lock.write_text("# a comment\nname 1.0.0 sha1-abc\n")
    with pytest.raises(ValueError, match="sha1-abc"):
        npm_packages.read_lock(lock)
