"""Where container engines listen: environment, docker contexts, and the usual sockets."""

import hashlib
import json
import shutil
import stat
from collections.abc import Iterable, Mapping
from pathlib import Path
from urllib.parse import urlsplit

from msgspec import Struct, structs

from layerscope.errors import ConfigurationError, EngineError

DEFAULT_CONTEXT = "default"
"""The context that means `DOCKER_HOST` or the usual socket."""


class TlsFiles(Struct, frozen=True):
    """Certificates for an engine behind TLS; `verify` is off only where the user turned it off."""

    authority: Path | None
    certificate: Path | None
    key: Path | None
    verify: bool


class PodmanProgram(Struct, frozen=True):
    """Podman itself, and the variables that lead it to its store."""

    path: str
    environment: Mapping[str, str]

    def __repr__(self) -> str:
        """Without variables, which may hold secrets."""
        return f"PodmanProgram({self.path!r})"


class Endpoint(Struct, frozen=True):
    """An address that an engine may answer at, and who named it."""

    url: str
    origin: str
    tls: TlsFiles | None = None
    podman: PodmanProgram | None = None
    """What can be started where nothing listens."""

    @property
    def unix_socket(self) -> Path | None:
        """The socket's path, or None for an endpoint that may be another host's."""
        parts = urlsplit(self.url)
        return Path(parts.netloc + parts.path) if parts.scheme in {"unix", "http+unix"} else None

    def __str__(self) -> str:
        return f"{self.url} ({self.origin})"


def find_docker_endpoint(environment: Mapping[str, str]) -> Endpoint:
    """Return where the docker CLI would look: `DOCKER_HOST`, then `DOCKER_CONTEXT`, then the current context.

    Order: https://github.com/docker/cli/blob/v26.1.5/cli/command/cli.go#L377 (`resolveContextName`).
    """
    host = environment.get("DOCKER_HOST")
    if host:
        return Endpoint(host, "DOCKER_HOST", _environment_tls(environment))
    folder = _docker_folder(environment)
    context, origin = environment.get("DOCKER_CONTEXT"), "DOCKER_CONTEXT"
    if not context:
        context, origin = _current_context(folder), f"current context of {folder / 'config.json'}"
    if context and context != DEFAULT_CONTEXT:
        return _context_endpoint(folder, context, origin)
    return _first_socket(_docker_sockets(environment), _environment_tls(environment))


def find_podman_endpoint(environment: Mapping[str, str]) -> Endpoint:
    """Return where podman's service listens: `CONTAINER_HOST`, then the user's socket, then the system's.

    Where nobody names the place, the program can stand in for a service that does not run.
    """
    host = environment.get("CONTAINER_HOST")
    if host:
        return Endpoint(host, "CONTAINER_HOST")
    runtime = environment.get("XDG_RUNTIME_DIR")
    sockets = [Path(runtime) / "podman/podman.sock"] if runtime else []
    endpoint = _first_socket([*sockets, Path("/run/podman/podman.sock")], None)
    program = shutil.which("podman", path=environment.get("PATH", ""))
    return structs.replace(endpoint, podman=PodmanProgram(program, environment)) if program else endpoint


def _docker_sockets(environment: Mapping[str, str]) -> list[Path]:
    sockets = [Path("/var/run/docker.sock")]
    if runtime := environment.get("XDG_RUNTIME_DIR"):
        sockets.append(Path(runtime) / "docker.sock")
    if home := environment.get("HOME"):
        sockets += [Path(home) / ".docker/run/docker.sock", Path(home) / ".docker/desktop/docker.sock"]
    return sockets


def _first_socket(sockets: Iterable[Path], tls: TlsFiles | None) -> Endpoint:
    """Return the first path that is a socket, else the first path, which will then say that nothing listens there."""
    paths = list(sockets)
    found = next((path for path in paths if _is_socket(path)), paths[0])
    return Endpoint(f"unix://{found}", "default socket", tls)


def _is_socket(path: Path) -> bool:
    try:
        return stat.S_ISSOCK(path.stat().st_mode)
    except OSError:
        return False


def _docker_folder(environment: Mapping[str, str]) -> Path:
    if folder := environment.get("DOCKER_CONFIG"):
        return Path(folder)
    return Path(environment.get("HOME", "/")) / ".docker"


def _environment_tls(environment: Mapping[str, str]) -> TlsFiles | None:
    """Return the client certificates that the docker CLI would use with `DOCKER_TLS_VERIFY` or `DOCKER_TLS`."""
    verify = bool(environment.get("DOCKER_TLS_VERIFY"))
    if not verify and not environment.get("DOCKER_TLS"):
        return None
    return _tls_files(Path(environment.get("DOCKER_CERT_PATH") or _docker_folder(environment)), verify=verify)


def _tls_files(folder: Path, *, verify: bool) -> TlsFiles:
    authority, certificate, key = (_existing(folder / name) for name in ("ca.pem", "cert.pem", "key.pem"))
    return TlsFiles(authority, certificate, key, verify)


def _existing(path: Path) -> Path | None:
    return path if path.is_file() else None


def _current_context(folder: Path) -> str | None:
    document = _read_object(folder / "config.json")
    name = document.get("currentContext") if document else None
    return name if isinstance(name, str) else None


def _context_endpoint(folder: Path, context: str, origin: str) -> Endpoint:
    """Return the docker endpoint of a context, which is stored under the SHA-256 of its name."""
    key = hashlib.sha256(context.encode()).hexdigest()
    path = folder / "contexts/meta" / key / "meta.json"
    document = _read_object(path)
    if document is None:
        raise EngineError(f"docker context {context!r} ({origin}): expected its description at {path}")
    endpoints = document.get("Endpoints")
    docker = endpoints.get("docker") if isinstance(endpoints, dict) else None
    host = docker.get("Host") if isinstance(docker, dict) else None
    if not isinstance(docker, dict) or not isinstance(host, str) or not host:
        raise EngineError(f"docker context {context!r} ({origin}): expected a docker endpoint with a host in {path}")
    certificates = folder / "contexts/tls" / key / "docker"
    tls = _tls_files(certificates, verify=not docker.get("SkipTLSVerify")) if certificates.is_dir() else None
    return Endpoint(host, f"docker context {context!r}", tls)


def _read_object(path: Path) -> dict[str, object] | None:
    """Return the JSON object in a file of the docker CLI, or None for no such file; raises ConfigurationError."""
    try:
        document = json.loads(path.read_bytes())
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        raise ConfigurationError(f"reading {path} to find the docker engine: {error}") from error
    if not isinstance(document, dict):
        raise ConfigurationError(f"reading {path} to find the docker engine: expected a JSON object")
    return document
