"""The queues of a deployed environment, as its operator reaches them."""

import json
import sys
from typing import Any

import pytest

from skillsync import main, stacks


def run(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    monkeypatch.setattr(sys, "argv", ["skillsync", *arguments])
    with pytest.raises(SystemExit) as ended:
        main.main()
    return int(ended.value.code or 0)


def test_the_queues_of_an_environment_are_looked_into_and_a_dead_letter_moved_back(
    cloud: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    env = stacks.environment("dev-try")
    stack = stacks.find_stack(env, "messaging")
    client = cloud.client("cloudformation", cloud.status["aws_endpoint"])
    assert run(monkeypatch, "queues", "--env", "dev-try") == 1
    told = capsys.readouterr().err
    assert told.startswith(f"skillsync: dev-try: account {cloud.account} has no stack skillsync-dev-try-messaging")

    outputs = stacks.deploy(client, stack.stack_name, stack.body, stacks.wire(stack, env, {}))
    assert run(monkeypatch, "queues", "--env", "dev-try", "--json") == 0
    rows = json.loads(capsys.readouterr().out)["queues"]
    assert [row["name"] for row in rows] == ["user", "transaction", "notification", "analytics", "feedback"]

    cloud.put(outputs["UserDlqUrl"])
    assert run(monkeypatch, "queues", "--env", "dev-try") == 3
    assert run(monkeypatch, "dlq", "list", "--env", "dev-try") == 3
    assert run(monkeypatch, "dlq", "redrive", "user", "--env", "dev-try") == 0
    assert cloud.bodies(outputs["UserQueueUrl"]) == ["a message"]


def test_an_environment_that_is_none_or_is_here_is_refused(
    cloud: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(monkeypatch, "queues", "--env", "production") == 1
    assert "production" in capsys.readouterr().err
    assert run(monkeypatch, "dlq", "list", "--env", "local") == 1
    assert "local is the system on this machine" in capsys.readouterr().err
    # It names no account, so nobody's credentials are known to be the right ones.
    assert run(monkeypatch, "queues", "--env", "prod") == 1
    assert "names no account" in capsys.readouterr().err
