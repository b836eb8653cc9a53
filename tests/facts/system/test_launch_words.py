"""Words that may be kept of a command are known beforehand."""

import pytest

from layerscope.facts.system.launch_words import (
    PORT_FLAGS,
    PORT_VARIABLES,
    SERVER_PROGRAMS,
    SUBCOMMANDS,
    keep_words,
    may_keep,
)
from layerscope.policies.policies import Policies


def keep(text: str) -> str:
    """What is kept."""
    return " ".join(keep_words(text.split()))


def test_the_words_are_those_of_the_table_of_servers() -> None:
    """Which is not at hand where layers are read, since what is kept of them must not depend on it."""
    rows = Policies().servers.rows
    marks = [mark.split() for row in rows for mark in row.commands]
    assert {mark[0].rpartition("/")[2] for mark in marks} == SERVER_PROGRAMS
    assert {word for mark in marks for word in mark[1:]} == SUBCOMMANDS
    assert {flag for row in rows for flag in row.port_flags} == PORT_FLAGS
    assert {name for row in rows for name in row.port_variables} == PORT_VARIABLES


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("vllm serve acme/llama --api-key acme/planted --port 8", "vllm serve acme/llama --port 8"),
        ("vllm serve --api-key acme/planted", "vllm serve"),
        ("vllm serve --tokenizer acme/tok --served-model-name acme/name", "vllm serve --tokenizer"),
        ("vllm serve m --model=acme/x --hf-token=acme/y", "vllm serve m --model acme/x"),
        ("vllm serve --model https://me:planted@host/m", "vllm serve"),
        ("vllm serve --model ${HF_TOKEN:-planted}", "vllm serve"),
        ("vllm serve --port planted --model --api-key", "vllm serve"),
        (
            "vllm serve m --chat-template planted --trust-remote-code",
            "vllm serve m --chat-template --trust-remote-code",
        ),
        ("python3 -c planted --model acme/x", "python3 -c"),
        ("python3 -m tool planted --model /m", "python3 -m tool --model /m"),
        ("mysqld -p 4711 --port 4711 -m planted", "mysqld"),
        ("text-generation-launcher -p 81", "text-generation-launcher -p 81"),
        ("trtllm-serve /m --port 81", "trtllm-serve /m --port 81"),
        ("wrap.sh planted python3 -m vllm.x --key planted", "wrap.sh python3 -m vllm.x"),
        ("wrap.sh vllm serve m --key planted --port 81", "wrap.sh vllm serve m --port 81"),
        ("wrap planted vllm serve m", "wrap"),
        ("$API_KEY serve", ""),
        ("{planted:{} serve", ""),
    ],
)
def test_values_of_other_options_are_left_out(given: str, kept: str) -> None:
    """However much they look like a model, and a model's own where it carries a credential."""
    assert keep(given) == kept


def test_variables_are_kept_by_name_and_form() -> None:
    """A name alone is no reason."""
    assert may_keep("MODEL_ID", "acme/llama")
    assert may_keep("OLLAMA_HOST", "http://0.0.0.0:${P:-90}")
    assert not may_keep("OLLAMA_HOST", "http://me:planted@host:90")
    assert not may_keep("API_KEY", "acme/llama")
    assert not may_keep("MODEL", "${API_KEY}")
