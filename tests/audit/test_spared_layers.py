"""A fix that leaves layers as they are: what remains in them is no objection, and it is told."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from layerscope.audit.applied import Applied, LayerOutcome, apply_layer_fix, changes_nothing, list_layer_changes
from layerscope.audit.layer_fix import LayerFix
from layerscope.audit.options import AuditOptions
from layerscope.audit.pipeline import audit_image
from layerscope.audit.read_image import cache_fingerprint
from layerscope.audit.result import AuditResult, BaseImage
from layerscope.fixes.destinations.layout import LayoutDestination
from layerscope.fixes.layer_choice import choose_layer_fixes
from layerscope.layers.cache import LayerCache
from layerscope.progress import SilentProgress
from layerscope.report.applied_markdown import render_applied_markdown
from layerscope.report.applied_view import render_applied_text
from layerscope.report.context import RenderContext
from layerscope.sources.layout import LayoutSource
from support.images import build_image, write_oci_layout
from support.tar_member import TarMember, directory, file, whiteout

SIZE = 3_000_000
LITTLE = 5_600
LAYERS = [
    [directory("lists"), file("lists/lock", bytes(LITTLE)), file("usr", b"u" * SIZE)],
    [directory("lists"), file("lists/packages", b"p" * SIZE)],
    [whiteout("lists")],
]


def make_options(folder: Path) -> AuditOptions:
    """An audit in this process."""
    return AuditOptions(LayerCache(folder / "cache", fingerprint=cache_fingerprint()), jobs=1)


def audit(folder: Path, layers: Sequence[Sequence[TarMember]], base_layers: int = 0) -> AuditResult:
    """The audit of an image of these layers, the lowest ones of which are known to be a base image's."""
    write_oci_layout(build_image(layers), folder / "source")
    result = audit_image(LayoutSource(str(folder / "source")), options=make_options(folder))
    return replace(result, base=BaseImage("base:1", base_layers, "layer prefix")) if base_layers else result


def apply(before: AuditResult, folder: Path, *, every_layer: bool = False) -> Applied:
    """Apply all that an audit finds."""
    fix = make_fix(before, every_layer=every_layer)
    destination = LayoutDestination(folder / "fixed")
    return apply_layer_fix(before, fix, destination, options=make_options(folder), progress=SilentProgress())


def make_fix(before: AuditResult, *, every_layer: bool = False) -> LayerFix:
    """All that an audit finds."""
    chosen = choose_layer_fixes(before.findings)
    return LayerFix(chosen.edits, chosen.cures, every_layer=every_layer)


def list_outcomes(applied: Applied) -> list[LayerOutcome]:
    """What became of each layer."""
    return [change.outcome for change in list_layer_changes(applied)]


def test_a_finding_is_removed_though_a_large_layer_keeps_a_little_of_it(tmp_path: Path) -> None:
    """The image is smaller by the bytes of the layer that the finding is about, and the rest is told."""
    done = apply(audit(tmp_path, LAYERS), tmp_path)
    assert done.objections == ()
    assert list_outcomes(done) == [LayerOutcome.KEPT, LayerOutcome.LEFT_OUT, LayerOutcome.KEPT]
    assert [finding.code for finding in done.removed] == ["LAY101"]
    assert done.before.weight.total - done.after.weight.total == done.cuts.saved == SIZE
    assert "layer 0 stays: only 5.6 kB of its 3.0 MB would go" in render_applied_text(done, RenderContext(width=160))


def test_every_layer_gives_what_is_hidden_where_that_is_wanted(tmp_path: Path) -> None:
    """Nothing of the finding is left."""
    done = apply(audit(tmp_path, LAYERS), tmp_path, every_layer=True)
    assert done.objections == ()
    assert list_outcomes(done) == [LayerOutcome.REWRITTEN, LayerOutcome.LEFT_OUT, LayerOutcome.LEFT_OUT]
    assert done.before.weight.total - done.after.weight.total == SIZE + LITTLE
    assert done.unshared == ()


def test_many_remnants_that_come_to_a_finding_are_no_objection(tmp_path: Path) -> None:
    """Each is too little for its layer, and all together are more than a megabyte."""
    large = [[file(f"keep{n}", b"%d" % n * 60_000_000), file(f"gone/{n}", bytes(590_000))] for n in range(2)]
    layers = [*large, [file("gone/own", b"o" * SIZE)], [whiteout("gone")]]
    done = apply(audit(tmp_path, layers), tmp_path)
    assert done.objections == ()
    assert list_outcomes(done)[:2] == [LayerOutcome.KEPT] * 2
    assert [finding.wasted for finding in done.after.findings if finding.code == "LAY101"] == [1_180_000]


def test_what_a_known_base_image_keeps_is_no_objection(tmp_path: Path) -> None:
    """The finding is left, with the bytes of the base alone; asked for, the base's layer goes, and that is told."""
    layers = [[file("gone/a", bytes(SIZE)), file("kept")], [file("gone/b", b"b" * SIZE)], [whiteout("gone")]]
    before = audit(tmp_path, layers, base_layers=1)
    done = apply(before, tmp_path)
    assert done.objections == ()
    assert list_outcomes(done) == [LayerOutcome.KEPT, LayerOutcome.LEFT_OUT, LayerOutcome.KEPT]
    assert done.unshared == ()
    (tmp_path / "again").mkdir()
    every = apply(before, tmp_path / "again", every_layer=True)
    assert every.objections == ()
    assert every.unshared == (0,)
    told = "Layer 0 is no more shared with the base image"
    assert told in render_applied_text(every, RenderContext(width=160))
    assert f"\n\n{told}.\n" in render_applied_markdown(every)


def test_where_all_is_the_base_images_nothing_is_changed(tmp_path: Path) -> None:
    """Unless it is asked for."""
    before = audit(tmp_path, LAYERS, base_layers=2)
    assert changes_nothing(before, make_fix(before))
    assert not changes_nothing(before, make_fix(before, every_layer=True))
