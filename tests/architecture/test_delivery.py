"""What carries a release to AWS: the image's recipe, compose.yaml and the workflows; each checker is seen to find."""

import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
TOOLS = Path(sys.executable).parent
SERVICES = sorted(path.parent.name for path in ROOT.glob("services/*/pyproject.toml"))
# What has an image of its own, and a registry on AWS.
IMAGES = [*SERVICES, "operations"]
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yaml"))


def lint(name: str, *arguments: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run([str(TOOLS / name), *arguments], capture_output=True, text=True, check=False)  # noqa: S603


def read(path: Path) -> Any:
    return yaml.safe_load(path.read_text())


def test_compose_runs_every_service_from_a_stage_that_is_there() -> None:
    services = read(ROOT / "compose.yaml")["services"]
    built = {name: body["build"] for name, body in services.items() if "build" in body}
    assert [name for name, build in sorted(built.items()) if "SERVICE" in build.get("args", {})] == SERVICES
    assert all(built[name]["args"] == {"SERVICE": name} for name in SERVICES)
    stages = set(re.findall(r"^FROM \S+ AS (\S+)$", (ROOT / "Dockerfile").read_text(), re.MULTILINE))
    assert {build["target"] for build in built.values() if "target" in build} <= stages
    # From outside, and that is this machine, the gateway alone can be reached.
    assert {name: body["ports"] for name, body in services.items() if "ports" in body} == {
        "gateway": ["127.0.0.1:8080:8080"]
    }


def test_what_has_an_image_is_built_pushed_and_deployed() -> None:
    release = read(ROOT / ".github" / "workflows" / "release.yaml")["jobs"]["images"]
    assert sorted(release["strategy"]["matrix"]["service"]) == sorted(IMAGES)
    (pushed,) = re.findall(
        r"^for service in (.*); do$", (ROOT / "scripts" / "push_images.sh").read_text(), re.MULTILINE
    )
    assert sorted(pushed.split()) == sorted(IMAGES)
    entries = read(ROOT / "infra" / "stacks.yaml")
    deployed = {entry["from"]["Image"] for entry in entries if entry.get("template") == "service"}
    assert deployed == {f"{image.capitalize()}Image" for image in IMAGES}
    assert set(IMAGES) <= set(read(ROOT / "compose.yaml")["services"])


def stages() -> dict[str, list[str]]:
    """The Dockerfile's lines by stage."""
    found: dict[str, list[str]] = {}
    for line in (ROOT / "Dockerfile").read_text().splitlines():
        if begun := re.match(r"FROM \S+ AS (\S+)", line):
            found[begun[1]] = []
        if found:
            list(found.values())[-1].append(line)
    return found


def test_an_image_is_nobodys_and_has_no_secret_and_no_moving_version() -> None:
    lines = (ROOT / "Dockerfile").read_text().splitlines()
    by_stage = stages()
    assert list(by_stage)[-1] == "service"
    for image in ("operations", "service"):
        assert by_stage[image][0] == f"FROM process AS {image}"
        assert "USER 10001:10001" in by_stage[image]
    assert any(
        line.startswith("HEALTHCHECK ") and line.endswith('"skillsync_kit.probe"]') for line in by_stage["process"]
    )
    assert [
        line for line in lines if ":latest" in line or re.search(r"(?i)^(ARG|ENV).*(secret|token|password)", line)
    ] == []
    # uv of the lock file's own version, which installs it here.
    (version,) = {found for line in lines for found in re.findall(r"astral-sh/uv:(\S+)", line)}
    assert re.fullmatch(r"\d+\.\d+\.\d+", version)


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=lambda path: path.stem)
def test_a_workflow_pins_its_actions_and_has_nothing_long_lived(workflow: Path) -> None:
    text = workflow.read_text()
    for used in re.findall(r"uses: (\S+)", text):
        assert used.startswith("./") or re.fullmatch(r"[\w./-]+@[0-9a-f]{40}", used), used
    assert "secrets." not in text
    assert "aws-access-key" not in text
    assert read(workflow)["permissions"] == {"contents": "read"}


def test_prod_comes_after_staging_and_by_its_own_role() -> None:
    jobs = read(ROOT / ".github" / "workflows" / "release.yaml")["jobs"]
    assert [jobs[name].get("needs") for name in ("images", "staging", "prod")] == ["check", "images", "staging"]
    deploy = read(ROOT / ".github" / "workflows" / "deploy.yaml")["jobs"]["deploy"]
    assert deploy["environment"] == "${{ inputs.environment }}"
    assert deploy["permissions"] == {"contents": "read", "id-token": "write"}


def test_a_planted_mistake_in_each_is_found(tmp_path: Path) -> None:
    recipe = tmp_path / "Dockerfile"
    recipe.write_text((ROOT / "Dockerfile").read_text().replace("python:3.11-slim-bookworm", "python"))
    found = lint("hadolint", str(recipe))
    assert found.returncode == 1
    assert "DL3006" in found.stdout

    compose = tmp_path / "compose.yaml"
    compose.write_text((ROOT / "compose.yaml").read_text().replace("depends_on:", "dependson:", 1))
    found = lint("check-jsonschema", "--builtin-schema", "vendor.compose-spec", str(compose))
    assert found.returncode == 1
    assert "dependson" in found.stdout

    workflow = tmp_path / ".github" / "workflows" / "deploy.yaml"
    workflow.parent.mkdir(parents=True)
    shutil.copy(ROOT / ".github" / "workflows" / "deploy.yaml", workflow)
    text = workflow.read_text()
    workflow.write_text(text.replace("timeout-minutes:", "timeout:"))
    assert lint("check-jsonschema", "--builtin-schema", "vendor.github-workflows", str(workflow)).returncode == 1
    workflow.write_text(re.sub(r"(configure-aws-credentials)@\S+", r"\1@v5", text))
    found = lint("zizmor", "--offline", "--min-severity", "medium", str(tmp_path / ".github"))
    assert found.returncode != 0
    assert "unpinned" in found.stdout
