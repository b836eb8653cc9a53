"""What docker gives its plugin: `[GLOBAL OPTIONS] layerscope [WORDS]`, and the engine that the options name.

docker passes its own arguments on as they were typed, and sets no variable of them: the plugin reads them again.
https://github.com/docker/cli/blob/v26.1.5/cli-plugins/manager/manager.go#L186 (`PluginRunCommand`)
https://github.com/docker/cli/blob/v26.1.5/cli/flags/options.go#L54 (the global options)
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from layerscope import __version__
from layerscope.errors import UsageError

NAME: Final = "layerscope"
"""What stands after `docker`."""

METADATA_COMMAND: Final = "docker-cli-plugin-metadata"
COMPLETION_COMMANDS: Final = ("__complete", "__completeNoDesc")
"""How shells ask docker, and docker asks its plugins, what may follow."""

_SUMMARY: Final = "Audit images, and check them before a push"
_CERTIFICATES: Final = {"tlscacert": "ca.pem", "tlscert": "cert.pem", "tlskey": "key.pem"}
"""The options that name a file, and the name that it has in the folder of DOCKER_CERT_PATH."""

_SHORT: Final = {"c": "context", "D": "debug", "H": "host", "l": "log-level"}
_VALUED: Final = frozenset({"config", "context", "host", "log-level", *_CERTIFICATES})
_FLAGS: Final = frozenset({"debug", "tls", "tlsverify"})
_TRUE: Final = frozenset({"1", "t", "T", "TRUE", "true", "True"})
_FALSE: Final = frozenset({"0", "f", "F", "FALSE", "false", "False"})
"""As Go reads a flag's value: https://pkg.go.dev/strconv#ParseBool."""


@dataclass(frozen=True)
class DockerCall:
    """The words for layerscope, and the variables that stand in for docker's options: None takes one away."""

    words: tuple[str, ...]
    variables: Mapping[str, str | None] = field(default_factory=dict)


def render_metadata(summary: str = _SUMMARY) -> str:
    """What docker asks a plugin for first; without a schema and a vendor it does not take it."""
    return json.dumps(
        {
            "SchemaVersion": "0.1.0",
            "Vendor": "The layerscope authors",
            "Version": __version__,
            "ShortDescription": summary,
        }
    )


def parse_docker_call(arguments: Sequence[str]) -> DockerCall:
    """The call that docker passes on; raises UsageError for what docker does not pass.

    `docker help layerscope WORDS` comes as `help layerscope WORDS`. Options before the first word are docker's on both
    sides of the name.
    """
    options, rest = _split_options(arguments)
    is_help = rest[:1] == ("help",)
    rest = rest[is_help:]
    if rest[:1] != (NAME,):
        raise UsageError(f"expected to be run by docker, as `docker {NAME}`, found {' '.join(arguments)[:80]!r}")
    more, words = _split_options(rest[1:])
    return DockerCall((*words, "--help") if is_help else words, _lead([*options, *more]))


def _split_options(arguments: Sequence[str]) -> tuple[list[tuple[str, str]], tuple[str, ...]]:
    """The global options in front, by long name and value, and what follows them."""
    found: list[tuple[str, str]] = []
    place = 0
    while place < len(arguments):
        read = list(_read_option(arguments[place], arguments[place + 1 : place + 2]))
        if not read:
            break
        for name, value, _ in read:
            found.append((name, value))
        place += read[-1][2]
    return found, tuple(arguments[place:])


def _read_option(word: str, following: Sequence[str]) -> Iterator[tuple[str, str, int]]:
    """The options that a word is, each with its value and how many words it takes; none where it is no global one."""
    if word.startswith("--"):
        name, equals, value = word.removeprefix("--").partition("=")
        if name in _FLAGS:
            yield name, value if equals else "true", 1
        elif name in _VALUED:
            yield (name, value, 1) if equals else (name, _take(word, following), 2)
        return
    letters = word.removeprefix("-")
    if letters == word or letters[:1] not in _SHORT:
        return
    name, rest = _SHORT[letters[0]], letters[1:]
    if name in _VALUED:
        yield (name, rest.removeprefix("="), 1) if rest else (name, _take(word, following), 2)
    elif rest.startswith("="):
        yield name, rest[1:], 1
    else:
        yield name, "true", 1
        if rest:
            yield from _read_option(f"-{rest}", following)


def _take(word: str, following: Sequence[str]) -> str:
    if not following:
        raise UsageError(f"docker's option {word}: expected a value after it")
    return following[0]


def _lead(options: Sequence[tuple[str, str]]) -> dict[str, str | None]:
    """The variables by which docker would find the same engine; raises UsageError for options that contradict."""
    given = dict(options)
    if "host" in given and "context" in given:
        raise UsageError("docker's options --host and --context: expected one of them, found both")
    variables: dict[str, str | None] = {}
    if "config" in given:
        variables["DOCKER_CONFIG"] = given["config"]
    if "host" in given:
        variables |= {"DOCKER_HOST": given["host"], "DOCKER_CONTEXT": None}
    if "context" in given:
        variables["DOCKER_CONTEXT"] = given["context"]
        if given["context"] != "default":  # that one means DOCKER_HOST, where it is set
            variables["DOCKER_HOST"] = None
    if "debug" in given and _read_flag("debug", given["debug"]):
        variables["LAYERSCOPE_DEBUG"] = "1"
    return variables | _lead_by_certificates(given)


def _lead_by_certificates(given: Mapping[str, str]) -> dict[str, str | None]:
    variables: dict[str, str | None] = {}
    named = {option: Path(given[option]) for option in _CERTIFICATES if option in given}
    if named:
        folders = {path.absolute().parent for path in named.values()}
        if len(folders) != 1 or any(path.name != _CERTIFICATES[option] for option, path in named.items()):
            raise UsageError(
                "docker's options --tlscacert, --tlscert and --tlskey: expected ca.pem, cert.pem and key.pem of one "
                "folder; a docker context takes any"
            )
        variables["DOCKER_CERT_PATH"] = str(folders.pop())
    if "tlsverify" in given:
        is_verified = _read_flag("tlsverify", given["tlsverify"])
        variables |= {"DOCKER_TLS_VERIFY": "1" if is_verified else None, "DOCKER_TLS": "1"}
    elif "tls" in given:
        variables["DOCKER_TLS"] = "1" if _read_flag("tls", given["tls"]) else None
    return variables


def _read_flag(name: str, value: str) -> bool:
    if value not in _TRUE | _FALSE:
        raise UsageError(f"docker's option --{name}: expected true or false, found {value!r}")
    return value in _TRUE
