"""The words of a comparison, the same in every format."""

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Final, Literal

from layerscope.audit.image_diff import PARTS, ImageDiff
from layerscope.audit.result import INTEGRITY_CODES, AuditResult
from layerscope.diff.change import Change, ValueChange
from layerscope.diff.contents.content_diff import ContentDiff
from layerscope.diff.digest_cause import DigestAnswer
from layerscope.diff.gpu_risks import name_gpu
from layerscope.diff.gpus import GpuChange
from layerscope.diff.layers import LayerFate
from layerscope.diff.noise import find_file_noise, is_written_anew
from layerscope.diff.risk import Risk, RiskLevel
from layerscope.diff.risk_kinds import RiskKind
from layerscope.diff.sizes import SizeChange
from layerscope.diff.trees import Aspect, FileChange
from layerscope.facts.cuda.gpu_verdict import GpuVerdict
from layerscope.filesystem.node import Node
from layerscope.filesystem.path_match import PathMatch
from layerscope.report.places import root_path
from layerscope.rules.finding import Finding
from layerscope.rules.wording import shorten, tell_count, tell_list, tell_size

SIGNS: Final = {Change.ADDED: "+", Change.REMOVED: "-", Change.CHANGED: "~"}

LEVELS: Final[dict[RiskLevel, Literal["breaks", "risky", "note"]]] = {
    RiskLevel.BREAKS: "breaks",
    RiskLevel.RISKY: "risky",
    RiskLevel.NOTE: "note",
}


PART_NAMES: Final = {part: part for part in PARTS} | {"traits": "characteristics", "gpus": "GPUs"}
"""How the parts of a comparison are called in a sentence."""


def tell_weight(result: AuditResult) -> str:
    """What an image is to a container, and what its layers are as they are stored: packed, in most places."""
    stored = sum(layer.size or 0 for layer in result.layers)
    layers = tell_count(len(result.layers), "layer")
    return f"{tell_size(result.weight.visible)} for a container, {tell_size(stored)} stored in {layers}"


def tell_growth(growth: int) -> str:
    """Bytes more or fewer, with their sign."""
    return f"{'+' if growth >= 0 else '-'}{tell_size(abs(growth))}"


def tell_gpu(verdict: GpuVerdict | None) -> str:
    """How an image fares on a GPU, and from which driver on."""
    if verdict is None:
        return "not judged"
    return f"{verdict.verdict}, driver {verdict.minimum_driver}" if verdict.minimum_driver else str(verdict.verdict)


def tell_gpu_change(change: GpuChange) -> tuple[str, str, str]:
    """A GPU, and how both images fare on it."""
    return name_gpu(change), tell_gpu(change.before), tell_gpu(change.after)


def list_told(risks: Sequence[Risk]) -> list[Risk]:
    """The risks without those findings that say again what a GPU's or a driver's risk says."""
    reasons = [risk.detail for risk in risks if risk.kind is not RiskKind.NEW_FINDING and risk.detail]
    return [
        risk
        for risk in risks
        if risk.kind is not RiskKind.NEW_FINDING or not any(reason in risk.detail for reason in reasons)
    ]


def list_packages(difference: ImageDiff) -> list[tuple[Change, str, str, str, str]]:
    """Every package that differs: kind and name, its versions, and its place where others of its name differ too."""
    counts = Counter((each.key.kind, each.key.name) for each in difference.packages)
    return [
        (
            each.change,
            f"{each.key.kind}  {each.key.name}",
            ", ".join(each.before),
            ", ".join(each.after),
            root_path(each.key.place) if counts[each.key.kind, each.key.name] > 1 else "",
        )
        for each in difference.packages
    ]


def tell_file(change: FileChange) -> str:
    """What is another about a file."""
    if change.change is not Change.CHANGED:
        node = change.after or change.before
        assert node is not None, "a change has a file on one side at least"
        return tell_size(node.size) if node.size else node.type.name.lower().replace("_", " ")
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
    """The outcome in a sentence, of the parts that were compared."""
    scope = difference.scope
    if not difference.matches_paths:
        return "nothing matches --only-path in either image"
    if difference.is_same:
        left_out = scope.ignored or scope.ignored_paths or scope.only_paths
        whole = "" if difference.is_whole else ", as far as they could be read"
        parts = () if scope.parts == frozenset(PARTS) else [PART_NAMES[part] for part in PARTS if part in scope.parts]
        where = f" in {tell_list(parts, shown=len(parts))}" if parts else ""
        return f"no difference{where}{' but what is left out' if left_out else ''}{whole}"
    told, one = _count_parts(difference)
    if not told:
        return "there are differences"
    growth = f", {tell_whole_growth(difference)}" if difference.growth else ""
    return f"{tell_list(told, shown=len(told))} {'differs' if one else 'differ'}{growth}"


def _count_parts(difference: ImageDiff) -> tuple[list[str], bool]:
    """What differs, the first things that do alone, and whether it is one thing."""
    changed, _ = split_config(difference)
    counts = {"file": len(difference.files), "package": len(difference.packages)}
    counts["config key"] = len(changed)
    if not any(counts.values()):
        found = difference.findings
        counts = {"characteristic": len(difference.traits), "GPU verdict": len(difference.gpus)}
        counts |= {
            "finding": found.count,
            "build step": sum(each.steps for each in difference.history),
        }
    if not any(counts.values()):
        counts = {"layer": sum(pair.fate is not LayerFate.SHARED for pair in difference.layers)}
    return [tell_count(count, noun) for noun, count in counts.items() if count], sum(counts.values()) == 1


