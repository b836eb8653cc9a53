"""Semantic versions have the order of their specification."""

from itertools import pairwise

import pytest

from layerscope.formats.semantic_version import SemanticVersion, parse_semantic_version

ORDER = ("1.0.0-alpha", "1.0.0-alpha.1", "1.0.0-alpha.beta", "1.0.0-beta", "1.0.0-beta.2", "1.0.0-beta.11",
         "1.0.0-rc.1", "1.0.0", "1.0.1", "1.2.0", "1.10.0", "2.0.0")  # fmt: skip


def test_orders_as_the_specification_does() -> None:
    """The example of item 11, and releases above it."""
    versions = [version for text in ORDER if (version := parse_semantic_version(text)) is not None]
    assert all(low < high and high > low for low, high in pairwise(versions))
    assert [str(version) for version in versions] == list(ORDER)


def test_build_metadata_says_nothing() -> None:
    """Item 10; a `v` in front is tolerated as npm does."""
    assert parse_semantic_version("v1.2.3+build.5") == SemanticVersion(1, 2, 3)
    assert len({parse_semantic_version("1.2.3+a"), parse_semantic_version("1.2.3+b")}) == 1


@pytest.mark.parametrize(
    "text", ["", "1", "1.2", "1.2.x", "01.2.3", "1.2.3-", "latest", "1.2.3.4", "1.2.3" + "-a" * 200]
)
def test_anything_else_is_none(text: str) -> None:
    """Partial versions are for ranges."""
    assert parse_semantic_version(text) is None
