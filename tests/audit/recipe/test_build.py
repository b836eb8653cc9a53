"""The recipe of an image: what its files and its config ask for, with the source of each, and what is left out."""

from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import pytest
from msgspec.structs import replace as replace_struct

from layerscope.audit.recipe.build import derive_recipe
from layerscope.audit.result import AuditResult
from layerscope.policies.policies import Policies
from layerscope.probe.confinement import HARDENED
from layerscope.probe.observation import FAILED, PASSED, Observation, StageResult
from layerscope.probe.probed import Probed
from layerscope.probe.variants import Trials
from layerscope.probe.verdict import judge
from layerscope.recipe.forms import FORMS
from layerscope.recipe.setting import LeftOut, Recipe, Setting, Source, SourceKind
from layerscope.rules.fix import Fix, FixKind, FixPlace
from layerscope.rules.registry import RULES
from support.recipe_checks import read_compose, read_kubernetes, run_script
from support.serving_image import RUNTIME, SITE, audit_files, audit_serving
from support.tar_writer import directory, file

POLICIES: Final = Policies()
TORCH: Final = f"{SITE}/torch/version.py"
MEASURED: Final = Observation(
    (
        StageResult("listen", PASSED, 12.5, detail="port 8000"),
        StageResult("health", PASSED, 30.0),
        StageResult("chat-512", PASSED, 1.0, values={"text": "READY"}),
    ),
    is_complete=True,
)


def find(recipe: Recipe, subject: str) -> Setting:
    """The setting of that subject."""
    (setting,) = [each for each in recipe.settings if each.subject == subject]
    return setting


def find_left_out(recipe: Recipe, subject: str) -> LeftOut:
    """What is said of a subject that is not set."""
    (left_out,) = [each for each in recipe.left_out if each.subject == subject]
    return left_out


def list_subjects(recipe: Recipe) -> set[str]:
    """All subjects that are set."""
    return {each.subject for each in recipe.settings}


def derive(result: AuditResult, probed: Probed | None = None) -> Recipe:
    """The recipe, by the built-in tables."""
    return derive_recipe(result, POLICIES, probed)


def probe(seen: Observation, *, is_started_here: bool = False) -> Probed:
    """What was seen, with its verdict; of a run of layerscope's own, with its confinement."""
    return Probed(seen, judge(seen), trials=Trials(seen, HARDENED) if is_started_here else None)


def test_every_setting_bears_its_reason_and_source(tmp_path: Path) -> None:
    """And every form is what its readers take."""
    recipe = derive(audit_serving(tmp_path))
    assert all(each.reason and each.source is not None for each in recipe.settings)
    assert list_subjects(recipe) == {
        "GPU", "shared memory", "locked memory and stack", "user", "group of volumes", "a volume at /data",
        "a volume at /home/app/.cache/huggingface/hub", "port 8000/tcp", "health", "readiness",
    }  # fmt: skip
    words = run_script(FORMS["docker"]("acme/serve:1", recipe), tmp_path)
    assert words[words.index("--shm-size") + 1] == "2g"
    assert read_compose(FORMS["compose"]("acme/serve:1", recipe), tmp_path)["shm_size"] == "2gb"
    pod = read_kubernetes(FORMS["kubernetes"]("acme/serve:1", recipe))
    (container,) = pod["containers"]
    assert container["resources"]["limits"] == {"nvidia.com/gpu": 2}
    assert pod["securityContext"]["fsGroup"] == 1000
    assert container["readinessProbe"] == {"httpGet": {"path": "/health", "port": 8000}}


def test_every_rule_that_a_recipe_cures_has_its_setting(tmp_path: Path) -> None:
    """By its code; such a rule is planted in this image."""
    sources = [each.source for each in derive(audit_serving(tmp_path)).settings if each.source is not None]
    codes = {source.name for source in sources if source.kind is SourceKind.FINDING}
    cured = {rule.code for rule in RULES if FixPlace.RECIPE in rule.fixed_in}
    assert cured
    assert cured <= codes


