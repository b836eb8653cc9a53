"""Facts about Python as collectors give them; tests change what they are about."""

from layerscope.facts.fact import Evidence
from layerscope.facts.python.distributions import Distribution
from layerscope.facts.python.environments import PythonEnvironment
from layerscope.facts.python.extensions import UnloadableExtensions
from layerscope.facts.python.integrity import DamagedDistribution
from layerscope.facts.python.numpy_modules import OldNumpyModules
from layerscope.facts.python.wheel_tags import UnsuitableWheel

SITE = "opt/venv/lib/python3.11/site-packages"

ENVIRONMENT = PythonEnvironment(
    evidence=Evidence(layer=1, path="opt/venv"),
    kind="virtual",
    prefix="opt/venv",
    interpreter="usr/local/bin/python3.11",
    implementation="cpython",
    series="3.11",
    version="3.11.9",
    soabi="cpython-311-x86_64-linux-gnu",
    is_free_threaded=False,
    libc="glibc",
    machine="x86_64",
    sites=(SITE,),
    borrowed=(),
    is_active=True,
    instruction="RUN python -m venv /opt/venv",
)

DISTRIBUTION = Distribution(
    evidence=Evidence(layer=2, path=f"{SITE}/acme-1.0.dist-info"),
    name="acme",
    key="acme",
    version="1.0",
    environment="opt/venv",
    site=SITE,
    layer=2,
    instruction="RUN pip install acme",
    installer="pip",
    size=1000,
    files=10,
)

WHEEL = UnsuitableWheel(
    evidence=Evidence(layer=2, path=f"{SITE}/acme-1.0.dist-info"),
    environment="opt/venv",
    site=SITE,
    name="acme",
    version="1.0",
    tag="cp310-cp310-manylinux_2_28_x86_64",
    reason="version",
    layer=2,
    instruction="COPY --from=build /venv /opt/venv",
)

MODULES = UnloadableExtensions(
    evidence=Evidence(layer=2, path=f"{SITE}/acme/_c.cpython-310-x86_64-linux-gnu.so"),
    environment="opt/venv",
    site=SITE,
    package="acme",
    distribution="acme 1.0",
    tag="cpython-310-x86_64-linux-gnu",
    wanted="cpython-311-x86_64-linux-gnu",
    reason="version",
    count=2,
    examples=(f"{SITE}/acme/_c.cpython-310-x86_64-linux-gnu.so",),
    layer=2,
    instruction="COPY --from=build /venv /opt/venv",
)

MISSING = DamagedDistribution(
    evidence=Evidence(3, f"{SITE}/acme/_c.so"),
    environment="opt/venv",
    site=SITE,
    key="acme",
    name="acme",
    version="1.0",
    installer="pip",
    files=10,
    missing=2,
    missing_code=1,
    missing_examples=(f"{SITE}/acme/_c.so", f"{SITE}/acme/data.txt"),
    missing_by=3,
    missing_instruction="RUN find / -size +1M -delete",
    altered=0,
    altered_code=0,
    altered_examples=(),
    altered_by=None,
    altered_instruction="",
)

OLD_NUMPY = OldNumpyModules(
    evidence=Evidence(2, f"{SITE}/acme/_c.so"),
    environment="opt/venv",
    site=SITE,
    package="acme",
    distribution="acme 1.0",
    count=3,
    examples=(f"{SITE}/acme/_c.so",),
    layer=2,
    instruction="RUN pip install acme",
    needs_numpy=True,
    numpy="2.1.0",
    numpy_place=Evidence(4, f"{SITE}/numpy-2.1.0.dist-info"),
    numpy_layer=4,
    numpy_instruction="RUN pip install -U numpy",
)
