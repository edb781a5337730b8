"""The catalogue as it ships with the package: a file, read once at start, so it needs no database and no cache."""

import hashlib
import json
from importlib import resources

from skillsync_users.skills.entities import Catalogue, Skill

__all__ = ["load_catalogue"]


def load_catalogue() -> Catalogue:
    """The shipped catalogue; its version is drawn from its content."""
    content = (resources.files("skillsync_users.skills") / "catalogue.json").read_bytes()
    skills = [
        Skill(slug, category, names["en"], names["de"])
        for category, named in json.loads(content).items()
        for slug, names in named.items()
    ]
    return Catalogue(skills, int.from_bytes(hashlib.sha256(content).digest()[:6]))
