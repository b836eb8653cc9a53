"""A finding that a change makes graver: it speaks against the new image as a new one does."""

from dataclasses import replace
from pathlib import Path

from layerscope.audit.applied import apply_layer_fix
from layerscope.audit.image_diff import ImageDiff
from layerscope.audit.layer_fix import LayerFix
from layerscope.audit.options import AuditOptions
from layerscope.audit.pipeline import audit_image
from layerscope.audit.read_image import cache_fingerprint, read_documents, read_image
from layerscope.audit.rebased import apply_rebase
from layerscope.audit.rebuilt_findings import compare_rebuilt
from layerscope.audit.result import AuditResult
from layerscope.fixes.destinations.layout import LayoutDestination
from layerscope.fixes.surgery.config_changes import parse_changes
from layerscope.layers.cache import LayerCache
from layerscope.progress import SilentProgress
from layerscope.report.applied_markdown import render_applied_markdown
from layerscope.report.applied_view import render_applied_text
from layerscope.report.context import RenderContext
from layerscope.report.diff.markdown import render_diff_markdown
from layerscope.report.diff.terminal import render_diff_text
from layerscope.rules.severity import Severity
from layerscope.sources.layout import LayoutSource
from support.hub_files import cache
from support.images import build_image, write_oci_layout
from support.results import make_finding
from support.tar_member import TarMember, file

PLAIN = RenderContext(width=400, color=False, unicode=True, is_terminal=False)
CLIENT = file("usr/lib/python3.12/site-packages/huggingface_hub-1.0.dist-info/METADATA", b"Name: huggingface_hub\n")
BELOW = [[file("etc/passwd", b"root:x:0:0::/root:/bin/sh\n")]]
IMAGE = [*BELOW, [CLIENT, *cache("models")]]
COMMAND = ["vllm", "serve", "acme/tiny"]
GRAVER = "CONF019 is graver: medium before, high now"


def make_options(folder: Path) -> AuditOptions:
    """An audit in this process."""
    return AuditOptions(LayerCache(folder / "cache", fingerprint=cache_fingerprint()), jobs=1)


def write(place: Path, layers: list[list[TarMember]], *env: str) -> LayoutSource:
    """An image that serves a model which lies where nobody looks."""
    write_oci_layout(build_image(layers, runtime={"Cmd": COMMAND, "Env": list(env)}), place)
    return LayoutSource(str(place))


def audit(folder: Path, *env: str) -> AuditResult:
    """The same, audited."""
    return audit_image(write(folder / f"image{len(env)}", IMAGE, *env), options=make_options(folder))


def test_a_change_that_makes_a_finding_graver_is_not_proved(tmp_path: Path) -> None:
    """The client that asked the hub may ask nobody now, and looks in the same wrong place."""
    fix = LayerFix((), (), changes=parse_changes(("ENV HF_HUB_OFFLINE=1",)))
    destination, options = LayoutDestination(tmp_path / "new"), make_options(tmp_path)
    done = apply_layer_fix(audit(tmp_path), fix, destination, options=options, progress=SilentProgress())
    assert [each.partition(": acme/tiny, ")[0] for each in done.objections] == [GRAVER]
    assert [each.code for each in done.added] == ["CONF019"]
    assert "CONF019" not in {each.code for each in done.removed}
    assert not (tmp_path / "new").exists()
    assert "CONF019 is not new, but graver: medium before, high now" in render_applied_text(done, PLAIN)
    assert "CONF019 is not new, but graver: medium before, high now" in render_applied_markdown(done)


def test_a_base_that_makes_a_finding_graver_is_refused(tmp_path: Path) -> None:
    """By a variable of its config."""
    options, progress = make_options(tmp_path), SilentProgress()
    old = write(tmp_path / "old", BELOW)
    new = write(tmp_path / "other", [*BELOW, [file("etc/issue", b"new")]], "HF_HUB_OFFLINE=1")
    done = apply_rebase(
        audit_image(write(tmp_path / "image", IMAGE), options=replace(options, base=old)),
        read_documents(old, options=options, progress=progress),
        read_image(new, options=options, progress=progress),
        LayoutDestination(tmp_path / "new"),
        options=options,
        progress=progress,
    )
    assert [each.partition(": acme/tiny, ")[0] for each in done.objections] == [GRAVER]
    assert not (tmp_path / "new").exists()


def test_what_was_built_anew_by_other_numbers_may_be_graver() -> None:
    """Paths of another release are those of the old one."""
    old = make_finding("PY003", (2, "usr/lib/foo-1.2"), severity=Severity.LOW)
    new = make_finding("PY003", (5, "usr/lib/foo-1.10"), severity=Severity.HIGH)
    found = compare_rebuilt((old,), (new,))
    assert (found.added, found.kept, found.removed) == ((new,), (), ())
    assert [(each.finding, each.before) for each in found.graver] == [(new, Severity.LOW)]


def test_two_images_differ_where_a_finding_is_graver(tmp_path: Path) -> None:
    """It is told first, and with both severities; the other way round nothing is new."""
    before, after = audit(tmp_path), audit(tmp_path, "HF_HUB_OFFLINE=1")
    difference = ImageDiff(before, after)
    assert [each.code for each in difference.findings.new] == ["CONF019"]
    assert "CONF019" not in {each.code for each in difference.findings.kept}
    assert any(risk.text.startswith(f"{GRAVER}: ") for risk in difference.risks)
    told = "graver, medium before, high now"
    assert f"+ CONF019 {told}: acme/tiny" in render_diff_text(difference, PLAIN)
    assert f"- **new** CONF019 ({told}): " in render_diff_markdown(difference, PLAIN)
    assert ImageDiff(after, before).findings.new == ()
