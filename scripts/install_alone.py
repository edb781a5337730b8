"""Install each service alone, as its image has it, and look at what is there; the operators' API too.

For each service: the files that the Dockerfile copies, the `uv sync` lines that it runs, and so the very environment of
the image. Its main module must import, its migrations and event schemas must be inside and usable from there, no other
service, no command and no build tool may be importable; then the process must start from it, answer its own health
check, and drain. Exits 1 with one line for each thing that is wrong.

The operators' API comes with the command and has neither migrations nor a database.
"""

import os
import re
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SERVICES = ("users", "transactions", "notifications", "analytics")
OPERATIONS = "operations"
NEVER = ("skillsync_testing", "pip", "uv", "hatchling", "setuptools")
# The stages of the Dockerfile that make a service's environment, in order; and that of the operators' API.
STAGES = ("uv", "service-environment")
OPERATIONS_STAGES = ("uv", "tools-environment")
COMMAND_SECONDS = 120
AT_ONCE = 2
# Nobody is asked: to start, a process needs no more than to know where they are.
SETTINGS = {
    "SKILLSYNC_ENVIRONMENT": "local",
    "SKILLSYNC_TOKEN_ISSUER": "https://issuer.example",
    "SKILLSYNC_JWKS_URL": "http://127.0.0.1:9/jwks.json",
    "SKILLSYNC_WEB_CLIENT_ID": "web",
    "SKILLSYNC_WORKER_CLIENT_ID": "worker",
    "SKILLSYNC_WORKER_SECRET_ID": "secret",
    "SKILLSYNC_TOKEN_URL": "http://127.0.0.1:9/token",
    "SKILLSYNC_TOPIC_ARN": "arn:aws:sns:us-east-1:000000000000:events",
    "SKILLSYNC_QUEUE_URL": "http://127.0.0.1:9/000000000000/queue",
    "SKILLSYNC_FEEDBACK_QUEUE_URL": "http://127.0.0.1:9/000000000000/feedback",
    "SKILLSYNC_USER_POOL_ID": "us-east-1_pool",
    "SKILLSYNC_MAIL_SENDER": "no-reply@skillsync.example",
    "SKILLSYNC_WEB_URL": "http://127.0.0.1:9",
    **{f"SKILLSYNC_{service.upper()}_URL": "http://127.0.0.1:9" for service in SERVICES},
    "SKILLSYNC_QUEUES": "{}",
    "SKILLSYNC_PROCESSES": "{}",
    "AWS_ENDPOINT_URL": "http://127.0.0.1:9",
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_REGION": "us-east-1",
    "AWS_ACCESS_KEY_ID": "test",
    "AWS_SECRET_ACCESS_KEY": "test",
}


def main(root: Path = ROOT, services: tuple[str, ...] = (*SERVICES, OPERATIONS)) -> int:
    """Check these services of the tree at `root`; return the exit status."""
    with (
        tempfile.TemporaryDirectory(prefix="skillsync-alone-") as workplace,
        ThreadPoolExecutor(AT_ONCE) as pool,
    ):
        found = dict(
            zip(services, pool.map(lambda one: check(root, one, Path(workplace) / one), services), strict=True)
        )
    for service, wrong in found.items():
        sys.stdout.write(f"{service}: {'wrong' if wrong else 'ok'}\n")
        sys.stdout.writelines(f"{service}: {line}\n" for line in wrong)
    return 1 if any(found.values()) else 0


def check(root: Path, service: str, workplace: Path) -> list[str]:
    """Make the environment of one service's image under `workplace`; return what is wrong with it."""
    python = build(root, service, workplace)
    if service == OPERATIONS:
        wrong = _strangers(python, SERVICES)
        return wrong or _run(python, "skillsync.operations.api.main", SETTINGS)
    package = f"skillsync_{service}"
    installed = next(python.parent.parent.glob("lib/python*/site-packages")) / package
    wrong = _missing_files(root, service, installed)
    wrong += _failure("its main module does not import", python, f"import {package}.main")
    wrong += _strangers(python, tuple(name for name in SERVICES if name != service))
    wrong += _failure("skillsync is importable", python, _refused("skillsync"))
    database = f"sqlite+aiosqlite:///{workplace}/try.sqlite"
    wrong += _failure(
        "its installed migrations do not run",
        python,
        f"import pathlib, {package}, skillsync_kit.migrations as migrations\n"
        f"directory = pathlib.Path({package}.__file__).parent / 'migrations'\n"
        f"migrations.upgrade({database!r}, directory)",
    )
    return wrong or _run(python, f"{package}.main", SETTINGS | {"SKILLSYNC_DATABASE_URL": database})


def _strangers(python: Path, services: tuple[str, ...]) -> list[str]:
    """Look for what no image has, and for these services, which are another's."""
    wrong = []
    for other in (*(f"skillsync_{name}" for name in services), *NEVER):
        wrong += _failure(f"{other} is importable", python, _refused(other))
    return wrong


