"""LAY005 trailing-data: what it flags and what it lets pass."""

import pytest
from msgspec.structs import replace

from layerscope.rules.layers.trailing_data import TrailingData
from support.cases import flags, ignores
from support.sample_facts import PROOF, anomaly


def test_flags_bytes_after_the_last_gzip_member() -> None:
    """They belong to nothing, and are stored all the same."""
    (finding,) = flags(TrailingData, replace(PROOF, trailing=1500))
    assert finding.message == (
        "1.5 kB follow the last gzip member of layer 3 (COPY model /model); expected the blob to end there"
    )


def test_advises_another_tool_than_the_one_at_fault() -> None:
    """What wrote the layer so would write it so again."""
    (fix,) = flags(TrailingData, replace(PROOF, trailing=1500))[0].fixes
    assert fix.title == "Write the layer again with a tool that ends its archives properly"


@pytest.mark.parametrize("kind", ["trailing-data", "concatenated-archive"])
def test_flags_data_behind_the_end_of_the_tar(kind: str) -> None:
    """What runtimes do not read, other tools may."""
    (finding,) = flags(TrailingData, anomaly(kind, meaning="another archive follows the trailer"))
    assert finding.message == "After the end of layer 2 (ADD rootfs.tar /): another archive follows the trailer"


def test_ignores_a_blob_that_ends_where_its_tar_ends() -> None:
    """So do all that engines write; other anomalies are other rules'."""
    ignores(TrailingData, PROOF, anomaly("missing-trailer"))
