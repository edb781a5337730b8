"""This service as production runs it: its own composition root, on uvicorn and uvloop, by the kit's process.

python -m bench.service api

Only its background loops (relay, consumer, sweeper) stay still: they would need a broker, and no peer has them, so that
requests are compared with requests.
"""

from contextlib import AsyncExitStack
from dataclasses import replace

from bench.sampling import sampled_when_asked
from skillsync_kit import process
from skillsync_kit.process import Parts
from skillsync_transactions import main as composition
from skillsync_transactions.settings import TransactionsSettings


async def build(stack: AsyncExitStack, settings: TransactionsSettings) -> Parts:
    """The service's parts, without its loops."""
    return replace(await composition.build(stack, settings), worker_loops=(), relay_loops=())


def main() -> None:
    """Run the process; as a sample for `--profile` when the environment asks for it."""
    with sampled_when_asked():
        process.run("transactions", TransactionsSettings, build)


if __name__ == "__main__":
    main()
