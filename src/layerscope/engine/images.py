"""Images as an engine knows them: inspected, and exported as one tar stream."""

import json
from collections.abc import Iterable
from types import TracebackType
from typing import TYPE_CHECKING, Self

from msgspec import Struct

from layerscope.engine.client import ANSWER_SECONDS, CONNECT_SECONDS, Engine, quote_name
from layerscope.engine.failure import explaining, find_refusal
from layerscope.errors import EngineError, ImageNotFoundError

if TYPE_CHECKING:
    from requests import Response

FIRST_BYTE_SECONDS = 1800.0
"""An engine of 20.10 writes the whole export to disk first: 9 s a GB measured, more on a slow disk."""
STALL_SECONDS = 300.0
"""Once bytes flow, an engine that sends none for five minutes is taken for hung."""
REMOVE_SECONDS = 600.0
"""Removing an image of many GB deletes its files."""
HTTP_OK, HTTP_CREATED, HTTP_NOT_FOUND = 200, 201, 404


class InspectedImage(Struct, frozen=True):
    """What an engine says of an image, unproved.

    `id` is the config's digest in a classic store, and the manifest's or index's digest in the containerd store.
    """

    id: str
    diff_ids: tuple[str, ...]
    tags: tuple[str, ...]
    os: str
    architecture: str
    variant: str
    triggers: tuple[str, ...] = ()
    """What ONBUILD has done by a build that starts from it."""


def inspect_image(engine: Engine, name: str) -> InspectedImage:
    """Return what the engine says of the image called `name`; raises ImageNotFoundError or EngineError."""
    task = f"inspecting image {name}"
    answer = engine.fetch(f"/images/{quote_name(name)}/json", task=task, missing_is_none=True)
    if answer is None:
        raise ImageNotFoundError(f"{engine.name} at {engine.endpoint} has no image {name}")
    try:
        return _parse_inspected(answer)
    except (AttributeError, KeyError, TypeError) as error:
        words = "expected an image with Id and RootFS.Layers"
        raise EngineError(f"{task}: {words} from the engine at {engine.endpoint}") from error


def open_export(engine: Engine, image: str, *, stall: float = STALL_SECONDS) -> "ExportStream":
    """Open the engine's `save` of an image as one tar stream; the first byte may take minutes. Raises EngineError.

    An image for several platforms comes with all that the engine has: asked for one of them, engines from 28 on leave
    out the index, which is what the image's ID is the digest of.
    """
    task = f"exporting image {image}"
    path = f"/images/{quote_name(image)}/get"
    response = engine.open_stream(path, task=task, first_byte=FIRST_BYTE_SECONDS)
    return ExportStream(response, task=f"{task} from {engine.name} at {engine.endpoint}", stall=stall)


def load_image(engine: Engine, archive: Iterable[bytes], *, name: str) -> None:
    """Have the engine load an archive that `docker save` could have written; raises EngineError."""
    task = f"loading {name}"
    response = engine.post_stream("/images/load?quiet=1", archive, task=task, wait=FIRST_BYTE_SECONDS)
    for line in response.text.splitlines():
        try:
            answer = json.loads(line) if line.startswith("{") else {}
        except ValueError as error:
            raise EngineError(f"{task}: expected lines of JSON from {engine.name}, got {line[:100]!r}") from error
        if "error" in answer:
            raise EngineError(f"{task}: {engine.name} says: {str(answer['error'])[:500]}")


def tag_image(engine: Engine, image: str, repository: str, tag: str) -> None:
    """Give an image one more name, which may have been another image's; raises EngineError."""
    task = f"naming image {image}"
    url = engine.url(f"/images/{quote_name(image)}/tag")
    with explaining(task, engine.endpoint, "waiting for the answer"):
        response = engine.client.post(
            url,
            params={"repo": repository, "tag": tag},
            timeout=(CONNECT_SECONDS, ANSWER_SECONDS),
            verify=engine.client.verify,
        )
    if response.status_code not in {HTTP_OK, HTTP_CREATED}:
        raise EngineError(f"{task}: {engine.name} says: {find_refusal(response)}")


def remove_image(engine: Engine, name: str) -> None:
    """Take a name from an image, and delete what has no other; one that is gone is as good. Raises EngineError."""
    task = f"removing image {name}"
    url = engine.url(f"/images/{quote_name(name)}")
    with explaining(task, engine.endpoint, "waiting for the answer"):
        response = engine.client.delete(url, timeout=(CONNECT_SECONDS, REMOVE_SECONDS), verify=engine.client.verify)
    if response.status_code not in {HTTP_OK, HTTP_NOT_FOUND}:
        raise EngineError(f"{task}: {engine.name} says: {find_refusal(response)}")


class ExportStream:
    """The bytes of an export; closing it closes the connection, whatever is left."""

    def __init__(self, response: "Response", *, task: str, stall: float) -> None:
        """Take over an answer whose headers have arrived."""
        self._response = response
        self._task = task
        self._stall = stall
        self._count = 0
        connection = getattr(response.raw, "connection", None)
        socket = getattr(connection, "sock", None)
        if socket is not None:  # from here on, waiting means a stall
            socket.settimeout(stall)

    def read(self, size: int, /) -> bytes:
        """Return up to `size` bytes, and no bytes only at the end; raises EngineError when the engine breaks off."""
        import urllib3.exceptions

        try:
            chunk: bytes = self._response.raw.read(size, decode_content=False)
        except (TimeoutError, urllib3.exceptions.TimeoutError) as error:
            raise EngineError(f"{self._task}: stalled for {self._stall:g} s after {self._count} bytes") from error
        except (OSError, urllib3.exceptions.HTTPError) as error:
            raise EngineError(f"{self._task}: the engine broke off after {self._count} bytes") from error
        self._count += len(chunk)
        return chunk

    def close(self) -> None:
        """Close the connection, which makes the engine stop sending."""
        self._response.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _parse_inspected(answer: object) -> InspectedImage:
    if not isinstance(answer, dict):
        raise TypeError(type(answer).__name__)
    layers = (answer.get("RootFS") or {}).get("Layers") or ()
    return InspectedImage(
        id=_spell_id(str(answer["Id"])),
        diff_ids=tuple(str(layer) for layer in layers),
        tags=tuple(str(tag) for tag in answer.get("RepoTags") or ()),
        os=str(answer.get("Os") or ""),
        architecture=str(answer.get("Architecture") or ""),
        variant=str(answer.get("Variant") or ""),
        triggers=tuple(str(each) for each in (answer.get("Config") or {}).get("OnBuild") or ()),
    )


def _spell_id(text: str) -> str:
    """Return the id with its algorithm, which podman's older versions leave out."""
    return text if ":" in text else f"sha256:{text}"
