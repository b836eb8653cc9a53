"""An image put on another base image, and the proof: what worked on the old base has to work on the new one."""

from collections.abc import Iterator
from itertools import islice
from typing import Final

from layerscope import __version__
from layerscope.audit.applied import Applied, BeginProof, Rebase, audit_layout, find_scans
from layerscope.audit.base_image import BASE_DIGEST, BASE_NAME
from layerscope.audit.options import AuditOptions
from layerscope.audit.read_image import ReadImage
from layerscope.audit.rebuilt_findings import RebuiltFindings, compare_rebuilt
from layerscope.audit.result import AuditResult
from layerscope.diff.findings import tell_added
from layerscope.errors import ImageError, ReferenceSyntaxError, UsageError
from layerscope.facts.config.process import Process
from layerscope.facts.cuda.gpu_verdict import GpuVerdict, Verdict
from layerscope.facts.system.scripts import Scripts
from layerscope.filesystem.merge import merge_layers
from layerscope.filesystem.node import Node
from layerscope.filesystem.tree import MergedTree
from layerscope.fixes.destinations.destination import Destination
from layerscope.fixes.surgery.cuts import ImageCuts
from layerscope.fixes.surgery.rebase_writer import write_rebased
from layerscope.fixes.surgery.rebased_config import rebase_config
from layerscope.image.image import Image
from layerscope.image.reference import Reference
from layerscope.layers.entry import EntryType
from layerscope.policies.cuda_driver import parse_driver
from layerscope.progress import Progress
from layerscope.rules.severity import Severity
from layerscope.rules.wording import tell_count

TOLD_PATHS: Final = 20
"""Paths of one kind that are told by name."""

_RANKS: Final = list(Verdict)
_EXECUTABLE: Final = 0o111
_LIBRARY: Final = ".so"
_LOCAL: Final = ("oci-dir:", "oci-archive:", "docker-archive:")
_SCHEMES: Final = ("docker:", "podman:", "registry:")


def apply_rebase(
    before: AuditResult,
    old: Image,
    base: ReadImage,
    destination: Destination,
    *,
    options: AuditOptions,
    progress: Progress,
    begin: BeginProof | None = None,
) -> Applied:
    """Make the image on the new base beside its place, audit it, and put it there if it is proved to work as before.

    Raises UsageError where the layers of the old base are not the lowest ones, SourceError, ImageError and OSError;
    then nothing is left behind.
    """
    image, count = before.image, len(old.config.rootfs)
    _check_bases(image, old, base.image)
    scans = find_scans(before.layers)
    own = zip(image.layers[count:], scans[count:], strict=True)
    described = _describe_base(base.image)
    claims = {key: described.get(key) for key in (BASE_DIGEST, BASE_NAME)}
    config = rebase_config(image.config, old.config, base.image.config, claims)
    prove = None if begin is None else begin(progress)
    with destination.open_workplace() as place:
        layout = place / "layout"
        layout.mkdir()
        new = write_rebased(
            image,
            (*zip(base.image.layers, base.scans, strict=True), *own),
            config.content,
            layout,
            annotations=destination.annotations,
            provenance=_tell_provenance(image, old, base.image),
            base=described,
            progress=progress,
        )
        progress.note("auditing the new image")
        after = audit_layout(layout, destination, options, progress)
        found = compare_rebuilt(before.findings, after.findings)
        objections = tuple(_find_objections(before, after, base, found))
        objections = objections or tuple(prove(layout, new, after, progress) if prove is not None else ())
        if not objections:
            progress.note(f"putting the new image to {destination.where}")
            destination.publish(layout, new)
    rebase = Rebase(old.reference, count, base.image.reference, len(base.image.layers), config.changes)
    cuts = ImageCuts((), left=tuple(_tell_remarks(before, after, base.tree, rebase)))
    return Applied(
        before,
        after,
        new,
        cuts,
        {},
        found.removed,
        found.added,
        objections,
        destination.where,
        rebase,
        graver=found.graver,
    )


def _check_bases(image: Image, old: Image, new: Image) -> None:
    own, below = image.config.rootfs, old.config.rootfs
    if not below or own[: len(below)] != below:
        raise UsageError(f"--rebase: the layers of {old.reference} are not the lowest ones of {image.reference}")
    if len(own) == len(below):
        raise UsageError(f"--rebase: {image.reference} has no layers above those of {old.reference}; expected some")
    if (image.config.os, image.config.architecture) != (new.config.os, new.config.architecture):
        raise UsageError(
            f"--rebase: {new.reference} is for {new.config.platform}, expected {image.config.platform} as the image is"
        )


def check_read(base: ReadImage) -> None:
    """Raise ImageError where a layer of the new base could not be read to its end, or is not what it should be."""
    for number, (layer, scan) in enumerate(zip(base.image.layers, base.scans, strict=True)):
        if scan.damage is not None or scan.diff_id != layer.diff_id:
            raise ImageError(f"--rebase: layer {number} of {base.image.reference} is damaged; expected a whole one")


def _tell_provenance(image: Image, old: Image, new: Image) -> dict[str, object]:
    return {
        "tool": f"layerscope {__version__}",
        **_tell_digests(image),
        "rebase": {"from": _tell_digests(old), "to": _tell_digests(new)},
    }


def _tell_digests(image: Image) -> dict[str, str]:
    digests = {"config": image.config_digest, "manifest": image.manifest_digest}
    return {name: str(digest) for name, digest in digests.items() if digest is not None}


