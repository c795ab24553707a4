"""Writes the run as one HTML page that needs nothing else: no script and no network."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from local.demo.burst import explain_times
from local.demo.charts import Bars, histogram
from local.demo.checked_upload import Run
from local.demo.overview import Group, ReasonCount
from local.demo.rate import Rate
from local.demo.templates import render
from local.demo.thumbnail import MAX_PREVIEWS


def render_report(run: Run, previews: Mapping[int, str], finished_at: datetime) -> str:
    """Render the page. `previews` has data URIs by the picture's index in the run."""
    charts = [_time_chart(run.times()), _rate_chart(run.rate)]
    return render(
        "report.html.jinja",
        run=run,
        summary=run.summary(),
        groups=run.groups(),
        without_verdict=_list_reasons(run.groups()),
        times=list(explain_times(run)),
        charts=charts,
        previews=previews,
        max_previews=MAX_PREVIEWS,
        finished_at=finished_at,
    )


def _list_reasons(groups: Sequence[Group]) -> list[ReasonCount]:
    """Return why uploads have no verdict. What a reader may have to act upon comes first."""
    by_name = {group.name: group for group in groups}
    return [reason for name in ("open", "unscannable", "gone", "skipped") for reason in by_name[name].reasons]


def _time_chart(times: list[float]) -> Bars:
    step, bins = histogram(times)
    slowest = f" The slowest took {max(times):.1f} s." if times else ""
    return Bars(
        name="time",
        title="Time to verdict",
        summary=f"The chart counts {len(times)} uploads by their time to verdict, in bins of {step:g} s.{slowest}",
        stacks=[[number] for number in bins],
        classes=["bar"],
        step=step,
        y_axis="uploads",
        x_axis="seconds to verdict",
    )


def _rate_chart(rate: Rate) -> Bars:
    summary = (
        f"The emulator received {rate.requests} requests in {len(rate.per_second)} seconds, at most "
        f"{rate.largest_window} in any one second. The limit is {rate.limit:g}. "
        f"It refused {rate.refused_429} requests with 429."
    )
    return Bars(
        name="rate",
        title="Requests per second",
        summary=summary,
        stacks=[[second.accepted, second.refused] for second in rate.per_second] or [[0, 0]],
        classes=["bar", "refused"],
        step=1,
        y_axis="requests",
        x_axis="seconds of the run",
        limit=rate.limit,
    )
