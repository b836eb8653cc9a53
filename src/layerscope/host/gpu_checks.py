"""What the driver, its GPUs and its device nodes mean for containers."""

import os
import re
from collections.abc import Callable, Iterator
from itertools import groupby
from typing import Final

from layerscope.host.check import Area, Check, Sign
from layerscope.host.driver import DriverReport, Gpu
from layerscope.host.place import Host

DRIVER_RULES: Final = ("driver-below-floor", "ptx-newer-than-driver", "compat-library-on-path")
GPU_RULES: Final = ("missing-device-code", "partial-device-code", "jit-only-device-code", "dropped-architecture")
NODES: Final = ("nvidiactl", "nvidia-uvm")
"""Device nodes that CUDA needs beside those of the GPUs."""

_GPU_NODE: Final = re.compile(r"nvidia\d{1,3}")
_DROPPED: Final = re.compile(
    r"[-\s](?:\d{1,4}\s?GB\b|SXM\d?|PCIe|HBM\d?e?|NVL|Laptop|Server|Workstation|Max-Q|Generation|Edition|GPU)\b.*"
)
_MAKER: Final = re.compile(r"^(?:NVIDIA\s+|GeForce\s+|Tesla\s+|Quadro\s+(?=RTX|GV|GP))+")


def check_gpu(host: Host, driver: DriverReport) -> Iterator[Check]:
    """The driver, each kind of GPU, the device nodes, and the fabric of NVSwitch machines."""
    if not driver.is_there:
        yield Check(
            Area.GPU,
            "driver",
            Sign.NOTE,
            "no NVIDIA driver is on this host; images can be audited for any GPU all the same (--gpu, --driver)",
            rules=DRIVER_RULES + GPU_RULES,
        )
        return
    yield _check_driver(driver)
    for (name, capability), group in groupby(sorted(driver.gpus, key=_name_kind), key=_name_kind):
        yield _check_kind(name, capability, list(group))
    if not driver.gpus:
        yield Check(
            Area.GPU,
            "gpus",
            Sign.BAD,
            f"the driver shows no GPU{_tell_problems(driver)}",
            cure="see what the kernel says of it",
            commands=("nvidia-smi", "dmesg | grep -iE 'nvrm|xid' | tail"),
            errors=("nvml-mismatch", "cu-999"),
        )
    yield from _check_nodes(host)
    yield from _check_fabric(host)


def shorten_name(name: str) -> str:
    """A GPU's name as tables of GPUs have it: `H100` for `NVIDIA H100 80GB HBM3`, `RTX 4090`, `A100`."""
    return _DROPPED.sub("", _MAKER.sub("", name.strip())).strip() or name.strip()


def suggest_options(
    driver: DriverReport, knows: Callable[[str, str | None], bool] = lambda _name, _capability: True
) -> tuple[tuple[str, ...], ...]:
    """The options that make an audit ask about this host, one set for each kind of GPU.

    A model is called by its name where that is known, with the compute capability that the driver tells, else by the
    compute capability itself.
    """
    version = driver.module or driver.version
    wanted = ("--driver", version) if version else ()
    spelt = ((shorten_name(gpu.name), gpu.capability) for gpu in driver.gpus)
    names = dict.fromkeys(name if knows(name, capability) else capability or name for name, capability in spelt)
    return tuple(("--gpu", name, *wanted) for name in names)


def _check_driver(driver: DriverReport) -> Check:
    version = driver.module or driver.version
    cuda = f", which supports CUDA up to {driver.cuda}" if driver.cuda else ""
    if driver.module and driver.version and driver.module != driver.version:
        return Check(
            Area.GPU,
            "driver",
            Sign.BAD,
            f"the kernel module is {driver.module}, the libraries are {driver.version}",
            cure="reload the modules, or restart the host",
            commands=("sudo rmmod nvidia_uvm nvidia_drm nvidia_modeset nvidia && sudo modprobe nvidia", "sudo reboot"),
            errors=("nvml-mismatch",),
        )
    if version is None or not driver.told_by or driver.problems:
        return Check(
            Area.GPU,
            "driver",
            Sign.DOUBT,
            f"driver {version or 'of unknown version'}{cuda}{_tell_problems(driver)}",
            rules=DRIVER_RULES,
            errors=("nvml-mismatch", "no-driver-lib"),
        )
    return Check(Area.GPU, "driver", Sign.GOOD, f"driver {version}{cuda}", rules=DRIVER_RULES)