def _refused(module: str) -> str:
    """Code that fails when the module can be imported."""
    tried = f"import importlib\ntry: importlib.import_module({module!r})\nexcept ModuleNotFoundError: pass\n"
    return f"{tried}else: raise SystemExit('found')"


def build(root: Path, service: str, workplace: Path) -> Path:
    """Do what the Dockerfile's stages do, in a folder; return the Python of the environment they make."""
    folder, environment = workplace / "build", workplace / "app"
    folder.mkdir(parents=True)
    # Unlike in an image, uv's cache is used and nothing is compiled: that changes no file that is installed.
    settings = {"UV_PROJECT_ENVIRONMENT": str(environment), "UV_PYTHON": sys.executable, "SERVICE": service}
    for instruction, words in _instructions((root / "Dockerfile").read_text(), service):
        if instruction == "COPY":
            *sources, target = words
            for source in sources:
                _copy(root / source, folder / target / (source if target == "./" else ""))
        elif words[0] == "uv":
            _uv(folder, settings, *words[1:])
        else:
            raise SystemExit(f"Dockerfile: this script does not know how to RUN {words[0]}")
    return environment / "bin" / "python"


def _instructions(text: str, service: str) -> Iterator[tuple[str, list[str]]]:
    """Yield each COPY from the tree and each RUN of the stages, with their words."""
    stage, stages = "", OPERATIONS_STAGES if service == OPERATIONS else STAGES
    for line in text.replace("\\\n", " ").replace("${SERVICE}", service).splitlines():
        if found := re.match(r"FROM \S+ AS (\S+)", line):
            stage = found[1]
        instruction, _, rest = line.partition(" ")
        if stage in stages and instruction in ("COPY", "RUN") and not rest.startswith("--from="):
            yield instruction, shlex.split(rest)


def _copy(source: Path, target: Path) -> None:
    if source.is_dir():
        # As .dockerignore leaves it.
        shutil.copytree(source, target, ignore=shutil.ignore_patterns("tests", ".venv", "__pycache__"))
    else:
        shutil.copy(source, target)


def _missing_files(root: Path, service: str, installed: Path) -> list[str]:
    """Compare what is installed with the tree's migrations and event schemas."""
    home = root / "services" / service
    migrations = sorted((home / "migrations").rglob("*.py"))
    schemas = sorted((home / "events").glob("*.json"))
    expected = {
        **{path: installed / "migrations" / path.relative_to(home / "migrations") for path in migrations},
        **{path: installed / "event_schemas" / path.relative_to(home / "events") for path in schemas},
    }
    wrong = [f"{path.relative_to(root)} is not in the image" for path, there in expected.items() if not there.exists()]
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
        timeout=COMMAND_SECONDS,
    )
    if done.returncode == 0:
        return []
    return [f"{message}: {(done.stderr.strip() or str(done.returncode)).splitlines()[-1]}"]


def _run(python: Path, module: str, settings: dict[str, str]) -> list[str]:
    """Start the process as the image does, until its own health check says that it is alive; then end it."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    environment = {"PATH": f"{python.parent}:{os.environ['PATH']}", "SKILLSYNC_PORT": str(port), **settings}
    command = [str(python), "-m", module, "api"]
    with tempfile.TemporaryFile() as output:
        process = subprocess.Popen(  # noqa: S603
            command, cwd=python.parent, env=environment, stdout=output, stderr=subprocess.STDOUT
        )
        try:
            is_alive = _wait_alive(process, python, environment)
            process.send_signal(signal.SIGTERM)
            status = process.wait(COMMAND_SECONDS)
        finally:
            process.kill()
        output.seek(0)
        last = (output.read().decode(errors="replace").splitlines() or ["it said nothing"])[-1]
    if not is_alive:
        return [f"its process does not answer its health check: {last}"]
    return [f"its process ended with {status} when it was told to: {last}"] if status else []


def _wait_alive(process: "subprocess.Popen[bytes]", python: Path, environment: dict[str, str]) -> bool:
    give_up_at = time.monotonic() + COMMAND_SECONDS
    probe = [str(python), "-m", "skillsync_kit.probe"]
    while time.monotonic() < give_up_at and process.poll() is None:
        if subprocess.run(probe, cwd=python.parent, env=environment, check=False).returncode == 0:  # noqa: S603
            return True
        time.sleep(0.2)
    return False


def _uv(folder: Path, settings: dict[str, str], *arguments: str) -> None:
    # This script runs inside the workspace's environment, which uv must not take for the one to fill.
    inherited = {name: value for name, value in os.environ.items() if name != "VIRTUAL_ENV"}
    done = subprocess.run(  # noqa: S603 - the arguments are the Dockerfile's; the Makefile puts uv on the PATH
        ["uv", *arguments],  # noqa: S607
        cwd=folder,
        env=inherited | settings,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise SystemExit(f"uv {' '.join(arguments)}\n{done.stdout}{done.stderr}")


if __name__ == "__main__":
    sys.exit(main(services=tuple(sys.argv[1:]) or (*SERVICES, OPERATIONS)))
