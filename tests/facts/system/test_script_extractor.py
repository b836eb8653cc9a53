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


def test_keeps_programs_and_switches_of_entry_scripts_but_no_arguments() -> None:
    """Arguments may be secret."""
    script = b"#!/bin/bash\nexport PYTHONUNBUFFERED=1\nexec python3 -u serve.py --token hunter2\n"
    assert hand_over("app/entrypoint.sh", script) == {"commands": [["python3", "-u"]], "unbuffered": True}
    script = b"#!/bin/sh\nexec mysqld -phunter2\n"
    assert hand_over("docker-entrypoint.sh", script) == {"commands": [["mysqld"]], "unbuffered": False}


def test_looks_at_shell_scripts_named_like_an_entry_alone() -> None:
    """There are thousands of others."""
    assert hand_over("usr/bin/ldd", b"#!/bin/bash\nexec x\n") is None
    assert hand_over("app/entrypoint.py", b"#!/usr/bin/python3\n") is None
