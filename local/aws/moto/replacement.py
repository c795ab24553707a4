"""Replaces parts of moto, and fails at the start if moto no longer has them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import moto

Wrap = Callable[[Any], Any]


def replace(owner: Any, name: str, wrap: Wrap) -> None:
    """Replace an attribute by wrap(the original). Raises SystemExit if moto no longer has it."""
    original = getattr(owner, name, None)
    if original is None:
        raise SystemExit(f"moto {moto.__version__} has no {owner.__name__}.{name}: update {wrap.__module__}")
    setattr(owner, name, wrap(original))
