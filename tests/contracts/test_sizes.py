"""Files hold one idea and functions one step: neither grows past its limit."""

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

SOURCE: Final = Path(__file__).parents[2] / "src"
MODULES: Final = sorted(SOURCE.rglob("*.py"))
FILE_LINES: Final = 300
FUNCTION_LINES: Final = 60


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(SOURCE)))
def test_files_and_functions_stay_within_their_limits(path: Path) -> None:
    """A file has at most 300 lines and a function at most 60."""
    text = path.read_text()
    assert text.count("\n") <= FILE_LINES
    assert [name for name, lines in iter_functions(text) if lines > FUNCTION_LINES] == []


def iter_functions(text: str) -> Iterator[tuple[str, int]]:
    """Every function of a module with its length, decorators not counted."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node.name, (node.end_lineno or node.lineno) - node.lineno + 1
