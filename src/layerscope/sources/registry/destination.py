"""Where an image is to be pushed: the registry of a reference itself, never a mirror of it."""

from functools import partial

from layerscope.image.reference import Reference
from layerscope.sources.registry.endpoint import Endpoint
from layerscope.sources.registry.lookup import Access, find_access
from layerscope.sources.registry.mirrors import find_places
from layerscope.sources.registry.publisher import RegistryPublisher
from layerscope.sources.registry.tls_probe import TlsExpectedError


def open_destination(reference: Reference, access: Access) -> RegistryPublisher:
    """The repository of a reference, once its registry has let us in; raises TransferError and LoginError.

    One on loopback may speak TLS after all.
    """
    place = find_places(reference, access.environment)[-1]
    endpoint = Endpoint.of(place.registry, insecure=place.insecure or access.insecure)
    find = partial(find_access, place, access)
    publisher = RegistryPublisher(endpoint, place.repository, find, access.environment)
    try:
        publisher.greet()
    except TlsExpectedError:
        publisher = RegistryPublisher(Endpoint("https", endpoint.host), place.repository, find, access.environment)
        publisher.greet()
    return publisher