def test_gpus_come_from_what_computes(tmp_path: Path) -> None:
    """With the file that says so, and as many as the command names."""
    gpu = find(derive(audit_serving(tmp_path)), "GPU")
    assert gpu.docker == (("--gpus", "2"),)
    assert gpu.source == Source(SourceKind.FILES, "", 0, TORCH)
    assert "built for CUDA 12.8, on 2 of them" in gpu.reason


def test_an_image_without_cuda_gets_no_gpu(tmp_path: Path) -> None:
    """Nor memory for NCCL, nor volumes, nor an init before a shell that is left."""
    recipe = derive(audit_files(tmp_path, [file("app", b"\x7fELF", mode=0o755)], {"Cmd": ["/app"]}))
    assert list_subjects(recipe) == set()
    assert {"GPU", "shared memory", "ulimits", "user", "ports"} <= {each.subject for each in recipe.left_out}


def test_driver_capabilities_that_lack_are_given(tmp_path: Path) -> None:
    """Where the image's own value keeps them out."""
    env = [*RUNTIME["Env"], "NVIDIA_DRIVER_CAPABILITIES=graphics"]
    setting = find(derive(audit_serving(tmp_path, Env=env)), "NVIDIA_DRIVER_CAPABILITIES")
    assert setting.docker == (("--env", "NVIDIA_DRIVER_CAPABILITIES=compute,utility,graphics"),)
    assert setting.source == Source(SourceKind.FINDING, "CUDA036")


def test_devices_that_the_image_fixes_are_told(tmp_path: Path) -> None:
    """No flag takes a variable back."""
    env = [*RUNTIME["Env"], "CUDA_VISIBLE_DEVICES=0"]
    assert find_left_out(derive(audit_serving(tmp_path, Env=env)), "CUDA_VISIBLE_DEVICES").source == Source(
        SourceKind.FINDING, "CUDA035"
    )


def test_one_gpu_needs_no_more_shared_memory(tmp_path: Path) -> None:
    """The nearest neighbour: the same server on one GPU."""
    recipe = derive(audit_serving(tmp_path, Cmd=["serve", "Qwen/Qwen3-8B"]))
    assert "shared memory" not in list_subjects(recipe)
    assert "--tensor-parallel-size" in find_left_out(recipe, "shared memory").reason
    assert find(recipe, "GPU").docker == (("--gpus", "all"),)


def test_a_loader_s_workers_need_shared_memory(tmp_path: Path) -> None:
    """As the started script names them."""
    script = file("app/train.py", b"loader = DataLoader(data, num_workers=8)\n")
    shm = find(derive(audit_serving(tmp_path, script, Entrypoint=["python3"], Cmd=["/app/train.py"])), "shared memory")
    assert shm.docker == (("--shm-size", "1g"),)
    assert shm.source == Source(SourceKind.FINDING, "CONF013", 0, "app/train.py")


def test_root_is_told_and_no_number_is_invented(tmp_path: Path) -> None:
    """Neither is a group given to volumes."""
    recipe = derive(audit_serving(tmp_path, User=""))
    assert not {"user", "group of volumes"} & list_subjects(recipe)
    assert find_left_out(recipe, "user").source == Source(SourceKind.FINDING, "CONF001")


def test_a_user_that_is_not_there_is_told(tmp_path: Path) -> None:
    """No engine starts it, whatever its flags."""
    recipe = derive(audit_serving(tmp_path, User="nobody-knows"))
    assert find_left_out(recipe, "user").source == Source(SourceKind.FINDING, "CONF008")


def test_volumes_are_looked_up_in_the_files(tmp_path: Path) -> None:
    """Whether they are there, and whether the user may write there."""
    recipe = derive(audit_serving(tmp_path))
    data = find(recipe, "a volume at /data")
    assert "it belongs to user 0 with mode 0755, not writable by user 1000; CONF014" in data.reason
    assert data.source == Source(SourceKind.FINDING, "CONF014")
    hub = find(recipe, "a volume at /home/app/.cache/huggingface/hub")
    assert "in the image it is not there" in hub.reason
    assert hub.compose == {
        "volumes": [{"type": "volume", "source": "app-hub-cache", "target": "/home/app/.cache/huggingface/hub"}]
    }


