"""A container as an image: what it changed is taken from its engine's export, and told over the image's layers."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from layerscope.errors import ContainerNotFoundError, EngineError, ImageError, LayerscopeError, SourceError, UsageError
from layerscope.image.image import Image
from layerscope.layers.entry import EntryType
from layerscope.progress import SilentProgress
from layerscope.sources.container import ContainerSource
from layerscope.sources.select import is_container, select_source, select_started
from layerscope.sources.source import InPlace
from support.archives import NothingKnown, drain
from support.built_image import build_image
from support.engine_stub import EngineStub, StubContainer, podman_version, run_engine
from support.indexes import index_of_tar
from support.stub_containers import ADDED, DELETED, MODIFIED, offer, start
from support.tar_writer import directory, file, hardlink

BUILT = build_image(
    [[file("etc/a", b"one"), file("etc/b", b"b")]], tag="app:1", runtime={"Env": ["A=1"], "Cmd": ["serve"]}
)


@pytest.fixture
def stub(tmp_path: Path) -> Iterator[EngineStub]:
    """An engine that has the image."""
    with run_engine(tmp_path) as engine:
        engine.info = {"Driver": "vfs", "DockerRootDir": str(tmp_path)}
        offer(engine, BUILT, tmp_path)
        yield engine


def open_container(stub: EngineStub, in_place: InPlace = "never", *, is_image: bool = False) -> Image:
    """The container by its name."""
    kind: Any = "podman" if "Podman" in str(stub.version) else "docker"
    source = ContainerSource((kind,), "web", in_place, is_image, environment=stub.environment)
    opened = source.open_image(platform=None, known=NothingKnown(), progress=SilentProgress())
    return opened if isinstance(opened, Image) else opened.consume(lambda _name, _stream: None)


def read_own(image: Image) -> dict[str, EntryType]:
    """What the container's own layer tells, by path."""
    index = index_of_tar(drain(image.layers[-1].open(), 1 << 20))
    return {path: EntryType(index.types[number]) for number, path in enumerate(index.paths)}


def test_what_was_changed_is_a_layer_of_its_own(stub: EngineStub) -> None:
    """Over those of the image; unchanged files are not in it, and what is gone is a whiteout."""
    shown = [directory("etc"), file("etc/a", b"two"), file("etc/new", b"n"), file("etc/same", b"s")]
    start(stub, {"/etc": MODIFIED, "/etc/a": MODIFIED, "/etc/new": ADDED, "/etc/b": DELETED}, shown)
    image = open_container(stub)
    assert len(image.layers) == 2
    assert read_own(image) == {
        "etc": EntryType.DIRECTORY,
        "etc/a": EntryType.FILE,
        "etc/new": EntryType.FILE,
        "etc/b": EntryType.WHITEOUT,
    }
    assert image.reference == "docker-container:web"
    assert image.container is not None
    assert (image.container.name, image.container.own_layers) == ("web", 1)
    assert image.config.rootfs[-1] == image.layers[-1].diff_id
    assert [entry.created_by for entry in image.config.history][-1] == "container web"


def test_a_container_that_changed_nothing_has_its_images_layers(stub: EngineStub) -> None:
    """And is not exported at all."""
    start(stub, {})
    image = open_container(stub)
    assert (len(image.layers), image.config.rootfs) == (1, image.config.rootfs[:1])
    assert stub.count("/export") == 0
    assert open_container(stub, is_image=True).reference == "app:1"


def test_mounts_and_the_engines_files_are_left_out(stub: EngineStub) -> None:
    """Whatever the engine says of them."""
    mounted = [{"Destination": "/data"}, {"Destination": "/etc/conf/one"}]
    paths = [
        "/data",
        "/data/x",
        "/etc/hosts",
        "/proc",
        "/dev/null",
        "/etc/conf/one",
        "/run/secrets/a",
        "/mem/x",
        "/kept",
    ]
    shown = [file(path.strip("/"), b"x") for path in paths if path != "/data"]
    start(stub, dict.fromkeys(paths, ADDED), shown, Mounts=mounted, HostConfig={"Tmpfs": {"/mem": ""}})
    assert read_own(open_container(stub)) == {"kept": EntryType.FILE}


