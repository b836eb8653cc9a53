"""A Node.js program tells its version by the address of its headers, an installation by its header."""

from hypothesis import given
from hypothesis import strategies as st

from layerscope.formats.node_version import find_node_version, parse_node_header


def test_finds_the_version_in_a_program() -> None:
    """It stands among other text."""
    content = b"\0https://nodejs.org/download/release/v20.11.1/node-v20.11.1-headers.tar.gz\0"
    assert find_node_version(content) == "20.11.1"
    assert find_node_version(b"node-v20-headers.tar.gz") is None


def test_reads_the_header() -> None:
    """The module version is what native add-ons are built for."""
    content = b"""#define NODE_MAJOR_VERSION 20
#define NODE_MINOR_VERSION 11
#define NODE_PATCH_VERSION 1
#define NODE_MODULE_VERSION 115
"""
    assert parse_node_header(content) == ("20.11.1", 115)
    assert parse_node_header(content[:60]) is None


@given(st.binary(max_size=200))
def test_takes_any_bytes(content: bytes) -> None:
    """It is a version or None."""
    find_node_version(content)
    parse_node_header(content)
