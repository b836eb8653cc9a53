"""What an image contains, family by family: drawn for a person, and every fact for a program."""

from collections.abc import Sequence
from typing import Final

from layerscope.audit.result import AuditResult
from layerscope.facts.fact_set import FactSet
from layerscope.report.context import RenderContext
from layerscope.report.facts.cuda import draw_cuda
from layerscope.report.facts.elf import draw_elf
from layerscope.report.facts.python import draw_python
from layerscope.report.facts.sheet import Sheet
from layerscope.report.facts.system import draw_system
from layerscope.report.facts_json import iter_family
from layerscope.report.gpu_json import build_gpu
from layerscope.report.json_format import build_facts
from layerscope.report.json_parts import build_image, head_document
from layerscope.report.json_text import encode_json
from layerscope.report.json_v1 import GapV1
from layerscope.report.terminal.gap_list import draw_gaps
from layerscope.report.terminal.gpu_table import draw_gpus
from layerscope.report.terminal.image_fields import add_identity
from layerscope.report.terminal.page import Page, start_fields

TITLES: Final = {"system": "System", "elf": "ELF", "python": "Python", "cuda": "CUDA"}


def render_facts_text(
    result: AuditResult, context: RenderContext, *, families: Sequence[str], leaves_out_base: bool
) -> str:
    """The facts of these families as tables."""
    page = Page(context)
    fields = start_fields()
    add_identity(fields, result.image)
    page.add(fields)
    for family in families:
        facts = FactSet(iter_family(result, family, leaves_out_base=leaves_out_base))
        is_empty = next(iter(facts), None) is None
        page.add_heading(TITLES[family], "nothing found" if is_empty else "")
        if not is_empty:
            _draw_family(Sheet(page, result, facts), family, is_alone=len(families) == 1)
    if "cuda" in families:
        draw_gpus(page, result)
    draw_gaps(page, result)
    return page.read()


def render_facts_json(result: AuditResult, *, families: Sequence[str], leaves_out_base: bool) -> str:
    """The same under the keys of the report."""
    return encode_json(
        {
            **head_document(),
            "image": build_image(result.image, result.layers, result.base),
            "facts": build_facts(result, families=families, leaves_out_base=leaves_out_base),
            "gpus": [build_gpu(verdict) for verdict in result.gpus] if "cuda" in families else [],
            "gaps": [GapV1(gap.what, gap.where, gap.why) for gap in sorted(result.gaps)],
        }
    )


def _draw_family(sheet: Sheet, family: str, *, is_alone: bool) -> None:
    match family:
        case "system":
            draw_system(sheet, is_alone=is_alone)
        case "elf":
            draw_elf(sheet, is_alone=is_alone)
        case "python":
            draw_python(sheet)
        case _:
            draw_cuda(sheet)
