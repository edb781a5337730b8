"""Run every check, one line each; a failing one shows all it said, and the rest run nevertheless.

Exits 0 when all passed, else 1. `check.py NAME …` runs only the named ones.
"""

import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TOOLS = Path(sys.executable).parent
# On two cores: tests often wait, for the disk, for a process to start or to drain. Which share one:
# `skillsync_testing.scheduling`.
THREE_AT_ONCE = ("-n", "3", "--dist", "loadscope")
GREEN, RED, BOLD, PLAIN = ("\033[32m", "\033[31m", "\033[1m", "\033[0m")


@dataclass(frozen=True)
class Check:
    """A named list of commands; it passes when each of them exits 0. A `live` one shows its output as it comes."""

    name: str
    commands: list[list[str]]
    live: bool = False


def tool(name: str, *arguments: str) -> list[str]:
    """Return the command line of a tool of the locked environment."""
    return [str(TOOLS / name), *arguments]


def npm(script: str) -> list[str]:
    """Return the command line of a script of the web app's, with the Node that the web app is built with."""
    return ["sh", "scripts/web.sh", "--run", script]


def checks() -> list[Check]:
    """Return all checks, quick ones first, so that a slip shows early."""
    # One run for each: tests folders of several distributions have modules of the same name.
    typed = ["kit", "cli", "testing", *sorted(f"services/{path.name}" for path in (ROOT / "services").iterdir())]
    typed += ["bench", "infra", "tests", "scripts", "conftest.py"]
    infra = ROOT / "infra"
    templates = sorted(
        str(path.relative_to(ROOT)) for folder in ("templates", "bootstrap") for path in (infra / folder).glob("*.yaml")
    )
    workflows = sorted(str(path.relative_to(ROOT)) for path in (ROOT / ".github" / "workflows").glob("*.yaml"))
    schema = tool("check-jsonschema", "--quiet", "--builtin-schema")
    return [
        Check("lint", [tool("ruff", "check", ".")]),
        Check("format", [tool("ruff", "format", "--check", ".")]),
        Check(
            "locks", [["uv", "lock", "--check", "--project", project] for project in (".", "cloud", "infra/checkov")]
        ),
        Check("contracts", [tool("lint-imports", "--no-logo")]),
        Check("templates", [tool("cfn-lint", *templates)]),
        Check("containers", [tool("hadolint", "Dockerfile"), [*schema, "vendor.compose-spec", "compose.yaml"]]),
        Check(
            "workflows",
            [
                [*schema, "vendor.github-workflows", *workflows],
                tool("zizmor", "--offline", "--quiet", "--no-progress", "--min-severity", "medium", ".github"),
            ],
        ),
        Check("openapi", [[sys.executable, "scripts/openapi.py", "--check"]]),
        Check("web", [npm("lint"), npm("types")]),
        Check("types", [tool("mypy", folder) for folder in typed]),
        Check("installs", [[sys.executable, "scripts/install_alone.py"]]),
        Check("tests", [tool("pytest", *THREE_AT_ONCE)], live=True),
    ]


def run(check: Check) -> bool:
    """Run the commands, print one line (and, on failure, all output), and tell whether all passed."""
    start = time.monotonic()
    failed: list[str] = []
    for command in check.commands:
        done = subprocess.run(  # noqa: S603 - the commands are those above; the Makefile puts uv on the PATH
            command,
            cwd=ROOT,
            stdout=None if check.live else subprocess.PIPE,
            stderr=None if check.live else subprocess.STDOUT,
            text=True,
            check=False,
        )
        if done.returncode != 0:
            failed.append(f"$ {' '.join(command)}\n{done.stdout or ''}")
    seconds = time.monotonic() - start
    verdict = f"{RED}failed{PLAIN}" if failed else f"{GREEN}ok{PLAIN}"
    say(f"{check.name:<10} {seconds:6.1f} s  {verdict}")
    if failed and not check.live:
        say("\n".join(failed))
    return not failed


def say(line: str) -> None:
    """Print a line, without colours when nobody looks."""
    if not sys.stdout.isatty():
        for code in (GREEN, RED, BOLD, PLAIN):
            line = line.replace(code, "")
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def main(names: list[str], among: list[Check] | None = None) -> int:
    """Run the named checks, or all; return the exit status."""
    known = {check.name: check for check in among or checks()}
    unknown = [name for name in names if name not in known]
    if unknown:
        say(f"no such check: {', '.join(unknown)}; there are: {', '.join(known)}")
        return 2
    start = time.monotonic()
    failed = [name for name in (names or known) if not run(known[name])]
    seconds = time.monotonic() - start
    verdict = f"{RED}failed: {', '.join(failed)}{PLAIN}" if failed else f"{GREEN}all ok{PLAIN}"
    say(f"{BOLD}{'check':<10}{PLAIN} {seconds:6.1f} s  {verdict}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
