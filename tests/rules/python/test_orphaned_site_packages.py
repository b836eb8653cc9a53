"""PY011 orphaned-site-packages: what it flags and what it lets pass."""

from msgspec.structs import replace

from layerscope.facts.fact import Evidence
from layerscope.rules.python.orphaned_site_packages import OrphanedSitePackages
from layerscope.rules.severity import Severity
from support.cases import flags, ignores
from support.python_facts import DISTRIBUTION, ENVIRONMENT
from support.sample_facts import DAMAGED

SITE = "usr/local/lib/python3.10/site-packages"
SYSTEM = replace(ENVIRONMENT, kind="system", prefix="usr/local", is_active=False)
ORPHAN = replace(
    ENVIRONMENT,
    evidence=Evidence(None, SITE),
    kind="orphaned",
    prefix="usr/local",
    interpreter="",
    series="3.10",
    version="3.10",
    sites=(SITE,),
    is_active=False,
)
LOST = replace(DISTRIBUTION, environment=SITE, site=SITE)


def test_flags_the_directory_of_another_python() -> None:
    """Beside the one in use it was meant for that one."""
    (finding,) = flags(OrphanedSitePackages, SYSTEM, ENVIRONMENT, ORPHAN, LOST)
    assert finding.message == (
        f"/{SITE} holds 1 distribution (acme 1.0) of Python 3.10, which the image does not have; put there by layer 2 "
        "(RUN pip install acme); the process uses Python 3.11.9"
    )
    assert finding.severity is Severity.HIGH
    assert finding.fixes[0].steps[1] == "Or: RUN /opt/venv/bin/python -m pip install acme==1.0"


def test_elsewhere_it_is_medium() -> None:
    """Something else may look there."""
    (finding,) = flags(OrphanedSitePackages, ENVIRONMENT, ORPHAN, LOST)
    assert finding.severity is Severity.MEDIUM


def test_ignores_an_empty_directory_and_an_unread_layer() -> None:
    """The Python may lie in that layer."""
    ignores(OrphanedSitePackages, SYSTEM, ORPHAN)
    ignores(OrphanedSitePackages, DAMAGED, ORPHAN, LOST)
