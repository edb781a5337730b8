"""The link in a mail: a GET changes nothing, a POST changes once, and nobody guesses a token."""

from typing import TYPE_CHECKING

import httpx2
import pytest
from sqlalchemy import select, update

from skillsync_kit.ids import new_id
from skillsync_notifications import tables
from skillsync_notifications.entities import Letter

if TYPE_CHECKING:
    from tests.conftest import World

PREFERENCES = "/v1/notifications/preferences"


async def mailed(world: "World", template: str = "proposed") -> tuple[str, Letter]:
    """Somebody who got a mail, and the letter."""
    ana = new_id()
    await world.receive(world.event(f"transaction.{template}.v1", ana))
    await world.send_all()
    return ana, world.mailbox.letters[-1]


def path_in(letter: Letter) -> str:
    assert letter.unsubscribe_url is not None
    assert letter.unsubscribe_url.startswith("http://edge.example/v1/unsubscribe/")
    return letter.unsubscribe_url.removeprefix("http://edge.example")


async def one_click(world: "World", path: str) -> httpx2.Response:
    """What a mail program sends: no token, no key, a form."""
    return await world.client.post(path, data={"List-Unsubscribe": "One-Click"})


async def test_a_get_asks_and_changes_nothing(world: "World") -> None:
    ana, letter = await mailed(world)
    before = (await world.get(PREFERENCES, ana)).headers["etag"]
    for _ in range(2):
        page = await world.client.get(path_in(letter))
        assert (page.status_code, page.headers["content-type"]) == (200, "text/html; charset=utf-8")
        assert '<form method="post">' in page.text
        assert page.headers["referrer-policy"] == "no-referrer"
        assert ana not in page.text
    assert (await world.get(PREFERENCES, ana)).headers["etag"] == before


async def test_a_post_switches_the_topic_off_once(world: "World") -> None:
    ana, letter = await mailed(world)
    for _ in range(2):
        assert (await one_click(world, path_in(letter))).status_code == 200
        found = await world.get(PREFERENCES, ana)
        assert (found.headers["etag"], found.json()["exchanges"]) == ('"2"', {"inbox": True, "mail": False})
    assert all(found.json()[topic]["mail"] for topic in ("account", "reminders", "digest"))
    await world.receive(world.event("transaction.proposed.v1", ana), world.event("transaction.finalized.v1", ana))
    await world.send_all()
    assert [each.subject.partition(":")[0] for each in world.mailbox.letters[1:]] == ["Receipt"]


@pytest.mark.parametrize(
    ("locale", "language", "asks", "done"),
    [
        ("de-AT", "de", "Diese Mails abbestellen?", "Erledigt"),
        ("fr", "en", "Stop these mails?", "Done"),
        (None, "en", "Stop these mails?", "Done"),
    ],
)
async def test_the_page_speaks_the_mails_language(
    world: "World", locale: str | None, language: str, asks: str, done: str
) -> None:
    world.members.locale = locale or "en"
    _, letter = await mailed(world)
    if locale is None:
        # As the release before writes them.
        await world.database.run(
            lambda unit: unit.connection.execute(update(tables.unsubscribe_tokens).values(locale=None))
        )
    page = await world.client.get(path_in(letter))
    assert f'<html lang="{language}"' in page.text
    assert f"<h1>{asks}</h1>" in page.text
    assert f"<h1>{done}</h1>" in (await one_click(world, path_in(letter))).text


async def test_the_link_of_each_mail_goes_on_working(world: "World") -> None:
    ana, first = await mailed(world)
    await world.receive(world.event("transaction.proposed.v1", ana))
    await world.send_all()
    assert path_in(first) != path_in(world.mailbox.letters[-1])
    assert (await one_click(world, path_in(first))).status_code == 200
    assert (await one_click(world, path_in(world.mailbox.letters[-1]))).status_code == 200


async def test_required_mail_has_no_link(world: "World") -> None:
    _, letter = await mailed(world, "finalized")
    assert letter.unsubscribe_url is None


@pytest.mark.parametrize("token", ["x", "A" * 43, "A" * 42 + "%", "A" * 400])
async def test_a_made_up_token_is_nothing(world: "World", token: str) -> None:
    await mailed(world)
    for method in ("GET", "POST"):
        answer = await world.client.request(method, f"/v1/unsubscribe/{token}")
        assert (answer.status_code, answer.json()["code"]) == (404, "not-found")


async def test_the_database_and_the_log_know_no_token(world: "World", capsys: pytest.CaptureFixture[str]) -> None:
    _, letter = await mailed(world)
    token = path_in(letter).rpartition("/")[2]
    await one_click(world, path_in(letter))
    async with world.database.read() as connection:
        rows = (await connection.execute(select(tables.unsubscribe_tokens))).all()
    assert (len(rows), token in str(rows), token in capsys.readouterr().out) == (1, False, False)


async def test_links_of_old_mails_are_forgotten(world: "World") -> None:
    _, letter = await mailed(world)
    assert await world.preferences.forget_old_links() == 0
    world.clock.advance(seconds=366 * 86_400)
    assert await world.preferences.forget_old_links() == 1
    assert (await world.client.get(path_in(letter))).status_code == 404
