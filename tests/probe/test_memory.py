"""What a stage measures of memory: of the host always, of a GPU by each source that is there."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from layerscope.probe.payload.memory import measure_cgroup, measure_memory, tell_shortage
from support.stub_driver import build_stub_driver

GIB = 1 << 30
ASK = (
    "import ctypes, json; ctypes.CDLL('libcuda.so.1'); "
    "from layerscope.probe.payload.memory import measure_memory; print(json.dumps(measure_memory()))"
)


@pytest.fixture(scope="module")
def stub(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the stub's libraries."""
    return build_stub_driver(tmp_path_factory.mktemp("driver"))


def ask(stub: Path, context: int) -> dict[str, object]:
    """What a process measures that has loaded the driver, with a context (0) or without."""
    env = {**os.environ, "LD_LIBRARY_PATH": str(stub), "STUB_CONTEXT": str(context)}
    done = subprocess.run([sys.executable, "-c", ASK], capture_output=True, text=True, check=True, env=env)
    found: dict[str, object] = json.loads(done.stdout)
    return found


def test_driver_and_nvml_are_asked_where_a_context_is(stub: Path) -> None:
    """NVML for the same GPU, by its address."""
    assert ask(stub, 0)["gpu"] == {
        "driver_free": 60 * GIB, "driver_total": 80 * GIB, "management_total": 80 * GIB, "management_used": 20 * GIB,
    }  # fmt: skip


def test_no_context_is_made_to_measure(stub: Path) -> None:
    """It would take memory of its own, and time."""
    assert "gpu" not in ask(stub, 999)


def test_the_host_is_measured_without_a_gpu() -> None:
    """The process, at this moment and at its peak."""
    found = measure_memory()
    assert 1 << 20 < found["rss"] <= found["rss_peak"]
    assert "gpu" not in found
    assert all(isinstance(each, int) for each in measure_cgroup().values())


class OutOfMemoryError(RuntimeError):
    """As PyTorch's."""


@pytest.mark.parametrize(
    ("error", "is_short"),
    [
        (MemoryError(), True),
        (OutOfMemoryError("x"), True),
        (RuntimeError("DefaultCPUAllocator: not enough memory: you tried to allocate 4096 bytes"), True),
        (RuntimeError("CUDA error: out of memory"), True),
        (RuntimeError("shapes cannot be multiplied"), False),
        (ValueError("memory format"), False),
    ],
)
def test_a_shortage_of_memory_is_told_from_other_errors(error: Exception, *, is_short: bool) -> None:
    """Each framework words it in its own way."""
    assert tell_shortage(error) is is_short
