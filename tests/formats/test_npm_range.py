"""npm's ranges accept what node-semver 7 accepts; the cases were checked against it."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from layerscope.formats.npm_range import parse_npm_range
from layerscope.formats.semantic_version import parse_semantic_version

CASES = (
    ("^1.2.0", "1.3.0", True), ("^1.2.0", "2.0.0", False), ("^1.2.0", "1.1.9", False),
    ("~1.1.0", "1.1.9", True), ("~1.1.0", "1.2.0", False), ("~1", "1.9.0", True), ("~>1.2", "1.3.0", False),
    ("^0.2.3", "0.2.9", True), ("^0.2.3", "0.3.0", False), ("^0.0.3", "0.0.4", False), ("^0.0", "0.0.9", True),
    ("^0.x", "0.9.0", True), ("^0.0.x", "0.1.0", False),
    ("1.x", "1.9.9", True), ("1.2.*", "1.3.0", False), ("*", "9.9.9", True), ("", "1.0.0", True), ("x", "0.0.0", True),
    (">=1.2.3 <2", "1.9.9", True), (">=1.2.3 <2", "2.0.0", False), ("> 1.2", "1.2.9", False), (">1.2", "1.3.0", True),
    ("<=1.2", "1.2.9", True), ("<1.2", "1.1.9", True), ("<1.2", "1.2.0-alpha", False), (">*", "1.0.0", False),
    ("1.2.3 - 2.3", "2.3.9", True), ("1.2 - 2.3.4", "2.3.5", False), ("1 || 3", "3.1.0", True),
    ("1 || 3", "2.0.0", False),
    ("=1.2.3", "1.2.3", True), ("v1.2.3", "1.2.3", True), ("1.2.3+build", "1.2.3", True),
    ("^1.2.3-beta.2", "1.2.3-beta.4", True), ("^1.2.3-beta.2", "1.2.4-beta.4", False), ("*", "1.0.0-rc.1", False),
    ("^1.2.3", "1.2.3-beta", False), (">=1.0.0-0", "1.0.0-alpha", True), (">=18.0.0 || ^16.13.0", "16.20.2", True),
)  # fmt: skip


@pytest.mark.parametrize(("range_text", "version_text", "is_accepted"), CASES)
def test_accepts_what_npm_accepts(range_text: str, version_text: str, is_accepted: bool) -> None:
    """Caret, tilde, x-ranges, comparators, hyphens, alternatives, prereleases."""
    accepted, version = parse_npm_range(range_text), parse_semantic_version(version_text)
    assert accepted is not None
    assert version is not None
    assert accepted.accepts(version) is is_accepted


def test_an_engine_check_takes_prereleases() -> None:
    """Npm asks engines with includePrerelease."""
    accepted, version = parse_npm_range(">=18"), parse_semantic_version("20.0.0-nightly")
    assert accepted is not None
    assert version is not None
    assert (accepted.accepts(version), accepted.accepts(version, with_prereleases=True)) == (False, True)


@pytest.mark.parametrize(
    "text", ["latest", "git+https://x/y.git", "file:../a", "user/repository", "workspace:*", "1" * 3000]
)
def test_what_is_no_range_is_none(text: str) -> None:
    """Tags, addresses, and texts beyond any range."""
    assert parse_npm_range(text) is None


@given(st.text(alphabet="0123456789.xX*^~<>=| -+abv", max_size=60))
def test_takes_any_text(text: str) -> None:
    """It is a range or None."""
    accepted, version = parse_npm_range(text), parse_semantic_version("1.2.3")
    assert accepted is None or version is None or accepted.accepts(version) in (True, False)


def test_a_range_of_blanks_takes_no_time() -> None:
    """Blanks are made single first: two patterns beside one another once shared them in every way."""
    began = time.monotonic()
    for _ in range(200):
        assert parse_npm_range("1 - " + " \t" * 1000 + "!") is None
    assert time.monotonic() - began < 2
    assert parse_npm_range(" 1.0.0  -\t2 ||  >=  3 ") == parse_npm_range("1.0.0 - 2||>=3")
