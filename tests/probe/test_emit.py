"""Probes that somebody else starts: what is printed runs, is closed, and its log makes the report."""

import io
import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from layerscope.cli import exit_codes
from layerscope.cli.main import run
from layerscope.errors import ProbeError
from layerscope.probe.confinement import HARDENED, Confinement
from layerscope.probe.emit import EMITTERS, PIECE, emit_compose, emit_docker, emit_kubernetes
from layerscope.probe.limits import ContainerLimits
from layerscope.probe.packed_input import MARK, PACKED_BOOT, pack_input
from layerscope.probe.probed import Probed
from layerscope.probe.read_log import read_log
from layerscope.probe.serving_spec import ServingSpec
from layerscope.probe.spec import GENERATORS, ProbeSpec
from layerscope.probe.verdict import judge
from layerscope.recipe.yaml_text import render_yaml
from support.plain_yaml import read_plain_yaml
from support.stub_runs import find_free_port, run_emitted

STUB = Path(__file__).parents[1] / "support/stub_server.py"
NONCE = "0123456789abcdef"
SYSTEM = ProbeSpec(sys.executable, roles=("system",), about="demo:1")


def run_probe(spec: ProbeSpec, folder: Path) -> bytes:
    """What the docker command prints when it runs."""
    return run_emitted(emit_docker("demo:1", spec, HARDENED, NONCE, gpus=False), folder)


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """The log of a run of the system's stages."""
    return run_probe(SYSTEM, tmp_path_factory.mktemp("run"))


def read(content: bytes, nonce: str = "") -> Any:
    """The observation in a log."""
    return read_log(io.BytesIO(content), "probe.log", nonce=nonce)


def test_the_printed_command_runs_and_its_log_is_read(log: bytes) -> None:
    """Everything that the probe needs is in the script."""
    found = read(log)
    assert found.about == "demo:1"
    assert [stage.name for stage in found.observation.stages] == ["env", "devices", "driver", "kernel"]
    assert found.observation.find("env").status == "passed"
    assert found.observation.is_complete
    assert found.observation.seconds > 0


PREFIXES = [
    b"2026-11-26T15:30:00.123456789Z ",
    b"probe-1  | ",
    b"\x1b[36mprobe-1  | \x1b[0m",
    b"[pod/layerscope-probe-0123-abcde/probe] 2026-11-26T15:30:00.123456789+01:00 ",
    b"2026-11-26T15:30:00.123456789Z stdout F ",
]


@pytest.mark.parametrize("prefix", PREFIXES)
def test_what_stands_before_lines_is_no_matter(log: bytes, prefix: bytes) -> None:
    """Times, services and pods, colours, carriage returns, and lines of somebody else."""
    lines = [b"pulling the image", *log.splitlines(), b"gone"]
    found = read(b"".join(prefix + line + b"\r\n" for line in lines))
    assert found == read(log)


def test_a_time_in_the_middle_of_a_long_line_is_taken_out(log: bytes) -> None:
    """`docker logs --timestamps` cuts a line into pieces of 16 KiB, and puts the time before each."""
    time = b"2026-11-26T15:30:00.123456789Z "
    first, *others = log.splitlines()
    text = "2026-11-26T15:30:00.123456789Z " * 1300  # what the image itself prints stays
    record = {"at": 1, "record": "log", "role": "system", "stream": "stdout", "text": text}
    long = f"@@LS@@{NONCE} {json.dumps(record)}".encode()
    pieces = [long[start : start + (16 << 10)] for start in range(0, len(long), 16 << 10)]
    whole, cut = (b"\n".join([first, each, *others]) for each in (long, time.join(pieces)))
    assert read(cut) == read(whole)
    assert read(cut).observation.logs["system stdout"] == text


@pytest.mark.parametrize(("kept", "stage"), [(2, "env"), (3, "devices"), (4, "devices")])
def test_a_log_that_ends_early_tells_as_far_as_it_goes(log: bytes, kept: int, stage: str) -> None:
    """A pod that was ended for want of memory leaves such a log; it is no proof of anything."""
    lines = log.splitlines(keepends=True)
    seen = read(b"".join(lines[:kept])).observation
    verdict = judge(seen)
    assert (verdict.outcome, verdict.root, verdict.kind) == ("error", stage, "ended")
    assert "the container was ended from outside" in verdict.reason
    assert not Probed(seen, verdict).is_proof


