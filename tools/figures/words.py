"""How often the field's terms occur in a text. Pure."""

import re
from collections.abc import Iterable

TERMS = ("rate limit", "clock skew", "priority", "fallback", "visibility timeout")


def count_term(term: str, texts: Iterable[str]) -> int:
    """Return how often the term occurs, in prose or in a name: `RateLimiter` holds `rate limit`."""
    pattern = re.compile(_pattern(term), re.IGNORECASE)
    return sum(len(pattern.findall(text)) for text in texts)


def _pattern(term: str) -> str:
    joined = r"[\s_-]*".join(re.escape(word) for word in term.split())
    return f"{joined.removesuffix('y')}(?:y|ies)" if joined.endswith("y") else joined
