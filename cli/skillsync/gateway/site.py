"""The web app's files, as a CDN before a bucket would serve them: what is no file and no API is the app itself."""

import gzip
import json
import mimetypes
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from urllib.parse import unquote, urlsplit

from skillsync.gateway.answers import Answer, Header, own_answer
from skillsync.gateway.routing import is_plain

CONFIG_PATH = "/config.json"
# These belong to services: what they do not have is missing, and never a page.
_NOT_PAGES = ("v1", "internal", "health", "_gateway")
_HASHED = "/assets/"  # the build puts a digest of the content into these names
_HOME = Path(__file__).with_name("home.html").read_bytes()
_COMPRESSED = ("text/", "application/javascript", "application/json", "image/svg+xml")
_SMALLEST_COMPRESSED = 1024


class Site:
    """`folder` is the build; while it is empty, `/` says how to make it. `config` is what the app asks at its start."""

    def __init__(self, folder: Path, config: Mapping[str, str]) -> None:
        self._folder = folder.resolve()
        self._config = json.dumps(dict(config)).encode()
        others = {_origin(value) for name, value in config.items() if name.endswith("_url")}
        self._security = security_headers(sorted(others))

    def answer(self, method: str, raw_path: bytes, headers: list[Header]) -> Answer | None:
        """The file, the app for a page's address, or None where neither is asked for."""
        if method not in ("GET", "HEAD") or not is_plain(raw_path):
            return None
        path = unquote(raw_path.decode("latin-1"))
        if path.split("/")[1] in _NOT_PAGES:
            return None
        if path == CONFIG_PATH:
            return self._make(b"application/json", self._config, b"no-cache", headers)
        if (file := self._find(path)) is not None:
            lasting = b"public, max-age=31536000, immutable" if path.startswith(_HASHED) else b"no-cache"
            return self._make(_media_type(file), file.read_bytes(), lasting, headers)
        return self._app(path, headers) if _is_page(path, headers) else None

    def _app(self, path: str, headers: list[Header]) -> Answer | None:
        index = self._folder / "index.html"
        if index.is_file():
            return self._make(_media_type(index), index.read_bytes(), b"no-cache", headers)
        return self._make(b"text/html; charset=utf-8", _HOME, b"no-cache", headers) if path == "/" else None

    def _find(self, path: str) -> Path | None:
        if path == "/" or "\0" in path:
            return None
        file = (self._folder / path.lstrip("/")).resolve()
        return file if file.is_relative_to(self._folder) and file.is_file() else None

    def _make(self, media_type: bytes, body: bytes, lasting: bytes, asked: list[Header]) -> Answer:
        headers = [*self._security, (b"cache-control", lasting), (b"vary", b"accept-encoding")]
        if _takes_gzip(asked) and len(body) >= _SMALLEST_COMPRESSED and media_type.decode().startswith(_COMPRESSED):
            body = _compress(body)
            headers.append((b"content-encoding", b"gzip"))
        return own_answer(200, media_type, body, headers)


def security_headers(other_origins: list[str]) -> list[Header]:
    """What every file of the app is sent with. Styles may be inline, for the components set theirs; scripts may not."""
    policy = {
        "default-src": "'none'",
        "script-src": "'self'",
        "style-src": "'self' 'unsafe-inline'",
        "img-src": "'self' data:",
        "font-src": "'self'",
        "manifest-src": "'self'",
        "connect-src": " ".join(["'self'", *other_origins]),
        "base-uri": "'none'",
        "form-action": "'none'",
        "frame-ancestors": "'none'",
    }
    return [
        (b"content-security-policy", "; ".join(f"{name} {value}" for name, value in policy.items()).encode()),
        (b"x-content-type-options", b"nosniff"),
        (b"referrer-policy", b"no-referrer"),
        (b"cross-origin-opener-policy", b"same-origin"),
        (b"permissions-policy", b"camera=(), geolocation=(), microphone=()"),
    ]


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def _is_page(path: str, headers: list[Header]) -> bool:
    # A browser that goes to an address says so; a script, an image or a client of the API does not.
    accepted = b"".join(value for name, value in headers if name == b"accept")
    return path == "/" or b"text/html" in accepted


def _takes_gzip(headers: list[Header]) -> bool:
    return any(name == b"accept-encoding" and b"gzip" in value for name, value in headers)


def _media_type(file: Path) -> bytes:
    # Not what this machine's mime.types says: a script of another type is refused by a browser under nosniff.
    known = {".js": "application/javascript", ".webmanifest": "application/manifest+json"}
    found = known.get(file.suffix) or mimetypes.guess_type(file.name)[0] or "application/octet-stream"
    return f"{found}; charset=utf-8".encode() if found.startswith("text/") else found.encode()


@lru_cache(maxsize=256)
def _compress(body: bytes) -> bytes:
    return gzip.compress(body, mtime=0)
