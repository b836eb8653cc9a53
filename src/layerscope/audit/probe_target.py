"""From an audited image to what can be probed in it: the Python in use, and the packages that generate."""

from msgspec import Struct

from layerscope.audit.result import AuditResult
from layerscope.facts.python.distributions import Distribution
from layerscope.facts.python.environments import PythonEnvironment
from layerscope.probe.spec import DISTRIBUTIONS, choose_modules


class ProbeTarget(Struct, frozen=True):
    """The interpreter, as a path inside the image, and what is imported there; `reason` says why there is none."""

    interpreter: str
    modules: tuple[str, ...] = ()
    reason: str = ""


def choose_target(result: AuditResult) -> ProbeTarget:
    """The environment of the container's process; where nothing in that generates, another in which something does."""
    environments = result.facts.of(PythonEnvironment)
    usable = [each for each in environments if each.interpreter and each.kind != "orphaned"]
    if not usable:
        return ProbeTarget("", reason="no Python was found in the image")
    modules = {each.place: _list_modules(result, each) for each in usable}
    chosen = max(usable, key=lambda each: (bool(modules[each.place]), each.is_active))
    return ProbeTarget(_find_program(chosen), modules[chosen.place])


def _list_modules(result: AuditResult, environment: PythonEnvironment) -> tuple[str, ...]:
    keys = {each.key for each in result.facts.of(Distribution) if each.environment == environment.place}
    return choose_modules(DISTRIBUTIONS.get(key, key) for key in keys)


def _find_program(environment: PythonEnvironment) -> str:
    """The program to start: a virtual environment's own link, so that it finds its packages."""
    if environment.kind == "virtual":
        return f"/{environment.prefix.strip('/')}/bin/python"
    return f"/{environment.interpreter.strip('/')}"
