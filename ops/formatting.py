"""Formats keys and durations for the operator."""

import shlex


def quote_key(text: str) -> str:
    """Quote a key for bash and zsh, in one line and without control characters.

    Users choose the keys, and a terminal would execute the control characters in one.
    """
    if text.isprintable():
        return shlex.quote(text) if text else ""
    escaped = (c if c.isprintable() and c not in "'\\" else "".join(f"\\x{b:02x}" for b in c.encode()) for c in text)
    return f"$'{''.join(escaped)}'"


def format_duration(seconds: float) -> str:
    """Format seconds as days, hours and minutes, of which only the two largest units."""
    minutes = round(seconds / 60)
    if minutes < 1:
        return f"{seconds:.0f} s"
    days, hours, minutes = minutes // 1440, minutes // 60 % 24, minutes % 60
    parts = [f"{number} {unit}" for number, unit in ((days, "d"), (hours, "h"), (minutes, "min")) if number]
    return " ".join(parts[:2])
