"""A new image's documents: the old ones with little changed, true to the layers that are there."""

import gzip
import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from layerscope.audit.options import AuditOptions
from layerscope.audit.read_image import ReadImage, cache_fingerprint, read_image
from layerscope.fixes.surgery.cut_planner import plan_cuts
from layerscope.fixes.surgery.cuts import Range
from layerscope.fixes.surgery.documents import NAME, PROVENANCE
from layerscope.fixes.surgery.image_writer import ImageChange, NewImage, write_image
from layerscope.fixes.surgery.merge_planner import plan_merge
from layerscope.fixes.surgery.new_content import read_new_file
from layerscope.fixes.surgery.put_planner import plan_files
from layerscope.image.digest import Digest
from layerscope.layers.cache import LayerCache
from layerscope.layers.scan import Compression
from layerscope.progress import SilentProgress
from layerscope.rules.layer_edit import DropHidden, LayerEdit
from layerscope.sources.layout import LayoutSource
from support.built_image import BuiltImage, Variant, build_image, render_json
from support.images import load_fixture
from support.images import write_image as write_source
from support.strategies import SECOND
from support.tar_member import file, whiteout

ANNOTATIONS = {
    "org.opencontainers.image.base.digest": "sha256:" + "0" * 64,
    "org.opencontainers.image.base.name": "docker.io/library/debian:13",
    "com.example.team": "inference",
}
HISTORY = (
    {"created_by": "ENV A=1", "empty_layer": True},
    {"created_by": "COPY a /", "comment": "first"},
    {"created_by": "COPY b /"},
    {"created_by": "RUN rm a"},
    {"created_by": "CMD sh", "empty_layer": True},
)
EDIT = DropHidden("removed", 2)
LATE = "1970-01-01T00:16:40.5Z"


def build(**config: object) -> BuiltImage:
    """An image whose third layer removes what its first one brings, so that both are left out."""
    image = build_image([[file("a", b"1")], [file("b", b"2")], [whiteout("a")]], history=HISTORY)
    document = json.loads(image.config) | config
    (variant,) = image.variants
    return replace(image, variants=(Variant(variant.layers, render_json(document)),), annotations=ANNOTATIONS)


def read(image: BuiltImage, folder: Path) -> ReadImage:
    """The image, read from a layout."""
    write_source(image, folder / "source", "oci-dir")
    options = AuditOptions(LayerCache(folder / "cache", fingerprint=cache_fingerprint()), jobs=1)
    return read_image(LayoutSource(str(folder / "source")), options=options, progress=SilentProgress())


def write(
    folder: Path,
    *edits: LayerEdit,
    image: BuiltImage | None = None,
    compression: Compression | None = None,
    names: Mapping[str, str] | None = None,
    base_layers: int = 0,
    variables: Mapping[str, str | None] | None = None,
    latest: int | None = None,
    merged: Range | None = None,
) -> NewImage:
    """The new image in `folder/new`."""
    before = read(image or build(), folder)
    new = folder / "new"
    new.mkdir()
    cuts = replace(plan_cuts(before.tree, edits), latest=latest)
    cuts = plan_merge(before.tree.stack.indexes, cuts, merged) if merged is not None else cuts
    return write_image(
        before.image,
        before.scans,
        ImageChange(cuts, compression, variables or {}),
        new,
        annotations=names or {},
        provenance={"tool": "layerscope"},
        base_layers=base_layers,
        progress=SilentProgress(),
    )


def load(folder: Path, digest: Digest) -> Any:
    """A document of the new image."""
    return json.loads((folder / "new/blobs/sha256" / digest.hex).read_bytes())


def test_a_layer_with_nothing_left_is_left_out(tmp_path: Path) -> None:
    """Its step made none, says the history; the others keep their layers, and their words."""
    new = write(tmp_path, EDIT)
    assert [layer is None for layer in new.layers] == [True, False, True]
    config = load(tmp_path, new.config.digest)
    assert [step.get("empty_layer", False) for step in config["history"]] == [True, True, False, True, True]
    assert [step["created_by"] for step in config["history"]] == [step["created_by"] for step in HISTORY]
    assert config["history"][1]["comment"] == "first"
    (kept,) = (layer for layer in new.layers if layer is not None)
    assert config["rootfs"] == {"type": "layers", "diff_ids": [str(kept.diff_id)]}


def test_an_image_without_history_gets_none(tmp_path: Path) -> None:
    """Nothing is made up."""
    new = write(tmp_path, EDIT, image=build(history=None))
    assert load(tmp_path, new.config.digest)["history"] is None


@pytest.mark.parametrize("runtime", [None, {}, {"Env": ["A=1"], "Vendor": {"x": [1]}}])
def test_what_nobody_here_knows_stays_in_the_config(runtime: object, tmp_path: Path) -> None:
    """Fields of builders and engines, and whatever text they hold."""
    extra = {"moby.buildkit.cache.v0": "abc", "os.features": ["x"], "words": "ü <&>", "config": runtime}
    config = load(tmp_path, write(tmp_path, EDIT, image=build(**extra)).config.digest)
    assert {key: config[key] for key in extra} == extra


