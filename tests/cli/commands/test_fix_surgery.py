"""`layerscope fix IMAGE --apply --layers` beyond findings: times that are clamped, files put, layers merged."""

import hashlib
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from support.applied_fixes import MAKE, compare_applied
from support.built_image import build_image
from support.images import write_image
from support.strategies import SECOND
from support.tar_member import directory, file

Answer = Callable[..., tuple[int, bytes, str]]
ImageWriter = Callable[[str, str], Path]


@pytest.mark.usefixtures("on_terminal")
def test_times_are_told_in_every_format(
    answer: Answer, plain: Callable[[str], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """How many were later, and which findings can only not be seen any more."""
    monkeypatch.setenv("NO_COLOR", "1")
    outputs = ("-o", "terminal", "-o", "json=fix.json", "-o", "markdown=fix.md")
    arguments = ("--only", "LAY101", "--times", "1000000000", *MAKE, "oci-dir:fixed")
    assert answer("fix", plain("demo"), *arguments, *outputs)[0] == 0
    told = json.loads(Path("fix.json").read_text())
    assert told["times"]["latest"] == 1_000_000_000
    assert told["times"]["clamped"] > 100
    assert not {"LAY201", "LAY202"} & {finding["code"] for finding in told["removed"]}
    assert {reason[:6] for reason in told["left"]} == {"LAY201", "LAY202"}
    compare_applied("applied-times-80.txt", answer("fix", "oci-dir:demo", *arguments[:-1], "oci-dir:again")[1].decode())
    assert "Times of " in Path("fix.md").read_text()


def put(tmp_path: Path, content: bytes, path: str) -> tuple[str, str]:
    """The option that puts a file of that content at a path."""
    source = tmp_path / "source:1"
    source.write_bytes(content)
    os.utime(source, (1_000, 1_000))
    return "--put", f"{source}:{path}"


@pytest.mark.usefixtures("on_terminal")
def test_files_that_are_put_are_told_in_every_format(
    answer: Answer, plain: Callable[[str], str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where, with what size and digest, and what was there."""
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "80")
    files = (*put(tmp_path, b"new\n", "/etc/os-release"), "--put", f"{tmp_path / 'source:1'}:/etc/new/conf")
    outputs = ("-o", "terminal", "-o", "json=fix.json", "-o", "markdown=fix.md")
    code, out, err = answer("fix", plain("demo"), "--only", "LAY101", *files, *MAKE, "oci-dir:fixed", *outputs)
    assert code == 0, err
    compare_applied("applied-put-80.txt", out.decode())
    compare_applied("applied-put.md", Path("fix.md").read_text())
    told = json.loads(Path("fix.json").read_text())
    digest = "sha256:" + hashlib.sha256(b"new\n").hexdigest()
    assert [each["path"] for each in told["put"]] == ["/etc/new/conf", "/etc/os-release"]
    assert [(each["size_after"], each["digest_after"]) for each in told["put"]] == [(4, digest)] * 2
    assert [(each["layer"], each["size_before"]) for each in told["put"]] == [(9, None), (0, 121)]
    assert told["layers"][-1]["outcome"] == "added"
    code, out, _ = answer("cat", "oci-dir:fixed", "/etc/new/conf")
    assert (code, out) == (0, b"new\n")
    steps = json.loads(answer("layers", "oci-dir:fixed", "-o", "json")[1])["layers"]
    assert steps[-1]["created_by"] == "layerscope fix: put /etc/new/conf"


def test_a_file_that_is_dropped_and_put_is_refused(answer: Answer, fixture_image: ImageWriter, tmp_path: Path) -> None:
    """One or the other is meant."""
    image, wish = fixture_image("whiteouts", "oci-dir"), put(tmp_path, b"1", "/files/chmod")
    for dropped in ("/files", "/files/chmod"):
        code, _, err = answer("fix", image, "--drop", dropped, *wish, *MAKE, "oci-dir:fixed")
        assert code == 2
        assert "putting a file at /files/chmod: it, or a folder on its way, is to be dropped" in err
    assert not Path("fixed").exists()


def test_times_and_packing_hold_for_files_that_are_put(document: Callable[..., Any], tmp_path: Path) -> None:
    """In their own layer and in that of another file."""
    write_image(build_image([[file("a", b"1")]]), Path("image"), "oci-dir")
    source = put(tmp_path, b"new", "/a")
    arguments = (*source, "--put", f"{tmp_path / 'source:1'}:/d/b", "--times", "10", "--compress", "zstd")
    told = document("fix", "oci-dir:image", *arguments, *MAKE, "oci-dir:fixed")
    assert told["objections"] == []
    assert told["times"] == {"latest": 10, "clamped": 0}


@pytest.mark.usefixtures("on_terminal")
def test_merged_layers_are_told_in_every_format(
    answer: Answer, plain: Callable[[str], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Which they were, what they became, and which findings can only not be seen any more."""
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "80")
    outputs = ("-o", "terminal", "-o", "json=fix.json", "-o", "markdown=fix.md")
    code, out, err = answer(
        "fix", plain("demo"), "--only", "LAY101", "--merge", "2-6", *MAKE, "oci-dir:fixed", *outputs
    )
    assert code == 0, err
    compare_applied("applied-merge-80.txt", out.decode())
    compare_applied("applied-merge.md", Path("fix.md").read_text())
    told = json.loads(Path("fix.json").read_text())
    outcomes = [(layer["index"], layer["outcome"]) for layer in told["layers"] if layer["size_after"] is None]
    assert outcomes == [*((number, "merged") for number in range(2, 6)), (8, "left out")]
    assert told["merge"] == {"from": 2, "to": 6}
    assert "LAY103" in {finding["code"] for finding in told["removed"]}
    steps = json.loads(answer("layers", "oci-dir:fixed", "-o", "json")[1])["layers"]
    assert steps[2]["created_by"].startswith("layerscope fix: merge RUN apt-get update; RUN apt-get install")


def test_everything_at_once(document: Callable[..., Any], fixture_image: ImageWriter, tmp_path: Path) -> None:
    """And the same to the digest when it is done again."""
    wishes = (*put(tmp_path, b"new", "/etc/new"), "--merge", "1-3", "--times", "1000000000", "--compress", "zstd")
    arguments = (fixture_image("wasteful-build", "oci-dir"), "--drop", "/srv/weights", "--reviewed", *wishes, *MAKE)
    one, two = (document("fix", *arguments, f"oci-dir:{name}") for name in ("one", "two"))
    assert one["objections"] == []
    assert one["result"]["manifest_digest"] == two["result"]["manifest_digest"]
    assert "/srv/weights" in one["gone"]


@pytest.mark.parametrize("merged", ["3-99", "99-100"])
def test_layers_that_are_not_there_are_not_merged(answer: Answer, fixture_image: ImageWriter, merged: str) -> None:
    """They are told by their numbers."""
    code, _, err = answer("fix", fixture_image("whiteouts", "oci-dir"), "--merge", merged, *MAKE, "oci-dir:fixed")
    assert code == 2
    assert f"merging layers {merged}: expected two of the layers 0 to " in err
    assert not Path("fixed").exists()


def test_times_make_builds_at_other_times_the_same_image(document: Callable[..., Any]) -> None:
    """To the manifest's digest, wherever their times stood; and again, nothing changes."""
    digests = []
    for name, hour in (("one", 1), ("two", 2)):
        created = f"2026-01-01T0{hour}:00:00Z"
        when = 1_767_225_600 * SECOND + hour * 3600 * SECOND + hour
        layers = [[directory("a", mtime_ns=when), file("a/b", b"1", mtime_ns=when)], [file("c", mtime_ns=5 * SECOND)]]
        write_image(
            build_image(layers, history=[{"created": created, "created_by": "COPY"}] * 2), Path(name), "oci-dir"
        )
        told = document("fix", f"oci-dir:{name}", "--times", "1000", *MAKE, f"oci-dir:{name}-fixed")
        digests.append(told["result"]["manifest_digest"])
        assert [layer["outcome"] for layer in told["layers"]] == ["rewritten", "kept"]
    assert digests[0] == digests[1]
    again = document("fix", "oci-dir:one-fixed", "--times", "1000", *MAKE, "oci-dir:again")
    assert again["result"]["manifest_digest"] == digests[0]
    assert again["times"]["clamped"] == 0


def test_changes_of_the_config_are_told_and_recorded(answer: Answer, plain: Callable[[str], str]) -> None:
    """Each is a step of the history that made no layer; the layers stay bit for bit."""
    changes = ("--change", "USER 1000:1000", "--change", 'LABEL team="a b"')
    outputs = ("-o", "terminal", "-o", "json=fix.json", "-o", "markdown=fix.md")
    image = plain("clean-python")
    code, out, _ = answer("fix", image, "--only", "LAY101", *MAKE, "oci-dir:fixed", *changes, *outputs)
    assert code == 0
    assert 'config USER 1000:1000\nconfig LABEL team="a b"\n' in out.decode()
    told = json.loads(Path("fix.json").read_text())
    assert told["changes"] == ["USER 1000:1000", 'LABEL team="a b"']
    assert {layer["outcome"] for layer in told["layers"]} == {"kept"}
    assert '- `LABEL team="a b"`' in Path("fix.md").read_text()
    shown = answer("inspect", "oci-dir:fixed")[1].decode()
    assert "user    1000:1000\n" in shown
    assert "USER 1000:1000" in shown.partition("History")[2]


def test_a_user_that_would_be_a_new_finding_is_not_written(answer: Answer, plain: Callable[[str], str]) -> None:
    """The proof looks at whatever was changed."""
    code, out, _ = answer("fix", plain("clean-python"), *MAKE, "oci-dir:fixed", "--change", "USER nobody-knows")
    assert code == 1
    assert "CONF008 is new" in out.decode()
    assert not Path("fixed").exists()


def test_what_is_no_change_of_a_config_is_refused(answer: Answer, plain: Callable[[str], str]) -> None:
    """Before the image is read."""
    code, _, err = answer("fix", plain("clean-python"), *MAKE, "oci-dir:fixed", "--change", "RUN make")
    assert code == 2
    assert "--change 'RUN make': expected one instruction of CMD, ENTRYPOINT, ENV" in err
