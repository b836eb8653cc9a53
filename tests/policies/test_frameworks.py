"""The table of frameworks keeps its law."""

from pathlib import Path

import pytest

from layerscope.errors import PolicyError
from layerscope.policies.frameworks import find_release, read_frameworks
from layerscope.policies.policies import Policies

HERE = Path(__file__).parents[2] / "src" / "layerscope" / "policies" / "tables" / "frameworks.toml"


def test_our_own_table_keeps_it() -> None:
    """And tells of releases between its rows."""
    table = Policies().frameworks
    row = find_release(table.tensorflow, "2.15.0")
    assert row is not None
    assert (row.version, row.cuda, row.cudnn) == ("2.15.1", ">=12.2,<13", ">=8.9,<9")
    assert find_release(table.tensorflow, "2.4.0") is None
    assert find_release(table.tensorflow, "nightly") is None
    assert [row.number for row in table.bitsandbytes][:2] == [118, 121]


@pytest.mark.parametrize(
    ("good", "bad", "message"),
    [
        ('version = "2.10.1"', 'version = "2.13.1"', "tensorflow: 2.12.1 follows 2.13.1"),
        ('cuda = ">=11.2,<12"', 'cuda = ">=12.2,<13"', "tensorflow: cuda: 11.8 follows 12.2"),
        ('cuda = ">=11.2,<12"', 'cuda = "12.x"', "expected a version specifier"),
        ('cuda = ">=11.2,<12"', 'cuda = "<12"', "expected a range with a lower end"),
        ('torch = "==2.1.2"', 'torch = "==2.9.2"', "torch: 2.3.0 follows 2.9.2"),
        ("cuda_major = 11", "cuda_major = 14", "cudnn: 12 follows 14"),
        ('min_driver = "450.80.02"', 'min_driver = "550.80.02"', "min_driver: 525.60.13 follows 550.80.2"),
        ("(?P<torch>", "(?P<other>", "expected groups cuda and torch"),
        ('versions = ">=8,<9"', 'versions = "8.x"', "expected a version specifier"),
    ],
)
def test_contradictions_are_refused(tmp_path: Path, good: str, bad: str, message: str) -> None:
    """With what is wrong."""
    text = HERE.read_text()
    assert good in text
    (tmp_path / "frameworks.toml").write_text(text.replace(good, bad, 1))
    with pytest.raises(PolicyError, match=message.replace("(", r"\(")):
        read_frameworks(tmp_path)
