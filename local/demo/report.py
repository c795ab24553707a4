"""Writes the run as one HTML page that needs nothing else: no script and no network."""

from collections.abc import Mapping
from datetime import datetime

from local.demo.charts import Bars, histogram
from local.demo.checked_upload import Run
from local.demo.rate import Rate
from local.demo.templates import render


def render_report(run: Run, previews: Mapping[int, str], finished_at: datetime) -> str:
    """Render the page. `previews` has data URIs by the picture's index in the run."""
    charts = [_time_chart(run.times()), _rate_chart(run.rate)]
    values = {"run": run, "summary": run.summary(), "charts": charts, "previews": previews, "finished_at": finished_at}
    return render("report.html.jinja", **values)


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
