"""Dockerfiles of any name that builds of a context name: in Makefiles, scripts, workflows and the like.

Texts are read as they are, without running or parsing them whole: the commands that build, and the keys that name a
Dockerfile. What a variable stands for is taken from the same file; where it is not told, it may be any name.

https://docs.docker.com/reference/cli/docker/buildx/build/#file, https://skaffold.dev/docs/builders/,
https://github.com/docker/build-push-action#inputs, https://github.com/GoogleContainerTools/kaniko
"""

import os
import re
from collections.abc import Collection, Iterator
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Final

from layerscope.fixes.dockerfile.build_values import ANY, Values, has_variable

NAMED_LIMIT: Final = 200
"""Names of Dockerfiles that are followed of one file."""

FOLDERS_LIMIT: Final = 20
"""Folders that the commands of one file go to."""

MATCHES_LIMIT: Final = 200
"""Files that are looked at where a name holds a variable."""

SIZE_LIMIT: Final = 1 << 18
"""Bytes of a file that is read: Makefiles, workflows and scripts are far smaller."""

_SCRIPT: Final = re.compile(
    r"(?i)(?:gnu)?makefile(?:\.\w+)?|.+\.mk|justfile|\.justfile|jenkinsfile(?:\..+)?|.+\.(?:sh|bash|zsh|ps1|bat|cmd)"
)
"""Files that hold commands alone."""

_KEYED: Final = re.compile(
    r"(?i)skaffold.*\.ya?ml|\.gitlab-ci.*\.ya?ml|.*\.gitlab-ci\.ya?ml|taskfile.*\.ya?ml|cloudbuild.*\.(?:ya?ml|json)"
    r"|azure-pipelines.*\.ya?ml|buildspec.*\.ya?ml|bitbucket-pipelines\.ya?ml|\.?drone\.ya?ml|\.travis\.ya?ml"
    r"|werf.*\.ya?ml|(?:package|devcontainer|railway)\.json|fly.*\.toml|render\.ya?ml|heroku\.ya?ml|tiltfile"
    r"|\.goreleaser.*\.ya?ml|devspace\.ya?ml|garden\.ya?ml"
)
"""Files that name Dockerfiles by a key, or hold commands."""

_WORKFLOWS: Final = frozenset({".circleci", ".gitlab", ".woodpecker", "actions", "workflows"})
"""Folders of which each YAML file is of that kind; actions have one of their own each."""

