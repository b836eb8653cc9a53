"""Each kind of failure has its exit code."""

from collections.abc import Iterator

import pytest

from layerscope import errors
from layerscope.cli import exit_codes
from layerscope.errors import LayerscopeError

EXPECTED = {
    errors.UsageError: 2,
    errors.SourceError: 3,
    errors.ImageError: 4,
    errors.TreeError: 1,
    errors.CacheError: 2,
    errors.FormatError: 4,
    errors.PolicyError: 2,
    errors.ProbeError: 5,
}
"""The direct subclasses; those below them inherit."""


def _iter_kinds(parent: type[LayerscopeError]) -> Iterator[type[LayerscopeError]]:
    for kind in parent.__subclasses__():
        yield kind
        yield from _iter_kinds(kind)


@pytest.mark.parametrize("kind", list(_iter_kinds(LayerscopeError)))
def test_every_error_has_the_code_of_its_kind(kind: type[LayerscopeError]) -> None:
    """An error that is added gets the code of the class it stands under."""
    (expected,) = {code for parent, code in EXPECTED.items() if parent in kind.__mro__}
    assert exit_codes.code_of_error(kind("what was done, to what, what was expected")) == expected


def test_the_codes_are_the_documented_ones() -> None:
    """0 to 5 as scripts rely on them."""
    assert [
        exit_codes.CLEAN,
        exit_codes.FINDINGS,
        exit_codes.USAGE,
        exit_codes.SOURCE,
        exit_codes.MALFORMED,
        exit_codes.PROBE,
    ] == [0, 1, 2, 3, 4, 5]
