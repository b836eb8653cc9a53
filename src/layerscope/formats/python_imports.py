"""Which modules a Python script imports whatever happens: the import statements at its outermost level.

The script is cut into tokens and never compiled: a compiler recurses on what it reads. It is taken as UTF-8 whatever
its first lines ask for: Python has codecs that are none of text, and some that take quadratic time.
"""

import tokenize
from collections.abc import Iterator
from dataclasses import dataclass
from io import StringIO
from typing import Final

CONTENT_LIMIT: Final = 1 << 18
"""Bytes that are looked at; imports stand at the beginning."""

TOKENS_LIMIT: Final = 100_000
"""Tokens that are looked at."""

NAMES_LIMIT: Final = 200
"""Modules that are kept."""


@dataclass(frozen=True, slots=True)
class PythonImports:
    """First parts of the names of modules, sorted: `numpy` for `import numpy.linalg`; relative imports are left out."""

    names: tuple[str, ...]
    changes_path: bool = False
    """Whether the script mentions `sys.path`, so that it may find modules where nobody else would look."""


def parse_python_imports(content: bytes) -> PythonImports:
    """The imports, as far as the text can be cut into tokens."""
    content = content[:CONTENT_LIMIT]
    names: set[str] = set()
    for statement in _iter_statements(content):
        names.update(_list_modules(statement))
        if len(names) >= NAMES_LIMIT:
            break
    return PythonImports(tuple(sorted(names)[:NAMES_LIMIT]), b"sys.path" in content or b"sys import path" in content)


def _iter_statements(content: bytes) -> Iterator[list[str]]:
    """The import statements without indentation, word by word."""
    depth, statement = 0, list[str]()
    try:
        text = content.decode("utf-8-sig", "replace")
        for number, token in enumerate(tokenize.generate_tokens(StringIO(text).readline)):
            if number > TOKENS_LIMIT:
                return
            if token.type == tokenize.INDENT:
                depth += 1
            elif token.type == tokenize.DEDENT:
                depth -= 1
            elif token.type == tokenize.NEWLINE or token.string == ";":
                if statement[:1] in (["import"], ["from"]):
                    yield statement
                statement = []
            elif token.type in {tokenize.NAME, tokenize.OP} and depth == 0:
                statement.append(token.string)
    except (tokenize.TokenError, SyntaxError, ValueError, RecursionError):
        return


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
