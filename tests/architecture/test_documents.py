"""Documents mention only files that exist, and each service's README has its sections."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SERVICES = sorted(path.parent.name for path in ROOT.glob("services/*/pyproject.toml"))
SECTIONS = ("purpose", "endpoints", "events in", "events out", "settings")
LINK = re.compile(r"\]\(([^)#\s]+)[^)]*\)")
CODE_SPAN = re.compile(r"`([^`\n]+)`")
HEADING = re.compile(r"^#{2,4}\s+(.+)$", re.MULTILINE)


def documents() -> list[Path]:
    """Every Markdown file of the repository."""
    hidden = ("node_modules",)
    return sorted(
        path
        for path in ROOT.rglob("*.md")
        if not any(part.startswith(".") or part in hidden for part in path.relative_to(ROOT).parts)
    )


def missing(document: Path, root: Path) -> Iterator[str]:
    """Yield each link, and each path in a code span, that leads to no file.

    A code span is taken for a path when it begins with one of the root's folders and ends in a file's or a folder's
    name; a pattern (`services/<name>/…`, `*`, `{a,b}`) is none.
    """
    text = document.read_text()
    for target in LINK.findall(text):
        if "://" in target or target.startswith("mailto:"):
            continue
        if not (document.parent / target).exists():
            yield f"{document.relative_to(root)}: link to {target}"
    folders = {path.name for path in root.iterdir() if path.is_dir()}
    for span in CODE_SPAN.findall(text):
        # A bare `tests/` in a service's README is that service's own.
        is_path = re.fullmatch(r"[\w.-]+(/[\w.-]+)+/?", span) and span.split("/")[0] in folders
        if is_path and not (root / span).exists() and not (document.parent / span).exists():
            yield f"{document.relative_to(root)}: mentions {span}"


def absent_sections(readme: str) -> list[str]:
    """Return the sections that a service's README lacks; "Events in and out" counts for both."""
    headings = [heading.lower() for heading in HEADING.findall(readme)]
    headings += ["events out" for heading in headings if re.search(r"events in(,| and| /|/) ?out", heading)]
    return [section for section in SECTIONS if not any(section in heading for heading in headings)]


def test_documents_mention_only_files_that_exist() -> None:
    assert documents()
    assert [line for document in documents() for line in missing(document, ROOT)] == []


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_has_a_readme_with_its_sections(service: str) -> None:
    readme = ROOT / "services" / service / "README.md"
    assert readme.exists(), f"services/{service}/README.md is missing"
    assert absent_sections(readme.read_text()) == []


@pytest.mark.parametrize(
    "planted",
    ["[guide](docs/absent.md)", "[this](../absent.md#part)", "see `docs/absent.md`", "`docs/absent`"],
)
def test_a_planted_mention_of_a_missing_file_is_found(planted: str, tmp_path: Path) -> None:
    (tmp_path / "docs").mkdir()
    (tmp_path / "README.md").write_text(planted)
    assert len(list(missing(tmp_path / "README.md", tmp_path))) == 1


@pytest.mark.parametrize(
    "innocent",
    ["[guide](docs/guide.md#part)", "`docs/guide.md`", "`docs/<name>.md`", "[a](https://a.example/b)", "`text/html`"],
)
def test_a_mention_of_what_is_there_passes(innocent: str, tmp_path: Path) -> None:
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "guide.md").touch()
    (tmp_path / "README.md").write_text(innocent)
    assert list(missing(tmp_path / "README.md", tmp_path)) == []


def test_a_readme_without_a_section_is_found() -> None:
    whole = "# Users\n## Purpose\n## Endpoints\n## Events in and out\n## Settings\n"
    assert absent_sections(whole) == []
    assert absent_sections("## Purpose\n## Endpoints\n## Events in\n## Events out\n## Settings\n") == []
    assert absent_sections(whole.replace("## Settings", "Settings")) == ["settings"]
    assert absent_sections(whole.replace(" and out", "")) == ["events out"]
