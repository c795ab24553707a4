"""The count of the field's terms in a text."""

import pytest

from tools.figures.words import count_term


@pytest.mark.parametrize(
    "text",
    ["the rate limit", "Rate limits", "rate-limiter", "rate_limiter", "class RateLimiter", "over the rate\nlimit"],
)
def test_term_is_found_in_prose_and_names(text: str) -> None:
    assert count_term("rate limit", [text]) == 1


def test_plural_in_ies_is_found() -> None:
    assert count_term("priority", ["One priority of three priorities."]) == 2


def test_other_words_are_not_counted() -> None:
    assert count_term("rate limit", ["the limit of the rate", "rate", "limit"]) == 0
    assert count_term("priority", ["prior"]) == 0


def test_counts_of_all_texts_are_added() -> None:
    assert count_term("fallback", ["fallback fallback", "", "a fallback"]) == 3
