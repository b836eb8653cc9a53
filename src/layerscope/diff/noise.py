"""What another build of the same Dockerfile changes anyway, class by class, so that each can be left out or kept.

Those of Debian and of pip were seen in two builds of one Dockerfile; others are where their programs keep such files.
"""

import re
import stat
from collections.abc import Collection, Iterable, Iterator, Mapping
from enum import StrEnum
from typing import Final

from layerscope.diff.change import ValueChange
from layerscope.diff.sizes import is_model_file
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
    """Copies of account files that useradd keeps, and the day on which a password was set."""
    BACKUPS = "backups"
    """Earlier versions of their files that package managers keep, and their locks."""
    TEMPORARY = "temporary"
    """What lies in tmp and run, and the files over which engines mount their own."""
    BUILD = "build"
    """What builders write into the config about themselves: version, container, build identifiers."""


_TIME_ALONE: Final = (Aspect.TIME,)
_PRIVILEGED: Final = stat.S_ISUID | stat.S_ISGID

EXPLAINED: Final[Mapping[Noise, str]] = {
    Noise.TIMES: "times of files, of the image and of its steps",
    Noise.BYTE_CODE: "compiled Python",
    Noise.LOGS: "log files",
    Noise.CACHES: "package lists, downloads, caches",
    Noise.LOADER_CACHE: "ld.so.cache and ldconfig's notes",
    Noise.MACHINE_IDS: "machine ids and host keys",
    Noise.ACCOUNTS: "copies of account files, and the days of passwords in /etc/shadow",
    Noise.BACKUPS: "package managers' backups and locks",
    Noise.TEMPORARY: "what lies in tmp and run, and files that engines mount over",
    Noise.BUILD: "what builders write about themselves",
}


def _translate(glob: str) -> str:
    """A glob as a regular expression: `**` is any number of names, `*` stays within one."""
    pattern = re.escape(glob).replace(r"\*\*/", "(?:.*/)?").replace(r"/\*\*", "/.*").replace(r"\*", "[^/]*")
    return f"(?:{pattern})"


_PATTERNS: Final[Mapping[Noise, tuple[str, ...]]] = {
    Noise.BYTE_CODE: ("**/__pycache__", "**/__pycache__/*.pyc", "**/__pycache__/*.pyo"),
    Noise.LOGS: ("var/log/**", "**/.npm/_logs/**", "**/*.log"),
    Noise.LOADER_CACHE: ("etc/ld.so.cache", "var/cache/ldconfig/**"),
    Noise.CACHES: (
        "var/cache/apt/**", "var/cache/debconf/**", "var/cache/apk/**", "var/cache/dnf/**", "var/cache/yum/**",
        "var/cache/man/**", "var/cache/fontconfig/**", "var/lib/apt/lists/**", "var/lib/apt/periodic/**",
        "**/.cache/pip/**", "**/.cache/uv/**", "**/.cache/fontconfig/**", "**/.cache/matplotlib/**",
        "**/.npm/_cacache/**", "var/lib/dnf/**", "var/lib/yum/**", "var/lib/rpm-state/**", "var/lib/rpm/rpmdb.sqlite*",
        "usr/lib/sysimage/rpm/rpmdb.sqlite*", "usr/share/mime/mime.cache", "usr/share/applications/mimeinfo.cache",
        "usr/share/icons/*/icon-theme.cache", "usr/share/info/dir", "var/lib/systemd/catalog/database",
        "**/fontconfig/*.cache-*", "**/conda-meta/history", "lib/apk/db/scripts.tar*", "etc/ssl/certs/java/cacerts",
        "**/lib/server/classes*.jsa",
    ),
    Noise.MACHINE_IDS: (
        "etc/machine-id", "var/lib/dbus/machine-id", "var/lib/systemd/random-seed", "etc/ssh/ssh_host_*",
        "etc/ssl/private/ssl-cert-snakeoil.key", "etc/ssl/certs/ssl-cert-snakeoil.pem",
    ),
    Noise.ACCOUNTS: (
        "etc/passwd-", "etc/group-", "etc/shadow-", "etc/gshadow-", "etc/subuid-",
        "etc/subgid-",
    ),
    Noise.BACKUPS: (
        "var/lib/dpkg/*-old", "var/lib/dpkg/lock", "var/lib/dpkg/lock-frontend", "var/lib/dpkg/triggers/Lock",
        "etc/.pwd.lock", "var/backups/**", "lib/apk/db/lock", "var/lib/rpm/.rpm.lock",
    ),
    Noise.TEMPORARY: (
        "tmp/**", "var/tmp/**", "run/lock/**", "run/systemd/**", "run/*.pid", "run/utmp", "run/adduser",
        "etc/hosts", "etc/hostname", "etc/resolv.conf", ".dockerenv",
    ),
}  # fmt: skip
"""Globs of each class, the first that fits counting."""

