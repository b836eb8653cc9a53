"""A repository of a registry that nobody asks: all there is of it is what earlier audits kept."""

from typing import NoReturn

from layerscope.errors import TransferError
from layerscope.image.digest import Digest


class OfflineRepository:
    """Answers every request with an error that says what is missing."""

    def __init__(self, where: str) -> None:
        """`where` names registry and repository."""
        self.where = where

    def read_manifest(self, reference: str) -> NoReturn:
        """Raise TransferError."""
        raise self._miss(f"the manifest {reference}")

    def read_blob(self, digest: Digest) -> NoReturn:
        """Raise TransferError."""
        raise self._miss(f"the blob {digest}")

    def carries_blob(self, digest: Digest) -> bool:
        """Nothing is carried that nobody is asked for."""
        del digest
        return False

    def open_blob(self, digest: Digest, offset: int, stop: int | None = None) -> NoReturn:
        """Raise TransferError."""
        del offset, stop
        raise self._miss(f"the layer {digest}")

    def _miss(self, what: str) -> TransferError:
        return TransferError(f"{what} of {self.where} is not in the cache, and --offline asks nobody for it")
