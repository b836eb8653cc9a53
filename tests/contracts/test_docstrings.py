"""Every module, public name and test says in one sentence what it is for."""

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

ROOT: Final = Path(__file__).parents[2]
SOURCE: Final = sorted((ROOT / "src").rglob("*.py"))
TESTS: Final = sorted((ROOT / "tests").rglob("*.py"))
SENTENCE_ENDS: Final = (".", "?", ":")

Documented = ast.Module | ast.ClassDef | ast.FunctionDef


def relative(path: Path) -> str:
    """How a file is called in the list of tests."""
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("path", SOURCE, ids=relative)
def test_modules_and_public_names_are_documented(path: Path) -> None:
    """Nothing public is without its sentence."""
    tree = ast.parse(path.read_text())
    assert [name for name, node in [("module", tree), *iter_public(tree)] if not has_sentence(node)] == []


@pytest.mark.parametrize("path", TESTS, ids=relative)
def test_tests_are_documented(path: Path) -> None:
    """Every test module and every test says which behaviour it holds the program to."""
    tree = ast.parse(path.read_text())
    tests = [(name, node) for name, node in iter_public(tree) if name.rpartition(".")[2].startswith("test_")]
    assert [name for name, node in [("module", tree), *tests] if not has_sentence(node)] == []


def iter_public(tree: ast.Module | ast.ClassDef, prefix: str = "") -> Iterator[tuple[str, Documented]]:
    """Public classes, functions and methods of a module, and of its public classes."""
    for node in tree.body:
        if not isinstance(node, ast.ClassDef | ast.FunctionDef) or node.name.startswith("_") or is_override(node):
            continue
        yield prefix + node.name, node
        if isinstance(node, ast.ClassDef):
            yield from iter_public(node, f"{prefix}{node.name}.")


def is_override(node: ast.ClassDef | ast.FunctionDef) -> bool:
    """Whether the name is documented elsewhere: where it is overridden, overloaded, or a property's getter."""
    names = {ast.unparse(decorator).rpartition(".")[2] for decorator in node.decorator_list}
    return bool(names & {"override", "overload", "setter"})


def has_sentence(node: Documented) -> bool:
    """Whether the docstring opens with a whole sentence."""
    paragraph = (ast.get_docstring(node) or "").partition("\n\n")[0]
    return paragraph.rstrip("`").endswith(SENTENCE_ENDS)
