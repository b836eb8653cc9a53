"""From an audited image to the server of models that it starts."""

from msgspec import Struct

from layerscope.audit.result import AuditResult
from layerscope.facts.python.distributions import Distribution
from layerscope.facts.system.started_commands import StartedCommand
from layerscope.policies.policies import Policies
from layerscope.probe.servers import ImageHints, name_program, recognise_server
from layerscope.probe.serving_spec import ServingSpec


def find_server(result: AuditResult, policies: Policies) -> ServingSpec | None:
    """The server, as its config starts it; None where it starts none."""
    return recognise_server(_gather_hints(result), policies.servers)


class UnknownServer(Struct, frozen=True):
    """What an image starts beside a port that it exposes, and is none of the servers that are known."""

    program: str
    port: int


def find_unknown_server(result: AuditResult, policies: Policies) -> UnknownServer | None:
    """What may be a server for all that is known; None where a server is known, or nothing would be served."""
    hints = _gather_hints(result)
    program = name_program(hints.command)
    if not hints.ports or not program or recognise_server(hints, policies.servers) is not None:
        return None
    return UnknownServer(program, hints.ports[0])


def _gather_hints(result: AuditResult) -> ImageHints:
    runtime = result.image.config.runtime
    pairs = (entry.partition("=") for entry in runtime.env)
    return ImageHints(
        command=(*runtime.entrypoint, *runtime.cmd),
        env={name: value for name, _, value in pairs},
        ports=_parse_ports(runtime.exposed_ports),
        distributions=frozenset(each.key for each in result.facts.of(Distribution)),
        has_file=lambda path: result.tree.resolve(path) is not None,
        started=result.facts.of(StartedCommand),
    )


def _parse_ports(exposed: tuple[str, ...]) -> tuple[int, ...]:
    """The TCP ports among what is exposed, as `8000`, `8000/tcp` or `8000-8002/tcp`, of a range the first."""
    found = []
    for text in exposed:
        port, _, protocol = text.partition("/")
        first = port.partition("-")[0]
        if protocol in {"", "tcp"} and first.isdigit():
            found.append(int(first))
    return tuple(sorted(set(found)))
