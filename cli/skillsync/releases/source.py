"""A release's files: git knows what a release was, the environment which of them it runs."""

import io
import re
import subprocess
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from skillsync.errors import Problem

_GIT_SECONDS = 60
_DIRTY = "-dirty"
# What a registry takes as a tag: a release is asked for there by its name.
_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}")


@dataclass(frozen=True)
class Source:
    """A release by its name (a tag, else a short commit), its whole commit, and the folder that holds its `infra/`."""

    release: str
    commit: str
    root: Path

    @property
    def is_committed(self) -> bool:
        """Whether git can give it back later."""
        return not self.release.endswith(_DIRTY)


@contextmanager
def source(checkout: Path, release: str) -> Iterator[Source]:
    """The files of a release: of the working tree when `release` is "", else as they were at that tag or commit.

    Raises Problem when git does not know it, or is not there, and for a name that no image can have.
    """
    if not release:
        name = _git(checkout, "describe", "--tags", "--always")
        # A file that nobody has added counts too: it may be a template.
        name += _DIRTY if _git(checkout, "status", "--porcelain") else ""
        commit = _git(checkout, "rev-parse", "HEAD")
        _require_name(name, commit)
        yield Source(name, commit, checkout)
        return
    commit = commit_of(checkout, release)
    _require_name(release, commit)
    with tempfile.TemporaryDirectory(prefix="skillsync-release-") as folder:
        archive = _run(checkout, "archive", "--format=tar", commit, "--", "infra").stdout
        with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
            tar.extractall(folder, filter="data")
        yield Source(release, commit, Path(folder))


def commit_of(checkout: Path, release: str) -> str:
    """The commit of a tag, or of a commit's beginning. Raises Problem when git does not know it."""
    # What begins with a dash would be an option.
    found = _run(checkout, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{release}^{{commit}}", check=False)
    if found.returncode != 0:
        raise Problem(
            f"release {release}: git knows no such tag or commit here: `git fetch --tags`, or choose one of `git tag`."
        )
    return found.stdout.decode().strip()


def _require_name(release: str, commit: str) -> None:
    # Before an attempt of this name is noted, or a stack made for it.
    if not _NAME.fullmatch(release):
        raise Problem(
            f"release {release}: images are tagged with its name, so it is 1 to 128 letters, digits, '_', '.' and '-': "
            f"give the commit (--release {commit[:12]}) or a tag of such a name."
        )


def _git(checkout: Path, *arguments: str) -> str:
    return _run(checkout, *arguments).stdout.decode().strip()


def _run(checkout: Path, *arguments: str, check: bool = True) -> "subprocess.CompletedProcess[bytes]":
    try:
        done = subprocess.run(  # noqa: S603 - the arguments are ours
            ["git", "-C", str(checkout), *arguments],  # noqa: S607
            capture_output=True,
            timeout=_GIT_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise Problem(f"git cannot be run ({error}): a release is known by its commit.") from None
    if check and done.returncode != 0:
        said = " ".join(done.stderr.decode(errors="replace").split())
        raise Problem(f"git {arguments[0]}: {said or 'it failed'}: deploy from a git checkout with a commit.")
    return done
