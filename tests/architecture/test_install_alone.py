"""The one-service install check is seen to fail on what it is there to find."""

import subprocess
import sys
from pathlib import Path


def test_a_service_that_leans_on_another_or_forgets_its_files_is_found(tree: Path) -> None:
    home = tree / "services" / "transactions"
    with (home / "skillsync_transactions" / "main.py").open("a") as main:
        main.write("\nimport skillsync_analytics\n")
    project = (home / "pyproject.toml").read_text()
    without_files, _, after = project.partition("[tool.hatch.build.targets.wheel.force-include]")
    with_another = without_files.replace(
        'packages = ["skillsync_transactions"]', 'packages = ["skillsync_transactions", "skillsync_users"]'
    )
    assert with_another != without_files
    (home / "pyproject.toml").write_text(with_another + after[after.index("[tool.uv.sources]") :])
    (home / "skillsync_users").mkdir()
    (home / "skillsync_users" / "__init__.py").touch()

    done = subprocess.run(
        [sys.executable, "scripts/install_alone.py", "transactions"],
        cwd=tree,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 1, done.stdout + done.stderr
    assert "its main module does not import: ModuleNotFoundError: No module named 'skillsync_analytics'" in done.stdout
    assert "skillsync_users is importable: found" in done.stdout
    assert "services/transactions/migrations/" in done.stdout
    assert "is not in the image" in done.stdout
    assert "its installed migrations do not run" in done.stdout
