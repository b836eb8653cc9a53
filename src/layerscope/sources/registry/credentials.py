"""Credentials for a registry, where docker and podman keep them.

Files: `$REGISTRY_AUTH_FILE`, `$DOCKER_CONFIG/config.json`, podman's auth.json, `~/.docker/config.json`; in them helpers
for one registry, a store for all, and entries of their own
(https://github.com/containers/image/blob/main/docs/containers-auth.json.5.md,
https://docs.docker.com/reference/cli/docker/login/#credential-stores).
"""

import base64
import binascii
import json
import os
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from layerscope.errors import ConfigurationError, TransferError
from layerscope.image.reference import DEFAULT_REGISTRY

MAX_FILE_SIZE: Final = 1 << 20
"""Bytes of an auth file; real ones have a few thousand."""

HELPER_SECONDS: Final = 30.0
"""A helper may ask a key ring or a cloud; one that waits for a person is not waited for."""

RUN_FOLDER: Final = Path("/run/containers")
"""Where podman and skopeo keep a user's file, below the number of that user, if no session has a folder of its own."""

_NOT_KEPT: Final = "credentials not found"
"""What a helper that works says of a registry that it keeps nothing of:
https://github.com/docker/docker-credential-helpers/blob/v0.8.2/credentials/error.go"""

_DOCKER_HUB_SERVER: Final = "https://index.docker.io/v1/"
_DOCKER_HUB_KEYS: Final = ("index.docker.io", "docker.io", "registry-1.docker.io")
_API_PATHS: Final = frozenset({"v1/", "v2/"})
"""What stands behind the host in a key that is an address without its scheme; podman's namespaces end in no slash."""
_TOKEN_USER: Final = "<token>"  # noqa: S105 - the name under which helpers keep identity tokens


class HelperError(TransferError):
    """A credential helper or store failed: nobody knows whether it keeps anything."""


@dataclass(frozen=True, slots=True)
class Credential:
    """A name with its password, or an identity token; `origin` says where it was found, never what it is."""

    username: str
    password: str = field(repr=False)
    identity_token: str = field(default="", repr=False)
    origin: str = ""


def find_credential(registry: str, repository: str, environment: Mapping[str, str]) -> Credential | None:
    """The first credential for a registry, or for the longest part of the repository's name that has one of its own.

    Raises ConfigurationError for an auth file that cannot be read, and HelperError for a helper that fails: another
    credential in place of the one that it may keep would tell the wrong cause.
    """
    for path in _iter_files(environment):
        document = _read_auth_file(path)
        if document is None:
            continue
        credential = _find_in_file(document, path, registry, repository)
        if credential is not None:
            return credential
    return None


def _iter_files(environment: Mapping[str, str]) -> Iterator[Path]:
    if environment.get("REGISTRY_AUTH_FILE"):
        yield Path(environment["REGISTRY_AUTH_FILE"])
        return
    home = Path(environment.get("HOME") or "/")
    if environment.get("DOCKER_CONFIG"):
        yield Path(environment["DOCKER_CONFIG"], "config.json")
    runtime = environment.get("XDG_RUNTIME_DIR")
    yield Path(runtime, "containers/auth.json") if runtime else Path(RUN_FOLDER, str(os.getuid()), "auth.json")
    yield Path(environment.get("XDG_CONFIG_HOME") or home / ".config", "containers/auth.json")
    if not environment.get("DOCKER_CONFIG"):
        yield home / ".docker/config.json"


def _read_auth_file(path: Path) -> dict[str, object] | None:
    try:
        with path.open("rb") as file:
            content = file.read(MAX_FILE_SIZE + 1)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise ConfigurationError(f"reading credentials in {path}: {error.strerror}") from error
    if len(content) > MAX_FILE_SIZE:
        raise ConfigurationError(f"reading credentials in {path}: more than {MAX_FILE_SIZE:,} bytes, the limit")
    try:
        document = json.loads(content or b"{}")
    except (ValueError, RecursionError) as error:
        raise ConfigurationError(f"reading credentials in {path}: expected JSON") from error
    if not isinstance(document, dict):
        raise ConfigurationError(f"reading credentials in {path}: expected a JSON object")
    return document


