"""Who reads a package manager's cache after the step that fills it: later steps, and other stages that copy it."""

import re
from collections.abc import Iterator, Mapping
from typing import Final

from layerscope.facts.system.cache_calls import INDEX_USES, flatten_quotes
from layerscope.facts.system.cache_paths import name_folder
from layerscope.facts.system.commands import (
    INSTALLERS,
    base_name,
    find_shell_script,
    is_python,
    split_commands,
    strip_wrappers,
)
from layerscope.fixes.dockerfile.edits.cache_places import (
    PLACES_LIMIT,
    CachePlace,
    is_covered,
    is_taken_from,
    list_cache_places,
    list_names,
    list_sources,
)
from layerscope.fixes.dockerfile.edits.cache_uses import UNMADE, CacheUse, expand_known
from layerscope.fixes.dockerfile.edits.layer_evidence import changes_packages, runs_program, tells_change
from layerscope.fixes.dockerfile.edits.offline_commands import is_offline
from layerscope.fixes.dockerfile.edits.stage_walk import read_made, walk
from layerscope.fixes.dockerfile.heirs import list_heirs
from layerscope.fixes.dockerfile.matching import MatchedDockerfile
from layerscope.fixes.dockerfile.scripts import read_script
from layerscope.formats.dockerfile import Instruction
from layerscope.formats.dockerfile_words import find_assignments
from layerscope.formats.shell_helpers import HELPERS
from layerscope.formats.shell_words import LEADING

_DOWNLOADS: Final = re.compile(r"\bapt(?:-get|itude)?\s(?:[^&;|]*\s)?(?:-[a-z]*d|--download-only)(?=\s|$)")
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
    reads, fetches = INDEX_USES[kind]
    for each in matched.dockerfile.instructions:
        text = flatten_quotes(each.text)
        read, fetched = reads.search(text), fetches.search(text)
        is_later = each.number > maker.number and (each.keyword == "RUN" or _TRIGGER.match(each.text))
        if is_later and read and not (fetched and fetched.start() < read.start()):
            yield each


def fetches_index(maker: Instruction, kind: str) -> bool:
    """Whether a RUN leaves what a later one installs with: an index, or packages that are only fetched."""
    if kind == "apt-archives":
        return _DOWNLOADS.search(maker.text) is not None
    return kind == "apt-lists" or (kind in INDEX_USES and INDEX_USES[kind][1].search(maker.text) is not None)


def find_possible_reader(maker: Instruction, matched: MatchedDockerfile, kind: str, folder: str) -> int | None:
    """The first line of another step that may read the cache which a step fills in a folder, wherever it is copied."""
    places = list_cache_places(maker, matched, folder)
    if len(places) >= PLACES_LIMIT:
        return maker.number
    is_index = fetches_index(maker, kind)
    lines = {line for place in places if (line := _find_reader(place, maker, matched, kind)) is not None}
    if is_index:
        own = [each for place in places if place.is_own for each in place.iter_steps()]
        lines |= {each.number for each in own if _may_install(each, kind) or _has_installed(each, matched, kind)}
    return min(lines, default=None)


def find_own_users(maker: Instruction, matched: MatchedDockerfile, kind: str, folder: str) -> list[int]:
    """The places of the step's own commands that need its cache, where a changed step never has one."""
    if kind not in UNMADE:
        return []
    stage = list_heirs(matched, maker)[0]
    settings, made = next((told, made) for each, told, made in walk(stage, matched) if each is maker)
    commands = read_script(maker)
    if is_offline(maker, kind, settings, name_folder(folder)):
        return list(range(len(commands)))
    return CacheUse(kind, folder).list_users(commands, settings, made)


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


def _find_reader(place: CachePlace, maker: Instruction, matched: MatchedDockerfile, kind: str) -> int | None:
    """The first line that reads the cache at one place, or takes it from there."""
    use = CacheUse(kind, place.folder)
    steps = {each.number for each in place.iter_steps()}
    for each, settings, made in walk(place.stage, matched):
        is_step = each.number in steps and not is_covered(each, place.folder)
        if is_step and (_names(each, use, settings, made) or is_offline(each, kind, settings, use.named)):
            return each.number
    names, made = list_names([place.stage], matched), "" if place.mount else read_made(place.stage, matched)
    for each in () if place.mount else matched.dockerfile.instructions:
        if each != maker and is_taken_from(each, names):
            text = f"{' '.join(each.flags).replace('=', ' ')} {each.text}"
            if use.named.search(text) or use.needs_parent(text, made) or use.is_matched(list_sources(each)):
                return each.number
    return None


def _names(instruction: Instruction, use: CacheUse, settings: Mapping[str, str], made: str) -> bool:
    """Whether an instruction runs something that needs the folder, or what is in it, or has pip look there."""
    if instruction.keyword == "ENV":
        pairs = find_assignments(instruction.operands)
        return any("FIND_LINKS" in name and use.named.search(value) is not None for name, value in pairs)
    if instruction.keyword not in {"RUN", "WORKDIR", "CMD", "ENTRYPOINT", "ONBUILD"}:
        return False
    if commands := read_script(instruction):
        return use.list_users(commands, settings, made) != []
    text = expand_known(instruction.text, settings)
    return use.named.search(text) is not None or (instruction.keyword != "WORKDIR" and use.takes_shared(text))


def _may_install(instruction: Instruction, kind: str) -> bool:
    """Whether a RUN may install with what is there: by a script or a program of which nothing is known."""
    if instruction.keyword != "RUN":
        return False
    if instruction.words is None and not instruction.documents:
        before = INDEX_USES[kind][1].search(instruction.text) if kind in INDEX_USES else None
        text = instruction.text[: before.start()] if before else instruction.text
        return is_opaque(text, kind)
    return True


def _has_installed(instruction: Instruction, matched: MatchedDockerfile, kind: str) -> bool:
    """Whether a RUN has installed with what was there, by its layer; without one, whether a program of it may."""
    if instruction.keyword != "RUN":
        return False
    text = instruction.text
    fetched = INDEX_USES[kind][1].search(flatten_quotes(text)) if kind in INDEX_USES else None
    if fetched is not None and not runs_program(text[: fetched.start()]):
        return False
    is_changed = changes_packages(instruction, matched)
    return runs_program(text) if is_changed is None else is_changed and not tells_change(text)


def _is_known(words: list[str], kind: str) -> bool:
    """Whether a command is known to call no package manager, or is the one that is looked at elsewhere."""
    name, rest = base_name("".join(words[:1])), words[1:]
    if rest in _VERSION or (name == "perl" and rest[:1] == ["-e"]):
        return True
    if is_python(name):
        return rest[:1] == ["-c"] or rest[:2] in _MODULES or _PYTHON_SCRIPT.match("".join(rest[:1])) is not None
    return name in _OWN.get(kind, {kind}) or name in _KNOWN or _PIP.fullmatch(name) is not None
