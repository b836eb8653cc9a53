"""os-release is read as a shell would, and nothing in it is run."""

from layerscope.formats.os_release import parse_os_release


def test_reads_assignments_without_their_quotes() -> None:
    """Single, double, or none."""
    content = b"ID=debian\nVERSION_ID=\"12\"\nPRETTY_NAME='Debian GNU/Linux 12'\n"
    assert parse_os_release(content) == {"ID": "debian", "VERSION_ID": "12", "PRETTY_NAME": "Debian GNU/Linux 12"}


def test_leaves_out_what_is_no_assignment() -> None:
    """Comments, blank lines and names that are none."""
    assert parse_os_release(b"# ID=x\n\nno equals\n2ID=x\n") == {}


def test_survives_quotes_that_do_not_close() -> None:
    """The quotes alone are taken off."""
    assert parse_os_release(b'NAME="half\nOTHER=\xff\n') == {"NAME": "half", "OTHER": "\ufffd"}
