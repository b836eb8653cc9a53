"""Credentials are known by their form, and examples of them are not taken for credentials."""

import time

import pytest

from layerscope.formats.token_forms import MATCHES_LIMIT, find_tokens

LETTERS = "q7Wm2Zr9Kt4Xp8Lc3Vn6Bd5Hg1Jf0TsYuEoAi"

TOKENS = {
    "AWS access key": "AKIA" + "Q7WM2ZR9KT4XP8LC",
    "GitHub token": "ghp_" + LETTERS[:36],
    "GitHub fine-grained token": "github_pat_" + (LETTERS * 2)[:70],
    "GitLab token": "glpat-" + LETTERS[:20],
    "Slack token": "xoxb-" + LETTERS[:30],
    "Slack webhook": "https://hooks.slack.com/services/T01/B02/" + LETTERS[:24],
    "Hugging Face token": "hf_" + LETTERS[:34],
    "Anthropic API key": "sk-ant-api03-" + (LETTERS * 2)[:60],
    "OpenAI API key": "sk-proj-" + (LETTERS * 2)[:60],
    "Google API key": "AIza" + LETTERS[:35],
    "NVIDIA API key": "nvapi-" + (LETTERS * 2)[:64],
    "PyPI token": "pypi-AgE" + (LETTERS * 2)[:60],
    "npm token": "npm_" + LETTERS[:36],
    "Docker Hub token": "dckr_pat_" + LETTERS[:27],
    "Stripe live key": "sk_live_" + LETTERS[:24],
}


@pytest.mark.parametrize("kind", TOKENS)
def test_knows_the_form_wherever_it_stands(kind: str) -> None:
    """Quoted, assigned, in an address, or alone; the match covers the token."""
    token = TOKENS[kind]
    for text in (token, f'key = "{token}"', f"KEY={token}\nOTHER=1", f"({token})"):
        (match,) = find_tokens(text)
        assert match.kind == kind
        assert text[match.start : match.end] == token
        assert match.length == len(token)


def test_finds_a_token_in_an_address() -> None:
    """As user name of a clone."""
    (match,) = find_tokens(f"https://{TOKENS['GitHub token']}@github.com/org/repo")
    assert match.kind == "GitHub token"


@pytest.mark.parametrize("header", ["RSA PRIVATE KEY", "PRIVATE KEY", "OPENSSH PRIVATE KEY", "EC PRIVATE KEY"])
def test_knows_private_keys(header: str) -> None:
    """Key and header lines may follow, in a file or in a JSON string."""
    for newline in ("\n", "\\n", "\r\n"):
        text = f"-----BEGIN {header}-----{newline}MIIEowIBAAKCAQEAx7{newline}"
        (match,) = find_tokens(text)
        assert match.kind == "private key"


def test_a_header_without_a_key_is_none() -> None:
    """Source code that writes keys holds their header."""
    assert list(find_tokens('if line == "-----BEGIN PRIVATE KEY-----":')) == []


@pytest.mark.parametrize(
    "text",
    [
        "AKIAIOSFODNN7EXAMPLE",
        "ghp_" + "x" * 36,
        "hf_" + "a" * 34,
        "hf_your_token_goes_here_please_now_ok",
        "ghp_0123456789" + LETTERS[:26],
        "AKIA0000000000000000",
        "risk-proj-" + LETTERS,
        "task-ant-" + LETTERS,
    ],
)
def test_examples_are_no_credentials(text: str) -> None:
    """Documentation is full of them."""
    assert list(find_tokens(text)) == []


def test_stops_at_a_ceiling() -> None:
    """A list of tokens is reported as a hundred."""
    assert len(list(find_tokens(f"{TOKENS['npm token']}\n" * 500))) == MATCHES_LIMIT


@pytest.mark.parametrize(
    "piece", ["AKIA", "sk-proj-", "-----BEGIN PRIVATE KEY-----", "xoxb-", "T3BlbkFJsk-", "github_pat_"]
)
def test_takes_linear_time(piece: str) -> None:
    """Text that nearly matches everywhere is not worse than text that does not."""
    text = piece * (65536 // len(piece))
    start = time.process_time()
    list(find_tokens(text))
    assert time.process_time() - start < 2
