"""Models that the image's Python program loads are found behind its command."""

import pytest

from layerscope.facts.python.named_models import NamedModel, NamedModelCollector
from layerscope.image.config import RuntimeConfig
from support.contexts import collect, make_context
from support.tar_member import file

SCRIPT = b'from transformers import pipeline\nm = A.from_pretrained("/models/x", token="planted")\n'


def find(*command: str) -> list[tuple[str, str, str | None]]:
    """What an image with two scripts of Python names, which starts that command."""
    members = (
        file("usr/bin/python3", b"\x7fELF", mode=0o755),
        file("app/serve.py", SCRIPT),
        file("app/api/main.py", SCRIPT),
        file("app/start.sh", b"#!/bin/sh\nexec python3 -u /app/serve.py --key planted\n", mode=0o755),
    )
    context = make_context(members, runtime=RuntimeConfig(cmd=command, working_dir="/app"))
    facts = collect(NamedModelCollector, context).of(NamedModel)
    return [(each.call, each.value, each.evidence.path) for each in facts]


@pytest.mark.parametrize(
    ("command", "script"),
    [
        ("python3 /app/serve.py", "app/serve.py"),
        ("python3 -m serve", "app/serve.py"),
        ("/app/start.sh", "app/serve.py"),
        ("uvicorn api.main:app --host x", "app/api/main.py"),
        ("gunicorn -w 2 api.main:app", "app/api/main.py"),
    ],
)
def test_the_script_that_runs_is_asked(command: str, script: str) -> None:
    """Named by its path or module, in an entry script, or as an application."""
    assert find(*command.split()) == [("from_pretrained", "/models/x", script)]


@pytest.mark.parametrize("command", ["python3", "python3 -c x", "python3 /app/absent.py", "cat /app/serve.py", ""])
def test_no_other_script_is_asked(command: str) -> None:
    """Scripts that merely lie there load nothing."""
    assert find(*command.split()) == []
