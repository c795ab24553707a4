"""The directory of an exported case: readable by its owner only, never one that exists, with a sum of each file."""

import hashlib
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

from ops.errors import CannotProceedError
from ops.formatting import quote_key

CASES = Path("build/cases")
SUMS, README = "SHA256SUMS", "README.md"
_ABOUT = {
    "evidence.json": "the evidence record, as the result has it (docs/schemas/evidence-1.schema.json). The time of the "
    "deletion is the latest possible one",
    "evidence-locked.json": "the evidence record under lock in the quarantine bucket, byte for byte",
    "uploader.json": "who called S3, from which address, when, and the headers and tags of the upload",
    "hashes.json": "hashes and size of the file",
    "answer.json": "what the service answered, as it was recorded",
    "chain-of-custody.json": "who did what with the picture, and when",
    "chain-of-custody.md": "the same as a table",
    "cybertipline-draft.json": "a draft of the report to NCMEC. `to_be_filled` lists what a person has to fill. "
    "Nothing was sent",
    "earlier-matches.json": "earlier matches of the same bytes under the same key",
}
_ABOUT_PICTURE = "the picture, as it was quarantined. Handle it as your law asks"


def choose_name(item: Mapping[str, Any]) -> str:
    """Return the name of a match's case: the day, the beginning of its SHA-256, and a sum of the upload's name."""
    name = f"{item['upload']}\n{item['version']}".encode()
    return f"{item['received_at'][:10]}-{item['sha256'][:12]}-{hashlib.sha256(name).hexdigest()[:8]}"


class CaseDirectory:
    """A new directory. Its files can be read by their owner only."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @contextmanager
    def create(self) -> Iterator[None]:
        """Make the directory, and remove it if the block fails. Raises CannotProceedError where there is one."""
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            self.path.mkdir(mode=0o700)
        except FileExistsError:
            raise CannotProceedError(f"{self.path} exists, and is not overwritten. Name another with --to") from None
        except OSError as error:
            raise CannotProceedError(f"{self.path} cannot be made: {error.strerror}. Name another with --to") from None
        try:
            yield
        except BaseException:
            shutil.rmtree(self.path)
            raise

    def write(self, name: str, content: bytes) -> None:
        """Write a file."""
        with self.open(name) as file:
            file.write(content)

    @contextmanager
    def open(self, name: str) -> Iterator[BinaryIO]:
        """Provide a new file to write to."""
        descriptor = os.open(self.path / name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            yield file

    def finish(self, item: Mapping[str, Any], by: str, at: str, reason: str) -> list[str]:
        """Write the index page and the sums. Return the names of all files."""
        self.write(README, self._index(item, by, at, reason).encode())
        names = sorted(file.name for file in self.path.iterdir())
        self.write(SUMS, "".join(f"{_sum(self.path / name)}  {name}\n" for name in names).encode())
        return [*names, SUMS]

    def _index(self, item: Mapping[str, Any], by: str, at: str, reason: str) -> str:
        files = [f"- `{file.name}`: {_ABOUT.get(file.name, _ABOUT_PICTURE)}" for file in sorted(self.path.iterdir())]
        about = {
            "Upload": quote_key(f"s3://{item['upload']}"),
            "Version": item["version"],
            "SHA-256": item["sha256"],
            "Exported": f"{at} by {by}",
            "Reason": reason,
        }
        facts = [f"    {name:<9}{_one_line(value)}" for name, value in about.items()]
        return "\n".join(
            [
                "# A case of photodna-guard",
                "",
                *facts,
                "",
                "The picture matched a known picture of child sexual exploitation. A copy of it is under lock in the "
                "quarantine bucket; the upload itself is deleted.",
                "",
                *files,
                "",
                f"`sha256sum --check {SUMS}` shows whether a file was changed since.",
                "",
            ]
        )


def _one_line(text: object) -> str:
    return "".join(c if c.isprintable() else f"\\x{ord(c):02x}" for c in str(text))


def _sum(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
