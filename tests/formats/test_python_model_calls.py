"""Calls that load a model are found in a Python script, with the model that they name."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from layerscope.formats.python_model_calls import CALLS_LIMIT, ModelCall, parse_model_calls


def name(text: str) -> list[str]:
    """The models that a script names."""
    return [each.value for each in parse_model_calls(text.encode())]


@pytest.mark.parametrize(
    ("text", "model"),
    [
        ('m = AutoModel.from_pretrained("/models/a")', "/models/a"),
        ("m = X.from_pretrained(\n    'acme/a',  # c\n    token=KEY,\n)", "acme/a"),
        ('X.from_pretrained(pretrained_model_name_or_path="./a", x=(1, 2))', "./a"),
        ('pipeline("text-generation", model="acme/a")', "acme/a"),
        ('transformers.pipeline("text-generation", "acme/a", token="acme/planted")', "acme/a"),
        ('pipeline(model="acme/a", task="text-generation")', "acme/a"),
        ('LLM(x=f(1, 2) if x else y, model="/models/a")', "/models/a"),
        ('SentenceTransformer("""acme/a""")', "acme/a"),
        ('MODEL = "/models/a"\nX.from_pretrained(MODEL)', "/models/a"),
    ],
)
def test_a_string_or_a_constant_names_a_model(text: str, model: str) -> None:
    """At its place, or by its keyword."""
    assert name(text) == [model]


@pytest.mark.parametrize(
    "text",
    [
        'X.from_pretrained(path, "acme/adapter")',
        'X.from_pretrained("/models/" + name)',
        'X.from_pretrained(f"/models/{name}")',
        'X.from_pretrained(token="acme/planted")',
        'X.from_pretrained("a sentence, or a key")',
        'AutoTokenizer.from_pretrained("/models/a")',
        'pipeline("text-generation")',
        'other(model="acme/a")',
        'LLM = "acme/a"',
        '# LLM("acme/a")\n"""LLM(\'acme/a\')"""',
        'M = "/a"\nM = "/b"\nX.from_pretrained(M)',
        'M = x("/a")\nX.from_pretrained(M)',
        "X.from_pretrained(",
        "",
    ],
)
def test_other_words_name_none(text: str) -> None:
    """What is put together, other arguments, other calls, parts beside a model, comments and strings."""
    assert name(text) == []


def test_calls_are_told_by_name_and_limited() -> None:
    """In the order in which they stand."""
    assert parse_model_calls(b'LLM("a/b")\nX.from_pretrained("c")') == (
        ModelCall("LLM", "a/b"),
        ModelCall("from_pretrained", "c"),
    )
    assert len(parse_model_calls(b'LLM("a/b")\n' * 1000)) == CALLS_LIMIT


@pytest.mark.parametrize(
    ("text", "is_local"),
    [
        ('X.from_pretrained("a/b", local_files_only=True)', True),
        ('X.from_pretrained("a/b", x(1), local_files_only = True, y=2)', True),
        ('os.environ["HF_HUB_OFFLINE"] = "1"\nX.from_pretrained("a/b")', True),
        ('X.from_pretrained("a/b", local_files_only=False)', False),
        ('X.from_pretrained("a/b", x(local_files_only=True))', False),
        ('X.from_pretrained("a/b")\nY.other(local_files_only=True)', False),
        ('# HF_HUB_OFFLINE\nX.from_pretrained("a/b")', False),
    ],
)
def test_calls_that_ask_no_hub_are_told(text: str, is_local: bool) -> None:
    """By an argument of their own, or by a variable of which the script speaks."""
    assert [each.is_local for each in parse_model_calls(text.encode())] == [is_local]


@pytest.mark.parametrize("text", ["LLM(" * 60_000, "LLM(a, " * 30_000, '"' * 250_000, "LLM(\\\n" * 30_000])
def test_a_strange_script_takes_no_time(text: str) -> None:
    """Each call looks at a limited number of words, and so many calls are looked at."""
    began = time.monotonic()
    parse_model_calls(text.encode())
    assert time.monotonic() - began < 2


@given(st.text(alphabet="LM(pipeline.from_pretrained)'\"=,\n /a\\#", max_size=80))
def test_takes_any_text(text: str) -> None:
    """Nothing raises."""
    parse_model_calls(text.encode())


def test_a_revision_is_taken_by_its_keyword() -> None:
    """As a string or a constant, wherever it stands."""
    text = b'R = "v2"\nX.from_pretrained("acme/a", token=K, revision="4d")\nLLM(revision=R, model="acme/b")\nLLM("c")'
    assert [(each.value, each.revision) for each in parse_model_calls(text)] == [
        ("acme/a", "4d"),
        ("acme/b", "v2"),
        ("c", ""),
    ]
