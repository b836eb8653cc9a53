"""`layerscope diff container:NAME` with an engine that a test can see whole."""

import json
from collections.abc import Callable, Iterator

import pytest

from support.built_image import build_image
from support.engine_stub import EngineStub, run_engine
from support.hostile_texts import ATTACKS, REVEALED
from support.report_checks import check_html
from support.stub_containers import ADDED, DELETED, offer, start
from support.tar_writer import directory, file

Answer = Callable[..., tuple[int, bytes, str]]

IMAGE = build_image(
    [[directory("etc"), file("etc/a", b"one"), file("etc/b", b"b")]], tag="app:1", runtime={"User": "0"}
)


@pytest.fixture
def stub(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Iterator[EngineStub]:
    """An engine that has the image, and is this host's."""
    folder = tmp_path_factory.mktemp("engine")
    with run_engine(folder) as engine:
        engine.info = {"Driver": "vfs", "DockerRootDir": str(folder)}
        offer(engine, IMAGE, folder)
        monkeypatch.setenv("DOCKER_HOST", engine.endpoint.url)
        monkeypatch.setenv("LAYERSCOPE_CACHE_DIR", str(folder / "cache"))
        yield engine


def test_a_container_is_compared_with_its_image(stub: EngineStub, answer: Answer) -> None:
    """Under its own name and that which its image was started by; what it wrote is told, and no digest."""
    shown = [directory("etc"), file("etc/a", b"one"), file("etc/new", b"n" * 50)]
    start(stub, {"/etc/new": ADDED, "/etc/b": DELETED}, shown, Config={"Image": "app:1", "User": "7"})
    code, out, _ = answer("diff", "container:web", "-o", "json")
    found = json.loads(out)
    assert code == 1
    assert (found["before"]["reference"], found["after"]["reference"]) == ("app:1", "container:web")
    assert [(each["change"], each["path"]) for each in found["files"]] == [("removed", "/etc/b"), ("added", "/etc/new")]
    assert found["files"][1]["after"]["created_by"] == "container web"
    assert [each["name"] for each in found["config"]] == ["config.User"]
    assert (found["history"], found["digest"]) == ([], [])
    assert not [each for each in found["findings"]["new"] if each["code"].startswith("LAY1")]


def test_a_container_that_wrote_nothing_is_no_difference(stub: EngineStub, answer: Answer) -> None:
    """With its own image, and with that image by its name."""
    start(stub, {}, Config={"Image": "app:1", "User": "0"})
    assert answer("diff", "docker-container:web")[0] == 0
    assert answer("diff", "docker:app:1", "container:web")[0] == 0


def test_insides_of_its_files_are_looked_into(stub: EngineStub, answer: Answer) -> None:
    """The image passes by once, the container's own layer does not."""
    start(stub, {"/etc/a": 0}, [file("etc/a", b"two")])
    text = answer("diff", "container:web", "--patch", "--only", "files")[1].decode()
    assert "+two" in text
    assert "-one" in text


def test_a_container_is_audited_as_an_image(stub: EngineStub, answer: Answer) -> None:
    """With its own layer; it is no base of anything."""
    start(stub, {"/etc/new": ADDED}, [file("etc/new", b"n")])
    found = json.loads(answer("audit", "container:web", "-o", "json")[1])
    assert [layer["created_by"] for layer in found["layers"]][-1] == "container web"
    assert b"new" in answer("tree", "container:web")[1]


@pytest.mark.parametrize("attack", [text for name, text in ATTACKS.items() if name not in {"surrogates", "blank"}])
def test_hostile_containers_are_harmless(stub: EngineStub, answer: Answer, attack: str) -> None:
    """Whatever the engine says of their names, settings and files."""
    name = attack.replace("\0", "").replace("/", "|").strip(".") or "x"
    config = {"Image": attack, "User": attack, "Env": [f"A={attack}"], "Cmd": [attack], "Labels": {"l": attack}}
    start(stub, {f"/srv/{name[:90]}": ADDED}, [file(f"srv/{name[:90]}", b"x")], Config=config, Name=attack)
    for kind in ("terminal", "markdown", "html", "json"):
        code, out, _ = answer("diff", "container:web", "-o", kind)
        assert code == 1
        text = out.decode()
        assert not any(sign in text for sign in REVEALED)
        if kind == "html":
            check_html(text)
