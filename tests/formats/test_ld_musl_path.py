"""musl's path file is read as its loader reads it."""

from layerscope.formats.ld_musl_path import parse_ld_musl_path


def test_reads_folders_parted_by_newlines_or_colons() -> None:
    """Empty ones say nothing, and the text ends where a C string does."""
    assert parse_ld_musl_path(b"/lib:/usr/lib\n\n/opt/lib\n\0/no") == ("/lib", "/usr/lib", "/opt/lib")
    assert parse_ld_musl_path(b"") == ()
