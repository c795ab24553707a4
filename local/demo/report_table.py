"""The report's table of verdicts: a row for each upload, which becomes a card where the screen is narrow."""

from collections.abc import Iterator, Mapping, Sequence
from html import escape

from local.demo.outcome import Outcome
from local.demo.text import printable, shortened

_COLUMNS = ("Preview", "Upload", "Verdict", "Expected", "Why", "Seconds", "As expected")
_LONGEST = 120  # characters of a key that are shown; all of it is in the title


def table(outcomes: Sequence[Outcome], previews: Mapping[int, str]) -> str:
    rows = "\n".join(_row(one, previews.get(index)) for index, one in enumerate(outcomes))
    heads = "".join(f'<th scope="col" role="columnheader">{name}</th>' for name in _COLUMNS)
    # On a narrow screen the rows become cards; the roles keep it a table for those who hear it.
    return f"""<section><h2 id="verdicts">Verdicts</h2>
<table role="table" aria-labelledby="verdicts">
<thead role="rowgroup"><tr role="row">{heads}</tr></thead>
<tbody role="rowgroup">
{rows}
</tbody></table></section>"""


def _row(one: Outcome, preview: str | None) -> str:
    key, status = printable(one.key), one.status or "no verdict"
    seconds = "–" if one.seconds_to_verdict is None else f"{one.seconds_to_verdict:.2f}"
    why = "<br>".join(_why(one))
    cells = (
        ("preview", _picture(one, preview)),
        ("verdict", f'<span class="pill {escape(status.lower())}">{escape(status)}</span>'),
        ("expected", escape(" or ".join(one.expected))),
        ("why" if why else "why none", why or "–"),
        ("seconds", seconds),
        ("ok", "yes" if one.as_expected else "<strong>no</strong>"),
    )
    first, *others = (f'<td role="cell" class="{name}">{content}</td>' for name, content in cells)
    name = (
        f'<th scope="row" role="rowheader" class="upload"><bdi title="{escape(key)}">'
        f"{escape(shortened(key, _LONGEST))}</bdi><small>{escape(one.kind)}</small></th>"
    )
    return f'<tr role="row"{"" if one.as_expected else " class=wrong"}>{first}{name}{"".join(others)}</tr>'


def _picture(one: Outcome, preview: str | None) -> str:
    if preview:
        return f'<img src="{preview}" alt="Drawn test picture: {escape(one.kind)}">'
    return '<span class="hidden-picture" role="img" aria-label="Picture not shown"></span>'


def _why(one: Outcome) -> Iterator[str]:
    if one.reason:
        yield escape(printable(one.reason))
    for match in one.matches:
        distance = match.get("distance")
        near = "" if distance is None else f", distance {distance}"
        yield escape(printable(f"{match.get('source')} {match.get('match_id') or ''}{near}"))
    if one.is_test:
        yield '<span class="test">Test only</span>'
