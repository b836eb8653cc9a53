"""Volumes of a recipe: where none is mounted, in one form or in all, a line says so, and none is lost."""

from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import pytest

from layerscope.audit.recipe.build import derive_recipe
from layerscope.audit.result import AuditResult
from layerscope.facts.config.mount_points import VOLUME_LIMIT
from layerscope.policies.policies import Policies
from layerscope.recipe.claim import Claim, build_claim
from layerscope.recipe.forms import FORMS
from layerscope.recipe.setting import LeftOut, Recipe, Setting
from support.plain_yaml import read_plain_yaml
from support.recipe_checks import read_compose, read_kubernetes, run_script
from support.serving_image import RUNTIME, audit_serving
from support.tar_writer import directory, file, symlink

SHM: Final = "/dev/shm"  # noqa: S108 -- inside the container
SCRIPT: Final = file("app/main.py", b"import torch\nmodel = torch.hub.load('a/b', 'c')\n")


def derive(result: AuditResult) -> Recipe:
    """The recipe, by the built-in tables."""
    return derive_recipe(result, Policies())


def find_left_out(recipe: Recipe, subject: str) -> LeftOut:
    """What is said of a subject that is not set."""
    (left_out,) = [each for each in recipe.left_out if each.subject == subject]
    return left_out


def list_volumes(recipe: Recipe) -> list[str]:
    """The paths of all volumes that are mounted in any form."""
    return [each.subject.removeprefix("a volume at ") for each in recipe.settings if each.volumes]


def find_volume(recipe: Recipe, path: str) -> Setting:
    """The volume at that path."""
    (setting,) = [each for each in recipe.settings if each.subject == f"a volume at {path}"]
    return setting


def set_variable(text: str) -> dict[str, Any]:
    """The config with one more variable."""
    return {"Env": [*RUNTIME["Env"], text]}


@pytest.mark.parametrize(
    "runtime",
    [
        {"Volumes": {SHM: {}}},
        {"Volumes": {f"/{SHM}/": {}}},
        {"Cmd": ["serve", SHM]},
        set_variable(f"HF_HUB_CACHE={SHM}"),
        {"Cmd": ["serve"], **set_variable(f"HF_HUB_CACHE=/{SHM}")},
        {"Cmd": ["python3", "/app/main.py"], "Entrypoint": [], **set_variable(f"TORCH_HOME={SHM}")},
    ],
)
def test_shared_memory_is_no_volume(runtime: dict[str, Any], tmp_path: Path) -> None:
    """Whoever names it, and however it is spelled: it is said why, and every form is what its readers take."""
    recipe = derive(audit_serving(tmp_path, SCRIPT, **{"Volumes": {}, **runtime}))
    assert "it is the place of shared memory" in find_left_out(recipe, f"a volume at {SHM}").reason
    assert SHM not in list_volumes(recipe)
    assert f"target={SHM}" not in " ".join(run_script(FORMS["docker"]("acme/serve:1", recipe), tmp_path))
    targets = [each["target"] for each in read_compose(FORMS["compose"]("x", recipe), tmp_path).get("volumes", [])]
    assert SHM not in targets
    read_kubernetes(FORMS["kubernetes"]("acme/serve:1", recipe))


def test_what_lies_below_shared_memory_is_a_volume(tmp_path: Path) -> None:
    """The nearest neighbour: engines and clusters mount there."""
    recipe = derive(audit_serving(tmp_path, Volumes={f"{SHM}/data": {}}))
    assert f"{SHM}/data" in list_volumes(recipe)


def test_files_that_a_claim_hides_are_told(tmp_path: Path) -> None:
    """Engines fill a new volume with what the image has there, and a cluster does not."""
    files = [file("var/lib/app/schema.sql", b"create"), file("var/lib/app/more/rows.sql", b"insert")]
    recipe = derive(audit_serving(tmp_path / "a", *files, Volumes={"/var/lib/app": {}}))
    reason = find_volume(recipe, "/var/lib/app").reason
    assert "holds 2 files: docker and podman copy that into a new volume, and a claim or a folder" in reason
    told = find_left_out(recipe, "files in /var/lib/app")
    assert told.reason.startswith("the claim hides the 2 files that the image has there")
    assert "init container" in told.reason
    assert told.forms == ("kubernetes",)
    empty = derive(audit_serving(tmp_path / "b"))
    assert "/data" in list_volumes(empty)
    assert not [each for each in empty.left_out if each.subject.startswith("files in")]


