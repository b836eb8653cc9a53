"""Credentials go from the history and the labels; whatever else a config holds stays as it was."""

from typing import Any

from layerscope.fixes.surgery.hidden_credentials import hide_credentials, list_credentials
from layerscope.formats.secret_text import REDACTED

TOKEN = "hf_" + "kQ3mZ8vTn2WpX7rLbY5sJcHd9uGfEa4RoN"


def test_credentials_of_history_and_labels_are_hidden() -> None:
    """Each at its place; the text around it stays."""
    document: dict[str, Any] = {
        "history": [
            {"created_by": f"RUN |1 TOKEN={TOKEN} /bin/sh -c make # buildkit", "empty_layer": True},
            {"created_by": "ENV A=1", "comment": f"by {TOKEN}"},
        ],
        "config": {
            "Labels": {"token": TOKEN, "password": "correct-horse-9", "kept": "1"},
            "Env": [f"HF_TOKEN={TOKEN}"],
        },
    }
    hide_credentials(document)
    assert document == {
        "history": [
            {"created_by": f"RUN |1 TOKEN={REDACTED} /bin/sh -c make # buildkit", "empty_layer": True},
            {"created_by": "ENV A=1", "comment": f"by {REDACTED}"},
        ],
        "config": {"Labels": {"token": REDACTED, "password": REDACTED, "kept": "1"}, "Env": [f"HF_TOKEN={TOKEN}"]},
    }


def test_a_config_of_other_types_is_left_as_it_is() -> None:
    """Whoever wrote it."""
    for document in (
        {},
        {"history": None, "config": None},
        {"history": [1, {"created_by": 2}], "config": {"Labels": [3]}},
    ):
        before = repr(document)
        hide_credentials(document)  # type: ignore[arg-type] # as any JSON may be
        assert repr(document) == before


def test_a_credential_that_a_variable_held_is_hidden_wherever_it_stands() -> None:
    """By its value, since nothing before it may tell what it is."""
    known = list_credentials(["DB_PASSWORD=tr0ub4dor&3", "PATH=/bin", "API_KEY=short"])
    assert known == ["tr0ub4dor&3", "short"]
    document: dict[str, Any] = {"history": [{"created_by": "RUN mysql -ptr0ub4dor&3 short"}]}
    hide_credentials(document, known)
    assert document == {"history": [{"created_by": f"RUN mysql -p{REDACTED} short"}]}