def test_a_file_that_went_before_the_export_is_gone(stub: EngineStub) -> None:
    """One that was the image's; one that had only come was never there."""
    start(stub, {"/etc/a": MODIFIED, "/etc/new": ADDED}, [directory("etc")])
    assert read_own(open_container(stub)) == {"etc/a": EntryType.WHITEOUT}


def test_what_lay_in_a_folder_that_is_a_file_now_needs_no_whiteout(stub: EngineStub) -> None:
    """None could be below a file."""
    start(stub, {"/etc": MODIFIED, "/etc/a": DELETED}, [file("etc", b"x")])
    assert read_own(open_container(stub)) == {"etc": EntryType.FILE}


def test_a_hard_link_to_a_file_that_was_not_changed_leads_to_it(stub: EngineStub) -> None:
    """The export has the content once, under the name that comes first."""
    start(stub, {"/etc/link": ADDED}, [file("etc/a", b"one"), hardlink("etc/link", "etc/a")])
    image = open_container(stub)
    index = index_of_tar(drain(image.layers[-1].open(), 1 << 20))
    assert (list(index.paths), index.links) == (["etc/link"], {0: "etc/a"})


def test_a_name_that_is_no_utf_8_is_found(stub: EngineStub) -> None:
    """The engine's JSON has another character in its place."""
    start(stub, {"/etc/\ufffd\ufffd": ADDED}, [file("etc/\udcff\udcfe", b"x")])
    assert list(read_own(open_container(stub))) == ["etc/\udcff\udcfe"]


def test_where_the_changes_are_not_known_everything_is_taken(stub: EngineStub) -> None:
    """Folders over nothing, so that what is gone is gone; the report says why."""
    start(stub, None, [directory("etc"), file("etc/a", b"one")])
    image = open_container(stub)
    assert read_own(image) == {"etc": EntryType.OPAQUE, "etc/a": EntryType.FILE}
    assert any("not a directory" in note for note in image.notes)


def test_settings_are_those_it_was_started_with(stub: EngineStub) -> None:
    """What only says how it is attached to its host is none."""
    config = {"Image": "app:1", "Env": ["A=2", "B=3"], "Cmd": ["other"], "User": "7", "Hostname": "x", "Tty": True}
    start(stub, {}, Config=config)
    runtime = open_container(stub).config.runtime
    assert (runtime.env, runtime.cmd, runtime.user) == (("A=2", "B=3"), ("other",), "7")
    assert b"Hostname" not in open_container(stub).config.content


def test_what_podman_makes_up_is_no_setting(stub: EngineStub) -> None:
    """Its own variables, and defaults that nobody chose; variables that the image has stay."""
    stub.version = podman_version()
    config = {
        "Image": "app:1", "Env": ["A=1", "TERM=xterm", "container=podman", "HOSTNAME=c", "HOME=/"], "Cmd": ["serve"],
        "Entrypoint": [], "WorkingDir": "/", "StopSignal": "15",
    }  # fmt: skip
    start(stub, {}, Config=config)
    assert open_container(stub).config.runtime == open_container(stub, is_image=True).config.runtime


@pytest.mark.parametrize(
    "inspected",
    [[], {}, {"Id": "x"}, {"Id": "x", "Image": "y", "Config": None}, {"Id": "x", "Image": "y", "Config": 1}],
)
def test_an_answer_that_is_no_container_is_the_engines_failure(stub: EngineStub, inspected: Any) -> None:
    """Named with what was expected."""
    stub.containers["web"] = StubContainer(inspected)
    with pytest.raises(EngineError, match="expected a container with Id, Image and Config"):
        open_container(stub)


@pytest.mark.parametrize("cut", [100, 600, 1300])
def test_an_export_that_breaks_off_is_no_container(stub: EngineStub, cut: int) -> None:
    """In a header, or in a file's content."""
    start(stub, {"/etc/a": MODIFIED}, [file("etc/a", b"x" * 3000)])
    container = stub.containers["c" * 64]
    container.export = container.export[:cut]
    with pytest.raises((SourceError, ImageError), match="it ends in the middle of"):
        open_container(stub)


