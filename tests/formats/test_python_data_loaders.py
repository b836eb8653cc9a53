"""Loaders with workers, read from a script's text."""

import pytest

from layerscope.formats.python_data_loaders import MOST_WORKERS, find_loader_workers


@pytest.mark.parametrize(
    ("text", "workers"),
    [
        ("DataLoader(data, batch_size=max(1, 2),\n    num_workers=4)\nDataLoader(data, num_workers=2)", 4),
        ("torch.utils.data.DataLoader(data, num_workers=99999)", 0),
        ("DataLoader(data, num_workers=9999)", MOST_WORKERS),
        ("DataLoader(data, num_workers=0)", 0),
        ("DataLoader(data, num_workers=args.workers)", 0),
        ("DataLoader(make(num_workers=4))", 0),
        ("DataLoader(data)\nother(num_workers=4)", 0),
        ("'DataLoader(data, num_workers=4)'", 0),
        ("# DataLoader(data, num_workers=4)", 0),
        ("DataLoader(" * 1000 + "num_workers=4", 0),
    ],
)
def test_workers_are_the_number_of_the_call(text: str, workers: int) -> None:
    """The largest; what is computed, commented or of another call is none."""
    assert find_loader_workers(text.encode()) == workers
