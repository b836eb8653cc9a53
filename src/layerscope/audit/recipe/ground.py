"""Ground: what settings of a run are derived from."""

from collections.abc import Iterable, Mapping
from functools import cached_property
from typing import Final

from msgspec import Struct

from layerscope.audit.probe_server import find_server
from layerscope.audit.result import AuditResult
from layerscope.facts.config.identity import Identity
from layerscope.facts.fact import Evidence
from layerscope.policies.policies import Policies
from layerscope.policies.servers import ServerRow
from layerscope.probe.observation import PASSED
from layerscope.probe.probed import Probed
from layerscope.probe.serving_spec import ServingSpec
from layerscope.recipe.setting import LeftOut, Setting, Source, SourceKind

Derived = Iterable[Setting | LeftOut]
"""What one kind of setting comes to."""

LOOPBACK: Final = frozenset({"127.0.0.1", "localhost", "::1", "[::1]"})


class MeasuredStart(Struct, frozen=True):
    """Seconds from the start of a server until it listened, and until it was healthy, as a probe saw them."""

    listening: float
    healthy: float


class Ground:
    """The audit with its probe, and what several settings ask of them; made once for a recipe."""

    def __init__(self, result: AuditResult, policies: Policies, probed: Probed | None, name: str) -> None:
        """Take what is known, and the name by which volumes are told from those of other applications."""
        self.result, self.policies, self.probed, self.name = result, policies, probed, name
        self.facts, self.runtime = result.facts, result.image.config.runtime

    @cached_property
    def environment(self) -> Mapping[str, str]:
        """The image's variables."""
        return dict(entry.partition("=")[::2] for entry in self.runtime.env)

    @cached_property
    def identity(self) -> Identity | None:
        """The image's user."""
        return self.facts.find(Identity)

    @cached_property
    def server(self) -> ServingSpec | None:
        """The server of models that the image starts."""
        return find_server(self.result, self.policies)

    @cached_property
    def server_row(self) -> ServerRow | None:
        """What is known of such servers."""
        server = self.server
        return next((row for row in self.policies.servers.rows if server and row.title == server.name), None)

    @cached_property
    def start(self) -> MeasuredStart | None:
        """How long the server took; None where no probe saw it become healthy."""
        seen = self.probed.seen if self.probed is not None else None
        listen, health = (seen.find("listen"), seen.find("health")) if seen is not None else (None, None)
        if listen is None or health is None or listen.status != PASSED or health.status != PASSED:
            return None
        return MeasuredStart(listen.seconds, listen.seconds + health.seconds)

    def find_code(self, code: str) -> bool:
        """Whether the audit has a finding of that code."""
        return any(finding.code == code for finding in self.result.findings)

    def has_program(self, name: str) -> bool:
        """Whether a program of that name is where programs lie."""
        folders = self.environment.get("PATH") or "/usr/local/bin:/usr/bin:/bin"
        places = (f"{folder}/{name}".strip("/") for folder in folders.split(":") if folder.startswith("/"))
        return any(self.result.tree.resolve(place) is not None for place in places)


def of_config(name: str) -> Source:
    """The image's config as a source."""
    return Source(SourceKind.CONFIG, name)


def of_files(evidence: Evidence, name: str = "") -> Source:
    """A file or folder of the image as a source."""
    return Source(SourceKind.FILES, name, evidence.layer, evidence.path or "")


def of_finding(code: str, evidence: Evidence | None = None) -> Source:
    """A finding as a source."""
    place = evidence or Evidence()
    return Source(SourceKind.FINDING, code, place.layer, place.path or "")


def of_probe(name: str) -> Source:
    """A run of the image as a source."""
    return Source(SourceKind.PROBE, name)
