"""Images are inspected and exported; a stream that stalls or breaks says so."""

import pytest

from layerscope.engine.client import connect
from layerscope.engine.images import InspectedImage, inspect_image, open_export
from layerscope.errors import EngineError, ImageNotFoundError
from support.engine_stub import EngineStub, StubImage

ID = "sha256:" + "a" * 64
INSPECTED = {
    "Id": ID,
    "RepoTags": ["app:1"],
    "Os": "linux",
    "Architecture": "arm64",
    "Variant": "v8",
    "RootFS": {"Type": "layers", "Layers": ["sha256:" + "b" * 64]},
}
EXPORT = bytes(range(256)) * 1000


def test_an_image_is_inspected(stub: EngineStub) -> None:
    """What the engine says is taken over as it is."""
    stub.images["registry:5000/team/app:1"] = StubImage(INSPECTED)
    with connect(stub.endpoint) as engine:
        found = inspect_image(engine, "registry:5000/team/app:1")
    assert found == InspectedImage(ID, ("sha256:" + "b" * 64,), ("app:1",), "linux", "arm64", "v8")


def test_an_id_without_algorithm_is_completed(stub: EngineStub) -> None:
    """Older podman gives the hexadecimal digits alone."""
    stub.images["app"] = StubImage(INSPECTED | {"Id": "a" * 64})
    with connect(stub.endpoint) as engine:
        assert inspect_image(engine, "app").id == ID


def test_a_missing_image_is_named_with_its_engine(stub: EngineStub) -> None:
    """The error says which engine was asked, and where it listens."""
    with (
        connect(stub.endpoint) as engine,
        pytest.raises(ImageNotFoundError, match=r"docker engine 20\.10\.24 at unix://.* has no image app:2"),
    ):
        inspect_image(engine, "app:2")


@pytest.mark.parametrize("answer", [{}, {"Id": ID, "RootFS": ["a"]}, {"Id": ID, "RootFS": {"Layers": 3}}])
def test_an_answer_that_describes_no_image_is_an_error(stub: EngineStub, answer: dict[str, object]) -> None:
    """An engine that answers something else is not trusted to have meant an image."""
    stub.images["app"] = StubImage(answer)
    with connect(stub.endpoint) as engine, pytest.raises(EngineError, match=r"expected an image with Id and RootFS"):
        inspect_image(engine, "app")


def test_an_export_comes_whole(stub: EngineStub) -> None:
    """Every byte that the engine sends arrives, in pieces no larger than asked for."""
    stub.images[ID] = StubImage(INSPECTED, EXPORT)
    with connect(stub.endpoint) as engine, open_export(engine, ID) as stream:
        pieces = list(iter(lambda: stream.read(10_000), b""))
    assert b"".join(pieces) == EXPORT
    assert max(map(len, pieces)) <= 10_000


def test_an_export_that_breaks_off_says_where(stub: EngineStub) -> None:
    """A connection that closes early is never taken for the end."""
    stub.images[ID] = StubImage(INSPECTED, EXPORT)
    stub.breaks_off_after = 131_072
    with connect(stub.endpoint) as engine, open_export(engine, ID) as stream:
        assert len(stream.read(131_072)) == 131_072
        with pytest.raises(EngineError, match="the engine broke off after 131072 bytes"):
            stream.read(1)


def test_an_export_that_stalls_says_for_how_long(stub: EngineStub) -> None:
    """An engine that sends nothing more is left after a while."""
    stub.images[ID] = StubImage(INSPECTED, EXPORT)
    stub.stalls_after = 65_536
    with connect(stub.endpoint) as engine, open_export(engine, ID, stall=0.05) as stream:
        assert len(stream.read(65_536)) == 65_536
        with pytest.raises(EngineError, match=r"stalled for 0\.05 s after 65536 bytes"):
            stream.read(1)


def test_a_refused_export_is_told_in_the_engines_words(stub: EngineStub) -> None:
    """An engine finds damage in its own storage only when it exports."""
    stub.failure = (500, b'{"message": "could not verify layer data"}')
    with (
        connect(stub.endpoint) as engine,
        pytest.raises(EngineError, match=r"exporting image .* answered 500: could not verify layer data"),
    ):
        open_export(engine, ID)
