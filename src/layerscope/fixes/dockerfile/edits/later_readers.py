"""Who reads a package manager's cache after the step that fills it: later steps, and other stages that copy it."""

import re
from collections.abc import Iterator
from typing import Final

from layerscope.facts.system.commands import (
    INSTALLERS,
    base_name,
    find_shell_script,
    is_python,
    split_commands,
    strip_wrappers,
)
from layerscope.fixes.dockerfile.heirs import list_heirs
from layerscope.fixes.dockerfile.matching import MatchedDockerfile
from layerscope.fixes.dockerfile.moving import find_source_places
from layerscope.fixes.dockerfile.scripts import read_script
from layerscope.formats.dockerfile import Instruction, Stage
from layerscope.formats.shell_helpers import HELPERS
from layerscope.formats.shell_words import LEADING

_INDEXED: Final = {
    "apt-lists": (
        re.compile(
            r"\bapt(?:-get|itude)?\s(?:[^&;|]*\s)?(?:(?:re)?install|(?:dist-|full-)?upgrade|build-dep|source|download"
            r"|satisfy|show|policy|search|list)\b|\bapt-cache\s"
        ),
        re.compile(r"\bapt(?:-get|itude)?\s(?:[^&;|]*\s)?update\b"),
    ),
    "apk": (
        re.compile(
            r"\bapk\s(?!(?:[^&;|]*\s)?(?:--no-cache|--update(?:-cache)?|-U)\b)(?:[^&;|]*\s)?(?:add|upgrade|fix|fetch)\b"
        ),
        re.compile(r"\bapk\s(?:[^&;|]*\s)?update\b"),
    ),
}
"""By kind: what installs with an index that is there already, and what fetches it."""

_DOWNLOADS: Final = re.compile(r"\bapt(?:-get|itude)?\s(?:[^&;|]*\s)?(?:-[a-z]*d|--download-only)(?=\s|$)")
_OFFLINE: Final = {
    "apt-lists": ("apt|apt-get", "--no-download"),
    "apt-archives": ("apt|apt-get", "--no-download"),
    "apk": ("apk", "--no-network"),
    "dnf": ("dnf5?|microdnf|yum|zypper", "-C|--cacheonly|--no-refresh"),
    "uv": ("uv", "--offline"),
    "conda": ("conda|mamba|micromamba", "--offline|--use-local"),
    "npm": ("npm", "--offline|--prefer-offline"),
    "yarn": ("yarn", "--offline|--prefer-offline"),
}
"""By kind: the programs that read its cache, and the options by which they do without a network."""

_TRIGGER: Final = re.compile(r"\s*(?:ONBUILD\s+)?RUN\s", re.IGNORECASE)
"""A RUN of the builds that start from this image, whose index is this one's."""

_VERSION: Final = (["--version"], ["-version"], ["-V"], ["-v"], ["version"], ["--help"])
"""Words with which any program only tells something."""

_OWN: Final = {kind: {"apt", "apt-get", "aptitude"} for kind in ("apt-lists", "apt-archives")}
"""The programs of a kind whose commands are read as such."""

_PIP: Final = re.compile(r"pip[\d.]*")
_MODULES: Final = tuple(
    ["-m", name] for name in ("pip", "venv", "ensurepip", "build", "compileall", "pytest", "unittest", "spacy", "nltk")
)
_PYTHON_SCRIPT: Final = re.compile(
    r"(?!.*(?:install|dep|bootstrap|provision|prepare|system))[^-].*\.py$", re.IGNORECASE
)
"""A script of Python that is not called like one which installs what it needs."""

_SHELLS_DEEP: Final = 3
"""Shells in one another whose texts are read."""

_WITHOUT_NETWORK: Final = "--network=none"
_DELETES: Final = re.compile(r"(?:\w+=\S*\s+|sudo\s+)*(?:(?:rm|rmdir|unlink)\s|find\s.*\s-delete\b)", re.DOTALL)
_MAY_INSTALL: Final = frozenset({
    "apt", "apt-get", "cypress", "eval", "make", "playwright", "source", ".", "xargs", "npx", "uvx", "pipx",
})  # fmt: skip
"""Programs that are known, and run what is not."""

_KNOWN: Final = (HELPERS | INSTALLERS) - _MAY_INSTALL | frozenset({
    "addgroup", "case", "configure", "done", "esac", "fi", "for", "hf", "huggingface-cli", "meson", "ninja",
    "adduser", "apk", "apt-cache", "apt-key", "apt-mark", "bzip2", "cmake", "command", "cmp", "dd", "diff",
    "df", "dpkg", "dpkg-reconfigure", "dpkg-query", "du", "easy_install", "env", "fc-cache", "file", "getent", "git",
    "gpg", "groupadd", "groupmod", "gunzip", "gzip", "hash", "java", "javac", "ldconfig", "ldd", "locale-gen",
    "md5sum", "mktemp", "node", "nvcc", "openssl", "passwd", "rsync", "setcap", "sha1sum", "sha256sum", "sha512sum",
    "ssh-keygen", "ssh-keyscan", "strip", "tar", "unlink", "unxz", "unzip", "update-alternatives",
    "lsb_release", "update-ca-certificates", "update-locale", "useradd", "usermod", "xz", "zip", "microdnf", "corepack",
    "gcc", "g++", "cc", "rpm", "localedef", "add-apt-repository", "apt-add-repository", "aws", "dotnet", "ffmpeg",
    "ffprobe", "gcloud", "gsutil", "kubectl", "nginx", "nvidia-smi", "php", "pre-commit", "pytest", "rustup",
    "systemctl", "vllm",
})  # fmt: skip
"""Programs that call no package manager of the system."""