def test_a_volume_of_the_user_s_own_is_sound(tmp_path: Path) -> None:
    """The nearest neighbour of one that is not."""
    recipe = derive(audit_serving(tmp_path, directory("srv", uid=1000), Volumes={"/srv": {}}))
    assert find(recipe, "a volume at /srv").source == Source(SourceKind.CONFIG, "Volumes")


def test_a_model_that_the_image_does_not_hold_is_mounted(tmp_path: Path) -> None:
    """Read only, by its folder; one below a declared volume lies in that."""
    recipe = derive(audit_serving(tmp_path / "a", Cmd=["serve", "/models/m.gguf"]))
    model = find(recipe, "a volume at /models")
    assert model.docker == (("--mount", "type=volume,source=app-model,target=/models,readonly"),)
    assert model.source == Source(SourceKind.FINDING, "CONF015")
    inside = derive(audit_serving(tmp_path / "b", Cmd=["serve", "/data/m"]))
    assert "lies in /data" in find_left_out(inside, "a volume at /data/m").reason
    held = derive(audit_serving(tmp_path / "c", directory("models/m"), Cmd=["serve", "/models/m"]))
    assert [each for each in list_subjects(held) if each.startswith("a volume")] == ["a volume at /data"]


def test_a_server_without_a_model_keeps_what_it_fetches(tmp_path: Path) -> None:
    """Where its own documentation says; not where the image brings models along."""
    files = [file("bin/ollama", b"\x7fELF", mode=0o755)]
    runtime = {"Entrypoint": ["/bin/ollama"], "Cmd": ["serve"], "Env": ["OLLAMA_HOST=0.0.0.0:11434"]}
    recipe = derive(audit_files(tmp_path / "a", files, runtime))
    setting = find(recipe, "a volume at /.ollama/models")
    assert "Ollama keeps there what it fetches" in setting.reason
    filled = [*files, file(".ollama/models/manifests/m", b"{}")]
    full = derive(audit_files(tmp_path / "b", filled, runtime))
    assert not [each for each in list_subjects(full) if each.startswith("a volume")]


def test_what_torch_s_hub_fetches_is_kept(tmp_path: Path) -> None:
    """Where a started script asks it, and the image has nothing there."""
    script = file("app/main.py", b"import torch\nmodel = torch.hub.load('a/b', 'c')\n")
    runtime: dict[str, Any] = {"Entrypoint": [], "Cmd": ["python3", "/app/main.py"], "ExposedPorts": {}}
    recipe = derive(audit_serving(tmp_path / "a", script, **runtime))
    setting = find(recipe, "a volume at /home/app/.cache/torch")
    assert setting.source == Source(SourceKind.FILES, "", 0, "app/main.py")
    held = file("home/app/.cache/torch/hub/checkpoints/x.pth", b"x")
    other = derive(audit_serving(tmp_path / "b", script, held, **runtime))
    assert "a volume at /home/app/.cache/torch" not in list_subjects(other)


def test_ports_are_those_that_are_ports(tmp_path: Path) -> None:
    """Ranges written out, other protocols kept, and what is none left out."""
    exposed: dict[str, Any] = {"9000-9001/tcp": {}, "53/udp": {}, "99999/tcp": {}, "$(id)": {}}
    recipe = derive(audit_serving(tmp_path, ExposedPorts=exposed))
    ports = [flag[1] for each in recipe.settings for flag in each.docker if flag[0] == "--publish"]
    assert ports == ["8000:8000", "53:53/udp", "9000:9000", "9001:9001"]


