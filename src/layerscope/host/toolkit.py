"""How containers come by a GPU: NVIDIA's container toolkit, its runtime, and CDI specifications."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from layerscope.host.check import Area, Check, Sign
from layerscope.host.driver import DriverReport
from layerscope.host.engines import EngineReport
from layerscope.host.place import Host

CDI_FOLDERS: Final = ("/etc/cdi", "/var/run/cdi")
"""Where specifications are by default: https://github.com/cncf-tags/container-device-interface"""
CDI_ENDINGS: Final = (".json", ".yaml", ".yml")
MAX_SPECS: Final = 100

_TOOLKIT: Final = re.compile(r"version:?\s+v?(\d{1,3}(?:\.\d{1,4}){1,3})")
_KIND: Final = re.compile(r"""["']?\bkind["']?\s*:\s*["']?([\w.-]{1,100}/[\w.-]{1,100})""")
_LIBRARY: Final = re.compile(r"libcuda\.so\.(\d{3}(?:\.\d{1,4}){1,2})\b")

GENERATE: Final = ("sudo nvidia-ctk cdi generate --output=/etc/cdi/nvidia.yaml",)
CONFIGURE: Final = ("sudo nvidia-ctk runtime configure --runtime=docker", "sudo systemctl restart docker")


@dataclass(frozen=True)
class CdiSpec:
    """A specification of devices: its file, what it defines, and the drivers whose files it names."""

    path: str
    kind: str
    drivers: tuple[str, ...] = ()


def find_specs(host: Host, folders: Sequence[str]) -> tuple[CdiSpec, ...]:
    """The specifications for NVIDIA's devices."""
    specs = []
    for folder in dict.fromkeys((*CDI_FOLDERS, *folders)):
        for name in host.list_names(folder)[:MAX_SPECS]:
            content = host.read(f"{folder}/{name}") if name.endswith(CDI_ENDINGS) else None
            kind = _KIND.search(content) if content else None
            if content and kind and kind[1].startswith("nvidia.com/"):
                drivers = tuple(sorted(set(_LIBRARY.findall(content))))
                specs.append(CdiSpec(f"{folder}/{name}", kind[1], drivers))
    return tuple(specs)


def check_toolkit(host: Host, driver: DriverReport, engines: Sequence[EngineReport]) -> Iterator[Check]:
    """The toolkit, the specifications, and what each engine knows of them; silent on a host without a driver."""
    program = host.find_program("nvidia-ctk")
    if not driver.is_there and program is None:
        yield Check(Area.TOOLKIT, "toolkit", Sign.NOTE, "not installed, and there is no GPU to give to containers")
        return
    yield _check_program(host, program)
    specs = find_specs(host, [folder for engine in engines for folder in engine.cdi_folders])
    yield _check_specs(specs, driver)
    for engine in engines:
        if engine.answers:
            yield _check_engine(engine, specs)


def _check_program(host: Host, program: str | None) -> Check:
    if program is None:
        return Check(
            Area.TOOLKIT,
            "toolkit",
            Sign.BAD,
            "NVIDIA Container Toolkit is not installed: containers get no GPU",
            cure="install it (https://docs.nvidia.com/datacenter/cloud-native/container-toolkit)",
            commands=("sudo apt-get install -y nvidia-container-toolkit", *CONFIGURE),
            errors=("no-device-driver", "unknown-runtime"),
        )
    output = host.run([program, "--version"])
    version = _TOOLKIT.search(output.out)
    if version is None:
        return Check(Area.TOOLKIT, "toolkit", Sign.DOUBT, f"{program} does not tell its version: {output.first_words}")
    return Check(Area.TOOLKIT, "toolkit", Sign.GOOD, f"NVIDIA Container Toolkit {version[1]}")


def _check_specs(specs: Sequence[CdiSpec], driver: DriverReport) -> Check:
    wanted = driver.module or driver.version
    stale = [spec for spec in specs if wanted and spec.drivers and wanted not in spec.drivers]
    if not specs:
        return Check(
            Area.TOOLKIT,
            "cdi",
            Sign.DOUBT,
            f"no CDI specification of NVIDIA's in {' or '.join(CDI_FOLDERS)}",
            cure="podman and --device nvidia.com/gpu=all need one",
            commands=GENERATE,
            errors=("cdi-unresolvable",),
        )
    if stale:
        old = stale[0]
        return Check(
            Area.TOOLKIT,
            "cdi",
            Sign.BAD,
            f"{old.path} is for driver {', '.join(old.drivers)}, and {wanted} is installed",
            cure="generate it anew",
            commands=GENERATE,
            errors=("cdi-unresolvable", "nvml-mismatch"),
        )
    told = ", ".join(f"{spec.path} ({spec.kind})" for spec in specs)
    return Check(Area.TOOLKIT, "cdi", Sign.GOOD, told)


def _check_engine(engine: EngineReport, specs: Sequence[CdiSpec]) -> Check:
    """Whether an engine can give a GPU to a container, by its runtime or by a specification that it reads."""
    name = f"{engine.product} gpu"
    if "nvidia" in engine.runtimes:
        return Check(Area.TOOLKIT, name, Sign.GOOD, f"{engine.name} knows the runtime nvidia")
    is_podman = engine.product == "podman"
    folders = engine.cdi_folders or (CDI_FOLDERS if is_podman else ())
    readable = [spec for spec in specs if spec.path.rpartition("/")[0] in folders]
    if readable:
        return Check(Area.TOOLKIT, name, Sign.GOOD, f"{engine.name} reads {readable[0].path}")
    return Check(
        Area.TOOLKIT,
        name,
        Sign.BAD,
        f"{engine.name} knows no runtime nvidia and reads no CDI specification: --gpus fails",
        cure="generate a specification" if is_podman else "register the runtime",
        commands=GENERATE if is_podman else CONFIGURE,
        errors=("cdi-unresolvable",) if is_podman else ("no-device-driver", "unknown-runtime"),
    )
