"""A media type: what a descriptor says its content is, in Docker's or OCI's words."""

from typing import Final

from msgspec import Struct

_OCI: Final = "application/vnd.oci.image"
_DOCKER: Final = "application/vnd.docker"


class MediaType(Struct, frozen=True, order=True):
    """A media type as written; unknown ones answer no to every question."""

    text: str

    @property
    def is_manifest(self) -> bool:
        """Whether it names one platform's image manifest."""
        return self in (OCI_MANIFEST, DOCKER_MANIFEST)

    @property
    def is_index(self) -> bool:
        """Whether it names a list of manifests: an OCI index or Docker's manifest list."""
        return self in (OCI_INDEX, DOCKER_MANIFEST_LIST)

    @property
    def is_schema1(self) -> bool:
        """Whether it names Docker's first manifest format, which has no config and no DiffIDs."""
        return self.text.startswith(f"{_DOCKER}.distribution.manifest.v1+")

    @property
    def is_config(self) -> bool:
        """Whether it names an image config."""
        return self in (OCI_CONFIG, DOCKER_CONFIG)

    @property
    def is_layer(self) -> bool:
        """Whether it names a layer's tar, compressed in any way, distributable or not, encrypted or not."""
        return self.text.startswith(_LAYER_PREFIXES)

    @property
    def is_foreign(self) -> bool:
        """Whether it names a layer that must not be pushed, so that its bytes may be nowhere in the image."""
        return self.text.startswith(_FOREIGN_PREFIXES)

    @property
    def is_attestation(self) -> bool:
        """Whether it names an in-toto statement, which builders attach as if it were a layer."""
        return self.text == "application/vnd.in-toto+json"

    @property
    def compression(self) -> str | None:
        """`gzip`, `zstd` or `none` for a layer whose media type tells, None otherwise."""
        if not self.is_layer:
            return None
        suffix = self.text.rpartition("tar")[2]
        return _COMPRESSIONS.get(suffix)

    def __str__(self) -> str:
        return self.text


OCI_MANIFEST: Final = MediaType(f"{_OCI}.manifest.v1+json")
OCI_INDEX: Final = MediaType(f"{_OCI}.index.v1+json")
OCI_CONFIG: Final = MediaType(f"{_OCI}.config.v1+json")
OCI_LAYER: Final = MediaType(f"{_OCI}.layer.v1.tar")
OCI_LAYER_GZIP: Final = MediaType(f"{_OCI}.layer.v1.tar+gzip")
OCI_LAYER_ZSTD: Final = MediaType(f"{_OCI}.layer.v1.tar+zstd")
OCI_FOREIGN_LAYER: Final = MediaType(f"{_OCI}.layer.nondistributable.v1.tar")
OCI_FOREIGN_LAYER_GZIP: Final = MediaType(f"{_OCI}.layer.nondistributable.v1.tar+gzip")
OCI_FOREIGN_LAYER_ZSTD: Final = MediaType(f"{_OCI}.layer.nondistributable.v1.tar+zstd")
OCI_EMPTY: Final = MediaType("application/vnd.oci.empty.v1+json")
DOCKER_MANIFEST: Final = MediaType(f"{_DOCKER}.distribution.manifest.v2+json")
DOCKER_MANIFEST_LIST: Final = MediaType(f"{_DOCKER}.distribution.manifest.list.v2+json")
DOCKER_CONFIG: Final = MediaType(f"{_DOCKER}.container.image.v1+json")
DOCKER_LAYER: Final = MediaType(f"{_DOCKER}.image.rootfs.diff.tar")
DOCKER_LAYER_GZIP: Final = MediaType(f"{_DOCKER}.image.rootfs.diff.tar.gzip")
DOCKER_LAYER_ZSTD: Final = MediaType(f"{_DOCKER}.image.rootfs.diff.tar.zstd")
DOCKER_FOREIGN_LAYER: Final = MediaType(f"{_DOCKER}.image.rootfs.foreign.diff.tar")
DOCKER_FOREIGN_LAYER_GZIP: Final = MediaType(f"{_DOCKER}.image.rootfs.foreign.diff.tar.gzip")

_FOREIGN_PREFIXES: Final = (OCI_FOREIGN_LAYER.text, DOCKER_FOREIGN_LAYER.text)
_LAYER_PREFIXES: Final = (OCI_LAYER.text, DOCKER_LAYER.text, *_FOREIGN_PREFIXES)
_COMPRESSIONS: Final = {"": "none", "+gzip": "gzip", ".gzip": "gzip", "+zstd": "zstd", ".zstd": "zstd"}