def test_damage_in_an_export_is_named(stub: EngineStub) -> None:
    """A header whose checksum is wrong."""
    start(stub, {"/etc/a": MODIFIED}, [file("etc/a", b"x")])
    stub.containers["c" * 64].export = b"x" * 2048
    with pytest.raises(ImageError, match="checksum"):
        open_container(stub)


def test_an_image_that_is_gone_is_named(stub: EngineStub) -> None:
    """A container outlives it where the engine was told so."""
    start(stub, {})
    stub.images.clear()
    with pytest.raises(SourceError, match="does not have its image app:1 any more"):
        open_container(stub)


def test_a_missing_container_says_who_was_asked(stub: EngineStub) -> None:
    """Both engines, and how an image of such a name is written."""
    source = ContainerSource(("docker", "podman"), "nobody", environment=stub.environment)
    with pytest.raises(ContainerNotFoundError, match=r"has no container nobody; .*write docker:container:nobody"):
        source.open_image(platform=None, known=NothingKnown(), progress=SilentProgress())


@pytest.mark.parametrize(
    "text", ["container:web", "container://web", "docker-container:web", "podman-container:c0ffee"]
)
def test_a_scheme_names_a_container(text: str) -> None:
    """Each is a source of its own."""
    assert is_container(text)
    assert text.replace("//", "") in select_source(text).describe
    assert select_started(text).describe.startswith("the image of ")


@pytest.mark.parametrize("text", ["container:", "container:../x", "container:a b", "docker-container:-x"])
def test_what_cannot_be_a_containers_name_is_refused(text: str) -> None:
    """Before any engine is asked."""
    with pytest.raises(UsageError):
        select_source(text)


def test_an_image_called_container_is_had_by_a_scheme() -> None:
    """As one that is called docker."""
    assert not is_container("docker:container:web")
    with pytest.raises(LayerscopeError):
        select_source("container:web@sha256:1")


@pytest.mark.parametrize(
    ("root", "more", "why"),
    [
        ("engine", {"HostConfig": {"UsernsMode": "auto"}}, "user namespace"),
        ("100000.100000", {}, "user namespace"),
        ("engine", {"GraphDriver": {"Data": None}}, "keeps no folder"),
        ("engine", {"GraphDriver": {"Data": {"UpperDir": "/etc"}}}, "does not lie in the engine's storage"),
        ("engine", {}, "No such file"),
    ],
)
def test_files_that_cannot_be_read_in_place_are_exported(
    stub: EngineStub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, root: str, more: dict[str, Any], why: str
) -> None:
    """And the report says why."""
    monkeypatch.setattr("os.geteuid", lambda: 0)
    stub.info = {"Driver": "overlay2", "DockerRootDir": str(tmp_path / root)}
    upper = {"Data": {"UpperDir": str(tmp_path / root / "overlay2/x/diff")}}
    start(stub, {"/etc/a": MODIFIED}, [file("etc/a", b"x")], **{"GraphDriver": upper} | more)
    image = open_container(stub, "auto")
    assert read_own(image) == {"etc/a": EntryType.FILE}
    assert any(why in note for note in image.notes)


def test_a_folder_of_its_own_files_is_read_in_place(
    stub: EngineStub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is exported of the container."""
    monkeypatch.setattr("os.geteuid", lambda: 0)
    upper = tmp_path / "storage/overlay2/x/diff"
    (upper / "etc").mkdir(parents=True)
    (upper / "etc/new").write_text("x")
    stub.info = {"Driver": "overlay2", "DockerRootDir": str(tmp_path / "storage")}
    start(stub, None, GraphDriver={"Data": {"UpperDir": str(upper)}})
    assert read_own(open_container(stub, "auto")) == {"etc": EntryType.DIRECTORY, "etc/new": EntryType.FILE}
    assert stub.count("/export") == 0
