"""All SQL of the service."""

from skillsync_analytics.repository.books import Books, Posted
from skillsync_analytics.repository.categories import Categories, load_categories
from skillsync_analytics.repository.figures import Figures
from skillsync_analytics.repository.people import PeopleFigures
from skillsync_analytics.repository.personal import MemberExchange, MemberFigures, MemberRepository
from skillsync_analytics.repository.read_model import ReadModel

__all__ = [
    "Books",
    "Categories",
    "Figures",
    "MemberExchange",
    "MemberFigures",
    "MemberRepository",
    "PeopleFigures",
    "Posted",
    "ReadModel",
    "load_categories",
]
