"""From a release to the digests of its images: what runs is a digest, never a tag that may move."""

from collections.abc import Mapping
from typing import Any

from skillsync.errors import Problem
from skillsync.stacks import Environment, Stack, plan

IMAGE = "Image"
_REPOSITORY = "RegistryUri"


def wanted(env: Environment) -> list[str]:
    """The services whose image some stack takes: `Users` for a parameter that is filled from UsersImage."""
    return sorted({name for stack in plan(env) for name in images_of(stack)})


def images_of(stack: Stack) -> set[str]:
    """The services whose image this stack takes; an image that has a default is none of a release's."""
    sources = {
        stack.renamed.get(parameter, parameter)
        for parameter, rules in stack.content.get("Parameters", {}).items()
        if parameter not in stack.fixed and "Default" not in rules
    }
    return {source.removesuffix(IMAGE) for source in sources if source.endswith(IMAGE) and source != IMAGE}


def resolve(ecr: Any, services: list[str], known: Mapping[str, str], release: str) -> dict[str, str]:
    """The digest by service of the images tagged with the release, where a registry is among the outputs `known`.

    Raises Problem when a registry has no such image.
    """
    found: dict[str, str] = {}
    empty = []
    for service in services:
        if repository := known.get(f"{service}{_REPOSITORY}"):
            name = repository.partition("/")[2]
            digest = _digest(ecr, name, release)
            if digest is None:
                empty.append(name)
            else:
                found[service] = digest
    if empty:
        which = f"the registry {empty[0]} has" if len(empty) == 1 else f"the registries {', '.join(empty)} have"
        raise Problem(
            f"release {release}: {which} no image of that tag: build and push it (docs/deploy.md, step 5), or choose a "
            "release that `skillsync releases` lists."
        )
    return found


def uris(digests: Mapping[str, str], known: Mapping[str, str]) -> dict[str, str]:
    """What the stacks' parameters take: `UsersImage: repository@sha256:…`."""
    return {
        f"{service}{IMAGE}": f"{known[f'{service}{_REPOSITORY}']}@{digest}"
        for service, digest in digests.items()
        if f"{service}{_REPOSITORY}" in known
    }


def _digest(ecr: Any, repository: str, release: str) -> str | None:
    try:
        images = ecr.describe_images(repositoryName=repository, imageIds=[{"imageTag": release}])["imageDetails"]
    except (ecr.exceptions.ImageNotFoundException, ecr.exceptions.RepositoryNotFoundException):
        return None
    return str(images[0]["imageDigest"]) if images else None
