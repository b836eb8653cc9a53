"""ServingSpec: which server is asked, how it is started, or where it runs already."""

from typing import Final
from urllib.parse import urlsplit

from msgspec import Struct, field

from layerscope.errors import UsageError

SERVING_STAGES: Final = (
    "listen", "health", "models", "chat-16", "chat-512", "completion", "stream", "request-log",
)  # fmt: skip
"""Stages of a server, in their order."""

UNKNOWN: Final = "an unknown server"


class ApiKey(Struct, frozen=True):
    """A key that is sent, and never shown."""

    value: str = ""

    def __repr__(self) -> str:
        return "ApiKey(set)" if self.value else "ApiKey()"


class ServerAddress(Struct, frozen=True):
    """Where a server runs."""

    host: str
    port: int
    is_tls: bool = False
    prefix: str = ""
    """What stands before every path, without a slash at its end."""

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{'https' if self.is_tls else 'http'}://{host}:{self.port}{self.prefix}"


class ServingSpec(Struct, frozen=True):
    """A server: `argv`, `env` and `folder` start it, or it runs at `address`.

    `how` says by what it was recognised; `is_certain` is False where it may be no server of models at all. `dialect` is
    empty where the server itself is asked which API it speaks.
    """

    name: str = UNKNOWN
    how: str = ""
    argv: tuple[str, ...] = ()
    env: dict[str, str] = field(default_factory=dict)
    folder: str = ""
    port: int | None = None
    health: tuple[str, ...] = ()
    dialect: str = ""
    is_certain: bool = False
    model: str = ""
    address: ServerAddress | None = None
    key: ApiKey = ApiKey()

    @property
    def stages(self) -> tuple[str, ...]:
        """The stages that can be tried: of a server that runs elsewhere, no output is seen."""
        return SERVING_STAGES if self.address is None else SERVING_STAGES[:-1]

    def build_settings(self, request_id: str) -> dict[str, object]:
        """The settings, as the payload reads them."""
        address = self.address
        return {
            "name": self.name,
            "how": self.how,
            "argv": list(self.argv),
            "env": self.env,
            "cwd": self.folder,
            "port": self.port,
            "health": list(self.health),
            "dialect": self.dialect,
            "is_sure": self.is_certain,
            "model": self.model,
            "id": request_id,
            "key": self.key.value,
            "url": None
            if address is None
            else {"host": address.host, "port": address.port, "tls": address.is_tls, "prefix": address.prefix},
        }


def parse_address(url: str) -> ServerAddress:
    """The address that a URL names, a `/v1` at its end left out; raises UsageError."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise UsageError(f"probing {url}: {error}") from error
    if parts.username is not None or parts.password is not None:
        raise UsageError("probing a server: expected a URL without a name and a password; --api-key-env gives a key")
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise UsageError(f"probing {url}: expected http://HOST:PORT or https://HOST:PORT")
    if parts.query or parts.fragment:
        raise UsageError(f"probing {url}: expected a URL without a query: paths are added to it")
    is_tls = parts.scheme == "https"
    prefix = parts.path.rstrip("/").removesuffix("/v1")
    return ServerAddress(parts.hostname, port or (443 if is_tls else 80), is_tls, prefix)
