"""Which processes a local run has, with their commands, ports and environments."""

import os
import signal
import sys
from collections.abc import Mapping
from dataclasses import dataclass

from skillsync.local.ports import HOST
from skillsync.options import Options
from skillsync.paths import OPERATIONS, SERVICES, Paths
from skillsync.supervision.specification import Kind, Specification

# Of the emulator and of whatever else is not AWS; a key of 12 digits is an account of its own on the emulator.
LOCAL_CREDENTIAL = "test"
CLOUD = "cloud"
GATEWAY = "gateway"
READY = "/health/ready"
# How long a drained process keeps the connections that nobody uses: longer than any client of ours would use one again
# (the gateway: KEEP_ALIVE_SECONDS in its upstream.py).
DRAIN_SECONDS = 1.5


@dataclass(frozen=True)
class Address:
    """Where a process listens, always on the loopback."""

    port: int

    @property
    def url(self) -> str:
        return f"http://{HOST}:{self.port}"


def process_names(options: Options) -> list[str]:
    """All that need a port of their own choosing; the gateway's is given."""
    workers = [f"{service}-worker" for service in SERVICES] if options.separate_workers else []
    return [*([] if options.endpoint else [CLOUD]), *SERVICES, *workers, OPERATIONS]


def base_environment(options: Options, region: str = "us-east-1") -> dict[str, str]:
    """What every process inherits: the caller's environment with the AWS settings of this run in place of theirs.

    A profile or a token of a real account must not reach the emulator, nor a proxy stand between local processes.
    """
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "MINISTACK_"))}
    own = os.environ if options.endpoint else {}
    access_key = own.get("AWS_ACCESS_KEY_ID", LOCAL_CREDENTIAL)
    return inherited | {
        "AWS_ACCESS_KEY_ID": access_key,
        "AWS_SECRET_ACCESS_KEY": own.get("AWS_SECRET_ACCESS_KEY", LOCAL_CREDENTIAL),
        "AWS_REGION": region,
        "AWS_DEFAULT_REGION": region,
        "AWS_EC2_METADATA_DISABLED": "true",
        "NO_PROXY": "127.0.0.1,localhost",
        "no_proxy": "127.0.0.1,localhost",
        "PYTHONUNBUFFERED": "1",
    }


def cloud_specification(paths: Paths, base: Mapping[str, str], address: Address) -> Specification:
    """The emulator. It gets SIGTERM when the supervisor dies, for only then does it save its state."""
    temporary = paths.cloud / "tmp"
    temporary.mkdir(mode=0o700, exist_ok=True)
    settings = {
        "GATEWAY_PORT": str(address.port),
        "BIND_HOST": HOST,
        "IOT_MTLS_ENABLED": "0",
        "PERSIST_STATE": "1",
        "STATE_DIR": str(paths.cloud / "state"),
        "S3_PERSIST": "1",
        "S3_DATA_DIR": str(paths.cloud / "s3"),
        "LOG_LEVEL": "WARNING",
        "TMPDIR": str(temporary),
    }
    return Specification(
        name=CLOUD,
        kind="cloud",
        command=(str(paths.cloud_python), "-m", "ministack"),
        environment={**base, **settings},
        url=address.url,
        ready_url=f"{address.url}/_ministack/health",
        live_url=f"{address.url}/_ministack/health",
        log_file=paths.log(CLOUD),
        directory=paths.cloud,
        marker="ministack",
        death_signal=signal.SIGTERM,
    )


def service_specification(
    paths: Paths, service: str, role: str, environment: Mapping[str, str], address: Address
) -> Specification:
    """One service process; `role` is all, api or worker."""
    kind: Kind = "worker" if role == "worker" else "service"
    name = f"{service}-worker" if role == "worker" else service
    module = "skillsync.operations.api.main" if service == OPERATIONS else f"skillsync_{service}.main"
    # Its own bounds for finishing (20 s for requests and messages, 5 s for events) come on top.
    drain_seconds = float(environment.get("SKILLSYNC_DRAIN_SECONDS", DRAIN_SECONDS))
    return Specification(
        name=name,
        kind=kind,
        command=(sys.executable, "-m", module, role),
        environment={
            **environment,
            "SKILLSYNC_PORT": str(address.port),
            "SKILLSYNC_DRAIN_SECONDS": str(drain_seconds),
            # Ctrl-C waits for the answer to an open poll; polls are cheap here.
            "SKILLSYNC_LONG_POLL_SECONDS": "1",
        },
        url=address.url,
        ready_url=f"{address.url}{READY}",
        live_url=f"{address.url}/health/live",
        log_file=paths.log(name),
        directory=paths.root,
        marker=module,
        stop_seconds=drain_seconds + 30.0,
        port=address.port,
    )


def gateway_health(url: str) -> str:
    """Where a gateway at this base URL tells how it is."""
    return f"{url}/_gateway/health"


def gateway_specification(paths: Paths, base: Mapping[str, str], address: Address) -> Specification:
    command = (sys.executable, "-m", "skillsync.gateway", "--host", HOST, "--port", str(address.port))
    files = ("--template", str(paths.edge_template), "--parameters", str(paths.gateway_parameters))
    site = ("--site", str(paths.web_build))
    return Specification(
        name=GATEWAY,
        kind="gateway",
        command=(*command, *files, *site),
        environment=base,
        url=address.url,
        ready_url=gateway_health(address.url),
        live_url=gateway_health(address.url),
        log_file=paths.log(GATEWAY),
        directory=paths.root,
        marker="skillsync.gateway",
        stop_seconds=20.0,
        port=address.port,
    )
