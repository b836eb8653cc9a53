"""Dockerfiles of any name that Makefiles, workflows and scripts of a context build from it."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from layerscope.fixes.dockerfile import other_dockerfiles
from layerscope.fixes.dockerfile.build_context import BuildContext
from layerscope.fixes.dockerfile.other_dockerfiles import find_other_takers

DEV = "FROM x\nCOPY src/tests /d\n"
STEPS = "jobs:\n  a:\n    steps:\n"


def find_takers(root: Path, files: Mapping[str, str]) -> list[str]:
    """Who takes src/tests beside a Dockerfile that takes src, where these files lie there, too."""
    for name, text in {"Dockerfile": "FROM x\nCOPY src /app\n", **files}.items():
        place = root / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text)
        place.chmod(0o755)
    return find_other_takers(BuildContext(root, root / "Dockerfile"), ["src/tests"])


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("Makefile", "dev:\n\tdocker build -f docker/api.dev -t api .\n"),
        ("Makefile", "dev:\n\tdocker build \\\n\t  -t api \\\n\t  --file=./docker/api.dev \\\n\t  .\n"),
        ("Makefile", "F ?= docker/api.dev\nDOCKER := podman\ndev:\n\t@$(DOCKER) build --file $(F) .\n"),
        ("Makefile", "D = docker\nF = $(D)/api.dev\ndev:\n\tdocker buildx build . -f $(F)\n"),
        ("Makefile", "dev:\n\tfor f in docker/api.dev; do docker build -f $$f .; done\n"),
        ("Makefile", "%.img:\n\tdocker build -f docker/$*.dev .\n"),
        ("build/rules.mk", "dev:\n\tcd .. && docker build -f docker/api.dev .\n"),
        ("scripts/build.sh", '#!/bin/sh\nexec docker build -f "$ROOT/docker/api.dev" "$ROOT"\n'),
        ("scripts/build.sh", "#!/bin/sh\ndocker build -f ../docker/api.dev ..\n"),
        ("scripts/build.sh", "#!/bin/sh\ndocker build -f- . < docker/api.dev\n"),
        ("scripts/build.sh", 'b() {\n  docker build -f "docker/$1" .\n}\nb api.dev\n'),
        ("bin/image", '#!/usr/bin/env bash\nf="${1:-docker/api.dev}"\nbuildah bud -f "$f" .\n'),
        (".github/workflows/ci.yml", STEPS + "      - run: docker build . --file docker/api.dev\n"),
        (
            ".github/workflows/ci.yml",
            f"{STEPS}      - uses: docker/build-push-action@v6\n        with:\n          file: ./docker/api.dev\n",
        ),
        (
            ".github/workflows/ci.yml",
            f"matrix:\n  f: [docker/api.dev]\n{STEPS}      - run: docker build -f ${{{{ matrix.f }}}} .\n",
        ),
        (
            ".gitlab-ci.yml",
            "b:\n  script:\n    - /kaniko/executor --context . --dockerfile $CI_PROJECT_DIR/docker/api.dev\n",
        ),
        ("skaffold.yaml", "build:\n  artifacts:\n    - image: a\n      docker:\n        dockerfile: docker/api.dev\n"),
        (".devcontainer/devcontainer.json", '{"build": {"dockerfile": "../docker/api.dev", "context": ".."}}'),
        ("package.json", '{"scripts": {"image": "docker build -f docker/api.dev ."}}'),
        ("Makefile", "ARGS = -t x -f docker/api.dev\nb:\n\tdocker build $(ARGS) .\n"),
        ("build.sh", "cd docker && docker build -f api.dev ..\n"),
        ("build.sh", "docker build \\\n  # A comment\n  --file='docker/api.dev' \\\n  .\n"),
        ("build.sh", 'docker build -t "$(git describe | tr / -)" -f docker/api.dev .\n'),
        ("cloudbuild.yaml", "steps:\n- name: x/docker\n  args:\n  - build\n  - -f\n  - docker/api.dev\n  - .\n"),
        (
            ".github/workflows/ci.yml",
            STEPS + "    - uses: docker/build-push-action@v6\n      with: {file: docker/api.dev}\n",
        ),
        (
            ".github/workflows/ci.yml",
            STEPS + "    - run: >-\n        docker build\n        -f docker/api.dev\n        .\n",
        ),
        ("fly.toml", '[build]\n  dockerfile = "docker/api.dev"\n'),
    ],
)
def test_a_dockerfile_that_a_build_names_may_need_the_path(tmp_path: Path, name: str, text: str) -> None:
    """Whatever it is called; without the file that names it, nobody would look at it."""
    (tmp_path / "src/tests").mkdir(parents=True)
    assert find_takers(tmp_path, {"docker/api.dev": DEV}) == []
    assert find_takers(tmp_path, {name: text}) == ["docker/api.dev"]
    assert find_takers(tmp_path, {"docker/api.dev": "FROM x\nCOPY else /y\n"}) == []


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("Makefile", "dev:\n\tdocker build -f $(FILE) .\n"),
        ("Makefile", "F := $(shell find . -name '*.dev' | head -1)\ndev:\n\tdocker build -f $(F) .\n"),
        ("build.sh", "sed s/A/B/ docker/api.in > /tmp/d && docker build -f /tmp/d .\n"),
        ("build.sh", "docker build -f - . <<EOF\nFROM x\nCOPY src/tests /d\nEOF\n"),
        ("build.sh", "docker build -f made.dev .\n"),
        (".github/workflows/ci.yml", "jobs: {}\n#\n  file:\n    - run: docker build -f ${{ inputs.file }} .\n"),
        ("skaffold.yaml", 'build:\n  artifacts:\n    - docker:\n        dockerfile: "{{.FILE}}"\n'),
        (
            ".github/workflows/ci.yml",
            STEPS + "    - uses: docker/build-push-action@v6\n      with:\n        file: ${{ inputs.file }}\n",
        ),
        ("build.sh", "docker build .\n" + "# x\n" * 100_000),
    ],
)
def test_a_dockerfile_that_cannot_be_told_may_need_the_path(tmp_path: Path, name: str, text: str) -> None:
    """Then the file that names it is told."""
    assert find_takers(tmp_path, {name: text}) == [name]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("Makefile", "image:\n\tdocker build -t app .\n\tdocker run -f x app\n"),
        ("Makefile", "F ?= Dockerfile\nimage:\n\t$(DOCKER) build -f $(F) -t $(TAG) .\n"),
        ("Makefile", "dockerfile: deps\n\t$(MAKE) build -f other.mk\n\tcmake --build x -f y\n"),
        ("Makefile", "up:\n\tdocker compose -f compose.dev.yaml build\n\tdocker-compose -f x.yml up --build\n"),
        ("Makefile", "all:\n\tdocker build -f api.dev services/api\n"),
        ("Makefile", "all:\n\tdocker build -f services/$(S)/Dockerfile .\n"),
        ("Makefile", "# docker build -f docker/api.dev .\n"),
        (
            ".github/workflows/ci.yml",
            STEPS + "      - run: docker build . --file Dockerfile --tag x:$(date +%s)\n",
        ),
        (
            ".github/workflows/ci.yml",
            STEPS + "      - uses: docker/build-push-action@v6\n      - with:\n          file: ./coverage.xml\n",
        ),
        (
            ".github/workflows/ci.yml",
            f"{STEPS}      - uses: hadolint/hadolint-action@v3\n        with:\n          dockerfile: Dockerfile\n",
        ),
        (
            "skaffold.yaml",
            "build:\n  artifacts:\n    - context: services/api\n      docker:\n        dockerfile: api.dev\n",
        ),
        ("package.json", '{"scripts": {"build": "vite build -f x", "image": "docker build ."}}'),
        ("run.sh", "#!/bin/sh\ndocker run -f x build\nnpm run build -- -f y\n"),
    ],
)
def test_an_ordinary_project_names_no_other(tmp_path: Path, name: str, text: str) -> None:
    """Of the own Dockerfile, of another folder, by another program, or of a name that is looked at in any case."""
    files = {"docker/api.dev": DEV, "services/api/api.dev": "FROM x\nCOPY src/tests /d\n", "coverage.xml": "<x/>"}
    assert find_takers(tmp_path, {**files, name: text}) == []


def test_more_files_than_are_searched_may_name_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Then nobody knows that nothing needs the path."""
    monkeypatch.setattr(other_dockerfiles, "NAMING_LIMIT", 1)
    assert find_takers(tmp_path, {"a.sh": "true\n"}) == []
    assert find_takers(tmp_path, {"b.sh": "true\n"}) == ["a Dockerfile that a script names"]


def test_a_program_without_an_ending_is_read_where_it_is_a_script(tmp_path: Path) -> None:
    """Any other is none that names a Dockerfile."""
    (tmp_path / "tool").write_bytes(b"\x7fELF\0docker build -f docker/api.dev .")
    (tmp_path / "tool").chmod(0o755)
    assert find_takers(tmp_path, {"docker/api.dev": DEV}) == []
