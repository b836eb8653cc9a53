"""PY005 duplicate-distribution: what it flags and what it lets pass."""

from msgspec.structs import replace

from layerscope.facts.fact import Evidence
from layerscope.rules.python.duplicate_distribution import DuplicateDistribution
from support.cases import flags, ignores
from support.python_facts import DISTRIBUTION, ENVIRONMENT, SITE

NEWER = replace(
    DISTRIBUTION,
    evidence=Evidence(4, f"{SITE}/acme-2.0.dist-info"),
    version="2.0",
    layer=4,
    instruction="COPY --from=build /venv /opt/venv",
)


def test_flags_two_versions_in_one_directory() -> None:
    """With the layer of each."""
    (finding,) = flags(DuplicateDistribution, ENVIRONMENT, DISTRIBUTION, NEWER)
    assert finding.message == (
        f"/{SITE} has acme 2 times: 1.0 from layer 2 (RUN pip install acme) and 2.0 from layer 4 "
        "(COPY --from=build /venv /opt/venv)"
    )
    assert finding.fixes[0].steps[1].endswith("acme==2.0")


def test_ignores_one_version_told_twice_and_other_directories() -> None:
    """Debian keeps a dist-info and an egg-info of one version; the first directory of a path counts."""
    ignores(DuplicateDistribution, ENVIRONMENT, DISTRIBUTION, replace(NEWER, version="1.0"))
    ignores(DuplicateDistribution, ENVIRONMENT, DISTRIBUTION, replace(NEWER, site="app/deps"))
