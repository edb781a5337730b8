"""GET /v1/skills."""

from typing import TYPE_CHECKING

from skillsync_kit.ids import new_id

if TYPE_CHECKING:
    from tests.conftest import World


async def test_the_catalogue_is_shown_whole_and_only_once_to_those_who_hold_it(world: "World") -> None:
    first = await world.get("/v1/skills", new_id())
    assert first.status_code == 200
    german = {"slug": "german", "category": "languages", "name": "German", "names": {"en": "German", "de": "Deutsch"}}
    assert german in first.json()["items"]
    again = await world.get("/v1/skills", new_id(), if_none_match=first.headers["etag"])
    assert (again.status_code, again.content) == (304, b"")
    assert (await world.get("/v1/skills", new_id(), if_none_match='"1"')).status_code == 200