def test_a_server_that_listens_inside_alone_is_told(tmp_path: Path) -> None:
    """And no probe of Kubernetes asks it."""
    recipe = derive(audit_serving(tmp_path, Cmd=["serve", "m/m", "--host", "127.0.0.1"]))
    assert "a published port is dead" in find_left_out(recipe, "an address").reason
    assert "readiness" not in list_subjects(recipe)
    assert "an address" not in {each.subject for each in derive(audit_serving(tmp_path / "b")).left_out}


def test_a_server_that_a_script_starts_may_listen_anywhere(tmp_path: Path) -> None:
    """Which address its words name is not known, so that nothing is said of it."""
    script = file(
        "start.sh", b"#!/bin/sh\nexec python3 -m sglang.launch_server --model-path m/m --host 0.0.0.0\n", mode=0o755
    )
    recipe = derive(audit_serving(tmp_path, script, Entrypoint=["/start.sh"], Cmd=[], ExposedPorts={}))
    assert find(recipe, "port 30000/tcp").docker == (("--publish", "30000:30000"),)
    assert "an address" not in {each.subject for each in recipe.left_out}


def test_times_are_measured_or_left_out(tmp_path: Path) -> None:
    """Without a probe there is no startup probe, whose usual 30 s would end a server that loads for longer."""
    result = audit_serving(tmp_path)
    without = derive(result)
    assert "not measured" in find_left_out(without, "times of the start").reason
    assert not [each for each in without.settings if "startupProbe" in each.container]
    start = find(derive(result, probe(MEASURED)), "start")
    assert start.container["startupProbe"]["failureThreshold"] == 13
    assert start.docker == (("--health-start-period", "128s"),)
    assert start.source == Source(SourceKind.PROBE, "listen, health")


def test_a_start_that_failed_measures_nothing(tmp_path: Path) -> None:
    """A server that never was healthy took no time that one could wait for."""
    seen = Observation((StageResult("listen", PASSED, 1.0), StageResult("health", FAILED, 600.0)), is_complete=True)
    assert "start" not in list_subjects(derive(audit_serving(tmp_path), probe(seen)))


def test_the_image_s_own_check_is_kubernetes_probe(tmp_path: Path) -> None:
    """Where the server is none that is known; engines run it by themselves."""
    runtime = {"Cmd": ["/app"], "Healthcheck": {"Test": ["CMD-SHELL", "curl $(HOST)/ok || exit 1"]}}
    recipe = derive(audit_files(tmp_path, [file("app", b"\x7fELF", mode=0o755)], runtime))
    assert find(recipe, "readiness").container == {
        "readinessProbe": {"exec": {"command": ["/bin/sh", "-c", "curl $$(HOST)/ok || exit 1"]}}
    }
    assert find_left_out(recipe, "a health check").source == Source(SourceKind.CONFIG, "Healthcheck")


def test_credentials_of_a_check_are_not_told(tmp_path: Path) -> None:
    """They stand in the image; a text that is pasted elsewhere is another matter."""
    test = ["CMD", "curl", "-H", "Authorization: Bearer " + "k9" * 20, "http://127.0.0.1/ok"]
    recipe = derive(
        audit_files(tmp_path, [file("app", b"\x7fELF", mode=0o755)], {"Cmd": ["/app"], "Healthcheck": {"Test": test}})
    )
    assert "may be a credential" in find_left_out(recipe, "Kubernetes probes").reason
    assert not [text for emit in FORMS.values() if "k9k9" in (text := emit("x", recipe))]


def test_proved_rights_take_the_place_of_what_is_read(tmp_path: Path) -> None:
    """Those of the run in which the server gave a text, without its limits and its want of a network."""
    recipe = derive(audit_serving(tmp_path, User=""), probe(MEASURED, is_started_here=True))
    assert find(recipe, "user").docker == (("--user", HARDENED.user),)
    assert find(recipe, "user").source == Source(SourceKind.PROBE, "chat-512")
    assert find(recipe, "root file system").docker == (("--read-only",),)
    assert not {"network", "memory", "processes"} & list_subjects(recipe)
    pod = read_kubernetes(FORMS["kubernetes"]("acme/serve:1", recipe))
    assert pod["securityContext"]["fsGroup"] == 65534
    assert pod["containers"][0]["securityContext"]["capabilities"] == {"add": ["IPC_LOCK"], "drop": ["ALL"]}


