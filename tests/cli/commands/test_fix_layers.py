"""`layerscope fix IMAGE --apply --layers`: what it makes, how it tells of it, and what it refuses."""

import io
import json
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from support.applied_fixes import MAKE, compare_applied
from support.built_image import Variant, render_json
from support.images import FORMATS, load_fixture, write_image

Answer = Callable[..., tuple[int, bytes, str]]
ImageWriter = Callable[[str, str], Path]


@pytest.mark.usefixtures("on_terminal")
@pytest.mark.parametrize("name", ["demo", "wasteful-build"])
def test_a_fix_is_told_in_every_format(
    answer: Answer, plain: Callable[[str], str], name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The verdict, before and after, layers, findings, and what is gone: from one run."""
    monkeypatch.setenv("NO_COLOR", "1")
    outputs = ("-o", "terminal", "-o", "json=fix.json", "-o", "markdown=fix.md")
    code, out, _ = answer("fix", plain(name), *MAKE, "oci-dir:fixed", *outputs)
    assert code == 0
    compare_applied(f"applied-{name}-80.txt", out.decode())
    compare_applied(f"applied-{name}.json", Path("fix.json").read_text())
    compare_applied(f"applied-{name}.md", Path("fix.md").read_text())


def test_the_new_image_audits_as_it_was_said(
    answer: Answer, document: Callable[..., Any], fixture_image: ImageWriter
) -> None:
    """What was removed is not found in it, and there is nothing more to do."""
    told = document("fix", fixture_image("wasteful-build", "oci-dir"), *MAKE, "oci-dir:fixed:v1")
    audited = document("audit", told["result"]["image"]["reference"])
    assert told["result"]["destination"] == "oci-dir:fixed:v1"
    assert told["result"]["written"]
    assert audited["image"] == told["result"]["image"]
    left = {finding["code"] for finding in audited["findings"]}
    assert left.isdisjoint(finding["code"] for finding in told["removed"])
    code, out, _ = answer("fix", "oci-dir:fixed", *MAKE, "oci-dir:again")
    assert (code, out.decode().partition(":")[0]) == (0, "Nothing to change in the layers themselves")
    assert not Path("again").exists()


def test_every_layout_is_fixed_to_the_same_image(document: Callable[..., Any], fixture_image: ImageWriter) -> None:
    """By its config, which names the DiffIDs, wherever the layers lay."""
    told = set()
    for number, layout in enumerate(FORMATS):
        image = fixture_image("whiteouts", layout)
        report = document("fix", image, "--drop", "files/chmod", *MAKE, f"oci-archive:{number}.tar")
        assert report["gone"] == ["/files/chmod"]
        told.add(report["result"]["config_digest"])
    assert len(told) == 1


def test_an_image_with_nothing_to_change_is_not_written(answer: Answer, fixture_image: ImageWriter) -> None:
    """Which is said."""
    outputs = ("-o", "terminal", "-o", "json=fix.json", "-o", "markdown=fix.md")
    code, out, _ = answer("fix", fixture_image("clean-python", "oci-dir"), *MAKE, "oci-dir:fixed", *outputs)
    assert code == 0
    assert out.startswith(b"Nothing to change in the layers themselves")
    told = json.loads(Path("fix.json").read_text())
    assert told["result"] is None
    assert told["reason"].startswith("nothing to change")
    assert "Nothing to change" in Path("fix.md").read_text()
    assert not Path("fixed").exists()


def test_a_damaged_image_is_planned_for_and_not_made(answer: Answer, fixture_image: ImageWriter) -> None:
    """Exit code 4, as without --apply."""
    code, out, _ = answer("fix", fixture_image("damaged", "oci-dir"), *MAKE, "oci-dir:fixed", "-o", "json")
    assert code == 4
    assert json.loads(out)["plan"]["steps"][0]["kind"] == "rebuild"
    assert not Path("fixed").exists()


def test_only_one_rule_is_cured(document: Callable[..., Any], fixture_image: ImageWriter) -> None:
    """The other findings stay, and so do their bytes."""
    told = document("fix", fixture_image("wasteful-build", "oci-dir"), "--only", "LAY103", *MAKE, "oci-dir:fixed")
    assert [finding["code"] for finding in told["removed"]] == ["LAY103"]
    assert told["sizes"]["content"]["before"] - told["sizes"]["content"]["after"] == 8_000_000
    assert told["gone"] == []


def test_a_path_is_dropped_besides(document: Callable[..., Any], fixture_image: ImageWriter) -> None:
    """From every layer; it is named among what is gone."""
    image = fixture_image("wasteful-build", "oci-dir")
    told = document("fix", image, "--only", "LAY102", "--drop", "/srv/weights", *MAKE, "oci-dir:fixed")
    assert told["gone"] == ["/srv/weights", "/srv/weights/shard-0.bin", "/srv/weights/shard-1.bin"]
    paths = {each["path"] for each in document("tree", "oci-dir:fixed")["entries"]}
    assert not any(path.startswith("/srv/weights") for path in paths)


@pytest.mark.parametrize("compression", ["none", "gzip", "zstd"])
def test_layers_are_packed_as_it_is_said(
    document: Callable[..., Any], fixture_image: ImageWriter, compression: str
) -> None:
    """All of them, also where no finding is to be cured."""
    image = fixture_image("mixed-compression", "oci-dir")
    told = document("fix", image, "--only", "LAY101", "--compress", compression, *MAKE, "oci-dir:fixed")
    assert told["result"]["written"]
    manifest = Path("fixed/blobs/sha256") / told["result"]["manifest_digest"].removeprefix("sha256:")
    kinds = {layer["mediaType"] for layer in json.loads(manifest.read_bytes())["layers"]}
    assert kinds == {"application/vnd.oci.image.layer.v1.tar" + {"none": ""}.get(compression, f"+{compression}")}


def test_an_archive_that_passes_by_once_is_fixed(
    answer: Answer, fixture_image: ImageWriter, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its layers are read twice, from a file without a name."""
    with fixture_image("wasteful-build", "docker-archive:docker-26").open("rb") as archive:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(archive))
        code, out, err = answer("fix", "-", *MAKE, "oci-archive:fixed.tar", "-o", "json")
    assert code == 0, err
    assert json.loads(out)["result"]["destination"] == "oci-archive:fixed.tar"
    assert answer("layers", "fixed.tar")[0] == 0


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("--apply",), "--apply: expected --layers or --build beside it"),
        (("--apply", "--layers"), "expected --to DESTINATION, the place of the new image"),
        (("--layers",), "expected --apply --layers beside them"),
        (("--to", "oci-dir:fixed"), "expected --apply --layers beside them"),
        (("--replace",), "expected --apply --layers beside them"),
        (("--drop", "/etc"), "expected --apply --layers beside them"),
        (("--compress", "zstd"), "expected --apply --layers beside them"),
        (("--put", "a:/b"), "expected --apply --layers beside them"),
        ((*MAKE, "oci-dir:fixed", "--put", "a"), "--put 'a': expected SOURCE:PATH, a file here and its path"),
        ((*MAKE, "oci-dir:fixed", "--put", f"{__file__}:/"), "expected SOURCE:PATH"),
        ((*MAKE, "oci-dir:fixed", "--put", f"{__file__}:/a/"), "expected SOURCE:PATH"),
        ((*MAKE, "oci-dir:fixed", "--put", "no:such:/file"), "--put 'no:such:/file': there is no file 'no:such' here"),
        ((*MAKE, "oci-dir:fixed", *("--put", f"{__file__}:/a") * 2), "another one puts a file at /a as well"),
        (("--merge", "0-1"), "expected --apply --layers beside them"),
        *(
            (
                (*MAKE, "oci-dir:fixed", "--merge", text),
                f"--merge {text!r}: expected FROM-TO, the numbers of two layers",
            )
            for text in ("1", "1-1", "2-1", "a-b", "-1-2")
        ),
        (("--rebase", "oci-dir:new"), "expected --apply --layers beside them"),
        *(
            ((*MAKE, "oci-dir:fixed", "--rebase", "oci-dir:new", *more), "--rebase: expected no other change beside it")
            for more in (("--drop", "/a"), ("--times", "0"), ("--merge", "0-1"), ("--only", "LAY101"), ("--reviewed",))
        ),
        (("--times", "0"), "expected --apply --layers beside them"),
        ((*MAKE, "oci-dir:fixed", "--times", "-1"), "-1"),
        ((*MAKE, "oci-dir:fixed", "--times", "8589934592"), "8589934592"),
        (("--reviewed",), "--reviewed: expected --write with --file DOCKERFILE, or --apply, beside it"),
        ((*MAKE, "tar:fixed"), "expected one of oci-dir:…, oci-archive:…, docker:…, podman:…, registry:…"),
        ((*MAKE, "fixed"), "expected one of oci-dir:…"),
        ((*MAKE, "docker:app@sha256:" + "0" * 64), "expected NAME[:TAG], found a digest"),
        ((*MAKE, "oci-dir:none/fixed"), "there is no folder"),
        ((*MAKE, "oci-dir:."), "something is there already"),
        ((*MAKE, "oci-dir:fixed", "--compress", "xz"), "'xz'"),
        ((*MAKE, "registry:127.0.0.1:1/app:1", "--offline"), "--offline: expected a --to that is on this host"),
    ],
    ids=" ".join,
)
def test_a_wrong_use_is_told_before_anything_is_read(answer: Answer, arguments: tuple[str, ...], told: str) -> None:
    """Exit code 2; that there is no such image is not even noticed."""
    code, out, err = answer("fix", "there-is-no-such-image", *arguments)
    assert (code, out) == (2, b"")
    assert told in err
    assert not Path("fixed").exists()


