"""What is left of a finding after a build: refused and withheld places explain it, and an edit that failed does not."""

from dataclasses import replace
from pathlib import Path

import pytest

from layerscope.audit.build_fix import BuildFix
from layerscope.audit.built import prove_build
from layerscope.fixes.dockerfile.edit import NoEdit
from support.rebuilt import audit, choose

FILLED = '{ file = "root/.cache/pip/http/{n:02}/body", count = %d, size = 200000, pattern = "wheel {n} " }'
MORE = '{ file = "root/.cache/pip/more/{n:02}", count = 10, size = 200000, pattern = "more {n} " }'
PACKAGE = '{ file = "srv/numpy.py", size = 1000, pattern = "numpy " }'
INDEX = '{ file = "var/cache/apk/%s", size = 3000000, pattern = "%s" }'

PIP = "RUN /bin/sh -c pip install numpy # buildkit"
PIP_FIXED = "RUN /bin/sh -c pip install --no-cache-dir numpy # buildkit"
SCRIPT = "RUN /bin/sh -c sh more.sh # buildkit"
DOCKERFILE = "FROM base\nRUN pip install numpy\nRUN sh more.sh\n"

Steps = tuple[tuple[str, str], ...]


def object_to(folder: Path, before: Steps, dockerfile: str, after: Steps, *, reviewed: bool = True) -> list[str]:
    """The codes of what the proof finds still there."""
    old = audit(folder / "before", before)
    fix = choose(old, dockerfile, reviewed=reviewed)
    assert [edit.code for edit in fix.proposal.edits] == ["LAY104"]
    built = prove_build(old, audit(folder / "after", after), fix, command=(), destination="docker:fixed")
    return [objection.split(":")[0] for objection in built.objections]


@pytest.mark.parametrize("count", [8, 5, 1])
def test_less_than_before_is_no_cure_where_the_edit_was_for_all_of_it(tmp_path: Path, count: int) -> None:
    """As of a pip that keeps a part of its cache whatever it is told."""
    steps = ((PIP, f"{PACKAGE}, {FILLED % 10}"),)
    after = ((PIP_FIXED, f"{PACKAGE}, {FILLED % count}"),)
    dockerfile = DOCKERFILE.removesuffix("RUN sh more.sh\n")
    assert object_to(tmp_path, steps, dockerfile, after) == ["LAY104 is still there"]


def test_a_place_that_no_edit_could_be_made_for_explains_what_is_there(tmp_path: Path) -> None:
    """What a script leaves is its own."""
    steps = ((PIP, f"{PACKAGE}, {FILLED % 10}"), (SCRIPT, MORE))
    after = ((PIP_FIXED, PACKAGE), (SCRIPT, MORE))
    assert object_to(tmp_path, steps, DOCKERFILE, after) == []


def test_such_a_place_explains_no_other(tmp_path: Path) -> None:
    """The edit of the first step did less than it should."""
    steps = ((PIP, f"{PACKAGE}, {FILLED % 10}"), (SCRIPT, MORE))
    after = ((PIP_FIXED, f"{PACKAGE}, {FILLED % 3}"), (SCRIPT, MORE))
    assert object_to(tmp_path, steps, DOCKERFILE, after) == ["LAY104 is still there"]


def test_an_edit_that_somebody_should_read_first_explains_its_place(tmp_path: Path) -> None:
    """It was not made."""
    add, update = (f"RUN /bin/sh -c {run} # buildkit" for run in ("apk add curl", "apk update && ./install.sh"))
    steps = ((add, f"{PACKAGE}, {INDEX % ('curl', 'c')}"), (update, INDEX % ("index", "i")))
    after = ((add.replace("add", "add --no-cache"), PACKAGE), (update, INDEX % ("index", "i")))
    dockerfile = "FROM base\nRUN apk add curl\nRUN apk update && ./install.sh\n"
    assert object_to(tmp_path, steps, dockerfile, after, reviewed=False) == []


def test_what_conda_keeps_of_packages_in_use_is_left(tmp_path: Path) -> None:
    """Its cleanup is known to do no more."""
    install = "RUN /bin/sh -c conda install -y numpy # buildkit"
    steps = ((install, f"{PACKAGE}, {(FILLED % 10).replace('root/.cache/pip', 'opt/conda/pkgs')}"),)
    cleaned = install.replace(" #", " && conda clean --all --yes #")
    after = ((cleaned, f"{PACKAGE}, {(FILLED % 4).replace('root/.cache/pip', 'opt/conda/pkgs')}"),)
    assert object_to(tmp_path, steps, "FROM base\nRUN conda install -y numpy\n", after) == []


def test_a_cure_that_the_files_hold_already_may_lessen(tmp_path: Path) -> None:
    """What somebody changed by hand promises no more."""
    steps = ((PIP, f"{PACKAGE}, {FILLED % 10}"),)
    old = audit(tmp_path / "before", steps)
    fix = choose(old, DOCKERFILE.removesuffix("RUN sh more.sh\n"))
    held = BuildFix(replace(fix.proposal, edits=()), (), old.findings, (NoEdit("LAY104", 1, "it is", is_held=True),))
    for count, objections in ((5, 0), (10, 1)):
        new = audit(tmp_path / f"after-{count}", ((PIP, f"{PACKAGE}, {FILLED % count}"),))
        assert len(prove_build(old, new, held, command=(), destination="docker:fixed").objections) == objections