def test_rights_that_a_small_model_proved_are_not_the_server_s(tmp_path: Path) -> None:
    """The server was not asked."""
    seen = Observation((StageResult("detokenize", PASSED, detail="text"),), is_complete=True)
    recipe = derive(audit_serving(tmp_path), probe(seen, is_started_here=True))
    assert "root file system" not in list_subjects(recipe)
    assert "not for the image's server" in find_left_out(recipe, "rights").reason


@pytest.mark.parametrize(
    ("runtime", "why"),
    [
        ({"Entrypoint": [], "Cmd": ["sh", "-c", "a; b"]}, "hands no signal on"),
        ({"Entrypoint": [], "Cmd": ["sh", "-c", "a; exec b"]}, ""),
        ({"Entrypoint": [], "Cmd": ["python3", "/app/x.py"]}, "ends on SIGTERM only where"),
        ({"Entrypoint": ["tini", "--"], "Cmd": ["python3", "/app/x.py"]}, ""),
        ({}, ""),
    ],
)
def test_an_init_stands_before_what_hears_no_signal(runtime: dict[str, Any], why: str, tmp_path: Path) -> None:
    """And before nothing else."""
    recipe = derive(audit_serving(tmp_path, StopSignal="", ExposedPorts={}, **runtime))
    found = [each.reason for each in recipe.settings if each.subject == "init"]
    assert [why in each for each in found] == ([True] if why else [])


def test_cures_by_flags_that_have_no_setting_are_named(tmp_path: Path) -> None:
    """None is lost."""
    result = audit_serving(tmp_path)
    fix = Fix("Keep it on a volume", ("docker run -v x:/x …",), kind=FixKind.RUN_FLAGS)
    other = replace_struct(result.findings[0], code="CUDA003", fixes=(fix,))
    told = find_left_out(derive(replace(result, findings=(*result.findings, other))), "CUDA003")
    assert "Keep it on a volume: docker run -v x:/x …" in told.reason


HOSTILE: Final = "$(id) `id` ${HOME} 'a' \"b\" # {x: [y]}, - | > & * ! %\\ \U0001f600"


def test_texts_of_an_image_stay_texts_in_every_form(tmp_path: Path) -> None:
    """Wherever in its config they stand; what names no place and no port is left out."""
    result = audit_serving(
        tmp_path,
        Cmd=["serve", f"/models/{HOSTILE}", "--tensor-parallel-size", "2"],
        User=f"1000:{HOSTILE}\nUSER root",
        Volumes={f"/vol/{HOSTILE}": {}, f"/vol\n{HOSTILE}": {}},
        Env=[*RUNTIME["Env"], f"HF_HOME={HOSTILE}", f"NVIDIA_DRIVER_CAPABILITIES=graphics,{HOSTILE}"],
        ExposedPorts={f"80/{HOSTILE}": {}},
        StopSignal=f"SIG\n{HOSTILE}",
        Healthcheck={"Test": ["CMD", HOSTILE, "a\nb: c"]},
    )
    recipe = derive(result)
    words = run_script(FORMS["docker"]("acme/serve:1", recipe), tmp_path)
    assert (words[0], words[-1]) == ("run", "acme/serve:1")
    targets = [word.partition("target=")[2] for word in words if word.startswith("type=volume")]
    assert [target.startswith(("/vol/$(id) `id`", "/models/$(id)")) for target in targets] == [True, True]
    service = read_compose(FORMS["compose"]("acme/serve:1", recipe), tmp_path)
    assert f"/vol/{HOSTILE}" in [each["target"].replace("$$", "$") for each in service["volumes"]]
    (container,) = read_kubernetes(FORMS["kubernetes"]("acme/serve:1", recipe))["containers"]
    assert container["securityContext"]["runAsUser"] == 1000
