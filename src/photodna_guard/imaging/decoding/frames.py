"""Which frames are looked at, and what a decoder gives of one. Pure."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Frames:
    """A decoded file: its number of frames, and how one is had.

    `get` returns a PIL image of RGB, RGBA, L or LA in sRGB, upright, whose longer side has about REDUCED_SIDE pixels at
    most; and `size` its own size before that. Frames are asked for in rising order.
    """

    total: int
    get: Callable[[int], "Frame"]


@dataclass(frozen=True, slots=True)
class Frame:
    """One frame as a viewer shows it, reduced."""

    image: Any
    # Width and height in pixels before it was reduced.
    size: tuple[int, int]
    # The PNG's gAMA, which some viewers apply; None where there is none.
    gamma: float | None = None


def choose_frames(total: int, most: int) -> list[int]:
    """Return the frames to look at: the first, the last and others evenly between them."""
    if total <= most:
        return list(range(total))
    if most == 1:
        return [0]
    return sorted({round(i * (total - 1) / (most - 1)) for i in range(most)})
