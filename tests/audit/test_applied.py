"""An applied fix that is not what it should be goes nowhere, and the source is never touched."""

import hashlib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from msgspec import structs

from layerscope.audit import applied as under_test
from layerscope.audit.applied import Applied, LayerOutcome, Prove, apply_layer_fix, list_layer_changes
from layerscope.audit.layer_fix import LayerFix
from layerscope.audit.options import AuditOptions
from layerscope.audit.pipeline import audit_image
from layerscope.audit.read_image import cache_fingerprint
from layerscope.audit.result import AuditResult
from layerscope.errors import ImageError, ProbeError, SourceError, UsageError
from layerscope.filesystem.tree import MergedTree
from layerscope.fixes.destinations.layout import LayoutDestination
from layerscope.fixes.layer_choice import choose_layer_fixes
from layerscope.fixes.surgery.cuts import ImageCuts, LayerCuts, Range
from layerscope.fixes.surgery.image_writer import NewImage
from layerscope.fixes.surgery.image_writer import write_image as write_new
from layerscope.layers.cache import LayerCache
from layerscope.layers.scan import Compression
from layerscope.progress import Progress, SilentProgress
from layerscope.report.applied_markdown import render_applied_markdown
from layerscope.rules.layer_edit import DropPath
from layerscope.sources.layout import LayoutSource
from support.images import build_image, load_fixture, write_image, write_oci_layout
from support.tar_member import TarMember, directory, file, hardlink, whiteout

SIZE = 2_000_000
LAYERS = [
    [directory("d"), file("d/kept", b"kept"), file("d/gone", bytes(SIZE))],
    [file("other", b"other")],
    [whiteout("d/gone")],
]


@pytest.fixture
def source(tmp_path: Path) -> Iterator[Path]:
    """An image with 2 MB that nobody sees; afterwards, each of its files is as it was."""
    path = tmp_path / "source"
    write_oci_layout(build_image(LAYERS), path)
    before = hash_files(path)
    yield path
    assert hash_files(path) == before


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """The folder in which the new image is to lie."""
    folder = tmp_path / "place"
    folder.mkdir()
    return folder


def hash_files(folder: Path) -> dict[str, tuple[str, int]]:
    """Digest and time of every file below a folder."""
    return {
        str(path.relative_to(folder)): (hashlib.sha256(path.read_bytes()).hexdigest(), path.stat().st_mtime_ns)
        for path in folder.rglob("*")
        if path.is_file()
    }


def make_options(folder: Path) -> AuditOptions:
    """An audit in this process."""
    return AuditOptions(LayerCache(folder / "cache", fingerprint=cache_fingerprint()), jobs=1)


def apply(source: Path, place: Path, fix: LayerFix | None = None, *, prove: Prove | None = None) -> Applied:
    """Apply a fix, or all that an audit finds, to an image."""
    options = make_options(place.parent)
    before = audit_image(LayoutSource(str(source)), options=options)
    chosen = choose_layer_fixes(before.findings)
    fix = fix or LayerFix(chosen.edits, chosen.cures)
    destination = LayoutDestination(place / "image")
    return apply_layer_fix(
        before,
        fix,
        destination,
        options=options,
        progress=SilentProgress(),
        begin=None if prove is None else lambda _: prove,
    )


def test_what_else_is_to_prove_it_may_object(source: Path, place: Path) -> None:
    """With the whole new image before its eyes, and its audit; then nothing is written."""
    seen: list[tuple[bool, bool]] = []

    def object_to(layout: Path, new: NewImage, after: AuditResult, _: Progress) -> list[str]:
        seen.append(((layout / "index.json").is_file(), after.image.config_digest == new.config.digest))
        return ["it does less"]

    done = apply(source, place, prove=object_to)
    assert done.objections == ("it does less",)
    assert seen == [(True, True)]
    assert list(place.iterdir()) == []
    assert apply(source, place, prove=lambda *_: ()).is_proved


def test_what_the_proof_needs_is_asked_before_anything_is_written(source: Path, place: Path) -> None:
    """And after a wish that cannot be met is told, which costs nothing."""

    def begin(_: Progress) -> Prove:
        assert not list(place.iterdir())
        raise ProbeError("it cannot be probed")

    before = audit_image(LayoutSource(str(source)), options=(options := make_options(place.parent)))
    destination, progress = LayoutDestination(place / "image"), SilentProgress()
    fix, wish = LayerFix((DropPath("d/kept"),), ()), LayerFix((), (), merged=Range(0, 99))
    with pytest.raises(ProbeError):
        apply_layer_fix(before, fix, destination, options=options, progress=progress, begin=begin)
    with pytest.raises(UsageError):
        apply_layer_fix(before, wish, destination, options=options, progress=progress, begin=begin)
    assert list(place.iterdir()) == []