_BUILDS: Final = re.compile(
    r"(?i)(?:\b(?:docker|podman|buildah|nerdctl|depot|acr)\b|\$[({]*\w*(?:docker|podman|container|engine|oci)\w*[)}]*)"
    r"(?:[ \t\"',]+[^\s;&|\"',]+){0,8}?[ \t\"',]+(?:build|bud|build-using-dockerfile)(?=[\s\"',])"
    r"(?P<rest>(?:\"[^\"\n]*\"|'[^'\n]*'|[^;&|\n])*)"
)
_TOLD: Final = re.compile(
    rb"(?i)docker|podman|buildah|nerdctl|kaniko|\b(?:acr|depot)\b|\$\W?\w*(?:container|engine|oci)"
)
_COMPOSE: Final = re.compile(r"\bcompose\b")
_NAME: Final = (
    r"(?P<name>(?:\$\{\{[^{}\n]*\}\}|\{\{[^{}\n]*\}\}|\$\([^()\n]*\)|\$\{[^{}\n]*\}|`[^`\n]*`|[^\s\"',;&|<>`])+)"
)
_OPTION: Final = re.compile(rf"(?:^|[\s\"',])(?:--file|-f|--dockerfile)(?:=[\"']?|[\s\"',]+|(?=[\w./$-])){_NAME}")
_KANIKO: Final = re.compile(rf"--dockerfile(?:=|[\s\"',]+){_NAME}")
_READ: Final = re.compile(r"(?<!<)<[ \t]*(?P<name>[^\s<>;&|\"'(]+)")
_VALUE: Final = r"""(?:"([^"\n]*)"|'([^'\n]*)'|((?:\$\{\{[^{}\n]*\}\}|[^\s#,}][^\n#,}$]*)+))"""
_KEY: Final = re.compile(rf"""(?im)(?:^[ \t-]*|[{{,][ \t]*)["']?dockerfile(?:_?path)?["']?[ \t]*[:=][ \t]*{_VALUE}""")
_FILE_KEY: Final = re.compile(rf"""(?m)(?:^[ \t-]*|[{{,][ \t]*)file:[ \t]*{_VALUE}""")
_ACTION: Final = re.compile(r"build-push-action(?P<step>.*?)(?=\buses:|\n[ \t]*- |\Z)", re.DOTALL)
_FOLDER: Final = re.compile(r"(?:\b(?:cd|pushd)[ \t]+|\b(?:working-directory|dir):[ \t]*)[\"']?([\w./-]+)")
_WORD: Final = re.compile(r"[\w./\\-]+")
_CONTEXT_KEY: Final = re.compile(r"""(?im)["']?\bcontext["']?[ \t]*[:=][ \t]*["']?([^\s"'#,}]+)""")
_CONTINUED: Final = re.compile(r"[\\`^][ \t]*\r?\n[ \t]*")
_COMMENT: Final = re.compile(r"(?m)^[ \t]*(?:#|//).*\n?")
_VALUED: Final = re.compile(r"""(?:^|\s)--?[\w-]+(?:=(?:"[^"]*"|'[^']*'|\S*))?""")
_NOTHING: Final = frozenset({"", "true", "false", "null", "~", "|", ">", "["})
_STANDARD: Final = re.compile(r"(?i).*(?:dockerfile|containerfile|\.docker$).*")
"""Names that are looked at wherever they lie."""

Named = tuple[Path, bool] | None
"""A Dockerfile, and whether it is one for sure; or that there is one which cannot be told."""


def may_name(name: str, folder: Path) -> bool:
    """Whether a file of that name, in that folder, may name Dockerfiles."""
    is_workflow = name.endswith((".yml", ".yaml")) and not _WORKFLOWS.isdisjoint(folder.parts[-2:])
    return is_workflow or _SCRIPT.fullmatch(name) is not None or _KEYED.fullmatch(name) is not None


def find_named(place: Path, content: bytes, root: Path, names: Collection[str]) -> Iterator[Named]:
    """The Dockerfiles that a file names to be built from `root`, or may; `names` are of all files of the context."""
    if not _TOLD.search(content):
        return
    if len(content) > SIZE_LIMIT:
        yield None
        return
    text = _CONTINUED.sub(" ", _COMMENT.sub("", content.decode("utf-8", "replace"))).replace("$$", "$")
    values = Values(text)
    folders = _list_folders(text, place, root)
    count = 0
    for name, context, is_sure in _iter_names(text, place):
        for told in values.expand(name):
            count += 1
            if count > NAMED_LIMIT:
                yield None
                return
            if context and _is_elsewhere(context, values, folders, root):
                continue
            yield from _resolve(told, folders, names, is_sure=is_sure)
    yield from _find_words(text, folders, names)


def _find_words(text: str, folders: tuple[Path, ...], names: Collection[str]) -> Iterator[Named]:
    """The files that any word of a text names: what begins like a Dockerfile may be one, however it gets to a build."""
    for word in dict.fromkeys(_WORD.findall(text)):
        path = word.replace("\\", "/").removeprefix("./").strip("/")
        last = path.rpartition("/")[2]
        if last in names and not _STANDARD.fullmatch(last):
            yield from ((folder / path, False) for folder in folders if (folder / path).is_file())


def _list_folders(text: str, place: Path, root: Path) -> tuple[Path, ...]:
    """Where a name may begin: at the top, where the file lies, and where its commands go."""
    told = list(dict.fromkeys(_FOLDER.findall(text)))[:FOLDERS_LIMIT]
    return tuple(dict.fromkeys((root, place.parent, *(root / each.strip("/") for each in told))))


