"""A state directory of the test's own, in the real checkout."""

from pathlib import Path

import pytest

from skillsync.paths import Paths, find_paths


@pytest.fixture
def paths(tmp_path: Path) -> Paths:
    made = Paths(root=find_paths().root, state=tmp_path / "state")
    made.make_directories()
    return made
