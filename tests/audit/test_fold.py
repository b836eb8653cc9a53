"""What an image's layers amount to is found once, and again whenever anything has changed that it follows from."""

import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from msgspec import structs

from layerscope.audit import contents, fold
from layerscope.audit.fold import fold_image, name_fold
from layerscope.audit.options import AuditOptions
from layerscope.audit.pipeline import audit_image
from layerscope.audit.read_image import ReadImage, cache_fingerprint, read_image
from layerscope.audit.result import AuditResult
from layerscope.facts.collector import Collector
from layerscope.facts.context import FactContext
from layerscope.facts.fact import Fact
from layerscope.facts.gap import Gap
from layerscope.layers.cache import LayerCache
from layerscope.layers.scan import Damage, DamageKind
from layerscope.progress import SilentProgress
from layerscope.sources.select import select_source
from support.images import FIXTURES, load_fixture, write_oci_layout

IMAGES = sorted(path.name for path in FIXTURES.iterdir() if path.is_dir())
FOLDED_EACH_TIME = ("damaged", "foreign-layer", "odd-tar")
"""A damaged layer, one that is not here, and names that are no text."""


def options_of(tmp_path: Path) -> AuditOptions:
    """How the image is read, with the cache of this test."""
    return AuditOptions(LayerCache(tmp_path / "cache", fingerprint=cache_fingerprint()), jobs=1)


def write(name: str, path: Path) -> str:
    """A fixture as an OCI layout whose files have long been as they are; returns its source."""
    write_oci_layout(load_fixture(name), path)
    for file in path.rglob("*"):
        os.utime(file, ns=(10**9, 10**9))
    return f"oci-dir:{path}"


@pytest.fixture
def demo(tmp_path: Path) -> ReadImage:
    """A bundled image, read."""
    source = select_source(write("demo", tmp_path / "demo"))
    return read_image(source, options=options_of(tmp_path), progress=SilentProgress())


def forbid_merging(monkeypatch: pytest.MonkeyPatch) -> None:
    """From here on nothing may be merged."""

    def refuse(_context: FactContext) -> None:
        raise AssertionError("the layers were merged")

    monkeypatch.setattr(FactContext, "tree", property(refuse))


def say(result: AuditResult) -> tuple[object, ...]:
    """All that an audit says of an image's contents."""
    return sorted(map(repr, result.facts)), result.findings, result.weight, result.gaps


