"""An image by its bare name: the engines of this host one after the other, then its registry."""

from dataclasses import dataclass, replace
from typing import Final

from layerscope.errors import (
    ConfigurationError,
    EngineError,
    ImageNotFoundError,
    NoEngineError,
    PlatformNotFoundError,
    SourceError,
)
from layerscope.image.image import Image, ImageStream, KnownContent
from layerscope.image.platform import Platform
from layerscope.progress import Progress
from layerscope.sources.source import Source

REGISTRY: Final = "registry"
"""The kind of the last source, which is asked over the network."""

_ENGINE_FAILURES: Final = (ImageNotFoundError, EngineError, ConfigurationError)
"""What an engine may answer without keeping the next one from being asked."""

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
        """Open the image where it is found first; raises ImageNotFoundError, which says what was tried.

        That is a ConfigurationError where the configuration of an engine is broken, and the others do not have it.
        """
        failures: list[tuple[str, SourceError | ConfigurationError]] = []
        for kind, source in self.sources:
            if kind == REGISTRY and any(_may_have_it(error) for _, error in failures):
                break  # an engine that could not answer may have the very image that is meant
            try:
                opened = source.open_image(platform=platform, known=known, progress=progress)
            except PlatformNotFoundError:
                raise
            except (SourceError, ConfigurationError) as error:
                is_told = isinstance(error, SourceError if kind == REGISTRY else _ENGINE_FAILURES)
                if not is_told:
                    raise
                failures.append((kind, error))
                continue
            if kind == REGISTRY and isinstance(opened, Image):
                note = f"no engine of this host has {self.name}: it is the registry's image"
                return replace(opened, notes=(note, *opened.notes))
            return opened
        ordered = sorted(failures, key=lambda failure: failure[0] != REGISTRY)  # who was asked by name comes first
        told = "; ".join(_tell_failure(kind, error) for kind, error in ordered)
        if self.attempts:
            message = f"{'; '.join(self.attempts)}; as a name, {self.name!r} is not here: {told}"
        else:
            message = f"{self.name!r} is not here: {told}; there is no such file"
        message = f"{message}; try {self._advise(failures)}"
        errors = [error for _, error in failures]
        is_broken = any(isinstance(error, ConfigurationError) for error in errors)
        kind_of_error = ConfigurationError if is_broken else ImageNotFoundError
        raise kind_of_error(message) from ExceptionGroup("what was tried", errors)

    def _advise(self, failures: list[tuple[str, SourceError | ConfigurationError]]) -> str:
        """What else may be tried: fetching it where an engine answers, else the schemes that need none."""
        kinds = (kind for kind, error in failures if kind != REGISTRY and isinstance(error, ImageNotFoundError))
        answering = next(kinds, None)
        if answering is not None and not any(kind == REGISTRY for kind, _ in failures):
            return f"`{answering} pull {self.name}`, {_FILES}"
        return f"{_FILES}, or set DOCKER_HOST"


def _may_have_it(error: SourceError | ConfigurationError) -> bool:
    """Whether an engine failed in a way that says nothing about the image."""
    return not isinstance(error, ImageNotFoundError | NoEngineError)


def _tell_failure(kind: str, error: SourceError | ConfigurationError) -> str:
    """Why an engine did not give the image, in few words where they are enough; --debug shows all of them."""
    match error:
        case NoEngineError() if kind == "docker":
            return f"no Docker engine answers ({error.place})"
        case NoEngineError():
            return f"{kind} is not running"
        case ImageNotFoundError() if kind != REGISTRY:
            return f"{kind} has no such image"
        case _:
            return str(error) if kind == REGISTRY else f"{kind}: {error}"
