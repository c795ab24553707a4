"""Print the figures of the code and its documents as a Markdown table: `make figures`.

    python -m tools.house_figures [--root DIR] [--source FOLDER] [--handler MODULE]

Another commit is measured with `--root` at its work tree, and the names that its package has there.
"""

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from tools.figures import python_sources, words

ROOT = Path(__file__).resolve().parents[1]
Row = tuple[str, str, str]


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the table. The exit status is 0."""
    parser = argparse.ArgumentParser(prog="make figures", description="Figures of the code and its documents")
    parser.add_argument("--root", type=Path, default=ROOT, help="the work tree to measure")
    parser.add_argument("--source", default="src/photodna_guard", help="the deployed package, within the root")
    parser.add_argument("--handler", default="photodna_guard.handlers.on_upload", help="the module of the entry point")
    options = parser.parse_args(arguments)
    root = options.root.resolve()
    rows = [*source_rows(root, options.source), stack_row(root, options.source, options.handler)]
    print(as_markdown([*rows, production_row(root, options.source), *document_rows(root, options.source)]))
    return 0


def as_markdown(rows: Sequence[Row]) -> str:
    """Return the rows as a Markdown table."""
    return "\n".join(f"| {' | '.join(row)} |" for row in [("figure", "value", "target"), ("---", "---", "---"), *rows])


def source_rows(root: Path, source: str) -> Iterator[Row]:
    """Yield the figures of the deployed package's text."""
    texts = _read_texts(root, f"{source}/*.py")
    codes = list(texts.values())
    lines = [len(text.splitlines()) for text in codes]
    functions = python_sources.spread([length for text in codes for length in python_sources.function_lengths(text)])
    shared = python_sources.widely_defined_names(texts)
    yield "lines of a file: median / p90 / largest", str(python_sources.spread(lines)), "largest <= 200"
    yield "files of more than 200 lines", str(sum(count > 200 for count in lines)), "0"
    yield "lines of a function: median / p90 / largest", str(functions), "median <= 6, largest <= 40"
    comments = python_sources.trailing_comments_per_100_lines(codes)
    yield "trailing comments for 100 lines of code", f"{comments:.1f}", "<= 1.5"
    yield "public names with a docstring", f"{python_sources.documented_share(codes):.1%}", ">= 95 %"
    yield "function names defined in three files or more", str(len(shared)), "<= 10"
    yield "which", ", ".join(f"{name} ({count})" for name, count in shared.items()) or "none", ""


def stack_row(root: Path, source: str, handler: str) -> Row:
    """Return the number of frames from the handler to the first S3 call."""
    argv = [sys.executable, "-m", "tools.figures.call_depth", str(root / "template.yaml"), str(root / source), handler]
    # The package that is measured comes first, so that no other commit's package of the same name is imported.
    paths = os.pathsep.join([str((root / source).parent), str(ROOT)])
    ended = subprocess.run(argv, env=os.environ | {"PYTHONPATH": paths}, capture_output=True, text=True)
    frames = json.loads(ended.stdout.splitlines()[-1]) if ended.returncode == 0 else None
    return "frames from the handler to the first S3 call", str(len(frames)) if frames else "no S3 call", "<= 7"


def production_row(root: Path, source: str) -> Row:
    """Return how many lines of Python are outside the deployed package for each line in it."""
    production = sum(len(text.splitlines()) for text in _read_texts(root, f"{source}/*.py").values())
    every = sum(len(text.splitlines()) for text in _read_texts(root, "*.py").values())
    return "lines of Python that are not production, for each that is", f"{(every - production) / production:.1f}", ""


def document_rows(root: Path, source: str) -> Iterator[Row]:
    """Yield the README's size, and how often the field's terms occur in the source, the README and the decisions."""
    code, readme, decisions = (
        list(_read_texts(root, pattern).values()) for pattern in (f"{source}/*.py", "README.md", "docs/decisions/*.md")
    )
    yield "lines of README.md", str(sum(len(text.splitlines()) for text in readme)), "<= 130"
    yield "words of README.md", str(sum(len(text.split()) for text in readme)), "<= 1300"
    for term in words.TERMS:
        counts = [str(words.count_term(term, texts)) for texts in (code, readme, decisions)]
        yield f"*{term}*: in source / README / decisions", " / ".join(counts), "> 0"


def _read_texts(root: Path, pattern: str) -> dict[str, str]:
    """Return the text of each file that git tracks and the pattern names, by its path; `*` also crosses folders."""
    command = ["git", "ls-files", "-z", "--", pattern]
    listed = subprocess.run(command, cwd=root, capture_output=True, text=True, check=True).stdout
    # A deleted file is listed until its deletion is staged.
    paths = [name for name in listed.split("\0") if name and (root / name).is_file()]
    return {name: (root / name).read_text(encoding="utf-8", errors="replace") for name in paths}


if __name__ == "__main__":
    sys.exit(main())
