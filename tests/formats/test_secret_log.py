"""Credentials in logs are struck out; prose, code and measurements stay, and hostile logs take no longer."""

import time

import pytest

from layerscope.formats.secret_log import strike_secrets
from layerscope.policies.policies import Policies

MEBIBYTE = 1 << 20
KEY = "-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBgkqhkiG9w0BAQ\n"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("HF_TOKEN=hf_envsecret1234567890", "HF_TOKEN=***"),
        ("OPENAI_API_KEY=sk-aaaabbbbccccdddd\n", "OPENAI_API_KEY=***\n"),
        ("{'HF_TOKEN': 'hf_abcd'}", "{'HF_TOKEN': ***}"),
        ("at https://user:pw123@h/x", "at https://user:***@h/x"),
        ("AKIAQWERTYUIOP234567 went", "*** went"),
        ("Authorization: Bearer abcdefgh1234", "Authorization: Bearer ***"),
        ("curl -u me:pass5word http://h", "curl -u me:*** http://h"),
        (f"x\n{KEY}more\n-----END PRIVATE KEY-----\ny", "x\n***\ny"),
    ],
)
def test_a_credential_is_struck_out(text: str, shown: str) -> None:
    """By its form, or by its place."""
    assert strike_secrets(text) == shown
    assert strike_secrets("a line\n" * 20_000 + text).endswith(shown), "beyond what a history has"


@pytest.mark.parametrize(
    "text",
    [
        "tokens_per_second: 12.5, max_token=512, eos_token_id: 5",
        "Monday, Tuesday and Wednesday are days.",
        "KeyError: unknown token: hello",
        "    next_token = logits.argmax(-1)",
        "    client(token=hf_token, api_key=os.environ['API_KEY'])",
        f"sha256:{'a1' * 32} 550e8400-e29b-41d4-a716-446655440000 /usr/lib/x86_64-linux-gnu/libc.so.6",
        "ENV nothing of a builder's, TOKEN",
    ],
)
def test_what_is_no_credential_stays(text: str) -> None:
    """Figures, prose, source lines, digests and paths."""
    assert strike_secrets(text) == text


def test_known_errors_stay_known() -> None:
    """Nothing is struck out of what the table of errors knows a message by."""
    examples = [example for row in Policies().errors.table.error for example in row.examples]
    assert [each for each in examples if strike_secrets(each) != each] == []


@pytest.mark.parametrize(
    "piece",
    ['A_TOKEN="', "A_TOKEN='\\\"", "x://u:", "curl -u ", "curl -u a:b ", "A_TOKEN=abcdefgh1 ", KEY, "ab ", " " * 999],
)
def test_a_hostile_log_takes_no_longer_than_others(piece: str) -> None:
    """Starts without ends, over and over: a second for a mebibyte, with room for a slow machine."""
    text = (piece * (MEBIBYTE // len(piece) + 1))[:MEBIBYTE]
    began = time.monotonic()
    strike_secrets(text)
    assert time.monotonic() - began < 10