def test_a_foreign_file_is_an_error() -> None:
    """Said once."""
    with pytest.raises(ProbeError, match="found no record of one"):
        read(b"root:x:0:0\n" * 1000)


def test_of_two_probes_one_must_be_picked(log: bytes) -> None:
    """By the word of its records, which the error names."""
    both = log + log.replace(NONCE.encode(), b"f" * 16)
    with pytest.raises(ProbeError, match=rf"--nonce {NONCE}\|ffff"):
        read(both)
    assert read(both, "f" * 16) == read(log)


def test_records_of_another_word_and_broken_ones_are_left_out(log: bytes) -> None:
    """An image may print what it likes, and each record is checked."""
    noise = b'@@LS@@ffffffffffffffff {"record": "end", "at": 1, "stage": "env", "status": "failed"}\n'
    broken = f'@@LS@@{NONCE} {{"record": "end", "at": "soon", "stage": "env", "status": "failed"}}\n'.encode()
    assert read(log + noise + broken) == read(log)


def test_a_payload_that_looks_for_itself_leaves_out_what_is_not_there(tmp_path: Path) -> None:
    """With `--python`, nobody has seen what is installed."""
    spec = ProbeSpec("/usr/bin/python3", GENERATORS, looks=True)
    seen = read(run_probe(spec, tmp_path)).observation
    names = {stage.name for stage in seen.stages}
    assert "imports" in names
    assert ("decode" in names) == (seen.find("imports").status == "passed")
    assert judge(seen).outcome in {"unproved", "generated"}


def test_the_server_that_an_image_starts_is_started_there_as_well(tmp_path: Path) -> None:
    """By the same payload, and its stages stand in the same log."""
    port = find_free_port()
    argv = (sys.executable, str(STUB), "--port", str(port), "--fault", "reasoning_content")
    serving = ServingSpec(name="stub", argv=argv, port=port, health=("/health",), dialect="openai", is_certain=True)
    seen = read(run_probe(ProbeSpec(sys.executable, roles=("serving",), serving=serving), tmp_path)).observation
    verdict = judge(seen)
    assert (verdict.outcome, verdict.root) == ("other-field", "chat-16"), seen


def test_a_name_that_is_an_option_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    """An engine would take it for one of its own."""
    assert run(["probe", "--emit", "docker", "--python", "python3", "--", "--privileged"]) == exit_codes.USAGE
    told = capsys.readouterr()
    assert not told.out
    assert "expected an image's name" in told.err


@pytest.mark.parametrize("form", sorted(EMITTERS))
def test_a_name_leaves_no_comment_and_no_argument(form: str) -> None:
    """An image's name is a text that others chose."""
    text = EMITTERS[form]("x\nrm -rf /; $(id) 'y", SYSTEM, HARDENED, NONCE, gpus=False)
    assert not [line for line in text.splitlines() if line.startswith("rm ")] or form == "docker"
    if form == "docker":
        assert "'x\nrm -rf /; $(id) '\"'\"'y'" in text


def test_the_compose_service_is_closed_and_holds_the_payload(tmp_path: Path) -> None:
    """The service reads the payload out of the file that describes it."""
    text = emit_compose("demo:1", SYSTEM, HARDENED, NONCE, gpus=True)
    (document,) = read_plain_yaml(text)
    service = document["services"]["probe"]
    assert (service["network_mode"], service["read_only"], service["cap_drop"]) == ("none", True, ["ALL"])
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service["deploy"]["resources"]["reservations"]["devices"][0]["capabilities"] == ["gpu"]
    assert text.rstrip().rpartition(MARK)[2].count("\n") > 10  # last in the file
    place = tmp_path / "layerscope-probe.yaml"
    place.write_text(text)
    program, *rest = service["entrypoint"]
    done = subprocess.run([program, *rest[:-1], str(place)], capture_output=True, check=False)
    assert read(done.stdout).observation.is_complete, done.stderr


