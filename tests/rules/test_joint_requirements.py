"""What several distributions ask of one is joined, and told impossible where no version suits all."""

import pytest
from msgspec import structs

from layerscope.facts.fact_set import FactSet
from layerscope.facts.python.distributions import Distribution
from layerscope.rules.joint_requirements import join_requirements
from support.python_facts import DISTRIBUTION, ENVIRONMENT

PLACE = ENVIRONMENT.place


def distribution(name: str, *requires: str) -> Distribution:
    """A distribution that asks for these."""
    return structs.replace(DISTRIBUTION, name=name, key=name, requires=requires)


@pytest.mark.parametrize(
    ("asked", "joined", "is_possible"),
    [
        (("numpy>=1.17", "numpy<2,>=1.22.4"), "numpy<2,>=1.22.4", True),
        (("numpy<3,>1.26", "numpy<=3,>=1.26", "numpy!=1.26.4"), "numpy!=1.26.4,<3,>1.26", True),
        (("numpy>=2", "numpy<2"), "numpy<2,>=2", False),
        (("numpy==1.26.4", "numpy~=1.26"), "numpy==1.26.4,~=1.26", True),
        (("numpy==1.26.4", "numpy==1.26.3"), "numpy==1.26.3,==1.26.4", False),
        (("numpy>1,<1.1",), "numpy<1.1,>1", True),
        (("numpy", "NumPy"), "numpy", True),
        (("numpy==2.*", "numpy<2.1"), "numpy<2.1,==2.*", True),
        (("numpy[dev]>=2", "numpy[blas]"), "numpy[blas,dev]>=2", True),
    ],
)
def test_the_closest_bounds_are_kept(asked: tuple[str, ...], joined: str, *, is_possible: bool) -> None:
    """Whatever else is asked stays as well."""
    facts = [distribution(f"user{number}", text) for number, text in enumerate(asked)]
    found = join_requirements(FactSet([ENVIRONMENT, *facts]), PLACE, "numpy")
    assert found is not None
    assert (found.text, found.is_possible) == (joined, is_possible)


def test_what_is_needed_besides_is_joined_as_well() -> None:
    """As the bound of modules that were built for an older version."""
    facts = FactSet([ENVIRONMENT, distribution("one", "numpy>=1.26")])
    for beside, joined, is_possible in (("<2", "numpy<2,>=1.26", True), ("<1.20", "numpy<1.20,>=1.26", False)):
        found = join_requirements(facts, PLACE, "numpy", beside)
        assert found is not None
        assert (found.text, found.is_possible) == (joined, is_possible)


def test_what_does_not_count_is_left_out() -> None:
    """Markers that do not apply, other names, and places to fetch from."""
    facts = [
        distribution("one", "numpy<2; python_version < '3'", "numpy-quaternion>5", "not a requirement ("),
        distribution("two", "numpy @ https://example.org/numpy.whl"),
    ]
    assert join_requirements(FactSet([ENVIRONMENT, *facts]), PLACE, "numpy") is None
    assert join_requirements(FactSet(facts), PLACE, "numpy") is None


def test_who_asks_is_told() -> None:
    """For a person, where no version suits all."""
    facts = [distribution("torch", "numpy<2"), distribution("scipy", "numpy>=2")]
    found = join_requirements(FactSet([ENVIRONMENT, *facts]), PLACE, "numpy")
    assert found is not None
    assert found.askers == ("torch asks for numpy<2", "scipy asks for numpy>=2")
