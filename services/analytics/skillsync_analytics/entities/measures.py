"""The coordinators' measures: what each means, what its rows tell, and for which intervals there are any."""

from dataclasses import dataclass

from skillsync_analytics.entities.calendar import Interval

__all__ = ["LONGEST_DAYS", "MEASURES", "Measure"]

LONGEST_DAYS = {Interval.DAY: 92, Interval.WEEK: 371, Interval.MONTH: 742}
"""The longest range that is answered, by interval."""

_EACH = (Interval.DAY, Interval.WEEK, Interval.MONTH)
_SUPPRESSED = "Figures of fewer than three members are not shown."
_START = "the first day of the bucket, in UTC"


@dataclass(frozen=True, slots=True)
class Measure:
    """One measure. `intervals` begins with the usual one; without any, the measure is of this moment."""

    name: str
    definition: str
    columns: dict[str, str]
    intervals: tuple[Interval, ...]


_ALL = (
    Measure(
        "exchanges",
        f"Exchanges by the time they were finalized, and the minutes given in them over all their legs. {_SUPPRESSED}",
        {"start": _START, "exchanges": "finalized exchanges", "minutes": "minutes given", "hours": "the same in hours"},
        (Interval.WEEK, Interval.DAY, Interval.MONTH),
    ),
    Measure(
        "categories",
        "Exchanges and hours of each week by the category of the skill that was given; an exchange counts in each of "
        "its categories. Categories with fewer than three members are one row, small-categories.",
        {
            "start": _START,
            "category": "the category; 'other' holds skills that are not in the catalogue",
            "exchanges": "finalized exchanges with a leg in it",
            "minutes": "minutes given",
            "hours": "the same in hours",
        },
        (Interval.WEEK,),
    ),
    Measure(
        "members",
        "Members who did something (wrote to an exchange or an offering), who signed up, and who had signed up before "
        f"and did nothing. {_SUPPRESSED}",
        {
            "start": _START,
            "active": "members who did something",
            "new": "members who signed up",
            "dormant": "members of before, neither suspended nor erased today, who did nothing",
        },
        (Interval.WEEK, Interval.DAY, Interval.MONTH),
    ),
    Measure(
        "skills",
        "The skills that most members offer and want at this moment, twenty of each, by active offerings. "
        "Skills of fewer than three members are left out.",
        {
            "kind": "offer or want",
            "rank": "1 for the most",
            "skill": "the skill",
            "category": "its category",
            "members": "members who offer or want it",
        },
        (),
    ),
    Measure(
        "gap",
        "Members who want a skill at this moment less those who offer it, by active offerings, the widest gap first. "
        "Skills with fewer than three members on both sides together are left out.",
        {
            "skill": "the skill",
            "category": "its category",
            "offers": "members who offer it",
            "wants": "members who want it",
            "gap": "wants less offers",
        },
        (),
    ),
    Measure(
        "times",
        "Seconds from the proposal to the acceptance by all, and to the finalization, of exchanges by the time they "
        "were proposed: median and 90th percentile, by nearest rank. Those of fewer than three members are not shown.",
        {
            "start": _START,
            "accept_median_seconds": "half were accepted as soon as that, of those accepted",
            "accept_p90_seconds": "nine in ten were",
            "finalize_median_seconds": "half were finalized as soon as that, of those finalized",
            "finalize_p90_seconds": "nine in ten were",
        },
        (Interval.WEEK, Interval.DAY, Interval.MONTH),
    ),
    Measure(
        "funnel",
        "What became of the exchanges that were proposed in each bucket: how many were ever accepted by all, and how "
        f"they ended. {_SUPPRESSED}",
        {
            "start": _START,
            "proposed": "exchanges proposed then",
            "accepted": "of these, accepted by all at some time",
            "finalized": "ended by finalization",
            "declined": "ended because a participant said no",
            "cancelled": "ended because a participant called it off",
            "expired": "ended by time",
            "open": "not ended yet",
        },
        (Interval.WEEK, Interval.DAY, Interval.MONTH),
    ),
    Measure(
        "cohorts",
        "Retention: of the members who signed up in a bucket, how many did something in it and in each bucket after. "
        f"{_SUPPRESSED}",
        {
            "cohort": "the first day of the bucket in which they signed up",
            "size": "how many did",
            "after": "how many buckets later",
            "active": "how many of them did something then",
        },
        (Interval.MONTH, Interval.WEEK),
    ),
    Measure(
        "reciprocity",
        "Members who took part in exchanges finalized in each bucket: who both gave and received, who only gave, who "
        f"only received. {_SUPPRESSED}",
        {"start": _START, "both": "gave and received", "gave_only": "only gave", "received_only": "only received"},
        (Interval.MONTH, Interval.WEEK),
    ),
)

MEASURES = {measure.name: measure for measure in _ALL}
"""All of them, by name."""
