"""`layerscope audit -o FORMAT`: every format of every fixture image is read by those who are to read it."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

import pytest

from layerscope.cli.outputs import AUDIT_FORMATS
from layerscope.report.registry import FORMATS
from support.hostile_texts import ATTACKS, REVEALED
from support.images import build_image, list_recipes, write_image
from support.report_checks import (
    check_cyclonedx,
    check_gitlab,
    check_html,
    check_junit,
    check_markdown,
    check_sarif,
    check_spdx,
    read_commands,
)
from support.tar_writer import directory, file

Answer = Callable[..., tuple[int, bytes, str]]
ImageWriter = Callable[[str, str], Path]

CHECKS: Final[Mapping[str, Callable[[str], Any]]] = {
    "html": check_html,
    "sarif": check_sarif,
    "markdown": check_markdown,
    "junit": check_junit,
    "github": read_commands,
    "gitlab": check_gitlab,
    "cyclonedx": check_cyclonedx,
    "spdx": check_spdx,
}
DOCKERFILE: Final = """FROM python:3.12
COPY layer-0 /
COPY layer-1 /
COPY layer-2 /
COPY layer-3 /
"""


def write_all(answer: Answer, image: Path, folder: Path, *options: str) -> dict[str, str]:
    """Every format of one audit, each in a file of its own."""
    folder.mkdir()
    outputs = [word for name in FORMATS for word in ("-o", f"{name}={folder / name}")]
    answer("audit", image, "-q", "--limit", "0", *outputs, *options)
    return {name: (folder / name).read_text() for name in FORMATS}


@pytest.mark.parametrize("name", list_recipes())
def test_every_format_of_a_fixture_is_valid(
    name: str, answer: Answer, fixture_image: ImageWriter, tmp_path: Path
) -> None:
    """All formats of one run; a second one writes the same bytes, and all tell of the same findings."""
    options = ("--platform", "linux/amd64") if name == "multi-platform" else ()
    image = fixture_image(name, "oci-dir")
    first = write_all(answer, image, tmp_path / "first", *options)
    second = write_all(answer, image, tmp_path / "second", *options)
    read = {each: check(first[each]) for each, check in CHECKS.items()}
    told_alike = CHECKS.keys() - {"html"}  # which tells how layers were proved, as the terminal does
    assert [each for each in told_alike if first[each] != second[each]] == []
    report = json.loads(first["json"])
    assert len(read["sarif"]["results"]) == len(report["findings"])
    assert len(read["gitlab"]) == len(report["findings"]) + len(report["gaps"])
    assert len([case for case in read["junit"].iter("testcase") if case.get("name") != "no findings"]) == len(
        read["gitlab"]
    )
    assert read["html"].tags.count("article") == len(report["findings"])
    assert first["markdown"].count("<summary>") >= len(report["findings"])


def test_a_hostile_image_is_harmless_in_every_format(answer: Answer, tmp_path: Path) -> None:
    """Names of files, packages, labels, users and instructions, read from a real image."""
    members = [directory("etc"), file("etc/os-release", b"ID=debian\nVERSION_ID=12\n"), directory("var/lib/dpkg")]
    texts = [text.replace("/", "|").replace("\0", "")[:200] for name, text in ATTACKS.items() if name != "surrogates"]
    names = [text for text in texts if text.strip()]
    packages = "\n\n".join(
        f"Package: {' '.join(text.split())}\nStatus: install ok installed\nVersion: {' '.join(text.split())}\n"
        f"Architecture: amd64"
        for text in names
    )
    members += [file("var/lib/dpkg/status", packages.encode()), directory("srv")]
    members += [file(f"srv/{text}", b"#!/no/such\r\n", mode=0o755) for text in names]
    members += [file(f"srv/{text}.netrc", b"machine a login b password Zt7pWq4hYd2k\n") for text in names]
    image = build_image(
        [members],
        runtime={
            "Env": [f"API_TOKEN_{text}=vT8mKq2LxWz5RbN7cJ4d" for text in names],
            "Labels": dict.fromkeys(names, "vT8mKq2LxWz5RbN7cJ4d"),
            "Entrypoint": [names[0]],
            "User": names[1],
            "WorkingDir": f"/{names[2]}",
        },
        history=[{"created_by": f"RUN {text}", "empty_layer": bool(number)} for number, text in enumerate(names)],
    )
    write_image(image, tmp_path / "image", "oci-dir")
    told = write_all(answer, tmp_path / "image", tmp_path / "told")
    for name, check in CHECKS.items():
        check(told[name])
        assert not [sign for sign in REVEALED if sign in told[name]]
    assert len(check_sarif(told["sarif"])["results"]) > 5
    assert len(check_spdx(told["spdx"])["packages"]) > 10


def test_the_formats_of_the_command_are_those_that_can_be_made() -> None:
    """They are written twice, for what makes them takes long to import."""
    assert tuple(FORMATS) == AUDIT_FORMATS


def test_a_settings_file_serves_commands_that_do_not_know_a_format(
    answer: Answer, service: Path, tmp_path: Path
) -> None:
    """An output of the audit alone is none of theirs; a misspelt one is an error for all."""
    settings = tmp_path / "layerscope.toml"
    settings.write_text('output = ["terminal", "sarif=audit.sarif"]\n')
    assert answer("layers", service)[0] == 0
    assert not (tmp_path / "audit.sarif").exists()
    assert answer("audit", service)[0] == 1
    check_sarif((tmp_path / "audit.sarif").read_text())
    settings.write_text('output = ["sarfi=audit.sarif"]\n')
    code, _, err = answer("layers", service)
    assert (code, "output format 'sarfi'" in err) == (2, True)


def test_a_dockerfile_gives_findings_lines(answer: Answer, service: Path, tmp_path: Path) -> None:
    """The layer that brings a credential is the file's fourth line."""
    (tmp_path / "Dockerfile").write_text(DOCKERFILE)
    out = answer("audit", service, "-o", "github", "--dockerfile", "Dockerfile")[1]
    (secret,) = (each for each in read_commands(out.decode()) if each.properties["title"].startswith("CONF011"))
    assert (secret.properties["file"], secret.properties["line"]) == ("Dockerfile", "4")


