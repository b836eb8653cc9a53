"""What a requirement's marker is judged by: the environment as its own Python would describe it."""

from functools import lru_cache

from packaging.markers import InvalidMarker, Marker, UndefinedComparison, UndefinedEnvironmentName
from packaging.requirements import InvalidRequirement, Requirement

from layerscope.facts.python.environments import PythonEnvironment


def describe_environment(environment: PythonEnvironment, extra: str = "") -> dict[str, str]:
    """The variables of https://packaging.python.org/en/latest/specifications/dependency-specifiers/.

    A version whose last part is not known is taken for the first one of its series.
    """
    version = environment.version if environment.version.count(".") > 1 else f"{environment.series}.0"
    is_pypy = environment.implementation == "pypy"
    return {
        "implementation_name": environment.implementation,
        "implementation_version": version,
        "os_name": "posix",
        "platform_machine": environment.machine,
        "platform_python_implementation": "PyPy" if is_pypy else "CPython",
        "platform_release": "",
        "platform_system": "Linux",
        "platform_version": "",
        "python_full_version": version,
        "python_version": environment.series,
        "sys_platform": "linux",
        "extra": extra,
    }


@lru_cache(maxsize=8192)
def parse_requirement(text: str) -> Requirement | None:
    """The requirement; None for a text that is none, which old tools wrote and installers pass over.

    The parser of markers recurses, and a text of brackets brings it to its end.
    """
    try:
        return Requirement(text)
    except (InvalidRequirement, RecursionError):
        return None


def applies(marker: Marker | None, variables: dict[str, str]) -> bool:
    """Whether a requirement counts; not where its marker cannot be judged."""
    if marker is None:
        return True
    try:
        return marker.evaluate(variables)
    except (InvalidMarker, UndefinedComparison, UndefinedEnvironmentName, ValueError, RecursionError):
        return False
