"""Errors explained, drawn."""

from dataclasses import replace
from typing import Final

import pytest

from layerscope.policies.error_search import find_explanations
from layerscope.policies.errors import read_errors
from layerscope.report.context import RenderContext
from layerscope.report.explain_view import SHOWN, render_explanations_text
from support.results import ResultRecipe, make_result

KNOWN: Final = read_errors()


def test_every_error_can_be_drawn() -> None:
    """In ASCII too, and only commands, which are to be copied, are longer than a line."""
    for row in KNOWN.table.error:
        text = render_explanations_text(find_explanations(KNOWN, row.id), RenderContext(unicode=False))
        assert text.isascii()
        lines = [line for line in text.splitlines() if not line.lstrip().startswith("$ ")]
        assert max(map(len, lines)) <= 80


def test_many_errors_are_named_and_the_first_are_told() -> None:
    """A log of everything does not become a book."""
    log = "\n".join(row.examples[0] for row in KNOWN.table.error)
    found = find_explanations(KNOWN, log)
    text = render_explanations_text(found, RenderContext())
    assert text.count("\nCures") == SHOWN
    assert f"$ layerscope explain {found[SHOWN].id}" in text


@pytest.mark.parametrize("reference", ["archive://-", "/dev/stdin", "/dev/fd/63", "docker-archive:/proc/self/fd/63"])
def test_no_command_names_what_came_through_a_pipe(reference: str) -> None:
    """It cannot be read again; an archive on disk can."""
    (found,) = find_explanations(KNOWN, "exec-not-found")
    for name, is_told in ((reference, False), ("app.tar", True)):
        result = make_result(ResultRecipe(reference=name))
        text = render_explanations_text([found], RenderContext(width=120), result=result)
        assert (f"layerscope cat {name} " in text) is is_told
        assert ("layerscope cat IMAGE " in text) is not is_told


def test_a_silent_error_says_so() -> None:
    """That the program goes on is half of the trouble."""
    (found,) = find_explanations(KNOWN, "tf-cpu-fallback")
    assert "goes on without a word" in render_explanations_text([found], RenderContext(width=120))
    loud = replace(found, silent=False)
    assert "goes on without a word" not in render_explanations_text([loud], RenderContext(width=120))
