"""`layerscope fix IMAGE --apply --layers --rebase NEW-BASE`: how it is told, and which base is the old one."""

import json
import os
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from support.built_image import BuiltImage, build_image
from support.compression import Packing
from support.images import write_image
from support.results import check_snapshot
from support.tar_member import directory, file, symlink

Answer = Callable[..., tuple[int, bytes, str]]

SNAPSHOTS = Path(__file__).parent / "snapshots"
DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
MAKE = ("--apply", "--layers", "--to", "oci-dir:moved")
ENV = ("PATH=/usr/bin",)


def make_base(*names: str, env: tuple[str, ...] = ENV) -> BuiltImage:
    """A base with these programs."""
    programs = [file(f"usr/bin/{name}", f"program {name}".encode(), mode=0o755) for name in names]
    return build_image([[directory("usr/bin"), *programs]], runtime={"Env": list(env), "Cmd": ["/usr/bin/one"]})


@pytest.fixture
def images(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> BuiltImage:
    """An image, the base that it was built on, and two others, of which one lacks what it needs; returns the image."""
    monkeypatch.chdir(tmp_path)
    old = make_base("one", "two")
    own = [directory("opt"), symlink("opt/two", "/usr/bin/two"), file("usr/bin/own", b"own", mode=0o755)]
    config = {"Env": [*ENV, "OWN=1"], "Cmd": ["/usr/bin/one"]}
    image = build_image([*old.layers, own], runtime=config)
    new = make_base("one", "two", "own", env=("PATH=/usr/bin:/bin",))
    for name, each in (("old", old), ("image", image), ("new", new), ("bad", make_base("one"))):
        write_image(each, Path(name), "oci-dir", packing=Packing.NONE)
    return image


@pytest.mark.usefixtures("images")
def test_a_base_and_another_image_cannot_both_come_from_standard_input(answer: Answer) -> None:
    """Told before anything is read."""
    for image, old, new in (
        ("-", "oci-dir:old", "archive://-"),
        ("oci-dir:image", "-", "-"),
        ("-", "-", "oci-dir:new"),
    ):
        code, _, err = answer("fix", image, "--base", old, "--rebase", new, *MAKE)
        assert (code, "two images on standard input" in err) == (2, True)


@pytest.mark.usefixtures("images", "on_terminal")
@pytest.mark.parametrize("base", ["new", "bad"])
def test_another_base_is_told_in_every_format(answer: Answer, base: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The layers of both bases, the findings, the config, and what a person should know; or why it is refused."""
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "80")
    outputs = ("-o", "terminal", "-o", "json=fix.json", "-o", "markdown=fix.md")
    code, out, err = answer(
        "fix", "oci-dir:image", "--base", "oci-dir:old", "--rebase", f"oci-dir:{base}", *MAKE, *outputs
    )
    assert code == (0 if base == "new" else 1), err
    assert Path("moved").exists() == (base == "new")
    is_update = os.environ.get("LAYERSCOPE_SNAPSHOTS") == "write"
    for name, text in ((f"rebased-{base}-80.txt", out.decode()), (f"rebased-{base}.md", Path("fix.md").read_text())):
        check_snapshot(SNAPSHOTS / name, DIGEST.sub("sha256:…", text), is_update=is_update)
    told = json.loads(Path("fix.json").read_text())["rebase"]
    assert told["from"] == {"reference": "oci-dir:old", "layers": 1}
    assert told["to"] == {"reference": f"oci-dir:{base}", "layers": 1}
    assert told["changes"] == (["Env PATH=/usr/bin:/bin"] if base == "new" else [])


@pytest.mark.usefixtures("images")
def test_layers_that_no_media_type_tells_of_are_not_called_the_same(answer: Answer, images: BuiltImage) -> None:
    """Those that xz or bzip2 packed are packed by gzip, the image's own and the new base's, and that is told."""
    write_image(make_base("one", "two", "own"), Path("packed"), "oci-dir", packing=Packing.XZ)
    write_image(images, Path("own"), "oci-dir", packing=Packing.BZIP2)
    outputs = ("-o", "terminal", "-o", "markdown=fix.md")
    told = ("--base", "oci-dir:old", "--rebase", "oci-dir:packed", *MAKE, *outputs)
    code, out, err = answer("fix", "oci-dir:own", *told)
    assert code == 0, err
    for text in (out.decode(), Path("fix.md").read_text()):
        words = " ".join(text.split())
        assert "hold what they held; 2 layers, which xz or bzip2 packed, are packed by gzip now" in words
        assert "rewritten" in words
        assert "bit for bit." not in words


@pytest.mark.usefixtures("images")
def test_a_base_that_nobody_names_is_asked_for(answer: Answer) -> None:
    """Without an annotation, the image does not say what it was built on."""
    code, _, err = answer("fix", "oci-dir:image", "--rebase", "oci-dir:new", *MAKE)
    assert code == 2
    assert "--rebase: expected --base OLD beside it, since the image does not say what it was built on" in err


def test_the_base_that_the_image_names_is_the_old_one(document: Callable[..., Any], images: BuiltImage) -> None:
    """Its layers have to be the lowest ones all the same."""
    named = replace(images, annotations={"org.opencontainers.image.base.name": f"oci-dir:{Path('old').absolute()}"})
    write_image(named, Path("named"), "oci-dir")
    told = document("fix", "oci-dir:named", "--rebase", "oci-dir:new", *MAKE)
    assert told["objections"] == []
    assert told["result"]["written"]


@pytest.mark.usefixtures("images")
def test_another_base_than_the_old_one_is_refused(answer: Answer) -> None:
    """Its layers are not those of the image."""
    code, _, err = answer("fix", "oci-dir:image", "--base", "oci-dir:bad", "--rebase", "oci-dir:new", *MAKE)
    assert code == 2
    assert "expected all of them" in err
    assert not Path("moved").exists()
