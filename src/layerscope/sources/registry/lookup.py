"""Looking a reference up: who has it, its registry or a mirror, and which manifest or index it is."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

from layerscope.errors import ConfigurationError, ImageError, ImageNotFoundError, SourceError
from layerscope.image.descriptor import Descriptor
from layerscope.image.digest import Digest
from layerscope.image.manifest import parse_document
from layerscope.image.reference import Reference
from layerscope.image.validate import check_digest
from layerscope.progress import Progress
from layerscope.sources.registry.client import RegistryClient
from layerscope.sources.registry.credentials import Credential, find_credential
from layerscope.sources.registry.endpoint import Endpoint
from layerscope.sources.registry.mirrors import Place, find_places
from layerscope.sources.registry.tags import suggest_tags
from layerscope.sources.registry.tls_probe import TlsExpectedError


@dataclass(frozen=True, slots=True)
class Top:
    """The manifest or index that a reference names, under the digest of its bytes."""

    descriptor: Descriptor
    content: bytes

    @classmethod
    def of(cls, content: bytes, media_type: str | None, digest: Digest | None, *, where: str) -> "Top":
        """A document as it came; `digest` is that of the reference, which was checked, if it has one."""
        document = parse_document(content, where=where, media_type=media_type)
        return cls(Descriptor(document.media_type, digest or Digest.of(content), len(content)), content)


@dataclass(frozen=True, slots=True)
class Access:
    """How registries are asked: in the clear wherever they are, and as whom, where that was said."""

    environment: Mapping[str, str]
    insecure: bool = False
    credential: Credential | None = None


def look_up(reference: Reference, access: Access, *, progress: Progress) -> tuple[RegistryClient, Top]:
    """Ask mirrors, then the registry itself; raises what the last one answered, and ImageError for a wrong document.

    Why the mirrors did not serve is told with that.
    """
    places, failed = find_places(reference, access.environment), ""
    for place in places[:-1]:
        try:
            return _ask(place, reference, access, progress)
        except (SourceError, ImageError, ConfigurationError) as error:
            progress.note(f"{place.registry} does not have it: {error}")
            failed += f"; before that, its mirror {place.registry}: {error}"
    try:
        return _ask(places[-1], reference, access, progress)
    except (SourceError, ImageError, ConfigurationError) as error:
        error.args = (f"{error}{failed}",)
        raise


def _ask(place: Place, reference: Reference, access: Access, progress: Progress) -> tuple[RegistryClient, Top]:
    """Ask one registry; one on loopback may speak TLS after all."""
    endpoint = Endpoint.of(place.registry, insecure=place.insecure or (access.insecure and not place.is_mirror))
    progress.note(f"asking {endpoint.host} for {reference}")
    find = partial(find_access, place, access)
    client = RegistryClient(endpoint, place.repository, find, access.environment, progress=progress)
    try:
        return client, _find_top(client, reference)
    except TlsExpectedError:
        endpoint = Endpoint("https", endpoint.host)
        client = RegistryClient(endpoint, place.repository, find, access.environment, progress=progress)
        return client, _find_top(client, reference)


def find_access(place: Place, access: Access) -> Credential | None:
    """Who to be in a place: a mirror is not told what was said for the registry itself."""
    if access.credential is not None and not place.is_mirror:
        return access.credential
    return find_credential(place.registry, place.repository, access.environment)


def _find_top(client: RegistryClient, reference: Reference) -> Top:
    """What the registry has under the reference's digest or tag; a digest is held against the bytes."""
    wanted = reference.digest or reference.tag
    try:
        fetched = client.read_manifest(str(wanted))
    except ImageNotFoundError as error:
        told = suggest_tags(client, str(wanted)) if reference.digest is None else ""
        raise ImageNotFoundError(f"{error}{told}") from error
    where = f"{client.where}: manifest {wanted}"
    if reference.digest is not None:
        check_digest(fetched.content, reference.digest, where=where)
    return Top.of(fetched.content, fetched.media_type or None, reference.digest, where=where)
