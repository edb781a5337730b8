"""Install each service alone, as a release would be, and look at what is there.

For each service: a fresh environment with the kit, the service and their locked dependencies, from wheels and not from
the tree. Its main module must import, its migrations and event schemas must be inside the wheel and usable from there,
and no other service and no command may be importable. Exits 1 with one line for each thing that is wrong.
"""

import os
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SERVICES = ("users", "transactions", "notifications", "analytics")
NEVER = ("skillsync", "skillsync_testing")
IMPORT_SECONDS = 60


def main(root: Path = ROOT, services: tuple[str, ...] = SERVICES) -> int:
    """Check these services of the tree at `root`; return the exit status."""
    wrong: list[str] = []
    with tempfile.TemporaryDirectory(prefix="skillsync-alone-") as workplace:
        wheels = Path(workplace) / "wheels"
        packages = ["skillsync-kit", *(f"skillsync-{service}" for service in services)]
        for package in packages:
            _uv(root, "build", "--quiet", "--wheel", "--package", package, "--out-dir", str(wheels))
        for service in services:
            found = check(root, service, wheels, Path(workplace) / service)
            wrong += [f"{service}: {line}" for line in found]
            sys.stdout.write(f"{service}: {'wrong' if found else 'ok'}\n")
    sys.stdout.writelines(f"{line}\n" for line in wrong)
    return 1 if wrong else 0


def check(root: Path, service: str, wheels: Path, workplace: Path) -> list[str]:
    """Install one service into a fresh environment under `workplace`; return what is wrong with it."""
    package = f"skillsync_{service}"
    wheel = next(wheels.glob(f"{package}-*.whl"))
    python = _install(root, service, [wheel, next(wheels.glob("skillsync_kit-*.whl"))], workplace)
    wrong = _missing_files(root, service, wheel)
    wrong += _failure("its main module does not import", python, f"import {package}.main")
    for other in (*(f"skillsync_{name}" for name in SERVICES if name != service), *NEVER):
        refused = f"import importlib\ntry: importlib.import_module({other!r})\nexcept ModuleNotFoundError: pass\n"
        wrong += _failure(f"{other} is importable", python, f"{refused}else: raise SystemExit('found')")
    wrong += _failure(
        "its installed migrations do not run",
        python,
        f"import pathlib, {package}, skillsync_kit.migrations as migrations\n"
        f"directory = pathlib.Path({package}.__file__).parent / 'migrations'\n"
        f"migrations.upgrade('sqlite+aiosqlite:///{workplace}/try.sqlite', directory)",
    )
    return wrong


def _install(root: Path, service: str, wheels: list[Path], workplace: Path) -> Path:
    """Make the environment: the locked third-party packages, then our wheels; return its Python."""
    workplace.mkdir(parents=True)
    environment, requirements = workplace / "venv", workplace / "requirements.txt"
    only = ("--frozen", "--no-dev", "--no-emit-workspace", "--package", f"skillsync-{service}")
    _uv(root, "export", "--quiet", *only, "--output-file", str(requirements))
    _uv(root, "venv", "--quiet", "--no-project", "--python", sys.executable, str(environment))
    python = environment / "bin" / "python"
    install = ("pip", "install", "--quiet", "--python", str(python))
    _uv(root, *install, "--require-hashes", "--requirements", str(requirements))
    _uv(root, *install, "--no-deps", *map(str, wheels))
    _uv(root, "pip", "check", "--quiet", "--python", str(python))
    return python


def _missing_files(root: Path, service: str, wheel: Path) -> list[str]:
    """Compare the wheel with the tree's migrations and event schemas."""
    inside = set(zipfile.ZipFile(wheel).namelist())
    home = root / "services" / service
    migrations = sorted((home / "migrations").rglob("*.py"))
    schemas = sorted((home / "events").glob("*.json"))
    expected = {
        **{path: f"skillsync_{service}/migrations/{path.relative_to(home / 'migrations')}" for path in migrations},
        **{path: f"skillsync_{service}/event_schemas/{path.relative_to(home / 'events')}" for path in schemas},
    }
    wrong = [f"{path.relative_to(root)} is not in the wheel" for path, name in expected.items() if name not in inside]
    if not migrations:
        wrong.append("it has no migrations")
    return wrong


def _failure(message: str, python: Path, code: str) -> list[str]:
    """Run code in isolated mode, away from the tree; return the message and the last line of the error, if it fails."""
    done = subprocess.run(  # noqa: S603 - the code is that above
        [str(python), "-I", "-c", code],
        cwd=python.parent,
        capture_output=True,
        text=True,
        check=False,
        timeout=IMPORT_SECONDS,
    )
    if done.returncode == 0:
        return []
    return [f"{message}: {(done.stderr.strip() or str(done.returncode)).splitlines()[-1]}"]


def _uv(root: Path, *arguments: str) -> None:
    # This script runs inside the workspace's environment, which uv must not take for the one to fill.
    environment = {name: value for name, value in os.environ.items() if name != "VIRTUAL_ENV"}
    done = subprocess.run(  # noqa: S603 - the arguments are those above; the Makefile puts uv on the PATH
        ["uv", *arguments],  # noqa: S607
        cwd=root,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise SystemExit(f"uv {' '.join(arguments)}\n{done.stdout}{done.stderr}")


if __name__ == "__main__":
    sys.exit(main(services=tuple(sys.argv[1:]) or SERVICES))
