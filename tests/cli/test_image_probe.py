"""What a probe says of a server that it could not start, and of an engine's refusal."""

import msgspec

from layerscope.cli.image_probe import explain_refusal, tell_server
from layerscope.image.config import RuntimeConfig
from layerscope.policies.policies import Policies
from layerscope.probe.observation import Observation, StageResult
from layerscope.probe.probed import Probed
from layerscope.probe.verdict import judge
from support.results import ResultRecipe, make_result

POLICIES = Policies()
SEEN = Observation((StageResult("env", "passed"),), is_complete=True, python="3.11")


def test_a_server_that_nobody_knows_is_not_passed_over() -> None:
    """Its port, its program, and what to type."""
    runtime = RuntimeConfig(cmd=("python3", "/app/server.py"), exposed_ports=("8000",))
    probed = tell_server(Probed(SEEN, judge(SEEN)), make_result(ResultRecipe(runtime=runtime)), POLICIES)
    assert probed.verdict is not None
    (told,) = probed.verdict.remarks
    assert told.startswith("it exposes port 8000 and starts /app/server.py, which is no known server: start it, ")
    assert told.endswith(": layerscope probe --url http://HOST:8000")


def test_an_image_that_exposes_nothing_gets_no_remark() -> None:
    """Nor one in which a stage broke: that comes first."""
    runtime = RuntimeConfig(cmd=("python3", "/app/job.py"))
    probed = Probed(SEEN, judge(SEEN))
    assert tell_server(probed, make_result(ResultRecipe(runtime=runtime)), POLICIES) == probed
    broken = msgspec.structs.replace(SEEN, stages=(StageResult("env", "failed", detail="no"),))
    runtime = RuntimeConfig(cmd=("python3", "/app/server.py"), exposed_ports=("8000",))
    probed = Probed(broken, judge(broken))
    assert tell_server(probed, make_result(ResultRecipe(runtime=runtime)), POLICIES) == probed


def test_cures_of_a_refusal_are_joined_once() -> None:
    """The table's second cure begins with `or` of itself; sentences begin with capitals."""
    told = explain_refusal('could not select device driver "" with capabilities: [[gpu]].', POLICIES)
    assert told.startswith(". The container was not created: ")
    assert ". Install the toolkit and tell the engine of it: " in told
    assert "; or, from Docker Engine 28.3 on, " in told
    assert "or or" not in told
