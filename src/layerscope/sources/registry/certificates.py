"""Certificates that a registry is trusted by beside those of the system.

`SSL_CERT_FILE` and `SSL_CERT_DIR` replace the system's, as in every program on OpenSSL; authorities for one registry
lie where Docker and podman look for them
(https://docs.docker.com/engine/security/certificates/, containers-certs.d(5)).
"""

import ssl
from collections.abc import Iterator, Mapping
from pathlib import Path

from layerscope.errors import TransferError


def make_context(host: str, environment: Mapping[str, str]) -> ssl.SSLContext:
    """The authorities that a registry is held to, those of its own among them; raises TransferError for a bad file."""
    context = ssl.create_default_context()
    for path in _iter_authorities(host, environment):
        try:
            context.load_verify_locations(path)
        except (OSError, ssl.SSLError) as error:
            raise TransferError(f"reading the certificates of {host} in {path}: {error}") from error
    return context


def _iter_authorities(host: str, environment: Mapping[str, str]) -> Iterator[Path]:
    home = Path(environment.get("XDG_CONFIG_HOME") or Path(environment.get("HOME") or "/", ".config"))
    for folder in (Path("/etc/docker/certs.d"), Path("/etc/containers/certs.d"), home / "containers/certs.d"):
        yield from sorted((folder / host).glob("*.crt"))
