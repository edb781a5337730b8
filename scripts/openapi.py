"""Write each service's OpenAPI document to web/openapi/, from which the web app's types are made.

`openapi.py --check` writes nothing, and exits 1 when a document there is not the service's own.
"""

import json
import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

from skillsync_kit.app import Health, create_app
from skillsync_kit.clock import SystemClock
from skillsync_kit.testing import UserPool

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "web" / "openapi"
SERVICES = sorted(path.name for path in (ROOT / "services").iterdir() if (path / "pyproject.toml").is_file())
ROUTERS = {service: f"skillsync_{service}.router" for service in SERVICES} | {
    "operations": "skillsync.operations.api.router"
}


def document(service: str) -> str:
    """Return what the app's types need of a service's document: public paths, their successes and shapes.

    Every refusal is a `Problem`; what else is left out would be a change to review without one in the types.
    """
    module = import_module(ROUTERS[service])
    routers = getattr(module, "routers", None) or [module.router]
    verifier = UserPool().verifier(SystemClock())
    whole = create_app(service, health=Health(), verifier=verifier, routers=routers, state={}).openapi()
    whole["paths"] = {path: item for path, item in whole["paths"].items() if path.startswith("/v1/")}
    for item in whole["paths"].values():
        for operation in item.values():
            operation["responses"] = {
                status: as_json(answer) for status, answer in operation["responses"].items() if status.startswith("2")
            }
    used = set(references(whole["paths"], whole["components"]["schemas"])) | {"Problem", "ProblemField"}
    whole["components"] = {
        "schemas": {name: shape for name, shape in whole["components"]["schemas"].items() if name in used}
    }
    return json.dumps(without_examples(whole), indent=1, ensure_ascii=False, sort_keys=True) + "\n"


def as_json(answer: dict[str, Any]) -> dict[str, Any]:
    """Return a success without its headers and, where it can be JSON, without what else it can be."""
    kept = {name: part for name, part in answer.items() if name != "headers"}
    if "application/json" in kept.get("content", {}):
        kept["content"] = {"application/json": kept["content"]["application/json"]}
    return kept


def references(part: Any, schemas: dict[str, Any]) -> Iterator[str]:
    """Yield the names of the shapes that a part of the document speaks of, and those that these speak of."""
    if isinstance(part, list):
        for one in part:
            yield from references(one, schemas)
    elif isinstance(part, dict):
        for key, value in part.items():
            if key == "$ref" and (name := value.rpartition("/")[2]) in schemas:
                yield name
                yield from references(schemas[name], schemas)
            else:
                yield from references(value, schemas)


def without_examples(part: Any) -> Any:
    """Drop the examples: a type says nothing about them, and each would be a change to review."""
    if isinstance(part, list):
        return [without_examples(one) for one in part]
    if not isinstance(part, dict):
        return part
    return {key: without_examples(value) for key, value in part.items() if key != "examples"}


def main(arguments: list[str]) -> int:
    """Write or check all documents; return the exit status."""
    stale = []
    FOLDER.mkdir(parents=True, exist_ok=True)
    for service in ROUTERS:
        file, content = FOLDER / f"{service}.json", document(service)
        if file.exists() and file.read_text(encoding="utf-8") == content:
            continue
        stale.append(str(file.relative_to(ROOT)))
        if "--check" not in arguments:
            file.write_text(content, encoding="utf-8")
    if "--check" in arguments and stale:
        sys.stderr.write(f"{', '.join(stale)}: not what the service says now; run scripts/openapi.py\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
