"""A page put together from what all pages have in common, its own parts, its style and its scripts.

The Content-Security-Policy lets nothing be fetched and nothing run but the page's own script and style, which it names
by their hashes: https://www.w3.org/TR/CSP3/#csp-hash-source
"""

import re
from base64 import b64encode
from dataclasses import dataclass
from hashlib import sha256
from importlib.resources import files
from typing import Final

from layerscope import __version__
from layerscope.report.html.markup import Markup, element, join, write_line

_PLACE: Final = re.compile(r"\{\{(\w+)\}\}")


@dataclass(frozen=True)
class PageKind:
    """What pages of a kind share: their scripts, in the order in which they use one another, and what is searched.

    `is_counted` says that what the search leaves is counted beside it, and not where it is listed.
    """

    scripts: tuple[str, ...]
    label: str
    hint: str
    is_counted: bool = False


ROWS: Final = PageKind(
    ("matcher.js", "parts.js", "rows.js"), "Only rows with", "numpy, *.so.9, usr/lib …  ( / )", is_counted=True
)
"""Pages of tables and lists, of which the search leaves the rows that are looked for."""


def fill_page(kind: PageKind, *, title: Markup, head: Markup, sections: Markup, data: Markup | None = None) -> str:
    """The page with its parts in place, each put in once and not looked through again."""
    script, style = join(*(_read(name, "\n") for name in kind.scripts)), _read("page.css")
    script = Markup(script.removesuffix("\n"))
    content = {
        "title": title,
        "head": head,
        "sections": sections,
        "label": write_line(kind.label),
        "hint": write_line(kind.hint),
        "status": Markup(f"{element('p', id='results-count', role='status')}\n" if kind.is_counted else ""),
        "data": Markup("") if data is None else _write_data(data),
        "script": script,
        "style": style,
        "policy": _write_policy(script, style),
        "version": write_line(__version__),
    }
    return _PLACE.sub(lambda match: content[match[1]], _read("frame.html"))


def read_part(name: str) -> Markup:
    """A part of a page that is the same whatever it tells."""
    return _read(name)


def _write_data(data: Markup) -> Markup:
    """What the script works on, which nothing runs."""
    return Markup(f'<script type="application/json" id="data">{data}</script>\n')


def _write_policy(script: str, style: str) -> Markup:
    return Markup(
        f"default-src 'none'; script-src '{_hash(script)}'; style-src '{_hash(style)}'; img-src data:; "
        "base-uri 'none'; form-action 'none'"
    )


def _hash(text: str) -> str:
    return f"sha256-{b64encode(sha256(text.encode()).digest()).decode()}"


def _read(name: str, end: str = "") -> Markup:
    return Markup(files("layerscope.report.html").joinpath(name).read_text(encoding="utf-8") + end)
