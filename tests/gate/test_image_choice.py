"""Images are named, or come from compose files and from what Dockerfiles are built to."""

from pathlib import Path
from typing import Any

import pytest

from layerscope.errors import SettingsError
from layerscope.gate.commit_names import CommitNames, KnownCommits
from layerscope.gate.image_choice import ImageChoice, choose_images
from layerscope.gate.setting import Setting

pytest.importorskip("yaml", reason="compose files take layerscope[compose]")

COMPOSE = """
name: Demo
services:
  llm: {image: "team/llm:${TAG:-dev}"}
  web: {build: .}
  db:
    image: postgres:16
  kin: {extends: {service: llm}, image: "team/kin:1"}
"""

COMMIT = "0123456789abcdef0123456789abcdef01234567"
HEAD = KnownCommits((CommitNames(COMMIT, branch="feature/New_Model"),), "HEAD is at feature/New_Model")


def choose(value: object, folder: Path, *named: str, **environment: str) -> tuple[ImageChoice, ...]:
    """The images that `images` means in a folder."""
    return choose_images(
        Setting("check.images", value),
        named=named,
        folder=folder,
        environment=environment,
        name_commits=lambda: HEAD,
    )


def names(value: object, folder: Path, *named: str, **environment: str) -> list[str]:
    """Their names."""
    return [choice.name for choice in choose(value, folder, *named, **environment)]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A folder with a compose file and a Dockerfile."""
    (tmp_path / "compose.yaml").write_text(COMPOSE)
    (tmp_path / "Dockerfile").write_text("FROM debian:12\n")
    return tmp_path


def test_images_are_named_once_in_their_order(project: Path) -> None:
    """Twice the same is one image."""
    assert names(["b:1", {"image": "a:1"}, "b:1"], project) == ["b:1", "a:1"]
    assert names("b:1", project) == ["b:1"]


def test_a_compose_file_names_its_services_images(project: Path) -> None:
    """With variables and defaults; what is built without a name gets the project's."""
    entry = {"compose": "compose.yaml"}
    assert names([entry], project) == ["team/llm:dev", "demo-web", "postgres:16", "team/kin:1"]
    assert names([{**entry, "services": ["llm"]}], project, TAG="1.5") == ["team/llm:1.5"]


def test_what_a_service_is_built_from_is_known(project: Path) -> None:
    """Where a file of this host says it: not in place, not far away, and not where there is none."""
    (project / "web").mkdir()
    (project / "web/Dockerfile.gpu").write_text("FROM a AS run\n")
    (project / "compose.yaml").write_text(
        "name: x\nservices:\n  plain: {build: .}\n"
        "  named: {build: {context: web, dockerfile: 'Dockerfile.${KIND}', target: run}, image: 'team/web:1'}\n"
        "  inline: {build: {context: ., dockerfile_inline: FROM a}}\n"
        "  far: {build: 'https://example.org/x.git'}\n  gone: {build: {context: web}}\n"
    )
    found = {each.name: each for each in choose([{"compose": "compose.yaml"}], project, KIND="gpu")}
    assert {name: each.dockerfile for name, each in found.items()} == {
        "x-plain": project / "Dockerfile",
        "team/web:1": project / "web/Dockerfile.gpu",
        **dict.fromkeys(("x-inline", "x-far", "x-gone")),
    }
    assert found["team/web:1"].target == "run"
    assert found["team/web:1"].built_by == ("docker", "compose", "-f", "compose.yaml", "build", "named")


def test_variables_come_from_the_environment_over_the_file(project: Path) -> None:
    """`.env` lies beside the compose file."""
    (project / ".env").write_text("# comment\nTAG='from-file'\n")
    entry = [{"compose": "compose.yaml", "services": "llm"}]
    assert names(entry, project) == ["team/llm:from-file"]
    assert names(entry, project, TAG="from-shell") == ["team/llm:from-shell"]


@pytest.mark.parametrize(
    ("text", "image"),
    [
        ("a:$TAG", "a:1"),
        ("a:${TAG}", "a:1"),
        ("a${EMPTY:-b}", "ab"),
        ("a${EMPTY-b}", "a"),
        ("a${TAG:+:x}", "a:x"),
        ("a${NONE+:x}", "a"),
        ("a$$TAG", "a$TAG"),
    ],
)
def test_variables_are_those_of_compose(project: Path, text: str, image: str) -> None:
    """As its specification says."""
    (project / "compose.yaml").write_text(f"services: {{x: {{image: '{text}'}}}}\n")
    assert names([{"compose": "compose.yaml"}], project, TAG="1", EMPTY="") == [image]


