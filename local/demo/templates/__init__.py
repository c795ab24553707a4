"""Renders the Jinja2 templates of this folder, with every value escaped."""

from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from local.demo.text import count_of, escape_invisible, shorten_middle


def render(template: str, **values: object) -> str:
    """Render the template of that file name."""
    return _ENVIRONMENT.get_template(template).render(values)


def _to_text(value: object) -> str:
    """Convert what a template is about to write. Only the output of a macro is markup; Jinja2 escapes the rest."""
    if isinstance(value, Markup):
        return value
    return f"{value:g}" if isinstance(value, float) else escape_invisible(str(value))


_ENVIRONMENT = Environment(
    loader=FileSystemLoader(Path(__file__).parent),
    autoescape=True,
    finalize=_to_text,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_ENVIRONMENT.filters["shorten_middle"] = shorten_middle
_ENVIRONMENT.filters["count_of"] = count_of
