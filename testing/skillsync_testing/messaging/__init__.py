"""SNS and SQS wherever they are: which endpoint the messaging suite talks to, and the resources it makes there."""

from skillsync_testing.messaging.endpoint import Endpoint, NotExercised, chosen_endpoint
from skillsync_testing.messaging.observing import Watched, drain, is_empty, receive, take, until
from skillsync_testing.messaging.resources import ConsumerQueue, Messaging, left_over, made, made_by_hand, named

__all__ = [
    "ConsumerQueue",
    "Endpoint",
    "Messaging",
    "NotExercised",
    "Watched",
    "chosen_endpoint",
    "drain",
    "is_empty",
    "left_over",
    "made",
    "made_by_hand",
    "named",
    "receive",
    "take",
    "until",
]
