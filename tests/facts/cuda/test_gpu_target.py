"""What a person asks about is understood, or refused with what is near."""

import pytest

from layerscope.errors import UsageError
from layerscope.facts.cuda.gpu_target import GpuTarget, NodeType, common_targets, parse_fleet, parse_gpu
from layerscope.policies.policies import Policies

GPUS = Policies().gpu_arch


@pytest.mark.parametrize(("text", "name", "capability"), [("nvidia h100-sxm5-80gb", "H100", 90), ("sm_86", "8.6", 86)])
def test_models_and_capabilities_are_targets(text: str, name: str, capability: int) -> None:
    """By the table's spelling."""
    target = parse_gpu(text, GPUS)
    assert (target.name, target.capability) == (name, capability)


@pytest.mark.parametrize(
    ("text", "says"),
    [("H1000", "near it are H100"), ("toaster", "known are among others P100"), ("8.4", "which are 3.5, 3.7, 5.0")],
)
def test_unknown_ones_are_refused_with_near_ones(text: str, says: str) -> None:
    """A typing error costs one look."""
    with pytest.raises(UsageError, match=says):
        parse_gpu(text, GPUS)


def test_common_ones_know_their_models() -> None:
    """Which tells data center GPUs."""
    t4 = next(target for target in common_targets(GPUS) if target.name == "T4")
    assert isinstance(t4, GpuTarget)
    assert t4.model is not None
    assert t4.model.is_data_center


def test_fleets_are_lists_of_node_types() -> None:
    """Name, driver and count may lack."""
    text = '[[node]]\nname = "old"\ngpu = "V100"\ndriver = "535.183.01"\ncount = 12\n[[node]]\ngpu = "H100"\n'
    old, new = parse_fleet(text)
    assert old == NodeType("old", "V100", "535.183.01", 12)
    assert (new, new.driver_version, old.driver_version) == (NodeType("H100", "H100"), None, (535, 183, 1))


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", r"no \[\[node\]\]"),
        ("[[nodes]]\n", "unknown key 'nodes', expected 'node'"),
        (
            '[[node]]\ngpus = "T4"',
            r"node 1 of the fleet: unknown key 'gpus', expected one of name, gpu, driver, count \(perhaps 'gpu'\)",
        ),
        ('[[node]]\nzzz = "T4"', "expected one of name, gpu, driver, count"),
        ("[[node]]\nname = 'a'", "gpu is None"),
        ("[[node]]\ngpu = 'T4'\ndriver = 535", 'driver is 535, expected text in quotes: driver = "535"'),
        ("[[node]]\ngpu = 'T4'\ndriver = 'new'", "node 1 of the fleet: .*expected one like 535"),
        ("[[node]]\ngpu = 'T4'\ncount = 0", "expected a number of nodes"),
        ("[[node]]\ngpu = 'T4'\n[[node]]\ngpu = 'T4'", "'T4' is there twice"),
        ("= 1", "reading the fleet"),
    ],
)
def test_odd_fleets_are_refused(text: str, says: str) -> None:
    """A key that nobody reads would be a node that nobody checks."""
    with pytest.raises(UsageError, match=says):
        parse_fleet(text)


def test_errors_of_fleets_name_the_file_and_the_node() -> None:
    """Also for a GPU that nobody knows."""
    text = "[[node]]\nname = 'pool-a'\ngpu = 'Z9'\n"
    with pytest.raises(UsageError, match=r"reading node 1 \('pool-a'\) of the fleet 'f.toml': reading the GPU 'Z9'"):
        parse_fleet(text, GPUS, origin="the fleet 'f.toml'")
