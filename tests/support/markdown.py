"""Read Markdown as GitHub shows it: its links, its headings' anchors and the rows of its tables."""

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote

_FENCE = re.compile(r"^ *```.*?^ *```", re.MULTILINE | re.DOTALL)
_CODE_SPAN = re.compile(r"`[^`\n]*`")
_INLINE_LINK = re.compile(r"\]\(\s*<?([^)\s>]+)>?(?:\s+\"[^\"]*\")?\s*\)")
_REFERENCE_LINK = re.compile(r"^\[[^\]]+\]:\s*(\S+)", re.MULTILINE)
_HEADING = re.compile(r"^(#{1,6}) +(.+?) *#*$", re.MULTILINE)
_LINKED_TEXT = re.compile(r"\[([^\]]*)\]\([^)]*\)")
_ROW = re.compile(r"^\|(.+)\|$", re.MULTILINE)
_EXTERNAL = re.compile(r"^([a-z][a-z0-9+.-]*:|//)", re.IGNORECASE)


def headings(text: str, level: int | None = None) -> list[str]:
    """Return the headings of a document, or those of one level, as they are written."""
    found = _HEADING.findall(_FENCE.sub("", text))
    return [title for marks, title in found if level in (None, len(marks))]


def anchors(text: str) -> set[str]:
    """Return the anchors that GitHub gives to a document's headings. A repeated one gets a number."""
    seen: Counter[str] = Counter()
    found = set()
    for title in headings(text):
        anchor = _anchor(title)
        found.add(f"{anchor}-{seen[anchor]}" if seen[anchor] else anchor)
        seen[anchor] += 1
    return found


def links(text: str) -> list[str]:
    """Return the targets of a document's links and images within the repository, without those in code."""
    prose = _CODE_SPAN.sub("``", _FENCE.sub("", text))
    targets = _INLINE_LINK.findall(prose) + _REFERENCE_LINK.findall(prose)
    return [target for target in targets if not _EXTERNAL.match(target)]


def broken_links(document: Path) -> list[str]:
    """Return the links of a document that lead to no file, or to no heading of one."""
    return [target for target in links(document.read_text(encoding="utf-8")) if not _resolves(document, target)]


def linked_documents(document: Path) -> Iterator[Path]:
    """Yield the existing Markdown files to which a document links."""
    for target in links(document.read_text(encoding="utf-8")):
        place = (document.parent / unquote(target.partition("#")[0])).resolve()
        if place.suffix == ".md" and place.is_file():
            yield place


def table_rows(text: str, heading: str) -> list[list[str]]:
    """Return the cells of the table rows in the section under a heading, without the tables' first two rows."""
    section = re.split(rf"^#+ {re.escape(heading)}$", text, flags=re.MULTILINE)[1]
    section = re.split(r"^#", section, flags=re.MULTILINE)[0]
    rows = [[cell.strip() for cell in row.split(" | ")] for row in _ROW.findall(section)]
    rules = {at for at, row in enumerate(rows) if set("".join(row)) <= set("-: |")}
    return [row for at, row in enumerate(rows) if at not in rules and at + 1 not in rules]


def _anchor(title: str) -> str:
    shown = _LINKED_TEXT.sub(r"\1", title).replace("`", "").replace("*", "")
    return re.sub(r"[^\w\- ]", "", shown.lower()).replace(" ", "-")


def _resolves(document: Path, target: str) -> bool:
    path, _, anchor = unquote(target).partition("#")
    place = document.parent / path if path else document
    if not place.exists():
        return False
    return not anchor or (place.suffix == ".md" and anchor in anchors(place.read_text(encoding="utf-8")))