def _iter_names(text: str, place: Path) -> Iterator[tuple[str, str, bool]]:
    """Each name, the context that it is built from, where that is told, and whether it is surely a Dockerfile's."""
    for build in _BUILDS.finditer(text):
        rest = build["rest"]
        if _COMPOSE.search(build[0][: -len(rest) or None]):
            continue
        context = _find_context(rest)
        option = _OPTION.search(rest)
        if option is None or context == "-":
            continue
        name = option["name"]
        read = _READ.search(text[build.start("rest") : text.find("\n", build.end()) % (len(text) + 1)])
        yield (read["name"] if read else "$") if name == "-" else name, context, True
    for match in _KANIKO.finditer(text):
        yield match["name"], "", True
    if _SCRIPT.fullmatch(place.name):
        return
    contexts = dict.fromkeys(_CONTEXT_KEY.findall(text))
    only = next(iter(contexts), "") if len(contexts) == 1 else ""
    for match in _KEY.finditer(text):
        name = next(filter(None, match.groups()), "").strip()
        is_one = " " not in name or "{{" in name
        if (
            is_one
            and name.lower() not in _NOTHING
            and (name.startswith("{{") or not name.startswith(("{", "[", "|", ">")))
        ):
            yield name, only, True
    for step in _ACTION.finditer(text):
        for match in _FILE_KEY.finditer(step["step"]):
            yield next(filter(None, match.groups()), "").strip(), "", True


def _find_context(rest: str) -> str:
    """The last word of a build that is no option and no option's value; empty where none is seen."""
    words = re.split(r"[\s\"',]+", re.sub(r"\d?[<>]+.*", "", rest).strip())
    last = words[-1].rstrip(")`") if words else ""
    before = words[-2] if len(words) > 1 else ""
    is_value = (
        before.startswith("-") and "=" not in before and before not in {"--no-cache", "--pull", "--push", "--load"}
    )
    return next((word for word in words if word == "."), "" if last.startswith("-") or is_value else last)


def _is_elsewhere(context: str, values: Values, folders: tuple[Path, ...], root: Path) -> bool:
    """Whether a context is another folder for sure."""
    told = values.expand(context)
    if any(has_variable(each) or ANY in each for each in told):
        return False
    places = {os.path.realpath(folder / each) for each in told for folder in folders}
    return os.fspath(root) not in places and any(map(os.path.isdir, places))


def _resolve(name: str, folders: tuple[Path, ...], names: Collection[str], *, is_sure: bool) -> Iterator[Named]:
    """The files that a name stands for; a variable in it may be anything."""
    pattern = name.replace("\\", "/").removeprefix("./")
    rest = pattern.removeprefix(f"{ANY}/")
    last = rest.rpartition("/")[2]
    if _STANDARD.fullmatch(last) and (ANY in rest or last in names):
        return  # looked at by its name, wherever it lies
    found = [] if ANY in rest else [folder / rest for folder in dict.fromkeys(folders) if (folder / rest).is_file()]
    yield from ((each, is_sure) for each in found)
    if found:
        return
    matched = list(_match(pattern, folders)) if ANY in pattern and pattern != ANY else []
    yield from matched
    if is_sure and not matched:
        yield None


def _match(pattern: str, folders: tuple[Path, ...]) -> Iterator[Named]:
    """The files whose paths fit a pattern, some folders deep."""
    parts = pattern.strip("/").split("/")
    count = 0
    for folder in dict.fromkeys(folders):
        waiting = [folder]
        for part in parts[:-1]:
            waiting = [each / name for each in waiting for name in _list(each) if fnmatchcase(name, part)]
        for each in waiting[:MATCHES_LIMIT]:
            for name in _list(each):
                if fnmatchcase(name, parts[-1]) and (each / name).is_file():
                    count += 1
                    if count > MATCHES_LIMIT:
                        yield None
                        return
                    yield each / name, False


def _list(folder: Path) -> list[str]:
    try:
        return sorted(each.name for each in folder.iterdir())
    except OSError:
        return []
