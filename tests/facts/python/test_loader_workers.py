"""Workers of the loaders in the scripts that an image starts."""

from layerscope.facts.fact import Evidence
from layerscope.facts.python.loader_workers import LoaderWorkers, LoaderWorkersCollector
from layerscope.image.config import RuntimeConfig
from support.contexts import collect, make_context
from support.tar_member import file

SCRIPT = file("app/train.py", b"DataLoader(data, num_workers=8)\n")


def test_the_started_script_counts() -> None:
    """One that lies there and is not started does not."""
    started = make_context((SCRIPT,), runtime=RuntimeConfig(cmd=("python3", "/app/train.py")))
    assert list(collect(LoaderWorkersCollector, started)) == [LoaderWorkers(Evidence(0, "app/train.py"), 8)]
    other = make_context((SCRIPT,), runtime=RuntimeConfig(cmd=("python3", "/app/serve.py")))
    assert list(collect(LoaderWorkersCollector, other)) == []
