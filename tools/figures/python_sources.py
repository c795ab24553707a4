"""Figures of Python sources, read from their text. Pure."""

import ast
import io
import statistics
import tokenize
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

_NOT_CODE = {
    tokenize.COMMENT,
    tokenize.NL,
    tokenize.NEWLINE,
    tokenize.INDENT,
    tokenize.DEDENT,
    tokenize.ENCODING,
    tokenize.ENDMARKER,
}
_DIRECTIVES = ("noqa", "type:", "pragma", "mypy:", "checkov:")
_Function = ast.FunctionDef | ast.AsyncFunctionDef
_Documented = ast.Module | ast.ClassDef | _Function


class Spread(NamedTuple):
    """The median, the 90th percentile and the largest of some sizes."""

    median: float
    p90: float
    largest: float

    def __str__(self) -> str:
        return " / ".join(f"{value:g}" for value in self)


def spread(sizes: Sequence[int]) -> Spread:
    """Return the spread of the sizes; zeros where there are none."""
    if not sizes:
        return Spread(0, 0, 0)
    ordered = sorted(sizes)
    # The nearest rank: a size that occurs, so that a reader can find the file or function.
    return Spread(statistics.median(ordered), ordered[-(-len(ordered) * 9 // 10) - 1], ordered[-1])


def function_lengths(text: str) -> list[int]:
    """Return the lines of each function, from its `def` to its last line, docstring included."""
    return [(node.end_lineno or node.lineno) - node.lineno + 1 for node in _functions(ast.parse(text))]


def code_lines(text: str) -> set[int]:
    """Return the numbers of the lines that hold code. Docstrings are no code."""
    tokens = tokenize.generate_tokens(io.StringIO(text).readline)
    spans = (range(token.start[0], token.end[0] + 1) for token in tokens if token.type not in _NOT_CODE)
    return {line for span in spans for line in span} - _docstring_lines(ast.parse(text))


def trailing_comments(text: str) -> list[str]:
    """Return the comments that stand behind code on its line, without directives to a tool."""
    lines = code_lines(text)
    tokens = tokenize.generate_tokens(io.StringIO(text).readline)
    comments = [token for token in tokens if token.type == tokenize.COMMENT and token.start[0] in lines]
    return [token.string for token in comments if not token.string.lstrip("# ").startswith(_DIRECTIVES)]


def trailing_comments_per_100_lines(texts: Sequence[str]) -> float:
    """Return the trailing comments for 100 lines of code, over all texts."""
    lines = sum(len(code_lines(text)) for text in texts)
    return 100 * sum(len(trailing_comments(text)) for text in texts) / lines if lines else 0.0


def documented_share(texts: Sequence[str]) -> float:
    """Return the share of public modules, classes, functions and methods that have a docstring; 1 where none is."""
    documented = [ast.get_docstring(node) is not None for text in texts for node in _public_nodes(ast.parse(text))]
    return sum(documented) / len(documented) if documented else 1.0


def widely_defined_names(texts: Mapping[str, str], files: int = 3) -> dict[str, int]:
    """Return the function names that at least `files` files define, with their number. Dunder names do not count."""
    places = defaultdict(set)
    for path, text in texts.items():
        for node in _functions(ast.parse(text)):
            places[node.name].add(path)
    return {name: len(found) for name, found in sorted(places.items()) if len(found) >= files and not _is_dunder(name)}


def _docstring_lines(tree: ast.AST) -> set[int]:
    documented = [
        node for node in ast.walk(tree) if isinstance(node, _Documented) and ast.get_docstring(node) is not None
    ]
    strings = [node.body[0] for node in documented]
    return {line for node in strings for line in range(node.lineno, (node.end_lineno or node.lineno) + 1)}


def _functions(tree: ast.AST) -> Iterator[_Function]:
    return (node for node in ast.walk(tree) if isinstance(node, _Function))


def _public_nodes(node: ast.Module | ast.ClassDef) -> Iterator[_Documented]:
    """Yield the node and its public members. What a function defines inside itself is not public."""
    yield node
    for child in node.body:
        if isinstance(child, ast.ClassDef | _Function) and not child.name.startswith("_"):
            yield from _public_nodes(child) if isinstance(child, ast.ClassDef) else [child]


def _is_dunder(name: str) -> bool:
    return name.startswith("__") and name.endswith("__")
