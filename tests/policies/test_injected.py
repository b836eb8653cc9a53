"""The table of files that the NVIDIA runtime mounts."""

from pathlib import Path

import pytest

from layerscope.errors import PolicyError
from layerscope.policies.injected import InjectedFiles
from layerscope.policies.policies import Policies

HEAD = '[policy]\nabout = "a"\ndate = 2026-01-01\nrefresh = "b"\n'
ROW = '[[capability]]\nname = "{}"\nlibraries = [{}]\nprograms = []\nsource = "https://example.org"\n'


@pytest.mark.parametrize(
    ("soname", "capability"),
    [
        ("libcuda.so.1", "compute"),
        ("libcuda.so", "compute"),
        ("libnvidia-ml.so.535.183.01", "utility"),
        ("libnvcuvid.so.1", "video"),
        ("libcudart.so.12", None),
        ("libcuda.so.old", None),
    ],
)
def test_finds_the_capability_that_brings_a_library(soname: str, capability: str | None) -> None:
    """Whatever version follows the name."""
    assert Policies().injected.find_capability(soname) == capability


def test_finds_the_capability_that_brings_a_program() -> None:
    """By its bare name."""
    assert Policies().injected.find_program_capability("nvidia-smi") == "utility"
    assert Policies().injected.find_program_capability("nvcc") is None


@pytest.mark.parametrize(
    ("rows", "why"),
    [
        ([("a", '"libx.so"'), ("a", '"liby.so"')], "capability 'a' is there twice"),
        ([("a", '"libx.so"'), ("b", '"libx.so"')], "file 'libx.so' is there twice"),
        ([("a", '"libx.so.1"')], "ends in .so"),
    ],
)
def test_refuses_a_table_that_contradicts_itself(rows: list[tuple[str, str]], why: str, tmp_path: Path) -> None:
    """A file has one capability, and names are those that look-ups ask for."""
    (tmp_path / "injected.toml").write_text(HEAD + "".join(ROW.format(*row) for row in rows))
    with pytest.raises(PolicyError, match=why):
        InjectedFiles.read(tmp_path)
