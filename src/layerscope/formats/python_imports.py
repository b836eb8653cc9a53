"""Which modules a Python script imports whatever happens: the import statements at its outermost level.

The script is cut into words here and never compiled: a compiler recurses on what it reads, and the tokenizer of the
standard library takes quadratic time for a line of blanks, and any codec that the script's first lines ask for.
"""

from collections.abc import Iterator
from typing import Final

from msgspec import Struct

from layerscope.formats.python_words import iter_words

CONTENT_LIMIT: Final = 1 << 18
"""Bytes that are looked at; imports stand at the beginning."""

NAMES_LIMIT: Final = 200
"""Modules that are kept."""

_OPENING, _CLOSING = frozenset("([{"), frozenset(")]}")


class PythonImports(Struct, frozen=True):
    """First parts of the names of modules, sorted: `numpy` for `import numpy.linalg`; relative imports are left out."""

    names: tuple[str, ...]
    changes_path: bool = False
    """Whether the script mentions `sys.path`, so that it may find modules where nobody else would look."""


def parse_python_imports(content: bytes) -> PythonImports:
    """The imports, as far as the text can be cut into words."""
    content = content[:CONTENT_LIMIT]
    names: set[str] = set()
    for statement in _iter_statements(content.decode("utf-8-sig", "replace")):
        names.update(_list_modules(statement))
        if len(names) >= NAMES_LIMIT:
            break
    return PythonImports(tuple(sorted(names)[:NAMES_LIMIT]), b"sys.path" in content or b"sys import path" in content)


def _iter_statements(text: str) -> Iterator[list[str]]:
    """The import statements without indentation, word by word."""
    depth, statement, is_line_start, is_indented = 0, list[str](), True, False
    for kind, word in iter_words(text):
        if kind == "skip":
            is_indented = is_indented or (is_line_start and word[0] in " \t")
        elif kind == "end" or word == ";":
            if depth == 0 and statement[:1] in (["import"], ["from"]):
                yield statement
            statement = statement if depth else []
            is_indented = is_indented and (kind != "end" or depth > 0)
        else:
            depth = max(depth + (word in _OPENING) - (word in _CLOSING), 0)
            if not is_indented:
                statement.append(word)
        is_line_start = kind == "end" and depth == 0
    if depth == 0 and statement[:1] in (["import"], ["from"]):
        yield statement


def _list_modules(statement: list[str]) -> Iterator[str]:
    """The first parts of the modules that one statement names."""
    if statement[0] == "from":
        if len(statement) > 1 and statement[1].isidentifier():
            yield statement[1]
        return
    is_first = True
    for word in statement[1:]:
        if is_first and word.isidentifier():
            yield word
        is_first = word == ","
