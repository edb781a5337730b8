"""A person asks the real system for all that is kept about them, and fetches it through the gateway."""

import csv
import io
import json
from typing import Any
from uuid import uuid4
from zipfile import ZipFile

from skillsync_testing.member import Member, swap
from skillsync_testing.system import System, eventually

SERVICES = ("users", "transactions", "notifications", "analytics")


def export_of(member: Member) -> dict[str, str]:
    """The texts of the files in a new export, by name."""
    asked = member.post("/users/me/exports")
    assert asked.status_code == 202, asked.text
    id = asked.json()["id"]
    made = eventually(
        lambda: (it := member.get(f"/users/me/exports/{id}").json())["state"] != "pending" and it,
        what="the export is made",
    )
    assert made["state"] == "ready", made
    answer = member.get(f"/users/me/exports/{id}/file")
    assert (answer.headers["content-type"], len(answer.content)) == ("application/zip", made["file_bytes"])
    with ZipFile(io.BytesIO(answer.content)) as file:
        return {name: file.read(name).decode() for name in file.namelist()}


def test_an_export_holds_what_every_service_keeps_of_its_owner_and_of_nobody_else(system: System) -> None:
    word = uuid4().hex
    ana, bo = system.member("Ana").make_profile(), system.member("Bo").make_profile()
    ana.offer("guitar")
    id = ana.draft({**swap(bo), "settlement": "hours", "note": f"={word}"})["id"]
    ana.propose(id)
    bo.accept(id, 1)
    bo.finalize(id, 1)
    eventually(lambda: ana.get("/analytics/me").json()["finalized"] == 1, what="the exchange is counted")
    eventually(lambda: len(system.mails_to(ana.email)) >= 3, what="Ana has her mails")
    files = export_of(ana)

    def rows(name: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = json.loads(files[f"{name}.json"])
        assert len(list(csv.reader(io.StringIO(files[f"{name}.csv"], newline="")))) == (len(found) + 1 if found else 1)
        return found

    assert {name.partition("/")[0] for name in files} == {"README.txt", *SERVICES}
    assert rows("users/profile")[0]["email"] == ana.email
    assert [row["skill"] for row in rows("users/offerings")] == ["guitar"]
    assert [(row["id"], row["state"], row["note"]) for row in rows("transactions/transactions")] == [
        (id, "finalized", f"={word}")
    ]
    assert f"'={word}" in files["transactions/transactions.csv"]
    assert [row["action"] for row in rows("transactions/history")] == ["create", "propose", "accept", "finalize"]
    assert sorted(row["minutes"] for row in rows("transactions/ledger")) == [-60, 60]
    assert {"welcome", "accepted", "receipt"} <= {row["template"] for row in rows("notifications/inbox")}
    assert rows("analytics/figures") == [{"finalized": 1, "minutes_given": 60, "minutes_received": 60, "partners": 1}]
    assert [row["transaction"] for row in rows("analytics/exchanges")] == [id]
    whole = "".join(files.values())
    assert bo.id in whole
    assert bo.email not in whole
    logs = [file.read_text(errors="replace") for file in (system.state_directory / "logs").rglob("*") if file.is_file()]
    assert logs
    assert not any(secret in log for log in logs for secret in (word, ana.email))
