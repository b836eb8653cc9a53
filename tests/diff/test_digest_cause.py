"""Why a digest is another one is told by causes that together explain it."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from layerscope.audit.image_diff import ImageDiff
from layerscope.audit.options import AuditOptions
from layerscope.audit.pipeline import audit_image
from layerscope.audit.result import AuditResult
from layerscope.layers.cache import LayerCache
from layerscope.sources.select import select_source
from support.built_image import BuiltImage, build_image
from support.compression import Packing
from support.images import write_image
from support.tar_writer import TarMember, directory, file

BASE = (directory("a"), file("a/x", b"1"), file("a/y", b"2"))


def audit(folder: Path, image: BuiltImage, packing: Packing = Packing.GZIP) -> AuditResult:
    """The audit of an image that is written into a folder."""
    write_image(image, folder, "oci-dir", packing=packing)
    options = AuditOptions(cache=LayerCache(folder.with_suffix(".cache"), fingerprint="test", read=False))
    return audit_image(select_source(f"oci-dir:{folder}"), options=options)


def build(*layers: tuple[TarMember, ...], history: list[dict[str, Any]] | None = None, **runtime: Any) -> BuiltImage:
    """An image of layers; without any, of one that is always the same."""
    return build_image([list(layer) for layer in layers or (BASE,)], tag="a/b:1", runtime=runtime, history=history)


FIRST, SECOND = "2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z"


def step(created: str, text: str) -> list[dict[str, Any]]:
    """A history of one step."""
    return [{"created": created, "created_by": text}]


@pytest.mark.parametrize(
    ("before", "after", "causes"),
    [
        (build(), build(), []),
        (build(), build(Env=["A=1"]), ["CONFIG"]),
        (
            build(history=step(FIRST, "RUN a")),
            build(history=step(FIRST, "RUN b")),
            ["HISTORY"],
        ),
        (
            build(history=step(FIRST, "RUN a")),
            build(history=step(SECOND, "RUN a")),
            ["CREATED"],
        ),
        (build(), build((directory("a"), file("a/x", b"3"), file("a/y", b"2"))), ["FILES"]),
        (build(), build((directory("a"), file("a/x", b"1", mode=0o600), file("a/y", b"2"))), ["ATTRIBUTES"]),
        (build(), build((directory("a"), file("a/x", b"1", mtime_ns=10**9), file("a/y", b"2"))), ["TIMES"]),
        (build(), build((directory("a"), file("a/y", b"2"), file("a/x", b"1"))), ["ORDER"]),
        (build(), build(BASE[:2], BASE[2:]), ["LAYERING", "HISTORY"]),
        (build(), build((*BASE, file("b", b"x")), Env=["A=1"]), ["FILES", "CONFIG"]),
    ],
)
def test_the_causes_are_all_there(tmp_path: Path, before: BuiltImage, after: BuiltImage, causes: list[str]) -> None:
    """The weightiest first, and no other."""
    difference = ImageDiff(audit(tmp_path / "one", before), audit(tmp_path / "two", after))
    assert [answer.cause.name for answer in difference.digest_causes] == causes


def test_packing_alone(tmp_path: Path) -> None:
    """The config is the same, the blobs are not."""
    one, other = audit(tmp_path / "one", build()), audit(tmp_path / "two", build(), Packing.ZSTD)
    (answer,) = ImageDiff(one, other).digest_causes
    assert (answer.cause.name, answer.details) == ("PACKING", ("layer 0",))


def test_a_config_that_is_only_written_otherwise(tmp_path: Path) -> None:
    """Other white space, and null for nothing."""
    image = build()
    document = json.loads(image.config)
    document["config"]["OnBuild"] = None
    variant = image.variants[0]
    other = replace(image, variants=(replace(variant, config=json.dumps(document, indent=1).encode()),))
    (answer,) = ImageDiff(audit(tmp_path / "one", image), audit(tmp_path / "two", other)).digest_causes
    assert answer.cause.name == "CONFIG_FORM"
