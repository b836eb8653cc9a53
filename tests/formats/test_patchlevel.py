"""CPython's header names the exact version."""

from layerscope.formats.patchlevel import parse_patchlevel


def test_reads_the_version() -> None:
    """Among all the other macros."""
    assert parse_patchlevel(b'#define PY_MICRO_VERSION 9\n#define PY_VERSION      \t"3.11.9"\n') == "3.11.9"


def test_tells_nothing_of_other_headers() -> None:
    """An empty text."""
    assert parse_patchlevel(b'#define VERSION "3"\n') == ""