@pytest.mark.parametrize("path", ["/no/such/file", "/", ""])
def test_a_path_that_is_not_there_is_not_dropped(answer: Answer, fixture_image: ImageWriter, path: str) -> None:
    """A slip must not pass for a success; the root is no path to drop."""
    code, _, err = answer("fix", fixture_image("whiteouts", "oci-dir"), "--drop", path, *MAKE, "oci-dir:fixed")
    assert code == 2
    assert f"--drop {path!r}: " in err
    assert "expected" in err
    assert not Path("fixed").exists()


def test_a_place_that_is_taken_stays(answer: Answer, fixture_image: ImageWriter) -> None:
    """Unless --replace says that it may go."""
    image = fixture_image("wasteful-build", "oci-dir")
    assert answer("fix", image, "--only", "LAY101", *MAKE, "oci-dir:fixed")[0] == 0
    before = Path("fixed/index.json").read_bytes()
    code, _, err = answer("fix", image, *MAKE, "oci-dir:fixed")
    assert code == 2
    assert "something is there already; choose another place, or add --replace" in err
    assert Path("fixed/index.json").read_bytes() == before
    assert answer("fix", image, *MAKE, "oci-dir:fixed", "--replace")[0] == 0
    assert Path("fixed/index.json").read_bytes() != before


