"""The NVIDIA driver and the GPUs of this host: by nvidia-smi, else by the driver's libraries, else by the kernel."""

import csv
import json
import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from layerscope.host.place import CommandOutput, Host

KERNEL_VERSION: Final = "/proc/driver/nvidia/version"
WSL_FOLDER: Final = "/usr/lib/wsl/lib"
"""Where WSL 2 keeps nvidia-smi, which is not on every PATH."""

CHILD: Final = Path(__file__).with_name("driver_child.py")

_QUERIES: Final = (
    ("name", "driver_version", "memory.total", "compute_cap", "mig.mode.current", "compute_mode"),
    ("name", "driver_version", "memory.total"),
)
"""What nvidia-smi is asked for; drivers below 510 do not know compute_cap, and refuse the whole."""

_MODULE: Final = re.compile(r"Kernel Module(?:\s+for\s+\S+)?\s+(\d{3}\.\d{1,4}(?:\.\d{1,4})?)")
_CUDA: Final = re.compile(r"CUDA(?: UMD)? Version\s*:\s*(\d{1,2}\.\d{1,2})")
_CAPABILITY: Final = re.compile(r"\d{1,2}\.\d")
_VERSION: Final = re.compile(r"\d{3}(?:\.\d{1,4}){1,2}")


@dataclass(frozen=True)
class Gpu:
    """One GPU, as the driver names it."""

    name: str
    capability: str | None = None
    memory_mib: int | None = None
    is_split: bool | None = None
    """Whether it is divided into instances (MIG)."""
    compute_mode: str | None = None


@dataclass(frozen=True)
class DriverReport:
    """What is known of the driver; versions are None where nobody tells."""

    module: str | None = None
    """Version of the kernel module."""
    version: str | None = None
    """Version of the user-mode driver."""
    cuda: str | None = None
    """The driver's CUDA version."""
    gpus: tuple[Gpu, ...] = ()
    told_by: str = ""
    problems: tuple[str, ...] = ()
    """What went wrong when it was asked."""
    answers: bool = False
    """Whether a program or a library of it is there, be it to say that it cannot."""

    @property
    def is_there(self) -> bool:
        """Whether there is any sign of a driver."""
        return bool(self.module or self.version or self.gpus or self.answers)


def find_driver(host: Host) -> DriverReport:
    """Ask for the driver and its GPUs, by one way after the other; never raises."""
    kernel = host.read(KERNEL_VERSION)
    module = _MODULE.search(kernel) if kernel else None
    report = DriverReport(module=module[1] if module else None)
    program = host.find_program("nvidia-smi", WSL_FOLDER)
    if program is not None:
        report = _ask_program(host, program, report)
    if not report.gpus:
        report = _ask_libraries(host, report)
    if not report.told_by and report.module:
        report = replace(report, told_by=KERNEL_VERSION)
    return report


def _ask_program(host: Host, program: str, report: DriverReport) -> DriverReport:
    output = CommandOutput(None)
    for fields in _QUERIES:
        output = host.run([program, f"--query-gpu={','.join(fields)}", "--format=csv,noheader,nounits"])
        if output.code == 0:
            gpus, version = parse_query(output.out, fields)
            header = host.run([program])
            cuda = _CUDA.search(header.out)
            return replace(report, version=version, cuda=cuda[1] if cuda else None, gpus=gpus, told_by="nvidia-smi")
        if "not a valid field" not in output.out + output.err:
            break
    return replace(report, problems=(*report.problems, f"nvidia-smi: {output.first_words}"), answers=True)


def parse_query(text: str, fields: tuple[str, ...]) -> tuple[tuple[Gpu, ...], str | None]:
    """The GPUs and the driver's version in what nvidia-smi printed for these fields; other lines are passed over."""
    gpus = []
    version = None
    for row in csv.reader(text.splitlines(), skipinitialspace=True):
        if len(row) != len(fields):
            continue
        values = dict(zip(fields, (value.strip() for value in row), strict=True))
        if not _VERSION.fullmatch(values["driver_version"]):
            continue
        version = values["driver_version"]
        memory = values["memory.total"]
        capability = values.get("compute_cap", "")
        split = values.get("mig.mode.current", "")
        gpus.append(
            Gpu(
                name=values["name"],
                capability=capability if _CAPABILITY.fullmatch(capability) else None,
                memory_mib=int(memory) if memory.isdecimal() else None,
                is_split={"Enabled": True, "Disabled": False}.get(split),
                compute_mode=values.get("compute_mode"),
            )
        )
    return tuple(gpus), version


def _ask_libraries(host: Host, report: DriverReport) -> DriverReport:
    """What the driver's libraries say to a child process."""
    output = host.run([*host.python, str(CHILD)])
    try:
        answers = json.loads(output.out)
        nvml, cuda = dict(answers["nvml"]), dict(answers["cuda"])
    except (ValueError, TypeError, KeyError):
        return replace(report, problems=(*report.problems, f"the driver's libraries: {output.first_words}"))
    gpus = _parse_gpus(nvml.get("gpus")) or _parse_gpus(cuda.get("gpus"))
    version = nvml.get("version")
    told = "libnvidia-ml.so.1" if nvml.get("gpus") else "libcuda.so.1"
    return replace(
        report,
        version=version if isinstance(version, str) and _VERSION.fullmatch(version) else report.version,
        cuda=report.cuda or _tell_cuda(cuda.get("cuda")),
        gpus=gpus,
        told_by=told if gpus else report.told_by,
        answers=report.answers or "code" in nvml or "code" in cuda,
        problems=(*report.problems, *_list_problems("libnvidia-ml.so.1", nvml), *_list_problems("libcuda.so.1", cuda)),
    )


def _parse_gpus(value: Any) -> tuple[Gpu, ...]:
    """GPUs as the child lists them."""
    return tuple(
        Gpu(str(item["name"]), str(item["capability"]) if item.get("capability") else None)
        for item in value or ()
        if isinstance(item, dict) and item.get("name")
    )


def _tell_cuda(number: Any) -> str | None:
    """The driver's CUDA version of a number such as 12040."""
    return f"{number // 1000}.{number % 1000 // 10}" if isinstance(number, int) and number else None


def _list_problems(name: str, answer: dict[str, Any]) -> list[str]:
    if answer.get("problem"):
        return [f"{name}: {answer['problem']}"]
    return [f"{name}: error {answer['code']} at its start"] if answer.get("code") else []
