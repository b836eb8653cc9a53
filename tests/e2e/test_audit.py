"""An audit from end to end: the same answer from every place, and damage named."""

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from layerscope.layers.cache import RACY_NS
from support.images import FORMATS

Run = Callable[..., Any]
ImageWriter = Callable[[str, str], Path]
IMAGE = "wasteful-build"


def _core(text: str) -> dict[str, Any]:
    """What does not depend on where the image was read: findings by message, weight, and the layers' chain."""
    report = json.loads(text)
    findings = [
        (
            finding["code"],
            finding["severity"],
            finding["message"],
            [(p["path"], p["layer"]) for p in finding["locations"]],
        )
        for finding in report["findings"]
    ]
    chain = [(layer["diff_id"], layer["chain_id"], layer["entries"], layer["verified"]) for layer in report["layers"]]
    return {"findings": findings, "chain": chain, "weight": report["weight"], "gaps": report["gaps"]}


def test_every_layout_gives_the_same_findings(ask: Run, fixture_image: ImageWriter) -> None:
    """OCI layout, OCI archive and the archives of four engines: one image, one answer."""
    answers = {layout: ask("audit", fixture_image(IMAGE, layout), "-o", "json") for layout in FORMATS}
    cores = {layout: _core(answer.out) for layout, answer in answers.items()}
    assert {answer.code for answer in answers.values()} == {0}
    assert all(core == cores["oci-dir"] for core in cores.values())
    assert all(verified for *_, verified in cores["oci-dir"]["chain"])


@pytest.mark.parametrize("layout", [layout for layout in FORMATS if layout != "oci-dir"])
def test_standard_input_gives_the_same_findings(layout: str, ask: Run, fixture_image: ImageWriter) -> None:
    """An archive that passes by once is read as it passes."""
    path = fixture_image(IMAGE, layout)
    with path.open("rb") as archive:
        answer = ask("audit", "-", "-o", "json", stdin=archive)
    assert answer.code == 0
    assert _core(answer.out) == _core(ask("audit", path, "-o", "json").out)


def test_a_flipped_byte_is_exit_code_4_with_the_layer_named(
    layerscope: Run, fixture_image: ImageWriter, tmp_path: Path
) -> None:
    """One bit of one blob is enough, also for a cache that knows the sound image."""
    image = fixture_image(IMAGE, "oci-dir")
    digests = [layer["digest"] for layer in json.loads(layerscope("layers", image, "-o", "json").out)["layers"]]
    copy = tmp_path / "copy"
    for source in image.rglob("*"):
        if source.is_file():
            target = copy / source.relative_to(image)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(source.read_bytes())
    blob = copy / "blobs" / "sha256" / digests[2].removeprefix("sha256:")
    content = bytearray(blob.read_bytes())
    content[len(content) // 2] ^= 1
    blob.write_bytes(content)
    answer = layerscope("audit", copy)
    assert answer.code == 4
    assert answer.out.splitlines()[0].startswith("✘ DAMAGED  layer 2 of ")


def wait_until_settled(folder: Path) -> None:
    """Wait until no file changed so lately that it might change again within one tick of its clock."""
    newest = max(path.stat().st_ctime_ns for path in folder.rglob("*"))
    time.sleep(max(newest + RACY_NS + 10**8 - time.time_ns(), 0) / 10**9)


def test_the_second_audit_reads_no_layer(layerscope: Run, fixture_image: ImageWriter) -> None:
    """What was proved once is known, as long as the files do not change."""
    image = fixture_image(IMAGE, "oci-dir")
    wait_until_settled(image)
    layerscope("audit", image)
    assert "unchanged since they were read" in layerscope("audit", image).out
    assert "read now" in layerscope("audit", image, "--no-cache-read").out


def test_nothing_is_written_but_the_cache(layerscope: Run, fixture_image: ImageWriter, tmp_path: Path) -> None:
    """The working folder stays empty, and so does the folder for temporary files."""
    layerscope("audit", fixture_image(IMAGE, "oci-dir"))
    assert list((tmp_path / "work").iterdir()) == []


def test_the_output_is_the_same_to_the_byte(layerscope: Run, fixture_image: ImageWriter) -> None:
    """Run twice with no cache, the output is the same to the byte."""
    image = fixture_image(IMAGE, "oci-dir")
    first, second = (layerscope("audit", image, "--no-cache-read").out for _ in range(2))
    assert first == second