def _find_in_file(document: dict[str, object], path: Path, registry: str, repository: str) -> Credential | None:
    """A helper for the registry comes first, the store for all next, as Docker has it, an entry of the file last."""
    helpers, entries = _table(document, "credHelpers"), _table(document, "auths")
    keys = _list_keys(registry, repository)
    asked = [(helpers.get(key), key) for key in keys] + [(document.get("credsStore"), registry)]
    for helper, key in asked:
        found = _ask_helper(helper, key, path)
        if found is not None:
            return found
    for key in keys:
        entry = entries.get(key)
        found = _read_entry(entry, path) if isinstance(entry, dict) else None
        if found is not None:
            return found
    return None


def _list_keys(registry: str, repository: str) -> list[str]:
    """How a registry, and the namespaces of podman's files, are called by `_normalise`, the most special name first."""
    parts = repository.split("/") if repository else []
    named = ["/".join((registry, *parts[:count])) for count in range(len(parts), 0, -1)]
    return [*named, *(_DOCKER_HUB_KEYS if registry == DEFAULT_REGISTRY else (registry.lower(),))]


def _normalise(key: str) -> str:
    """A key as it was written by some client: an address stands for its host, as Docker reads it."""
    scheme, separator, rest = key.partition("://")
    if separator and scheme in {"http", "https"}:
        return rest.partition("/")[0].lower()
    host, _, path = key.partition("/")
    return host.lower() if path in _API_PATHS else key.rstrip("/")


def _spell_for_helper(registry: str) -> str:
    """What Docker asks a helper for."""
    return _DOCKER_HUB_SERVER if registry in {DEFAULT_REGISTRY, *_DOCKER_HUB_KEYS} else registry


def _table(document: dict[str, object], key: str) -> dict[str, object]:
    table = document.get(key)
    return {_normalise(name): value for name, value in table.items()} if isinstance(table, dict) else {}


def _read_entry(entry: dict[str, object], path: Path) -> Credential | None:
    """An entry's own words; Docker leaves an empty one where a store has the rest."""
    token, packed = _text(entry, "identitytoken"), _text(entry, "auth")
    username, password = _text(entry, "username"), _text(entry, "password")
    if packed:
        try:
            username, colon, password = base64.b64decode(packed, validate=False).decode().partition(":")
        except (binascii.Error, ValueError) as error:
            raise ConfigurationError(f"reading credentials in {path}: expected base64 of NAME:PASSWORD") from error
        if not colon:
            raise ConfigurationError(f"reading credentials in {path}: expected base64 of NAME:PASSWORD")
        password = password.rstrip("\0")
    if not (username or token):
        return None
    return Credential(username, password, token, str(path))


def _text(entry: dict[str, object], key: str) -> str:
    value = entry.get(key)
    return value if isinstance(value, str) else ""


def _ask_helper(name: object, registry: str, path: Path) -> Credential | None:
    """What `docker-credential-NAME get` tells of a registry; None for no name, and where it keeps nothing of it."""
    if not isinstance(name, str) or not name:
        return None
    key = _spell_for_helper(registry)
    if not name.replace("-", "").replace("_", "").replace(".", "").isalnum():
        raise ConfigurationError(f"reading credentials in {path}: {name[:80]!r} is no name of a credential helper")
    program = f"docker-credential-{name}"
    task = f"asking {program} (named in {path}) for {key}"
    try:
        done = subprocess.run(  # noqa: S603 - the helper that the user configured, its name checked
            [program, "get"], input=key.encode(), capture_output=True, check=False, timeout=HELPER_SECONDS
        )
    except FileNotFoundError as error:
        raise HelperError(f"{task}: there is no such program on the path") from error
    except (OSError, subprocess.TimeoutExpired) as error:
        raise HelperError(f"{task}: {error}") from error
    if done.returncode != 0:
        said = (done.stdout + done.stderr).decode("utf-8", "replace").strip()
        if _NOT_KEPT in said.lower():
            return None
        raise HelperError(f"{task}: exit code {done.returncode}")
    try:
        answer = json.loads(done.stdout)
        username, secret = str(answer["Username"]), str(answer["Secret"])
    except (ValueError, KeyError, TypeError) as error:
        raise HelperError(f"{task}: expected JSON with Username and Secret") from error
    if username == _TOKEN_USER:
        return Credential("", "", secret, program)
    return Credential(username, secret, "", program)