_PATHS: Final = tuple((noise, re.compile("|".join(map(_translate, patterns)))) for noise, patterns in _PATTERNS.items())

_ANYWHERE: Final = "**/"
_GLOBS: Final = tuple(glob for globs in _PATTERNS.values() for glob in globs)
_STARTS: Final = tuple(sorted({glob.partition("*")[0] for glob in _GLOBS if not glob.startswith(_ANYWHERE)}))
_PARTS: Final = tuple(
    sorted({max(glob.removeprefix(_ANYWHERE).split("*"), key=len) for glob in _GLOBS if glob.startswith(_ANYWHERE)})
)
"""How paths begin that a glob fits, or what they have in them: most have neither, which is found out faster."""

_KEYS: Final = (
    (
        Noise.TIMES,
        re.compile(
            r"created|config\.Labels\.(?:org\.opencontainers\.image\.created|(?:org\.label-schema\.)?build-date)"
        ),
    ),
    (
        Noise.BUILD,
        re.compile(
            r"docker_version|container|container_config\..*|moby\.buildkit\..*|id|parent|throwaway"
            r"|config\.(?:Image|Hostname|Domainname|AttachStd\w+|OpenStdin|StdinOnce|Tty)"
            r"|config\.Labels\.io\.buildah\.version"
        ),
    ),
)


_STREAMS: Final = re.compile(r"config\.(?:AttachStd\w+|OpenStdin|StdinOnce|Tty)")
"""What is the same with each build, unless the container was another one that an image was committed from."""


def find_file_noise(path: str) -> Noise | None:
    """The class of noise that everything at a path belongs to."""
    if not path.startswith(_STARTS) and not any(map(path.__contains__, _PARTS)):
        return None
    return next((noise for noise, pattern in _PATHS if pattern.fullmatch(path)), None)


def drop_file_noise(
    changes: Iterable[FileChange], ignored: Collection[Noise], *, quiet: Collection[str] = ()
) -> Iterator[FileChange]:
    """The changes that are left, each in those aspects that are left.

    Where noise lies, contents and times do not count, nor that a file came or went; owner, mode and type do, and so
    does a program that runs as its owner, and the weights of a model. The contents of `quiet` paths were looked into,
    and differ in nothing but a time.
    """
    for change in changes:
        left = change if not ignored else _reduce(change, ignored, is_quiet=change.path in quiet)
        if left is not None:
            yield left


def _reduce(change: FileChange, ignored: Collection[Noise], *, is_quiet: bool) -> FileChange | None:
    """What is left of a change."""
    if change.aspects == _TIME_ALONE and Noise.TIMES in ignored:
        return None
    is_noise = find_file_noise(change.path) in ignored and not _matters(change)
    if not change.aspects:
        return None if is_noise else change
    dropped = {Aspect.TIME} if Noise.TIMES in ignored or is_noise else set[Aspect]()
    if is_noise or (is_quiet and Noise.TIMES in ignored):
        dropped |= {Aspect.CONTENT}
    left = tuple(aspect for aspect in change.aspects if aspect not in dropped)
    return FileChange(change.path, change.before, change.after, left) if left else None


def _matters(change: FileChange) -> bool:
    """Whether a file is no noise wherever it lies."""
    node = change.after or change.before
    return node is not None and (bool(node.mode & _PRIVILEGED) or is_model_file(change.path, node.size))


def is_written_anew(name: str) -> bool:
    """Whether builders write a key of the config with each build, which says nothing of what a person asked for."""
    return find_value_noise(name) is not None and not _STREAMS.fullmatch(name)


def find_value_noise(name: str) -> Noise | None:
    """The class of noise that a key of the config belongs to."""
    return next((noise for noise, pattern in _KEYS if pattern.fullmatch(name)), None)


def drop_value_noise(changes: Iterable[ValueChange], ignored: Collection[Noise]) -> Iterator[ValueChange]:
    """The changes of config keys that are left."""
    for change in changes:
        if find_value_noise(change.name) not in ignored:
            yield change
