"""The JSON of documents: strict, bounded, and clear about what is wrong where."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from layerscope.errors import DocumentError, LimitError
from layerscope.image.document import MAX_DEPTH, MAX_DOCUMENT_SIZE, JsonObject, parse_json, parse_object

PLAIN_JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(st.characters(codec="utf-8"), max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(st.characters(codec="utf-8")), inner),
    max_leaves=12,
)


@given(PLAIN_JSON)
def test_plain_json_reads_as_the_standard_library_reads_it(value: object) -> None:
    """What is within the limits comes out unchanged."""
    assert parse_json(json.dumps(value).encode(), where="x") == value


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b'{"a": 1, "a": 2}', "reading config x: not valid JSON: the key 'a' occurs twice"),
        (b'{"b": {"a": 1, "c": 2, "a": 3}}', "the key 'a' occurs twice"),
        (b'{"a": NaN}', "NaN is not JSON"),
        (b'{"a": -Infinity}', "-Infinity is not JSON"),
        (b'{"a": 1e999}', "the number 1e999 is too large"),
        (b'{"a": ' + b"9" * 5000 + b"}", "a number of 5000 digits, limit 20"),
        (b'{"a": "\xff"}', "byte 7 is not UTF-8"),
        (b"\xef\xbb\xbf{}", "Unexpected UTF-8 BOM"),
        ("{}".encode("utf-16"), "byte 0 is not UTF-8"),
        (b"", "not valid JSON"),
        (b"{", "not valid JSON"),
        (b'{"a": 1} trailing', "not valid JSON"),
        (b'{"a": "line\nbreak"}', "not valid JSON"),
    ],
)
def test_malformed_json_is_refused_with_its_reason(content: bytes, message: str) -> None:
    """Each way to break JSON has a message that names it."""
    with pytest.raises(DocumentError, match=message):
        parse_json(content, where="config x")


@pytest.mark.parametrize("content", [b"[]", b"null", b"1", b'"text"', b"true"])
def test_documents_that_are_no_object_are_refused(content: bytes) -> None:
    """A list, a number or null where an object belongs is said to be that."""
    with pytest.raises(DocumentError, match="reading index x: expected an object, found"):
        parse_object(content, where="index x")


def test_document_at_the_size_limit_is_read() -> None:
    """The limit itself is allowed."""
    content = b'"' + b"a" * (MAX_DOCUMENT_SIZE - 2) + b'"'
    assert parse_json(content, where="x") == "a" * (MAX_DOCUMENT_SIZE - 2)


def test_document_over_the_size_limit_is_refused() -> None:
    """One byte more is a LimitError that names both numbers."""
    with pytest.raises(LimitError, match=f"{MAX_DOCUMENT_SIZE + 1} bytes, limit {MAX_DOCUMENT_SIZE}"):
        parse_json(b" " * (MAX_DOCUMENT_SIZE + 1), where="x")


def test_nesting_at_the_limit_is_read() -> None:
    """As many levels as allowed are read."""
    content = b"[" * MAX_DEPTH + b"]" * MAX_DEPTH
    assert isinstance(parse_json(content, where="x"), list)


@pytest.mark.parametrize("depth", [MAX_DEPTH + 1, 2_000_000])
def test_nesting_over_the_limit_is_refused(depth: int) -> None:
    """Too deep a document is a LimitError, however deep it is."""
    with pytest.raises(LimitError, match=f"nested deeper than {MAX_DEPTH} levels"):
        parse_json(b"[" * depth + b"]" * depth, where="x")


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (rb'{"a": "\ud800"}', "\N{REPLACEMENT CHARACTER}"),
        (rb'{"a": "x\udc80y"}', "x\N{REPLACEMENT CHARACTER}y"),
        (rb'{"a": "\ud83d\ude00"}', "\N{GRINNING FACE}"),
    ],
)
def test_lone_surrogates_become_replacement_characters(content: bytes, expected: str) -> None:
    """Text that no encoding can write is replaced as Go does; pairs are characters."""
    assert parse_object(content, where="x").get_text("a") == expected


def test_null_and_absent_members_read_alike() -> None:
    """Go writes null for an empty list or map."""
    nothing: list[dict[str, object]] = [{}, {"a": None}]
    for members in nothing:
        fields = JsonObject(members, "x")
        read = (
            fields.get_text("a"),
            fields.get_flag("a"),
            fields.get_integer("a"),
            fields.get_object("a"),
            fields.get_texts("a", 1),
            fields.get_text_map("a"),
            fields.get_names("a"),
        )
        assert read == ("", False, 0, None, (), {}, ())


def test_texts_of_the_wrong_type_are_named_by_their_place() -> None:
    """The message leads to the very item."""
    with pytest.raises(DocumentError, match=r"reading config x: Cmd\[1\]: expected a string, found the number 5"):
        JsonObject({"Cmd": ["a", 5]}, "config x").get_texts("Cmd", 9)


def test_map_values_of_the_wrong_type_are_named_by_their_key() -> None:
    """A label that is a list is named."""
    with pytest.raises(DocumentError, match=r"Labels\['b'\]: expected a string, found a list"):
        JsonObject({"Labels": {"a": "1", "b": []}}, "config x").get_text_map("Labels")


def test_a_string_is_not_taken_for_a_list_of_strings() -> None:
    """The characters of a string are not its items."""
    with pytest.raises(DocumentError, match="Cmd: expected a list, found the string 'sh'"):
        JsonObject({"Cmd": "sh"}, "x").get_texts("Cmd", 9)


def test_booleans_are_no_numbers() -> None:
    """`true` is not 1."""
    with pytest.raises(DocumentError, match="size: expected a whole number, found true"):
        JsonObject({"size": True}, "x").get_integer("size")


def test_too_many_items_are_refused() -> None:
    """A list longer than its ceiling is a LimitError."""
    with pytest.raises(LimitError, match="holds 3 items, limit 2"):
        JsonObject({"a": ["", "", ""]}, "x").get_texts("a", 2)
