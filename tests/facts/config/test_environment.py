"""The environment is a fact without its secrets."""

from layerscope.facts.config.environment import Environment, EnvironmentCollector, Variable
from layerscope.image.config import RuntimeConfig
from support.contexts import collect_one, make_context


def environment(*env: str) -> Environment:
    """The environment of an image with these variables."""
    return collect_one(EnvironmentCollector, make_context([], runtime=RuntimeConfig(env=env)), Environment)


def test_keeps_names_and_values_in_order() -> None:
    """A value may hold an equals sign."""
    assert environment("PATH=/usr/bin", "OPTS=a=b", "EMPTY=").variables == (
        Variable("PATH", "/usr/bin"),
        Variable("OPTS", "a=b"),
        Variable("EMPTY", ""),
    )


def test_takes_secrets_out() -> None:
    """By name, and by form within a value."""
    facts = environment("API_TOKEN=abc123x", "INDEX=https://me:hunter2@example.com/simple")
    assert facts.variables == (
        Variable("API_TOKEN", "***"),
        Variable("INDEX", "https://me:***@example.com/simple"),
    )
    assert "hunter2" not in repr(facts)


def test_of_equal_names_the_last_counts() -> None:
    """As for a process."""
    assert environment("A=1", "A=2").value("A") == "2"
    assert environment("A=1").value("B") is None
