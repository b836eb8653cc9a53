"""The server that an audited image starts."""

import pytest

from layerscope.audit.probe_server import UnknownServer, find_server, find_unknown_server
from layerscope.image.config import RuntimeConfig
from layerscope.policies.policies import Policies
from support.results import ResultRecipe, make_result
from support.tar_writer import file

POLICIES = Policies()


def test_command_environment_ports_and_files_are_looked_at() -> None:
    """What the image runs is started as it stands in its config."""
    runtime = RuntimeConfig(
        env=("PATH=/bin", "OLLAMA_HOST=0.0.0.0:11500"), entrypoint=("/start.sh",), exposed_ports=("11434/tcp", "53/udp")
    )
    found = find_server(make_result(ResultRecipe(layers=[[file("bin/ollama", b"\x7fELF")]], runtime=runtime)), POLICIES)
    assert found is not None
    assert (found.name, found.argv, found.port) == ("Ollama", ("/start.sh",), 11500)
    assert found.how == "by the file /bin/ollama"


def test_an_image_without_a_server_starts_none() -> None:
    """Whatever it exposes."""
    runtime = RuntimeConfig(entrypoint=("/app",), exposed_ports=("8000/tcp",))
    assert find_server(make_result(ResultRecipe(runtime=runtime)), POLICIES) is None


@pytest.mark.parametrize(
    ("command", "ports", "told"),
    [
        (("python3", "/app/server.py"), ("8000",), UnknownServer("/app/server.py", 8000)),
        (("python3", "-u", "-m", "app", "--key", "abc"), ("8000/tcp",), UnknownServer("python3 -m app", 8000)),
        (("/app", "--api-key", "abc"), ("9000/tcp",), UnknownServer("/app", 9000)),
        (("python3", "/app/server.py"), (), None),
        (("bash",), ("8000/tcp",), None),
        (("vllm", "serve", "m"), ("8000/tcp",), None),
    ],
)
def test_what_may_be_a_server_is_named_without_its_options(
    command: tuple[str, ...], ports: tuple[str, ...], told: UnknownServer | None
) -> None:
    """An exposed port and a program that is no known server; a shell alone serves nothing."""
    result = make_result(ResultRecipe(runtime=RuntimeConfig(cmd=command, exposed_ports=ports)))
    assert find_unknown_server(result, POLICIES) == told
