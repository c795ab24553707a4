"""Fetch the locked npm packages with `npm pack`, verify their digests and unpack them: `make judges`.

A package-lock.json would name the registry that made it. This list has names, versions and digests only.
"""

import base64
import hashlib
import shutil
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from tools.supply.locks import ROOT

LOCK = ROOT / "requirements/judges.npm"
FOLDER = ROOT / "build/judges/node_modules"
_ALGORITHM = "sha512-"
_FETCH_TIMEOUT_SECONDS = 300
_VERIFIED = ".verified"


class DigestMismatchError(ValueError):
    """A package is not the one that was locked. The message has its name and both digests."""


class PackageUnavailableError(RuntimeError):
    """npm is missing, or could not fetch a package. The message says which and why."""


@dataclass(frozen=True)
class NpmPin:
    """A package, its locked version, and the SHA-512 of its archive in base64."""

    name: str
    version: str
    digest: str


def main() -> int:
    """Fetch what is missing. The exit status is 1 for a wrong digest only: a judge may be missing, and never forged."""
    try:
        for pin in read_lock():
            install(pin, FOLDER, fetch_archive)
    except DigestMismatchError as error:
        print(f"judges: {error}", file=sys.stderr)
        return 1
    except PackageUnavailableError as error:
        print(f"judges: {error}. Its tests are skipped.", file=sys.stderr)
    return 0


def read_lock(path: Path = LOCK) -> list[NpmPin]:
    """Return the locked packages. Raises ValueError for a line that is not a name, a version and a SHA-512."""
    lines = [line.split() for line in path.read_text(encoding="utf-8").splitlines() if line and line[0] != "#"]
    if wrong := [line for line in lines if len(line) != 3 or not line[2].startswith(_ALGORITHM)]:
        raise ValueError(f"{path}: {wrong[0]} is not a name, a version and {_ALGORITHM}...")
    return [NpmPin(name, version, digest.removeprefix(_ALGORITHM)) for name, version, digest in lines]


def install(pin: NpmPin, folder: Path, fetch: Callable[[NpmPin, Path], Path]) -> None:
    """Fetch and unpack a package, unless it is there. Raises PackageUnavailableError and DigestMismatchError."""
    target = folder / pin.name
    verified = target / _VERIFIED
    if verified.exists() and verified.read_text(encoding="utf-8") == pin.digest:
        return
    with tempfile.TemporaryDirectory() as temporary:
        archive = fetch(pin, Path(temporary))
        verify(pin, archive)
        shutil.rmtree(target, ignore_errors=True)
        _unpack(archive, target)
    verified.write_text(pin.digest, encoding="utf-8")


def verify(pin: NpmPin, archive: Path) -> None:
    """Compare an archive with its lock. Raises DigestMismatchError."""
    found = base64.b64encode(hashlib.sha512(archive.read_bytes()).digest()).decode()
    if found != pin.digest:
        raise DigestMismatchError(
            f"{pin.name}@{pin.version} has the SHA-512 {found}, and {LOCK.name} says {pin.digest}. Do not use it. "
            "If the version was changed on purpose, take the digest from `npm view NAME@VERSION dist.integrity`"
        )


def fetch_archive(pin: NpmPin, folder: Path) -> Path:
    """Have npm fetch a package's archive into a folder. Raises PackageUnavailableError."""
    npm = shutil.which("npm")
    if npm is None:
        raise PackageUnavailableError(f"npm is not installed here, so {pin.name} cannot be fetched")
    command = [npm, "pack", f"{pin.name}@{pin.version}", "--pack-destination", str(folder), "--silent"]
    try:
        completed = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=_FETCH_TIMEOUT_SECONDS)
    except subprocess.TimeoutExpired as error:
        raise PackageUnavailableError(f"npm did not fetch {pin.name} within {_FETCH_TIMEOUT_SECONDS} s") from error
    archives = list(folder.glob("*.tgz"))
    if completed.returncode or len(archives) != 1:
        raise PackageUnavailableError(f"npm could not fetch {pin.name}@{pin.version} (exit {completed.returncode})")
    return archives[0]


def _unpack(archive: Path, target: Path) -> None:
    """Unpack what stands under the archive's one folder. The filter refuses paths that lead elsewhere."""
    with tarfile.open(archive) as packed:
        packed.extractall(target, members=_below_top(packed), filter="data")


def _below_top(packed: tarfile.TarFile) -> Iterable[tarfile.TarInfo]:
    for member in packed:
        _, _, member.name = member.name.partition("/")
        if member.isfile() and member.name:
            yield member


if __name__ == "__main__":
    sys.exit(main())
