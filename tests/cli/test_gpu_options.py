"""Questions about GPUs that make no sense are refused before any work is done."""

import re
from dataclasses import replace
from pathlib import Path

import pytest

from layerscope.audit.options import AuditOptions
from layerscope.cli.console import Console
from layerscope.cli.gpu_options import ask_about, tell_unknown_branches
from layerscope.errors import UsageError
from layerscope.layers.cache import LayerCache


@pytest.fixture
def options(tmp_path: Path) -> AuditOptions:
    """Options of an audit."""
    return AuditOptions(LayerCache(tmp_path / "cache", fingerprint="x"))


@pytest.fixture
def fleet(tmp_path: Path) -> Path:
    """A file of one node type."""
    path = tmp_path / "fleet.toml"
    path.write_text('[[node]]\nname = "pool"\ngpu = "H100"\ndriver = "580.95.05"\n')
    return path


def test_a_driver_beside_a_fleet_alone_is_refused(options: AuditOptions, fleet: Path) -> None:
    """It would be ignored; beside a GPU of its own it is that GPU's."""
    with pytest.raises(UsageError, match="--driver beside --fleet"):
        ask_about(options, gpus=(), driver="580", fleet=fleet)
    asked = ask_about(options, gpus=("T4",), driver="580", fleet=fleet)
    assert (asked["driver"], len(asked["targets"]), len(asked["fleet"])) == ("580", 1, 1)


@pytest.mark.parametrize("driver", ["", " "])
def test_an_empty_driver_is_refused(options: AuditOptions, driver: str) -> None:
    """An unset variable of a shell must not pass for a question that was answered."""
    with pytest.raises(UsageError, match="got nothing"):
        ask_about(options, gpus=("T4",), driver=driver, fleet=None)


@pytest.mark.parametrize(
    ("gpus", "driver", "told"),
    [
        (("Z9",), None, "--gpu: reading the GPU 'Z9': no model"),
        (("1.5",), None, "--gpu: reading the GPU '1.5': no compute capability"),
        (("T4",), "abc", "--driver: reading the driver version 'abc': expected one like 535.183.01"),
    ],
)
def test_what_no_table_knows_is_told_with_its_flag(
    options: AuditOptions, gpus: tuple[str, ...], driver: str | None, told: str
) -> None:
    """As the errors of all other options are."""
    with pytest.raises(UsageError, match=f"^{re.escape(told)}"):
        ask_about(options, gpus=gpus, driver=driver, fleet=None)


def test_errors_of_a_fleet_name_its_file(options: AuditOptions, fleet: Path) -> None:
    """And the node, with its name."""
    fleet.write_text('[[node]]\nname = "pool"\ngpu = "H100"\ndriver = 580\n')
    with pytest.raises(UsageError, match=r"node 1 \('pool'\) of the fleet '.*fleet.toml': driver is 580"):
        ask_about(options, gpus=(), driver=None, fleet=fleet)


def test_a_gpu_that_is_named_twice_is_judged_once(options: AuditOptions) -> None:
    """In whatever words."""
    asked = ask_about(options, gpus=("sm_90", "90", "H100", "h100"), driver=None, fleet=None)
    assert [target.name for target in asked["targets"]] == ["9.0", "H100"]


@pytest.mark.parametrize(
    ("driver", "says"),
    [
        ("999.1", "driver 999.1: no branch 999 is known; it is taken to serve the CUDA of R"),
        ("R588", "driver R588: no branch 588 is known; .* R580$"),
        ("310.1", "it is older than all, from R"),
        ("R580", "^$"),
        ("", "^$"),
    ],
)
def test_drivers_of_unknown_branches_are_told(
    options: AuditOptions, driver: str, says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """They are judged all the same."""
    tell_unknown_branches(replace(options, driver=driver), Console())
    assert re.search(says, capsys.readouterr().err.strip())
