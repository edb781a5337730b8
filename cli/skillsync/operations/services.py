"""Asks the running services' internal operations routes, with a worker's token."""

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any

from skillsync.local.state import Status, read_json
from skillsync.operations.aws import hurried
from skillsync.paths import Paths

JOBS_FILE = "jobs.json"
_SCOPE = "skillsync/operations.read"
_TIMEOUT_SECONDS = 5.0


class Silent(Exception):
    """A service, or what is needed to ask it, gives no answer: the text says which and why, in one line."""


class Services:
    """`environments` is the content of jobs.json: each service's own settings, by its name."""

    def __init__(self, status: Status, environments: Mapping[str, Mapping[str, str]]) -> None:
        self._status = status
        self._environments = environments

    @classmethod
    def of(cls, paths: Paths, status: Status) -> "Services":
        """Those of the running system."""
        return cls(status, read_json(paths.state / JOBS_FILE))

    def get(self, service: str, path: str, query: Sequence[tuple[str, str]] = ()) -> Any:
        """The JSON at `path` of a service. Raises Silent; never waits long, for the day is bad."""
        import httpx2  # noqa: PLC0415

        url = next((one["url"] for one in self._status["processes"] if one["name"] == service), "")
        if not url:
            raise Silent("does not run here")
        if isinstance(self._token, Silent):
            raise self._token
        headers = {"Authorization": f"Bearer {self._token}"}
        try:
            answer = self._http.get(url + path, params=list(query), headers=headers)
            if answer.is_success:
                return answer.json()
        except httpx2.HTTPError as error:
            raise Silent(f"does not answer ({type(error).__name__})") from None
        except ValueError:
            raise Silent("answered what is no JSON") from None
        raise Silent(f"answered {answer.status_code}")

    @cached_property
    def _http(self) -> Any:
        import httpx2  # noqa: PLC0415

        return httpx2.Client(timeout=_TIMEOUT_SECONDS, trust_env=False)

    @cached_property
    def _token(self) -> "str | Silent":
        """By the client credentials grant (RFC 6749, 4.4); asked for once, also when there is none."""
        import httpx2  # noqa: PLC0415
        from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415

        settings: Mapping[str, str] = next(iter(self._environments.values()), {})
        try:
            secret_id, client_id = settings["SKILLSYNC_WORKER_SECRET_ID"], settings["SKILLSYNC_WORKER_CLIENT_ID"]
            secret = hurried(self._status, "secretsmanager").get_secret_value(SecretId=secret_id)["SecretString"]
            answer = self._http.post(
                settings["SKILLSYNC_TOKEN_URL"],
                data={"grant_type": "client_credentials", "scope": _SCOPE},
                auth=(client_id, secret),
            )
            return str(answer.raise_for_status().json()["access_token"])
        except KeyError:
            return Silent("was not asked: no worker's settings in jobs.json; `skillsync down`, then `make up`")
        except (BotoCoreError, ClientError, httpx2.HTTPError, ValueError) as error:
            # The type alone: the text of some would quote the answer.
            return Silent(f"was not asked: no worker's token ({type(error).__name__})")
