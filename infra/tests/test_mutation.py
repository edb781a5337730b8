"""Each planted error is caught by somebody: our own rules, cfn-lint, or checkov."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from skillsync_testing.proofs import Proof

from .linters import checked, linted
from .mutations import MUTATIONS
from .test_checkov import WAIVERS
from .test_rules import found

Json = dict[str, Any]
Render = Callable[[str, str], Json]
OfType = Callable[[Json, str], dict[str, Json]]


@pytest.mark.prove
def test_every_planted_error_is_caught(proof: Proof, render: Render, of_type: OfType, tmp_path: Path) -> None:
    mutants: dict[str, Json] = {}
    for number, mutation in enumerate(MUTATIONS):
        template = render("prod", mutation.stack)
        mutation.change(template["Resources"])
        mutants[f"{number:02}"] = template
    waived = {(waiver["check"], waiver["resource"]) for waiver in WAIVERS}
    by_checkov = {number: findings - waived for number, findings in checked(mutants, tmp_path).items()}
    tally = {"own rules": 0, "cfn-lint": 0, "checkov": 0}
    caught = 0
    for number in proof.rounds(len(MUTATIONS)):
        mutation, template = MUTATIONS[number], mutants[f"{number:02}"]
        by = {
            "own rules": bool(found(template, mutation.stack, "prod", of_type)),
            "cfn-lint": bool(linted(template)),
            "checkov": bool(by_checkov[f"{number:02}"]),
        }
        for check, has_caught in by.items():
            tally[check] += has_caught
        caught += any(by.values())
        catchers = ", ".join(check for check, has_caught in by.items() if has_caught) or "NOBODY"
        proof.say(f"  {mutation.stack:<20} {mutation.what:<50} {catchers}")
    proof.record(
        "templates",
        f"{len(MUTATIONS)} planted template errors, each caught by some check",
        {"caught": len(MUTATIONS)},
        {"caught": caught},
        ", ".join(f"{check}: {number}" for check, number in tally.items()),
    )
