"""What a probe tells without credentials: those of the environment, and those that have the form of one."""

import json
import sys
from pathlib import Path
from urllib.parse import quote

import pytest

from layerscope.probe.collect import ObservationBuilder
from layerscope.probe.concealment import Secrets, conceal, find_env_secrets
from layerscope.probe.local_run import run_here
from layerscope.probe.observation import Observation, ProcessEnd, StageResult
from layerscope.probe.probed import Probed
from layerscope.probe.protocol import Begin, Bye, End, Exit, Log, Slow
from layerscope.probe.spec import ProbeSpec
from layerscope.probe.verdict import judge
from layerscope.progress import SilentProgress
from layerscope.report.probe_json import render_probe_json

PLAIN = "correct horse & battery"
TOKEN = "hf_envsecret1234567890"
PAIRS = [("HF_TOKEN", TOKEN), ("DB_PASSWORD", PLAIN), ("LANG", "C.UTF-8"), ("PIN_PASSWORD", "short"), ("TOKEN", "none")]


def test_secrets_of_an_environment_are_known_by_name_and_form() -> None:
    """Long ones alone, in the spellings in which they are printed; a repr tells none of them."""
    secrets = find_env_secrets([*PAIRS, ("DB", "postgres://u:longpassword@h/x")], ("run", "--api-key", "abcdefgh99"))
    assert set(secrets.values) == {PLAIN, quote(PLAIN), TOKEN, "longpassword", "abcdefgh99"}
    assert repr(secrets) == "Secrets(5)"


def test_every_part_of_an_observation_is_struck() -> None:
    """Stages with waits and values, logs, ends and strays, names of values among them; a report has none left."""
    builder = ObservationBuilder(("env", "imports"), secrets=find_env_secrets(PAIRS))
    said = f"it has {PLAIN} and {TOKEN}"
    builder.add(Begin(1.0, "env"))
    builder.add(Slow(1.0, "env", 1.0, stacks=said, last_line=said))
    builder.add(End(1.0, "env", "failed", 1.0, "error", said, {said: [said, {"x": json.dumps(said)}]}))
    builder.add(Log(1.0, "generation", "stderr", said[:20]))
    builder.add(Log(1.0, "generation", "stderr", said[20:]))
    builder.add(Exit(1.0, "generation", "imports", False, said, said, 3))
    builder.add(Bye(1.0))
    seen = builder.finish(strays=(said, "a=1"), model=said)
    shown = render_probe_json("image", Probed(seen, judge(seen)))
    assert "it has *** and ***" in str(seen)
    assert seen.strays == ("it has *** and ***", "a=1")
    for text in (str(seen), str(shown)):
        assert PLAIN not in text
        assert "envsecret" not in text


def test_a_key_of_several_lines_is_struck_out_of_strays_and_lines() -> None:
    """Strays are told line by line, as is the last that a process printed."""
    lines = ("-----BEGIN PRIVATE KEY-----", "MIIEvQIBADANBgkqhkiG9w0BAQ", "-----END PRIVATE KEY-----")
    secrets = find_env_secrets([("TLS_PRIVATE_KEY", "\n".join(lines))])
    found = conceal(Observation((), (ProcessEnd("system", 1, None, lines[1]),), strays=lines), "", secrets)
    assert found.strays == ("***",)
    assert found.ends[0].last_line == "***"
    assert conceal(Observation((), strays=lines), "", Secrets()).strays == ("***",)


def test_the_beginning_of_a_secret_that_was_cut_is_struck_out() -> None:
    """A message that was shortened ends in the middle of it; one that ends otherwise stays."""
    stage = StageResult("env", "failed", detail=f"it is {TOKEN[:12]}\u2026")
    seen = Observation((stage,), logs={"system stdout": "it is hf_"})
    found = conceal(seen, "", find_env_secrets(PAIRS))
    assert found.stages[0].detail == "it is ***\u2026"
    middle = StageResult("env", "failed", detail=f"{TOKEN[-9:]} it is {TOKEN[:9]} [...] {TOKEN[-12:]} again")
    found = conceal(Observation((middle,), logs=seen.logs), "", find_env_secrets(PAIRS))
    assert found.stages[0].detail == "*** it is *** [...] *** again"
    assert found.logs["system stdout"] == "it is hf_"


def test_names_of_stages_and_logs_are_nobodys_secret() -> None:
    """However somebody calls a password."""
    seen = Observation((StageResult("transformers", "not reached"),), logs={"generation stdout": "generation"})
    found = conceal(seen, "", find_env_secrets([("A_PASSWORD", "generation"), ("A_TOKEN", "transformers")]))
    assert found.find("transformers") is not None
    assert found.logs == {"generation stdout": "***"}


def test_an_import_that_prints_its_environment_gives_nothing_away(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither in the exception, nor in what it printed before; a shortest password of an address goes, too."""
    text = (
        "import os\nprint(os.environ['DB_PASSWORD'], flush=True)\n"
        "raise RuntimeError('HF_TOKEN=' + os.environ['HF_TOKEN'] + ' https://user:pw123@h/x')\n"
    )
    (tmp_path / "torch.py").write_text(text)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    for name, value in PAIRS[:2]:
        monkeypatch.setenv(name, value)
    spec = ProbeSpec(sys.executable, modules=("torch",), roles=("generation",))
    seen = run_here(spec, progress=SilentProgress())
    imports = seen.find("imports")
    assert imports is not None
    assert imports.detail == "torch: RuntimeError: HF_TOKEN=*** https://user:***@h/x"
    assert seen.logs["generation stdout"] == "***\n"
    for value in (PLAIN, "envsecret", "pw123"):
        assert value not in str(seen)
