"""What the probe sees on a host with a GPU: in its own environment, and in a bundle closed by namespaces alone.

`python -m benchmarks.gpu_check --python PYTHON` with a Python that has torch needs no network and no engine; what it
saw goes to benchmarks/gpu/DATE-DEVICE.md. Exit codes: 0 all is right, 1 something is not, 5 there is no GPU.
"""

import argparse
import json
import re
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.host_bundle import open_host_bundle
from benchmarks.machine import describe_machine

from layerscope.probe.bundle_run import NAMESPACES, run_bundle
from layerscope.probe.confinement import Confinement
from layerscope.probe.limits import GIB, ContainerLimits
from layerscope.probe.local_run import find_interpreter, find_modules, run_here
from layerscope.probe.observation import Observation
from layerscope.probe.spec import ProbeSpec
from layerscope.probe.verdict import judge
from layerscope.progress import SilentProgress

FOLDER = Path(__file__).with_name("gpu")
NO_GPU = 5
TYPES = ("float32", "float16", "bfloat16")
MEMORY = 64 * GIB
"""Bytes that the bundle may write to: libraries of CUDA map many gigabytes."""
MIB = 1 << 20
LEAST_SHARE, MOST_SHARE = 0.9, 1.01
"""The driver's memory of a GPU beside nvidia-smi's total, of which some is reserved."""


@dataclass(frozen=True)
class Check:
    """One thing that should hold: whether it does, and what was seen."""

    name: str
    holds: bool
    detail: str


def main(arguments: Sequence[str] | None = None) -> int:
    """Probe, check and write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--python", default="python3", help="a Python with torch")
    parser.add_argument("--dev", type=Path, default=Path("/dev"), help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if not has_gpu(options.dev):
        print("no device: nothing was measured")
        return NO_GPU
    runs = run_all(options.python)
    smi = ask_smi()
    checks = [check for name, seen in runs for check in check_run(name, seen)] + check_memory(runs[0][1], smi)
    text = render(runs, checks, smi)
    FOLDER.mkdir(exist_ok=True)
    path = FOLDER / name_file(runs[0][1])
    path.write_text(text)
    print(text)
    print(f"written to {path}", file=sys.stderr)
    return 0 if all(check.holds for check in checks) else 1


def has_gpu(folder: Path) -> bool:
    """Whether there is a node of a GPU."""
    return any(re.fullmatch(r"nvidia\d+|dxg", path.name) for path in folder.iterdir())


def run_all(python: str) -> list[tuple[str, Observation]]:
    """The payload here, and in a bundle."""
    interpreter = find_interpreter(python)
    spec = ProbeSpec(interpreter, find_modules(interpreter), device="cuda")
    progress = SilentProgress()
    confinement = Confinement(limits=ContainerLimits(memory=MEMORY))
    here = run_here(spec, progress=progress)
    with open_host_bundle(interpreter) as bundle:
        run = run_bundle(bundle, spec, progress=progress, confinement=confinement, runtimes=(NAMESPACES,))
    return [("in this environment", here), ("in a bundle of namespaces", run.observation)]


def ask_smi() -> list[dict[str, str]]:
    """What nvidia-smi says of each GPU; nothing where it is not there."""
    fields = ("name", "driver_version", "memory.total", "memory.used", "compute_cap")
    command = ["nvidia-smi", f"--query-gpu={','.join(fields)}", "--format=csv,noheader,nounits"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    except (OSError, subprocess.SubprocessError):
        return []
    rows = [[part.strip() for part in line.split(",")] for line in done.stdout.splitlines()]
    return [dict(zip(fields, row, strict=False)) for row in rows]


def values_of(seen: Observation, stage: str) -> dict[str, Any]:
    """What a stage measured."""
    found = seen.find(stage)
    return found.values if found is not None else {}


def check_run(name: str, seen: Observation) -> list[Check]:
    """Every stage passed, on the GPU, in each type of numbers."""
    checks = [
        Check(f"{stage.name} {name}", stage.status == "passed", f"{stage.status}: {stage.detail}")
        for stage in seen.stages
    ]
    verdict = judge(seen, wants_gpu=True)
    on_gpu = verdict.is_good and verdict.device not in {"", "the CPU"}
    checks.append(Check(f"verdict {name}", on_gpu, verdict.title))
    for stage in ("prefill", "decode"):
        types = values_of(seen, stage).get("types", {})
        checks += [Check(f"{stage} in {each} {name}", each in types, json.dumps(types.get(each))) for each in TYPES]
    return checks


def check_memory(seen: Observation, smi: Sequence[dict[str, str]]) -> list[Check]:
    """The driver's memory of each GPU against nvidia-smi's."""
    devices = values_of(seen, "driver").get("devices", [])
    if not smi:
        return [Check("memory against nvidia-smi", holds=False, detail="nvidia-smi is not there")]
    checks = []
    for number, (device, row) in enumerate(zip(devices, smi, strict=False)):
        told, total = int(device.get("memory", 0)), int(float(row.get("memory.total", "0")) * MIB)
        holds = total > 0 and LEAST_SHARE <= told / total <= MOST_SHARE
        detail = f"driver {told / MIB:,.0f} MiB, nvidia-smi {total / MIB:,.0f} MiB"
        checks.append(Check(f"memory of GPU {number}", holds, detail))
    return checks or [Check("memory of a GPU", holds=False, detail="the driver shows none")]


def name_file(seen: Observation) -> str:
    """The date and the device."""
    devices = values_of(seen, "driver").get("devices", [])
    name = str(devices[0].get("name", "")) if devices else ""
    device = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-") or "unknown"
    return f"{describe_machine()['date']}-{device}.md"


def render(runs: Sequence[tuple[str, Observation]], checks: Sequence[Check], smi: Sequence[dict[str, str]]) -> str:
    """The transcript."""
    machine = describe_machine()
    lines = ["# A probe of a real GPU", "", *(f"- {name}: {value}" for name, value in machine.items())]
    lines += [f"- nvidia-smi: {', '.join(row.values())}" for row in smi]
    lines += ["", "| check | holds | seen |", "| --- | --- | --- |"]
    lines += [f"| {each.name} | {'yes' if each.holds else '**no**'} | {cell(each.detail)} |" for each in checks]
    for name, seen in runs:
        lines += ["", f"## Stages {name}", "", "| stage | status | seconds | seen |", "| --- | --- | ---: | --- |"]
        lines += [
            f"| {stage.name} | {stage.status} | {stage.seconds:.3f} | {cell(stage.detail)} |" for stage in seen.stages
        ]
        lines += ["", "```json", json.dumps(_pick(seen), indent=1, sort_keys=True, default=str), "```"]
    return "\n".join(lines) + "\n"


def cell(text: str) -> str:
    """A text that stays in its cell."""
    return " ".join(text.replace("|", "\\|").split())[:300]


def _pick(seen: Observation) -> dict[str, Any]:
    return {name: values_of(seen, name) for name in ("driver", "kernel", "device", "prefill", "decode")}


if __name__ == "__main__":
    sys.exit(main())
