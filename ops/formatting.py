"""How keys and durations are shown to a person."""

import shlex


def quote_key(text: str) -> str:
    """A key as bash and zsh take it, in one line.

    Whoever uploads names the keys, and a terminal obeys the control characters that it is shown.
    """
    if text.isprintable():
        return shlex.quote(text) if text else ""
    escaped = (c if c.isprintable() and c not in "'\\" else "".join(f"\\x{b:02x}" for b in c.encode()) for c in text)
    return f"$'{''.join(escaped)}'"


def format_duration(seconds: float) -> str:
    """Days, hours and minutes, the two largest of them."""
    minutes = round(seconds / 60)
    if minutes < 1:
        return f"{seconds:.0f} s"
    days, hours, minutes = minutes // 1440, minutes // 60 % 24, minutes % 60
    parts = [f"{number} {unit}" for number, unit in ((days, "d"), (hours, "h"), (minutes, "min")) if number]
    return " ".join(parts[:2])
