"""Conda's packages are told from its records."""

import json

from layerscope.facts.python.conda_packages import CondaPackageCollector, InstalledCondaPackage
from support.contexts import collect, collect_gaps, make_context
from support.tar_member import file, whiteout

RECORD = {"name": "numpy", "version": "1.26.4", "build": "py311h1", "depends": ["python"], "files": ["x"] * 30_000}
PATH = "opt/conda/envs/app/conda-meta/numpy-1.26.4-py311h1.json"


def test_reads_records_whatever_their_length() -> None:
    """The name stands behind the list of files; other JSON files are none."""
    context = make_context([file(PATH, json.dumps(RECORD).encode()), file("app/package.json", b"{}")])
    (found,) = collect(CondaPackageCollector, context).of(InstalledCondaPackage)
    assert (found.prefix, found.name, found.version, found.layer) == ("opt/conda/envs/app", "numpy", "1.26.4", 0)


def test_what_is_gone_is_not_told() -> None:
    """Only what the container sees."""
    context = make_context([file(PATH, json.dumps(RECORD).encode())], [whiteout(PATH)])
    assert collect(CondaPackageCollector, context).of(InstalledCondaPackage) == ()


def test_a_record_that_does_not_parse_is_a_gap() -> None:
    """With its path."""
    (gap,) = collect_gaps(CondaPackageCollector, make_context([file(PATH, b"{")]))
    assert gap.where == f"/{PATH}"
