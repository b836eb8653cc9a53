"""Records as every reader of JSON takes them."""

import json

import msgspec
import pytest

from layerscope.probe.payload.records import MAX_RECORD, clean_json, encode_record


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("plain", "plain"),
        ("a\ud800b", "a\ufffdb"),
        ("\udcff", "\ufffd"),
        ("\udc00\ud800", "\ufffd\ufffd"),
        ("\U0001f600", "\U0001f600"),
        ("\\ud800", "\\ud800"),
        ("\\\ud800", "\\\ufffd"),
        ("\\\\ud83d\U0001f600\n\"'", "\\\\ud83d\U0001f600\n\"'"),
    ],
)
def test_halves_of_characters_are_replaced(text: str, clean: str) -> None:
    """And what only looks like one stays."""
    assert msgspec.json.decode(clean_json(json.dumps(text))) == clean
    assert msgspec.json.decode(encode_record("log", {"text": text}))["text"] == clean


def test_a_record_that_is_too_long_keeps_what_matters() -> None:
    """Its stage and how that ended."""
    line = encode_record("end", {"stage": "env", "status": "failed", "values": {"x": "y" * MAX_RECORD}})
    record = json.loads(line)
    assert (record["stage"], record["status"]) == ("env", "failed")
    assert len(line) < 1000
