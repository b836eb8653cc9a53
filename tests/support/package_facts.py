"""Facts on the distribution's packages as collectors give them; tests change what they are about."""

from layerscope.facts.fact import Evidence
from layerscope.facts.system.package_files import MissingPackageFiles

LIBRARY = MissingPackageFiles(
    evidence=Evidence(2, "usr/lib/libgomp.so.1"),
    manager="dpkg",
    package="libgomp1",
    version="12.2",
    kind="library",
    count=1,
    paths=("usr/lib/libgomp.so.1",),
    removed_by=2,
    instruction="RUN rm /usr/lib/libgomp.so.1",
)
