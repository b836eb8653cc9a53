"""Commands that do without a network, and so may need what a package manager's cache holds."""

import re
from collections.abc import Mapping
from typing import Final

from layerscope.facts.layers.uv_runs import keeps_environment
from layerscope.facts.system.cache_calls import OFFLINE_SETTINGS, OFFLINE_USES
from layerscope.formats.dockerfile import Instruction
from layerscope.formats.dockerfile_words import expand_variables

_OFF: Final = frozenset({"", "0", "false", "no", "off", "n", "f"})
_WITHOUT_NETWORK: Final = "--network=none"
_ASSIGNMENT: Final = re.compile(r"(?<![\w-])(\w+)=[\"']?([^\s\"';&|]*)")

_RUNNING: Final = frozenset({"RUN", "CMD", "ENTRYPOINT", "ONBUILD"})
_RUN: Final = re.compile(r"uv\s+(?:-\S+\s+)*run\s")
_PIP: Final = re.compile(r"\bpip[\d.]*\s+(?:install|download|wheel)\b[^&;|]*")
_PLACES: Final = re.compile(r"\s(?:--find-links|-f)(?:=|\s+|(?=\S))[\"']?([^\s\"']+)")
_VALUED: Final = re.compile(
    r"\s(?:-[tdwcbi]|--(?:target|dest|wheel-dir|constraint|prefix|root|platform|python-version|only-binary|no-binary"
    r"|src|log|timeout|retries|progress-bar|upgrade-strategy|python|report))(?:=|\s+)\S+"
)
_WORD: Final = re.compile(r"\s[\"']?([^\s\"']+)")
_FILE: Final = re.compile(r"\.{1,2}(?:\[.*\])?|.*/.*|.*\.(?:whl|zip|tar\.\w+|tgz)|.*[$*].*")
"""What pip is given that is no name to look for: a folder, or a file."""


def is_offline(instruction: Instruction, kind: str, settings: Mapping[str, str], named: re.Pattern[str]) -> bool:
    """Whether a program that reads the cache then is to do without the network; `named` names the cache.

    That is one of a RUN, of what a container starts, or of what a build does that starts from the image.

    https://pip.pypa.io/en/stable/cli/pip_install/#cmdoption-no-index
    """
    if instruction.keyword not in _RUNNING:
        return False
    text = " ".join(instruction.words or (instruction.text,))
    told = {**settings, **dict(_ASSIGNMENT.findall(text))}
    is_set = any(
        told.get(form, "").lower() not in _OFF for name in OFFLINE_SETTINGS.get(kind, ()) for form in _list_forms(name)
    )
    if kind == "pip":
        calls = (expand_variables(match[0], settings) for match in _PIP.finditer(text))
        return any((is_set or "--no-index" in call) and _finds_in_cache(call, told, named) for call in calls)
    if kind not in OFFLINE_USES:
        return False
    programs, options = OFFLINE_USES[kind]
    is_set = is_set or _WITHOUT_NETWORK in instruction.flags
    calls = (match[0] for match in re.finditer(rf"\b(?:{programs})\s[^&;|]*", text))
    return any(
        (is_set or re.search(rf"\s(?:{options})(?=\s|$)", call)) and not (kind == "uv" and _keeps_environment(call))
        for call in calls
    )


def _finds_in_cache(call: str, told: Mapping[str, str], named: re.Pattern[str]) -> bool:
    """Whether pip looks for a project in the cache, or at a place that the command does not tell."""
    places = [*_PLACES.findall(call), *filter(None, (told.get("PIP_FIND_LINKS", ""),))]
    if places:
        return any(named.search(place) for place in places)
    rest = _VALUED.sub("", call).partition("install")[2]
    words = [word for word in _WORD.findall(rest) if not word.startswith("-")]
    return re.search(r"\s(?:-r|--requirement)", rest) is not None or any(not _FILE.fullmatch(word) for word in words)


def _keeps_environment(call: str) -> bool:
    """Whether a call of uv starts what an environment holds already."""
    match = _RUN.match(call)
    return match is not None and keeps_environment(call[match.end() :].split(), ())


def _list_forms(name: str) -> tuple[str, str]:
    """A variable as it may be written: npm reads both."""
    return name, name.lower()
