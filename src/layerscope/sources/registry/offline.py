"""A repository of a registry that nobody asks: all there is of it is what earlier audits kept."""

from collections.abc import Iterable
from typing import NoReturn

from layerscope.errors import OfflineError
from layerscope.image.digest import Digest


class OfflineRepository:
    """Answers every request with an error that says what is missing."""

    def __init__(self, where: str) -> None:
        """`where` names registry and repository."""
        self.where = where
        self._missing: tuple[Digest, ...] = ()

    def note_missing(self, layers: Iterable[Digest]) -> None:
        """Remember which layers' blobs the cache lacks, so that the error for the first of them names all."""
        self._missing = tuple(dict.fromkeys(layers))

    def read_manifest(self, reference: str) -> NoReturn:
        """Raise OfflineError."""
        raise self._miss(f"the manifest {reference}")

    def read_blob(self, digest: Digest) -> NoReturn:
        """Raise OfflineError."""
        raise self._miss(f"the blob {digest}")

    def carries_blob(self, digest: Digest) -> bool:
        """Nothing is carried that nobody is asked for."""
        del digest
        return False

    def open_blob(self, digest: Digest, offset: int, stop: int | None = None) -> NoReturn:
        """Raise OfflineError."""
        del offset, stop
        others = [str(other) for other in self._missing if other != digest]
        more = f"; neither are {', '.join(others)}" if others else ""
        raise self._miss(f"the layer {digest}", more)

    def _miss(self, what: str, more: str = "") -> OfflineError:
        return OfflineError(f"{what} of {self.where} is not in the cache, and --offline asks nobody for it{more}")