@pytest.mark.parametrize(
    "runtime",
    [
        {"Volumes": {"/etc/passwd": {}}},
        {"Volumes": {}, **set_variable("HF_HUB_CACHE=/etc/passwd")},
        {"Volumes": {}, "Cmd": ["serve"], **set_variable("HF_HUB_CACHE=/etc/passwd")},
    ],
)
def test_a_volume_on_a_file_is_not_mounted(runtime: dict[str, Any], tmp_path: Path) -> None:
    """No engine starts a container with one; nor is it said that the user writes there."""
    recipe = derive(audit_serving(tmp_path, **runtime))
    assert "no folder" in find_left_out(recipe, "a volume at /etc/passwd").reason
    assert "/etc/passwd" not in list_volumes(recipe)
    groups = [each.reason for each in recipe.settings if each.subject == "group of volumes"]
    assert not [each for each in groups if "/etc/passwd" in each]


def test_paths_that_cannot_be_told_are_counted(tmp_path: Path) -> None:
    """What does not print, what is too long, and the root; none of it comes out in a text."""
    volumes: dict[str, Any] = {"/a\x1b[2Jb": {}, f"/{'x' * 500}": {}, "/": {}, "/data": {}}
    recipe = derive(audit_serving(tmp_path, Volumes=volumes))
    assert find_left_out(recipe, "other volumes").reason.startswith("of 3 that VOLUME declares, the path has letters")
    assert "/data" in list_volumes(recipe)
    assert not [each for each in derive(audit_serving(tmp_path / "b")).left_out if each.subject == "other volumes"]


def test_volumes_beyond_those_that_are_looked_at_are_counted(tmp_path: Path) -> None:
    """None is lost."""
    volumes: dict[str, Any] = {f"/data/{number}": {} for number in range(VOLUME_LIMIT + 3)}
    recipe = derive(audit_serving(tmp_path, Volumes=volumes))
    assert find_left_out(recipe, "more volumes").reason == "3 more are declared; mount those that are used"


@pytest.mark.parametrize(
    ("subject", "runtime"),
    [
        ("a volume for the model", {"Cmd": ["serve", "/models/\x07"]}),
        ("a volume for the model", set_variable("HF_HUB_CACHE=/x\x07")),
        ("a volume for a cache", {"Cmd": ["serve"], **set_variable("HF_HUB_CACHE=/x\x07")}),
    ],
)
def test_a_model_s_path_that_does_not_print_is_told(subject: str, runtime: dict[str, Any], tmp_path: Path) -> None:
    """Without the path itself."""
    told = find_left_out(derive(audit_serving(tmp_path, **runtime)), subject)
    assert "has letters that do not print" in told.reason
    assert told.reason.isprintable()


def test_a_path_that_kubernetes_does_not_take_is_told_there(tmp_path: Path) -> None:
    """And its pod gets no group for the sake of that volume alone."""
    recipe = derive(audit_serving(tmp_path, Cmd=["serve", "/models/m"], Volumes={"/a:b": {}}))
    assert find_left_out(recipe, "a claim at /a:b").forms == ("kubernetes",)
    assert "# not set: a claim at /a:b: Kubernetes takes" in FORMS["kubernetes"]("acme/serve:1", recipe)
    assert "a claim at" not in FORMS["docker"]("acme/serve:1", recipe)
    assert "/a:b" in list_volumes(recipe)
    assert "group of volumes" not in {each.subject for each in recipe.settings}


def test_what_lies_in_a_volume_that_no_pod_mounts_is_told_apart(tmp_path: Path) -> None:
    """Engines have it with the one around it, and a pod has neither."""
    runtime = {"Volumes": {"/a:b": {}, "/data": {}}, **set_variable("HF_HUB_CACHE=/a:b/c")}
    recipe = derive(audit_serving(tmp_path, **runtime))
    inner = [each for each in recipe.left_out if each.subject == "a volume at /a:b/c"]
    assert [(each.forms, each.reason.rpartition(": it ")[2]) for each in inner] == [
        (("docker", "compose"), "lies in /a:b, which is mounted already"),
        (("kubernetes",), "lies in /a:b, which no pod mounts: Kubernetes takes no mount path with a colon"),
    ]
    text = FORMS["kubernetes"]("acme/serve:1", recipe)
    assert "/a:b, which is mounted" not in text
    read_kubernetes(text)


