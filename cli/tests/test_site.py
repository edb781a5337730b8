"""The web app's files at the local gateway: never in the way of a route, safe, kept by browsers for long."""

import gzip
import json
from pathlib import Path

import pytest

from skillsync.gateway.site import Site

NAVIGATION = [(b"accept", b"text/html,application/xhtml+xml,*/*;q=0.8")]
ANYTHING = [(b"accept", b"*/*")]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A build with a page, a hashed script and a secret beside it."""
    build = tmp_path / "dist"
    (build / "assets").mkdir(parents=True)
    (build / "index.html").write_text("<!doctype html>the app")
    (build / "assets" / "index-1a2b.js").write_text("let x = 1;\n" * 500)
    (tmp_path / "secret.txt").write_text("secret")
    return build


@pytest.fixture
def site(folder: Path) -> Site:
    return Site(folder, {"client_id": "web", "user_pool_url": "http://127.0.0.1:4566"})


def header(site: Site, path: bytes, name: bytes, asked: list[tuple[bytes, bytes]] = NAVIGATION) -> bytes | None:
    answer = site.answer("GET", path, asked)
    assert answer is not None
    return dict(answer.headers).get(name)


@pytest.mark.parametrize("path", [b"/", b"/transactions/0190", b"/people/x/y", b"/unknown"])
def test_any_address_of_a_page_is_the_app(site: Site, path: bytes) -> None:
    answer = site.answer("GET", path, NAVIGATION)
    assert answer is not None
    assert answer.body == b"<!doctype html>the app"
    assert dict(answer.headers)[b"cache-control"] == b"no-cache"


@pytest.mark.parametrize(
    "path",
    [
        b"/v1",
        b"/v1/",
        b"/v1/users",
        b"/v1/unknown",
        b"/internal/events",
        b"/health/live",
        b"/_gateway/x",
        b"/%76%31/users",
    ],
)
def test_an_apis_path_is_never_a_page(site: Site, path: bytes) -> None:
    assert site.answer("GET", path, NAVIGATION) is None


def test_what_is_no_navigation_gets_no_page(site: Site) -> None:
    assert site.answer("GET", b"/transactions/0190", ANYTHING) is None
    assert site.answer("GET", b"/assets/gone-1a2b.js", ANYTHING) is None
    assert site.answer("POST", b"/", NAVIGATION) is None


@pytest.mark.parametrize("path", [b"/../secret.txt", b"/%2e%2e/secret.txt", b"/assets/..%2f..%2fsecret.txt", b"/\0"])
def test_nothing_outside_the_build_is_served(site: Site, path: bytes) -> None:
    answer = site.answer("GET", path, NAVIGATION)
    assert answer is None or answer.body == b"<!doctype html>the app"


def test_a_link_out_of_the_build_is_not_followed(site: Site, folder: Path) -> None:
    (folder / "link.txt").symlink_to(folder.parent / "secret.txt")
    assert site.answer("GET", b"/link.txt", ANYTHING) is None


def test_hashed_files_last_and_are_compressed_for_who_takes_that(site: Site) -> None:
    path = b"/assets/index-1a2b.js"
    assert header(site, path, b"cache-control") == b"public, max-age=31536000, immutable"
    assert header(site, path, b"content-type") == b"application/javascript"
    assert header(site, path, b"content-encoding") is None
    answer = site.answer("GET", path, [(b"accept-encoding", b"gzip, br")])
    assert answer is not None
    assert dict(answer.headers)[b"content-encoding"] == b"gzip"
    assert gzip.decompress(answer.body) == b"let x = 1;\n" * 500


def test_every_file_has_the_security_headers(site: Site) -> None:
    for path in (b"/", b"/assets/index-1a2b.js", b"/config.json"):
        policy = header(site, path, b"content-security-policy")
        assert policy is not None
        assert b"script-src 'self';" in policy
        assert b"connect-src 'self' http://127.0.0.1:4566;" in policy
        assert b"frame-ancestors 'none'" in policy
        assert header(site, path, b"x-content-type-options") == b"nosniff"
        assert header(site, path, b"referrer-policy") == b"no-referrer"


def test_the_app_is_told_where_its_pool_is(site: Site) -> None:
    answer = site.answer("GET", b"/config.json", ANYTHING)
    assert answer is not None
    assert json.loads(answer.body)["client_id"] == "web"


def test_without_a_build_the_front_page_says_how_to_make_one(tmp_path: Path) -> None:
    site = Site(tmp_path / "dist", {})
    answer = site.answer("GET", b"/", NAVIGATION)
    assert answer is not None
    assert b"make up" in answer.body
    assert site.answer("GET", b"/people/x", NAVIGATION) is None
