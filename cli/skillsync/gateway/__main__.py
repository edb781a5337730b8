"""`python -m skillsync.gateway`: the local gateway as a process. What is wrong at start is one line, and exit 2."""

import argparse
import json
import sys
from pathlib import Path
from typing import NoReturn
from urllib.parse import urlsplit

from skillsync.gateway.app import Gateway
from skillsync.gateway.edge import read_edge
from skillsync.gateway.server import bind, make_server
from skillsync.gateway.site import Site
from skillsync.templates import TemplateError, load

JWKS_URL = "JwksUrl"
POOL_URL = "PoolUrl"


def main() -> None:
    options = _parser().parse_args()
    parameters = _read_parameters(options.parameters)
    jwks_url = parameters.pop(JWKS_URL, "")
    pool_url = parameters.pop(POOL_URL, "")
    if urlsplit(jwks_url).scheme not in ("http", "https"):
        _fail(f"{options.parameters}: {JWKS_URL} is missing or no http URL")
    try:
        edge = read_edge(load(options.template), parameters)
    except TemplateError as error:
        _fail(str(error))
    site = Site(options.site, _app_config(parameters, pool_url)) if options.site else None
    try:
        listener = bind(options.host, options.port)
    except (OSError, OverflowError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        _fail(f"cannot listen on {options.host}:{options.port} ({reason}): choose another port")
    make_server(Gateway(edge, jwks_url, site=site), options.drain_seconds).run(sockets=[listener])


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="skillsync.gateway", description="The edge of SkillSync on this machine.")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8080)
    parser.add_argument("--template", type=Path, required=True, help="infra/templates/edge.yaml")
    parser.add_argument(
        "--parameters", type=Path, required=True, help=f"JSON object: its parameters, {JWKS_URL}, {POOL_URL}"
    )
    parser.add_argument("--site", type=Path, help="the built web app; no page is served when absent")
    parser.add_argument("--drain-seconds", type=int, default=10, help="how long requests in flight may take at the end")
    return parser


def _app_config(parameters: dict[str, str], pool_url: str) -> dict[str, str]:
    """What the web app reads at /config.json. An emulator has the pool and its log-in page at one address."""
    return {
        "client_id": parameters.get("WebClientId", ""),
        "issuer": parameters.get("UserPoolIssuer", ""),
        "log_in_url": pool_url,
        "user_pool_url": pool_url,
    }


def _read_parameters(path: Path) -> dict[str, str]:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        _fail(f"{path}: cannot be read ({error.strerror})")
    except ValueError:
        _fail(f"{path}: is not JSON")
    if not isinstance(found, dict) or not all(isinstance(value, (str, int)) for value in found.values()):
        _fail(f"{path}: is not a JSON object of texts")
    return {name: str(value) for name, value in found.items()}


def _fail(text: str) -> NoReturn:
    print(f"gateway: {text}", file=sys.stderr)  # noqa: T201 - the one line a person reads
    sys.exit(2)


if __name__ == "__main__":
    main()
