"""What a service hands out of a person, read to its end as the worker reads it."""

from typing import Any

import httpx2

__all__ = ["exported"]

_MOST_PAGES = 1000


async def exported(client: httpx2.AsyncClient, worker_token: str, user: str) -> dict[str, list[dict[str, Any]]]:
    """Every row of every part, by the parts' names. The token needs the scope `skillsync/users.export`."""
    found: dict[str, list[dict[str, Any]]] = {}
    cursor: str | None = None
    for _ in range(_MOST_PAGES):
        answer = await client.get(
            f"/internal/exports/{user}",
            params={"cursor": cursor} if cursor else None,
            headers={"Authorization": f"Bearer {worker_token}"},
        )
        page = answer.raise_for_status().json()
        found.setdefault(page["part"], []).extend(page["items"])
        cursor = page["next"]
        if cursor is None:
            return found
    raise AssertionError("the pages do not end")
