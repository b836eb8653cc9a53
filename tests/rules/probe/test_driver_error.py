"""PROBE022 driver-error: what it flags and what it lets pass."""

from layerscope.rules.probe.driver_error import DriverError
from support.cases import flags, ignores
from support.probe_facts import broken


def test_flags_driver_error() -> None:
    """With the code."""
    (finding,) = flags(
        DriverError,
        broken(
            "driver",
            kind="driver-error",
            title="stage driver fails",
            reason="the NVSwitch fabric is not up (cuInit: 802)",
            cures=("Start it",),
            consequences=("kernel",),
        ),
    )
    assert (
        finding.message
        == "Stage driver fails: the NVSwitch fabric is not up (cuInit: 802); therefore not tried: 'CUDA kernel'"
    )
    assert [fix.title for fix in finding.fixes] == ["Start it"]
    assert finding.fixes


def test_ignores_its_neighbour() -> None:
    """A library that is not there gives no code."""
    ignores(DriverError, broken("driver", kind="no-driver-library"))
