"""Run the deployed code's tests on other Python versions: `python -m tools.pythons VERSION...`."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
TESTS = ("tests/unit", "tests/aws", "tests/match_api")
UV = Path(sys.executable).with_name("uv")


def create_environment(version: str) -> Path | None:
    """Create a virtual environment with the development packages. Return its Python, or None without that version.

    No Python is downloaded. pyenv's `pythonX.Y` command runs only if PYENV_VERSION chooses the version.
    """
    folder = ROOT / "build/pythons" / version
    environment = os.environ | {"PYENV_VERSION": version, "UV_PYTHON_DOWNLOADS": "never", "VIRTUAL_ENV": str(folder)}
    create: list[str | Path] = [UV, "venv", "-q", "--clear", "--python", f"python{version}", folder]
    if subprocess.run(create, env=environment, check=False).returncode != 0:
        return None
    install: list[str | Path] = [UV, "pip", "install", "-q", "--require-hashes", "-r", ROOT / "requirements/dev.txt"]
    subprocess.run(install, env=environment, check=True)
    return folder / "bin/python"


def main(versions: list[str]) -> int:
    """Run the tests on each version. The exit status is 1 for a failure and 2 for a missing Python."""
    failed = []
    for version in versions:
        python = create_environment(version)
        if python is None:
            print(
                f"There is no python{version} here. Put it on the PATH, or name others: make test-pythons PYTHONS=..."
            )
            return 2
        print(f"Python {version}", flush=True)
        tests: list[str | Path] = [python, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-m", "not alone", *TESTS]
        if subprocess.run(tests, cwd=ROOT, check=False).returncode != 0:
            failed.append(version)
    print(f"Fails on {', '.join(failed)}" if failed else f"Passes on {', '.join(versions)}")
    return int(bool(failed))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
