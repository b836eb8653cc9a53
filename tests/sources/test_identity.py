"""Two spellings of one image are known as such, and two images never are."""

from pathlib import Path

import pytest

from layerscope.sources.identity import identify_image, place_image

ID = "ab" * 32


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder to be in, with two layouts, an archive, and a folder that is no image."""
    for name in ("app1", "app2"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "oci-layout").write_text("{}")
    (tmp_path / "web").mkdir()
    (tmp_path / "web" / "Dockerfile").write_text("FROM scratch\n")
    (tmp_path / "a.tar").touch()
    (tmp_path / "sub").mkdir()
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    ("image", "name"),
    [
        ("team/llm:dev", "team/llm"),
        ("docker.io/team/llm", "team/llm"),
        ("docker:team/llm:1.4", "team/llm"),
        ("podman:team/llm", "team/llm"),
        ("registry:docker.io/team/llm@sha256:" + "0" * 64, "team/llm"),
        ("docker:web", "web"),
        ("docker:api:1", "api"),
        ("web", "web"),
        ("localhost:5000/team/llm:1", "localhost:5000/team/llm"),
        (f"docker:{ID}", ID),
        ("oci-dir:app1", "./app1"),
        ("app1", "./app1"),
        ("./app1/", "./app1"),
        ("oci-dir:app2", "./app2"),
        ("oci-dir:app1:gpu", "./app1:gpu"),
        ("oci-dir:app1:cpu", "./app1:cpu"),
        ("oci-dir:app1:team/llm:1.4", "./app1:team/llm"),
        ("docker-archive:a.tar", "./a.tar"),
        ("oci-archive:none.tar", "./none.tar"),
        ("oci-dir:../other", "../other"),
        ("-", "-"),
        ("docker-archive:-", "docker-archive:-"),
        ("/dev/stdin", "/dev/stdin"),
        ("docker-archive:/dev/fd/63", "docker-archive:/dev/fd/63"),
        ("oci-dir:-", "./-"),
        ("Not/A/Name", "Not/A/Name"),
    ],
)
@pytest.mark.usefixtures("folder")
def test_an_image_is_known_without_scheme_and_tag(image: str, name: str) -> None:
    """A tag is another one with every build; a path is what it is, from the folder of whoever asks."""
    assert identify_image(image).name_repository(Path()) == name


def test_a_path_is_seen_from_the_folder(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Wherever the check is started."""
    monkeypatch.chdir(folder / "sub")
    for image in ("../app1", "oci-dir:../app1", f"oci-dir:{folder}/app1"):
        assert identify_image(image).name_repository(folder) == "./app1"
        assert identify_image(image).name_repository(folder / "sub") == "../app1"


def test_spellings_of_one_image_are_the_same_thing(folder: Path) -> None:
    """But a tag, and what is selected at a path, make another one."""
    assert identify_image("app1").thing == identify_image(f"oci-dir:{folder}/sub/../app1").thing
    assert identify_image("team/llm").thing == identify_image("docker:docker.io/team/llm:latest").thing
    assert identify_image("team/llm:1").thing != identify_image("team/llm:2").thing
    assert identify_image("app1:a").thing != identify_image("app1:b").thing
    assert identify_image("docker:team/llm") != identify_image("registry:team/llm"), "they are looked for elsewhere"


@pytest.mark.parametrize(
    ("image", "placed"),
    [
        ("oci-dir:app1", "oci-dir:../app1"),
        ("oci:app1:gpu", "oci:../app1:gpu"),
        ("./app1", "../app1"),
        ("app1", "../app1"),
        ("a.tar", "../a.tar"),
        ("./none", "../none"),
        ("web", "web"),
        ("team/llm:dev", "team/llm:dev"),
        ("docker:app1", "docker:app1"),
        ("container:app1", "container:app1"),
        ("/srv/app", "/srv/app"),
        ("~/app", "~/app"),
        ("-", "-"),
        ("docker-archive:-", "docker-archive:-"),
        ("archive://-:app:1", "archive://-:app:1"),
        ("oci-dir:-", "oci-dir:../-"),
    ],
)
def test_a_path_of_a_file_is_meant_from_its_folder(
    folder: Path, monkeypatch: pytest.MonkeyPatch, image: str, placed: str
) -> None:
    """A name stays one, also where a folder that is no image is called like it."""
    assert place_image(image, folder) == image
    monkeypatch.chdir(folder / "sub")
    assert place_image(image, folder) == placed
