"""What keeps each package manager's cache out of an image."""

import re
from collections.abc import Iterator, Sequence
from typing import Final

from layerscope.rules.fix import Fix, Safety
from layerscope.rules.wording import quote_instruction

_CURES: Final[dict[str, tuple[str, str, str, Safety]]] = {
    "apt-lists": (
        "Remove apt's package lists in the step that fetches them",
        "&& rm -rf /var/lib/apt/lists/*",
        "RUN --mount=type=cache,target=/var/lib/apt/lists,sharing=locked apt-get update && apt-get install -y …",
        Safety.SAFE,
    ),
    "apt-archives": (
        "Remove apt's package cache in the step that fills it",
        "&& apt-get clean",
        "RUN --mount=type=cache,target=/var/cache/apt,sharing=locked apt-get install -y …",
        Safety.SAFE,
    ),
    "apk": (
        "Let apk keep no cache",
        "apk add --no-cache …",
        "RUN --mount=type=cache,target=/etc/apk/cache apk add …",
        Safety.SAFE,
    ),
    "dnf": (
        "Remove dnf's cache in the step that installs",
        "&& dnf clean all && rm -rf /var/cache/dnf /var/cache/yum",
        "RUN --mount=type=cache,target=/var/cache/dnf,sharing=locked dnf install -y …",
        Safety.SAFE,
    ),
    "pip": (
        "Let pip keep no cache",
        "pip install --no-cache-dir …   (or once, above: ENV PIP_NO_CACHE_DIR=1)",
        "RUN --mount=type=cache,target=/root/.cache/pip pip install …",
        Safety.SAFE,
    ),
    "uv": (
        "Let uv keep no cache",
        "uv sync --no-cache …   (or once, above: ENV UV_NO_CACHE=1)",
        "RUN --mount=type=cache,target=/root/.cache/uv uv sync …   with ENV UV_LINK_MODE=copy",
        Safety.SAFE,
    ),
    "poetry": (
        "Let Poetry keep no cache",
        "poetry install --no-cache …",
        "RUN --mount=type=cache,target=/root/.cache/pypoetry poetry install …",
        Safety.SAFE,
    ),
    "conda": (
        "Remove conda's package folder in the step that installs",
        "&& conda clean --all --yes",
        "RUN --mount=type=cache,target=/opt/conda/pkgs conda install --yes …",
        Safety.SAFE,
    ),
    "npm": (
        "Remove npm's cache in the step that installs",
        "&& npm cache clean --force",
        "RUN --mount=type=cache,target=/root/.npm npm ci --omit=dev",
        Safety.SAFE,
    ),
    "yarn": (
        "Remove Yarn's cache in the step that installs",
        "&& yarn cache clean",
        "RUN --mount=type=cache,target=/usr/local/share/.cache/yarn yarn install --frozen-lockfile",
        Safety.SAFE,
    ),
    "pnpm": (
        "Remove pnpm's store in the step that installs",
        "&& pnpm store prune && rm -rf $(pnpm store path)",
        "RUN --mount=type=cache,target=/root/.local/share/pnpm/store pnpm install --frozen-lockfile",
        Safety.REVIEW,
    ),
    "cargo": (
        "Build Rust programs in a stage of their own",
        "COPY --from=build /app/target/release/PROGRAM /usr/local/bin/PROGRAM",
        "RUN --mount=type=cache,target=/usr/local/cargo/registry cargo build --release",
        Safety.REVIEW,
    ),
    "go": (
        "Build Go programs in a stage of their own",
        "COPY --from=build /app/PROGRAM /usr/local/bin/PROGRAM",
        "RUN --mount=type=cache,target=/root/.cache/go-build --mount=type=cache,target=/go/pkg/mod go build …",
        Safety.REVIEW,
    ),
    "gradle": (
        "Build Java programs in a stage of their own",
        "COPY --from=build /app/build/libs/PROGRAM.jar /app/PROGRAM.jar",
        "RUN --mount=type=cache,target=/root/.gradle/caches gradle build",
        Safety.REVIEW,
    ),
    "ccache": (
        "Keep the compiler cache outside of the image",
        "&& rm -rf ~/.cache/ccache ~/.cache/bazel",
        "RUN --mount=type=cache,target=/root/.cache/ccache make",
        Safety.REVIEW,
    ),
}
"""For each kind: the title, the change in the step itself, the cache mount that takes its place, and the safety."""


_FOLDERS: Final = "/var/cache/dnf /var/cache/yum"
_PROGRAMS: Final[dict[str, dict[str, str]]] = {
    "dnf": {
        "dnf": f"clean all && rm -rf {_FOLDERS}",
        "yum": f"clean all && rm -rf {_FOLDERS}",
        "microdnf": f"clean all && rm -rf {_FOLDERS}",
        "tdnf": f"clean all && rm -rf {_FOLDERS} /var/cache/tdnf",
        "dnf5": "clean all && rm -rf /var/cache/libdnf5",
        "zypper": "clean --all && rm -rf /var/cache/zypp",
    },
    "conda": dict.fromkeys(("conda", "mamba", "micromamba"), "clean --all --yes"),
    "npm": {"npm": "cache clean --force", "npx": ""},
    "yarn": dict.fromkeys(("yarn", "yarnpkg"), "cache clean"),
}
"""The programs that fill a cache, each with what makes it empty the cache again; one without has another's."""