@pytest.mark.parametrize(
    ("runtime", "environment"),
    [
        (None, ["NEW=1"]),
        ({"Env": None}, ["NEW=1"]),
        ({"Env": ["OLD=x", "KEPT=a=b", "GONE=1", "OLD=y"]}, ["OLD=z", "KEPT=a=b", "OLD=z", "NEW=1"]),
    ],
)
def test_variables_get_their_value_where_they_stood_or_at_the_end(
    runtime: object, environment: list[str], tmp_path: Path
) -> None:
    """Or go; the others keep value and place."""
    had = isinstance(runtime, dict) and runtime["Env"]
    variables = {"NEW": "1", "GONE": None, **({"OLD": "z"} if had else {})}
    new = write(tmp_path, image=build(config=runtime), variables=variables)
    assert load(tmp_path, new.config.digest)["config"] == {"Env": environment}


def test_annotations_about_a_base_that_changed_go(tmp_path: Path) -> None:
    """The others stay, and one says what was done."""
    annotations = load(tmp_path, write(tmp_path, EDIT).manifest.digest)["annotations"]
    assert annotations == {"com.example.team": "inference", PROVENANCE: '{"tool":"layerscope"}'}


def test_annotations_about_a_base_that_holds_stay(tmp_path: Path) -> None:
    """It is below, bit for bit."""
    annotations = load(tmp_path, write(tmp_path, base_layers=2).manifest.digest)["annotations"]
    assert annotations.items() > ANNOTATIONS.items()


def test_an_unchanged_image_keeps_every_blob(tmp_path: Path) -> None:
    """And its config to the meaning."""
    before = build()
    new = write(tmp_path, image=before)
    assert all(layer is not None and layer.is_kept for layer in new.layers)
    assert load(tmp_path, new.config.digest) == json.loads(before.config)
    source = {path.name for path in (tmp_path / "source/blobs/sha256").iterdir()}
    assert {layer.descriptor.digest.hex for layer in new.layers if layer is not None} <= source


def test_packed_another_way_every_layer_is_new(tmp_path: Path) -> None:
    """With the same DiffIDs."""
    before = build()
    new = write(tmp_path, image=before, compression=Compression.ZSTD)
    kinds = {layer["mediaType"] for layer in load(tmp_path, new.manifest.digest)["layers"]}
    assert kinds == {"application/vnd.oci.image.layer.v1.tar+zstd"}
    assert [str(layer.diff_id) for layer in new.layers if layer is not None] == before.diff_ids


def test_a_foreign_layer_stays_one(tmp_path: Path) -> None:
    """Its descriptor is as it was, addresses and all, and no blob is made up for it."""
    before = load_fixture("foreign-layer")
    new = write(tmp_path, image=before, compression=Compression.ZSTD)
    (source,) = json.loads((tmp_path / "source/index.json").read_bytes())["manifests"]
    old = json.loads((tmp_path / "source/blobs/sha256" / source["digest"].removeprefix("sha256:")).read_bytes())
    (foreign,) = [layer for layer in old["layers"] if "urls" in layer]
    assert load(tmp_path, new.manifest.digest)["layers"][old["layers"].index(foreign)] == foreign
    assert not (tmp_path / "new/blobs/sha256" / foreign["digest"].removeprefix("sha256:")).exists()


def test_the_layout_holds_the_image_and_nothing_else(tmp_path: Path) -> None:
    """Under the name that it is given, and read back by our own source."""
    new = write(tmp_path, EDIT, names={NAME: "v1"})
    names = {new.manifest.digest.hex, new.config.digest.hex}
    names |= {layer.descriptor.digest.hex for layer in new.layers if layer is not None}
    assert {path.name for path in (tmp_path / "new/blobs/sha256").iterdir()} == names
    (entry,) = json.loads((tmp_path / "new/index.json").read_bytes())["manifests"]
    assert entry["annotations"] == {NAME: "v1"}
    options = AuditOptions(LayerCache(tmp_path / "cache", fingerprint=cache_fingerprint()), jobs=1)
    again = read_image(LayoutSource(str(tmp_path / "new")), options=options, progress=SilentProgress())
    assert again.image.manifest_digest == new.manifest.digest
    assert list(again.tree) == ["b"]


def test_merged_layers_are_one_step(tmp_path: Path) -> None:
    """It says what it was made of; steps between that made no layer stay, and those around."""
    layers = [[file(name, b"1")] for name in "abcd"]
    steps = ("COPY a /", "COPY b /", "ENV A=1", "/bin/sh -c make", "COPY d /")
    history = [{"created_by": step, **({"empty_layer": True} if "ENV" in step else {})} for step in steps]
    before = build_image(layers, history=history)
    new = write(tmp_path, image=before, merged=Range(1, 2))
    assert [layer is None for layer in new.layers] == [False, True, False, False]
    config = load(tmp_path, new.config.digest)
    told = [step["created_by"] for step in config["history"]]
    assert told == ["COPY a /", "ENV A=1", "layerscope fix: merge COPY b /; RUN make", "COPY d /"]
    assert [layer.is_kept for layer in new.written] == [True, False, True]
    assert config["rootfs"]["diff_ids"] == [str(layer.diff_id) for layer in new.written]