def _describe_base(base: Image) -> dict[str, str]:
    """The annotations about the base: its digest, and its name where others know it by that."""
    found = {BASE_DIGEST: str(base.manifest_digest)} if base.manifest_digest is not None else {}
    scheme = next((each for each in _SCHEMES if base.reference.startswith(each)), "")
    if base.reference.startswith(_LOCAL) or base.source.startswith(tuple(each.rstrip(":") for each in _LOCAL)):
        return found
    try:
        reference = Reference.parse(base.reference.removeprefix(scheme))
    except ReferenceSyntaxError:
        return found
    return found | {BASE_NAME: str(reference)}


def _find_objections(before: AuditResult, after: AuditResult, base: ReadImage, found: RebuiltFindings) -> Iterator[str]:
    """Why the image does not work on the new base as it did on the old one."""
    for finding in found.added:
        if finding.severity >= Severity.MEDIUM:
            yield tell_added(finding, found.graver)
    yield from _find_lost_programs(before, after)
    yield from _find_lost_interpreters(before, after, len(base.image.layers))
    yield from islice(_find_lost_links(before, after, len(base.image.layers)), TOLD_PATHS)
    yield from _find_worse_gpus(before, after)
    if not after.is_intact:
        yield "the new image is not intact"


def _find_lost_programs(before: AuditResult, after: AuditResult) -> Iterator[str]:
    """What the container starts, and does not find any more."""
    for old, new in zip(before.facts.of(Process), after.facts.of(Process), strict=False):
        pairs = ((old.program, new.program), (old.inner, new.inner), (old.health_program, new.health_program))
        for was, now in pairs:
            if was is not None and was.is_runnable and (now is None or not now.is_runnable):
                yield f"{was.word} ran on the old base (/{was.path}), and does not on the new one"


def _find_lost_interpreters(before: AuditResult, after: AuditResult, base_layers: int) -> Iterator[str]:
    """Scripts of the image's own on the search path that had an interpreter."""
    dead = {path for scripts in before.facts.of(Scripts) if scripts.missing is not None for path in scripts.paths}
    for scripts in after.facts.of(Scripts):
        if scripts.missing is not None and scripts.layer >= base_layers and not dead.issuperset(scripts.paths):
            told = tell_count(scripts.count, "script")
            yield f"{told} such as /{scripts.paths[0]} ran with {scripts.interpreter}, which the new base lacks"


def _find_lost_links(before: AuditResult, after: AuditResult, base_layers: int) -> Iterator[str]:
    """Links of the image's own to a program, a library or a folder of the old base that the new one lacks."""
    for node in _iter_own(after.tree, base_layers):
        if node.type is not EntryType.SYMLINK or after.tree.resolve(node.path) is not None:
            continue
        was = before.tree.resolve(node.path)
        if was is not None and (was.mode & _EXECUTABLE or _LIBRARY in was.name):
            yield f"/{node.path} led to /{was.path}, which the new base lacks"


def _iter_own(tree: MergedTree, base_layers: int) -> Iterator[Node]:
    """What a container sees of the image's own layers."""
    return (node for node in tree.walk() if node.layer >= base_layers)


def _find_worse_gpus(before: AuditResult, after: AuditResult) -> Iterator[str]:
    for was, now in _pair_gpus(before, after):
        if _RANKS.index(now.verdict) > _RANKS.index(was.verdict):
            yield f"{was.name}: {was.verdict.value} on the old base, {now.verdict.value} on the new one: {now.reason}"


def _pair_gpus(before: AuditResult, after: AuditResult) -> Iterator[tuple[GpuVerdict, GpuVerdict]]:
    new = {(gpu.name, gpu.node, gpu.driver): gpu for gpu in after.gpus}
    for gpu in before.gpus:
        now = new.get((gpu.name, gpu.node, gpu.driver))
        if now is not None:
            yield gpu, now


def _tell_remarks(before: AuditResult, after: AuditResult, base: MergedTree, rebase: Rebase) -> Iterator[str]:
    """What a person should know although nothing speaks against the new image."""
    below = merge_layers([layer.scan.index for layer in before.layers[: rebase.old_layers] if layer.scan is not None])
    doubled = [node.path for node in _iter_own(after.tree, rebase.new_layers) if _differs(node, base.get(node.path))]
    doubled.sort(key=lambda path: path in below)
    for path in doubled[:TOLD_PATHS]:
        also = "" if path in below else ", unlike the old one,"
        yield f"/{path}: the new base{also} has it, and the image's own is seen"
    if len(doubled) > TOLD_PATHS:
        yield f"and {len(doubled) - TOLD_PATHS:,} more paths that both the new base and the image's own layers have"
    for was, now in _pair_gpus(before, after):
        if was.minimum_driver != now.minimum_driver and _is_newer(now.minimum_driver, was.minimum_driver):
            yield f"{was.name}: needs driver {now.minimum_driver} on the new base, {was.minimum_driver} on the old one"


def _is_newer(driver: str, other: str) -> bool:
    return bool(driver and other) and parse_driver(driver) > parse_driver(other)


def _differs(node: Node, other: Node | None) -> bool:
    """Whether two layers have at one path what is not the same; of two directories the contents are merged."""
    if other is None or node.type is other.type is EntryType.DIRECTORY:
        return False
    return (node.type, node.digest, node.link) != (other.type, other.digest, other.link)
