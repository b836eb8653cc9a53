"""safetensors, read without the package of that name."""

import json
import struct

import pytest

from layerscope.probe.payload.tensors import MAX_HEADER, read_tensors


def pack(header: object, content: bytes = b"") -> bytes:
    """A file of this header."""
    told = json.dumps(header).encode()
    return struct.pack("<Q", len(told)) + told + content


def test_tensors_and_metadata_are_read() -> None:
    """Each with its type, shape and bytes."""
    row = {"dtype": "F16", "shape": [2], "data_offsets": [0, 4]}
    tensors, metadata = read_tensors(pack({"__metadata__": {"n_head": "4"}, "a": row}, b"\0\x3c\0\x40"))
    assert tensors == {"a": ("F16", (2,), b"\0\x3c\0\x40")}
    assert metadata == {"n_head": "4"}


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "0 bytes are no safetensors"),
        (struct.pack("<Q", MAX_HEADER + 1) + b"{}", "a header of 1048577 bytes"),
        (struct.pack("<Q", 100) + b"{}", "a header of 100 bytes in a file of 10"),
        (pack({"a": {"dtype": "F16", "shape": [2], "data_offsets": [0, 4]}}, b"\0"), "a reaches to byte 4 of 1"),
        (pack({"a": {"dtype": "F16", "shape": [2], "data_offsets": [4, 0]}}, b"\0" * 4), "a reaches to byte 0 of 4"),
    ],
    ids=["empty", "header too large", "header cut", "tensor cut", "backwards"],
)
def test_what_is_cut_or_none_is_refused(content: bytes, said: str) -> None:
    """A truncated download is what this meets most."""
    with pytest.raises(ValueError, match=said):
        read_tensors(content)
