"""How much of a library's device code a GPU runs, against the GPU that runs most."""

import pytest

from layerscope.facts.cuda.coverage import Coverage, GpuQuestion, find_measure, measure_coverage, select_general
from layerscope.facts.cuda.device_code import LibraryCode
from layerscope.formats.device_code import CodeKind, DeviceTarget
from layerscope.policies.cuda_driver import parse_driver
from layerscope.policies.policies import Policies
from support.gpu_facts import compute, library, sm

POLICIES = Policies()
LINALG = library("libtorch_cuda_linalg.so", (32, sm(80, 86, 90, 100, 120)), (1, sm(75, 80, 86, 90, 100, 120)))
ENGINES = library(
    "libcublasLt.so.13", (600, sm(100)), (800, sm(90)), (224, sm(80, 89, 90)), (34, sm(75)),
    (130, sm(75, 80, 90, 100, 120)),
)  # fmt: skip


def cover(code: LibraryCode, capability: int, driver: str = "") -> Coverage:
    """The coverage of a GPU of that capability."""
    version = parse_driver(driver) if driver else None
    question = GpuQuestion(capability, POLICIES.gpu_arch, POLICIES.cuda_driver, version)
    return measure_coverage(find_measure(code.groups, POLICIES.gpu_arch), question)


@pytest.mark.parametrize(
    ("capability", "native", "is_full"), [(75, 1, False), (86, 33, True), (103, 33, True), (70, 0, False)]
)
def test_libraries_compiled_for_fewer_architectures_are_seen(capability: int, native: int, is_full: bool) -> None:
    """As PyTorch's linear algebra for CUDA 13 is."""
    coverage = cover(LINALG, capability)
    assert (coverage.native, coverage.best, coverage.is_full) == (native, 33, is_full)


@pytest.mark.parametrize("capability", [75, 80, 89, 90, 100, 121])
def test_kernels_of_one_architecture_are_no_measure(capability: int) -> None:
    """A library that keeps them apart works on each GPU that its general kernels are for."""
    assert cover(ENGINES, capability).is_full
    assert [group.count for group in select_general(ENGINES.groups)] == [130]


def test_ptx_counts_where_machine_code_lacks() -> None:
    """With the oldest ISA version that serves."""
    code = library("libx.so", (5, (*sm(80, 90), *compute(90, (8, 4)), *compute(80, (7, 8)))))
    assert cover(code, 80) == Coverage(5, 0, 5)
    assert cover(code, 120) == Coverage(0, 5, 5, (7, 8))


def test_old_drivers_do_not_compile_new_ptx() -> None:
    """ISA 8.8 is CUDA 12.9's."""
    code = library("libx.so", (5, (*sm(90), *compute(90, (8, 8)))))
    assert cover(code, 100, "R570") == Coverage(0, 0, 5, (0, 0), 5)
    assert cover(code, 100, "575.57.08") == Coverage(0, 5, 5, (8, 8))
    assert cover(code, 90, "R570") == Coverage(5, 0, 5)


def test_suffixes_are_heeded() -> None:
    """Code for sm_90a runs on nothing but 9.0, and is the library's best all the same."""
    code = library("libfa3.so", (7, (DeviceTarget(CodeKind.SASS, 90, "a"),)))
    assert cover(code, 90) == Coverage(7, 0, 7)
    assert cover(code, 100) == Coverage(0, 0, 7)


def test_nothing_is_nothing() -> None:
    """No division by zero."""
    assert cover(library("libx.so"), 90).share == 0
