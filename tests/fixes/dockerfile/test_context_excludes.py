"""What a copy brings and a later step deletes is named in the ignore file, unless something would miss it."""

import re
import sys
from pathlib import Path

import pytest

from layerscope.facts.fact_set import FactSet
from layerscope.fixes.dockerfile.build_context import BuildContext
from layerscope.fixes.dockerfile.proposal import DockerfileProposal, propose_edits
from support.dockerfiles import ended_in, found_in, match

COPY = "COPY src /app"
DELETE = "RUN rm -rf /app/tests"
_JSON = r'[\[\]",]'


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A context with a folder that is copied."""
    (tmp_path / "src/tests").mkdir(parents=True)
    (tmp_path / "src/notes.txt").write_text("x")
    return tmp_path


def propose(
    root: Path, *lines: str, path: str = "app/tests", copy: int = 0, podman: bool = False
) -> DockerfileProposal:
    """What is proposed for an image of these lines whose last one deletes a path of one of its copies."""
    told = [line.replace("RUN ", "RUN /bin/sh -c ", 1) for line in lines]
    told = [f"{re.sub(_JSON, '', line) if line.startswith('COPY [') else line} # buildkit" for line in told]
    matched = match("FROM base\n" + "".join(f"{line}\n" for line in lines), *told)
    last = matched.matches[-1].step.layer
    copies = [each.step.layer for each in matched.matches if each.instruction.keyword in {"COPY", "ADD"}]
    assert last is not None
    context = BuildContext(root, root / "Dockerfile", is_podman=podman)
    facts = FactSet([ended_in("removed", last, path, copies[copy] or 0)])
    return propose_edits((found_in("LAY101", last),), facts, matched, context=context)


def test_a_path_is_named_where_it_lies_in_the_context(root: Path) -> None:
    """Safely, since nothing runs in between; the Dockerfile stays as it is, and both lines are made anew."""
    proposal = propose(root, COPY, DELETE)
    (edit,) = proposal.edits
    assert (edit.title, edit.safety) == ("Name src/tests in .dockerignore: line 2 copies what line 3 deletes", "safe")
    assert edit.remade == (2, 3)
    (change,) = proposal.changes
    assert (change.name, change.before, change.after) == (".dockerignore", None, "src/tests\n.dockerignore\n")


@pytest.mark.parametrize(
    ("lines", "line"),
    [
        (["COPY . /app/", "RUN rm -rf /app/src/tests"], "src/tests"),
        (["WORKDIR /app", "COPY src .", "RUN rm -rf tests"], "src/tests"),
        (["WORKDIR /app", "COPY src sub", "RUN rm -rf sub/tests && echo"], "src/tests"),
        (['COPY ["src", "/app"]', DELETE], "src/tests"),
        (["ADD --chown=1:1 src /app", "ENV A=1", "USER root", DELETE], "src/tests"),
        (["COPY src /app", "RUN rm -f /app/notes.txt"], "src/notes.txt"),
    ],
)
def test_places_are_told_by_the_copy_s_words_and_folders(root: Path, lines: list[str], line: str) -> None:
    """Be they relative ones."""
    path = "app/sub/tests" if "sub" in lines[1] else "app/src/tests" if "." in lines[0].split() else "app"
    (change,) = propose(root, *lines, path=path).changes
    assert change.after == f"{line}\n.dockerignore\n"


@pytest.mark.parametrize(
    "lines",
    [
        [COPY, "RUN make", DELETE],
        [COPY, "RUN echo 1 && rm -rf /app/tests"],
        [COPY, "ONBUILD RUN make", DELETE],
        ["COPY . /all", COPY, DELETE],
        ["RUN --mount=type=bind,target=/all make", COPY, DELETE],
    ],
)
def test_what_somebody_may_read_is_to_be_reviewed(root: Path, lines: list[str]) -> None:
    """Something runs before the deletion, or another line takes the path along."""
    copy = [line for line in lines if line.startswith("COPY")].index(COPY)
    proposal = propose(root, *lines, copy=copy)
    assert [edit.safety for edit in proposal.edits] == ["review"]


@pytest.mark.parametrize(
    ("lines", "reason"),
    [
        ([COPY, "RUN make -C /app/tests", DELETE], "line 3 may use /app/tests"),
        ([COPY, "RUN cd /app && pytest tests", DELETE], "line 3 may use /app/tests"),
        ([COPY, "RUN ls /app/tests && rm -rf /app/tests"], "line 3 may use /app/tests"),
        ([COPY, "RUN rm -r /app/tests /app/other"], "line 3 deletes without -f, and would fail"),
        ([COPY, "RUN rm -rf /app/te*"], "no command of line 3 deletes by a plain path what the context has"),
        ([COPY, "RUN rm -rf /app/none"], "no command of line 3 deletes by a plain path what the context has"),
        ([COPY, "COPY src/tests /other", DELETE], "line 3 copies src/tests by its name"),
        ([COPY, "COPY src/tes?s /other", DELETE], "line 3 copies src/tests by its name"),
        (["COPY src/tests /app/tests", DELETE], "line 2 copies src/tests by its name"),
        (["COPY $SRC /app", DELETE], "what of the context line 2 copies cannot be told"),
        (["COPY s* /app", DELETE], "what of the context line 2 copies cannot be told"),
        (["COPY --from=x src /app", DELETE], "what of the context line 2 copies cannot be told"),
    ],
)
def test_what_would_break_a_build_is_not_proposed(root: Path, lines: list[str], reason: str) -> None:
    """The reason is told."""
    proposal = propose(root, *lines)
    assert not proposal.changes
    assert reason in proposal.refused[0].reason


def test_a_deletion_that_fails_without_the_path_goes_with_it(root: Path) -> None:
    """`rm` without -f is no success where there is nothing."""
    proposal = propose(root, COPY, "RUN rm -r /app/tests && echo done")
    assert proposal.text == "FROM base\nCOPY src /app\nRUN echo done\n"
    assert [change.name for change in proposal.changes] == ["Dockerfile", ".dockerignore"]
    assert [edit.safety for edit in proposal.edits] == ["review"]


def test_what_two_layers_brought_is_not_told_apart(root: Path) -> None:
    """The deletion may be of either."""
    lines = [COPY, "RUN fetch /app", DELETE]
    told = [f"{line.replace('RUN ', 'RUN /bin/sh -c ', 1)} # buildkit" for line in lines]
    matched = match("FROM base\n" + "".join(f"{line}\n" for line in lines), *told)
    facts = FactSet([ended_in("removed", 2, "app/tests", 0, 1)])
    proposal = propose_edits((found_in("LAY101", 2),), facts, matched, context=BuildContext(root, root / "Dockerfile"))
    assert not proposal.edits


@pytest.mark.parametrize(
    ("before", "after", "safety"),
    [
        ("# x\n.git\n", "# x\n.git\nsrc/tests\n", "safe"),
        ("# x\n.git", "# x\n.git\nsrc/tests\n", "safe"),
        ("a\r\nb\r\n", "a\r\nb\r\nsrc/tests\r\n", "safe"),
        ("src/tests\n!src/tests/keep\n", "src/tests\n!src/tests/keep\nsrc/tests\n", "review"),
        ("#src/tests\n", "#src/tests\nsrc/tests\n", "safe"),
    ],
)
def test_lines_that_are_there_stay(root: Path, before: str, after: str, safety: str) -> None:
    """The new one stands last, where no exception comes behind it."""
    (root / ".dockerignore").write_bytes(before.encode())
    proposal = propose(root, COPY, DELETE)
    assert [change.after for change in proposal.changes] == [after]
    assert [edit.safety for edit in proposal.edits] == [safety]


@pytest.mark.parametrize("line", ["src/tests", "/src/tests/", "  src/tests  "])
def test_a_line_that_is_there_is_not_repeated(root: Path, line: str) -> None:
    """The image is only older than it."""
    (root / ".dockerignore").write_text(f"{line}\n")
    proposal = propose(root, COPY, DELETE)
    assert not proposal.edits
    assert ".dockerignore names src/tests already: build the image again" in proposal.refused[0].reason
    assert [(each.is_held, each.remade) for each in proposal.list_held()] == [(True, (2, 3))]


def test_a_deletion_that_would_fail_goes_where_the_line_is_there(root: Path) -> None:
    """A build finds nothing to delete any more."""
    (root / ".dockerignore").write_text("src/tests\n")
    proposal = propose(root, COPY, "RUN rm -r /app/tests && echo done")
    assert proposal.text == "FROM base\nCOPY src /app\nRUN echo done\n"
    assert [change.name for change in proposal.changes] == ["Dockerfile"]


@pytest.mark.parametrize("name", ["te[s]ts", "!tests", "#tests", "te\\sts"])
def test_signs_of_patterns_are_not_written(root: Path, name: str) -> None:
    """A line with them would say something else."""
    (root / name).mkdir()
    proposal = propose(root, "COPY . /app", f"RUN rm -rf '/app/{name}'", path=f"app/{name}")
    assert not proposal.edits


def test_a_link_is_no_folder_of_the_context(root: Path) -> None:
    """What lies behind it is copied as a link, or not at all."""
    (root / "src/tests").rmdir()
    (root / "src/tests").symlink_to(root.parent)
    assert not propose(root, COPY, DELETE).edits


@pytest.mark.parametrize(
    ("other", "safety"),
    [("FROM x\nCOPY . /y\n", "review"), ("FROM x\nCOPY else /y\n", "safe"), ("what is this\n", "review")],
)
def test_another_dockerfile_of_the_context_may_need_the_path(root: Path, other: str, safety: str) -> None:
    """Then somebody has to look at it."""
    (root / "Dockerfile.dev").write_text(other)
    assert [edit.safety for edit in propose(root, COPY, DELETE).edits] == [safety]


@pytest.mark.parametrize(("depth", "safety"), [("services/w", "review"), ("node_modules/w", "safe")])
def test_a_dockerfile_further_down_may_need_the_path(root: Path, depth: str, safety: str) -> None:
    """It is named, unless the list that is changed is of the own Dockerfile alone."""
    (root / depth).mkdir(parents=True)
    (root / depth / "Dockerfile").write_text("FROM x\nCOPY src/tests /data\n")
    (edit,) = propose(root, COPY, DELETE).edits
    assert edit.safety == safety
    assert edit.title.endswith("; services/w/Dockerfile may take it, too") is (safety == "review")
    (root / "Dockerfile.dockerignore").write_text("")
    assert [edit.safety for edit in propose(root, COPY, DELETE).edits] == ["safe"]


@pytest.mark.parametrize(
    "name", ["Dockerfile_gpu", "Dockerfile2", "services/web/Dockerfile_web", "build.docker", "gpu-dockerfile.txt"]
)
def test_a_dockerfile_of_any_plausible_name_may_need_the_path(root: Path, name: str) -> None:
    """Its first instruction tells that it is one; what begins otherwise is a document, or a program."""
    (root / name).parent.mkdir(parents=True, exist_ok=True)
    (root / name).write_text("\ufeff# syntax=docker/dockerfile:1\n\nARG X\nFROM x\nCOPY src/tests /data\n")
    (edit,) = propose(root, COPY, DELETE).edits
    assert (edit.safety, edit.title.endswith(f"; {name} may take it, too")) == ("review", True)
    for text in ("FROM x\nCOPY else /y\n", "How COPY src/tests works\n", ""):
        (root / name).write_text(text)
        assert [edit.safety for edit in propose(root, COPY, DELETE).edits] == ["safe"]


_INLINE = "FROM x\n        COPY src/tests /d"


@pytest.mark.parametrize("has_yaml", [True, False])
@pytest.mark.parametrize(
    ("name", "text", "taker"),
    [
        (
            "compose.yaml",
            f"services:\n  a:\n    build:\n      dockerfile_inline: |\n        {_INLINE}\n",
            "compose.yaml",
        ),
        (
            "deploy/docker-compose.gpu.yml",
            f"services:\n  a:\n    build:\n      context: ..\n      dockerfile_inline: |\n        {_INLINE}\n",
            "deploy/docker-compose.gpu.yml",
        ),
        ("compose.yaml", "services: {a: {build: {context: ., dockerfile: build/gpu.txt}}}\n", "build/gpu.txt"),
        ("compose.yaml", "services: {a: {build: {dockerfile: '${FILE}'}}}\n", "compose.yaml"),
        ("compose.yaml", "services: {a: {build: {context: x, additional_contexts: {c: .}}}}\n", "compose.yaml"),
        ("compose.yaml", "services: {a: {build: {context: x, additional_contexts: [c=.]}}}\n", "compose.yaml"),
        ("compose.yaml", "services: {a: {build: {<<: {dockerfile: build/gpu.txt}}}}\n", "build/gpu.txt"),
        ("docker-bake.hcl", 'target "a" {\n  dockerfile = "build/gpu.txt"\n}\n', "build/gpu.txt"),
        ("docker-bake.hcl", 'target "a" {\n  dockerfile-inline = <<E\nE\n}\n', "docker-bake.hcl"),
        ("docker-bake.json", '{"target": {"a": {"dockerfile": "build/gpu.txt"}}}', "build/gpu.txt"),
    ],
)
def test_a_declared_build_may_need_the_path(
    root: Path, monkeypatch: pytest.MonkeyPatch, name: str, text: str, taker: str, *, has_yaml: bool
) -> None:
    """By a Dockerfile of whatever name, or one that lies in the declaration."""
    if not has_yaml:
        monkeypatch.setitem(sys.modules, "yaml", None)
    for place, content in ((name, text), ("build/gpu.txt", "FROM x\nCOPY src/tests /data\n")):
        (root / place).parent.mkdir(parents=True, exist_ok=True)
        (root / place).write_text(content)
    (edit,) = propose(root, COPY, DELETE).edits
    assert (edit.safety, edit.title.partition("; ")[2]) == ("review", f"{taker} may take it, too")


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("compose.yaml", "services: {a: {build: .}, b: {image: x}, c: {build: {context: .}}}\n"),
        ("compose.yaml", "services: {a: {build: {context: ., dockerfile: Dockerfile}}}\n"),
        ("compose.yaml", "services: {a: {build: {dockerfile_inline: 'FROM x\n\n\n      COPY else /y'}}}\n"),
        ("compose.yaml", "services: {a: {build: {context: other, dockerfile_inline: 'FROM x'}}}\n"),
        ("compose.yaml", "services: {a: {build: {context: other, dockerfile: ../build/gpu.txt}}}\n"),
        ("docker-bake.hcl", 'target "a" {\n  context = "."\n  dockerfile = "Dockerfile"\n}\n'),
    ],
)
def test_a_declared_build_of_something_else_does_not(root: Path, name: str, text: str) -> None:
    """Of the own Dockerfile, of another folder, or without the path."""
    (root / "build").mkdir()
    (root / "build/gpu.txt").write_text("FROM x\nCOPY src/tests /data\n")
    (root / "Dockerfile").write_text("FROM base\nCOPY src /app\n")
    (root / name).write_text(text)
    assert [(edit.safety, edit.title.partition("; ")[2]) for edit in propose(root, COPY, DELETE).edits] == [
        ("safe", "")
    ]


def test_a_python_file_is_no_dockerfile(root: Path) -> None:
    """Whatever it is called; its first line begins like one."""
    (root / "dockerfile_parser.py").write_text("from pathlib import Path\nCOPY = 'src/tests'\n")
    assert [edit.safety for edit in propose(root, COPY, DELETE).edits] == ["safe"]
    for name in ("dockerfile.py", "containerfile.go", "Dockerfile.md", "Dockerfile.vim"):
        (root / name).write_text("# What tells of Dockerfiles\nimport src.tests\n")
    assert [edit.safety for edit in propose(root, COPY, DELETE).edits] == ["safe"]
    (root / "dockerfile_parser.py").write_text("FROM --platform=linux/amd64 base as x\nCOPY src/tests /y\n")
    assert [edit.safety for edit in propose(root, COPY, DELETE).edits] == ["review"]


def test_a_dockerfile_that_is_built_from_its_own_folder_does_not(root: Path) -> None:
    """What it takes by name lies there alone."""
    (root / "services/w").mkdir(parents=True)
    (root / "services/w/Dockerfile").write_text("FROM x\nCOPY setup.cfg /\nCOPY . /data\n")
    assert [edit.safety for edit in propose(root, COPY, DELETE).edits] == ["review"]
    (root / "services/w/setup.cfg").write_text("")
    assert [edit.safety for edit in propose(root, COPY, DELETE).edits] == ["safe"]
    (root / "setup.cfg").write_text("")
    assert [edit.safety for edit in propose(root, COPY, DELETE).edits] == ["review"]


def test_more_folders_than_are_looked_into_may_hold_another(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Then nobody knows that nothing needs the path."""
    monkeypatch.setattr("layerscope.fixes.dockerfile.other_dockerfiles.FOLDERS_LIMIT", 2)
    (edit,) = propose(root, COPY, DELETE).edits
    assert edit.safety == "review"
    assert edit.title.endswith("; a Dockerfile further down may take it, too")


