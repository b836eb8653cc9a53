"""What is asked of an image's own model, and what a report says of it."""

from layerscope.probe.model_search import ModelTarget, Search
from layerscope.probe.observation import PASSED, Observation, StageResult
from layerscope.probe.own_model_spec import ask_for_batch, ask_for_model
from layerscope.probe.probed import Probed
from layerscope.probe.spec import OWN_STAGES, ProbeSpec
from layerscope.probe.verdict import judge
from layerscope.report.context import RenderContext
from layerscope.report.probe_view import render_probe_text

MODULES = ("torch", "transformers")
TARGET = ModelTarget("/srv/model", "named by --model in the image's command", size=100 << 30)


def test_the_model_comes_after_the_canary_and_before_the_logs() -> None:
    """And the largest batch after it."""
    spec = ProbeSpec("python3", MODULES, roles=("system", "generation", "visibility", "trace"), max_batch=8)
    asked = ask_for_batch(ask_for_model(spec, Search(TARGET)))
    assert asked.roles == ("system", "generation", "model", "batch", "visibility", "trace")
    assert set(OWN_STAGES) - set(asked.stages) == {"own-lookup"}
    named = ask_for_model(spec, Search(ModelTarget("/cache/x", "found", name="acme/tiny")))
    assert "own-lookup" in named.stages


def test_what_nothing_can_load_is_said_and_not_tried() -> None:
    """So is what was named and is not there."""
    asked = ask_for_model(ProbeSpec("python3", ("onnxruntime",)), Search(TARGET))
    assert asked.model is None
    assert asked.model_note.endswith("not tried: the image has no torch with transformers")
    assert not set(OWN_STAGES) & set(asked.stages)
    assert (
        ask_for_model(ProbeSpec("python3", MODULES), Search(reason="it was not found")).model_note == "it was not found"
    )


def test_a_model_that_is_nowhere_is_looked_up_and_not_loaded() -> None:
    """Where there is something to look it up with."""
    search = Search(reason="it was not found", absent=ModelTarget("", "named", name="acme/tiny"))
    asked = ask_for_model(ProbeSpec("python3", MODULES), search)
    assert set(OWN_STAGES) & set(asked.stages) == {"own-lookup"}
    assert asked.model_note == "it was not found"
    assert ask_for_model(ProbeSpec("python3", ("torch",)), search).model is None


def test_a_large_model_is_given_time() -> None:
    """A hundred gigabytes at 200 MB a second, and five times that before it is ended."""
    spec = ask_for_model(ProbeSpec("python3", MODULES), Search(TARGET))
    deadlines = spec.build_settings("nonce")["deadlines"]
    assert isinstance(deadlines, dict)
    soft, hard = deadlines["own-weights"]
    assert (round(soft), round(hard)) == (537, 2684)
    assert spec.longest > hard


def test_the_page_names_the_model_and_its_memory() -> None:
    """With its own text in the verdict, for that is what is asked."""
    values = {"memory": {"rss_peak": 300_000_000}}
    stages = (
        StageResult("device", PASSED, values={"name": "CPU", "device": "cpu"}),
        StageResult("detokenize", PASSED, detail='"better"'),
        StageResult("own-text", PASSED, detail="'Paris'", values=values),
    )
    seen = Observation(stages, is_complete=True, model="/srv/model, named by --model in the image's command")
    text = render_probe_text("app", Probed(seen, judge(seen)), RenderContext())
    assert "the image's own model generates on the CPU: 'Paris'" in text
    assert "/srv/model, named by --model" in text
    assert "300.0 MB at model: text" in text
    assert "model: text" in text
