"""An image's config: platform, DiffIDs, history, and how its process starts.

https://github.com/opencontainers/image-spec/blob/main/config.md
"""

from collections.abc import Mapping
from datetime import datetime

from msgspec import Struct, field

from layerscope.errors import DocumentError
from layerscope.image.descriptor import parse_digest
from layerscope.image.digest import Digest
from layerscope.image.document import JsonObject, parse_object
from layerscope.image.manifest import MAX_LAYERS
from layerscope.image.platform import UNKNOWN, Platform
from layerscope.image.timestamp import parse_timestamp

MAX_HISTORY = 8192
"""History entries: a Dockerfile writes one an instruction, and 1,024 layers rarely have eight empty ones each."""

MAX_ITEMS = 65536
"""Strings of one list, such as the environment; a document of legal size cannot usefully hold more."""


class Healthcheck(Struct, frozen=True):
    """How an engine asks whether the container works; times in nanoseconds, 0 for the engine's default."""

    test: tuple[str, ...] = ()
    interval_ns: int = 0
    timeout_ns: int = 0
    start_period_ns: int = 0
    start_interval_ns: int = 0
    retries: int = 0

    @property
    def is_disabled(self) -> bool:
        """Whether it switches off a health check that the base image has."""
        return self.test == ("NONE",)


class RuntimeConfig(Struct, frozen=True):
    """How the container's process starts, unless the person who runs it says otherwise."""

    user: str = ""
    env: tuple[str, ...] = ()
    """`NAME=VALUE` each, in order."""
    entrypoint: tuple[str, ...] = ()
    cmd: tuple[str, ...] = ()
    working_dir: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)
    exposed_ports: tuple[str, ...] = ()
    volumes: tuple[str, ...] = ()
    stop_signal: str | None = None
    healthcheck: Healthcheck | None = None
    shell: tuple[str, ...] = ()
    on_build: tuple[str, ...] = ()
    args_escaped: bool = False


class HistoryEntry(Struct, frozen=True):
    """One build step as its builder recorded it; an empty layer is a step that changed the config alone."""

    created: datetime | None = None
    created_by: str = ""
    author: str = ""
    comment: str = ""
    empty_layer: bool = False


class ImageConfig(Struct, frozen=True):
    """An image's config; `rootfs` holds the DiffIDs, bottom first."""

    architecture: str
    os: str
    variant: str | None
    os_version: str | None
    created: datetime | None
    author: str
    runtime: RuntimeConfig
    rootfs: tuple[Digest, ...]
    history: tuple[HistoryEntry, ...]
    content: bytes = field(default=b"")
    """The document as stored, for whoever writes one that differs in little."""

    @property
    def platform(self) -> Platform:
        """The platform it is made for, as written."""
        return Platform(self.os, self.architecture, self.variant, self.os_version)


def parse_config(content: bytes, *, where: str) -> ImageConfig:
    """Return the config that `content` spells; raises DocumentError or LimitError.

    A time that does not parse is None: nothing is built on it. Without `rootfs` it is not an image's config.
    """
    fields = parse_object(content, where=where)
    runtime = fields.get_object("config")
    return ImageConfig(
        architecture=fields.get_text("architecture") or UNKNOWN,
        os=fields.get_text("os") or UNKNOWN,
        variant=fields.get_text("variant") or None,
        os_version=fields.get_text("os.version") or None,
        created=parse_timestamp(fields.members.get("created")),
        author=fields.get_text("author"),
        runtime=RuntimeConfig() if runtime is None else _parse_runtime(runtime),
        rootfs=_parse_rootfs(fields),
        history=tuple(_parse_history(raw, where) for raw, where in fields.get_items("history", MAX_HISTORY)),
        content=content,
    )


def _parse_rootfs(fields: JsonObject) -> tuple[Digest, ...]:
    rootfs = fields.get_object("rootfs")
    if rootfs is None:
        raise DocumentError(f"reading {fields.where}: rootfs is missing, expected an image config with its DiffIDs")
    kind = rootfs.get_text("type", "layers")
    if kind != "layers":
        raise DocumentError(f"reading {rootfs.where}: type is {kind[:40]!r}, expected 'layers'")
    texts = rootfs.get_texts("diff_ids", MAX_LAYERS)
    return tuple(parse_digest(text, where=f"{rootfs.where}: diff_ids[{n}]") for n, text in enumerate(texts))


def _parse_history(raw: object, where: str) -> HistoryEntry:
    fields = JsonObject.of(raw, where=where)
    return HistoryEntry(
        created=parse_timestamp(fields.members.get("created")),
        created_by=fields.get_text("created_by"),
        author=fields.get_text("author"),
        comment=fields.get_text("comment"),
        empty_layer=fields.get_flag("empty_layer"),
    )


def _parse_runtime(fields: JsonObject) -> RuntimeConfig:
    healthcheck = fields.get_object("Healthcheck")
    return RuntimeConfig(
        user=fields.get_text("User"),
        env=_parse_env(fields),
        entrypoint=fields.get_texts("Entrypoint", MAX_ITEMS),
        cmd=fields.get_texts("Cmd", MAX_ITEMS),
        working_dir=fields.get_text("WorkingDir"),
        labels=fields.get_text_map("Labels"),
        exposed_ports=fields.get_names("ExposedPorts"),
        volumes=fields.get_names("Volumes"),
        stop_signal=fields.get_text("StopSignal") or None,
        healthcheck=None if healthcheck is None else _parse_healthcheck(healthcheck),
        shell=fields.get_texts("Shell", MAX_ITEMS),
        on_build=fields.get_texts("OnBuild", MAX_ITEMS),
        args_escaped=fields.get_flag("ArgsEscaped"),
    )


def _parse_env(fields: JsonObject) -> tuple[str, ...]:
    env = fields.get_texts("Env", MAX_ITEMS)
    for number, entry in enumerate(env):
        if "=" not in entry:
            # The entry may be a secret that lost its name, so the message does not repeat it.
            raise DocumentError(f"reading {fields.where}: Env[{number}] holds no '=', expected NAME=VALUE")
    return env


def _parse_healthcheck(fields: JsonObject) -> Healthcheck:
    return Healthcheck(
        test=fields.get_texts("Test", MAX_ITEMS),
        interval_ns=fields.get_integer("Interval"),
        timeout_ns=fields.get_integer("Timeout"),
        start_period_ns=fields.get_integer("StartPeriod"),
        start_interval_ns=fields.get_integer("StartInterval"),
        retries=fields.get_integer("Retries"),
    )
