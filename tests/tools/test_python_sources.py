"""Figures of Python sources: sizes, trailing comments, docstrings and repeated names."""

import pytest

from tools.figures.python_sources import (
    code_lines,
    documented_share,
    function_lengths,
    spread,
    trailing_comments,
    trailing_comments_per_100_lines,
    widely_defined_names,
)

SOURCE = '''"""A module.

With two lines."""

LIMIT = 10  # seconds

# Why the next line is there.
TEXT = "# no comment"


def send(
    message: str,
) -> None:
    """Send it."""
    import os  # noqa: F401

    print(message)  # type: ignore[x]  # pragma: no cover
    print(
        1,
    )  # the last one
'''


@pytest.mark.parametrize(
    ("sizes", "expected"),
    [
        ([], (0, 0, 0)),
        ([7], (7, 7, 7)),
        (list(range(1, 11)), (5.5, 9, 10)),
        ([1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 50], (1, 1, 50)),
    ],
)
def test_spread_gives_median_90th_percentile_and_largest(
    sizes: list[int], expected: tuple[float, float, float]
) -> None:
    assert spread(sizes) == expected


def test_spread_is_printed_with_slashes() -> None:
    assert str(spread([1, 2])) == "1.5 / 2 / 2"


def test_function_length_goes_from_def_to_last_line() -> None:
    assert function_lengths(SOURCE) == [10]


def test_nested_functions_and_methods_have_lengths_of_their_own() -> None:
    text = "class A:\n    def a(self):\n        async def b():\n            pass\n        return b\n"
    assert sorted(function_lengths(text)) == [2, 4]


def test_code_lines_leave_out_docstrings_comments_and_blank_lines() -> None:
    assert code_lines(SOURCE) == {5, 8, 11, 12, 13, 15, 17, 18, 19, 20}


def test_trailing_comments_leave_out_directives_whole_lines_and_strings() -> None:
    assert trailing_comments(SOURCE) == ["# seconds", "# the last one"]


def test_trailing_comments_are_counted_over_all_texts() -> None:
    assert trailing_comments_per_100_lines([SOURCE, "a = 1\n" * 10]) == pytest.approx(10)
    assert trailing_comments_per_100_lines([]) == 0


def test_documented_share_counts_public_names_of_modules_and_classes() -> None:
    undocumented = "class A:\n    def public(self): pass\n    def _private(self): pass\n"
    documented = '"""M."""\nclass A:\n    """A."""\n    def public(self):\n        """P."""\n'
    assert documented_share([undocumented]) == 0
    assert documented_share([documented]) == 1
    assert documented_share([undocumented, documented]) == 0.5


def test_private_classes_and_inner_functions_need_no_docstring() -> None:
    text = '"""M."""\nclass _A:\n    def public(self): pass\ndef f():\n    """F."""\n    def inner(): pass\n'
    assert documented_share([text]) == 1


def test_a_name_counts_once_for_each_file_that_defines_it() -> None:
    twice = "class A:\n    def run(self): pass\nclass B:\n    def run(self): pass\n    def __init__(self): pass\n"
    texts = {"a.py": twice, "b.py": twice, "c.py": "def other(): pass\ndef __init__(): pass\n"}
    assert widely_defined_names(texts) == {}
    assert widely_defined_names(texts | {"d.py": "async def run(): pass\n"}) == {"run": 3}
