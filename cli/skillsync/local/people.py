"""The demo people: invented persons who are there after `up`, each with something to offer and something to learn."""

from dataclasses import dataclass

# The same for all of them, printed by `up`; it satisfies the pool's policy. It opens nothing but the local pool.
DEMO_PASSWORD = "Exchange-of-skills-1"  # noqa: S105


@dataclass(frozen=True)
class DemoPerson:
    email: str
    first_name: str
    last_name: str
    about: str
    offers: tuple[tuple[str, str], ...]
    wants: tuple[tuple[str, str], ...]
    groups: tuple[str, ...] = ()


DEMO_PEOPLE = (
    DemoPerson(
        email="ana@demo.skillsync.example",
        first_name="Ana",
        last_name="Demo",
        about="Plays the guitar, would like to speak German.",
        offers=(("guitar", "Chords and picking, for beginners"),),
        wants=(("german", "Conversation, from A2 to B1"),),
    ),
    DemoPerson(
        email="bo@demo.skillsync.example",
        first_name="Bo",
        last_name="Demo",
        about="Speaks German, would like to play the guitar.",
        offers=(("german", "Conversation and grammar"),),
        wants=(("guitar", "First steps"),),
    ),
    DemoPerson(
        email="cleo@demo.skillsync.example",
        first_name="Cleo",
        last_name="Demo",
        about="Repairs bicycles, would like to bake bread.",
        offers=(("bicycle-repair", "Brakes, gears and wheels"),),
        wants=(("baking", "Sourdough bread"),),
        groups=("coordinator",),
    ),
    DemoPerson(
        email="dee@demo.skillsync.example",
        first_name="Dee",
        last_name="Demo",
        about="Bakes bread, would like a bicycle that works.",
        offers=(("baking", "Sourdough bread and rolls"),),
        wants=(("bicycle-repair", "A squeaking brake"),),
        groups=("operator",),
    ),
)
