"""The two linters, as the tests run them."""

import json
import os
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from cfnlint.api import lint  # type: ignore[import-untyped]

from skillsync import stacks

Json = dict[str, Any]

# The zones stand in an evaluated template by name: !GetAZs is what gave them.
ARTEFACTS = {"W3010"}
CHECKOV = stacks.root() / "infra" / "checkov"


def linted(template: Json) -> list[str]:
    """What cfn-lint says of an evaluated template."""
    return [str(match) for match in lint(json.dumps(template)) if match.rule.id not in ARTEFACTS]


def checked(evaluated: Mapping[str, Json], folder: Path) -> dict[str, set[tuple[str, str]]]:
    """What checkov finds in each of the templates, as its rule's number and the resource's logical name.

    One process for all: to start takes it seconds. Its environment is made when it is not there.
    """
    for name, template in evaluated.items():
        (folder / f"{name}.json").write_text(json.dumps(template), encoding="utf-8")
    # Nothing of the project's own environment: checkov's libraries are older.
    environment = {name: value for name, value in os.environ.items() if name not in ("VIRTUAL_ENV", "PYTHONPATH")}
    # Where scripts/bootstrap.sh puts uv when the machine has none.
    environment["PATH"] = os.pathsep.join((os.environ["PATH"], str(stacks.root() / ".uv" / "bin")))
    uv = shutil.which("uv", path=environment["PATH"]) or "uv"
    command = [uv, "run", "--quiet", "--frozen", "--project", str(CHECKOV), "checkov", "--directory", str(folder)]
    options = ["--framework", "cloudformation", "--output", "json", "--compact", "--quiet", "--soft-fail"]
    done = subprocess.run([*command, *options], capture_output=True, text=True, check=True, env=environment)  # noqa: S603
    report = json.loads(done.stdout)
    if report["summary"]["parsing_errors"]:
        raise AssertionError(f"checkov cannot read: {report['results']['parsing_errors']}")
    found: dict[str, set[tuple[str, str]]] = {name: set() for name in evaluated}
    for failed in report["results"]["failed_checks"]:
        name = Path(failed["file_path"]).stem
        found[name].add((failed["check_id"], failed["resource"].rpartition(".")[2]))
    return found
