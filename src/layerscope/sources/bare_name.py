"""An image by its bare name: the engines of this host, one after the other."""

from dataclasses import dataclass
from typing import Final

from layerscope.errors import EngineError, ImageNotFoundError, NoEngineError, SourceError
from layerscope.image.image import Image, ImageStream, KnownContent
from layerscope.image.platform import Platform
from layerscope.progress import Progress
from layerscope.sources.source import Source

NO_REGISTRY: Final = "reading from a registry is not available in this version"

_FILES: Final = "docker-archive:FILE, oci-archive:FILE, oci-dir:DIR"


@dataclass(frozen=True, slots=True)
class BareNameSource:
    """The first of several sources that has an image of that name; `attempts` are what failed before any of them."""

    name: str
    sources: tuple[tuple[str, Source], ...]
    attempts: tuple[str, ...] = ()

    @property
    def describe(self) -> str:
        """The name as written."""
        return self.name

    def open_image(self, *, platform: Platform | None, known: KnownContent, progress: Progress) -> Image | ImageStream:
        """Open the image where it is found first; raises ImageNotFoundError, which says what was tried."""
        failures: list[tuple[str, SourceError]] = []
        for kind, source in self.sources:
            try:
                return source.open_image(platform=platform, known=known, progress=progress)
            except (ImageNotFoundError, EngineError) as error:
                failures.append((kind, error))
        told = ", ".join(_tell_failure(kind, error) for kind, error in failures)
        if self.attempts:
            message = f"{'; '.join(self.attempts)}; as a name, {self.name!r} is not here: {told}"
        else:
            message = f"{self.name!r} is not here: {told}, no such file"
        message = f"{message}; try {self._advise(failures)}"
        raise ImageNotFoundError(message) from ExceptionGroup("what was tried", [error for _, error in failures])

    def _advise(self, failures: list[tuple[str, SourceError]]) -> str:
        """What else may be tried: fetching it where an engine answers, else the schemes that need none."""
        answering = next((kind for kind, error in failures if isinstance(error, ImageNotFoundError)), None)
        if answering is not None:
            return f"`{answering} pull {self.name}`, {_FILES}"
        return f"{_FILES}, or set DOCKER_HOST"


def _tell_failure(kind: str, error: SourceError) -> str:
    """Why an engine did not give the image, in few words where they are enough; --debug shows all of them."""
    match error:
        case NoEngineError() if kind == "docker":
            return f"no Docker engine answers ({error.place})"
        case NoEngineError():
            return f"{kind} is not running"
        case ImageNotFoundError():
            return f"{kind} has no such image"
        case _:
            return f"{kind}: {error}"
