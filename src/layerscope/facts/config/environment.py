"""The environment that the config sets, secrets left out."""

from collections.abc import Iterator

from msgspec import Struct

from layerscope.facts.collector import Collector
from layerscope.facts.context import FactContext
from layerscope.facts.fact import Evidence, Fact
from layerscope.facts.gap import Gap
from layerscope.formats.secret_text import redact_text, redact_value


class Variable(Struct, frozen=True):
    """One variable; in its value, what looks like a credential is replaced."""

    name: str
    value: str


class Environment(Fact, frozen=True):
    """All variables, in the config's order."""

    variables: tuple[Variable, ...]

    def value(self, name: str) -> str | None:
        """The value that a process would see: of equal names, the last counts."""
        return next((item.value for item in reversed(self.variables) if item.name == name), None)


class EnvironmentCollector(Collector):
    """Reads the config's environment."""

    name = "config.environment"

    def collect(self, context: FactContext) -> Iterator[Fact | Gap]:
        """Yield the environment, which may be empty."""
        variables = []
        for entry in context.image.config.runtime.env:
            name, _, value = entry.partition("=")
            variables.append(Variable(redact_text(name), redact_value(name, value)))
        yield Environment(Evidence(), tuple(variables))
