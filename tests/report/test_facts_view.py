"""What an image contains, drawn for a person."""

import json
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from msgspec import Struct, structs

from layerscope.audit.result import AuditResult, BaseImage
from layerscope.facts.cuda.device_code import LibraryCode
from layerscope.facts.fact import Fact
from layerscope.report.context import RenderContext
from layerscope.report.facts_view import render_facts_json, render_facts_text
from support.described_facts import CUDA, ELF, PYTHON, SYSTEM
from support.results import ResultRecipe, make_result
from support.tar_member import file

Snapshot = Callable[[str, str], None]
FACTS: dict[str, Sequence[Fact]] = {"system": SYSTEM, "elf": ELF, "python": PYTHON, "cuda": CUDA}


def audit(*facts: Fact) -> AuditResult:
    """An audit that found these facts, in an image whose lowest layer is its base's."""
    layers = tuple((file(f"f{number}", b"x"),) for number in range(3))
    steps = ("ADD rootfs.tar /", "RUN pip install torch", "RUN rm -rf /opt/gone")
    base = BaseImage("debian:11", 1, "layer prefix")
    return make_result(ResultRecipe(layers=layers, instructions=steps, facts=facts, base=base))


def draw(*facts: Fact, family: str, context: RenderContext | None = None, also: Sequence[str] = ()) -> str:
    """One family of these facts."""
    result = audit(*facts)
    return render_facts_text(result, context or RenderContext(), families=(family, *also), leaves_out_base=False)


@pytest.mark.parametrize("width", [80, 120])
@pytest.mark.parametrize("family", list(FACTS))
def test_a_family_is_drawn(family: str, width: int, snapshot: Snapshot) -> None:
    """In words of a person, on the columns there are."""
    snapshot(f"facts-{family}-{width}.txt", draw(*FACTS[family], family=family, context=RenderContext(width=width)))


@pytest.mark.parametrize("family", list(FACTS))
@pytest.mark.parametrize("unicode", [True, False])
@pytest.mark.parametrize("width", [60, 80])
def test_hostile_text_stays_on_the_page(family: str, width: int, *, unicode: bool) -> None:
    """No line is wider than the page, and none can write to the terminal."""
    facts = [_spoil(fact) for fact in FACTS[family]]
    assert all(spoiled != fact for spoiled, fact in zip(facts, FACTS[family], strict=True) if repr(fact).count("'"))
    text = draw(*facts, family=family, context=RenderContext(width=width, unicode=unicode, limit=None))
    assert all(line.isprintable() and len(line) <= width for line in text.splitlines())
    assert unicode or text.isascii()


@pytest.mark.parametrize("family", list(FACTS))
def test_a_table_becomes_lists_on_a_narrow_page(family: str) -> None:
    """No heading is cut, and no line is wider than the page."""
    drawn = draw(*FACTS[family], family=family, context=RenderContext(width=40))
    assert max(map(len, drawn.splitlines())) <= 40
    if family == "python":
        assert "    size     1.1 GB\n    name     torch\n" in drawn


def test_the_stack_has_whole_labels_on_a_narrow_page() -> None:
    """What is said of a level goes on beside its name."""
    drawn = draw(*SYSTEM, family="system", context=RenderContext(width=40))
    levels = drawn.partition("Stack")[2].partition("\n\n")[0]
    assert "    distribution  " in levels
    assert max(map(len, drawn.splitlines())) <= 40


def test_containers_that_other_tools_do_not_list_are_told_apart() -> None:
    """They lie outside the section that cuobjdump reads."""
    code = next(fact for fact in CUDA if isinstance(fact, LibraryCode))
    told = "most found outside .nv_fatbin, where cuobjdump does not look"
    drawn = draw(structs.replace(code, is_self_loaded=True), family="cuda", context=RenderContext(width=160))
    assert told in drawn
    assert told not in draw(code, family="cuda", context=RenderContext(width=160))


@pytest.mark.parametrize(("also", "is_listed"), [((), True), (("elf",), False)])
def test_packages_are_listed_where_nothing_else_is_asked_for(also: Sequence[str], *, is_listed: bool) -> None:
    """Elsewhere their number is enough."""
    text = draw(*SYSTEM, family="system", also=also)
    assert ("… 5 more packages (--limit 0 shows all)" in text) == is_listed
    assert "15 packages of dpkg: 14 in layer 0" in text


def test_a_family_without_facts_says_so() -> None:
    """So that silence is not taken for a failure."""
    assert "CUDA  nothing found" in draw(family="cuda")


def test_facts_are_whole_for_a_program() -> None:
    """Each field under its name."""
    document = json.loads(render_facts_json(audit(*ELF), families=("elf",), leaves_out_base=False))
    told = document["facts"]["elf"]["loaded_objects"][0]
    assert (told["kind"], told["objects"], told["alike"]) == ("Python extension module", 4, 12)
    assert told["loads"][0]["step"] == "RPATH"


def _spoil(value: Any) -> Any:
    """The same with something evil at the end of each text."""
    if isinstance(value, str) and type(value) is str:
        return f"{value}\x1b[31m\u202e\n" if value and value not in KEPT else value
    if isinstance(value, tuple):
        return tuple(map(_spoil, value))
    if isinstance(value, Struct):
        return structs.replace(value, **{name: _spoil(getattr(value, name)) for name in value.__struct_fields__})
    return value


KEPT = {"opt/venv", "GLIBC", "GLIBCXX", "CXXABI", "a"}
"""Words that we write ourselves, and the environment by which facts belong together."""
