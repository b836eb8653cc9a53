"""The OCI distribution API, as much of it as writing an image takes.

https://github.com/opencontainers/distribution-spec/blob/main/spec.md#push
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache, partial
from typing import Final
from urllib.parse import urlencode

from layerscope.errors import ImageNotFoundError, TransferError
from layerscope.image.descriptor import Descriptor
from layerscope.image.digest import Digest
from layerscope.image.layer import ByteStream
from layerscope.image.mediatype import MediaType
from layerscope.image.reference import parse_tag
from layerscope.image.validate import check_digest
from layerscope.sources.registry.blob_upload import BlobUpload
from layerscope.sources.registry.client import RegistryClient
from layerscope.sources.registry.conversation import Conversation
from layerscope.sources.registry.credentials import Credential
from layerscope.sources.registry.endpoint import Endpoint
from layerscope.sources.registry.login import Login, make_scope
from layerscope.sources.registry.outgoing_blob import OutgoingBlob
from layerscope.sources.registry.refusal import expect
from layerscope.sources.registry.upload_place import cancel_upload, check_published, find_place

_OK: Final = 200
_CREATED: Final = 201
_ACCEPTED: Final = 202
_NOT_FOUND: Final = 404


class TagTakenError(TransferError):
    """A tag names another manifest, and nobody said that it may be replaced."""


@dataclass(frozen=True, slots=True)
class PublishedBlob:
    """A blob that a repository has, and its size where the registry says it."""

    digest: Digest
    size: int | None


class RegistryPublisher(RegistryClient):
    """One repository that is written to; safe to use from several threads.

    Whoever writes an image keeps the order of the specification: blobs before the manifest that names them, manifests
    before their index.
    """

    def __init__(
        self,
        endpoint: Endpoint,
        repository: str,
        find: Callable[[], Credential | None],
        environment: Mapping[str, str],
    ) -> None:
        """Connect to nothing yet; `find` is asked for a credential when the registry asks for one."""
        self._find = cache(find)
        self._scope = make_scope(repository, can_write=True)
        super().__init__(endpoint, repository, self._find, environment, can_write=True)
        self._host = endpoint.url
        self._uploads = f"{self._base}/blobs/uploads/"
        self._join = cache(self._open_conversation)

    def greet(self) -> None:
        """Make sure that the registry speaks this API and lets us in; raises TransferError and LoginError."""
        task = f"asking {self.where} to be let in"
        expect(self._conversation.ask("GET", f"{self._host}/v2/", {}, task), _OK, task)

    def has_blob(self, digest: Digest) -> bool:
        """Whether the repository has a blob; raises TransferError where the registry does not say."""
        return self.find_blob(digest) is not None

    def find_blob(self, digest: Digest) -> PublishedBlob | None:
        """The blob of that digest in the repository, or None; raises TransferError where the registry does not say."""
        task = f"asking {self.where} whether it has the blob {digest}"
        answer = self._conversation.ask("HEAD", f"{self._base}/blobs/{digest}", {}, task)
        if answer.status == _NOT_FOUND:
            return None
        expect(answer, _OK, task)
        check_published(answer, digest, task=task)
        size = answer.headers.get("content-length", "")
        return PublishedBlob(digest, int(size) if size.isascii() and size.isdecimal() and len(size) < 16 else None)  # noqa: PLR2004 - digits

    def mount_blob(self, digest: Digest, from_repository: str) -> bool:
        """Take a blob over from another repository of the registry; False where it has to be sent instead."""
        task = f"mounting the blob {digest} of {from_repository} in {self.where}"
        conversation = self._join(from_repository)
        query = urlencode({"mount": str(digest), "from": from_repository})
        answer = conversation.ask("POST", f"{self._uploads}?{query}", {}, task, attempts=1)
        if answer.status == _ACCEPTED:  # an upload was opened instead
            place = find_place(answer, conversation.home, task=task)
            if place is not None:
                cancel_upload(self._conversation, place, task=task)
            return False
        expect(answer, _CREATED, task)
        check_published(answer, digest, task=task)
        if not self.has_blob(digest):
            raise TransferError(f"{task}: answered that it is there, and it is not")
        return True

    def upload_blob(self, descriptor: Descriptor, open_stream: Callable[[], ByteStream]) -> bool:
        """Send a blob unless it is there; returns whether it was sent.

        `open_stream` gives the whole blob, and is called again where an upload has to begin anew. Raises
        DigestMismatchError for bytes that are not those of the descriptor, which are never published.
        """
        task = f"sending the blob {descriptor.digest} to {self.where}"
        found = self.find_blob(descriptor.digest)
        if found is not None:
            if found.size not in (None, descriptor.size):
                raise TransferError(f"{task}: it has {found.size:,} bytes there, expected {descriptor.size:,}")
            return False
        blob = OutgoingBlob(descriptor, open_stream, task=task)
        is_there = partial(self.has_blob, descriptor.digest)
        BlobUpload(self._conversation, self._uploads, blob, is_there, task=task).run()
        return True

    def put_manifest(self, content: bytes, media_type: MediaType, reference: str, *, replace: bool = False) -> Digest:
        """Publish a manifest or index under a tag, or under its digest; raises TagTakenError and TransferError.

        A tag that names another manifest is left as it is unless `replace` says otherwise. The protocol has no way to
        look and to put at once: who puts the same tag between the two is not noticed, and is replaced.
        """
        digest = _parse_target(content, reference)
        if ":" not in reference and not replace and self.is_tagged(reference, digest):
            return digest
        task = f"publishing the manifest {digest} as {self.where}{'@' if ':' in reference else ':'}{reference}"
        headers = {"Content-Type": str(media_type)}
        answer = self._conversation.ask("PUT", f"{self._base}/manifests/{reference}", headers, task, body=content)
        expect(answer, _CREATED, task)
        check_published(answer, digest, task=task)
        return digest

    def is_tagged(self, tag: str, digest: Digest) -> bool:
        """Whether a tag names that manifest, rather than none; raises TagTakenError where it names another."""
        try:
            content = self.read_manifest(parse_tag(tag)).content
        except ImageNotFoundError:
            return False
        found = Digest.of(content, digest.algorithm)
        if found != digest:
            raise TagTakenError(
                f"publishing {digest} as {self.where}:{tag}: the tag names {found}, expected none; choose another tag, "
                "or say that it is to be replaced"
            )
        return True

    def _open_conversation(self, from_repository: str) -> Conversation:
        """Requests by a login that may read another repository besides; kept, for an image has many layers."""
        scopes = (self._scope, make_scope(from_repository))
        return Conversation(self._transport, Login(self._transport, scopes, self._find))


def _parse_target(content: bytes, reference: str) -> Digest:
    """The digest of a manifest that is to be published under a tag, or under a digest that has to be its own."""
    if ":" not in reference:
        parse_tag(reference)
        return Digest.of(content)
    digest = Digest.parse(reference)
    check_digest(content, digest, where="the manifest to be published")
    return digest
