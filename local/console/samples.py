"""Draws pictures for a user who has none at hand: a clean one, and a near copy of one on the emulator's list."""

from __future__ import annotations

import itertools
import secrets
from threading import Lock

from local.match.control import Emulator
from local.pictures import draw, encode

CLEAN, MATCH = "clean", "match"
KINDS = (CLEAN, MATCH)
# A match of any source other than Test is an incident, with its alarm.
_SOURCE = "Console hash list"
_LISTED_SEED = 7001


class Samples:
    """Draws samples. Without an emulator nothing can be made to match."""

    def __init__(self, emulator: Emulator | None) -> None:
        self._emulator = emulator
        self._lock, self._is_listed = Lock(), False
        self._numbers = itertools.count(1)

    @property
    def kinds(self) -> list[str]:
        """The kinds of samples that there are."""
        return list(KINDS) if self._emulator else [CLEAN]

    def make(self, kind: str) -> tuple[str, bytes]:
        """Return the key and the content of a sample of one of the kinds."""
        number = next(self._numbers)
        if kind == CLEAN:
            return f"sample-{number}-clean.jpg", encode(draw(secrets.randbits(32)), "JPEG")
        self._list_picture()
        # Each near copy differs from the one before in its bytes.
        copy = draw(_LISTED_SEED).resize((400 + number % 100, 300))
        return f"sample-{number}-match.jpg", encode(copy, "JPEG", quality=80)

    def _list_picture(self) -> None:
        with self._lock:
            if self._emulator and not self._is_listed:
                listed = encode(draw(_LISTED_SEED), "PNG")
                self._emulator.add_to_test_list(listed, source=_SOURCE, violations=["A1"])
                self._is_listed = True
