"""A conda record tells its package."""

import json

import pytest

from layerscope.errors import FormatError
from layerscope.formats.conda_meta import CondaPackage, parse_conda_meta


@pytest.mark.parametrize("token", ["user:secret@conda.example", "conda.example/t/se-cr3t"])
def test_reads_name_version_build_and_dependencies(token: str) -> None:
    """Files and the rest are passed over; a token in the channel is not kept."""
    record = {
        "build": "py311h1",
        "channel": f"{token}/forge/linux-64",
        "depends": ["python >=3.11,<3.12.0a0"],
        "files": ["lib/a.so"],
        "name": "numpy",
        "version": "1.26.4",
    }
    assert parse_conda_meta(json.dumps(record).encode()) == CondaPackage(
        "numpy", "1.26.4", "py311h1", "conda.example/forge/linux-64", ("python >=3.11,<3.12.0a0",)
    )


@pytest.mark.parametrize("content", [b"", b"{}", b'{"name": "a"}', b'{"name": 1, "version": "2"}', b"[" * 9000])
def test_refuses_other_documents(content: bytes) -> None:
    """History files and the like."""
    with pytest.raises(FormatError, match="conda record"):
        parse_conda_meta(content)


def test_refuses_more_dependencies_than_any_has() -> None:
    """Each would be kept."""
    record = {"name": "a", "version": "1", "depends": ["b"] * 1001}
    with pytest.raises(FormatError, match="1,001 dependencies"):
        parse_conda_meta(json.dumps(record).encode())
