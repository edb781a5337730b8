"""Keeps `state.json` and `run.json` true while the system runs."""

from skillsync.local import wiring
from skillsync.local.provision import Provision, jwks_url
from skillsync.local.run import write_run
from skillsync.local.state import RunState, Status, empty_status, overall, read_json, write_json
from skillsync.options import Options
from skillsync.paths import Paths
from skillsync.supervision.supervisor import Supervisor


class Document:
    """The phase of the run and what `status --json` tells of it. Every setter writes both files."""

    def __init__(self, paths: Paths, options: Options, gateway_url: str, endpoint: str, supervisor: Supervisor) -> None:
        self.phase: RunState = "stopped"
        self.is_under_repair = False
        self._paths = paths
        self._supervisor = supervisor
        self._former = read_json(paths.state_file)
        self._status: Status = empty_status()
        self._status["web"] = gateway_url
        self._status["api"] = f"{gateway_url}/v1"
        self._status["aws_endpoint"] = endpoint
        self._status["database"] = options.database.kind
        self._status["cache"] = "mem" if options.cache.startswith("mem") else "redis"

    @property
    def status(self) -> Status:
        """What is written, as it is now."""
        self._status["processes"] = [process.status for process in self._supervisor.processes.values()]
        self._status["state"] = overall(self.phase, self._status["processes"], self.is_under_repair)
        return self._status

    def former_pool(self) -> str:
        """The user pool of the last run at the same endpoint, "" when there was none."""
        same_endpoint = self._former.get("aws_endpoint") == self._status["aws_endpoint"]
        return str(self._former.get("user_pool_id", "")) if same_endpoint else ""

    def set_phase(self, phase: RunState) -> None:
        self.phase = phase
        self.write()

    def set_provision(self, provision: Provision) -> None:
        """Note what was provisioned."""
        outputs, status = provision["outputs"], self._status
        status["region"] = provision["region"]
        status["user_pool_id"] = outputs["UserPoolId"]
        status["client_id"] = outputs["WebClientId"]
        status["issuer"] = outputs["UserPoolIssuer"]
        status["jwks_url"] = jwks_url(status["aws_endpoint"], outputs["UserPoolId"])
        status["topic_arn"] = outputs["TransactionEventsTopicArn"]
        status["queues"] = wiring.queues(outputs)
        status["people"] = wiring.people(provision)
        self.write()

    def write(self) -> None:
        # In this order: while nobody is known to run, what the last run wrote counts as stopped.
        write_json(self._paths.state_file, self.status)
        write_run(self._paths, self._supervisor.identities())
