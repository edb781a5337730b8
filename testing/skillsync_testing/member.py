"""A person who uses SkillSync through the gateway, as any client would."""

from typing import Any
from uuid import uuid4

import httpx2

__all__ = ["PASSWORD", "Member", "swap"]

PASSWORD = "Correct-Horse-7-Battery"  # noqa: S105 - people of tests alone
_CODE_OF_THE_EMULATOR = "123456"
_MERGE_PATCH = "application/merge-patch+json"


class Member:
    """One person: an address, a token, and verbs for what they do. Each verb returns the whole answer."""

    def __init__(self, status: dict[str, Any], pool: Any, name: str, *groups: str) -> None:
        """Sign up at the user pool, join these groups of it, and log in."""
        self.name = name
        self.email = f"{name.lower()}-{uuid4().hex[:10]}@members.skillsync.example"
        self._api = status["api"]
        self._client_id = status["client_id"]
        self.id: str = pool.sign_up(
            ClientId=self._client_id,
            Username=self.email,
            Password=PASSWORD,
            UserAttributes=[{"Name": "email", "Value": self.email}],
        )["UserSub"]
        pool.confirm_sign_up(ClientId=self._client_id, Username=self.email, ConfirmationCode=_CODE_OF_THE_EMULATOR)
        for group in groups:
            pool.admin_add_user_to_group(UserPoolId=status["user_pool_id"], Username=self.email, GroupName=group)
        tokens = pool.initiate_auth(
            ClientId=self._client_id,
            AuthFlow="USER_PASSWORD_AUTH",
            AuthParameters={"USERNAME": self.email, "PASSWORD": PASSWORD},
        )["AuthenticationResult"]
        self.token: str = tokens["AccessToken"]
        self.id_token: str = tokens["IdToken"]
        self.http = httpx2.Client(headers={"Authorization": f"Bearer {self.token}"}, timeout=20)

    # --- HTTP ---

    def get(self, path: str, **headers: str) -> httpx2.Response:
        """GET under the API's base."""
        return self.http.get(self._api + path, headers=headers)

    def post(self, path: str, body: object = None, *, key: str | None = None, **headers: str) -> httpx2.Response:
        """POST with an Idempotency-Key, a new one unless given."""
        sent = {"Idempotency-Key": key or uuid4().hex, **headers}
        return self.http.post(self._api + path, json=body, headers=sent)

    def patch(self, path: str, body: object, version: int, **headers: str) -> httpx2.Response:
        """PATCH of the version one has read."""
        sent = {"If-Match": f'"{version}"', "Content-Type": _MERGE_PATCH, **headers}
        return self.http.request("PATCH", self._api + path, json=body, headers=sent)

    # --- the journey ---

    def make_profile(self) -> "Member":
        """POST /v1/users."""
        body = {"first_name": self.name, "last_name": "Testperson", "display_name": self.name}
        answer = self.post("/users", body)
        assert answer.status_code == 201, answer.text
        return self

    def offer(self, skill: str, kind: str = "offer") -> dict[str, Any]:
        """POST /v1/offerings."""
        return _ok(self.post("/offerings", {"kind": kind, "skill": skill}), 201)

    def draft(self, body: object) -> dict[str, Any]:
        """POST /v1/transactions."""
        return _ok(self.post("/transactions", body), 201)

    def propose(self, id: str) -> dict[str, Any]:
        """POST …/propose."""
        return _ok(self.post(f"/transactions/{id}/propose"), 200)

    def accept(self, id: str, terms_rev: int) -> dict[str, Any]:
        """POST …/accept."""
        return _ok(self.post(f"/transactions/{id}/accept", {"terms_rev": terms_rev}), 200)

    def finalize(self, id: str, terms_rev: int) -> dict[str, Any]:
        """POST …/finalize."""
        return _ok(self.post(f"/transactions/{id}/finalize", {"terms_rev": terms_rev}), 200)

    def finalized_exchange_with(self, other: "Member") -> dict[str, Any]:
        """The shortest whole life of a transaction: drafted, proposed, accepted, finalized."""
        id = self.draft(swap(other))["id"]
        self.propose(id)
        other.accept(id, 1)
        return other.finalize(id, 1)


def swap(other: Member, minutes: int = 60) -> dict[str, Any]:
    """The body of a transaction: an hour of guitar for an hour of German."""
    return {
        "title": "Guitar for German",
        "settlement": "none",
        "legs": {
            "a": {"giver": "me", "receiver": other.id, "skill": "guitar", "minutes": minutes},
            "b": {"giver": other.id, "receiver": "me", "skill": "german", "minutes": minutes},
        },
    }


def _ok(answer: httpx2.Response, status: int) -> dict[str, Any]:
    assert answer.status_code == status, f"{answer.status_code}: {answer.text}"
    body: dict[str, Any] = answer.json()
    return body
