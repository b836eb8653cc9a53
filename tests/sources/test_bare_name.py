"""Bare names, looked for in one engine after the other."""

from dataclasses import dataclass, field
from pathlib import Path

import pytest

from layerscope.errors import (
    ConfigurationError,
    EngineError,
    ImageNotFoundError,
    LayerscopeError,
    NoEngineError,
    PlatformNotFoundError,
)
from layerscope.image.image import Image, KnownContent
from layerscope.image.platform import Platform
from layerscope.progress import Progress, SilentProgress
from layerscope.sources.bare_name import BareNameSource
from support.archives import NothingKnown, open_image, pack, saved


@dataclass
class Engine:
    """An engine that has an image, or answers with an error."""

    answer: Image | LayerscopeError
    asked: list[Platform | None] = field(default_factory=list)

    @property
    def describe(self) -> str:
        """Its name."""
        return "engine"

    def open_image(self, *, platform: Platform | None, known: KnownContent, progress: Progress) -> Image:
        """Answer."""
        del known, progress
        self.asked.append(platform)
        if isinstance(self.answer, LayerscopeError):
            raise self.answer
        return self.answer


@pytest.fixture
def image(tmp_path: Path) -> Image:
    """Any image."""
    (tmp_path / "image.tar").write_bytes(pack(saved()))
    return open_image(tmp_path / "image.tar")


def open_name(docker: Engine, podman: Engine, *attempts: str) -> object:
    """Look for a name in two engines."""
    source = BareNameSource("app:1", (("docker", docker), ("podman", podman)), attempts)
    assert source.describe == "app:1"
    return source.open_image(platform=Platform("linux", "arm64"), known=NothingKnown(), progress=SilentProgress())


def test_first_engine_that_has_it_gives_it(image: Image) -> None:
    """The second is not asked."""
    docker, podman = Engine(image), Engine(image)
    assert open_name(docker, podman) is image
    assert (docker.asked, podman.asked) == ([Platform("linux", "arm64")], [])


@pytest.mark.parametrize(
    "error", [ImageNotFoundError("no image"), EngineError("no engine"), ConfigurationError("no JSON")]
)
def test_second_engine_is_asked_where_the_first_has_none(image: Image, error: LayerscopeError) -> None:
    """Whether it lacks the image or is not there itself."""
    assert open_name(Engine(error), Engine(image)) is image


def test_everything_that_was_tried_is_told() -> None:
    """Each place with its own answer, and what may be tried next."""
    docker, podman = Engine(ImageNotFoundError("docker engine has no image app:1")), Engine(EngineError("no socket"))
    with pytest.raises(ImageNotFoundError) as raised:
        open_name(docker, podman, "app is a directory without index.json")
    assert str(raised.value) == (
        "app is a directory without index.json; as a name, 'app:1' is not here: docker has no such image; "
        "podman: no socket; "
        "try `docker pull app:1`, docker-archive:FILE, oci-archive:FILE, oci-dir:DIR"
    )


def test_without_an_engine_the_message_is_short() -> None:
    """One line that names the socket and the schemes that need no engine; the errors themselves are its cause."""
    docker = Engine(NoEngineError("connecting to …: nothing listens there", place="/var/run/docker.sock"))
    podman = Engine(NoEngineError("connecting to …: nothing listens there", place="/run/podman/podman.sock"))
    with pytest.raises(ImageNotFoundError) as raised:
        open_name(docker, podman)
    assert str(raised.value) == (
        "'app:1' is not here: no Docker engine answers (/var/run/docker.sock); podman is not running; there is no such "
        "file; "
        "try docker-archive:FILE, oci-archive:FILE, oci-dir:DIR, or set DOCKER_HOST"
    )
    cause = raised.value.__cause__
    assert isinstance(cause, ExceptionGroup)
    assert cause.exceptions == (docker.answer, podman.answer)


def test_image_for_another_platform_is_not_looked_for_elsewhere(image: Image) -> None:
    """It was found, and the answer says what there is."""
    podman = Engine(image)
    with pytest.raises(PlatformNotFoundError):
        open_name(Engine(PlatformNotFoundError("only linux/amd64")), podman)
    assert podman.asked == []


def ask_registry_too(docker: Engine, registry: Engine) -> object:
    """Look for a name in an engine and then in its registry."""
    source = BareNameSource("app:1", (("docker", docker), ("registry", registry)))
    return source.open_image(platform=None, known=NothingKnown(), progress=SilentProgress())


@pytest.mark.parametrize("error", [ImageNotFoundError("no image"), NoEngineError("nothing listens", place="x")])
def test_the_registry_is_asked_where_no_engine_has_the_name(image: Image, error: LayerscopeError) -> None:
    """And a person is told that it is the registry's."""
    found = ask_registry_too(Engine(error), Engine(image))
    assert isinstance(found, Image)
    assert found.notes[0] == "no engine of this host has app:1: it is the registry's image"


def test_the_registry_is_not_asked_where_an_engine_could_not_answer(image: Image) -> None:
    """It may have the very image: another one of that name is not what is meant."""
    registry = Engine(image)
    with pytest.raises(ImageNotFoundError, match="docker: answered 500"):
        ask_registry_too(Engine(EngineError("answered 500")), registry)
    assert registry.asked == []


def test_a_broken_configuration_is_no_missing_image() -> None:
    """Where the engines that could be asked do not have it, the file is to be mended first; no registry is asked."""
    docker, podman = Engine(ConfigurationError("reading config.json: no JSON")), Engine(ImageNotFoundError("none"))
    registry = Engine(ImageNotFoundError("not there"))
    sources = (("docker", docker), ("podman", podman), ("registry", registry))
    with pytest.raises(ConfigurationError, match=r"reading config\.json: no JSON; podman has no such image"):
        BareNameSource("app:1", sources).open_image(platform=None, known=NothingKnown(), progress=SilentProgress())
    assert registry.asked == []


def test_a_broken_configuration_of_registries_is_told_alone() -> None:
    """What the engines answered has nothing to do with it."""
    missing = Engine(ImageNotFoundError("none"))
    registry = Engine(ConfigurationError("reading registries.conf: no TOML"))
    sources = (("docker", missing), ("registry", registry))
    with pytest.raises(ConfigurationError, match=r"^reading registries\.conf: no TOML$"):
        BareNameSource("app:1", sources).open_image(platform=None, known=NothingKnown(), progress=SilentProgress())
