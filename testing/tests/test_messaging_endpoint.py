"""Which endpoint the messaging suite chooses, and that nothing is made in an account by mistake."""

import os
from collections.abc import Callable

import pytest

from skillsync_testing import Emulator
from skillsync_testing.messaging import Endpoint, NotExercised, chosen_endpoint


class Standing(Emulator):
    """An emulator that nobody starts."""

    def __init__(self) -> None:
        self.port = 4

    def client_environment(self, account: str = "test") -> dict[str, str]:
        return {"AWS_ENDPOINT_URL": "http://127.0.0.1:4", "AWS_ACCESS_KEY_ID": account}


@pytest.fixture
def choose(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Endpoint]:
    """Chooses in an environment that has these AWS variables, and MESSAGING, and no others."""

    def run(**variables: str) -> Endpoint:
        for name in [name for name in os.environ if name.startswith("AWS_") or name == "MESSAGING"]:
            monkeypatch.delenv(name)
        for name, value in variables.items():
            monkeypatch.setenv(name, value)
        return chosen_endpoint(Standing)

    return run


def test_credentials_alone_choose_the_private_emulator_and_do_not_reach_it(choose: Callable[..., Endpoint]) -> None:
    own = {"AWS_ACCESS_KEY_ID": "AKIA", "AWS_SESSION_TOKEN": "t", "AWS_PROFILE": "work"}
    chosen = choose(**own)
    assert (chosen.name, chosen.is_aws) == ("the private emulator", False)
    with chosen.entered():
        assert "AWS_SESSION_TOKEN" not in os.environ
        assert "AWS_PROFILE" not in os.environ
        assert os.environ["AWS_ACCESS_KEY_ID"] != "AKIA"
    assert os.environ["AWS_PROFILE"] == "work"


def test_an_endpoint_is_reached_with_the_callers_variables(choose: Callable[..., Endpoint]) -> None:
    own = {"AWS_ENDPOINT_URL": "http://127.0.0.1:5", "AWS_REGION": "eu-central-1", "AWS_ACCESS_KEY_ID": "mine"}
    chosen = choose(**own)
    assert (chosen.name, chosen.is_aws) == ("http://127.0.0.1:5", False)
    with chosen.entered():
        assert {name: os.environ[name] for name in own} == own


def test_an_endpoint_without_credentials_gets_some_that_emulators_take(choose: Callable[..., Endpoint]) -> None:
    chosen = choose(AWS_ENDPOINT_URL="http://127.0.0.1:5")
    assert chosen.variables["AWS_ACCESS_KEY_ID"] == "test"
    assert chosen.variables["AWS_REGION"]
    assert "AWS_ACCESS_KEY_ID" not in choose(AWS_ENDPOINT_URL="http://127.0.0.1:5", AWS_PROFILE="work").variables


def test_a_real_account_is_asked_for_by_name_and_lacks_nothing(choose: Callable[..., Endpoint]) -> None:
    chosen = choose(MESSAGING="aws", AWS_PROFILE="sandbox")
    assert chosen.is_aws
    with pytest.raises(AssertionError, match="move tasks"):
        chosen.lacks("move tasks", "refused")
    with pytest.raises(pytest.UsageError, match="MESSAGING=azure"):
        choose(MESSAGING="azure")


def test_what_an_endpoint_lacks_is_said(choose: Callable[..., Endpoint]) -> None:
    with pytest.warns(NotExercised, match="http://127.0.0.1:5: move tasks"):
        choose(AWS_ENDPOINT_URL="http://127.0.0.1:5").lacks("move tasks", "refused")
