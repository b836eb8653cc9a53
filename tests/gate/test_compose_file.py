"""The images of a compose project are those that compose would run, or an error; docker-compose is the oracle."""

import json
import os
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest

from layerscope.errors import SettingsError
from layerscope.gate.compose_file import read_service_images

yaml = pytest.importorskip("yaml", reason="compose files take layerscope[compose]")

COMPOSE = shutil.which("docker-compose")


def write(folder: Path, **files: str) -> None:
    """Write files, by their names with `_` for `.`; `env` is `.env`."""
    for name, text in files.items():
        (folder / (".env" if name == "env" else name.replace("_", "."))).write_text(text)


def read(folder: Path, *services: str, files: Sequence[str] = ("compose.yaml",), **environment: str) -> dict[str, str]:
    """Services with their images, and their platforms where they have one."""
    found = read_service_images([folder / name for name in files], services, environment)
    return {each.service: f"{each.image} {each.platform or ''}".strip() for each in found}


def ask_compose(folder: Path, *arguments: str, **environment: str) -> dict[str, str]:
    """The same as docker-compose says it; a service without an image is left out, as its name has no dash there."""
    assert COMPOSE is not None
    done = subprocess.run(
        [COMPOSE, *arguments, "config"],
        cwd=folder,
        env={"PATH": os.environ["PATH"], "HOME": str(folder), **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    services = yaml.safe_load(done.stdout)["services"]
    return {
        name: f"{service['image']} {service.get('platform', '')}".strip()
        for name, service in services.items()
        if "image" in service
    }


CASES = {
    "extends": {
        "compose_yaml": "version: '2.4'\nservices: {a: {image: 'a:1'}, b: {extends: {service: a}}, "
        "c: {extends: {service: b}, image: 'c:1'}}\n"
    },
    "extends of another file": {
        "compose_yaml": "version: '2.4'\nservices: {b: {extends: {service: a, file: base.yaml}}}\n",
        "base_yaml": "version: '2.4'\nservices: {a: {image: 'base:${TAG:-1}', platform: linux/arm64}}\n",
    },
    "an override": {
        "compose_yaml": "version: '2.4'\nservices: {a: {image: 'a:1'}, b: {image: 'b:1'}}\n",
        "compose_override_yaml": "version: '2.4'\nservices: {a: {image: 'a:dev'}, c: {image: 'c:1'}}\n",
    },
    "a platform": {"compose_yaml": "version: '2.4'\nservices: {a: {image: 'a:1', platform: linux/arm64}}\n"},
    "variables": {
        "compose_yaml": "version: '2.4'\nservices: {a: {image: 'a:${TAG}'}, b: {image: 'b:$QUOTED'}, "
        "c: {image: 'c:${NONE:-3}${NONE-4}'}, d: {image: 'd:${DOUBLE}'}}\n",
        "env": "TAG=1.2 # note\n# comment\n\nexport QUOTED='4#5'\nDOUBLE=\"x y\" # more\n",
    },
}


@pytest.mark.skipif(COMPOSE is None, reason="docker-compose is not installed")
@pytest.mark.parametrize("case", CASES)
def test_images_are_those_of_compose(tmp_path: Path, case: str) -> None:
    """Service by service, with its platform."""
    write(tmp_path, **CASES[case])
    assert read(tmp_path) == ask_compose(tmp_path)


def test_files_are_laid_over_each_other(tmp_path: Path) -> None:
    """In the order given; then no override is read beside them, as with -f."""
    write(tmp_path, compose_yaml="services: {a: {image: 'a:1'}}\n", ci_yaml="services: {a: {image: 'a:ci'}}\n")
    write(tmp_path, compose_override_yaml="services: {a: {image: 'a:dev'}}\n")
    assert read(tmp_path) == {"a": "a:dev"}
    assert read(tmp_path, files=["compose.yaml", "ci.yaml"]) == {"a": "a:ci"}
    assert read(tmp_path, files=["ci.yaml"]) == {"a": "a:ci"}


def test_the_project_is_named_by_the_variable_first(tmp_path: Path) -> None:
    """That of the shell, that of `.env`, the file's name, the folder's."""
    write(tmp_path, compose_yaml="services: {web: {build: .}}\n")
    folder = tmp_path.name.lower().lstrip("_-")
    assert read(tmp_path) == {"web": f"{folder}-web"}
    write(tmp_path, compose_yaml="name: Demo\nservices: {web: {build: .}}\n")
    assert read(tmp_path) == {"web": "demo-web"}
    write(tmp_path, env="COMPOSE_PROJECT_NAME=other\n")
    assert read(tmp_path) == {"web": "other-web"}
    assert read(tmp_path, COMPOSE_PROJECT_NAME="shell") == {"web": "shell-web"}


def test_what_a_later_file_resets_is_gone(tmp_path: Path) -> None:
    """A value, or a service; what it overrides is replaced whole."""
    write(tmp_path, compose_yaml="services: {a: {image: 'a:1', build: .}, b: {image: b}, c: {image: c}}\nname: x\n")
    over = "services: {a: {image: !reset null}, b: !reset null, c: !override {build: .}}\n"
    write(tmp_path, compose_override_yaml=over)
    assert read(tmp_path) == {"a": "x-a", "c": "x-c"}
    write(tmp_path, compose_override_yaml="services: !override {d: {image: d}}\n")
    assert read(tmp_path) == {"d": "d"}


def test_included_files_bring_their_services(tmp_path: Path) -> None:
    """With the `.env` of their folder below that of the project, and the project's name."""
    (tmp_path / "db").mkdir()
    write(tmp_path / "db", compose_yaml="services: {db: {image: 'db:${V}${W}'}, job: {build: .}}\n", env="V=1\nW=2\n")
    write(tmp_path, compose_yaml="name: x\ninclude: [db/compose.yaml]\nservices: {a: {image: a}}\n", env="V=9\n")
    assert read(tmp_path) == {"db": "db:92", "job": "x-job", "a": "a"}
    write(tmp_path, compose_yaml="include: [{path: [db/compose.yaml], env_file: own.env}]\n", own_env="V=3\nW=4\n")
    assert read(tmp_path, "db") == {"db": "db:94"}


def test_a_service_without_an_image_of_its_own_is_left_out(tmp_path: Path) -> None:
    """Where somebody else provides it; asked for by name, it is an error."""
    write(tmp_path, compose_yaml="services: {a: {image: a}, llm: {provider: {type: model}}}\n")
    assert read(tmp_path) == {"a": "a"}
    with pytest.raises(SettingsError, match="service llm: expected an image or a build"):
        read(tmp_path, "llm")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("services: {}", "expected services, found none"),
        ("name: x", "expected services, found none"),
        ("services: {a: {image: '${NOPE-}'}}", "service a: expected an image or a build"),
        ("services: {a: {}}", "service a: expected an image or a build"),
        ("services: {a: {image: a}, b: {extends: {service: c}}}", "service b: extends: there is no service 'c'"),
        ("services: {b: {extends: {file: none.yaml, service: c}}}", "none.yaml.*No such file"),
        ("services: {b: {extends: {file: 'https://x/y', service: c}}}", "service b: 'https://x/y' is not on this host"),
        ("services: {b: {extends: {service: c}}, c: {extends: b}}", "service b: it extends itself"),
        ("services: {b: {extends: [c]}}", "service b: extends is"),
        ("services: {b: {image: b, platform: amd}}", "service b: platform 'amd'"),
        ("services: {b: {image: 'b:${'}}", "service b: image .*expected a variable after"),
        ("services: {b: {image: 'b:${X'}}", "expected a brace to close"),
        ("services: {b: {image: 'b:${X~y}'}}", "expected a brace to close"),
        ("include: [{env_file: x}]\nservices: {a: {image: a}}", "include .*expected a path"),
        ("include: ['oci://x/y']\nservices: {a: {image: a}}", "is not on this host"),
        ("include: [compose.yaml]\nservices: {a: {image: a}}", "more than 100 files are included"),
    ],
)
def test_what_cannot_be_followed_is_an_error(tmp_path: Path, text: str, message: str) -> None:
    """Which names the service, or the file; never is an image left out in silence."""
    write(tmp_path, compose_yaml=text, env="X=1\n")
    with pytest.raises(SettingsError, match=message):
        read(tmp_path)


def test_a_long_chain_of_services_is_an_error(tmp_path: Path) -> None:
    """And no defect."""
    chain = "".join(f"  s{n}: {{extends: {{service: s{n + 1}}}}}\n" for n in range(3000))
    write(tmp_path, compose_yaml=f"services:\n{chain}  s3000: {{image: a}}\n")
    with pytest.raises(SettingsError, match="more than 100 services one from another"):
        read(tmp_path, "s0")
    assert read(tmp_path, "s2950") == {"s2950": "a"}


def test_a_line_is_that_of_the_service(tmp_path: Path) -> None:
    """In the file that says its image."""
    write(tmp_path, compose_yaml="services:\n  a:\n    image: a\n  b:\n    image: b\n")
    write(tmp_path, compose_override_yaml="services:\n  # here\n  b: {image: b2}\n")
    found = read_service_images([tmp_path / "compose.yaml"], (), {})
    assert json.dumps([(each.path.name, each.line) for each in found]) == json.dumps(
        [("compose.yaml", 2), ("compose.override.yaml", 3)]
    )