_LEADS: Final = r"(?:^|[|;&]\s*)(?:\w+=\S*\s+|(?:sudo|time|env|exec|nice|command|RUN)\s+|timeout\s+\S+\s+)*"
_REMOVES: Final = re.compile(r"\b(?:del|erase|purge|remove|autoremove|uninstall)\s|\brpm\s+(?:\S+\s+)*-e\s")
_DELETES: Final = re.compile(r"\b(?:rm|unlink)\s")
_VARIABLE: Final = re.compile(r"\$\{?(\w+)")
_VIRTUAL: Final = re.compile(r"(?:^|\s)(\.[\w.-]+)(?=\s|$)")
"""The name that `apk add --virtual` gives some packages."""

_PACKAGES: Final = {"npm": "nodejs?", "yarn": "nodejs?"}
"""Packages without which a program does not run."""


def find_cleanup(kind: str, commands: Sequence[str], folder: str = "") -> str:
    """The command that empties a cache again, of the program that these commands call; empty where none is seen.

    The folder is where the cache lies, if that is known.
    """
    _, change, _, safety = _CURES[kind]
    if not change.startswith("&& ") or safety is not Safety.SAFE:
        return ""
    if kind not in _PROGRAMS:
        return change.removeprefix("&& ")
    called = _find_called(kind, commands)
    place, slash, name = called.rpartition("/")
    own = _PROGRAMS[kind].get(name, "")
    cleanup = f"{called} {own}" if own else f"{place}{slash}{kind} {_PROGRAMS[kind][kind]}" if called else ""
    is_other = cleanup and kind == "dnf" and folder.startswith("var/cache/") and f"/{folder}" not in cleanup
    return f"{cleanup} /{folder}" if is_other else cleanup


def _find_called(kind: str, commands: Sequence[str]) -> str:
    """The last program of a kind that commands call, as they do; empty where a later one may take it away."""
    names = "|".join(map(re.escape, _PROGRAMS[kind]))
    called = ""
    for command in commands:
        match = re.search(rf"{_LEADS}((?:[\w./~-]*/)?(?:{names}))(?=\s|$)", command)
        if match is not None:
            called = match[1]
        elif called and _removes(command, called, kind, commands):
            called = ""
    return called


def cleans_itself(kind: str) -> bool:
    """Whether the step that fills a cache is to end with a command that empties it."""
    _, change, _, safety = _CURES[kind]
    return change.startswith("&& ") and safety is Safety.SAFE


def suggest_cure(kind: str, instruction: str, reader: str = "") -> Fix:
    """The fix for a cache of that kind, left behind by that instruction; to be read first where something needs it."""
    title, change, mount, safety = _CURES[kind]
    step = quote_instruction(instruction)
    cleanup = find_cleanup(kind, [instruction])
    told = f"&& {cleanup}" if cleanup else change
    where = f"In `{step}`: {told}" if step else told
    steps = (where, f"Or keep the cache for the next build, outside of the image: {mount}")
    return Fix(title, steps, Safety.REVIEW if reader else safety)


def tell_reader(reader: str) -> str:
    """That something may need the cache, as the end of a message; nothing where nothing is seen to."""
    return f"; {reader} may need what is in it" if reader else ""


def _removes(command: str, program: str, kind: str, commands: Sequence[str]) -> bool:
    """Whether one of the commands may take a program away that ran before."""
    name = program.rpartition("/")[2]
    if _DELETES.search(command):
        return re.search(rf"bin/{re.escape(name)}(?=\s|$)", command) is not None
    if not _REMOVES.search(command):
        return False
    packages = "|".join(filter(None, (re.escape(name), _PACKAGES.get(kind, ""))))
    meant = [command, *_list_meant(command, commands)]
    return any(text is None or re.search(rf"(?<![\w./-])(?:{packages})(?![\w/-])", text) for text in meant)


def _list_meant(command: str, commands: Sequence[str]) -> Iterator[str | None]:
    """What the variables and virtual packages of a command stand for, as other commands say; None where none does."""
    for variable in _VARIABLE.findall(command):
        found = (re.search(rf"\b{variable}=(\"[^\"]*\"|'[^']*'|\S*)", each) for each in commands)
        yield next((match[1].strip("\"'") for match in found if match), None)
    for virtual in _VIRTUAL.findall(command):
        form = re.compile(rf"(?:--virtual|-t)[ =]{re.escape(virtual)}(?=\s|$)")
        yield next((each for each in commands if form.search(each)), "")
