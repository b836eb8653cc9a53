"""Which driver starts, serves and compiles for which CUDA."""

from pathlib import Path

import pytest

from layerscope.errors import PolicyError, UsageError
from layerscope.policies import cuda_driver
from layerscope.policies.cuda_driver import parse_driver, reaches, read_cuda_drivers
from layerscope.policies.gpu_arch import read_gpu_architectures

TABLE = Path(cuda_driver.__file__).parent / "tables" / "cuda_driver.toml"
DRIVERS = read_cuda_drivers()


@pytest.mark.parametrize(
    ("cuda", "floor", "toolkit"),
    [
        ("13.2", "580.65.06", "595.45.04"),
        ("12.8", "525.60.13", "570.26"),
        ("12.8.1", "525.60.13", "570.124.06"),
        ("12.8.93", "525.60.13", "570.26"),
        ("11.8", "450.80.02", "520.61.05"),
        ("10.1", "418.39", "418.39"),
        ("13", "580.65.06", None),
        ("99.0", None, None),
    ],
)
def test_floor_and_toolkit_driver_are_two_things(cuda: str, floor: str | None, toolkit: str | None) -> None:
    """Any minor version starts with the floor of its major version, from CUDA 11 on."""
    assert (DRIVERS.floor(cuda), DRIVERS.toolkit_driver(cuda)) == (floor, toolkit)


def test_ptx_needs_the_driver_of_its_isa() -> None:
    """Minor versions do not help it."""
    assert (DRIVERS.ptx_cuda((8, 7)), DRIVERS.ptx_driver((8, 7))) == ("12.8", "570.26")
    assert DRIVERS.ptx_driver((8, 6)) == "565"
    assert DRIVERS.ptx_driver((99, 0)) is None


def test_drivers_serve_a_cuda_version() -> None:
    """Branches that are not listed serve what the one before does."""
    assert DRIVERS.cuda_of(parse_driver("535.183.01")) == "12.2"
    assert DRIVERS.cuda_of(parse_driver("R537")) == "12.2"
    assert DRIVERS.cuda_of(parse_driver("390.48")) is None
    assert (DRIVERS.last_branch(70), DRIVERS.last_branch(75)) == (580, None)


def test_driver_versions_are_numbers() -> None:
    """Compared field by field; a branch alone is its newest release."""
    assert parse_driver(" 535.183.01 ") == (535, 183, 1)
    assert reaches(parse_driver("535.104.05"), "535.86.09")
    assert not reaches(parse_driver("525.60.12"), "525.60.13")
    assert reaches(parse_driver("R525"), "525.60.13")
    with pytest.raises(UsageError, match="expected one like 535"):
        parse_driver("latest")


def test_tables_agree_on_what_was_dropped() -> None:
    """The CUDA major version after the last one is that in which toolkits drop an architecture."""
    architectures = read_gpu_architectures()
    for life in DRIVERS.table.arch_life:
        for capability in set(life.cc) & set(architectures.capabilities):
            dropped = architectures.dropped_in(capability)
            assert (dropped is None) == (life.last_cuda_major is None)
            assert dropped is None or int(dropped.split(".")[0]) == (life.last_cuda_major or 0) + 1


@pytest.mark.parametrize(
    ("before", "after", "says"),
    [
        ('driver = "570.26"', 'driver = "580.99"', "newer toolkits"),
        ('driver = "570.26"', 'driver = "565.57"', "whose branch serves 12.7"),
        ('min_driver = "525.60.13"', 'min_driver = "440.33"', "expected an ascent"),
        ('min_driver = "525.60.13"', 'min_driver = "530.30.02"', "is not of CUDA 12.0's branch"),
        ('ptx = "8.7"\nmin_driver_cuda = "12.8"', 'ptx = "8.7"\nmin_driver_cuda = "12.5"', "newer PTX"),
        ('branch = 590\ncuda = "13.1"', 'branch = 590\ncuda = "12.9"', "newer branches"),
        ("cc = [70]", "cc = [70, 61]", "live twice"),
        ("last_cuda_major = 11\n", "", "expected both"),
    ],
)
def test_contradictions_are_refused(before: str, after: str, says: str, tmp_path: Path) -> None:
    """A newer row never allows less than an older one."""
    text = TABLE.read_text()
    assert before in text
    (tmp_path / "cuda_driver.toml").write_text(text.replace(before, after))
    with pytest.raises(PolicyError, match=says):
        read_cuda_drivers(tmp_path)


def test_compatibility_packages_are_those_of_the_cuda_for_branches_that_notes_list() -> None:
    """A host's branch that no note of the major version lists is not promised anything."""
    assert DRIVERS.compat_package("13.2", 535) == "cuda-compat-13-2"
    assert DRIVERS.compat_package("13", 550) == "cuda-compat-13-1"
    assert DRIVERS.compat_package("13.2", 565) is None
    assert DRIVERS.compat_package("11.8", 450) is None
