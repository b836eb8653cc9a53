"""Forms of a recipe: what stands in one setting comes out in each of them, whatever letters an image has put there."""

from pathlib import Path
from typing import Final

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from layerscope.audit.recipe.gpu import make_variable
from layerscope.audit.recipe.mounts import mount
from layerscope.recipe.forms import FORMS
from layerscope.recipe.memory_volume import make_shm_setting
from layerscope.recipe.setting import LeftOut, Recipe, Setting, Source, SourceKind
from support.recipe_checks import read_compose, read_kubernetes, run_script

HOSTILE: Final = "x: $(id) ${HOME} `id` 'a' \"b\" # - {} \\ \U0001f600 é"
CONFIG: Final = Source(SourceKind.CONFIG, "Env")
TEXTS: Final = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=40)
PRINTED: Final = st.text(st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp"]), min_size=1, max_size=40)


def make_recipe(value: str, path: str, reason: str) -> Recipe:
    """A variable, a volume, a probe and a remark with texts of an image."""
    probe = {"readinessProbe": {"exec": {"command": [value]}}}
    return Recipe(
        (
            make_variable("NAME", value, reason, CONFIG),
            mount("data", path, reason, Source(SourceKind.FILES, reason, 1, path.lstrip("/"))),
            make_shm_setting(1 << 30, reason, CONFIG),
            Setting("health", reason, CONFIG, compose={"healthcheck": {"test": ["CMD", value]}}, container=probe),
        ),
        (LeftOut("user", reason, Source(SourceKind.FINDING, reason)),),
    )


def check_texts(value: str, path: str, reason: str, folder: Path) -> None:
    """Each text comes out of each form as it went in, and no reason leaves its comment."""
    recipe = make_recipe(value, path, reason)
    words = run_script(FORMS["docker"]("acme/serve:1", recipe), folder)
    assert words[:2] == ["run", "--rm"]
    assert words[-1] == "acme/serve:1"
    assert f"NAME={value}" in words
    service = read_compose(FORMS["compose"]("acme/serve:1", recipe), folder)
    assert service["environment"]["NAME"].replace("$$", "$") == value
    assert service["healthcheck"]["test"][1].replace("$$", "$") == value
    assert service["volumes"][0]["target"].replace("$$", "$") == path
    (container,) = read_kubernetes(FORMS["kubernetes"]("acme/serve:1", recipe))["containers"]
    assert container["readinessProbe"]["exec"]["command"] == [value]
    assert {each["name"]: each["value"].replace("$$(", "$(") for each in container["env"]} == {"NAME": value}
    if ":" not in path:
        assert path in [each["mountPath"] for each in container["volumeMounts"]]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(value=TEXTS, path=PRINTED, reason=TEXTS)
def test_texts_come_out_as_they_are(
    value: str, path: str, reason: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Line ends, quotes, dollars and signs of YAML in values, paths and reasons; compose itself looks at one below."""
    monkeypatch.setattr("support.recipe_checks.shutil.which", lambda _: None)
    check_texts(value, f"/{path}", reason, tmp_path)


def test_programs_take_hostile_texts(tmp_path: Path) -> None:
    """The compose program, where it is installed, finds nothing wrong."""
    check_texts(f"{HOSTILE}\nnext: line", f"/data/{HOSTILE}", f"{HOSTILE}\nservices: {{}}\r\nrm -rf /", tmp_path)


def test_flags_that_are_given_come_last(tmp_path: Path) -> None:
    """So that they count; a name that no engine has is asked for."""
    recipe = Recipe((make_shm_setting(1 << 30),))
    assert run_script(FORMS["docker"]("", recipe), tmp_path, "--shm-size", "9g") == [
        "run", "--rm", "--shm-size", "1g", "--shm-size", "9g", "given:1",
    ]  # fmt: skip


def test_a_path_that_kubernetes_does_not_take_is_left_out_there(tmp_path: Path) -> None:
    """A mount path has no colon."""
    recipe = Recipe((mount("data", "/a:b,c", "it is declared", CONFIG),))
    assert run_script(FORMS["docker"]("x", recipe), tmp_path)[2:4] == [
        "--mount", 'type=volume,source=data,"target=/a:b,c"',
    ]  # fmt: skip
    assert read_compose(FORMS["compose"]("x", recipe), tmp_path)["volumes"][0]["target"] == "/a:b,c"
    assert "volumes" not in read_kubernetes(FORMS["kubernetes"]("x", recipe))


@pytest.mark.parametrize("form", FORMS)
def test_an_empty_recipe_is_a_text_all_the_same(form: str, tmp_path: Path) -> None:
    """An image that needs nothing is run with nothing."""
    text = FORMS[form]("acme/serve@sha256:0123", Recipe())
    if form == "docker":
        assert run_script(text, tmp_path) == ["run", "--rm", "acme/serve@sha256:0123"]
    elif form == "compose":
        assert read_compose(text, tmp_path) == {"image": "acme/serve@sha256:0123"}
    else:
        assert read_kubernetes(text)["containers"] == [{"name": "serve", "image": "acme/serve@sha256:0123"}]
