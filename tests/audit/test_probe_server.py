"""The server that an audited image starts."""

from layerscope.audit.probe_server import find_server
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
