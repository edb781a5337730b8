"""What `deploy`, `rollback` and `destroy` refuse, before anything is touched: one line that says what to do, and 1."""

from typing import TYPE_CHECKING

import boto3
import pytest

from skillsync.errors import Problem
from skillsync.releases.history import Attempt, History, before, runs_now

if TYPE_CHECKING:
    from tests.releases.conftest import Checkout, Client, Run


@pytest.fixture
def without_credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE", "AWS_ENDPOINT_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_CONFIG_FILE", "/dev/null")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/dev/null")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("deploy", "produktion"), "environment produktion: not in infra/environments.yaml (dev-*, staging, prod)"),
        (("rollback", "dev"), "environment dev: not in infra/environments.yaml"),
        (("releases", "dev"), "environment dev: not in infra/environments.yaml"),
        (("destroy", "dev"), "environment dev: not in infra/environments.yaml"),
        (("deploy", "local"), "environment local: not in infra/environments.yaml"),
        (
            ("deploy", "dev-try", "--release", "v9"),
            "release v9: git knows no such tag or commit here: `git fetch --tags`",
        ),
        (("deploy", "dev-try", "--release=--output=x"), "release --output=x: git knows no such tag or commit here"),
        (("deploy", "dev-try", "--release", "HEAD^{commit}"), "release HEAD^{commit}: images are tagged with its name"),
        (("deploy", "dev-a/b"), "environment dev-a/b: a name is 2 to 20 of a-z, 0-9 and hyphens"),
        (("rollback", "dev-Ada"), "environment dev-Ada: a name is 2 to 20 of a-z, 0-9 and hyphens"),
        (("destroy", "dev-*", "--yes"), "environment dev-*: a name is 2 to 20 of a-z, 0-9 and hyphens"),
        (("releases", "dev-as-long-as-it-gets"), "environment dev-as-long-as-it-gets: a name is 2 to 20 of"),
        (("deploy", "dev-try"), "dev-try: no AWS credentials here: sign in first (`aws sso login`"),
        (("deploy", "prod", "--plan"), "prod: infra/environments.yaml names no account for it: write `account:`"),
        (("destroy", "prod", "--yes"), "prod is protected (infra/environments.yaml) and is not destroyed."),
    ],
    ids=" ".join,
)
@pytest.mark.usefixtures("without_credentials", "checkout")
def test_what_cannot_be_is_refused_before_aws_is_asked(run: "Run", arguments: tuple[str, ...], said: str) -> None:
    ended = run(*arguments)
    assert ended.status == 1
    assert ended.err.startswith(f"skillsync: {said}")
    assert len(ended.err.splitlines()) == 1


@pytest.mark.usefixtures("without_credentials")
def test_a_protected_environment_takes_only_what_is_committed(checkout: "Checkout", run: "Run") -> None:
    checkout.write("templates/new.yaml", "Resources: {}")
    assert "prod is protected and takes only what is committed" in run("deploy", "prod").err
    checkout.release("v2")
    assert "names no account" in run("deploy", "prod").err


@pytest.mark.usefixtures("without_credentials")
def test_a_release_from_before_there_were_environments_or_with_a_broken_file_is_refused_in_words(
    checkout: "Checkout", run: "Run"
) -> None:
    checkout.write("environments.yaml", "dev-*: [")
    assert run("deploy", "dev-try").err.startswith("skillsync: infra/ of this release cannot be read: while parsing")
    (checkout.root / "infra" / "environments.yaml").unlink()
    checkout.release("v0")
    ended = run("deploy", "dev-try", "--release", "v0")
    assert (ended.status, ended.err) == (
        1,
        "skillsync: infra/ of this release has no environments.yaml: choose a later release, or put it there.\n",
    )


@pytest.mark.usefixtures("account")
def test_an_attempt_that_lacks_a_template_is_noted_as_failed(
    checkout: "Checkout", account: "Client", run: "Run"
) -> None:
    (checkout.root / "infra" / "templates" / "top.yaml").unlink()
    assert "infra/ of this release has no top.yaml" in run("deploy", "dev-try").err
    assert [one.outcome for one in History(account("ssm"), "dev-try").read()] == ["failed"]


@pytest.mark.usefixtures("without_credentials")
def test_a_profile_that_is_not_there_is_named(
    checkout: "Checkout", run: "Run", monkeypatch: pytest.MonkeyPatch
) -> None:
    assert checkout
    monkeypatch.setenv("AWS_PROFILE", "absent")
    assert "the AWS credentials cannot be read (The config profile (absent)" in run("deploy", "dev-try").err


@pytest.mark.usefixtures("checkout", "account")
def test_the_credentials_of_another_account_are_refused(run: "Run") -> None:
    ended = run("deploy", "staging")
    assert ended.status == 1
    assert "the environment is in 999999999999 (infra/environments.yaml): choose the other profile" in ended.err


@pytest.mark.usefixtures("account")
def test_there_is_no_way_back_to_what_never_ran_or_is_in_no_commit(
    checkout: "Checkout", account: "Client", run: "Run"
) -> None:
    assert "nothing has been deployed yet" in run("rollback", "dev-try").err
    history = History(account("ssm"), "dev-try")
    for release in ("v0-dirty", "v1"):
        history.end(history.begin("deploy", release, checkout.git("rev-parse", "HEAD")), "succeeded", {})
    assert "dev-try never ran release v7; it ran: v1, v0-dirty" in run("rollback", "dev-try", "--to", "v7").err
    assert "v0-dirty was deployed from files that no commit holds" in run("rollback", "dev-try").err


def test_of_two_at_once_the_earlier_stops(account: "Client") -> None:
    history = History(account("ssm"), "dev-try")
    history.begin("deploy", "v1", "c1")
    history.require_newest()
    History(account("ssm"), "dev-try").begin("rollback", "v0", "c0")
    with pytest.raises(Problem, match=r"^dev-try: rollback of v0 has begun meanwhile; this one stops\.$"):
        history.require_newest()


def attempt(release: str, outcome: str) -> Attempt:
    return Attempt(f"{release}{outcome}", "deploy", release, "commit", outcome=outcome)


@pytest.mark.parametrize(
    ("newest_first", "runs", "back_to"),
    [
        ([], None, None),
        ([("v1", "failed")], None, None),
        ([("v1", "succeeded")], "v1", None),
        ([("v2", "failed"), ("v1", "succeeded")], "v1", "v1"),
        ([("v2", "succeeded"), ("v2", "failed"), ("v1", "succeeded")], "v2", "v1"),
        ([("v3", "started"), ("v2", "succeeded"), ("v1", "succeeded")], "v2", "v2"),
    ],
    ids=str,
)
def test_what_runs_and_where_a_rollback_leads(
    newest_first: list[tuple[str, str]], runs: str | None, back_to: str | None
) -> None:
    attempts = [attempt(*one) for one in newest_first]
    now, target = runs_now(attempts), before(attempts) if attempts else None
    assert (now and now.release, target and target.release) == (runs, back_to)
