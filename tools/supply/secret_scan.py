"""Check that no file holds a secret, a path of this machine or a package registry's host.

detect-secrets finds the secrets, offline. Untracked files are checked too, ignored ones are not.
"""

import re
import subprocess
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

from tools.supply import locks

KINDS = Path(__file__).with_name("secret_kinds.py")
# Tests and the embedded AWS use these values where a secret is expected.
PLACEHOLDER_SECRETS = (
    "any",
    "anything",
    "bench",
    "embedded-aws",
    "embedded-cloud",
    "hunter2",
    "key",
    "rotated",
    "second",
    "testing",
)
# Values of these lines are no secrets: identifiers in the sample events, and keywords of the template.
LINES_WITHOUT_SECRET = (
    r'"(eTag|etag|sequencer|x-amz-request-id|x-amz-id-2|versionId|version-id|receiptHandle|md5OfBody|SenderId)":',
    r'"eventSourceARN": "arn:aws:sqs:',
    r"X-Amz-Signature=5ec7e7",
    r"GenerateSecretString:",
    r"Action: secretsmanager:",
    r"arn:aws:secretsmanager:",
)
REGISTRY = re.compile(r"\b(?:pypi|pythonhosted|npmjs)\.(?:org|com|io)\b")


def main(root: Path = locks.ROOT) -> int:
    """Check all files. The exit status is 1 if one holds a secret, a path of this machine or a registry's host."""
    files = list_files(root)
    found = [*find_secrets(root, files), *find_local_references(root, files, (str(root), f"{Path.home()}/"))]
    if not found:
        print(f"secrets: none in {len(files)} files")
        return 0
    print("\n".join(found), file=sys.stderr)
    print(
        "Enter a placeholder in PLACEHOLDER_SECRETS (tools/supply/secret_scan.py). "
        "Revoke a real secret that git has stored."
    )
    return 1


def list_files(root: Path) -> list[str]:
    """Return the files that git tracks or would add."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=root, capture_output=True, text=True, check=True).stdout
    return [name for name in dict.fromkeys(listed.split("\0")) if name and (root / name).is_file()]


def find_secrets(root: Path, files: Sequence[str]) -> list[str]:
    """Return place and kind of each secret in the files. The secrets themselves are not shown."""
    hook = [str(Path(sys.executable).with_name("detect-secrets-hook")), "--no-verify", "--plugin", str(KINDS)]
    lines = [option for line in LINES_WITHOUT_SECRET for option in ("--exclude-lines", line)]
    values = ["--exclude-secrets", f"^({'|'.join(PLACEHOLDER_SECRETS)})$"]
    completed = subprocess.run([*hook, *lines, *values, *files], cwd=root, capture_output=True, text=True)
    if completed.returncode not in (0, 1) or completed.stderr:
        raise RuntimeError(f"detect-secrets failed: {completed.stderr}")
    kinds = re.findall(r"^Secret Type: (.*)\nLocation: +(.*)$", completed.stdout, re.MULTILINE)
    return [f"{where}: {kind}" for kind, where in kinds]


def find_local_references(root: Path, files: Iterable[str], paths: Sequence[str]) -> list[str]:
    """Return each place where a file names one of the paths or a package registry's host."""
    found = []
    for name in files:
        text = (root / name).read_text(encoding="utf-8", errors="replace")
        for number, line in enumerate(text.splitlines(), start=1):
            found += [f"{name}:{number}: a path of this machine" for path in paths if path in line]
            found += [f"{name}:{number}: the host of a package registry"] if REGISTRY.search(line) else []
    return found


if __name__ == "__main__":
    sys.exit(main())