def test_the_kubernetes_job_is_closed_and_holds_the_payload(tmp_path: Path) -> None:
    """Pieces of the payload lie in ConfigMaps, each small enough to be one."""
    import base64

    spec = ProbeSpec(sys.executable, ("torch", "transformers"), roles=("system",))
    limits = Confinement(limits=ContainerLimits(memory=1 << 30))
    policy, *maps, job = read_plain_yaml(emit_kubernetes("demo:1", spec, limits, NONCE, gpus=True))
    assert policy["spec"]["policyTypes"] == ["Ingress", "Egress"]
    assert "egress" not in policy["spec"]
    pod = job["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    context = container["securityContext"]
    assert context["readOnlyRootFilesystem"] and not context["allowPrivilegeEscalation"]  # noqa: PT018
    assert (context["runAsUser"], context["capabilities"]) == (65534, {"drop": ["ALL"]})
    assert container["resources"]["limits"] == {"memory": str(1 << 30), "nvidia.com/gpu": 1}
    assert policy["spec"]["podSelector"]["matchLabels"] == job["spec"]["template"]["metadata"]["labels"]
    names = [each["configMap"]["name"] for each in pod["volumes"][-1]["projected"]["sources"]]
    assert names == [each["metadata"]["name"] for each in maps]
    assert len(maps) > 1
    for each in maps:
        for name, text in each["binaryData"].items():
            assert len(base64.b64decode(text)) <= PIECE
            (tmp_path / name).write_bytes(base64.b64decode(text))
    program, *rest = container["command"]
    done = subprocess.run([program, *rest[:-1], str(tmp_path)], capture_output=True, check=False)
    assert read(done.stdout).observation.is_complete, done.stderr


def test_every_form_is_made_of_the_same_confinement() -> None:
    """What is opened is opened in each of them, and nothing else."""
    opened = Confinement(user="1000:100", read_only=False, capabilities=("CHOWN",), home="/scratch")
    docker = emit_docker("demo:1", SYSTEM, opened, NONCE, gpus=False)
    flags = dict(re.findall(r"^  (--[a-z-]+)(?: (.*))? \\$", docker, re.MULTILINE))
    assert (flags["--user"], flags["--cap-add"], "--read-only" in flags) == ("1000:100", "CHOWN", False)
    (compose,) = read_plain_yaml(emit_compose("demo:1", SYSTEM, opened, NONCE, gpus=False))
    service = compose["services"]["probe"]
    assert (service["user"], service["cap_add"], service["read_only"]) == ("1000:100", ["CHOWN"], False)
    job = read_plain_yaml(emit_kubernetes("demo:1", SYSTEM, opened, NONCE, gpus=False))[-1]
    (container,) = job["spec"]["template"]["spec"]["containers"]
    context = container["securityContext"]
    assert (context["runAsUser"], context["runAsGroup"], context["readOnlyRootFilesystem"]) == (1000, 100, False)
    assert context["capabilities"] == {"drop": ["ALL"], "add": ["CHOWN"]}
    assert {"name": "HOME", "value": "/scratch"} in container["env"]
    assert service["environment"]["HOME"] == "/scratch"


def test_the_start_reads_under_python_3_6() -> None:
    """The Python in the image unpacks what it is to run."""
    import ast

    ast.parse(PACKED_BOOT, feature_version=(3, 6))
    assert "\n" not in PACKED_BOOT
    assert len(pack_input(SYSTEM, NONCE)) < 100_000


@pytest.mark.parametrize("text", ["yes", "1.5", "a: b", "#x", "-", "é\n", "{}", "", "null", "/bin/sh", "a b"])
def test_texts_in_yaml_stay_texts(text: str) -> None:
    """Words that YAML takes for numbers, truth or comments are quoted."""
    document = {"key": text, "list": [text, {"inner": text}], "empty": []}
    assert read_plain_yaml(render_yaml(document)) == [document]