def test_a_dockerfile_comes_with_its_tag(project: Path) -> None:
    """And with its stage, and what holds for it alone."""
    entry = {"dockerfile": "Dockerfile", "tag": "team/llm:dev", "target": "run", "max-size": "8GB"}
    (choice,) = choose([entry], project)
    assert (choice.name, choice.dockerfile, choice.target) == ("team/llm:dev", project / "Dockerfile", "run")
    assert choice.own["max-size"].value == "8GB"


def test_a_named_image_keeps_what_is_said_of_it(project: Path) -> None:
    """Others are not checked; one that nobody lists has nothing of its own."""
    entries = [{"image": "a:1", "max-size": "8GB"}, "b:1"]
    first, second = choose(entries, project, "a:1", "c:1")
    assert (first.name, list(first.own), second) == ("a:1", ["max-size"], ImageChoice("c:1"))


def test_a_name_is_made_of_the_branch_and_the_commit(project: Path) -> None:
    """Of a Dockerfile's tag, too; what stands for nothing is left out with the reason, beside what does not."""
    entry = {"dockerfile": "Dockerfile", "tag": "b:{short-commit}"}
    assert names(["a:{branch}", entry], project) == ["a:feature-new-model", "b:01234567"]
    (choice,) = choose([{"image": "a:{tag}", "optional": True}], project)
    assert (choice.name, choice.is_optional) == ("a:{tag}", True)
    assert choice.left_out == "nothing stands for {tag}: HEAD is at feature/New_Model"
    named = choose(["a:{branch}"], project, "a:feature-new-model", "b")
    assert [(each.name, each.is_derived) for each in named] == [("a:feature-new-model", True), ("b", False)]


@pytest.mark.parametrize(
    ("name", "is_meant"), [("r.io/a:other", True), ("docker:r.io/a:v1", True), ("r.io/ab:x", False)]
)
def test_a_named_image_has_what_its_form_says(project: Path, *, name: str, is_meant: bool) -> None:
    """Whatever branch is checked out: a push of another one must not shed its limits."""
    (choice,) = choose([{"image": "r.io/a:{branch}", "max-size": "8GB"}, {"image": "r.io/a:{tag}"}], project, name)
    assert (choice.name, list(choice.own)) == (name, ["max-size"] if is_meant else [])


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ({}, "expected one of image, compose, dockerfile, found none"),
        ({"image": "a", "compose": "b"}, "found image and compose"),
        ({"imag": "a"}, "imag: unknown key; did you mean 'image'"),
        ({"dockerfile": "Dockerfile"}, "expected the tag that Dockerfile is built to"),
        ({"dockerfile": "Containerfile", "tag": "a"}, "there is no file"),
        ({"image": "a", "tag": "b"}, "tag: expected dockerfile beside it"),
        ({"image": 3}, "image: expected a string, found 3"),
        ({"image": "a:{brunch}"}, r"image: unknown placeholder \{brunch\} in 'a:\{brunch\}'; did you mean 'branch'"),
        ({"image": "a", "optional": "yes"}, "optional: expected true or false"),
        (3, "expected the name of an image or a table"),
        ({"compose": "none.yaml"}, "No such file"),
        ({"compose": "compose.yaml", "services": ["lm"]}, "no service 'lm'; did you mean 'llm'"),
    ],
)
def test_an_entry_has_to_make_sense(project: Path, entry: object, message: str) -> None:
    """What was expected, and where."""
    with pytest.raises(SettingsError, match=message):
        choose([entry], project)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "expected YAML"),
        ("- a", "expected a table"),
        ("services: [a]", "expected services"),
        ("services: {a: {image: 3}}", "service a: image is 3"),
        ("services: {a: {image: 'a:${TAG}'}}", "the variable TAG is not set"),
        ("services: {a: {image: 'a:${TAG:?name it}'}}", "not set: name it"),
    ],
)
def test_a_compose_file_that_cannot_be_followed_is_told(project: Path, text: str, message: str) -> None:
    """Never is an image left out in silence."""
    (project / "compose.yaml").write_text(text)
    entry: dict[str, Any] = {"compose": "compose.yaml"}
    with pytest.raises(SettingsError, match=message):
        choose([entry], project)
