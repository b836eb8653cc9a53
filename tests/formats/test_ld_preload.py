"""Preload lists are read as ld.so reads them."""

from layerscope.formats.ld_preload import parse_ld_preload, split_preload


def test_reads_the_file() -> None:
    """Blanks, newlines and colons part names; a comment ends with its line."""
    assert parse_ld_preload(b"/a.so /b.so:c.so # not this\n\td.so\n") == ("/a.so", "/b.so", "c.so", "d.so")


def test_splits_the_variable() -> None:
    """Empty parts say nothing."""
    assert split_preload(" libjemalloc.so.2::/x.so ") == ("libjemalloc.so.2", "/x.so")