def test_a_dockerfile_outside_is_named_without_its_folders(answer: Answer, service: Path, tmp_path: Path) -> None:
    """Folders of this host are no one's business, and would be others elsewhere."""
    outside = tmp_path.parent / f"{tmp_path.name}-outside"
    outside.mkdir()
    (outside / "Dockerfile").write_text(DOCKERFILE)
    out = answer("audit", service, "-o", "gitlab", "--dockerfile", outside / "Dockerfile")[1]
    assert {issue["location"]["path"] for issue in check_gitlab(out.decode())} == {"Dockerfile"}


@pytest.mark.parametrize(
    "case",
    [
        (True, ".", "{}/docker/app.Dockerfile", "docker/app.Dockerfile"),
        (True, ".", "docker/app.Dockerfile", "docker/app.Dockerfile"),
        (True, "docker", "app.Dockerfile", "docker/app.Dockerfile"),
        (True, "other", "../docker/app.Dockerfile", "docker/app.Dockerfile"),
        (False, ".", "{}/docker/app.Dockerfile", "docker/app.Dockerfile"),
        (False, "docker", "app.Dockerfile", "app.Dockerfile"),
        (False, "other", "../docker/app.Dockerfile", "app.Dockerfile"),
    ],
)
def test_a_dockerfile_is_named_from_the_root_of_its_repository(
    case: tuple[bool, str, str, str], answer: Answer, service: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Annotations land on a file by its path there, however the command was given it and wherever it runs."""
    repository, folder, name, expected = case
    for each in ("docker", "other", *([".git"] if repository else [])):
        (tmp_path / each).mkdir()
    (tmp_path / "docker/app.Dockerfile").write_text(DOCKERFILE)
    monkeypatch.chdir(tmp_path / folder)
    out = answer("audit", service.resolve(), "-o", "gitlab", "--dockerfile", name.format(tmp_path))[1]
    assert {issue["location"]["path"] for issue in check_gitlab(out.decode())} == {expected}


def test_a_dockerfile_of_another_image_gives_no_lines(answer: Answer, service: Path, tmp_path: Path) -> None:
    """They would mislead; it is told in one line."""
    (tmp_path / "Dockerfile").write_text("FROM debian\nRUN one\nRUN two\nRUN three\n")
    _, out, err = answer("audit", service, "-o", "github", "--dockerfile", "Dockerfile")
    assert err == "layerscope: Dockerfile: the image was not built from it, so no finding has a line of it\n"
    assert not any("file" in each.properties for each in read_commands(out.decode()))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--dockerfile", "none"], "reading 'none': No such file or directory"),
        (["--target", "x"], "--target: expected --dockerfile beside it"),
        (["--dockerfile", "Dockerfile", "--target", "x"], "--target 'x': expected a stage of the Dockerfile"),
    ],
)
def test_a_dockerfile_is_read_before_any_work(options: list[str], message: str, answer: Answer, tmp_path: Path) -> None:
    """What is wrong with it is told at once, in one line."""
    (tmp_path / "Dockerfile").write_text(DOCKERFILE)
    code, _, err = answer("audit", "no-such-image", *options)
    assert (code, err.count("\n")) == (2, 1)
    assert message in err


def test_a_format_without_its_library_is_told_before_any_work(answer: Answer, monkeypatch: pytest.MonkeyPatch) -> None:
    """One line that names the extra, and the exit code of usage."""
    import sys

    for loaded in list(sys.modules):
        if loaded.startswith("layerscope.report.sbom."):
            monkeypatch.delitem(sys.modules, loaded)
    monkeypatch.setitem(sys.modules, "cyclonedx.model.bom", None)
    code, _, err = answer("audit", "no-such-image", "-o", "cyclonedx")
    assert (code, err.count("\n")) == (2, 1)
    assert err.startswith("layerscope: error: output format 'cyclonedx': it needs cyclonedx-python-lib")
    assert err.endswith("pip install 'layerscope[sbom]'\n")
