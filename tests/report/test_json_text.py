"""JSON text is ASCII, and holds what JSON cannot."""

import json

from hypothesis import given
from hypothesis import strategies as st

from layerscope.report.json_text import encode_json


@given(st.text(alphabet=st.characters(exclude_categories=["Cs"])))
def test_text_survives(text: str) -> None:
    """What is not ASCII comes back as it went in, astral characters included."""
    encoded = encode_json({"key": text})
    assert encoded.isascii()
    assert json.loads(encoded) == {"key": text}


@given(st.text(alphabet=st.characters(categories=["Cs", "Lu"])))
def test_surrogates_do_not_stop_the_report(text: str) -> None:
    """Anything that a hostile name may hold is encoded, in keys and in values."""
    json.loads(encode_json({text: [text]}))


def test_a_byte_that_is_not_utf_8_is_shown_as_the_byte() -> None:
    """The byte 0xff is four characters that say so."""
    assert json.loads(encode_json(["\udcff"])) == [r"\xff"]


def test_surrogates_in_tuples_are_written_out() -> None:
    """A library's name that is not UTF-8, in a fact's tuple, once made an audit's JSON report impossible."""
    document = {"members": ({"names": ("lib\udcff.so",)},)}
    assert json.loads(encode_json(document)) == {"members": [{"names": ["lib\\xff.so"]}]}
