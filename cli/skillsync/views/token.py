"""`skillsync token EMAIL`: an access token of a demo person."""

from skillsync.errors import Problem
from skillsync.local.pool import Pool
from skillsync.paths import Paths
from skillsync.views.session import client, require_running


def access_token(paths: Paths, email: str) -> str:
    """Signs the person in at the pool. Raises Problem when there is no such demo person or nothing runs."""
    status = require_running(paths)
    person = next((person for person in status["people"] if person["email"] == email.lower()), None)
    if person is None:
        known = ", ".join(person["email"] for person in status["people"]) or "none yet"
        raise Problem(f"{email} is not a demo person. These are: {known}.")
    pool = Pool(client(status, "cognito-idp"), status["client_id"])
    token = pool.sign_in(person["email"], person["password"])
    if token is None:
        raise Problem(f"The user pool does not know {person['email']} any more: `skillsync down`, then `make up`.")
    return token
