"""Which ports are published, and whether anybody listens there for the outside."""

import re
from collections.abc import Iterator, Sequence
from typing import Final

from layerscope.audit.recipe.ground import LOOPBACK, Ground, of_config
from layerscope.policies.servers import MAX_PORT
from layerscope.probe.servers import split_command
from layerscope.recipe.setting import LeftOut, Setting

MOST_PORTS: Final = 20
"""Ports that are published one by one."""

MOST_KNOWN: Final = 1000
"""Ports of which it is counted how many are left out."""

OWN_COMMAND: Final = "by its command:"
"""How a server is recognised that the config's own words start."""

_EXPOSED: Final = re.compile(r"([0-9]{1,5})(?:-([0-9]{1,5}))?(?:/(tcp|udp|sctp))?", re.IGNORECASE)
_HOST_FLAGS: Final = frozenset({"--host", "--bind", "--http-address", "--server-name", "-b"})
_HOST_VARIABLES: Final = ("OLLAMA_HOST", "LLAMA_ARG_HOST", "HOST")


def derive_ports(ground: Ground) -> Iterator[Setting | LeftOut]:
    """The ports that the image exposes, and that of its server."""
    ports = _list_exposed(ground.runtime.exposed_ports)
    server = ground.server
    if server is not None and server.port and (server.port, "tcp") not in ports:
        yield _publish(server.port, "tcp", f"{server.name} listens there ({server.how})", "Cmd")
    for port, protocol in ports[:MOST_PORTS]:
        is_server = server is not None and port == server.port and protocol == "tcp"
        told = f", and {server.name} listens there" if server is not None and is_server else ""
        yield _publish(port, protocol, f"the image exposes it{told}", "ExposedPorts")
    if len(ports) > MOST_PORTS:
        yield LeftOut("ports", f"{len(ports) - MOST_PORTS} more are exposed; publish those that are used")
    if server is None and not ports:
        yield LeftOut("ports", "the image exposes none, and starts no server that is known")
    elif is_closed(ground):
        yield LeftOut("an address", "the server listens on 127.0.0.1 alone, so that a published port is dead: --host")


def is_closed(ground: Ground) -> bool:
    """Whether the server answers only inside its container; of what a script starts, the address is not known."""
    row, server = ground.server_row, ground.server
    is_told = server is not None and server.how.startswith(OWN_COMMAND)
    return row is not None and is_told and _find_host(ground, row.bind) in LOOPBACK


def _find_host(ground: Ground, usual: str) -> str:
    """The address that a flag sets, else a variable, else the server's own."""
    words = split_command((*ground.runtime.entrypoint, *ground.runtime.cmd))
    for place, word in enumerate(words):
        flag, equals, value = word.partition("=")
        if flag in _HOST_FLAGS:
            given = value if equals else "".join(words[place + 1 : place + 2])
            return given.rpartition(":")[0] if re.fullmatch(r"[^:]+:[0-9]+", given) else given
    texts = (ground.environment.get(name, "") for name in _HOST_VARIABLES)
    found = next(filter(None, texts), "")
    host = re.sub(r"^https?://", "", found)
    return re.sub(r":[0-9]+/?$", "", host) or usual


def _list_exposed(exposed: Sequence[str]) -> list[tuple[int, str]]:
    """Numbers and protocols, ranges written out; what is no port is left out."""
    found: dict[tuple[int, str], None] = {}
    for text in sorted(exposed, key=lambda text: (len(text.partition("/")[0]), text)):
        match = _EXPOSED.fullmatch(text)
        first, last = (int(match[1]), int(match[2] or match[1])) if match else (0, 0)
        if len(found) > MOST_KNOWN:
            break
        if match and 1 <= first <= last <= MAX_PORT:
            found.update({(port, (match[3] or "tcp").lower()): None for port in range(first, last + 1)})
    return list(found)


def _publish(port: int, protocol: str, reason: str, field: str) -> Setting:
    told = f"{port}:{port}" if protocol == "tcp" else f"{port}:{port}/{protocol}"
    return Setting(
        f"port {port}/{protocol}",
        reason,
        of_config(field),
        docker=(("--publish", told),),
        compose={"ports": [told]},
        container={"ports": [{"containerPort": port, "protocol": protocol.upper()}]},
    )
