"""The HTML format: one page for a browser, whole in itself."""

from dataclasses import replace
from typing import Final

from layerscope.audit.result import AuditResult
from layerscope.report.context import RenderContext
from layerscope.report.format import Format
from layerscope.report.html.findings import write_findings, write_plan
from layerscope.report.html.markup import join, write_line
from layerscope.report.html.overview import write_image, write_verdicts
from layerscope.report.html.page_data import write_data
from layerscope.report.html.page_template import PageKind, fill_page, read_part
from layerscope.report.html.rule_docs import write_rules
from layerscope.report.html.tables import write_gaps, write_gpus, write_layers
from layerscope.report.places import tell_reference
from layerscope.report.terminal.page import Page

_AUDIT: Final = PageKind(
    ("matcher.js", "parts.js", "size_tree.js", "squarify.js", "treemap.js", "search.js", "page.js"),
    "Search paths, packages, findings and layers",
    "cudnn, *.so.9, LAY101 …  ( / )",
)


class HtmlFormat(Format):
    """For people who want to see where the bytes are: a map of sizes, all findings, and a search."""

    name = "html"
    suffix = ".html"

    def render(self, result: AuditResult, context: RenderContext) -> str:
        """Return the page; what it says without its script is all but the map of sizes and the search."""
        page = Page(replace(context, color=False, unicode=True))
        sections = (
            *(write_findings(result), write_plan(result), write_layers(result, page), write_gpus(result, page)),
            *(write_image(result, page), write_gaps(result), write_rules(result)),
        )
        return fill_page(
            _AUDIT,
            title=write_line(tell_reference(result.image.reference)),
            head=write_verdicts(result, page),
            sections=join(read_part("size_map.html"), *sections),
            data=write_data(result),
        )
