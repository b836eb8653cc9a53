"""Entry points are read group by group."""

from layerscope.formats.entry_points import EntryPoint, parse_entry_points


def test_reads_names_and_values_of_groups() -> None:
    """Comments, and lines before any group, are none."""
    content = b"x = y\n[console_scripts]\n# a = b\nserve = acme.cli:main\n\n[acme.plugins]\none=acme.one\nbroken\n"
    assert parse_entry_points(content) == (
        EntryPoint("console_scripts", "serve", "acme.cli:main"),
        EntryPoint("acme.plugins", "one", "acme.one"),
    )
