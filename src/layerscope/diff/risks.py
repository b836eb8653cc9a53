"""What a release engineer has to know first, of everything that differs."""

import stat
from collections.abc import Iterator, Sequence
from typing import Final

from packaging.version import InvalidVersion, Version

from layerscope.diff import traits
from layerscope.diff.change import Change
from layerscope.diff.findings import Graver, tell_rise
from layerscope.diff.gpu_risks import iter_copy_risks, iter_gpu_risks
from layerscope.diff.link_risks import cite_links, iter_link_risks
from layerscope.diff.packages import PackageChange, PackageKind
from layerscope.diff.risk import Grounds, Risk, RiskLevel, tell_change
from layerscope.diff.risk_kinds import SECRET_RULES, TRAIT_KINDS, RiskKind
from layerscope.diff.sizes import has_model_name, is_model_file
from layerscope.diff.start_risks import iter_start_risks
from layerscope.diff.trees import Aspect, FileChange
from layerscope.filesystem.node import Node
from layerscope.layers.entry import EntryType
from layerscope.rules.finding import Finding
from layerscope.rules.severity import Severity
from layerscope.rules.wording import tell_list

WATCHED: Final = frozenset({
    "accelerate", "bitsandbytes", "flash-attn", "jax", "jaxlib", "numpy", "onnxruntime", "onnxruntime-gpu", "protobuf",
    "pydantic", "safetensors", "sglang", "tensorflow", "tokenizers", "torch", "transformers", "triton", "vllm",
    "xformers",
})  # fmt: skip
"""Python packages whose new major version breaks others: those that pin or were compiled against them."""

_ABI: Final = {
    traits.DISTRIBUTION: RiskLevel.RISKY,
    traits.LIBC: RiskLevel.RISKY,
    traits.PYTHON: RiskLevel.RISKY,
    traits.EXTENSION_ABI: RiskLevel.BREAKS,
    traits.CUDA: RiskLevel.RISKY,
    traits.CUDNN: RiskLevel.RISKY,
    traits.NODE: RiskLevel.RISKY,
    traits.JAVA: RiskLevel.RISKY,
}
_LINKED: Final = frozenset({traits.LIBC, traits.EXTENSION_ABI})
"""Traits of an ABI that show in how files link."""

_PRIVILEGED: Final = stat.S_ISUID | stat.S_ISGID


def list_risks(grounds: Grounds) -> tuple[Risk, ...]:
    """What to know first, most serious first."""
    found = [
        *iter_gpu_risks(grounds),
        *_iter_abi_risks(grounds),
        *iter_link_risks(grounds.linking),
        *iter_copy_risks(grounds),
        *_iter_package_risks(grounds.packages),
        *iter_start_risks(grounds),
        *_iter_model_risks(grounds.files),
        *_iter_privilege_risks(grounds.files),
        *_iter_finding_risks(grounds.findings, grounds.graver),
    ]
    return tuple(sorted(found, key=lambda risk: risk.level))


def _iter_abi_risks(grounds: Grounds) -> Iterator[Risk]:
    for change in grounds.traits:
        if change.name in _ABI:
            text = tell_change(change.name, change.before, change.after)
            cited = cite_links(grounds.linking) if change.name in _LINKED else ""
            yield Risk(_ABI[change.name], TRAIT_KINDS[change.name], text, cited)


def _iter_package_risks(packages: Sequence[PackageChange]) -> Iterator[Risk]:
    for change in packages:
        if change.key.kind is not PackageKind.PYTHON or change.key.name not in WATCHED:
            continue
        before, after = _newest(change.before), _newest(change.after)
        if change.change is Change.REMOVED:
            text = f"{change.key.name} is gone: it was {before}"
            yield Risk(RiskLevel.RISKY, RiskKind.PACKAGE_REMOVED, text)
        elif before and after and leaps(before, after):
            text = f"{change.key.name} goes from {before} to {after}"
            yield Risk(RiskLevel.RISKY, RiskKind.PACKAGE_MAJOR, text)


def _newest(versions: Sequence[str]) -> str:
    return versions[-1] if versions else ""


def leaps(before: str, after: str) -> bool:
    """Whether the first number that tells of broken promises is another one (the minor one below 1.0), or the build."""
    try:
        one, other = Version(before), Version(after)
    except InvalidVersion:
        return before != after
    if one.local != other.local:
        return True
    return (one.major, one.minor if not one.major else 0) != (other.major, other.minor if not other.major else 0)


def _iter_model_risks(files: Sequence[FileChange]) -> Iterator[Risk]:
    """Weights that came, went or are others, folder by folder; those that only lie elsewhere now are told as moved."""
    models = [file for file in files if _is_model(file)]
    gone = {_digest(file.before) for file in models if file.change is Change.REMOVED}
    come = {_digest(file.after) for file in models if file.change is Change.ADDED}
    told: dict[tuple[str, str], int] = {}
    for file in models:
        folder, way = file.path.rpartition("/")[0], str(file.change)
        if file.change is Change.ADDED and _digest(file.after) in gone:
            way = "moved"
        elif file.change is Change.REMOVED and _digest(file.before) in come:
            continue
        told[way, folder] = told.get((way, folder), 0) + 1
    for (way, folder), count in sorted(told.items()):
        level = RiskLevel.NOTE if way == "moved" else RiskLevel.RISKY
        where = f"to /{folder}" if way == "moved" else f"in /{folder}"
        subject = "a model file" if count == 1 else f"{count:,} model files"
        verb = "is" if count == 1 else "are"
        text = f"{subject} {verb} moved {where}" if way == "moved" else f"{subject} {where} {verb} {way}"
        yield Risk(level, RiskKind.MODEL_CHANGED, text)


def _is_model(file: FileChange) -> bool:
    if not has_model_name(file.path) or (file.aspects and Aspect.CONTENT not in file.aspects):
        return False
    return is_model_file(file.path, max(node.size for node in (file.before, file.after) if node is not None))


def _digest(node: Node | None) -> bytes | None:
    return node.digest if node is not None else None


def _iter_privilege_risks(files: Sequence[FileChange]) -> Iterator[Risk]:
    """Programs that run as their owner or group, and did not before."""
    found = [
        f"/{file.path}"
        for file in files
        if file.after is not None
        and file.after.mode & _PRIVILEGED
        and file.after.type is EntryType.FILE
        and not (file.before is not None and file.before.mode & _PRIVILEGED)
    ]
    if found:
        text = f"set-user-ID or set-group-ID is new on {tell_list(found)}"
        yield Risk(RiskLevel.RISKY, RiskKind.PRIVILEGE_ADDED, text)


def _iter_finding_risks(new: Sequence[Finding], graver: Sequence[Graver]) -> Iterator[Risk]:
    for finding in new:
        if finding.severity >= Severity.HIGH or finding.rule in SECRET_RULES:
            kind = RiskKind.NEW_SECRET if finding.rule in SECRET_RULES else RiskKind.NEW_FINDING
            text = f"{tell_rise(finding, graver)}: {finding.title}"
            yield Risk(RiskLevel.BREAKS, kind, text, finding.message, finding)
