"""What docker passes to its plugin is read as docker reads it: options, words, and the engine that they name."""

import json

import pytest

from layerscope.cli.docker_call import parse_docker_call, render_metadata
from layerscope.errors import UsageError


@pytest.mark.parametrize(
    ("arguments", "words", "variables"),
    [
        ("layerscope audit x --help", "audit x --help", {}),
        ("layerscope", "", {}),
        ("help layerscope audit", "audit --help", {}),
        ("-H tcp://a:1 layerscope check", "check", {"DOCKER_HOST": "tcp://a:1", "DOCKER_CONTEXT": None}),
        ("-Htcp://a:1 layerscope check", "check", {"DOCKER_HOST": "tcp://a:1", "DOCKER_CONTEXT": None}),
        ("layerscope --host=tcp://a:1 check", "check", {"DOCKER_HOST": "tcp://a:1", "DOCKER_CONTEXT": None}),
        ("--context there layerscope check", "check", {"DOCKER_CONTEXT": "there", "DOCKER_HOST": None}),
        ("-c default layerscope check", "check", {"DOCKER_CONTEXT": "default"}),
        ("--config /c -l debug layerscope check", "check", {"DOCKER_CONFIG": "/c"}),
        ("-D layerscope check --debug", "check --debug", {"LAYERSCOPE_DEBUG": "1"}),
        ("--debug=false layerscope check", "check", {}),
        ("-Dc there layerscope x", "x", {"LAYERSCOPE_DEBUG": "1", "DOCKER_CONTEXT": "there", "DOCKER_HOST": None}),
        ("--tls layerscope x", "x", {"DOCKER_TLS": "1"}),
        ("--tlsverify layerscope x", "x", {"DOCKER_TLS_VERIFY": "1", "DOCKER_TLS": "1"}),
        ("--tlsverify=false layerscope x", "x", {"DOCKER_TLS_VERIFY": None, "DOCKER_TLS": "1"}),
        ("--tlscacert /k/ca.pem --tlskey=/k/key.pem layerscope x", "x", {"DOCKER_CERT_PATH": "/k"}),
        ("layerscope audit -H", "audit -H", {}),
    ],
)
def test_options_of_docker_become_variables(arguments: str, words: str, variables: dict[str, str | None]) -> None:
    """In front of the name and behind it, up to the first word, which is the command's."""
    call = parse_docker_call(arguments.split())
    assert (call.words, dict(call.variables)) == (tuple(words.split()), variables)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ("", "expected to be run by docker"),
        ("audit x", "expected to be run by docker, as `docker layerscope`, found 'audit x'"),
        ("-c here -H tcp://a layerscope x", "expected one of them, found both"),
        ("layerscope -H", "-H: expected a value after it"),
        ("--tls=perhaps layerscope x", "expected true or false, found 'perhaps'"),
        ("--tlscacert /k/root.pem layerscope x", "a docker context takes any"),
        ("--tlscacert /a/ca.pem --tlskey /b/key.pem layerscope x", "of one folder"),
    ],
)
def test_what_docker_does_not_pass_is_refused(arguments: str, message: str) -> None:
    """With what was expected."""
    with pytest.raises(UsageError, match=message):
        parse_docker_call(arguments.split())


def test_the_metadata_are_what_docker_demands() -> None:
    """One line of JSON, harmless between single quotes of a shell."""
    told = json.loads(render_metadata())
    assert told["SchemaVersion"] == "0.1.0"
    assert all(isinstance(told[key], str) and told[key] for key in ("Vendor", "Version", "ShortDescription"))
    assert set("\n'") & set(render_metadata("Its Python is gone")) == set()
