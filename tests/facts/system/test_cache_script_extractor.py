"""The layer pass keeps of scripts what they do with package managers' caches, and no word that may be secret."""

import time

import pytest

from layerscope.facts.system.cache_script_extractor import CacheScriptExtractor, list_started, read_cache_script
from layerscope.formats.shell_script import SCRIPT_LIMIT

MOST = 0.8
"""Seconds for 16 KB: a tenth of that was measured, and ten times that before."""


def keep(path: str, content: bytes) -> object:
    """What is kept of a script."""
    return CacheScriptExtractor().extract(path, content, size=len(content), mode=0o755)


def test_keeps_calls_paths_and_scripts() -> None:
    """The first call of a kind; comments tell nothing."""
    script = b"""#!/bin/sh
# apt-get update, and ls ~/.cache/uv
[ -z "$EXTRA" ] || apt-get install -y $EXTRA
apt-get install -y jq
cp -r "${HOME}/.cache/pip/wheels/a/b/c" /srv
. /opt/setup && sh /opt/more
exec python3 -m app.main
"""
    assert keep("entry.sh", script) == {
        "calls": ({"kind": "apt-lists", "told": "apt-get install", "is_needed": True},),
        "paths": ("${HOME}/.cache/pip/wheels",),
        "started": ("/opt/setup", "/opt/more", "app/main.py", "app/main/__main__.py"),
    }


def test_keeps_nothing_of_what_may_be_secret() -> None:
    """Though it may be called like a cache."""
    script = b"""#!/bin/sh
curl https://me:hunter2@cache.example/x --key /hunter2 -u cache-hunter2:hunter2cache
exec server --password .cache-hunter2 --file /hunter2/key
"""
    assert keep("entry.sh", script) is None


def test_keeps_nothing_of_what_no_image_starts() -> None:
    """By its place or its name, as far as that can be told without the config."""
    script = b"#!/bin/sh\napt-get install -y jq\n"
    assert keep("usr/lib/python3/dist-packages/x/run.py", b"import os; os.system('apt-get install jq')") is None
    assert keep("usr/share/doc/x/example", script) is None


def test_names_scripts_as_they_are_called() -> None:
    """Modules, too, and what a server loads."""
    assert list_started("sh -c 'exec /app/start.sh' && uvicorn web.main:app --host 0.0.0.0:80") == (
        "/app/start.sh",
        "web/main.py",
        "web/main/__main__.py",
    )


@pytest.mark.parametrize("is_python", [False, True])
@pytest.mark.parametrize(
    "text",
    [
        "a",
        "a/",
        "/a",
        "a.",
        "apt ",
        "apk ",
        "$a",
        "${a:-/",
        "CACHE",
        ".cache",
        "/.cache",
        "~",
        "-m ",
        "a:",
        ", ",
        "uv -a ",
    ],
)
def test_a_hostile_script_is_read_in_no_time(text: str, *, is_python: bool) -> None:
    """What goes on and on is looked at once: squares of its length would be seconds."""
    content = (text * SCRIPT_LIMIT)[:SCRIPT_LIMIT].encode()
    started = time.process_time()
    read_cache_script(content, is_python=is_python)
    assert time.process_time() - started < MOST