@pytest.mark.parametrize(
    ("stage", "child", "reason"),
    [
        ("COPY --parents src/tests /x/", "FROM y", "line 2 copies src/tests by its name"),
        ("ONBUILD COPY src/tests /x/", "FROM other", "line 2 copies src/tests by its name"),
        ("ONBUILD RUN --mount=source=src/tests,target=/t make", "FROM other", "line 2 copies src/tests by its name"),
        ("ONBUILD COPY src/tests /x/", "FROM y", ""),
    ],
)
def test_another_stage_takes_the_path_by_its_name(root: Path, stage: str, child: str, reason: str) -> None:
    """With the parents that it has, or where a stage starts from it; what another build does nobody knows."""
    text = f"FROM base AS other\n{stage}\n{child} AS middle\nFROM base\n{COPY}\n{DELETE}\n"
    matched = match(text, f"{COPY} # buildkit", f"{DELETE.replace('RUN ', 'RUN /bin/sh -c ')} # buildkit")
    facts = FactSet([ended_in("removed", 1, "app/tests", 0)])
    context = BuildContext(root, root / "Dockerfile")
    proposal = propose_edits((found_in("LAY101", 1),), facts, matched, context=context)
    assert [edit.safety for edit in proposal.edits] == ([] if reason else ["review"])
    assert reason in "".join(each.reason for each in proposal.refused)


