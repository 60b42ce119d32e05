"""Pages as HTML: templates that escape every value, and the forms of sizes, times and digests.

All texts of a page come from outside (names, annotations, commands of images): controls and what
turns the order of text are shown as escapes, as on a terminal, and Jinja2 escapes markup.
"""

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path

import jinja2
from markupsafe import Markup, escape

from manyfest.cli.explorer.links import Links
from manyfest.cli.explorer.page import Page
from manyfest.cli.output import printable
from manyfest.cli.rendering.humanize import counted, format_age, format_size, short_digest
from manyfest.domain.encoding.strict_json import Json
from manyfest.domain.version import VERSION

_FOLDER = Path(__file__).parent
STATIC = _FOLDER / "static"

_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")


class Pages:
    """Turns pages into HTML, with the links of one kind of address."""

    def __init__(self, links: Links, now: datetime | None = None) -> None:
        self._links = links
        self._environment = jinja2.Environment(
            autoescape=True,
            loader=jinja2.FileSystemLoader(_FOLDER / "templates"),
            lstrip_blocks=True,
            trim_blocks=True,
            undefined=jinja2.StrictUndefined,
        )
        filters: dict[str, Callable[..., str]] = {
            "size": _size,
            "age": lambda text: _age(text, now or datetime.now(UTC)),
            "short": short_digest,
            "counted": counted,
            "capitalised": lambda text: f"{text[:1].upper()}{text[1:]}",
            "linked": self._linked,
        }
        self._environment.filters |= filters
        self._environment.globals |= {"links": links, "version": VERSION}

    def html(self, page: Page, as_json: str, **more: Json) -> str:
        """Return the page as a document; ``more`` are values for its template alone.

        ``as_json`` is the link to its data.
        """
        template = self._environment.get_template(page.template)
        shown = _shown({**page.data, **more})
        return template.render(
            title=printable(page.title),
            commands=list(map(printable, page.commands)),
            as_json=as_json,
            **shown,
        )

    def _linked(self, text: str) -> Markup:
        """Return text with each digest as a link to its content."""
        parts = _DIGEST.split(text)
        digests = _DIGEST.findall(text)
        linked = [
            Markup('<a href="{}">{}</a>').format(self._links.to("content", digest), digest)
            for digest in digests
        ]
        joined = [escape(parts[0])]
        for link, part in zip(linked, parts[1:], strict=True):
            joined += [link, escape(part)]
        return Markup("").join(joined)


def _size(count: int | None) -> str:
    return "" if count is None else format_size(count)


def _age(text: str | None, now: datetime) -> str:
    return format_age(datetime.fromisoformat(text), now) if text else ""


def _shown(values: Mapping[str, Json]) -> dict[str, Json]:
    return {name: _readable(value) for name, value in values.items()}


def _readable(value: Json) -> Json:
    """Return the value with all its texts readable; those of several lines keep their lines."""
    if isinstance(value, str):
        return "\n".join(map(printable, value.replace("\t", "    ").split("\n")))
    if isinstance(value, dict):
        return {printable(name): _readable(each) for name, each in value.items()}
    return list(map(_readable, value)) if isinstance(value, list) else value
