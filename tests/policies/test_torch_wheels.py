"""PyTorch's releases and their builds."""

from pathlib import Path

import pytest

from layerscope.errors import PolicyError
from layerscope.policies import torch_wheels
from layerscope.policies.torch_wheels import read_torch_wheels

TABLE = Path(torch_wheels.__file__).parent / "tables" / "torch_wheels.toml"
WHEELS = read_torch_wheels()


def test_releases_are_found_by_their_public_version() -> None:
    """The local part names a build."""
    row = WHEELS.find_release("2.8.0+cu128")
    assert row is not None
    assert (row.cuda, row.sm) == ("12.8", (70, 75, 80, 86, 90, 100, 120))
    assert WHEELS.find_release("0.1") is None


def test_builds_are_found_by_architecture() -> None:
    """Volta ends with builds for CUDA 12."""
    assert {row.cuda.split(".")[0] for row in WHEELS.builds_with(70)} == {"11", "12"}


@pytest.mark.parametrize(
    ("before", "after", "says"),
    [
        ('version = "2.14.1"', 'version = "2.9.9"', "do not descend"),
        ('version = "2.15.0"\ncuda = "13.2"', 'version = "2.15.0"\ncuda = "12.8"', "older CUDA"),
        ("sm = [75, 80, 86, 90, 100, 120]", "sm = [80, 75, 86, 90, 100, 120]", "do not ascend"),
        ('build = "cu126"', 'build = "cuda126"', "expected CUDA in their names"),
        ('builds = ["cpu", "cu126", "cu128", "cu130"]', 'builds = ["gpu"]', "are no builds"),
    ],
)
def test_contradictions_are_refused(before: str, after: str, says: str, tmp_path: Path) -> None:
    """Releases descend, their CUDA never rises towards older ones, and builds are named as PyTorch names them."""
    text = TABLE.read_text()
    assert before in text
    (tmp_path / "torch_wheels.toml").write_text(text.replace(before, after))
    with pytest.raises(PolicyError, match=says):
        read_torch_wheels(tmp_path)
