"""Paths by which commands name a package manager's cache: its folder, or the end of it behind a variable or a home."""

import re
from typing import Final

PATHS_LIMIT: Final = 50
"""Paths that are kept of one text."""

_END: Final = r"""(?=[/\s"',;&|)\]}]|$)"""
_START: Final = r"(?<![\w./$~{}-])"
_HOME: Final = r"(?:~\w*|\$\{?\w+\}?)"
"""What stands in a command for a folder whose name is not spelled out."""

_VARIABLES: Final = {
    "pip": ("PIP_CACHE_DIR", "PIP_FIND_LINKS"),
    "uv": ("UV_CACHE_DIR",),
    "npm": ("NPM_CONFIG_CACHE", "npm_config_cache"),
    "yarn": ("YARN_CACHE_FOLDER",),
    "pypoetry": ("POETRY_CACHE_DIR",),
    "pdm": ("PDM_CACHE_DIR",),
    "pipenv": ("PIPENV_CACHE_DIR",),
    "pkgs": ("CONDA_PKGS_DIRS",),
}
"""By the last part of a cache's path: the variables that hold that path."""

_SHARED: Final = ".cache"
_SHARED_VARIABLE: Final = "XDG_CACHE_HOME"
"""Holds the folder of all caches of a home: https://specifications.freedesktop.org/basedir-spec/latest/"""

_HELD: Final = "|".join((_SHARED_VARIABLE, *(each for names in _VARIABLES.values() for each in names)))
_DEFAULT: Final = r"(?::?-[/~$][^}\s]{0,200})?"
_BEHIND: Final = r"(?:/[\w.*-]*){0,2}"
"""What is kept behind the part by which a cache is known; other words of a script may be secret."""

_PATH: Final = re.compile(
    rf"\$\{{?(?:{_HELD})(?!\w){_DEFAULT}\}}?{_BEHIND}|(?<![\w./+-])(?:~\w*|\$\{{?\w+{_DEFAULT}\}}?)?[\w./+-]*"
    r"(?:/?\.cache|(?:var|apk|berry|mod)/cache|apt/lists|/pkgs|/?\.npm|/?\.yarn|/pnpm|cargo/registry|cargo/git"
    rf"|\.gradle/caches|pkg/mod|/go-build)(?![\w.-]){_BEHIND}"
)
_LENGTH: Final = 300
"""Characters of a path that is kept."""

_HARMLESS: Final = re.compile(
    r"\s*(?:(?:exec|sudo|then|do|else)\s+)*(?:mkdir|install\s+-d|chown|chgrp|chmod|rm|rmdir|unlink|touch|echo|printf"
    r"|mount|umount)\s[^\n;&|]*"
)
_EMPTYING: Final = re.compile(r"\s*find\s[^\n;&|]*\s-delete\b[^\n;&|]*")
_SETTING: Final = re.compile(r"\b\w{0,40}(?:CACHE|PKGS_DIRS|STORE)\w{0,40}=\S*|\s--cache(?:-dir|-folder)?(?:=|\s+)\S+")
"""Where a program is to keep its cache: it does without what is there."""


def name_folder(folder: str) -> re.Pattern[str]:
    """What names a folder, or something in it: its path, the end of it behind a variable or a home, or a variable."""
    ends = _tell_ends(folder)
    behind = rf"|{_HOME}/(?:{ends}){_END}" if ends else ""
    return re.compile(rf"(?<![\w.-])/?{re.escape(folder)}{_END}{behind}{_name_variables(folder)}")


def name_alone(folder: str) -> re.Pattern[str]:
    """What names a folder itself, or all that is in it, and nothing in it by its name."""
    ends = "|".join(filter(None, (re.escape(folder.partition("/")[2]), _tell_ends(folder))))
    behind = rf"|{_HOME}/(?:{ends})" if ends else ""
    return re.compile(rf"""{_START}(?:/?{re.escape(folder)}{behind})(?:/[.*]?)?(?=[\s"',;&|)\]]|$)""")


def name_shared(folder: str) -> re.Pattern[str] | None:
    """What names the folder alone in which a cache lies beside those of other programs of a home; None without one."""
    above = folder.rpartition("/")[0]
    if not is_shared(above):
        return None
    held = rf"\$(?:{_SHARED_VARIABLE}(?!\w)|\{{{_SHARED_VARIABLE}{_DEFAULT}\}})"
    return re.compile(rf"""{name_alone(above).pattern}|{held}(?:/[.*]?)?(?=[\s"',;&|)\]]|$)""")


def _tell_ends(folder: str) -> str:
    """The ends of a path that tell which folder is meant, behind whatever stands for a home."""
    parts = folder.split("/")
    ends = ["/".join(parts[number:]) for number in range(1, len(parts))]
    return "|".join(re.escape(end) for end in ends if "/" in end or end.startswith(".") or end == "pkgs")


def _name_variables(folder: str) -> str:
    """The variables that hold the path of a folder, as an expression may name them."""
    above, _, name = folder.rpartition("/")
    names = "|".join(_VARIABLES.get(name, ()))
    own = rf"|\$\{{?(?:{names})(?!\w)" if names else ""
    shared = rf"|\$\{{?{_SHARED_VARIABLE}(?!\w){_DEFAULT}\}}?/{re.escape(name)}{_END}" if is_shared(above) else ""
    return own + shared + (rf"|\$\{{?{_SHARED_VARIABLE}(?!\w){_DEFAULT}\}}?{_END}" if is_shared(folder) else "")


def is_shared(folder: str) -> bool:
    """Whether a folder is the one in which the programs of a home keep their caches."""
    return folder.rpartition("/")[2] == _SHARED


def find_cache_paths(text: str) -> tuple[str, ...]:
    """The paths in a shell's text that may lead into a cache, of commands that may read there."""
    parts = re.split(r"[\n;&|]", text)
    read = [_SETTING.sub("", each) for each in parts if not (_HARMLESS.match(f"{each} ") or _EMPTYING.match(each))]
    found = dict.fromkeys(match[0][:_LENGTH] for each in read for match in _PATH.finditer(each))
    return tuple(found)[:PATHS_LIMIT]


def leads_into(path: str, folder: str) -> bool:
    """Whether a path names a cache's folder, something in it, or the one above in which a home has all its caches."""
    shared = name_shared(folder)
    return name_folder(folder).search(path) is not None or (shared is not None and shared.search(path) is not None)
