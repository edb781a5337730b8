"""A copy of the tree to plant violations in."""

import shutil
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
COPIED = ("kit", "cli", "testing", "services", "scripts", "pyproject.toml", "uv.lock", "Dockerfile")


@pytest.fixture
def root() -> Path:
    """The repository's root."""
    return ROOT


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A copy of the workspace's code, for a test to spoil."""
    copy = tmp_path / "tree"
    copy.mkdir()
    for name in COPIED:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, copy / name, ignore=shutil.ignore_patterns("__pycache__", ".*", "tests"))
        else:
            shutil.copy(source, copy / name)
    return copy