@pytest.mark.parametrize(
    ("files", "podman", "edited"),
    [
        ([".dockerignore", "Dockerfile.dockerignore"], False, "Dockerfile.dockerignore"),
        ([".dockerignore", ".containerignore"], False, ".dockerignore"),
        ([".dockerignore", ".containerignore"], True, ".containerignore"),
        ([".containerignore", "Dockerfile.dockerignore"], True, "Dockerfile.dockerignore"),
        ([".containerignore"], False, ".dockerignore"),
        ([], True, ".dockerignore"),
    ],
)
def test_the_list_that_the_builder_reads_is_changed(root: Path, files: list[str], edited: str, *, podman: bool) -> None:
    """The Dockerfile's own first, and podman's before docker's."""
    for name in files:
        (root / name).write_text(".git\n")
    (change,) = propose(root, COPY, DELETE, podman=podman).changes
    assert change.name == edited


def test_without_a_context_nothing_is_named() -> None:
    """Nobody knows then what is there."""
    matched = match(
        f"FROM base\n{COPY}\n{DELETE}\n", f"{COPY} # buildkit", "RUN /bin/sh -c rm -rf /app/tests # buildkit"
    )
    facts = FactSet([ended_in("removed", 1, "app/tests", 0)])
    proposal = propose_edits((found_in("LAY101", 1),), facts, matched)
    assert proposal.refused[0].reason == "line 2 copies them: no command can change that"
