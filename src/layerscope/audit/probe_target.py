"""From an audited image to what can be probed in it: the Python in use, and the packages that generate."""

from collections.abc import Iterable
from typing import Final

from msgspec import Struct

from layerscope.audit.result import AuditResult
from layerscope.facts.python.distributions import Distribution
from layerscope.facts.python.environments import PythonEnvironment
from layerscope.layers.entry import EntryType
from layerscope.probe.spec import DISTRIBUTIONS, choose_modules

SHELLS: Final = (
    ("/bin/sh",), ("/bin/dash",), ("/bin/bash",), ("/busybox/sh",), ("/bin/busybox", "sh"), ("/usr/bin/busybox", "sh"),
)  # fmt: skip
"""Where shells lie, those of distroless images' debug variants among them."""


_BASH: Final = 'exec 3<>"/dev/tcp/$1/$2" || exit; cat <&0 >&3 2>/dev/null & cat <&3; kill $! 2>/dev/null'
"""Bash opens connections itself; its standard input has to be named, or what runs in the background gets none."""

RELAYS: Final = (
    *((path, "-p", "-c", _BASH, "relay") for path in ("/bin/bash", "/usr/bin/bash", "/usr/local/bin/bash")),
    *((path,) for path in ("/bin/nc", "/usr/bin/nc", "/usr/bin/ncat")),
    *((path, "nc") for path in ("/bin/busybox", "/usr/bin/busybox", "/busybox/busybox")),
)  # fmt: skip
"""Commands that pass bytes on to the host and the port which follow, of programs that images have."""


class ProbeTarget(Struct, frozen=True):
    """The interpreter, as a path inside the image, and what is imported there; `reason` says why there is none."""

    interpreter: str
    modules: tuple[str, ...] = ()
    reason: str = ""
    posix_shell: tuple[str, ...] = ()
    """A shell, as a command, where there is no Python."""
    relay: tuple[str, ...] = ()
    """What makes a connection inside the container, as a command without host and port, where there is no Python."""
    program: str = ""
    """What the image starts."""


def choose_target(result: AuditResult) -> ProbeTarget:
    """The environment of the container's process; where nothing in that generates, another in which something does."""
    environments = result.facts.of(PythonEnvironment)
    usable = [each for each in environments if each.interpreter and each.kind != "orphaned"]
    if not usable:
        return _choose_shell(result)
    modules = {each.place: _list_modules(result, each) for each in usable}
    chosen = max(usable, key=lambda each: (bool(modules[each.place]), each.is_active))
    return ProbeTarget(_find_program(chosen), modules[chosen.place])


def _choose_shell(result: AuditResult) -> ProbeTarget:
    """A shell for the little that it can look at."""
    runtime = result.image.config.runtime
    program = next(iter((*runtime.entrypoint, *runtime.cmd)), "")
    shell, relay = _find_first(result, SHELLS), _find_first(result, RELAYS)
    if shell:
        return ProbeTarget("", posix_shell=shell, relay=relay, program=program)
    reason = "neither a Python nor a shell was found in the image: what it says without being run is all there is "
    return ProbeTarget("", reason=f"{reason}(layerscope audit), or let it serve and probe that (--url)")


def _find_first(result: AuditResult, commands: Iterable[tuple[str, ...]]) -> tuple[str, ...]:
    """The first command whose program is there; none where none is."""
    for command in commands:
        node = result.tree.resolve(command[0].lstrip("/"))
        if node is not None and node.type is EntryType.FILE and node.mode & 0o111:
            return command
    return ()


def _list_modules(result: AuditResult, environment: PythonEnvironment) -> tuple[str, ...]:
    keys = {each.key for each in result.facts.of(Distribution) if each.environment == environment.place}
    return choose_modules(DISTRIBUTIONS.get(key, key) for key in keys)


def _find_program(environment: PythonEnvironment) -> str:
    """The program to start: a virtual environment's own link, so that it finds its packages."""
    if environment.kind == "virtual":
        return f"/{environment.prefix.strip('/')}/bin/python"
    return f"/{environment.interpreter.strip('/')}"
