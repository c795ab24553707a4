"""python -m tools.pythons VERSION...: the tests of what is deployed, on other Pythons than the development's own."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
TESTS = ("tests/unit", "tests/aws", "tests/match_api")
UV = Path(sys.executable).with_name("uv")


def python(version: str) -> Path | None:
    """The Python of an environment for that version, with what development needs; None where there is no such Python.

    pyenv's command of that name runs only where PYENV_VERSION chooses the version. Nothing is downloaded for it.
    """
    folder = ROOT / "build/pythons" / version
    environment = os.environ | {"PYENV_VERSION": version, "UV_PYTHON_DOWNLOADS": "never", "VIRTUAL_ENV": str(folder)}
    make: list[str | Path] = [UV, "venv", "-q", "--clear", "--python", f"python{version}", folder]
    if subprocess.run(make, env=environment, check=False).returncode != 0:
        return None
    install: list[str | Path] = [UV, "pip", "install", "-q", "--require-hashes", "-r", ROOT / "requirements/dev.txt"]
    subprocess.run(install, env=environment, check=True)
    return folder / "bin/python"


def main(versions: list[str]) -> int:
    failed = []
    for version in versions:
        found = python(version)
        if found is None:
            print(
                f"There is no python{version} here. Put it on the PATH, or name others: make test-pythons PYTHONS=..."
            )
            return 2
        print(f"Python {version}", flush=True)
        tests: list[str | Path] = [found, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-m", "not alone", *TESTS]
        if subprocess.run(tests, cwd=ROOT, check=False).returncode != 0:
            failed.append(version)
    print(f"Fails on {', '.join(failed)}" if failed else f"Passes on {', '.join(versions)}")
    return int(bool(failed))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
