"""The layer pass keeps of scripts what the facts need, and no more."""

from layerscope.facts.system.script_extractor import EntryScriptExtractor, ScriptExtractor


def keep(path: str, content: bytes, mode: int = 0o755) -> object:
    """What is kept of a script's first line."""
    return ScriptExtractor().extract(path, content, size=len(content), mode=mode)


def hand_over(path: str, content: bytes) -> object:
    """What is kept of an entry script."""
    return EntryScriptExtractor().extract(path, content, size=len(content), mode=0o755)


def test_keeps_the_first_line_of_what_can_be_run() -> None:
    """With execute permission, or in a folder of programs."""
    assert keep("app/x", b"#!/bin/sh\r\necho") == "#!/bin/sh\r"
    assert keep("usr/bin/x", b"#!/bin/sh\n", 0o644) == "#!/bin/sh"
    assert keep("app/x", b"#!/bin/sh\n", 0o644) is None


def test_keeps_nothing_of_a_shell_script_without_a_first_line() -> None:
    """But that it is one."""
    assert keep("app/x.sh", b"echo hello") == ""


def list_commands(content: bytes) -> list[list[str]]:
    """The commands kept of an entry script."""
    kept = hand_over("app/entrypoint.sh", content)
    assert isinstance(kept, dict)
    return [list(words) for words in kept["commands"]]


def test_keeps_programs_and_switches_of_entry_scripts_but_no_other_arguments() -> None:
    """Arguments may be secret."""
    script = b"#!/bin/bash\nexport PYTHONUNBUFFERED=1\nexec python3 -u serve.py --token hunter2\n"
    kept = hand_over("app/entrypoint.sh", script)
    assert isinstance(kept, dict)
    assert kept["is_unbuffered"]
    assert list_commands(script) == [["python3", "-u", "serve.py"]]
    assert list_commands(b"#!/bin/sh\nexec mysqld -phunter2\n") == [["mysqld"]]


def test_keeps_what_a_script_hands_over_to() -> None:
    """Its own arguments among them; redirections are no hand-over."""
    script = b"""#!/bin/sh
set -e
exec 2>&1
if [ "$1" = serve ]; then
    exec python -u /app/serve.py "$@"
fi
# exec nothing
exec "$@"
"""
    assert list_commands(script) == [["python", "-u", "/app/serve.py", "$@"], ["$@"]]


def test_keeps_the_last_line_of_a_script_without_exec() -> None:
    """It runs there until it ends."""
    assert list_commands(b"#!/bin/sh\nprepare\npython app.py\n") == [["python", "app.py"]]


def test_looks_at_shell_scripts_named_like_an_entry_alone() -> None:
    """There are thousands of others."""
    assert hand_over("usr/bin/ldd", b"#!/bin/bash\nexec x\n") is None
    assert hand_over("app/entrypoint.py", b"#!/usr/bin/python3\n") is None
