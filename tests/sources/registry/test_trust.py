"""What a registry may not do: take credentials elsewhere, and send us where only we can go."""

from collections.abc import Callable
from pathlib import Path

import pytest

from layerscope.audit.result import AuditResult
from layerscope.errors import SourceError
from layerscope.sources.registry.address_check import AddressCheck, ForbiddenAddressError, Reach, judge_address
from layerscope.sources.registry.challenge import Challenge, parse_challenges
from layerscope.sources.registry.endpoint import Endpoint
from layerscope.sources.registry.origin import Origin
from support.registry_server import (
    Registry,
    RegistryHandler,
    always,
    pack_password,
    serve_registry,
    write_docker_config,
)

Audit = Callable[..., AuditResult]


@pytest.mark.parametrize(
    ("address", "reach"),
    [
        ("8.8.8.8", Reach.PUBLIC),
        ("2001:4860:4860::8888", Reach.PUBLIC),
        ("10.1.2.3", Reach.PRIVATE),
        ("192.168.0.1", Reach.PRIVATE),
        ("100.64.0.1", Reach.PRIVATE),
        ("fd00::1", Reach.PRIVATE),
        ("127.8.8.8", Reach.LOOPBACK),
        ("::1", Reach.LOOPBACK),
        ("0.0.0.0", Reach.LOOPBACK),  # noqa: S104 - no binding
        ("::ffff:127.0.0.1", Reach.LOOPBACK),
        ("64:ff9b::7f00:1", Reach.LOOPBACK),
        ("::127.0.0.1", Reach.LOOPBACK),
        ("::ffff:0:127.0.0.1", Reach.LOOPBACK),
        ("2002:7f00:1::", Reach.LOOPBACK),
        ("64:ff9b::8.8.8.8", Reach.PUBLIC),
        ("fec0::1", Reach.PRIVATE),
        ("224.0.0.1", Reach.FORBIDDEN),
        ("169.254.169.254", Reach.FORBIDDEN),
        ("::ffff:169.254.169.254", Reach.FORBIDDEN),
        ("64:ff9b::169.254.169.254", Reach.FORBIDDEN),
        ("fd00:ec2::254", Reach.FORBIDDEN),
        ("168.63.129.16", Reach.FORBIDDEN),
        ("fe80::1%eth0", Reach.FORBIDDEN),
        ("fd00:ec2::23", Reach.FORBIDDEN),
        ("fd20:ce::254", Reach.FORBIDDEN),
        ("fd00:42::42", Reach.FORBIDDEN),
        ("fd00:c1::a9fe:a9fe", Reach.FORBIDDEN),
        ("fd00:a9fe:a9fe::1", Reach.FORBIDDEN),
        ("192.0.0.192", Reach.FORBIDDEN),
        ("192.0.0.8", Reach.PRIVATE),
        ("192.0.0.10", Reach.PRIVATE),
        ("64:ff9b:1::808:808", Reach.PRIVATE),
        ("64:ff9b:1:808:8:800::", Reach.PRIVATE),
        ("64:ff9b:1:a9fe:a9:fe00:808:808", Reach.FORBIDDEN),
        ("64:ff9b:1:a9:fe:a9fe::", Reach.FORBIDDEN),
        ("64:ff9b:1::a9:fea9:fe00:0", Reach.FORBIDDEN),
        ("64:ff9b:1::169.254.169.254", Reach.FORBIDDEN),
    ],
)
def test_addresses_are_judged_by_their_reach(address: str, reach: Reach) -> None:
    """In both families, and mapped from one into the other."""
    assert judge_address(address) is reach


HOME = Origin("https", "registry.example", 443)


@pytest.mark.parametrize("address", ["127.0.0.1", "10.0.0.1", "169.254.169.254"])
def test_a_public_registry_leads_to_no_private_place(address: str) -> None:
    """Whatever name it gives it, also its own on another port."""
    check = AddressCheck(HOME)
    check.check("registry.example", 443, "93.184.216.34")
    check.check("cdn.example", 443, "93.184.216.35")
    for host, port in (("inside.example", 443), ("registry.example", 8080)):
        with pytest.raises(ForbiddenAddressError, match=rf"leads to {host} \({address}\)"):
            check.check(host, port, address)


def test_a_name_that_turns_inward_is_not_followed() -> None:
    """A registry is where it was when it was first reached (DNS rebinding), and nobody may be where nothing should."""
    check = AddressCheck(HOME)
    check.check("registry.example", 443, "93.184.216.34")
    with pytest.raises(ForbiddenAddressError):
        check.check("registry.example", 443, "127.0.0.1")
    with pytest.raises(ForbiddenAddressError):
        AddressCheck(HOME).check("registry.example", 443, "169.254.169.254")
    AddressCheck(Origin("http", "169.254.7.7", 80)).check("169.254.7.7", 80, "169.254.7.7")


def test_a_private_registry_may_lead_to_its_own_kind_and_to_public_places() -> None:
    """A token server beside it, a store in a cloud; not this host, not the cloud's metadata."""
    check = AddressCheck(Origin("https", "registry.corp", 443))
    check.check("registry.corp", 443, "10.0.0.5")
    check.check("auth.corp", 443, "10.0.0.6")
    check.check("store.example", 443, "93.184.216.34")
    for address in ("127.0.0.1", "169.254.169.254", "fd00:ec2::254", "100.100.100.200"):
        with pytest.raises(ForbiddenAddressError):
            check.check("other.corp", 443, address)


