"""`python -m tools.supply.secret_scan`: no file holds a secret, a path of this machine or a package registry's host.

detect-secrets looks for the secrets, offline. Files that git does not know yet are looked at too, ignored ones are not.
"""

import re
import subprocess
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

from tools.supply import locks

KINDS = Path(__file__).with_name("secret_kinds.py")
# What tests and the embedded cloud give for a secret.
MADE_UP = ("any", "anything", "bench", "embedded-cloud", "hunter2", "key", "rotated", "second", "testing")
# Lines that hold no secret whatever their value: what AWS makes up in the sample events, and words of the template.
NO_SECRET = (
    r'"(eTag|etag|sequencer|x-amz-request-id|x-amz-id-2|versionId|version-id|receiptHandle|md5OfBody|SenderId)":',
    r'"eventSourceARN": "arn:aws:sqs:',
    r"X-Amz-Signature=5ec7e7",
    r"GenerateSecretString:",
    r"Action: secretsmanager:",
    r"arn:aws:secretsmanager:",
)
REGISTRY = re.compile(r"\b(?:pypi|pythonhosted|npmjs)\.(?:org|com|io)\b")


def main(root: Path = locks.ROOT) -> int:
    """The exit status: 1 where a file holds what it should not."""
    files = tracked(root)
    found = [*secrets(root, files), *places(root, files, (str(root), f"{Path.home()}/"))]
    if not found:
        print(f"secrets: none in {len(files)} files")
        return 0
    print("\n".join(found), file=sys.stderr)
    print(
        "A made-up value belongs into MADE_UP (tools/supply/secret_scan.py); a real one that git knows must be changed."
    )
    return 1


def tracked(root: Path) -> list[str]:
    """The project's files: what git has, and what it would add."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=root, capture_output=True, text=True, check=True).stdout
    return [name for name in dict.fromkeys(listed.split("\0")) if name and (root / name).is_file()]


def secrets(root: Path, files: Sequence[str]) -> list[str]:
    """What detect-secrets says of the files; it shows no secret itself."""
    hook = [str(Path(sys.executable).with_name("detect-secrets-hook")), "--no-verify", "--plugin", str(KINDS)]
    lines = [word for line in NO_SECRET for word in ("--exclude-lines", line)]
    values = ["--exclude-secrets", f"^({'|'.join(MADE_UP)})$"]
    ended = subprocess.run([*hook, *lines, *values, *files], cwd=root, capture_output=True, text=True)
    if ended.returncode not in (0, 1) or ended.stderr:
        raise RuntimeError(f"detect-secrets failed: {ended.stderr}")
    kinds = re.findall(r"^Secret Type: (.*)\nLocation: +(.*)$", ended.stdout, re.MULTILINE)
    return [f"{where}: {kind}" for kind, where in kinds]


def places(root: Path, files: Iterable[str], paths: Sequence[str]) -> list[str]:
    """Where a text file names one of the paths, or a package registry's host."""
    found = []
    for name in files:
        for number, line in enumerate(
            (root / name).read_text(encoding="utf-8", errors="replace").splitlines(), start=1
        ):
            found += [f"{name}:{number}: a path of this machine" for path in paths if path in line]
            found += [f"{name}:{number}: the host of a package registry"] if REGISTRY.search(line) else []
    return found


if __name__ == "__main__":
    sys.exit(main())