@pytest.mark.parametrize("name", [name for name in IMAGES if name not in FOLDED_EACH_TIME])
def test_the_second_audit_merges_nothing_and_says_the_same(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Facts, findings, weight and gaps of every whole bundled image."""
    source = select_source(write(name, tmp_path / "image"))
    first = audit_image(source, options=options_of(tmp_path))
    forbid_merging(monkeypatch)
    second = audit_image(source, options=options_of(tmp_path))
    assert say(second) == say(first)


@pytest.mark.parametrize("name", FOLDED_EACH_TIME)
def test_what_is_not_known_whole_is_folded_each_time(name: str, tmp_path: Path) -> None:
    """Nothing is kept of all layers together, and the second audit says what the first did."""
    source = select_source(write(name, tmp_path / "image"))
    first, second = (audit_image(source, options=options_of(tmp_path)) for _ in range(2))
    assert say(first) == say(second)
    assert not (tmp_path / "cache" / "v1" / "images").exists()


def test_the_name_follows_everything_that_has_a_say(demo: ReadImage, monkeypatch: pytest.MonkeyPatch) -> None:
    """Layers and their order, the config, the base, the code, and what is extracted: each gives another name."""
    config, scans = demo.image.config, demo.scans
    labelled = structs.replace(config, runtime=structs.replace(config.runtime, labels={"a": "b"}))
    names = [
        name_fold(demo, 0),
        name_fold(demo, 1),
        name_fold(replace(demo, scans=scans[::-1]), 0),
        name_fold(replace(demo, image=replace(demo.image, config=labelled)), 0),
    ]
    monkeypatch.setattr(fold, "digest_code", lambda: "other code")
    names.append(name_fold(demo, 0))
    monkeypatch.setattr(fold, "cache_fingerprint", lambda: "other extractors")
    names.append(name_fold(demo, 0))
    assert None not in names
    assert len(set(names)) == len(names)


def test_the_name_follows_nothing_else(demo: ReadImage) -> None:
    """The same image of another source and another name is the same."""
    elsewhere = replace(demo, image=replace(demo.image, reference="other", source="docker", notes=("so",)))
    assert name_fold(elsewhere, 0) == name_fold(demo, 0)


def test_a_damaged_layer_has_no_name(demo: ReadImage) -> None:
    """What follows from half a layer is kept nowhere."""
    damaged = replace(demo.scans[0], damage=Damage(DamageKind.TRUNCATED, "short", 0))
    assert name_fold(replace(demo, scans=(damaged, *demo.scans[1:])), 0) is None
    unknown = replace(demo.scans[0], diff_id=None)
    assert name_fold(replace(demo, scans=(unknown, *demo.scans[1:])), 0) is None


def test_a_config_that_has_no_form_has_no_name(demo: ReadImage) -> None:
    """Lone surrogates can be written in JSON, and nothing else can hold them."""
    odd = structs.replace(demo.image.config, author="\ud800")
    assert name_fold(replace(demo, image=replace(demo.image, config=odd)), 0) is None


class Failing(Collector):
    """Fails."""

    name = "test.failing"

    def collect(self, context: FactContext) -> Iterator[Fact | Gap]:
        """Fail before anything is found."""
        raise MemoryError(f"too much for {len(context.scans)} layers")
        yield  # which makes it an iterator


def test_what_failed_is_tried_again(demo: ReadImage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A failure of our own is told and not kept."""
    cache, progress = options_of(tmp_path).cache, SilentProgress()
    with monkeypatch.context() as patch:
        patch.setattr(contents, "_HERE", (Failing(),))
        patch.setattr(fold, "name_fold", lambda *_: "f" * 64)
        known = fold_image(demo, base_layers=0, cache=cache, progress=progress)
        assert "test.failing" in str(known.gaps)
    assert cache.find_image("f" * 64, bytes) is None


def test_damage_to_what_is_kept_is_remarked_and_mended(
    demo: ReadImage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A kept fold is held to its checksum, folded anew, and then kept again."""
    progress = SilentProgress()
    known = fold_image(demo, base_layers=0, cache=options_of(tmp_path).cache, progress=progress)
    (entry,) = (tmp_path / "cache" / "v1" / "images").glob("*/*")
    entry.write_bytes(entry.read_bytes()[:-1] + b"?")
    cache = options_of(tmp_path).cache
    again = fold_image(demo, base_layers=0, cache=cache, progress=progress)
    assert repr(list(again.facts)) == repr(list(known.facts))
    assert "images/" in cache.notes[0]
    forbid_merging(monkeypatch)
    fold_image(replace(demo), base_layers=0, cache=options_of(tmp_path).cache, progress=progress)


class Nosy(Collector):
    """Looks at what is not a part of the fold's name."""

    name = "test.nosy"

    def collect(self, context: FactContext) -> Iterator[Fact | Gap]:
        """Tell what claims there are."""
        image, scan = context.image, context.scans[0]
        yield Gap("claims", "image", f"{image.reference} {image.source} {image.manifest} {scan.blob} {scan.proof}")


def test_what_is_kept_cannot_follow_from_claims(
    demo: ReadImage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Names, manifests and proofs differ between two places of one image, and are hidden from most collectors."""
    monkeypatch.setattr(contents, "_HERE", (Nosy(),))
    known = fold_image(demo, base_layers=0, cache=options_of(tmp_path).cache, progress=SilentProgress())
    assert [gap.why for gap in known.gaps if gap.what == "claims"] == ["  None None read"]