def test_a_declared_volume_in_another_one_is_mounted_as_well(tmp_path: Path) -> None:
    """Else an engine puts one without a name over it, which goes with the container."""
    recipe = derive(
        audit_serving(tmp_path, Cmd=["serve", "/x"], Volumes={"/data": {}, "/data/sub": {}, "/data/a/b": {}})
    )
    assert {"/data", "/data/sub", "/data/a/b"} <= set(list_volumes(recipe))
    assert not [each for each in recipe.left_out if "mounted already" in each.reason]
    words = run_script(FORMS["docker"]("acme/serve:1", recipe), tmp_path)
    assert "type=volume,source=app-data-sub,target=/data/sub" in words
    read_compose(FORMS["compose"]("x", recipe), tmp_path)
    read_kubernetes(FORMS["kubernetes"]("acme/serve:1", recipe))


def test_a_cache_in_a_declared_volume_is_told_by_the_nearest(tmp_path: Path) -> None:
    """It has no volume of its own; nor has one at the same path a second one."""
    volumes: dict[str, Any] = {"/data": {}, "/data/sub": {}}
    recipe = derive(audit_serving(tmp_path / "a", Volumes=volumes, **set_variable("HF_HUB_CACHE=/data/sub/hub")))
    assert "it lies in /data/sub, which is mounted" in find_left_out(recipe, "a volume at /data/sub/hub").reason
    recipe = derive(audit_serving(tmp_path / "b", Volumes=volumes, **set_variable("HF_HUB_CACHE=/data/sub")))
    assert list_volumes(recipe).count("/data/sub") == 1


def test_a_volume_in_a_model_s_leaves_that_writable(tmp_path: Path) -> None:
    """An engine makes the folder of the inner one there."""
    recipe = derive(audit_serving(tmp_path / "a", Cmd=["serve", "/models/m"], Volumes={"/models/m/cache": {}}))
    assert "readonly" not in str(find_volume(recipe, "/models/m").docker)
    recipe = derive(audit_serving(tmp_path / "b", Cmd=["serve", "/models/m"], Volumes={"/models/other": {}}))
    assert "readonly" in str(find_volume(recipe, "/models/m").docker)


def test_two_paths_of_one_folder_have_one_volume(tmp_path: Path) -> None:
    """Two would lie one over the other, as both lead to the same place."""
    members = (directory("real"), symlink("link", "/real"))
    recipe = derive(audit_serving(tmp_path, *members, Cmd=["serve", "/x"], Volumes={"/link": {}, "/real": {}}))
    one, two = find_volume(recipe, "/link"), find_volume(recipe, "/real")
    assert one.volumes == two.volumes
    assert [each.name for each in (*one.claims, *two.claims)] == list(one.volumes)
    assert "the same folder as /link" in two.reason
    pod = read_kubernetes(FORMS["kubernetes"]("acme/serve:1", recipe))
    mounts = {each["mountPath"]: each["name"] for each in pod["containers"][0]["volumeMounts"]}
    assert mounts["/link"] == mounts["/real"]
    read_compose(FORMS["compose"]("x", recipe), tmp_path)


@pytest.mark.parametrize(
    ("path", "told"),
    [
        ("/sys", "it is made of the host's kernel"),
        ("/dev", "it is made of the host's kernel"),
        ("/proc/x", "it lies in /proc, which is made of the host's kernel"),
        ("/etc/hosts", "an engine puts a file of its own there"),
    ],
)
def test_what_the_engine_fills_is_no_volume(path: str, told: str, tmp_path: Path) -> None:
    """It is said why; a name that only begins like it is one."""
    recipe = derive(audit_serving(tmp_path, Volumes={path: {}, "/system": {}}))
    assert told in find_left_out(recipe, f"a volume at {path}").reason
    assert path not in list_volumes(recipe)
    assert "/system" in list_volumes(recipe)


