"""What values a builder's options have, as far as every builder agrees: a wrong one is told before it is started.

Forms are those of docker's and podman's programs, tried with docker 26.1 and podman 4.3; what only an engine knows,
as the names of networks, is left to it.
https://docs.docker.com/reference/cli/docker/buildx/build/, https://docs.podman.io/en/latest/markdown/podman-build.1.html
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from layerscope.errors import UsageError
from layerscope.fixes.builds.request import check_options
from layerscope.fixes.dockerfile.matching import tell_stages
from layerscope.formats.dockerfile import Stage
from layerscope.formats.secret_text import redact_text


@dataclass(frozen=True)
class _Form:
    """What a value looks like, and how that is told."""

    pattern: re.Pattern[str]
    told: str


_SYSTEMS: Final = (
    "aix|android|darwin|dragonfly|freebsd|hurd|illumos|ios|js|linux|nacl|netbsd|openbsd|plan9"
    "|solaris|wasip1|windows|zos"
)
_PROCESSORS: Final = (
    "386|amd64|amd64p32|arm|armbe|arm64|arm64be|loong64|ppc64|ppc64le|mips|mipsle|mips64|mips64le|mips64p32|mips64p32le"
    "|ppc|riscv|riscv64|s390|s390x|sparc|sparc64|wasm|x86_64|x86-64|i386|aarch64|armhf|armel"
)
_PART: Final = r"[A-Za-z0-9_.-]+"
_PLATFORM: Final = _Form(
    re.compile(rf"(?i)local|{_SYSTEMS}|{_PROCESSORS}|{_PART}(?:\([\w.-]*\))?/{_PART}(?:/{_PART})?"),
    "one platform, as linux/amd64",
)
"""One word has to be a known system or processor: https://github.com/containerd/platforms/blob/main/platforms.go."""

_PAIRED_PLATFORM: Final = _Form(
    re.compile(rf"{_PART}/{_PART}(?:/{_PART})?"), "one platform as podman names it: OS/ARCHITECTURE[/VARIANT]"
)
_NAMED: Final = _Form(re.compile(r"[^=]+(?:=.*)?", re.DOTALL), "NAME=VALUE, or NAME")
_PAIR: Final = _Form(re.compile(r"[^=]+=.*", re.DOTALL), "NAME=VALUE")
_HOST: Final = _Form(re.compile(r"[^:=]+[:=].+"), "HOST:ADDRESS")
_SWITCH: Final = _Form(re.compile(r"1|0|t|f|T|F|true|false|TRUE|FALSE|True|False"), "true or false")
_PULL: Final = _Form(
    re.compile(rf"{_SWITCH.pattern.pattern}|(?i:always|missing|never|ifnewer|newer|ifmissing|notpresent)"),
    "true or false, or a policy of podman",
)
_NUMBER: Final = _Form(re.compile(r"[+-]?(?:0[xXoObB][\da-fA-F_]+|\d[\d_]*)"), "a whole number")
_AMOUNT: Final = r"\d+(?:\.\d+)?\s*(?:[kmgtp]i?)?b?"
_SIZE: Final = _Form(re.compile(rf"(?i){_AMOUNT}"), "a size, as 512m or 2g")
_SWAP: Final = _Form(re.compile(rf"(?i)-1|{_AMOUNT}"), "a size, as 512m or 2g, or -1")
_ULIMIT: Final = _Form(re.compile(r"host|[a-z]+=-?\d+(?::-?\d+)?"), "NAME=SOFT[:HARD], as nofile=1024:2048")
_FIELDS: Final = _Form(
    re.compile(r'(?:(?:type|id|src|source|env)=[^,]*|"[^"]*")(?:,(?:(?:type|id|src|source|env)=[^,]*|"[^"]*"))*'),
    "id=NAME, with src=FILE or env=VARIABLE behind a comma",
)
_IMAGE_FORM: Final = _Form(re.compile(r"oci|docker|application/[\w.+-]+"), "oci or docker")
_ANY: Final = _Form(re.compile(r".*", re.DOTALL), "a value")

_FORMS: Final[dict[str, _Form]] = {
    "--platform": _PLATFORM,
    "--build-arg": _NAMED,
    "--label": _NAMED,
    "--annotation": _NAMED,
    "--build-context": _PAIR,
    "--add-host": _HOST,
    "--secret": _FIELDS,
    "--ulimit": _ULIMIT,
    "--format": _IMAGE_FORM,
    "--pull": _PULL,
    "--memory-swap": _SWAP,
    **dict.fromkeys(("--memory", "-m", "--shm-size"), _SIZE),
    **dict.fromkeys(("--cpu-period", "--cpu-quota", "--cpu-shares", "-c", "--jobs", "--retry", "--timestamp"), _NUMBER),
    **dict.fromkeys(
        ("--no-cache", "--rm", "--force-rm", "--compress", "--layers", "--no-hosts", "--squash-all"), _SWITCH
    ),
    **dict.fromkeys(("--network", "--cache-from", "--cache-to", "--cgroup-parent", "--isolation", "--ssh"), _ANY),
    **dict.fromkeys(("--cpuset-cpus", "--cpuset-mems", "--security-opt", "--allow", "--no-cache-filter"), _ANY),
    **dict.fromkeys(("--volume", "-v", "--env", "--device", "--cap-add", "--cap-drop", "--creds", "--dns"), _ANY),
}
"""By option: the form of its value."""

_PODMANS: Final = {"--platform": _PAIRED_PLATFORM}
"""What podman takes in a narrower form."""

_WITHOUT: Final = frozenset(name for name, form in _FORMS.items() if form in {_SWITCH, _PULL})
"""Options that may stand without a value; any other would take the context for it."""

_HIDDEN: Final = frozenset({"--build-arg", "--creds", "--env", "--secret"})
"""Options whose values may be secret."""

_FILTER: Final = "--no-cache-filter"
_LETTER: Final = 2
"""Characters of an option's short name."""


def check_values(options: Sequence[str], stages: Sequence[Stage], *, is_podman: bool = False) -> None:
    """Raise UsageError for what is no option of a person's, or has a value that no builder takes; unknown ones pass."""
    check_options(options)
    for option in options:
        name, value = _split(option)
        form = _PODMANS.get(name, _FORMS.get(name)) if is_podman else _FORMS.get(name)
        if form is None or (value is None and name in _WITHOUT):
            continue
        if value is None or not form.pattern.fullmatch(value):
            told = form.told if value is not None else f"{form.told}, behind an equals sign: {name}=…"
            raise UsageError(f"--build-option {_tell(option, name)!r}: expected {told}")
        for stage in value.split(",") if name == _FILTER else ():
            if stage.lower() not in {each.name for each in stages}:
                raise UsageError(f"--build-option {option!r}: expected {tell_stages(stages)}")


def _split(option: str) -> tuple[str, str | None]:
    """The name of an option, and its value; None where it has none."""
    if not option.startswith("--") and len(option) > _LETTER:
        return option[:_LETTER], option[_LETTER:].removeprefix("=")
    name, sign, value = option.partition("=")
    return name, value if sign else None


def _tell(option: str, name: str) -> str:
    """An option as it is shown."""
    _, sign, value = option.partition("=")
    return f"{name}{sign}{'***' if value else ''}" if name in _HIDDEN else redact_text(option)
