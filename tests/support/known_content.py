"""What earlier audits left behind, in memory."""

from dataclasses import dataclass, field

from layerscope.image.descriptor import Descriptor
from layerscope.image.digest import Digest


@dataclass
class RememberedContent:
    """Keeps documents, and knows the layers that it is told of."""

    documents: dict[Digest, bytes] = field(default_factory=dict)
    layers: set[Digest] = field(default_factory=set)
    names: dict[str, Digest] = field(default_factory=dict)

    def find_document(self, digest: Digest) -> bytes | None:
        """A document that was kept."""
        return self.documents.get(digest)

    def keep_document(self, content: bytes, algorithm: str = "sha256") -> Digest:
        """Keep a document."""
        digest = Digest.of(content, algorithm)
        self.documents[digest] = content
        return digest

    def has_layer(self, diff_id: Digest) -> bool:
        """Whether the layer is known."""
        return diff_id in self.layers

    def open_part(self, blob: Descriptor) -> None:
        """Nothing is kept of blobs."""
        del blob

    def find_name(self, name: str) -> Digest | None:
        """Where a name led to."""
        return self.names.get(name)

    def keep_name(self, name: str, digest: Digest) -> None:
        """Keep where a name led to."""
        self.names[name] = digest

    def learn(self, *diff_ids: str) -> None:
        """Know these layers from now on."""
        self.layers.update(map(Digest.parse, diff_ids))
