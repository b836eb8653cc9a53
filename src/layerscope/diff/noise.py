"""What another build of the same Dockerfile changes anyway, class by class, so that each can be left out or kept.

Sources: the files that reproducible builds of Debian images have to fix (https://wiki.debian.org/ReproducibleBuilds),
and what two builds of one Dockerfile were seen to differ in.
"""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import replace
from enum import StrEnum
from typing import Final

from layerscope.diff.change import ValueChange
from layerscope.diff.trees import Aspect, FileChange


class Noise(StrEnum):
    """A class of differences that mean nothing by themselves."""

    TIMES = "times"
    """When files were written, and when the image and its steps were made."""
    BYTE_CODE = "byte-code"
    """What Python compiles, which has the time of its source in it."""
    LOGS = "logs"
    """What package managers and others write down."""
    CACHES = "caches"
    """Package lists, downloads, and what programs work out again."""
    LOADER_CACHE = "loader-cache"
    """ld.so.cache and ldconfig's notes."""
    MACHINE_IDS = "machine-ids"
    """Numbers that are to be unique, and host keys."""
    ACCOUNTS = "accounts"
    """The day on which a password was last changed, and copies that useradd keeps."""
    BACKUPS = "backups"
    """Earlier versions of their files that package managers keep, and their locks."""
    TEMPORARY = "temporary"
    """What lies in tmp and run, and the files over which engines mount their own."""
    BUILD = "build"
    """What builders write into the config about themselves: version, container, build identifiers."""


EXPLAINED: Final[Mapping[Noise, str]] = {
    Noise.TIMES: "times of files, of the image and of its steps",
    Noise.BYTE_CODE: "compiled Python",
    Noise.LOGS: "log files",
    Noise.CACHES: "package lists, downloads, caches",
    Noise.LOADER_CACHE: "ld.so.cache and ldconfig's notes",
    Noise.MACHINE_IDS: "machine ids and host keys",
    Noise.ACCOUNTS: "/etc/shadow and copies of account files",
    Noise.BACKUPS: "package managers' backups and locks",
    Noise.TEMPORARY: "what lies in tmp and run, and files that engines mount over",
    Noise.BUILD: "what builders write about themselves",
}


def _translate(glob: str) -> str:
    """A glob as a regular expression: `**` is any number of names, `*` stays within one."""
    pattern = re.escape(glob).replace(r"\*\*/", "(?:.*/)?").replace(r"/\*\*", "/.*").replace(r"\*", "[^/]*")
    return f"(?:{pattern})"


_PATTERNS: Final[Mapping[Noise, tuple[str, ...]]] = {
    Noise.BYTE_CODE: ("**/__pycache__", "**/__pycache__/**", "**/*.pyc", "**/*.pyo"),
    Noise.LOGS: ("var/log/**", "**/.npm/_logs/**", "**/*.log"),
    Noise.LOADER_CACHE: ("etc/ld.so.cache", "var/cache/ldconfig/**"),
    Noise.CACHES: (
        "var/cache/**", "var/lib/apt/lists/**", "var/lib/apt/periodic/**", "**/.cache/**", "**/.npm/_cacache/**",
        "var/lib/dnf/**", "var/lib/yum/**", "var/lib/rpm-state/**", "usr/share/mime/mime.cache", "usr/share/info/dir",
        "usr/share/icons/*/icon-theme.cache", "var/lib/systemd/catalog/database", "**/fontconfig/*.cache-*",
    ),
    Noise.MACHINE_IDS: (
        "etc/machine-id", "var/lib/dbus/machine-id", "var/lib/systemd/random-seed", "etc/ssh/ssh_host_*",
    ),
    Noise.ACCOUNTS: (
        "etc/shadow", "etc/gshadow", "etc/passwd-", "etc/group-", "etc/shadow-", "etc/gshadow-", "etc/subuid-",
        "etc/subgid-",
    ),
    Noise.BACKUPS: (
        "var/lib/dpkg/*-old", "var/lib/dpkg/lock", "var/lib/dpkg/lock-frontend", "var/lib/dpkg/triggers/Lock",
        "etc/.pwd.lock", "var/backups/**", "lib/apk/db/lock", "var/lib/rpm/.rpm.lock",
    ),
    Noise.TEMPORARY: (
        "tmp/**", "var/tmp/**", "run/**", "etc/hosts", "etc/hostname", "etc/resolv.conf", ".dockerenv",
    ),
}  # fmt: skip
"""Globs of each class, the first that fits counting."""

_PATHS: Final = tuple((noise, re.compile("|".join(map(_translate, patterns)))) for noise, patterns in _PATTERNS.items())

_KEYS: Final = (
    (Noise.TIMES, re.compile(r"created|config\.Labels\.org\.opencontainers\.image\.created")),
    (
        Noise.BUILD,
        re.compile(
            r"docker_version|container|container_config|moby\.buildkit\..*|id|parent|throwaway"
            r"|config\.(?:Image|Hostname|Domainname|AttachStd\w+|OpenStdin|StdinOnce|Tty)"
            r"|config\.Labels\.io\.buildah\.version"
        ),
    ),
)


def find_file_noise(path: str) -> Noise | None:
    """The class of noise that everything at a path belongs to."""
    return next((noise for noise, pattern in _PATHS if pattern.fullmatch(path)), None)


def drop_file_noise(
    changes: Iterable[FileChange], ignored: Collection[Noise], *, quiet: Collection[str] = ()
) -> Iterator[FileChange]:
    """The changes that are left, each in those aspects that are left.

    The contents of `quiet` paths were looked into, and differ in nothing but a time.
    """
    for change in changes:
        if ignored and find_file_noise(change.path) in ignored:
            continue
        if Noise.TIMES not in ignored or not change.aspects:
            yield change
            continue
        dropped = {Aspect.TIME, Aspect.CONTENT} if change.path in quiet else {Aspect.TIME}
        if left := tuple(aspect for aspect in change.aspects if aspect not in dropped):
            yield replace(change, aspects=left)


def drop_value_noise(changes: Iterable[ValueChange], ignored: Collection[Noise]) -> Iterator[ValueChange]:
    """The changes of config keys that are left."""
    for change in changes:
        if not any(noise in ignored and pattern.fullmatch(change.name) for noise, pattern in _KEYS):
            yield change
