"""ld.so.conf is read as ldconfig reads it."""

from hypothesis import given
from hypothesis import strategies as st

from layerscope.formats.ld_conf import ConfLine, parse_ld_conf


def test_reads_folders_and_includes() -> None:
    """In file order, comments and blanks left out, slashes at the end as well."""
    content = b"# all\ninclude /etc/ld.so.conf.d/*.conf extra.conf\n\n/usr/local/cuda/lib64/ # CUDA\n\t/opt/lib\r\n/\n"
    assert parse_ld_conf(content) == (
        ConfLine("/etc/ld.so.conf.d/*.conf", is_include=True),
        ConfLine("extra.conf", is_include=True),
        ConfLine("/usr/local/cuda/lib64"),
        ConfLine("/opt/lib"),
        ConfLine("/"),
    )


def test_passes_over_what_loaders_of_old_needed() -> None:
    """Hardware capabilities, and the kind of library at the end of a folder."""
    assert parse_ld_conf(b"hwcap 1 nosegneg\n/usr/lib=libc6\n/a=b\n") == (ConfLine("/usr/lib"), ConfLine("/a=b"))


@given(st.binary(max_size=200))
def test_reads_any_bytes(content: bytes) -> None:
    """No line is a reason to fail."""
    assert all(line.text for line in parse_ld_conf(content))
