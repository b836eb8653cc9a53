"""The driver and its GPUs, told by whoever can."""

from collections.abc import Callable

import pytest

from layerscope.host.driver import Gpu, find_driver, parse_query
from layerscope.host.place import Host

MakeHost = Callable[..., Host]

PROPRIETARY = "NVRM version: NVIDIA UNIX x86_64 Kernel Module  535.183.01  Sun May 12 19:39:15 UTC 2024\n"
OPEN = "NVRM version: NVIDIA UNIX Open Kernel Module for x86_64  550.54.14  Release Build  (dvs-builder@U16)\n"
HEADER = "| NVIDIA-SMI 535.183.01   Driver Version: 535.183.01   CUDA Version: 12.2     |"
H100 = "NVIDIA H100 80GB HBM3, 535.183.01, 81559, 9.0, Disabled, Default"
FAILED = "NVIDIA-SMI has failed because it couldn't communicate with the NVIDIA driver."


def smi(rows: str, *, header: str = HEADER) -> str:
    """A stand-in for nvidia-smi: rows for a query, the header without one."""
    return f"""case "$1" in --query-gpu=*) cat <<'END'
{rows}
END
;; *) echo '{header}';; esac"""


def test_nvidia_smi_tells_all(make_host: MakeHost) -> None:
    """Driver, CUDA version, and every GPU with its capability, memory and modes."""
    host = make_host({"/proc/driver/nvidia/version": PROPRIETARY}, {"nvidia-smi": smi(f"{H100}\n{H100}")})
    found = find_driver(host)
    gpu = Gpu("NVIDIA H100 80GB HBM3", "9.0", 81559, is_split=False, compute_mode="Default")
    assert (found.module, found.version, found.cuda, found.told_by) == (
        "535.183.01",
        "535.183.01",
        "12.2",
        "nvidia-smi",
    )
    assert found.gpus == (gpu, gpu)
    assert found.problems == ()


def test_an_older_nvidia_smi_is_asked_for_less(make_host: MakeHost) -> None:
    """It refuses a field that it does not know, and the whole question with it."""
    script = """case "$1" in
*compute_cap*) echo 'Field "compute_cap" is not a valid field to query.'; exit 2;;
--query-gpu=*) echo 'Tesla V100-SXM2-16GB, 450.80.02, 16160';;
*) echo 'Driver Version: 450.80.02    CUDA Version: 11.0';; esac"""
    found = find_driver(make_host(scripts={"nvidia-smi": script}))
    assert found.gpus == (Gpu("Tesla V100-SXM2-16GB", None, 16160),)
    assert (found.version, found.cuda) == ("450.80.02", "11.0")


def test_a_newer_header_is_read_too(make_host: MakeHost) -> None:
    """Drivers of the branch 595 name the parts of the driver apart."""
    script = smi(H100, header="| NVIDIA-SMI 595.45.04  KMD Version: 595.45.04  CUDA UMD Version: 13.2 |")
    assert find_driver(make_host(scripts={"nvidia-smi": script})).cuda == "13.2"


def test_without_nvidia_smi_the_libraries_are_asked(make_host: MakeHost) -> None:
    """NVML knows the driver's version, libcuda its CUDA version."""
    gpus = [{"name": "NVIDIA L4", "capability": "8.9"}]
    answers = {
        "nvml": {"code": 0, "version": "550.54.14", "gpus": gpus},
        "cuda": {"code": 0, "cuda": 12040, "gpus": gpus},
    }
    found = find_driver(make_host({"/proc/driver/nvidia/version": OPEN}, answers=answers))
    assert (found.module, found.version, found.cuda) == ("550.54.14", "550.54.14", "12.4")
    assert found.gpus == (Gpu("NVIDIA L4", "8.9"),)
    assert found.told_by == "libnvidia-ml.so.1"


def test_what_fails_is_told(make_host: MakeHost) -> None:
    """Each way that was tried says why it led nowhere; the kernel's version is known all the same."""
    answers = {"nvml": {"code": 18}, "cuda": {"code": 803, "cuda": 12040, "gpus": []}}
    scripts = {"nvidia-smi": f'echo "{FAILED}"; exit 9'}
    found = find_driver(make_host({"/proc/driver/nvidia/version": OPEN}, scripts, answers))
    assert found.problems == (
        f"nvidia-smi: {FAILED}",
        "libnvidia-ml.so.1: error 18 at its start",
        "libcuda.so.1: error 803 at its start",
    )
    assert (found.module, found.cuda, found.gpus, found.is_there) == ("550.54.14", "12.4", (), True)


@pytest.mark.parametrize("answers", ["no object", {"nvml": 1, "cuda": 2}, {"nvml": {}, "cuda": {"gpus": [{}, 7]}}])
def test_a_child_that_talks_nonsense_is_no_driver(answers: object, make_host: MakeHost) -> None:
    """Nothing is raised, and nothing is believed."""
    assert not find_driver(make_host(answers=answers)).is_there


def test_a_host_without_a_driver_has_none(make_host: MakeHost) -> None:
    """No file, no program, no library."""
    assert not find_driver(make_host()).is_there


@pytest.mark.parametrize(
    ("row", "gpus"),
    [
        ("NVIDIA A100-SXM4-80GB, 535.183.01, 81920, 8.0, Enabled, Default", 1),
        ("Warning: something, else", 0),
        ("[N/A], [N/A], [N/A], [N/A], [N/A], [N/A]", 0),
        ("", 0),
    ],
)
def test_only_rows_of_gpus_are_read(row: str, gpus: int) -> None:
    """Warnings between them are passed over."""
    fields = ("name", "driver_version", "memory.total", "compute_cap", "mig.mode.current", "compute_mode")
    found, version = parse_query(row, fields)
    assert len(found) == gpus
    assert (version is not None) == bool(gpus)
