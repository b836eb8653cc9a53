"""Gradle's lock file is read line by line."""

from hypothesis import given
from hypothesis import strategies as st

from layerscope.formats.gradle_lock import LockedModule, parse_gradle_lock


def test_reads_modules_with_their_versions() -> None:
    """Comments, the list of empty configurations and broken lines are left out."""
    content = b"# Gradle made this\norg.x:a:1.0=compile,runtime\nempty=annotationProcessor\nx\n"
    assert parse_gradle_lock(content) == (LockedModule("org.x", "a", "1.0"),)


@given(st.binary(max_size=200))
def test_takes_any_bytes(content: bytes) -> None:
    """A damaged file gives fewer modules."""
    parse_gradle_lock(content)
