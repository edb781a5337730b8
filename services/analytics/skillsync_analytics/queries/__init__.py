"""What is read from the read model."""

from skillsync_analytics.queries.answers import Answer, Asked
from skillsync_analytics.queries.books import Bookkeeping, BooksPage
from skillsync_analytics.queries.measures import Measures
from skillsync_analytics.queries.own_data import OwnData
from skillsync_analytics.queries.personal import MemberFigures, Queries

__all__ = ["Answer", "Asked", "Bookkeeping", "BooksPage", "Measures", "MemberFigures", "OwnData", "Queries"]
