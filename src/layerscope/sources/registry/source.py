"""An image in a registry."""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial

from layerscope.errors import ImageNotFoundError, LoginError
from layerscope.image.attachment import Attached
from layerscope.image.digest import Digest
from layerscope.image.image import Image, KnownContent
from layerscope.image.platform import Platform
from layerscope.image.reference import Reference
from layerscope.progress import Progress
from layerscope.sources.oci_image import open_described_image
from layerscope.sources.registry.client import RegistryClient
from layerscope.sources.registry.contents import RegistryContents
from layerscope.sources.registry.credentials import Credential
from layerscope.sources.registry.endpoint import Endpoint
from layerscope.sources.registry.lookup import Access, Top, look_up
from layerscope.sources.registry.offline import OfflineRepository
from layerscope.sources.registry.referrers import list_referrers
from layerscope.sources.registry.repository import Repository
from layerscope.sources.request import ImageRequest


@dataclass(frozen=True)
class RegistrySource:
    """An image by its reference, asked for at its registry; a digest in the reference is what the bytes must have."""

    reference: Reference
    insecure: bool = False
    """Whether the registry is asked in the clear, wherever it is."""
    offline: bool = False
    """Whether nobody is asked, and the cache answers alone."""
    credential: Credential | None = None
    """Who to be there; looked for where docker and podman keep it, if it is not given."""
    hint: str = ""
    """What else may have been meant."""
    environment: Mapping[str, str] = field(default_factory=lambda: os.environ, repr=False)

    @property
    def describe(self) -> str:
        """How the user would write it."""
        return f"registry:{self.reference}"

    def open_image(self, *, platform: Platform | None, known: KnownContent, progress: Progress) -> Image:
        """Open the image: manifest, index and config are fetched and verified, layers when they are read."""
        repository, top = self._recall(known) if self.offline else self._look_up(known, progress)
        contents = RegistryContents(repository, known, {top.descriptor.digest: top.content}, progress=progress)
        request = ImageRequest(str(self.reference), platform=platform)
        place = repository.where.partition("/")[0]
        source = f"registry ({place}{', from the cache alone' if self.offline else ''})"
        image = open_described_image(contents, (top.descriptor,), request, source=source)
        named = top.descriptor.digest if top.descriptor.media_type.is_index else None
        if isinstance(repository, OfflineRepository):
            repository.note_missing(
                layer.descriptor.digest
                for layer in image.layers
                if layer.descriptor is not None and not known.has_layer(layer.diff_id)
            )
        image = replace(image, index_digest=named)  # the one that the reference leads to, which may list others
        if not isinstance(repository, RegistryClient) or image.manifest_digest is None:
            return image
        listed = partial(_list_attached, image.list_attached, repository, image.manifest_digest, named)
        return replace(image, list_attached=listed)

    def _look_up(self, known: KnownContent, progress: Progress) -> tuple[Repository, Top]:
        """Who has the image, and what the reference names, kept for later; an error tells what else was meant."""
        access = Access(self.environment, self.insecure, self.credential)
        try:
            client, top = look_up(self.reference, access, progress=progress)
        except (ImageNotFoundError, LoginError) as error:
            if not self.hint:
                raise
            raise type(error)(f"{error}; {self.hint}") from error
        known.keep_document(top.content, top.descriptor.digest.algorithm)
        known.keep_name(str(self.reference), top.descriptor.digest)
        return client, top

    def _recall(self, known: KnownContent) -> tuple[Repository, Top]:
        """What an earlier audit kept of the reference; raises TransferError where that is nothing."""
        host = Endpoint.of(self.reference.registry).host
        repository = OfflineRepository(f"{host}/{self.reference.repository}")
        digest = self.reference.digest or known.find_name(str(self.reference))
        content = known.find_document(digest) if digest is not None else None
        if content is None:
            repository.read_manifest(str(self.reference.digest or self.reference.tag))
        return repository, Top.of(content, None, digest, where=str(self.reference))


def _list_attached(
    listed: Callable[[], Attached], repository: RegistryClient, manifest: Digest, index: Digest | None
) -> Attached:
    """What the image's index lists, and what the registry knows besides, as far as it can be asked."""
    own, more = listed(), list_referrers(repository, manifest, index)
    return Attached((*own.found, *more.found), own.trouble or more.trouble)
