"""Planted errors: each spoils one template as prod gets it, in a way that somebody could overlook in a review."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

Json = dict[str, Any]
Change = Callable[[Json], Any]


@dataclass(frozen=True)
class Mutation:
    """`change` is given the resources of the stack. `ancestor`: a defect that the project's Java ancestor had."""

    stack: str
    what: str
    change: Change
    ancestor: bool = False


def put(resource: str, *path: str | int, value: Any) -> Change:
    """Set a property; `path` leads to it from the resource's properties."""

    def change(resources: Json) -> None:
        place = resources[resource]["Properties"]
        for step in path[:-1]:
            place = place[step]
        place[path[-1]] = value

    return change


def drop(resource: str, *path: str | int) -> Change:
    """Take away a property, or the whole resource."""

    def change(resources: Json) -> None:
        if not path:
            del resources[resource]
            return
        place = resources[resource]["Properties"]
        for step in path[:-1]:
            place = place[step]
        del place[path[-1]]

    return change


def rename(resource: str, old: str, new: str) -> Change:
    def change(resources: Json) -> None:
        properties = resources[resource]["Properties"]
        properties[new] = properties.pop(old)

    return change


def unkept(resource: str) -> Change:
    return lambda resources: resources[resource].pop("UpdateReplacePolicy")


def add(name: str, kind: str, **properties: Any) -> Change:
    return lambda resources: resources.update({name: {"Type": kind, "Properties": properties}})


def together(*changes: Change) -> Change:
    def change(resources: Json) -> None:
        for one in changes:
            one(resources)

    return change


STATEMENTS = ("PolicyDocument", "Statement")
RUN = ("Policies", 0, "PolicyDocument", "Statement")
APP = ("ContainerDefinitions", 0)
CORE = ("DistributionConfig",)
OPEN = {"IpProtocol": "tcp", "FromPort": 3306, "ToPort": 3306, "CidrIp": "0.0.0.0/0", "Description": "for a moment"}

