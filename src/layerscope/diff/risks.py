"""What a release engineer has to know first: changes that decide whether the new image runs where the old one did."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Final

from packaging.version import InvalidVersion, Version

from layerscope.diff import traits
from layerscope.diff.change import Change, ValueChange
from layerscope.diff.findings import FindingChanges, tell_rise
from layerscope.diff.gpus import GpuChange
from layerscope.diff.packages import PackageChange, PackageKind
from layerscope.diff.sizes import is_model_file
from layerscope.diff.trees import Aspect, FileChange
from layerscope.facts.cuda.gpu_verdict import Verdict
from layerscope.facts.cuda.libraries import CudaCopy
from layerscope.facts.fact_set import FactSet
from layerscope.policies.cuda_driver import parse_driver
from layerscope.rules.severity import Severity
from layerscope.rules.wording import tell_size


class RiskLevel(IntEnum):
    """How much a change can break, most first."""

    BREAKS = 0
    """Something that ran need not run any more."""
    RISKY = 1
    """It may behave differently, or be less safe."""
    NOTE = 2
    """Good to know."""


@dataclass(frozen=True)
class Risk:
    """One sentence, and what it rests on."""

    level: RiskLevel
    text: str
    detail: str = ""


WATCHED: Final = frozenset({
    "accelerate", "bitsandbytes", "flash-attn", "jax", "jaxlib", "numpy", "onnxruntime", "onnxruntime-gpu", "protobuf",
    "pydantic", "safetensors", "sglang", "tensorflow", "tokenizers", "torch", "transformers", "triton", "vllm",
    "xformers",
})  # fmt: skip
"""Python packages whose new major version breaks others: those that pin or were compiled against them."""

_FAILS: Final = (Verdict.NONE, Verdict.NO_CODE)

_STARTS: Final = {"config.Entrypoint": "entrypoint", "config.Cmd": "command", "config.WorkingDir": "working directory"}


@dataclass(frozen=True)
class Grounds:
    """What risks are told from: the differences that count, and the facts of both images."""

    traits: Sequence[ValueChange]
    gpus: Sequence[GpuChange]
    packages: Sequence[PackageChange]
    config: Sequence[ValueChange]
    files: Sequence[FileChange]
    findings: FindingChanges
    before: FactSet
    after: FactSet


def list_risks(grounds: Grounds) -> tuple[Risk, ...]:
    """What to know first, most serious first."""
    by_name = {change.name: change for change in grounds.traits}
    found = [
        *_iter_gpu_risks(by_name, grounds.gpus),
        *_iter_abi_risks(by_name),
        *_iter_copy_risks(grounds),
        *_iter_package_risks(grounds.packages),
        *_iter_start_risks(by_name, grounds.config),
        *_iter_model_risks(grounds.files),
        *_iter_finding_risks(grounds.findings),
    ]
    return tuple(sorted(found, key=lambda risk: risk.level))


def _iter_gpu_risks(by_name: Mapping[str, ValueChange], gpus: Sequence[GpuChange]) -> Iterator[Risk]:
    driver = by_name.get(traits.DRIVER)
    if driver is not None and driver.before and driver.after:
        if parse_driver(driver.after) > parse_driver(driver.before):
            yield Risk(RiskLevel.BREAKS, f"the oldest driver rises from {driver.before} to {driver.after}")
        else:
            yield Risk(RiskLevel.NOTE, f"the oldest driver falls from {driver.before} to {driver.after}")
    for each in gpus:
        if not each.is_worse or each.before is None or each.after is None:
            continue
        if each.after.verdict in _FAILS:
            yield Risk(RiskLevel.BREAKS, f"{each.name} is dropped", each.after.reason)
        else:
            text = f"{each.name} falls from {each.before.verdict} to {each.after.verdict}"
            yield Risk(RiskLevel.RISKY, text, each.after.reason)
    gained = [each.name for each in gpus if _is_gained(each)]
    if gained:
        yield Risk(RiskLevel.NOTE, f"runs on {', '.join(gained)} now")


def _is_gained(change: GpuChange) -> bool:
    """Whether a GPU runs the image that could not run the one before."""
    if change.before is None or change.after is None:
        return False
    return change.before.verdict in _FAILS and change.after.verdict not in _FAILS


def _iter_abi_risks(by_name: Mapping[str, ValueChange]) -> Iterator[Risk]:
    for name, level in (
        (traits.DISTRIBUTION, RiskLevel.RISKY),
        (traits.LIBC, RiskLevel.RISKY),
        (traits.PYTHON, RiskLevel.RISKY),
        (traits.EXTENSION_ABI, RiskLevel.BREAKS),
        (traits.CUDA, RiskLevel.RISKY),
        (traits.CUDNN, RiskLevel.RISKY),
        (traits.NODE, RiskLevel.RISKY),
        (traits.JAVA, RiskLevel.RISKY),
    ):
        change = by_name.get(name)
        if change is not None:
            yield Risk(level, tell_change(name, change.before, change.after))


def tell_change(name: str, before: str | None, after: str | None) -> str:
    """A value that is another one, as a clause."""
    if before is None:
        return f"{name} is new: {after}"
    return f"{name} is gone: it was {before}" if after is None else f"{name} goes from {before} to {after}"


def _iter_copy_risks(grounds: Grounds) -> Iterator[Risk]:
    """Parts of CUDA that come once more than there were."""
    if not grounds.files:
        return
    before, after = list_copies(grounds.before), list_copies(grounds.after)
    for name, places in sorted(after.items()):
        new = {place: copy for place, copy in places.items() if place not in before.get(name, {})}
        if len(places) > max(1, len(before.get(name, {}))):
            for place, (version, size) in sorted(new.items()):
                told = f"{name} {version}".rstrip()
                yield Risk(RiskLevel.RISKY, f"one more {told} in /{place} adds {tell_size(size)}")


def list_copies(facts: FactSet) -> dict[str, dict[str, tuple[str, int]]]:
    """For each part of CUDA the places that hold a copy of it, with version and bytes."""
    copies: dict[str, dict[str, tuple[str, int]]] = {}
    for copy in facts.of(CudaCopy):
        for part in copy.parts:
            copies.setdefault(part.name, {})[copy.root] = (part.version, part.size)
    return copies


def _iter_package_risks(packages: Sequence[PackageChange]) -> Iterator[Risk]:
    for change in packages:
        if change.key.kind is not PackageKind.PYTHON or change.key.name not in WATCHED:
            continue
        before, after = _newest(change.before), _newest(change.after)
        if change.change is Change.REMOVED:
            yield Risk(RiskLevel.RISKY, f"{change.key.name} is gone: it was {before}")
        elif before and after and _leaps(before, after):
            yield Risk(RiskLevel.RISKY, f"{change.key.name} goes from {before} to {after}")


def _newest(versions: Sequence[str]) -> str:
    return versions[-1] if versions else ""


def _leaps(before: str, after: str) -> bool:
    """Whether the first number that tells of broken promises is another one: the minor one below 1.0."""
    try:
        one, other = Version(before), Version(after)
    except InvalidVersion:
        return before != after
    return (one.major, one.minor if not one.major else 0) != (other.major, other.minor if not other.major else 0)


def _iter_start_risks(by_name: Mapping[str, ValueChange], config: Sequence[ValueChange]) -> Iterator[Risk]:
    user = by_name.get(traits.USER)
    if user is not None:
        is_root = user.after is not None and (user.after.endswith("(0)") or user.after == "0")
        level = RiskLevel.BREAKS if is_root else RiskLevel.RISKY
        yield Risk(level, tell_change("the user", user.before, user.after))
    for change in config:
        if change.name in _STARTS:
            yield Risk(RiskLevel.RISKY, tell_change(f"the {_STARTS[change.name]}", change.before, change.after))
        elif change.name.startswith("config.ExposedPorts."):
            port = change.name.removeprefix("config.ExposedPorts.")
            yield Risk(RiskLevel.RISKY, f"port {port} is {'exposed' if change.before is None else 'no longer exposed'}")


def _iter_model_risks(files: Sequence[FileChange]) -> Iterator[Risk]:
    told: dict[tuple[Change, str], int] = {}
    for file in files:
        if is_model_file(file.path) and (file.change is not Change.CHANGED or Aspect.CONTENT in file.aspects):
            folder = file.path.rpartition("/")[0]
            told[file.change, folder] = told.get((file.change, folder), 0) + 1
    for (change, folder), count in sorted(told.items()):
        files_told = "a model file" if count == 1 else f"{count:,} model files"
        yield Risk(RiskLevel.RISKY, f"{files_told} in /{folder} {'is' if count == 1 else 'are'} {change}")


def _iter_finding_risks(found: FindingChanges) -> Iterator[Risk]:
    for finding in found.added:
        if finding.severity >= Severity.HIGH:
            yield Risk(RiskLevel.BREAKS, f"{tell_rise(finding, found.graver)}: {finding.title}", finding.message)
