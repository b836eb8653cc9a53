"""The pipeline joins the stages: claims, proof, origin, findings and gaps of whole images."""

import json
import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from layerscope.audit.options import AuditOptions, default_jobs
from layerscope.audit.pipeline import audit_image
from layerscope.audit.read_image import cache_fingerprint
from layerscope.audit.result import AuditResult
from layerscope.errors import UsageError
from layerscope.image.chain import chain_ids
from layerscope.image.image import Image, KnownContent
from layerscope.image.platform import Platform
from layerscope.layers.cache import LayerCache
from layerscope.layers.scan import Proof
from layerscope.progress import Progress, SilentProgress
from layerscope.sources.select import select_source
from support.built_image import render_json
from support.images import BuiltImage, load_fixture, write_docker_archive, write_oci_layout
from support.memory_layer import MemoryLayer
from support.results import merge_result

Audit = Callable[..., AuditResult]


@pytest.fixture
def audit(tmp_path: Path) -> Audit:
    """Audits an image by its source, always with the same cache."""
    options = AuditOptions(LayerCache(tmp_path / "cache", fingerprint=cache_fingerprint()), jobs=2)

    def run(source: str, *, base: str | None = None) -> AuditResult:
        base_source = select_source(base) if base else None
        return audit_image(select_source(source), options=replace(options, base=base_source))

    return run


def write(image: BuiltImage, path: Path) -> str:
    """The image as an OCI layout; returns its source."""
    write_oci_layout(image, path)
    return f"oci-dir:{path}"


def lowest_layers(image: BuiltImage, count: int) -> BuiltImage:
    """The image that the lowest layers make alone."""
    (variant,) = image.variants
    config = json.loads(variant.config)
    config["rootfs"]["diff_ids"] = config["rootfs"]["diff_ids"][:count]
    del config["history"]
    below = replace(variant, layers=variant.layers[:count], config=render_json(config))
    return replace(image, variants=(below,))


@dataclass(frozen=True)
class FixedSource:
    """A source of one image that is at hand."""

    image: Image
    describe: str = "fixed"

    def open_image(self, *, platform: Platform | None, known: KnownContent, progress: Progress) -> Image:
        """The image."""
        return self.image


def test_every_claim_is_proved(audit: Audit, tmp_path: Path) -> None:
    """Layers carry what the image claims of them, and whether their bytes bear it out."""
    result = audit(write(load_fixture("wasteful-build"), tmp_path / "image"))
    assert result.is_intact
    assert all(layer.verified and layer.scan is not None and layer.scan.proof is Proof.READ for layer in result.layers)
    assert [layer.chain_id for layer in result.layers] == list(chain_ids(result.image.config.rootfs))
    assert [layer.index for layer in result.layers] == list(range(len(result.layers)))


def test_damage_is_a_gap_and_a_finding(audit: Audit, tmp_path: Path) -> None:
    """A layer that cannot be read to its end is named, and what is unknown for it is said."""
    result = audit(write(load_fixture("damaged"), tmp_path / "image"))
    damaged = [layer.index for layer in result.layers if not layer.verified]
    assert damaged
    assert not result.is_intact
    assert {gap.where for gap in result.gaps} >= {
        f"layer {layer.index}" for layer in result.layers if layer.scan is not None and layer.scan.damage
    }


def test_absent_layers_are_gaps(audit: Audit, tmp_path: Path) -> None:
    """A foreign layer is neither damaged nor proved."""
    result = audit(write(load_fixture("foreign-layer"), tmp_path / "image"))
    absent = [layer for layer in result.layers if not layer.verified]
    assert [gap.where for gap in result.gaps if gap.what == "the layer's contents"] == [
        f"layer {layer.index}" for layer in absent
    ]
    assert result.is_intact


def test_the_second_audit_says_the_same_from_the_cache(audit: Audit, tmp_path: Path) -> None:
    """What is recalled equals what was read: findings, weight, sizes and paths."""
    source = write(load_fixture("demo"), tmp_path / "image")
    for folder, _, names in os.walk(tmp_path / "image"):
        for name in names:
            os.utime(Path(folder, name), ns=(10**9, 10**9))
    first, second = audit(source), audit(source)
    assert (first.findings, first.weight, first.gaps) == (second.findings, second.weight, second.gaps)
    assert [layer.size for layer in first.layers] == [layer.size for layer in second.layers]
    assert list(merge_result(first).walk_paths()) == list(merge_result(second).walk_paths())


def test_a_base_is_proved_by_its_layers(audit: Audit, tmp_path: Path) -> None:
    """With a base whose layers are the lowest ones, each layer is the base's or one's own."""
    whole = load_fixture("demo")
    result = audit(write(whole, tmp_path / "whole"), base=write(lowest_layers(whole, 3), tmp_path / "base"))
    assert result.base is not None
    assert (result.base.layers, result.base.evidence) == (3, "layer prefix")
    assert [layer.origin for layer in result.layers] == ["base"] * 3 + ["own"] * (len(whole.layers) - 3)


def test_a_wrong_base_is_refused(audit: Audit, tmp_path: Path) -> None:
    """Another image as base is an error that says how much fits."""
    image, other = write(load_fixture("demo"), tmp_path / "a"), write(load_fixture("whiteouts"), tmp_path / "b")
    with pytest.raises(UsageError, match="0 of its"):
        audit(image, base=other)


def test_an_unpacked_layer_has_the_size_of_its_tar(tmp_path: Path) -> None:
    """Where an engine keeps no blob, the size told is that of the tar, first and later alike."""
    image = load_fixture("whiteouts")
    write_docker_archive(image, tmp_path / "image.tar")
    options = AuditOptions(LayerCache(tmp_path / "cache", fingerprint=cache_fingerprint()))
    opened = select_source(str(tmp_path / "image.tar")).open_image(
        platform=None, known=options.cache, progress=SilentProgress()
    )
    assert isinstance(opened, Image)
    layers = tuple(
        MemoryLayer(f"unpacked{number}", tar, layer.diff_id)
        for number, (tar, layer) in enumerate(zip(image.layers, opened.layers, strict=True))
    )
    source = FixedSource(replace(opened, layers=layers))
    first, second = (audit_image(source, options=options) for _ in range(2))
    assert [layer.size for layer in second.layers] == [len(layer.stored) for layer in layers]
    assert [layer.size for layer in first.layers] == [layer.size for layer in second.layers]
    assert {layer.scan.proof for layer in second.layers if layer.scan} == {Proof.CACHED}


def test_there_is_work_for_every_processor() -> None:
    """Unless told otherwise, a layer is read on each processor this process may use."""
    assert default_jobs() == len(os.sched_getaffinity(0))
