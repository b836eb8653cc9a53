"""Device code in files of its own is kept, whatever the pieces."""

import msgspec
import pytest

from layerscope.facts.cuda.loose_code_extractor import LooseCodeExtractor
from layerscope.formats.device_code import CodeKind, ContainerGroup, DeviceCode, DeviceTarget
from support.fatbinary_writer import ptx, sass, write_container

PTX = b"//\n.version 8.4\n.target sm_90\n" + b"ret;\n" * 2000


def extract(content: bytes, chunk: int = 1 << 20) -> object:
    """What is kept of a file."""
    reading = LooseCodeExtractor().open_file("kernel.ptx", size=len(content), mode=0o644)
    for start in range(0, len(content), chunk):
        reading.feed(memoryview(content)[start : start + chunk])
    return reading.finish()


@pytest.mark.parametrize("chunk", [7, 1000, 1 << 20])
def test_ptx_is_kept_by_its_head(chunk: int) -> None:
    """The whole file is its size."""
    target = DeviceTarget(CodeKind.PTX, 90, "", (8, 4))
    expected = DeviceCode((ContainerGroup((target,), 1, "", ((90, len(PTX)),)),))
    assert msgspec.convert(extract(PTX, chunk), DeviceCode) == expected


def test_fatbinaries_are_listed() -> None:
    """As they are in libraries."""
    code = msgspec.convert(extract(write_container([sass(80), ptx(90)]), 50), DeviceCode)
    assert [group.count for group in code.groups] == [1]


@pytest.mark.parametrize("content", [b"", b"{}", b"\x7fELF" + bytes(60)])
def test_other_files_with_such_names_are_left_alone(content: bytes) -> None:
    """Nothing is kept, and nothing raised."""
    assert extract(content) is None
