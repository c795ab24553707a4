"""Writes the run down as one HTML page that needs nothing else: no script and no network."""

from collections.abc import Mapping
from datetime import datetime
from html import escape
from pathlib import Path

from local.demo.charts import Bars, bar_chart, histogram
from local.demo.outcome import Run
from local.demo.report_table import table
from local.demo.text import printable

# The page holds keys that others chose. Should one ever get through unescaped, nothing of it is run.
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"


def page(run: Run, previews: Mapping[int, str], when: datetime) -> str:
    """The page. `previews`: data URIs by index of the picture in the run."""
    style = Path(__file__).with_name("report.css").read_text(encoding="utf-8")
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="{_POLICY}">
<title>Demo run: {escape(_headline(run))}</title>
<style>
{style}</style>
</head>
<body>
<header>
<p class="kicker">PhotoDNA guard · demo run of {when:%Y-%m-%d %H:%M}</p>
<h1 class="{"bad" if run.problems else "good"}">{escape(_headline(run))}</h1>
<p class="note"><strong>The matcher is an emulator, not PhotoDNA.</strong> It speaks the Match operation's
interface and compares by ImageHash's pHash, an open perceptual hash. The run shows that uploads are checked, moved and
recorded as they should; it says nothing about what PhotoDNA would detect.</p>
</header>
<main>
{_problems(run)}
{_tiles(run)}
<section class="charts" aria-label="Charts">
{_time_chart(run)}
{_rate_chart(run)}
</section>
{table(run.pictures, previews)}
</main>
</body>
</html>
"""


def _headline(run: Run) -> str:
    if run.problems:
        return f"{len(run.problems)} {'thing is' if len(run.problems) == 1 else 'things are'} not as expected"
    return f"All {len(run.pictures)} as expected"


def _problems(run: Run) -> str:
    return "".join(
        f'<section class="{kind}"><h2>{title}</h2><ul>{"".join(_item(line) for line in lines)}</ul></section>'
        for kind, title, lines in (
            ("problems", "Not as expected", run.problems),
            ("left-out", "Left out", run.left_out),
        )
        if lines
    )


def _item(line: str) -> str:
    return f"<li>{escape(printable(line))}</li>"


def _tiles(run: Run) -> str:
    summary, rate = run.summary(), run.rate
    counts: Mapping[str, int] = summary["by_status"]
    slowest = f"slowest {_time(summary['slowest_seconds_to_verdict'])}"
    run_tiles = [
        ("uploads", str(summary["pictures"]), f"{summary['as_expected']} as expected"),
        ("median time to verdict", _time(summary["median_seconds_to_verdict"]), slowest),
        ("requests", str(rate.requests), f"{rate.refused_429} refused with 429"),
        ("largest one-second window", f"{rate.largest_window}", f"limit {rate.limit:g}"),
    ]
    verdict_tiles = [(status.lower(), str(number), "") for status, number in sorted(counts.items())]
    return "".join(
        f'<dl class="tiles">{"".join(_tile(*tile) for tile in tiles)}</dl>' for tiles in (run_tiles, verdict_tiles)
    )


def _tile(name: str, value: str, more: str) -> str:
    extra = f"<dd class=more>{escape(more)}</dd>" if more else ""
    return f"<div><dt>{escape(name)}</dt><dd>{escape(value)}</dd>{extra}</div>"


def _time(seconds: float | None) -> str:
    return "–" if seconds is None else f"{seconds:.2f} s"


def _time_chart(run: Run) -> str:
    times, (step, bins) = run.times(), histogram(run.times())
    slowest = f"; the slowest took {max(times):.1f} s" if times else ""
    summary = f"{len(times)} uploads by the time from upload to verdict, in steps of {step:g} s{slowest}."
    return _figure(
        Bars(
            name="time",
            title="Time to verdict",
            summary=summary,
            stacks=[[number] for number in bins],
            classes=["bar"],
            step=step,
            y_axis="uploads",
            x_axis="seconds to verdict",
        )
    )


def _rate_chart(run: Run) -> str:
    rate = run.rate
    summary = (
        f"{rate.requests} requests in {len(rate.per_second)} seconds. Of any one-second window, the largest "
        f"held {rate.largest_window}; the limit is {rate.limit:g}. {rate.refused_429} were refused with 429."
    )
    return _figure(
        Bars(
            name="rate",
            title="Requests a second",
            summary=summary,
            stacks=[[second.accepted, second.refused] for second in rate.per_second] or [[0, 0]],
            classes=["bar", "refused"],
            step=1,
            y_axis="requests",
            x_axis="seconds of the run",
            limit=rate.limit,
        )
    )


def _figure(chart: Bars) -> str:
    return (
        f"<figure><h2>{escape(chart.title)}</h2>{bar_chart(chart)}"
        f"<figcaption>{escape(chart.summary)}</figcaption></figure>"
    )
