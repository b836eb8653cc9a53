"""The words of a comparison, the same in every format."""

from collections.abc import Iterator, Sequence
from typing import Final, Literal

from layerscope.audit.image_diff import ImageDiff
from layerscope.diff.change import Change, ValueChange
from layerscope.diff.gpus import GpuChange
from layerscope.diff.packages import PackageChange
from layerscope.diff.risks import RiskLevel
from layerscope.diff.sizes import SizeChange
from layerscope.diff.trees import Aspect, FileChange
from layerscope.facts.cuda.gpu_verdict import GpuVerdict
from layerscope.filesystem.node import Node
from layerscope.formats.secret_text import redact_text, redact_value
from layerscope.report.places import root_path
from layerscope.rules.finding import Finding
from layerscope.rules.wording import tell_count, tell_size

SIGNS: Final = {Change.ADDED: "+", Change.REMOVED: "-", Change.CHANGED: "~"}

LEVELS: Final[dict[RiskLevel, Literal["breaks", "risky", "note"]]] = {
    RiskLevel.BREAKS: "breaks",
    RiskLevel.RISKY: "risky",
    RiskLevel.NOTE: "note",
}

_ENVIRONMENT: Final = "config.Env."


def tell_growth(growth: int) -> str:
    """Bytes more or fewer, with their sign."""
    return f"{'+' if growth >= 0 else '-'}{tell_size(abs(growth))}"


def tell_versions(versions: Sequence[str], none: str) -> str:
    """Versions of one package; what stands for none."""
    return ", ".join(versions) or none


def tell_config(change: ValueChange) -> tuple[str, str | None, str | None]:
    """A key and its values, credentials hidden."""
    name = change.name.rpartition(".")[2] if change.name.startswith(_ENVIRONMENT) else ""
    hidden = (None if value is None else _hide(name, value) for value in (change.before, change.after))
    before, after = hidden
    return change.name, before, after


def _hide(name: str, value: str) -> str:
    return redact_value(name, value) if name else redact_text(value)


def tell_gpu(verdict: GpuVerdict | None) -> str:
    """How an image fares on a GPU, and from which driver on."""
    if verdict is None:
        return "not judged"
    return f"{verdict.verdict}, driver {verdict.minimum_driver}" if verdict.minimum_driver else str(verdict.verdict)


def tell_file(change: FileChange) -> str:
    """What is another about a file."""
    if change.change is not Change.CHANGED:
        node = change.after or change.before
        assert node is not None, "a change has a file on one side at least"
        return node.type.name.lower().replace("_", " ") if not node.size else tell_size(node.size)
    assert change.before is not None, "what changed was there before"
    assert change.after is not None, "what changed is there still"
    return ", ".join(_iter_aspects(change, change.before, change.after))


def _iter_aspects(change: FileChange, before: Node, after: Node) -> Iterator[str]:
    for aspect in change.aspects:
        if aspect is Aspect.TYPE:
            yield f"{before.type.name.lower()} to {after.type.name.lower()}"
        elif aspect is Aspect.MODE:
            yield f"mode {before.mode:04o} to {after.mode:04o}"
        elif aspect is Aspect.OWNER:
            yield f"owner {before.uid}:{before.gid} to {after.uid}:{after.gid}"
        elif aspect is Aspect.CONTENT and before.link is not None:
            yield f"link {before.link} to {after.link}"
        elif aspect is Aspect.CONTENT and before.size != after.size:
            yield f"{tell_size(before.size)} to {tell_size(after.size)}"
        else:
            yield str(aspect)


def tell_size_cause(change: SizeChange) -> str:
    """What brought bytes, and where."""
    cause = change.cause
    where = "" if cause.name == cause.place else f" in {root_path(cause.place)}"
    name = root_path(cause.name) if cause.name == cause.place else cause.name
    return f"{cause.kind} {name}{where}, {tell_count(change.files, 'file')}"


def tell_verdict(difference: ImageDiff) -> str:
    """The outcome in a sentence."""
    if difference.is_same:
        return "no difference" if not difference.scope.ignored else "no difference but what is left out"
    files = tell_count(len(difference.files), "file")
    packages = tell_count(len(difference.packages), "package")
    return f"{files} and {packages} differ, {tell_growth(find_growth(difference))} for a container"


def find_growth(difference: ImageDiff) -> int:
    """Bytes that a container sees more of."""
    return difference.after.weight.visible - difference.before.weight.visible


def tell_left_out(difference: ImageDiff) -> str:
    """What is left out as noise; empty where nothing is."""
    counts = sorted(difference.left_out.items(), key=lambda item: (-item[1], item[0]))
    return ", ".join(f"{noise} {count:,}" for noise, count in counts)


def tell_gpu_change(change: GpuChange) -> tuple[str, str, str]:
    """A GPU, and how both images fare on it."""
    return change.name, tell_gpu(change.before), tell_gpu(change.after)


def tell_package(change: PackageChange) -> str:
    """A package's name; Python's and npm's as their indexes spell it."""
    return change.key.name


def tell_severity(finding: Finding, difference: ImageDiff) -> str:
    """The severity, and what it was where the first image has the finding as well."""
    graver = (each.severities for each in difference.graver_findings if each.finding is finding)
    return next((f"graver, {told}" for told in graver), str(finding.severity))


def tell_finding(finding: Finding) -> str:
    """What a finding comes to, in one clause."""
    return finding.brief or finding.message.partition("; ")[0]


def list_same(difference: ImageDiff) -> list[str]:
    """What did not change, of what a release engineer asks about."""
    parts, scope = difference.scope.parts, list[str]()
    if "traits" in parts:
        scope += difference.same_traits
    if "gpus" in parts and not difference.gpus and difference.after.gpus:
        scope.append("GPUs")
    for part, changes in (
        ("config", difference.config),
        ("packages", difference.packages),
        ("files", difference.files),
    ):
        if part in parts and not changes:
            scope.append(part)
    return scope
