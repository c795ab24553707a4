"""The secret scan: what it finds and permits, and that it prints no secret."""

import random
import string
import subprocess
from pathlib import Path

import pytest

from tools.supply import secret_scan

RANDOM = random.Random(7)
HEX = "".join(RANDOM.choices("0123456789abcdef", k=64))
KEY_ID = "AK" + "IA" + "".join(RANDOM.choices(string.ascii_uppercase, k=16))
SECRET = "".join(RANDOM.choices(string.ascii_letters + string.digits + "/+", k=40))
SIGNED = "https://b.s3.example/k?X-Amz-" + f"Signature={HEX}"
PEM = "-----BEGIN " + "PRIVATE KEY-----"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    subprocess.run(["git", "init", "-q"], cwd=tmp_path, check=True)  # noqa: S607
    (tmp_path / ".gitignore").write_text("build/\n")
    return tmp_path


@pytest.mark.parametrize(
    ("name", "line", "kind"),
    [
        ("a.py", f'subscription_key = "{HEX[:32]}"', "Hex High Entropy String"),
        ("notes.md", f"curl -H 'Ocp-Apim-Subscription-Key: {HEX[:32]}' …", "PhotoDNA subscription key"),
        ("local.env", f"SUBSCRIPTION_KEY={HEX[:32]}", "PhotoDNA subscription key"),
        ("log.txt", f"GET {SIGNED}", "presigned URL"),
        ("conf.ini", f"aws_access_key_id = {KEY_ID}", "AWS Access Key"),
        ("b.py", f'aws_secret_access_key = "{SECRET}"', "Secret Keyword"),
        ("events/x.json", f'{{"subscriptionKey": "{HEX[:32]}"}}', "PhotoDNA subscription key"),
        ("key.pem", PEM, "Private Key"),
    ],
    ids=["quoted", "in a command", "in a setting", "signature", "AWS id", "AWS secret", "in an event", "private key"],
)
def test_secret_is_found_and_not_printed(
    name: str, line: str, kind: str, project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (project / name).parent.mkdir(exist_ok=True)
    (project / name).write_text(f"first line\n{line}\n")
    assert secret_scan.main(project) == 1
    printed = capsys.readouterr()
    assert f"{name}:2: {kind}" in printed.err
    assert HEX[:32] not in printed.err + printed.out
    assert SECRET not in printed.err + printed.out


def test_local_path_and_registry_host_are_found(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    host = ".".join(("files", "pythonhosted", "org"))
    (project / "a.md").write_text(f"see {project}/build\nindex-url = https://{host}/simple\n")
    assert secret_scan.main(project) == 1
    printed = capsys.readouterr().err
    assert "a.md:1: a path of this machine" in printed
    assert "a.md:2: the host of a package registry" in printed


def test_placeholders_hashes_and_ignored_files_pass(project: Path) -> None:
    (project / "a.py").write_text('client(aws_secret_access_key="testing")\n')
    (project / "requirements.txt").write_text(f"six==1.17.0 --hash=sha256:{HEX}\n")
    (project / "build").mkdir()
    (project / "build/log.txt").write_text(SIGNED)
    assert secret_scan.main(project) == 0


def test_tracked_and_untracked_files_are_listed(project: Path) -> None:
    (project / "known.txt").write_text("known")
    subprocess.run(["git", "add", "known.txt"], cwd=project, check=True)  # noqa: S607
    (project / "new.txt").write_text("new")
    assert sorted(secret_scan.list_files(project)) == [".gitignore", "known.txt", "new.txt"]