def test_what_should_be_read_first_is_made_where_it_was(
    document: Callable[..., Any], fixture_image: ImageWriter
) -> None:
    """Safe changes are a part of all changes."""
    image = fixture_image("wasteful-build", "oci-dir")
    safe = document("fix", image, *MAKE, "oci-dir:safe")
    reviewed = document("fix", image, "--reviewed", *MAKE, "oci-dir:reviewed")
    assert reviewed["result"]["written"]
    assert set(safe["gone"]) <= set(reviewed["gone"])


def test_the_base_images_findings_are_left_where_they_are(answer: Answer, fixture_image: ImageWriter) -> None:
    """With --ignore-base, they are neither cured nor called new."""
    image = fixture_image("wasteful-build", "oci-dir")
    base = write_base(Path("base"))
    code, out, err = answer("fix", image, "--base", base, "--ignore-base", *MAKE, "oci-dir:fixed", "-o", "json")
    assert (code, json.loads(out)["objections"]) == (0, []), err


def write_base(path: Path) -> str:
    """An image of the first three layers of `wasteful-build`, as a layout."""
    image = load_fixture("wasteful-build")
    (variant,) = image.variants
    config = json.loads(variant.config)
    config["rootfs"]["diff_ids"] = config["rootfs"]["diff_ids"][:3]
    config["history"] = config["history"][:3]
    base = replace(image, variants=(Variant(variant.layers[:3], render_json(config)),))
    write_image(base, path, "oci-dir")
    return f"oci-dir:{path}"