def test_nobody_but_the_registry_is_told_who_we_are(audit: Audit, demo: Registry, tmp_path: Path) -> None:
    """A host that a redirect leads to may ask, and may name a place for tokens: it gets neither password nor token."""
    demo.user = "tester"
    environment = write_docker_config(tmp_path, demo, auth=pack_password("tester", "s3cret"))
    with serve_registry() as thief:
        thief.user, thief.scheme = "tester", "bearer"

        def lead_away(handler: RegistryHandler, path: str) -> bool:
            if "/blobs/" not in path or handler.headers.get("Authorization") is None:
                return False
            handler.reply(307, b"", Location=f"http://{thief.address}{path}")
            return True

        demo.fault = lead_away
        with pytest.raises(SourceError, match="asks who we are, and is not told"):
            audit(demo, environment=environment)
        assert thief.count("/token") == 0
        assert set(thief.authorizations) == {None}


def test_credentials_stay_with_their_host(audit: Audit, demo: Registry, tmp_path: Path) -> None:
    """A redirect to another host is followed without them."""
    demo.user = "tester"
    environment = write_docker_config(tmp_path, demo, auth=pack_password("tester", "s3cret"))
    with serve_registry() as store:
        store.blobs = dict(demo.blobs)

        def lead_away(handler: RegistryHandler, path: str) -> bool:
            if "/blobs/" not in path or handler.headers.get("Authorization") is None:
                return False
            handler.reply(307, b"", Location=f"http://{store.address}{path}")
            return True

        demo.fault = lead_away
        result = audit(demo, environment=environment)
        assert result.is_intact
        assert store.requests
        assert set(store.authorizations) == {None}


@pytest.mark.parametrize(
    "place",
    ["ftp://127.0.0.1/x", "http://user@127.0.0.1/x", "file:///etc/passwd", "http://[x/", "http://a\\.localhost/x"],
)
def test_redirects_go_to_web_addresses_only(place: str, audit: Audit, demo: Registry) -> None:
    """And to none with a name in it."""
    demo.fault = always("/manifests/", 307, Location=place)
    with pytest.raises(SourceError, match="expected an"):
        audit(demo)


@pytest.mark.parametrize("realm", ["file:///x", "http://[x/", "http://user@127.0.0.1/"])
def test_a_realm_is_a_web_address(realm: str, audit: Audit, demo: Registry) -> None:
    """Nothing else is asked for a token."""
    demo.user = "tester"
    demo.fault = always("/manifests/", 401, WWW_Authenticate=f'Bearer realm="{realm}"')
    with pytest.raises(SourceError, match=r"tokens are had at: .*, expected an http or https address"):
        audit(demo)


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ('Basic realm="x"', [Challenge("basic", {"realm": "x"})]),
        (
            'Bearer realm="https://auth/token",service="r",scope="repository:a/b:pull,push"',
            [Challenge("bearer", {"realm": "https://auth/token", "service": "r", "scope": "repository:a/b:pull,push"})],
        ),
        (
            'Negotiate, Basic realm="a \\"b\\"", Bearer realm=plain',
            [
                Challenge("negotiate", {}),
                Challenge("basic", {"realm": 'a "b"'}),
                Challenge("bearer", {"realm": "plain"}),
            ],
        ),
        ('NTLM abc==, Basic realm="q"', [Challenge("ntlm", {}), Challenge("basic", {"realm": "q"})]),
        ('Negotiate YWJj/+-._~=,Basic realm="q"', [Challenge("negotiate", {}), Challenge("basic", {"realm": "q"})]),
        ("", []),
        ('Bearer realm="unclosed', [Challenge("bearer", {})]),
    ],
)
def test_challenges_are_read(header: str, expected: list[Challenge]) -> None:
    """Several in one header too; what is broken ends it."""
    assert list(parse_challenges([header])) == expected


@pytest.mark.parametrize(
    ("registry", "url"),
    [
        ("docker.io", "https://registry-1.docker.io"),
        ("ghcr.io", "https://ghcr.io"),
        ("localhost:5000", "http://localhost:5000"),
        ("127.0.0.1:5000", "http://127.0.0.1:5000"),
        ("[::1]:5000", "http://[::1]:5000"),
        ("registry.corp:5000", "https://registry.corp:5000"),
        ("Registry.Example", "https://registry.example"),
        ("foo.localhost:5000", "https://foo.localhost:5000"),
    ],
)
def test_loopback_alone_is_asked_in_the_clear(registry: str, url: str) -> None:
    """As engines do it."""
    assert Endpoint.of(registry).url == url


def test_an_identity_token_is_sent_to_no_other_host(audit: Audit, demo: Registry, tmp_path: Path) -> None:
    """A redirect of the request that carries it is not followed."""
    demo.user, demo.scheme = "tester", "bearer"
    environment = write_docker_config(tmp_path, demo, identitytoken="identity")
    with serve_registry() as other:
        demo.post_fault = always("/token", 307, Location=f"http://{other.address}/token")
        with pytest.raises(SourceError, match="expected an answer"):
            audit(demo, environment=environment)
        assert other.requests == []
