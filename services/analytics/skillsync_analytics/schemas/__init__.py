"""Response shapes of the service's HTTP."""

from skillsync_analytics.schemas.books import BooksAnswer, represent_books
from skillsync_analytics.schemas.measures import MeasureAnswer, MeasureList, csv_of, list_measures, represent_answer
from skillsync_analytics.schemas.personal import MemberMeasures, personal_csv, represent

__all__ = [
    "BooksAnswer",
    "MeasureAnswer",
    "MeasureList",
    "MemberMeasures",
    "csv_of",
    "list_measures",
    "personal_csv",
    "represent",
    "represent_answer",
    "represent_books",
]
