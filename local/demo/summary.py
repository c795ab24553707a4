"""Formats the lines below the console's table: counts by what became of the uploads, times and problems (pure)."""

from collections.abc import Iterator

from local.demo.burst import explain_times
from local.demo.checked_upload import Run
from local.demo.overview import Group
from local.demo.text import count_of, escape_invisible


def summary_lines(run: Run) -> Iterator[str]:
    """Format the lines. The last ones say whether every upload ended as expected."""
    rate, groups = run.rate, run.groups()
    yield f"{count_of(len(run.pictures), 'upload')} in {run.seconds:.1f} s:"
    yield from (_format_group(group) for group in groups if group.count or group.name == "open")
    yield from explain_times(run)
    yield (
        f"The emulator received {count_of(rate.requests, 'request')}, at most {rate.largest_window} in any one second "
        f"(limit {rate.limit:g}), and refused {rate.refused_429} with 429."
    )
    yield from (f"Not uploaded: {line}" for line in run.left_out)
    if run.problems:
        yield f"Problems found: {len(run.problems)}"
        yield from (f"  - {escape_invisible(problem)}" for problem in run.problems)
    else:
        yield f"All {len(run.pictures)} uploads ended as expected."


def _format_group(group: Group) -> str:
    title = group.title.upper() if group.name == "open" and group.count else group.title
    return escape_invisible(f"{group.count:5} {title}{': ' if group.count else ''}{group.detail}")
