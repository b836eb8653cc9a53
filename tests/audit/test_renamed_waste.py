"""A cleanup that hides what a lower layer left of the same cache brings no new finding, and what it hides is told."""

from pathlib import Path

from layerscope.audit.built import Built, prove_build
from support.rebuilt import audit, choose

LOWER = "RUN /bin/sh -c apt-get update && apt-get install -y jq # for the tests # buildkit"
UPPER = "RUN /bin/sh -c apt-get update && apt-get install -y curl # buildkit"
CLEANED = UPPER.replace(" # buildkit", " && apt-get clean && rm -rf /var/lib/apt/lists/* # buildkit")
DOCKERFILE = (
    "FROM base\nRUN apt-get update && apt-get install -y jq # for the tests\n"
    "RUN apt-get update && apt-get install -y curl\n"
)

LISTS = '{ file = "var/lib/apt/lists/deb_Packages", size = 3000000, pattern = "%s" }'
JQ = '{ file = "var/cache/apt/archives/jq.deb", size = 3000000, pattern = "jq" }'
CURL = '{ file = "var/cache/apt/archives/curl.deb", size = %d, pattern = "curl" }'
GONE = '{ whiteout = "var/cache/apt/archives/jq.deb" }, { whiteout = "var/lib/apt/lists/deb_Packages" }'
OTHER = '{ file = "srv/data", size = 3000000, pattern = "data" }'
OTHER_GONE = '{ whiteout = "srv/data" }'


def build(folder: Path, after: str, *, lower: str = f"{LISTS % 1}, {JQ}", size: int = 3000000) -> Built:
    """The proof of a build in which the upper step was to clean up, and came to this."""
    old = audit(folder / "before", ((LOWER, lower), (UPPER, f"{LISTS % 2}, {CURL % size}")))
    fix = choose(old, DOCKERFILE)
    assert {edit.code for edit in fix.proposal.edits} == {"LAY104"}
    new = audit(folder / "after", ((LOWER, lower), (CLEANED, after)))
    return prove_build(old, new, fix, command=(), destination="docker:fixed")


def test_what_a_lower_layer_left_before_is_no_new_finding(tmp_path: Path) -> None:
    """It was a cache, and replaced, and is deleted now: nobody ships a byte more."""
    built = build(tmp_path, GONE)
    assert built.objections == ()
    assert [each.finding.code for each in built.renamed] == ["LAY101"]
    assert "LAY101" in [finding.code for finding in built.findings.kept]
    assert built.findings.added == ()
    assert built.renamed[0].told == (
        "LAY101 is not new: 6.0 MB that LAY102 and LAY104 told of are hidden now, in layers below that the build left "
        "as they were"
    )


def test_what_was_of_use_before_is_a_new_finding(tmp_path: Path) -> None:
    """It is told which edit came with it, and that no other is left."""
    built = build(tmp_path, f"{GONE}, {OTHER_GONE}", lower=f"{LISTS % 1}, {JQ}, {OTHER}")
    (objection,) = built.objections
    assert objection.startswith("LAY101 is new: ")
    assert "; it came with the edit for LAY104 (End line 3 with apt-get clean) and LAY104" in objection
    assert objection.endswith("; nothing is left without it")
    assert built.renamed == ()


def test_a_cleanup_that_makes_nothing_smaller_is_none(tmp_path: Path) -> None:
    """The cache of the lower layer is hidden, and that was all there was of it."""
    built = build(tmp_path, GONE, lower=f"{LISTS % 1}, {JQ}, {OTHER}", size=1)
    assert built.renamed != ()
    (tmp_path / "other").mkdir()
    lower = f"{JQ}, {OTHER}"
    old = audit(tmp_path / "other/before", ((LOWER, lower), (UPPER, CURL % 1)))
    new = audit(tmp_path / "other/after", ((LOWER, lower), (CLEANED, '{ whiteout = "var/cache/apt/archives/jq.deb" }')))
    same = prove_build(old, new, choose(old, DOCKERFILE), command=(), destination="docker:fixed")
    assert [each.split(":")[0] for each in same.objections] == ["LAY101 is new"]
