"""The table of model servers, and its law."""

from pathlib import Path

import pytest

from layerscope.errors import PolicyError
from layerscope.policies.policies import Policies
from layerscope.policies.servers import read_servers

HEAD = '[policy]\nabout = "a"\ndate = 2026-01-01\nrefresh = "b"\n'
ROW = """
[[server]]
name = "{name}"
title = "A"
source = "https://example.org"
commands = {commands}
variables = []
files = {files}
distributions = []
dialect = "{dialect}"
port = {port}
bind = "0.0.0.0"
port_flags = {flags}
port_variables = []
health = {health}
"""
SOUND = {
    "name": "a", "commands": '["a serve"]', "files": '["/a"]', "dialect": "openai", "port": "8000",
    "flags": '["--port"]', "health": '["/health"]',
}  # fmt: skip
FRAMEWORK = '[[framework]]\nname = "flask"\nsource = "https://example.org"\n'


def write(folder: Path, *rows: dict[str, str]) -> None:
    """A table with those rows, each sound but for what it says."""
    text = HEAD + "".join(ROW.format(**{**SOUND, **row}) for row in rows) + FRAMEWORK
    (folder / "servers.toml").write_text(text)


def test_every_server_of_the_issue_is_known() -> None:
    """With a port, a dialect and a path for its health."""
    servers = Policies().servers
    wanted = {"vllm", "tgi", "sglang", "triton", "ollama", "llama-cpp", "torchserve", "ray-serve", "nim", "cog"}
    assert wanted <= {row.name for row in servers.rows}
    sglang = servers.find("sglang")
    assert sglang is not None
    assert (sglang.port, sglang.bind, sglang.dialect) == (30000, "127.0.0.1", "openai")
    assert servers.find("none") is None


def test_a_sound_table_is_read(tmp_path: Path) -> None:
    """Whatever its rows are called."""
    write(tmp_path, {}, {"name": "b", "commands": '["b"]', "files": "[]"})
    servers = read_servers(tmp_path)
    assert [row.name for row in servers.rows] == ["a", "b"]
    assert servers.frameworks == {"flask"}


@pytest.mark.parametrize(
    ("row", "why"),
    [
        ({"commands": '["b"]', "files": "[]"}, "the name 'a' is there twice"),
        ({"name": "b", "files": "[]"}, "the command 'a serve' is there twice"),
        ({"name": "b", "commands": '["b"]'}, "the file '/a' is there twice"),
        ({"name": "b", "commands": "[]", "files": "[]"}, "server b: no command"),
        ({"name": "b", "commands": '["b"]', "files": '["a"]'}, "paths that begin with a slash"),
        ({"name": "b", "commands": '["b"]', "files": "[]", "port": "70000"}, "port 70000"),
        ({"name": "b", "commands": '["b"]', "files": "[]", "health": "[]"}, "health"),
        ({"name": "b", "commands": '["b"]', "files": "[]", "flags": '["port"]'}, "expected flags"),
        ({"name": "b", "commands": '["b"]', "files": "[]", "dialect": "soap"}, "soap"),
    ],
)
def test_refuses_a_table_that_contradicts_itself(row: dict[str, str], why: str, tmp_path: Path) -> None:
    """A mark belongs to one server, and every server can be found and asked."""
    write(tmp_path, {}, row)
    with pytest.raises(PolicyError, match=why):
        read_servers(tmp_path)
