"""The composition root makes a whole process, over the local cloud."""

from contextlib import AsyncExitStack
from typing import TYPE_CHECKING

import httpx2
import pytest

from skillsync_notifications.main import build
from skillsync_testing.emulator import Emulator

if TYPE_CHECKING:
    from tests.conftest import World


async def test_it_wires_app_consumer_sender_and_relay(
    world: "World", emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in emulator.client_environment().items():
        monkeypatch.setenv(name, value)
    async with AsyncExitStack() as stack:
        parts = await build(stack, world.settings)
        for warm in parts.warm:
            await warm()
        names = [loop.__self__.__class__.__name__ for loop in parts.worker_loops + parts.relay_loops]  # type: ignore[attr-defined]
        assert names == ["Consumer", "Consumer", "Sender", "Scheduler", "Relay"]
        consumer, returns, sender, scheduler = (loop.__self__ for loop in parts.worker_loops)  # type: ignore[attr-defined]
        assert consumer._handling._handled == scheduler._done == sender.wake
        assert (consumer._queue_url, returns._queue_url) == (
            world.settings.queue_url,
            world.settings.feedback_queue_url,
        )
        transport = httpx2.ASGITransport(parts.app)
        async with httpx2.AsyncClient(transport=transport, base_url="http://mails.example") as client:
            assert (await client.get("/v1/notifications")).status_code == 401
            assert (await client.get("/health/ready")).status_code == 503
            parts.health.is_ready = True
            assert (await client.get("/health/ready")).status_code == 200