def iter_index_users(maker: Instruction, matched: MatchedDockerfile, kind: str) -> Iterator[Instruction]:
    """Later lines, of whatever stage, that install with an index and do not fetch one themselves before."""
    reads, fetches = _INDEXED[kind]
    for each in matched.dockerfile.instructions:
        read, fetched = reads.search(each.text), fetches.search(each.text)
        is_later = each.number > maker.number and (each.keyword == "RUN" or _TRIGGER.match(each.text))
        if is_later and read and not (fetched and fetched.start() < read.start()):
            yield each


def fetches_index(maker: Instruction, kind: str) -> bool:
    """Whether a RUN leaves what a later one installs with: an index, or packages that are only fetched."""
    if kind == "apt-archives":
        return _DOWNLOADS.search(maker.text) is not None
    return kind == "apt-lists" or (kind in _INDEXED and _INDEXED[kind][1].search(maker.text) is not None)


def find_possible_reader(maker: Instruction, matched: MatchedDockerfile, kind: str, folder: str) -> int | None:
    """The first line of another step that may read the cache which a step fills in a folder."""
    heirs = list_heirs(matched, maker)
    named = re.compile(rf"(?<![\w.-])/?{re.escape(folder)}(?=[/\s\"',;&|)\]]|$)")
    is_index = fetches_index(maker, kind)
    for stage in matched.dockerfile.stages:
        for each in stage.instructions[1:]:
            is_later = stage in heirs and each.number > maker.number
            reads = is_later and (_names(each, named) or _is_offline(each, kind))
            installs = is_later and is_index and _may_install(each, kind)
            if reads or installs or (each != maker and _takes(each, named, heirs, matched)):
                return each.number
    return None


def is_opaque(text: str, kind: str, depth: int = _SHELLS_DEEP) -> bool:
    """Whether a text starts a program that is not known to leave the system's packages alone."""
    for words in split_commands(text):
        while words and (words[0] in LEADING or words[0] == "sudo" or words[0].startswith("-")):
            del words[0]
        stripped = strip_wrappers(words)
        inner = find_shell_script(stripped)
        is_unknown = not _is_known(stripped, kind) if inner is None else not depth or is_opaque(inner, kind, depth - 1)
        if stripped and is_unknown:
            return True
    return False


def _names(instruction: Instruction, named: re.Pattern[str]) -> bool:
    """Whether an instruction runs something that names the folder, or what is in it, and not to delete it."""
    if instruction.keyword not in {"RUN", "WORKDIR", "CMD", "ENTRYPOINT"}:
        return False
    commands = [each.text for each in read_script(instruction)] or [instruction.text]
    return any(named.search(command) and not _DELETES.match(command) for command in commands)


def _is_offline(instruction: Instruction, kind: str) -> bool:
    """Whether a RUN has a program do without the network that reads the cache then."""
    if instruction.keyword != "RUN" or kind not in _OFFLINE:
        return False
    programs, options = _OFFLINE[kind]
    calls = re.finditer(rf"\b(?:{programs})\s[^&;|]*", instruction.text)
    return any(
        _WITHOUT_NETWORK in instruction.flags or re.search(rf"\s(?:{options})(?=\s|$)", call[0]) for call in calls
    )


def _takes(instruction: Instruction, named: re.Pattern[str], heirs: list[Stage], matched: MatchedDockerfile) -> bool:
    """Whether an instruction copies the folder, or something in it, from one of these stages, or mounts it."""
    sources = find_source_places(instruction)
    if not sources or not named.search(f"{' '.join(instruction.flags).replace('=', ' ')} {instruction.text}"):
        return False
    stages = enumerate(matched.dockerfile.stages)
    return any("$" in source for source in sources) or not sources.isdisjoint(
        name for place, stage in stages if stage in heirs for name in (stage.name, str(place))
    )


def _may_install(instruction: Instruction, kind: str) -> bool:
    """Whether a RUN may install with what is there: by a script or a program of which nothing is known."""
    if instruction.keyword != "RUN":
        return False
    if instruction.words is None and not instruction.documents:
        before = _INDEXED[kind][1].search(instruction.text) if kind in _INDEXED else None
        text = instruction.text[: before.start()] if before else instruction.text
        return is_opaque(text, kind)
    return True


def _is_known(words: list[str], kind: str) -> bool:
    """Whether a command is known to call no package manager, or is the one that is looked at elsewhere."""
    name, rest = base_name("".join(words[:1])), words[1:]
    if rest in _VERSION or (name == "perl" and rest[:1] == ["-e"]):
        return True
    if is_python(name):
        return rest[:1] == ["-c"] or rest[:2] in _MODULES or _PYTHON_SCRIPT.match("".join(rest[:1])) is not None
    return name in _OWN.get(kind, {kind}) or name in _KNOWN or _PIP.fullmatch(name) is not None
