"""Rules run over facts, and their findings come in one order."""

from msgspec.structs import replace

from layerscope.facts.fact_set import FactSet
from layerscope.facts.run import collect_facts
from layerscope.image.config import RuntimeConfig
from layerscope.rules.run import check_rules
from layerscope.rules.severity import Severity
from support.contexts import make_context
from support.sample_facts import IDENTITY, OTHER, PROCESS, PROOF
from support.tar_member import directory, file, whiteout

ROOT = replace(IDENTITY, specification="", uid=0)
FACTS = FactSet(
    [
        replace(PROOF, layer=5, found_digest=OTHER),
        replace(PROOF, found_digest=OTHER),
        ROOT,
        replace(PROCESS, has_health_check=False),
    ]
)


def test_the_worst_comes_first() -> None:
    """Then codes, then places."""
    findings = check_rules(FACTS)
    assert [finding.code for finding in findings] == ["LAY001", "LAY001", "CONF001", "CONF009"]
    assert [finding.severity for finding in findings] == [
        Severity.CRITICAL,
        Severity.CRITICAL,
        Severity.MEDIUM,
        Severity.INFO,
    ]


def test_runs_the_rules_that_are_selected() -> None:
    """By code or by name."""
    assert [finding.code for finding in check_rules(FACTS, select={"CONF001", "missing-health-check"})] == [
        "CONF001",
        "CONF009",
    ]
    assert check_rules(FACTS, select=()) == ()


def test_nothing_is_wrong_with_nothing() -> None:
    """A rule without its facts is silent."""
    assert check_rules(FactSet([])) == ()


def test_the_same_image_gives_the_same_findings() -> None:
    """In the same words and the same order."""
    layers = (
        [
            directory("app"),
            file("app/.netrc", b"machine x login y password hunter2"),
            file("app/big", b"x" * 2_000_000),
        ],
        [whiteout("app/big"), file("app/run", b"#!/bin/none\n", mode=0o755)],
    )
    runtime = RuntimeConfig(entrypoint=("/app/run",), env=("API_TOKEN=abc123x",), working_dir="/nowhere")
    first, second = (
        check_rules(collect_facts(make_context(*layers, steps=["COPY . /app", "RUN make"], runtime=runtime))[0])
        for _ in range(2)
    )
    assert first == second
    assert [finding.code for finding in first] == [
        "CONF002",
        "CONF006",
        "CONF011",
        "LAY101",
        "CONF001",
        "CONF005",
        "CONF009",
    ]


def test_no_finding_repeats_a_secret() -> None:
    """Not in messages, fixes or places, wherever it stood."""
    secret = "hunter2hunter2"
    context = make_context(
        [
            file("root/.netrc", f"machine x login y password {secret}".encode()),
            file("app/.env", f"TOKEN={secret}".encode()),
        ],
        [whiteout("root/.netrc")],
        steps=[
            f"|1 TOKEN={secret} /bin/sh -c curl -u me:{secret} http://x",
            f"RUN rm /root/.netrc --password {secret}",
        ],
        runtime=RuntimeConfig(
            env=(f"DB_PASSWORD={secret}",), cmd=("serve", "--password", secret), labels={"x.api_key": secret}
        ),
    )
    facts, gaps = collect_facts(context)
    findings = check_rules(facts)
    assert {"CONF002", "CONF011"} <= {finding.code for finding in findings}
    assert secret not in repr(findings)
    assert secret not in repr(gaps)
    assert secret not in repr(vars(facts))
    assert secret not in repr([scan.extracts for scan in context.scans])
