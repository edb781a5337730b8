"""Names and sentences of invented people: short lists, combined at random, so that nobody real is meant."""

from dataclasses import dataclass
from random import Random

from skillsync.seed.plan import Leg, Skill


@dataclass(frozen=True, slots=True)
class Culture:
    """Names that go together, where people of them live, and how many of a hundred read German."""

    share: int
    first_names: tuple[str, ...]
    last_names: tuple[str, ...]
    time_zones: tuple[str, ...]
    reads_german: int


def _culture(share: int, first: str, last: str, zones: str, reads_german: int) -> Culture:
    return Culture(share, tuple(first.split()), tuple(last.split()), tuple(zones.split()), reads_german)


CULTURES = (
    _culture(
        34,
        "Anneke Birte Carlo Dorle Eike Frieda Gesa Hauke Ilse Jannis Korbinian Liesel Malte Nele Ole Pauline Thies",
        "Achterberg Brinkmann Dornbusch Eichholz Fährmann Grünwald Hasselbach Immenhof Kranz Lindhorst Möhring",
        "Europe/Berlin Europe/Berlin Europe/Vienna Europe/Zurich",
        92,
    ),
    _culture(
        18,
        "Abigail Barnaby Cora Dexter Edith Fergus Greta Hollis Imogen Jasper Maeve Ned Opal Perry Rowan Tess Wilf",
        "Applegarth Bramley Cotterill Dunmore Elwood Fairweather Goodacre Hathersage Larkin Marlowe Pemberley Thistle",
        "Europe/London Europe/Dublin America/New_York Europe/Berlin",
        6,
    ),
    _culture(
        9,
        "Ayşe Baran Cem Defne Elif Emre Gül Kerem Leyla Murat Nur Selin Tarık Zeynep",
        "Akın Bulut Çelik Deniz Ersoy Güneş Kaplan Korkmaz Özer Toprak Yıldız",
        "Europe/Istanbul Europe/Berlin Europe/Berlin",
        60,
    ),
    _culture(
        9,
        "Agnieszka Bartek Celina Darek Ewa Grażyna Henryk Iwona Kazia Lech Marta Olek Zosia",
        "Bielak Czajka Dudek Gajda Jaskółka Kalina Lipka Malec Sowa Wrona Zając",
        "Europe/Warsaw Europe/Berlin",
        45,
    ),
    _culture(
        9,
        "Alba Bruno Candela Diego Elisa Fermín Inés Jacinta Lucía Mateo Nerea Pilar Rafa Tomás",
        "Arroyo Bermejo Calderón Espino Fuentes Lozano Manzano Naranjo Olmedo Roble Valverde",
        "Europe/Madrid Europe/Berlin America/Bogota",
        20,
    ),
    _culture(
        7,
        "Adaeze Bisi Chidi Dele Efua Femi Ifeoma Kofi Lerato Nia Obi Sade Tendai Yaw",
        "Abara Boateng Chukwu Danso Eze Mensah Ndlovu Okafor Owusu Sarpong Zuma",
        "Africa/Lagos Africa/Accra Africa/Johannesburg Europe/Berlin",
        25,
    ),
    _culture(
        7,
        "Anjali Bhavna Chetan Devika Esha Gaurav Indira Kiran Lakshmi Meera Nikhil Rohan Tara Vikram",
        "Banerji Chandra Desai Ghosh Iyer Joshi Kulkarni Menon Nair Rao Sharma",
        "Asia/Kolkata Europe/London Europe/Berlin",
        25,
    ),
    _culture(
        7,
        "Akiko Bowen Chihiro Daiki Haruka Jia Kenji Linh Mei Naoko Quan Shun Thao Yuki",
        "Arai Chen Fujita Ha Inoue Kondo Lin Mori Ngo Sato Tran Ueda",
        "Asia/Tokyo Asia/Ho_Chi_Minh Europe/Berlin",
        25,
    ),
)

_ABOUT = {
    "en": (
        "I can help with {offer}, and would love to learn {want}.",
        "Happy to share what I know of {offer}. Looking for: {want}.",
        "{offer} is my thing; {want} is what I never found the time for.",
        "New in the neighbourhood. I bring {offer} and could use a hand with {want}.",
        "",
    ),
    "de": (
        "Ich helfe gern bei {offer} und würde gern {want} lernen.",
        "{offer} kann ich, {want} suche ich. Am liebsten abends.",
        "Neu im Viertel. Ich biete {offer} und freue mich über Hilfe bei {want}.",
        "Seit Jahren mit {offer} beschäftigt, neugierig auf {want}.",
        "",
    ),
}
_OFFERING = {
    ("en", "offer"): ("Beginners welcome", "Evenings and weekends", "Patient with everybody", "Ten years of it", ""),
    ("en", "want"): ("From the very start", "Once a week would be great", "Just the basics", "To freshen it up", ""),
    ("de", "offer"): ("Für den Anfang", "Abends und am Wochenende", "Mit viel Geduld", "Seit zehn Jahren", ""),
    ("de", "want"): ("Ganz von vorn", "Gern einmal die Woche", "Nur die Grundlagen", "Zum Auffrischen", ""),
}
_NOTE = {
    "en": ("At my place?", "Wednesday would suit me.", "I bring what we need.", "Shall we meet in the library?"),
    "de": ("Bei mir?", "Mittwoch würde mir passen.", "Ich bringe alles mit.", "Treffen wir uns in der Bücherei?"),
}
_REASON = {
    "en": ("I am away that week.", "Something came up, sorry.", "I have no time at present."),
    "de": ("In der Woche bin ich nicht da.", "Mir ist etwas dazwischengekommen.", "Ich habe gerade keine Zeit."),
}
_FOR = {"en": "for", "de": "gegen"}
_OF = {"en": "{hours} h of {skill}", "de": "{hours} Std. {skill}"}


def about(random: Random, locale: str, offer: Skill, want: Skill) -> str:
    """What a person writes of themselves; some write nothing."""
    return random.choice(_ABOUT[locale]).format(offer=offer.name, want=want.name)


def offering(random: Random, locale: str, kind: str) -> str:
    """A line on what is offered or wanted; some write none."""
    return random.choice(_OFFERING[locale, kind])


def note(random: Random, locale: str) -> str:
    """What goes with a proposal; mostly nothing."""
    return random.choice(_NOTE[locale]) if random.random() < 0.3 else ""


def reason(number: int, locale: str) -> str:
    """Why an exchange is called off."""
    return _REASON[locale][number % len(_REASON[locale])]


def title(locale: str, legs: tuple[Leg, ...]) -> str:
    """What an exchange is called."""
    if len(legs) == 1:
        hours = f"{legs[0].minutes / 60:g}"
        return _OF[locale].format(hours=hours.replace(".", ",") if locale == "de" else hours, skill=legs[0].skill.name)
    return f" {_FOR[locale]} ".join(leg.skill.name for leg in legs)[:120]
