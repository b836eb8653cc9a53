"""Which proxy is used for which address."""

import pytest

from layerscope.sources.registry.origin import Origin
from layerscope.sources.registry.proxies import find_proxy

PROXY = "http://proxy.corp:3128"


@pytest.mark.parametrize(
    ("host", "environment", "expected"),
    [
        ("ghcr.io", {"https_proxy": PROXY}, PROXY),
        ("ghcr.io", {"HTTPS_PROXY": PROXY}, PROXY),
        ("ghcr.io", {"ALL_PROXY": PROXY}, PROXY),
        ("ghcr.io", {"http_proxy": PROXY}, ""),
        ("ghcr.io", {"https_proxy": PROXY, "no_proxy": "ghcr.io"}, ""),
        ("eu.ghcr.io", {"https_proxy": PROXY, "NO_PROXY": "other, .ghcr.io"}, ""),
        ("notghcr.io", {"https_proxy": PROXY, "no_proxy": "ghcr.io"}, PROXY),
        ("ghcr.io", {"https_proxy": PROXY, "no_proxy": "ghcr.io:8443"}, PROXY),
        ("ghcr.io", {"https_proxy": PROXY, "no_proxy": "*"}, ""),
        ("10.1.2.3", {"https_proxy": PROXY, "no_proxy": "10.0.0.0/8"}, ""),
        ("11.1.2.3", {"https_proxy": PROXY, "no_proxy": "10.0.0.0/8"}, PROXY),
        ("10.1.2.3", {"https_proxy": PROXY, "no_proxy": "10.1.2.3:443"}, ""),
        ("10.1.2.3", {"https_proxy": PROXY, "no_proxy": "10.1.2.3:8443"}, PROXY),
        ("fd00::5", {"https_proxy": PROXY, "no_proxy": "fd00::5"}, ""),
        ("fd00::5", {"https_proxy": PROXY, "no_proxy": "FD00:0::5"}, ""),
        ("fd00::6", {"https_proxy": PROXY, "no_proxy": "fd00::5"}, PROXY),
        ("fd00::5", {"https_proxy": PROXY, "no_proxy": "fd00::/8"}, ""),
        ("fe00::5", {"https_proxy": PROXY, "no_proxy": "fd00::/8"}, PROXY),
        ("fd00::5", {"https_proxy": PROXY, "no_proxy": "[fd00::5]"}, ""),
        ("fd00::5", {"https_proxy": PROXY, "no_proxy": "[fd00::5]:443"}, ""),
        ("fd00::5", {"https_proxy": PROXY, "no_proxy": "[fd00::5]:5000"}, PROXY),
        ("fd00::5", {"https_proxy": PROXY, "no_proxy": "[fd00::]/8"}, ""),
        ("fd00::1%25.ghcr.io", {"https_proxy": PROXY, "no_proxy": ".ghcr.io"}, PROXY),
        ("ghcr.io", {"https_proxy": PROXY, "no_proxy": ".,:443,[,]"}, PROXY),
        ("127.0.0.1", {"https_proxy": PROXY}, ""),
        ("::1", {"https_proxy": PROXY}, ""),
        ("localhost", {"https_proxy": PROXY}, ""),
        ("ghcr.io", {}, ""),
    ],
)
def test_the_environment_decides(host: str, environment: dict[str, str], expected: str) -> None:
    """By scheme, in either case, with names, networks and ports left out."""
    assert find_proxy(Origin("https", host, 443), environment) == expected