def _tell_problems(driver: DriverReport) -> str:
    return f" ({'; '.join(driver.problems)})" if driver.problems else ""


def _name_kind(gpu: Gpu) -> tuple[str, str]:
    return gpu.name, gpu.capability or ""


def _check_kind(name: str, capability: str, gpus: list[Gpu]) -> Check:
    parts = [f"{len(gpus)} x {name}" if len(gpus) > 1 else name]
    parts.append(f"compute capability {capability}" if capability else "compute capability unknown")
    memory = {gpu.memory_mib for gpu in gpus if gpu.memory_mib}
    if memory:
        parts.append(f"{min(memory) / 1024:.0f} GiB")
    taken = [gpu.compute_mode for gpu in gpus if gpu.compute_mode in {"Exclusive_Process", "Prohibited"}]
    split = sum(bool(gpu.is_split) for gpu in gpus)
    if split:
        parts.append(f"{split} divided into instances (MIG)")
    if taken:
        parts.append(f"compute mode {taken[0]}")
        return Check(
            Area.GPU,
            "gpu",
            Sign.DOUBT,
            ", ".join(parts),
            cure="one process at a time can use it; to share it",
            commands=("sudo nvidia-smi -c DEFAULT",),
            rules=GPU_RULES,
        )
    return Check(Area.GPU, "gpu", Sign.GOOD, ", ".join(parts), rules=GPU_RULES)


def _check_nodes(host: Host) -> Iterator[Check]:
    names = host.list_names("/dev")
    if "dxg" in names:  # WSL 2 has no nodes of NVIDIA's own
        yield Check(Area.GPU, "nodes", Sign.GOOD, "/dev/dxg, by which WSL 2 reaches the GPU")
        return
    gpus = [name for name in names if _GPU_NODE.fullmatch(name)]
    missing = [name for name in NODES if name not in names] + ([] if gpus else ["nvidia0"])
    closed = [name for name in (*NODES, *gpus) if name in names and not _is_open(host, name)]
    if missing:
        yield Check(
            Area.GPU,
            "nodes",
            Sign.BAD,
            f"{', '.join(f'/dev/{name}' for name in missing)} not there",
            cure="make the nodes",
            commands=("sudo nvidia-modprobe -u -c0",),
            errors=("cu-999",),
        )
    elif closed:
        yield Check(
            Area.GPU,
            "nodes",
            Sign.DOUBT,
            f"{', '.join(f'/dev/{name}' for name in closed)} not open to this user",
            cure="containers of root do not mind; a rootless engine does",
            errors=("cu-999",),
        )
    else:
        yield Check(Area.GPU, "nodes", Sign.GOOD, f"/dev/nvidiactl, /dev/nvidia-uvm and {len(gpus)} of GPUs")


def _is_open(host: Host, name: str) -> bool:
    return os.access(host.place(f"/dev/{name}"), os.R_OK | os.W_OK)


def _check_fabric(host: Host) -> Iterator[Check]:
    """NVSwitch machines compute only while the fabric manager runs."""
    has_switch = bool(host.list_names("/proc/driver/nvidia-nvswitch/devices"))
    if not has_switch and not any(name.startswith("nvidia-nvswitch") for name in host.list_names("/dev")):
        return
    program = host.find_program("systemctl")
    state = host.run([program, "is-active", "nvidia-fabricmanager"]).out.strip() if program else ""
    if state == "active":
        yield Check(Area.GPU, "fabric", Sign.GOOD, "the fabric manager of the NVSwitch runs")
    else:
        yield Check(
            Area.GPU,
            "fabric",
            Sign.BAD if state else Sign.DOUBT,
            f"the machine has an NVSwitch, and its fabric manager is {state or 'not to be asked'}",
            cure="start it, in the version of the driver",
            commands=("sudo systemctl enable --now nvidia-fabricmanager",),
            errors=("cu-802",),
        )