@pytest.mark.parametrize("steps", [0, 2, 3])
def test_layers_without_a_step_become_one(steps: int, tmp_path: Path) -> None:
    """A history that is too short is as much too short afterwards."""
    image = build_image([[file(name)] for name in "abcd"], history=[{"created_by": "RUN"}] * steps)
    new = write(tmp_path, image=image, merged=Range(1, 3))
    history = load(tmp_path, new.config.digest).get("history") or []
    assert len(history) == min(steps, 2)
    assert len(new.written) == 2


def test_the_same_change_gives_the_same_image(tmp_path: Path) -> None:
    """To the digest."""
    digests = set()
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        digests.add(write(tmp_path / name, EDIT, compression=Compression.GZIP).manifest.digest)
    assert len(digests) == 1


def build_timed() -> BuiltImage:
    """An image whose second layer, config and annotation are later than 1000 seconds."""
    history = ({"created_by": "COPY a /", "created": "1970-01-01T00:16:39Z"}, {"created_by": "RUN b", "created": LATE})
    image = build_image([[file("a", b"1")], [file("b", b"2", mtime_ns=1_001 * SECOND)]], history=history)
    document = json.loads(image.config) | {"created": LATE}
    (variant,) = image.variants
    annotations = {"org.opencontainers.image.created": LATE}
    return replace(image, variants=(Variant(variant.layers, render_json(document)),), annotations=annotations)


def test_times_after_a_moment_are_set_to_it(tmp_path: Path) -> None:
    """In layers, config, history and the annotation; a layer and a step that are not late stay."""
    new = write(tmp_path, image=build_timed(), latest=1000)
    assert [layer.is_kept for layer in new.layers if layer is not None] == [True, False]
    config = load(tmp_path, new.config.digest)
    assert config["created"] == "1970-01-01T00:16:40Z"
    assert [step["created"] for step in config["history"]] == ["1970-01-01T00:16:39Z", "1970-01-01T00:16:40Z"]
    manifest = load(tmp_path, new.manifest.digest)
    assert manifest["annotations"]["org.opencontainers.image.created"] == "1970-01-01T00:16:40Z"


def test_a_blob_that_gzip_packed_later_is_packed_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its tar is the same, and its header tells no time."""
    monkeypatch.setattr("support.layouts.compress", lambda tar, _: gzip.compress(tar, mtime=2000))
    image = build_image([[file("a", b"1")]])
    (layer,) = write(tmp_path, image=image, latest=1000).layers
    assert layer is not None
    assert (str(layer.diff_id), layer.is_kept) == (image.diff_ids[0], False)
    assert (tmp_path / "new/blobs/sha256" / layer.descriptor.digest.hex).read_bytes()[4:8] == bytes(4)


def put(folder: Path, image: BuiltImage, *paths: str) -> NewImage:
    """The new image with a file at each of these paths."""
    source = folder / "file"
    source.write_bytes(b"new")
    before = read(image, folder)
    new = folder / "new"
    new.mkdir()
    cuts = plan_files(before.tree, plan_cuts(before.tree, ()), dict.fromkeys(paths, read_new_file(source)))
    return write_image(
        before.image,
        before.scans,
        ImageChange(cuts),
        new,
        annotations={},
        provenance={},
        base_layers=0,
        progress=SilentProgress(),
    )


def test_a_new_layer_has_a_step_of_its_own(tmp_path: Path) -> None:
    """It names the files, some of many, and was made when the image was."""
    new = put(tmp_path, build(), *(f"new/{number:02}" for number in range(12)))
    assert new.top is not None
    config = load(tmp_path, new.config.digest)
    step = config["history"][-1]
    assert step["created_by"].startswith("layerscope fix: put /new/00, /new/01, ")
    assert step["created_by"].endswith("/new/09 and 2 more")
    assert step["created"] == config["created"]
    assert config["rootfs"]["diff_ids"][-1] == str(new.top.diff_id)
    assert len(load(tmp_path, new.manifest.digest)["layers"]) == 4


@pytest.mark.parametrize("steps", [(), HISTORY[:2]], ids=["none", "too few"])
def test_a_step_that_would_be_told_of_another_layer_is_not_written(steps: tuple[object, ...], tmp_path: Path) -> None:
    """Steps are paired with layers from the lowest on."""
    new = put(tmp_path, build(history=list(steps)), "new")
    assert len(load(tmp_path, new.config.digest)["history"]) == len(steps)
    assert new.top is not None