def split_config(difference: ImageDiff) -> tuple[list[ValueChange], list[ValueChange]]:
    """The config's keys that a person set otherwise, and those that the builder writes anew each time.

    Where nothing else differs, the builder's keys are the difference.
    """
    changed = [change for change in difference.config if not is_written_anew(change.name)]
    written = [change for change in difference.config if is_written_anew(change.name)]
    is_alone = not (changed or difference.files or difference.history or difference.packages)
    return (written, []) if is_alone else (changed, written)


def tell_written(written: Sequence[ValueChange]) -> str:
    """How many keys the builder writes anew each time; empty where none differs."""
    return f"{tell_count(len(written), 'field')} that the builder writes anew each time" if written else ""


def tell_whole_growth(difference: ImageDiff) -> str:
    """Bytes that a container sees more or fewer of, or those of what is compared where files are left out."""
    whole = "for a container" if difference.has_all_files else "in what is compared"
    return f"{tell_growth(difference.growth)} {whole}"


def tell_left_out(difference: ImageDiff) -> str:
    """What is left out as noise; empty where nothing is."""
    counts = sorted(difference.left_out.items(), key=lambda item: (-item[1], item[0]))
    return ", ".join(f"{noise} {count:,}" for noise, count in counts)


def list_path_notes(difference: ImageDiff) -> list[str]:
    """What globs match that may be meant otherwise: the entry of a folder alone, or nothing to be left out."""
    told = list[str]()
    for option, effect, globs in (
        ("--only-path", "compares", difference.scope.only_paths),
        ("--ignore-path", "leaves out", difference.scope.ignored_paths),
    ):
        for glob in globs:
            match difference.path_matches[glob]:
                case PathMatch.NOTHING:
                    told.append(f"{option} {glob.pattern} matches nothing in either image")
                case PathMatch.FOLDER_ALONE:
                    inside = f"{glob.pattern}/** is what lies in it"
                    told.append(f"{option} {glob.pattern} {effect} the entry of that folder alone; {inside}")
                case PathMatch.PATHS:
                    pass
    return told


def tell_digest_cause(answer: DigestAnswer) -> tuple[str, tuple[str, ...], str]:
    """A cause, some of what it comes to, and how much more there is."""
    more = f" and {answer.count - len(answer.details):,} more" if answer.count > len(answer.details) else ""
    return str(answer.cause), answer.details, more


def list_contents(difference: ImageDiff) -> list[tuple[str, ContentDiff]]:
    """What differs inside of files that differ, by path; what another build changes anyway comes last."""
    shown = {change.path for change in difference.files} & difference.contents.keys()
    return [
        (path, difference.contents[path])
        for path in sorted(shown, key=lambda path: (find_file_noise(path) or "", path))
    ]


def tell_content(content: ContentDiff) -> str:
    """The kind of a file, and what is to be said of it beside its lines."""
    return f"{content.kind}{', ' if content.remark else ''}{content.remark}"


def list_doubts(result: AuditResult) -> list[str]:
    """Why what is told of an image may not be so: it is damaged, or was not read to its end."""
    doubts = [shorten(finding.message) for finding in result.findings if finding.code in INTEGRITY_CODES]
    unread = [str(layer.index) for layer in result.layers if not layer.is_whole]
    if unread:
        doubts.append(f"layer {', '.join(unread)} was not read to its end: what lies in it is missing here")
    return doubts


def tell_detail(risk: Risk) -> str:
    """What a risk rests on, in one clause, and how much more it rests on."""
    more = f", and {risk.count - 1:,} more" if risk.count > 1 else ""
    return f"{shorten(risk.detail.partition('; ')[0])}{more}"


def tell_severity(finding: Finding, difference: ImageDiff) -> str:
    """The severity, and what it was where the first image has the finding as well."""
    found = difference.findings
    changed = {id(each.finding): f"graver, {each.severities}" for each in found.graver}
    changed |= {id(each.finding): f"lesser, {each.severities}" for each in found.lesser}
    return changed.get(id(finding), str(finding.severity))


def count_findings(difference: ImageDiff) -> str:
    """How many findings are new, fixed and kept."""
    found = difference.findings
    lesser = f", {len(found.lesser):,} of these lesser" if found.lesser else ""
    return f"{len(found.new):,} new, {len(found.fixed):,} fixed, {len(found.kept):,} kept{lesser}"


def tell_finding(finding: Finding) -> str:
    """What a finding comes to, in one clause."""
    return finding.brief or shorten(finding.message.partition("; ")[0])


def list_same(difference: ImageDiff) -> list[str]:
    """What did not change, of what a release engineer asks about."""
    parts, scope = difference.scope.parts, list[str]()
    if not difference.is_whole:
        return scope
    if "traits" in parts:
        scope += difference.same_traits
    if "gpus" in parts and not difference.gpus and difference.after.gpus:
        scope.append("GPUs")
    changes = {"config": difference.config, "packages": difference.packages, "files": difference.files}
    return scope + [
        part
        for part, changed in changes.items()
        if part in parts and not changed and (part != "files" or difference.has_all_files)
    ]
