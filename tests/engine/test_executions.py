"""What an engine says of a container's work, however strange."""

from types import SimpleNamespace

import pytest

from layerscope.engine.executions import measure_work

READ = {"op": "Read", "value": 7}
STRANGE = {"op": "read", "value": "x"}


@pytest.mark.parametrize(
    ("answer", "work"),
    [
        ({"cpu_stats": {"cpu_usage": {"total_usage": 2_000_000_000}}}, (2.0, 0)),
        ({"blkio_stats": {"io_service_bytes_recursive": [READ, READ, {"op": "write", "value": 9}]}}, (0.0, 14)),
        (
            {"blkio_stats": {"io_service_bytes_recursive": [READ, STRANGE, {"op": "read"}]}},
            (0.0, 7),
        ),
        ({"blkio_stats": {"io_service_bytes_recursive": [5, None]}}, (0.0, 0)),
        ({"cpu_stats": [], "blkio_stats": {"io_service_bytes_recursive": {"op": "read"}}}, (0.0, 0)),
        (None, (0.0, 0)),
    ],
)
def test_work_is_counted_as_far_as_it_is_told(answer: object, work: tuple[float, int]) -> None:
    """What has another form counts for nothing."""
    engine = SimpleNamespace(fetch=lambda *_arguments, **_options: answer)
    assert measure_work(engine, "c1") == work  # type: ignore[arg-type]
