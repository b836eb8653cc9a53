"""A script's outermost imports are read from its tokens."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from layerscope.formats.python_imports import PythonImports, parse_python_imports

SCRIPT = b'''"""Prose:
import nothing
"""
from __future__ import annotations
import os, numpy.linalg as la; import json
from torch import (
    nn,
    cuda,
)
from . import sibling
try:
    import maybe
except ImportError:
    maybe = None
def main():
    import later
if __name__ == "__main__":
    main()
'''


def test_tells_what_is_imported_whatever_happens() -> None:
    """Not what a condition, a function or prose holds, nor relative imports."""
    assert parse_python_imports(SCRIPT) == PythonImports(("__future__", "json", "numpy", "os", "torch"))


def test_tells_that_the_path_is_changed() -> None:
    """Then modules may lie anywhere."""
    assert parse_python_imports(b"import sys\nsys.path.insert(0, 'x')\nimport y\n").changes_path


@pytest.mark.parametrize(
    "content",
    [b"import a\n'''", b"import a\n(((", b"import a\n\xff", b"import a\n" + b"(" * 5000, b"import a\n  x\n y\n"],
)
def test_keeps_what_stands_before_the_text_breaks(content: bytes) -> None:
    """A syntax error is the program's own business."""
    assert parse_python_imports(content).names in (("a",), ())


@given(st.binary(max_size=300))
def test_any_bytes_are_read(content: bytes) -> None:
    """Nothing raises."""
    parse_python_imports(content)


@pytest.mark.parametrize("codec", ["rot13", "zlib", "undefined", "punycode", "no-such"])
def test_a_script_cannot_choose_its_codec(codec: str) -> None:
    """`# coding: rot13` once raised LookupError in the layer pass."""
    assert parse_python_imports(f"# coding: {codec}\nimport numpy\n".encode()).names == ("numpy",)


@pytest.mark.parametrize(
    "text", [" " * 250_000 + "\"'=", "'" * 250_000, '"\\\n' * 80_000, "(" * 250_000, "a;" * 125_000]
)
def test_a_strange_line_takes_no_time(text: str) -> None:
    """The standard library's tokenizer took hours for one of 250,000 blanks."""
    began = time.monotonic()
    parse_python_imports(b"import first\n" + text.encode())
    assert time.monotonic() - began < 2


def test_strings_comments_and_continued_lines_hide_no_import() -> None:
    """What looks like an import inside them is none, and what follows them is one."""
    text = (
        b"\xef\xbb\xbf'''doc\nimport no1\n\\''''\nx = 'import no2' \"it's\" # import no3\nimport a, \\\n  b.c\n"
        b"y = [\nimport_no4,\n]\nfrom d import (\n  no5,\n)\nif y:\n    z = '''\nimport no6\n'''\n    import no7\n\n"
        b"r = f'{y}'; import e as no8\nimport last"
    )
    assert parse_python_imports(text).names == ("a", "b", "d", "e", "last")