MUTATIONS = (
    # What the ancestor had.
    Mutation("messaging", "a queue without a policy", drop("TransactionQueuePolicy"), ancestor=True),
    Mutation("messaging", "a queue without a DLQ", drop("UserQueue", "RedrivePolicy"), ancestor=True),
    Mutation(
        "edge", "a route without its authorizer", put("GetLedger", "AuthorizationType", value="NONE"), ancestor=True
    ),
    Mutation("platform", "a public load balancer", put("Balancer", "Scheme", value="internet-facing"), ancestor=True),
    Mutation(
        "users",
        "a password in the environment",
        together(
            put("TaskDefinition", *APP, "Environment", 0, value={"Name": "SKILLSYNC_DATABASE_PASSWORD", "Value": "x"}),
        ),
        ancestor=True,
    ),
    Mutation(
        "users",
        "a secret resolved into the task definition",
        put(
            "TaskDefinition",
            *APP,
            "Environment",
            0,
            value={"Name": "SKILLSYNC_DATABASE_URL", "Value": "mysql://u:{{resolve:secretsmanager:s}}@h/d"},
        ),
        ancestor=True,
    ),
    Mutation("users", "a role for every resource", put("TaskRole", *RUN, 0, "Resource", value="*"), ancestor=True),
    Mutation(
        "users",
        "one role for all",
        put("TaskDefinition", "TaskRoleArn", value={"Fn::GetAtt": ["StartRole", "Arn"]}),
        ancestor=True,
    ),
    Mutation("network", "private subnets without a way out", drop("PrivateWayOutA"), ancestor=True),
    Mutation(
        "users-worker",
        "scaling by raw queue depth",
        put(
            "ScalingByMessages",
            "TargetTrackingScalingPolicyConfiguration",
            "CustomizedMetricSpecification",
            value={
                "Namespace": "AWS/SQS",
                "MetricName": "ApproximateNumberOfMessagesVisible",
                "Statistic": "Average",
                "Dimensions": [{"Name": "QueueName", "Value": "user-queue"}],
            },
        ),
        ancestor=True,
    ),
    Mutation(
        "users",
        "the image :latest",
        put("TaskDefinition", *APP, "Image", value="skillsync/users:latest"),
        ancestor=True,
    ),
    Mutation("users", "no log", drop("TaskDefinition", *APP, "LogConfiguration"), ancestor=True),
    Mutation("messaging", "a DLQ without an alarm", drop("AnalyticsDlqAlarm"), ancestor=True),
    Mutation("data", "no backups", put("Database", "BackupRetentionPeriod", value=0), ancestor=True),
    Mutation(
        "data",
        "a database in the clear",
        together(drop("Database", "StorageEncrypted"), drop("Database", "KmsKeyId")),
        ancestor=True,
    ),
    # Who may come in.
    Mutation("platform", "a database open to the world", put("DatabaseGroup", "SecurityGroupIngress", 0, value=OPEN)),
    Mutation(
        "platform",
        "tasks that let in addresses",
        put("HttpTasksGroup", "SecurityGroupIngress", 0, value=OPEN | {"CidrIp": "10.0.0.0/8"}),
    ),
    Mutation("platform", "a group that lets everything out", drop("TasksGroup", "SecurityGroupEgress")),
    Mutation("network", "a subnet that gives public addresses", put("PrivateA", "MapPublicIpOnLaunch", value=True)),
    Mutation("data", "a public database", put("Database", "PubliclyAccessible", value=True)),
    Mutation(
        "users",
        "tasks with public addresses",
        put("Service", "NetworkConfiguration", "AwsvpcConfiguration", "AssignPublicIp", value="ENABLED"),
    ),
    Mutation(
        "network",
        "an isolated subnet with a way out",
        put("IsolatedARoutes", "RouteTableId", value={"Ref": "PublicRoutes"}),
    ),
    Mutation("messaging", "a queue for everybody", put("UserQueuePolicy", *STATEMENTS, 0, "Principal", value="*")),
    Mutation("messaging", "a queue without its condition", drop("UserQueuePolicy", *STATEMENTS, 0, "Condition")),
    Mutation("web", "a bucket for everybody", put("SitePolicy", *STATEMENTS, 0, "Principal", value={"AWS": "*"})),
    Mutation(
        "web",
        "a bucket that may be made public",
        put("Site", "PublicAccessBlockConfiguration", "BlockPublicPolicy", value=False),
    ),
    Mutation(
        "users",
        "a trust without its account",
        put("TaskRole", "AssumeRolePolicyDocument", "Statement", 0, "Principal", value={"AWS": "*"}),
    ),
    Mutation("notifications-worker", "actions by a pattern", put("TaskRole", *RUN, 1, "Action", value="sqs:*")),
    # The operators' API, which may do more than others.
    Mutation(
        "operations",
        "dead letters purged",
        put("TaskRole", *RUN, 0, "Action", value=["sqs:GetQueueAttributes", "sqs:PurgeQueue"]),
    ),
    Mutation(
        "operations",
        "live queues read by operators",
        put("TaskRole", *RUN, 1, "Action", value=["sqs:ReceiveMessage", "sqs:SendMessage"]),
    ),
    Mutation("operations", "metrics of every kind", put("TaskRole", *RUN, 2, "Action", value="cloudwatch:*")),
    Mutation(
        "operations",
        "the paths of all others",
        put("PathRule", "Conditions", 0, "PathPatternConfig", "Values", value=["/v1/*"]),
    ),
    # What is kept, and how.
    Mutation("data", "a database lost at its replacement", unkept("Database")),
    Mutation("data", "a database in one zone", put("Database", "MultiAZ", value=False)),
    Mutation(
        "data",
        "connections without TLS",
        put("DatabaseParameters", "Parameters", "require_secure_transport", value="OFF"),
    ),
    Mutation("data", "a password in the template", put("Database", "MasterUserPassword", value="correct-horse")),
    Mutation("data", "a cache without TLS", put("Cache", "TransitEncryptionEnabled", value=False)),
    Mutation("data", "a cache class that is none", put("Cache", "CacheNodeType", value="cache.t9.micro")),
    Mutation("data", "a database class that is none", put("Database", "DBInstanceClass", value="db.t4g.tiny")),
    Mutation("data", "a version that is none", put("Database", "EngineVersion", value="8.9.1")),
    Mutation("data", "a key that never changes", put("DataKey", "EnableKeyRotation", value=False)),
    Mutation("users", "a log kept for ever", drop("Log", "RetentionInDays")),
    Mutation("messaging", "a queue in the clear", drop("UserDlq", "KmsMasterKeyId")),
    Mutation("platform", "tags that change their image", put("UsersRegistry", "ImageTagMutability", value="MUTABLE")),
    # What would lose messages.
    Mutation(
        "messaging",
        "a filter by an operator that is none",
        put("UserSubscription", "FilterPolicy", value={"type": [{"begins-with": "user."}]}),
    ),
    Mutation("messaging", "a filter on the body", put("UserSubscription", "FilterPolicyScope", value="MessageBody")),
    Mutation("messaging", "a wrapped message", put("UserSubscription", "RawMessageDelivery", value=False)),
    Mutation("messaging", "an alarm that nobody hears", put("UserAgeAlarm", "AlarmActions", value=[])),
    # What would not start, or not go back.
    Mutation("users", "a process as root", put("TaskDefinition", *APP, "User", value="0:0")),
    Mutation(
        "users", "a root that can be written to", put("TaskDefinition", *APP, "ReadonlyRootFilesystem", value=False)
    ),
    Mutation("users", "memory that does not go with its CPU", put("TaskDefinition", "Memory", value="640")),
    Mutation("users", "no circuit breaker", drop("Service", "DeploymentConfiguration", "DeploymentCircuitBreaker")),
    Mutation(
        "users",
        "no alarm that sends back",
        put("Service", "DeploymentConfiguration", "Alarms", "Rollback", value=False),
    ),
    Mutation(
        "users",
        "half the tasks during a deployment",
        put("Service", "DeploymentConfiguration", "MinimumHealthyPercent", value=50),
    ),
    Mutation("users", "no room to scale", put("Scaling", "MaxCapacity", value=1)),
    Mutation(
        "users",
        "a property that is none",
        rename("Service", "HealthCheckGracePeriodSeconds", "HealthCheckGraceSeconds"),
    ),
    Mutation("users", "a reference to nothing", put("Service", "TaskDefinition", value={"Ref": "Taskdefinition"})),
    Mutation(
        "users", "a container that is none", put("Service", "LoadBalancers", 0, "ContainerName", value="application")
    ),
    Mutation(
        "users",
        "a rule of six paths",
        put("PathRule", "Conditions", 0, "PathPatternConfig", "Values", value=[f"/v1/{n}" for n in range(6)]),
    ),
    Mutation("platform", "subnets by a text", put("Balancer", "Subnets", value="subnet-1")),
    # The front door.
    Mutation("web", "a firewall of the wrong scope", put("Firewall", "Scope", value="REGIONAL")),
    Mutation("platform", "a firewall of CloudFront at a load balancer", put("Firewall", "Scope", value="CLOUDFRONT")),
    Mutation(
        "web",
        "answers without TLS",
        put("Distribution", *CORE, "DefaultCacheBehavior", "ViewerProtocolPolicy", value="allow-all"),
    ),
    Mutation(
        "web", "old TLS", put("Distribution", *CORE, "ViewerCertificate", "MinimumProtocolVersion", value="TLSv1")
    ),
    Mutation(
        "web", "no security headers", drop("Distribution", *CORE, "DefaultCacheBehavior", "ResponseHeadersPolicyId")
    ),
    Mutation("platform", "a listener without TLS", put("Listener", "Protocol", value="HTTP")),
    Mutation(
        "edge",
        "a route to another's integration",
        put("GetLedger", "Target", value={"Fn::Sub": "integrations/${UsersIntegration}"}),
    ),
    Mutation("edge", "a route that takes the preflight", put("GetLedger", "RouteKey", value="ANY /v1/ledger")),
    Mutation(
        "observability", "an alarm by a statistic that is none", put("EdgeErrorsAlarm", "Statistic", value="Total")
    ),
    Mutation("identity", "a token for a year", put("WebClient", "AccessTokenValidity", value=525600)),
)