def test_a_fix_is_proved_and_put_where_it_is_wanted(source: Path, place: Path) -> None:
    """The findings are gone, the bytes saved, and of the layers one is the same blob."""
    done = apply(source, place)
    assert done.is_proved
    assert [finding.code for finding in done.removed] == ["LAY101"]
    assert done.added == ()
    assert done.cuts.saved == SIZE
    outcomes = [change.outcome for change in list_layer_changes(done)]
    assert outcomes == [LayerOutcome.REWRITTEN, LayerOutcome.KEPT, LayerOutcome.LEFT_OUT]
    assert [path.name for path in place.iterdir()] == ["image"]


def test_a_visible_file_that_is_lost_is_an_objection(
    source: Path, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Though the plan of the cuts was wrong, no image is written."""

    def plan_badly(tree: MergedTree, *_: object, **__: object) -> ImageCuts:
        lost = tree.stack.indexes[0].paths.index("d/kept")
        return ImageCuts((LayerCuts(frozenset({lost})), LayerCuts(), LayerCuts()))

    monkeypatch.setattr(under_test, "plan_cuts", plan_badly)
    done = apply(source, place)
    assert "/d/kept is missing" in done.objections
    assert not done.is_proved
    assert list(place.iterdir()) == []


def test_a_finding_that_is_still_there_is_an_objection(
    source: Path, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A cure that cures nothing is none."""
    none = ImageCuts((LayerCuts(), LayerCuts(), LayerCuts()))
    monkeypatch.setattr(under_test, "plan_cuts", lambda *_, **__: none)
    (objection,) = apply(source, place).objections
    assert objection.startswith("LAY101 is still there: Layer 2 ")
    assert list(place.iterdir()) == []


def test_another_tree_is_an_objection(source: Path, place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the comparison finds."""
    monkeypatch.setattr("layerscope.audit.objections.find_differences", lambda *_: ("/d has other time",))
    assert apply(source, place).objections == ("/d has other time",)
    assert list(place.iterdir()) == []


def test_a_new_finding_is_an_objection(source: Path, place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was not wrong before must not be wrong afterwards."""
    options = make_options(place.parent)
    (finding,) = audit_image(LayoutSource(str(source)), options=options).findings[:1]

    def find_more(*arguments: Any, **options: Any) -> AuditResult:
        result = audit_image(*arguments, **options)
        return replace(result, findings=(*result.findings, structs.replace(finding, code="LAY999")))

    monkeypatch.setattr(under_test, "audit_image", find_more)
    done = apply(source, place)
    assert [each.code for each in done.added] == ["LAY999"]
    assert done.objections[0].startswith("LAY999 is new: ")
    assert list(place.iterdir()) == []


def test_a_second_finding_that_looks_like_one_before_is_new(
    source: Path, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They are counted, not only told apart."""

    def find_twice(*arguments: Any, **options: Any) -> AuditResult:
        result = audit_image(*arguments, **options)
        return replace(result, findings=(*result.findings, result.findings[-1]))

    monkeypatch.setattr(under_test, "audit_image", find_twice)
    done = apply(source, place)
    assert len(done.added) == 1
    assert done.objections == (f"{done.added[0].code} is new: {done.added[0].message}",)
    assert render_applied_markdown(done).startswith("# Not fixed: `")
    assert list(place.iterdir()) == []


def test_a_damaged_layer_is_refused(place: Path) -> None:
    """Nobody could say what would be in the new image."""
    damaged = place.parent / "damaged"
    write_image(load_fixture("damaged"), damaged, "oci-dir")
    before = hash_files(damaged)
    with pytest.raises(ImageError, match=r"editing layer \d+: it could not be read to its end, expected a whole one"):
        apply(damaged, place)
    assert list(place.iterdir()) == []
    assert hash_files(damaged) == before


@pytest.mark.parametrize("stage", ["write_image", "audit_image", "find_objections"])
def test_a_stop_in_the_middle_leaves_nothing(
    source: Path, place: Path, monkeypatch: pytest.MonkeyPatch, stage: str
) -> None:
    """Whenever Ctrl-C comes; the next run works."""
    stopped = iter([True])
    original = getattr(under_test, stage)

    def stop(*arguments: Any, **options: Any) -> Any:
        if next(stopped, False):
            raise KeyboardInterrupt
        return original(*arguments, **options)

    monkeypatch.setattr(under_test, stage, stop)
    with pytest.raises(KeyboardInterrupt):
        apply(source, place)
    assert list(place.iterdir()) == []
    assert apply(source, place).is_proved


def test_a_source_that_changed_meanwhile_is_refused(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was audited is not what lies there now."""
    path = place.parent / "changing"
    write_oci_layout(build_image(LAYERS), path)

    def change(*arguments: Any, **options: Any) -> NewImage:
        for blob in (path / "blobs/sha256").iterdir():
            content = bytearray(blob.read_bytes())
            content[-5] ^= 1
            blob.write_bytes(content)
        return write_new(*arguments, **options)

    monkeypatch.setattr(under_test, "write_image", change)
    with pytest.raises(SourceError, match="it has changed since the image was opened; run again"):
        apply(path, place)
    assert list(place.iterdir()) == []


def test_a_dropped_path_is_gone_and_told(source: Path, place: Path) -> None:
    """Nothing else is."""
    done = apply(source, place, LayerFix((DropPath("other"),), ()))
    assert done.is_proved
    assert done.cuts.paths == {"other"}
    assert "other" not in done.after.tree


def test_the_provenance_says_what_was_done_to_what(source: Path, place: Path) -> None:
    """By the digests of the old image."""
    done = apply(source, place, LayerFix((DropPath("other"),), (), Compression.ZSTD))
    manifest = (place / "image/blobs/sha256" / done.new.manifest.digest.hex).read_text()
    assert str(done.before.image.manifest_digest) in manifest
    assert str(done.before.image.config_digest) in manifest
    assert r"\"edits\":[{\"path\":\"other\",\"type\":\"DropPath\"}]" in manifest
    assert '\\"compression\\":\\"zstd\\"' in manifest


def write_source(tmp_path: Path, *layers: list[TarMember]) -> Path:
    """An image with these layers."""
    path = tmp_path / "made"
    write_oci_layout(build_image([*layers]), path)
    return path


def test_a_path_that_could_not_go_is_an_objection(tmp_path: Path, place: Path) -> None:
    """A credential that is still there must not pass for dropped."""
    source = write_source(tmp_path, [file("a", b"secret"), hardlink("b", "a")])
    done = apply(source, place, LayerFix((DropPath("a"),), ()))
    assert any(objection.startswith("/a is still there: /a stays") for objection in done.objections)
    assert list(place.iterdir()) == []


def test_a_path_goes_that_a_later_layer_deleted(tmp_path: Path, place: Path) -> None:
    """What nobody sees can still be read by whoever has the image."""
    source = write_source(tmp_path, [file("a", b"secret"), file("b")], [whiteout("a"), file("c")])
    done = apply(source, place, LayerFix((DropPath("a"),), ()))
    assert done.is_proved
    held = [layer.scan.index.paths for layer in done.after.layers if layer.scan is not None]
    assert held == [["b"], ["c"]]


def test_a_finding_at_fewer_paths_is_not_new(tmp_path: Path, place: Path) -> None:
    """One of two credentials went, and that is progress."""
    key = b"-----BEGIN OPENSSH PRIVATE KEY-----\n" + b"b3BlbnNzaC1rZXktdjEAAAAA" * 20 + b"\n"
    key += b"-----END OPENSSH PRIVATE KEY-----\n"
    source = write_source(tmp_path, [file("root/.ssh/id_rsa", key), file("root/.ssh/id_ed25519", key)])
    done = apply(source, place, LayerFix((DropPath("root/.ssh/id_rsa"),), ()))
    codes = [finding.code for finding in done.before.findings]
    assert "CONF011" in codes
    assert done.objections == ()


def test_a_config_with_half_a_character_is_written_again(tmp_path: Path, place: Path) -> None:
    """Go reads it as a replacement character, and no encoding writes it."""
    image = build_image(LAYERS)
    config = image.config.replace(b'"architecture"', b'"comment":"\\ud800","architecture"', 1)
    variant = replace(image.variants[0], config=config)
    write_oci_layout(replace(image, variants=(variant,)), tmp_path / "made")
    assert apply(tmp_path / "made", place).is_proved
