"""The HTML format: one page for a browser, whole in itself.

Its Content-Security-Policy lets nothing be fetched and nothing run but the page's own script and style, which it names
by their hashes: https://www.w3.org/TR/CSP3/#csp-hash-source
"""

import re
from base64 import b64encode
from dataclasses import replace
from hashlib import sha256
from importlib.resources import files
from typing import Final

from layerscope import __version__
from layerscope.audit.result import AuditResult
from layerscope.report.context import RenderContext
from layerscope.report.format import Format
from layerscope.report.html.findings import write_findings, write_plan
from layerscope.report.html.markup import Markup, join, write_line
from layerscope.report.html.overview import write_image, write_verdicts
from layerscope.report.html.page_data import write_data
from layerscope.report.html.rule_docs import write_rules
from layerscope.report.html.tables import write_gaps, write_gpus, write_layers
from layerscope.report.places import tell_reference
from layerscope.report.terminal.page import Page

SCRIPTS: Final = ("size_tree.js", "treemap.js", "search.js", "page.js")
"""The parts of the page's script, in the order in which they use one another."""

_PLACE: Final = re.compile(r"\{\{(\w+)\}\}")


class HtmlFormat(Format):
    """For people who want to see where the bytes are: a map of sizes, all findings, and a search."""

    name = "html"
    suffix = ".html"

    def render(self, result: AuditResult, context: RenderContext) -> str:
        """Return the page; what it says without its script is all but the map of sizes and the search."""
        page = Page(replace(context, color=False, unicode=True))
        sections = (write_findings(result), write_plan(result), write_layers(result, page), write_gpus(result, page))
        return fill_page(
            _read("page.html"),
            title=write_line(tell_reference(result.image.reference)),
            verdict=write_verdicts(result, page),
            sections=join(*sections, write_image(result, page), write_gaps(result), write_rules(result)),
            data=write_data(result),
            script=Markup("\n".join(map(_read, SCRIPTS))),
        )


def fill_page(template: str, *, script: Markup, **parts: Markup) -> str:
    """A template with its parts in place, each put in once, and with the policy that fits script and style."""
    style = Markup(_read("page.css"))
    policy = {"script_hash": _hash(script), "style_hash": _hash(style), "version": write_line(__version__)}
    content = {**parts, **policy, "script": script, "style": style}
    return _PLACE.sub(lambda match: content[match[1]], template)


def _read(name: str) -> str:
    return files("layerscope.report.html").joinpath(name).read_text(encoding="utf-8")


def _hash(text: str) -> Markup:
    return Markup(f"sha256-{b64encode(sha256(text.encode()).digest()).decode()}")
