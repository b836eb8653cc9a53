"""Texts that attack the reports that show them, and an image that has one of them wherever text can stand."""

from typing import Final

from layerscope.audit.result import AuditResult, BaseImage
from layerscope.facts.fact import Evidence
from layerscope.facts.gap import Gap
from layerscope.facts.system.os_release import OsRelease
from layerscope.rules.severity import Severity
from support.example_packages import make_conda, make_distribution, make_jars, make_npm, make_system
from support.results import ResultRecipe, make_finding, make_result
from support.tar_writer import file

ATTACKS: Final = {
    "ansi": "a\x1b[2J\x1b]0;owned\x07\x1b]8;;http://evil.example\x07z",
    "rich": "[bold red]x[/] [link=http://evil.example]y[/link]",
    "html": "<script>alert(1)</script><img src=x onerror=alert(1)>\"'><svg/onload=x></details>",
    "markdown": "[x](http://evil.example) ![i](//evil.example/i) @admin #1 **b** `c` ``` | d | www.evil.example",
    "blocks": "\n\n# owned\n\n</details>\n```\n~~~\n- [ ] x\n> y\n<!-- z",
    "xml": "]]></failure><testcase name='x'/>&xxe;<!DOCTYPE a [<!ENTITY x SYSTEM 'file:///etc/passwd'>]><![CDATA[",
    "commands": "x\n::error file=x::owned\r\n##[error]owned\r::stop-commands::tok%0A::set-env name=a::b%25",
    "vso": "##vso[task.setvariable variable=a]b",
    "formula": "=cmd|' /C calc'!A0",
    "sum": "@SUM(1+1)*cmd|' /C calc'!A0",
    "plus": "+1-1\t=1",
    "turned": "safe\u202etxt.exe\u2066\u200b\u2028\u0085\ufeff",
    "surrogates": "byte-\udcff lone-\ud800 pair-\ud83d\ude00",
    "controls": "nul\x00 bs\x08 del\x7f non\ufffe\uffff tag\U000e0041 vt\x0b",
    "sarif": "\\[x](http://evil.example) [y](0) {0} {{",
    "templates": "${{ github.token }} {{constructor}} $(reboot) `reboot`",
    "purl": "pkg:a/../..//b@1?c=d#e%2F",
    "blank": " \t ",
    "long": "A" * 5000,
    "climbing": "../../../etc/passwd",
    "rooted": "///etc/passwd",
}
"""Each against another reader."""

REVEALED: Final = (
    "\x1b",
    "\x07",
    "\x00",
    "\x08",
    "\u202e",
    "\u2066",
    "\u200b",
    "\u2028",
    "\u0085",
    "\ufeff",
    "\U000e0041",
)
"""Characters that no report may hold as they are."""


def make_hostile(attack: str) -> AuditResult:
    """A result with that text in paths, messages, fixes, gaps, the history, names and packages."""
    found = [
        make_finding(
            "LAY104",
            (0, attack),
            (None, attack),
            rule="leftover-package-cache",
            message=f"The cache {attack} of {attack}",
            severity=Severity.HIGH,
            fix=f"Remove {attack}",
            steps=[attack, f"RUN rm {attack}"],
        ),
        make_finding("CONF002", rule="secret-in-environment", message=attack, severity=Severity.LOW),
        make_finding("LAY105", (1, None), rule="duplicate-file", message=f"{attack} twice"),
    ]
    facts = [
        OsRelease(Evidence(0, "etc/os-release"), attack, attack, attack, attack, (attack,)),
        *(make_system(manager, (attack, attack, attack)) for manager in ("dpkg", "rpm", "apk")),
        make_distribution(attack, attack, attack),
        make_npm((attack, attack), (f"@{attack}/{attack}", attack)),
        make_jars((attack, attack, attack), ("", attack, attack)),
        make_conda(attack, attack, f"https://{attack}/{attack}/linux-64"),
    ]
    return make_result(
        ResultRecipe(
            layers=[[file("bin/sh")], [file("app/x")]],
            instructions=[f"RUN echo {attack}", attack],
            findings=found,
            gaps=[Gap(attack, attack, attack)],
            facts=facts,
            base=BaseImage(attack, 1, "label"),
            reference=attack,
            notes=(attack,),
        )
    )