def test_places_of_a_group_that_are_not_named_are_counted(tmp_path: Path) -> None:
    """Three are named."""
    volumes: dict[str, Any] = {f"/data{number}": {} for number in range(5)}
    recipe = derive(audit_serving(tmp_path, Cmd=["serve", "/x"], Volumes=volumes))
    (reason,) = [each.reason for each in recipe.settings if each.subject == "group of volumes"]
    assert "write to /data0, /data1, /data2 and 2 more; a hostPath" in reason


@pytest.mark.parametrize(
    "runtime",
    [
        {"Volumes": {"/etc/passwd/deep/data": {}}},
        {"Volumes": {}, **set_variable("HF_HUB_CACHE=/etc/passwd/deep/data")},
        {"Volumes": {}, "Cmd": ["serve"], **set_variable("HF_HUB_CACHE=/etc/passwd/deep/data")},
    ],
)
def test_a_volume_below_a_file_is_not_mounted(runtime: dict[str, Any], tmp_path: Path) -> None:
    """No engine can make its folder, and nobody is told to."""
    result = audit_serving(tmp_path, **runtime)
    recipe = derive(result)
    told = "it lies below /etc/passwd, which is no folder"
    assert told in find_left_out(recipe, "a volume at /etc/passwd/deep/data").reason
    assert "/etc/passwd/deep/data" not in list_volumes(recipe)
    groups = [each.reason for each in recipe.settings if each.subject == "group of volumes"]
    assert not [each for each in groups if "/etc/passwd" in each]
    assert not [step for each in result.findings for fix in each.fixes for step in fix.steps if "install -d" in step]


def test_a_claim_has_a_size_where_the_image_has_files_there(tmp_path: Path) -> None:
    """As many bytes at least; any other is made by the user, who alone knows how large."""
    files = [file("var/lib/app/rows.sql", bytes(3000)), file("var/lib/app/more/rows.sql", bytes(2000))]
    recipe = derive(audit_serving(tmp_path, *files, Volumes={"/var/lib/app": {}, "/data": {}}))
    text = FORMS["kubernetes"]("acme/serve:1", recipe)
    read_kubernetes(text)
    claims = [each for each in read_plain_yaml(text) if each["kind"] == "PersistentVolumeClaim"]
    assert [each["metadata"]["name"] for each in claims] == ["app-var-lib-app"]
    assert claims[0]["spec"]["resources"] == {"requests": {"storage": "1Gi"}}
    assert "# at least the 5.0 kB that the image has there in 2 files: add what the program writes." in text
    assert "# claim app-data: make it first; the image does not tell how large, that is yours" in text
    assert "claim app-data" not in FORMS["docker"]("acme/serve:1", recipe)


def test_a_claim_is_rounded_up() -> None:
    """To whole GiB, by the bytes that were measured."""
    for size, told in ((1, "1Gi"), (1 << 30, "1Gi"), ((1 << 30) + 1, "2Gi")):
        storage = build_claim(Claim("a", size, "x"))["spec"]["resources"]["requests"]["storage"]
        assert storage.value == told


@pytest.mark.parametrize(
    ("reference", "source", "told"),
    [
        ("docker.io/library/app:1", "docker engine 29.1.2 (export)", "a cluster asks docker.io for app:1"),
        ("docker.io/acme/app:1", "podman 5.4.0 (overlay, read in place)", "a cluster asks docker.io for acme/app:1"),
        ("localhost/app:1", "podman 5.4.0 (export)", "localhost/app:1 is a name that no cluster finds"),
        ("ghcr.io/acme/app:1", "docker engine 29.1.2 (export)", ""),
        ("docker.io/library/app:1", "registry (registry-1.docker.io)", ""),
        ("sha256:" + "0" * 64, "docker engine 29.1.2 (export)", "a cluster asks docker.io for sha256:0"),
    ],
)
def test_a_name_that_an_engine_alone_may_know_is_told(reference: str, source: str, told: str, tmp_path: Path) -> None:
    """A cluster asks a registry, where another's image may have that name; what came from one has no such doubt."""
    result = audit_serving(tmp_path)
    image = replace(result.image, reference=reference, source=source)
    found = [each for each in derive(replace(result, image=image)).left_out if each.subject == "a registry"]
    assert [(each.reason.startswith(told), each.forms) for each in found] == ([(True, ("kubernetes",))] if told else [])
