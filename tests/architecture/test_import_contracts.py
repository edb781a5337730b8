"""Each import contract of pyproject.toml is seen to fail on a violation planted for it, and to pass without."""

import os
import subprocess
import sys
import tomllib
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("kit", "cli", "testing", *(f"services/{path.name}" for path in (ROOT / "services").iterdir()))


@dataclass(frozen=True)
class Plant:
    """A line that breaks a contract, added to a file of the copied tree (made when absent)."""

    contract: str
    file: str
    line: str
    reported: str

    def __str__(self) -> str:
        return f"{self.contract}-{Path(self.file).stem}"


USERS, TRANSACTIONS = "services/users/skillsync_users", "services/transactions/skillsync_transactions"
NOTIFICATIONS, ANALYTICS = "services/notifications/skillsync_notifications", "services/analytics/skillsync_analytics"

PLANTS = [
    Plant(
        "independent-services",
        f"{TRANSACTIONS}/clients.py",
        "from skillsync_users import settings",
        "skillsync_transactions is not allowed to import skillsync_users",
    ),
    Plant(
        "independent-services",
        f"{ANALYTICS}/main.py",
        "import skillsync_notifications",
        "skillsync_analytics is not allowed to import skillsync_notifications",
    ),
    Plant(
        "kit-below-all",
        "kit/skillsync_kit/clock.py",
        "import skillsync_analytics",
        "skillsync_kit is not allowed to import skillsync_analytics",
    ),
    Plant(
        "kit-below-all",
        "kit/skillsync_kit/clock.py",
        "import skillsync",
        "skillsync_kit is not allowed to import skillsync",
    ),
    Plant(
        "command-beside-services",
        "cli/skillsync/planted.py",
        "import skillsync_users",
        "skillsync is not allowed to import skillsync_users",
    ),
    Plant(
        "services-without-command",
        f"{USERS}/main.py",
        "import skillsync.main",
        "skillsync_users is not allowed to import skillsync",
    ),
    Plant(
        "no-test-tools",
        f"{NOTIFICATIONS}/main.py",
        "import skillsync_testing.ports",
        "skillsync_notifications is not allowed to import skillsync_testing",
    ),
    Plant(
        "no-test-tools", "kit/skillsync_kit/clock.py", "import pytest", "skillsync_kit is not allowed to import pytest"
    ),
    Plant(
        "layers",
        f"{TRANSACTIONS}/entities.py",
        "from skillsync_transactions import service",
        "skillsync_transactions.entities is not allowed to import skillsync_transactions.service",
    ),
    Plant(
        "layers",
        f"{NOTIFICATIONS}/router.py",
        "from skillsync_notifications import consumer",
        "skillsync_notifications.router is not allowed to import skillsync_notifications.consumer",
    ),
    Plant("layers", f"{TRANSACTIONS}/helpers.py", "import json", "- skillsync_transactions.helpers"),
    Plant(
        "layers-of-analytics",
        f"{ANALYTICS}/tables.py",
        "from skillsync_analytics import queries",
        "skillsync_analytics.tables is not allowed to import skillsync_analytics.queries",
    ),
    Plant("layers-of-analytics", f"{ANALYTICS}/service.py", "import json", "- skillsync_analytics.service"),
    Plant(
        "layers-of-users",
        f"{USERS}/profiles/service.py",
        "from skillsync_users import main",
        "skillsync_users.profiles is not allowed to import skillsync_users.main",
    ),
    Plant("layers-of-users", f"{USERS}/helpers.py", "import json", "- skillsync_users.helpers"),
    Plant(
        "layers-of-features",
        f"{USERS}/profiles/repository.py",
        "from skillsync_users.profiles import service",
        "skillsync_users.profiles.repository is not allowed to import skillsync_users.profiles.service",
    ),
    Plant("layers-of-features", f"{USERS}/offerings/helpers.py", "import json", "- skillsync_users.offerings.helpers"),
    Plant(
        "pure-entities",
        f"{TRANSACTIONS}/entities.py",
        "import sqlalchemy",
        "skillsync_transactions.entities is not allowed to import sqlalchemy",
    ),
    Plant(
        "pure-entities",
        f"{USERS}/profiles/entities.py",
        "from botocore.exceptions import ClientError",
        "skillsync_users.profiles.entities is not allowed to import botocore",
    ),
    Plant(
        "no-sql-in-routes",
        f"{TRANSACTIONS}/router.py",
        "from skillsync_transactions import repository",
        "skillsync_transactions.router is not allowed to import skillsync_transactions.repository",
    ),
    Plant(
        "no-sql-in-routes",
        f"{ANALYTICS}/consumer.py",
        "from skillsync_analytics.tables import counted",
        "skillsync_analytics.consumer is not allowed to import skillsync_analytics.tables",
    ),
    Plant(
        "no-sql-in-routes",
        f"{USERS}/offerings/router.py",
        "from skillsync_users.offerings import repository",
        "skillsync_users.offerings.router is not allowed to import skillsync_users.offerings.repository",
    ),
]


def lint(tree: Path, contract: str | None = None) -> subprocess.CompletedProcess[str]:
    """Check one contract, or all, of the code in a tree; its packages win over the installed ones."""
    chosen = ["--contract", contract] if contract else []
    search_path = os.pathsep.join(str(tree / package) for package in PACKAGES)
    return subprocess.run(  # noqa: S603 - the tool of our own environment
        [str(Path(sys.executable).parent / "lint-imports"), "--no-cache", "--no-logo", *chosen],
        cwd=tree,
        env={**os.environ, "PYTHONPATH": search_path, "COLUMNS": "300"},
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_code_keeps_every_contract(tree: Path) -> None:
    done = lint(tree)
    assert done.returncode == 0, done.stdout + done.stderr
    assert " 0 broken" in done.stdout


def test_each_contract_has_a_violation_planted_for_it() -> None:
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    assert {plant.contract for plant in PLANTS} == {contract["id"] for contract in contracts}


@pytest.mark.parametrize("plant", PLANTS, ids=str)
def test_a_planted_violation_breaks_its_contract(plant: Plant, tree: Path) -> None:
    file = tree / plant.file
    if file.with_suffix("").is_dir():
        # The module has been split into a package of the same name.
        file = file.with_suffix("") / "__init__.py"
    file.parent.mkdir(exist_ok=True)
    (file.parent / "__init__.py").touch()
    with file.open("a") as source:
        source.write(f"\n{plant.line}\n")
    done = lint(tree, plant.contract)
    assert done.returncode == 1, done.stdout + done.stderr
    assert " 1 broken" in done.stdout
    assert plant.reported in done.stdout
