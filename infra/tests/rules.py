"""What holds of every evaluated template and what no linter sees. Each rule yields a line for each thing it finds.

`found(template, environment)` asks all of them.
"""

import json
import re
from collections.abc import Callable, Iterator
from typing import Any

Json = dict[str, Any]
Rule = Callable[[Json, str], Iterator[str]]

# Actions that name no resource.
OF_NO_RESOURCE = {
    "cloudwatch:GetMetricData",
    "ecr:GetAuthorizationToken",
    "ses:GetAccount",
    "xray:PutTelemetryRecords",
    "xray:PutTraceSegments",
}
# All that any process may do by its task's role.
OF_A_PROCESS = {
    *("cloudwatch:GetMetricData", "cognito-idp:AdminDeleteUser", "cognito-idp:ListUsersInGroup"),
    *("kms:Decrypt", "kms:GenerateDataKey", "secretsmanager:GetSecretValue", "ses:GetAccount", "ses:SendEmail"),
    *("sns:Publish", "sqs:ChangeMessageVisibility", "sqs:DeleteMessage", "sqs:GetQueueAttributes"),
    *("sqs:ReceiveMessage", "sqs:SendMessage", "xray:PutTelemetryRecords", "xray:PutTraceSegments"),
}
EVERYWHERE = {"0.0.0.0/0", "::/0"}
ENCRYPTED_BY = {
    "AWS::SNS::Topic": "KmsMasterKeyId",
    "AWS::SQS::Queue": "KmsMasterKeyId",
    "AWS::SecretsManager::Secret": "KmsKeyId",
    "AWS::Logs::LogGroup": "KmsKeyId",
    "AWS::RDS::DBInstance": "KmsKeyId",
    "AWS::ElastiCache::ReplicationGroup": "KmsKeyId",
    "AWS::S3::Bucket": "BucketEncryption",
    "AWS::ECR::Repository": "EncryptionConfiguration",
}
# What CloudFormation would delete or replace together with what is in it: the template says which, both times.
HOLDS_DATA = {"AWS::Logs::LogGroup", "AWS::RDS::DBInstance", "AWS::S3::Bucket", "AWS::ECR::Repository"}
A_SECRETS_NAME = re.compile(r"PASSWORD|SECRET|TOKEN|CREDENTIAL|API_?KEY")
NO_SECRETS_NAME = re.compile(r"_(ID|ARN|URL|ISSUER)$")
CLASSES = re.compile(r"(db|cache)\.(t4g|m7g|m8g|r7g|r8g)\.(micro|small|medium|large|x?large|[248]xlarge)")
REDUNDANT = {"prod"}
BY_TLS = {"staging", "prod"}


def of_type(template: Json, *kinds: str) -> Iterator[tuple[str, Json]]:
    """The resources of these types: logical name and properties."""
    for name, resource in template["Resources"].items():
        if resource["Type"] in kinds:
            yield name, resource.get("Properties", {})


def as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def statements(template: Json) -> Iterator[tuple[str, str, Json]]:
    """Every policy statement with the name and type of its resource; a role's trust has the type `trust`."""
    for name, resource in template["Resources"].items():
        properties = resource.get("Properties", {})
        kind = resource["Type"]
        documents = [(kind, properties.get("PolicyDocument")), (kind, properties.get("KeyPolicy"))]
        if kind == "AWS::IAM::Role":
            documents += [(kind, policy["PolicyDocument"]) for policy in properties.get("Policies", [])]
        documents += [("trust", properties.get("AssumeRolePolicyDocument"))]
        for of, document in documents:
            for statement in (document or {}).get("Statement", []):
                yield name, of, statement


def too_wide(template: Json, _: str = "") -> Iterator[str]:
    """Statements that allow more than one named thing to somebody named, and denials of everything to everybody."""
    for name, kind, statement in statements(template):
        where = f"{name} {statement['Sid']}"
        principal, actions = statement.get("Principal"), as_list(statement["Action"])
        # In a key's own policy, Resource * is that key, and the account's root stands for its roles' policies.
        key_owner = kind == "AWS::KMS::Key" and ":root" in str(principal)
        of_role = kind == "AWS::IAM::Role"
        if statement["Effect"] == "Deny":
            if not statement.get("Condition"):
                yield f"{where}: a denial without a condition locks everybody out"
            continue
        everybody = (
            [one for value in principal.values() for one in as_list(value)] if isinstance(principal, dict) else []
        )
        if "*" in (principal, *everybody):
            yield f"{where}: any principal"
        if not key_owner and any(action == "*" or action.endswith(":*") for action in actions):
            yield f"{where}: every action"
        elif of_role and any("*" in action for action in actions):
            yield f"{where}: actions by a pattern"
        resources = as_list(statement.get("Resource", []))
        if "*" in resources and kind not in ("AWS::KMS::Key",) and not (of_role and set(actions) <= OF_NO_RESOURCE):
            yield f"{where}: every resource"
        if not statement.get("Condition") and not key_owner and not of_role:
            yield f"{where}: no condition"


def needless_rights(template: Json, _: str = "") -> Iterator[str]:
    """Processes that may do what none needs, or put messages into what they take them out of."""
    for _name, role in of_type(template, "AWS::IAM::Role"):
        if not str(role.get("RoleName", "")).endswith("-task"):
            continue
        takes, gives = set[str](), set[str]()
        for policy in role.get("Policies", []):
            for statement in policy["PolicyDocument"]["Statement"]:
                actions = set(as_list(statement["Action"]))
                for action in sorted(actions - OF_A_PROCESS):
                    yield f"TaskRole {statement['Sid']}: no process needs {action}"
                of = {json.dumps(resource) for resource in as_list(statement["Resource"])}
                takes |= of if "sqs:ReceiveMessage" in actions else set()
                gives |= of if "sqs:SendMessage" in actions else set()
        for both in sorted(takes & gives):
            yield f"TaskRole: takes from {both} and puts there"


def unprotected(template: Json, _: str = "") -> Iterator[str]:
    """Resources that hold data in the clear, keys that never change, logs kept for ever."""
    for name, resource in template["Resources"].items():
        kind, properties = resource["Type"], resource.get("Properties", {})
        if kind in ENCRYPTED_BY and not properties.get(ENCRYPTED_BY[kind]):
            yield f"{name}: not encrypted by a key of ours"
        if kind == "AWS::KMS::Key" and properties.get("EnableKeyRotation") is not True:
            yield f"{name}: its key never rotates"
        if kind == "AWS::Logs::LogGroup" and not properties.get("RetentionInDays"):
            yield f"{name}: kept for ever"
        if kind in HOLDS_DATA and not {"DeletionPolicy", "UpdateReplacePolicy"} <= resource.keys():
            yield f"{name}: does not say what becomes of its data"
        if kind == "AWS::S3::Bucket" and set(properties.get("PublicAccessBlockConfiguration", {}).values()) != {True}:
            yield f"{name}: may be made public"
        if kind == "AWS::ElastiCache::ReplicationGroup" and not (
            properties.get("TransitEncryptionEnabled") and properties.get("AtRestEncryptionEnabled")
        ):
            yield f"{name}: in the clear"
        if kind == "AWS::RDS::DBParameterGroup" and properties["Parameters"].get("require_secure_transport") != "1":
            yield f"{name}: takes connections without TLS"
        if kind == "AWS::RDS::DBProxy" and properties.get("RequireTLS") is not True:
            yield f"{name}: takes connections without TLS"


def open_doors(template: Json, environment: str) -> Iterator[str]:
    """Ways in from anywhere, and ways out to everything."""
    for name, group in of_type(template, "AWS::EC2::SecurityGroup"):
        for rule in group.get("SecurityGroupIngress", []):
            if {rule.get("CidrIp"), rule.get("CidrIpv6")} & EVERYWHERE:
                yield f"{name}: open to the world"
            if rule["IpProtocol"] == "-1" or rule["FromPort"] != rule["ToPort"]:
                yield f"{name}: open on more than one port"
            if "SourceSecurityGroupId" not in rule and name != "EndpointGroup":
                yield f"{name}: lets in addresses, not a group"
        # Without a rule of its own a group lets everything out.
        if not group.get("SecurityGroupEgress"):
            yield f"{name}: lets everything out"
        for rule in group.get("SecurityGroupEgress", []):
            if rule.get("CidrIp") in EVERYWHERE and rule.get("FromPort") != 443:
                yield f"{name}: lets out more than HTTPS"


def public_addresses(template: Json, environment: str) -> Iterator[str]:
    """What the internet could reach past the gateway."""
    for name, balancer in of_type(template, "AWS::ElasticLoadBalancingV2::LoadBalancer"):
        if balancer.get("Scheme") != "internal":
            yield f"{name}: public, past the gateway"
    for name, subnet in of_type(template, "AWS::EC2::Subnet"):
        if subnet.get("MapPublicIpOnLaunch") is not False:
            yield f"{name}: gives public addresses"
    for name, database in of_type(template, "AWS::RDS::DBInstance"):
        if database.get("PubliclyAccessible") is not False:
            yield f"{name}: has a public address"
    for name, service in of_type(template, "AWS::ECS::Service"):
        network = service["NetworkConfiguration"]["AwsvpcConfiguration"]
        if network["AssignPublicIp"] != "DISABLED" and not environment.startswith("dev-"):
            yield f"{name}: its tasks have public addresses"


def ways_out(template: Json, environment: str) -> Iterator[str]:
    """Private subnets that reach nothing, isolated ones that reach something."""
    routes = [route for _, route in of_type(template, "AWS::EC2::Route")]
    by_gateway = {route["RouteTableId"]["Ref"] for route in routes if "GatewayId" in route}
    by_nat = {route["RouteTableId"]["Ref"] for route in routes if "NatGatewayId" in route}
    for _, association in of_type(template, "AWS::EC2::SubnetRouteTableAssociation"):
        subnet, table = association["SubnetId"]["Ref"], association["RouteTableId"]["Ref"]
        if subnet.startswith("Public") and table not in by_gateway:
            yield f"{subnet}: no way out"
        if subnet.startswith("Private") and table not in by_nat and not environment.startswith("dev-"):
            yield f"{subnet}: no way out"
        if not subnet.startswith("Public") and table in by_gateway:
            yield f"{subnet}: the internet has a way in"
        if subnet.startswith("Isolated") and table in by_nat:
            yield f"{subnet}: has a way out"


def plain_secrets(template: Json, _: str = "") -> Iterator[str]:
    """Secrets that stand in a template or a task definition for whoever may read it."""
    for name, secret in of_type(template, "AWS::SecretsManager::Secret"):
        if isinstance(secret.get("SecretString"), str):
            yield f"{name}: the secret stands in the template"
    for name, database in of_type(template, "AWS::RDS::DBInstance"):
        if "MasterUserPassword" in database:
            yield f"{name}: the password is known to the template"
        if "SourceDBInstanceIdentifier" not in database and database.get("ManageMasterUserPassword") is not True:
            yield f"{name}: nobody changes its password"
    for name, cache in of_type(template, "AWS::ElastiCache::ReplicationGroup"):
        if "resolve:secretsmanager" not in json.dumps(cache.get("AuthToken", "")):
            yield f"{name}: no token, or one that stands in the template"
    for name, container in containers(template):
        for variable in container.get("Environment", []):
            is_secret = A_SECRETS_NAME.search(variable["Name"]) and not NO_SECRETS_NAME.search(variable["Name"])
            if is_secret or "resolve:" in json.dumps(variable["Value"]):
                yield f"{name}: {variable['Name']} is a secret in the clear"


def containers(template: Json) -> Iterator[tuple[str, Json]]:
    for name, task in of_type(template, "AWS::ECS::TaskDefinition"):
        for container in task["ContainerDefinitions"]:
            yield f"{name} {container['Name']}", container


def loose_tasks(template: Json, _: str = "") -> Iterator[str]:
    """Containers that may be something else tomorrow, or do more than their work today."""
    for name, container in containers(template):
        if not re.search(r"@sha256:[0-9a-f]{64}$", container["Image"]):
            yield f"{name}: its image is not pinned by digest"
        if container.get("User", "0").split(":")[0] in ("0", "root"):
            yield f"{name}: runs as root"
        if container.get("ReadonlyRootFilesystem") is not True:
            yield f"{name}: may write to its root"
        if container.get("Privileged"):
            yield f"{name}: privileged"
        if "LogConfiguration" not in container:
            yield f"{name}: its log goes nowhere"


def wrong_services(template: Json, _: str = "") -> Iterator[str]:
    """Services with one role for everything, a shell, or a way to nothing, and registries whose tags move."""
    for name, task in of_type(template, "AWS::ECS::TaskDefinition"):
        if task["TaskRoleArn"] == task["ExecutionRoleArn"]:
            yield f"{name}: one role for the task and for its start"
    for name, service in of_type(template, "AWS::ECS::Service"):
        if service.get("EnableExecuteCommand"):
            yield f"{name}: anybody with the right may have a shell in it"
        by_name = {container["Name"]: container for _, container in containers(template)}
        for way in service.get("LoadBalancers", []):
            ports = [each["ContainerPort"] for each in by_name.get(way["ContainerName"], {}).get("PortMappings", [])]
            if way["ContainerPort"] not in ports:
                yield f"{name}: sent to a container or a port that there is not"
    for name, registry in of_type(template, "AWS::ECR::Repository"):
        if registry.get("ImageTagMutability") != "IMMUTABLE":
            yield f"{name}: a tag may come to mean another image"


def deployments(template: Json, environment: str) -> Iterator[str]:
    """Deployments that do not go back by themselves, and services that do not scale or do so by the wrong figure."""
    kinds = {resource["Type"] for resource in template["Resources"].values()}
    for name, service in of_type(template, "AWS::ECS::Service"):
        how = service["DeploymentConfiguration"]
        breaker = how.get("DeploymentCircuitBreaker", {})
        if how.get("Strategy") != "BLUE_GREEN" and not (breaker.get("Enable") and breaker.get("Rollback")):
            yield f"{name}: no circuit breaker"
        alarms = how.get("Alarms", {})
        if not (alarms.get("Enable") and alarms.get("Rollback") and alarms.get("AlarmNames")):
            yield f"{name}: no alarm sends a deployment back"
        if how.get("MinimumHealthyPercent", 0) < 100:
            yield f"{name}: fewer tasks than needed during a deployment"
        emulated = environment.startswith("dev-try")
        if not emulated and "AWS::ApplicationAutoScaling::ScalingPolicy" not in kinds:
            yield f"{name}: does not scale"
    for name, target in of_type(template, "AWS::ApplicationAutoScaling::ScalableTarget"):
        if int(target["MinCapacity"]) < 1 or int(target["MaxCapacity"]) <= int(target["MinCapacity"]):
            yield f"{name}: no room to scale"
    for name, policy in of_type(template, "AWS::ApplicationAutoScaling::ScalingPolicy"):
        metrics = policy["TargetTrackingScalingPolicyConfiguration"].get("CustomizedMetricSpecification")
        if metrics is None:
            continue
        shown = [metric for metric in metrics.get("Metrics", []) if metric.get("ReturnData", True)]
        if len(shown) != 1 or "/ running" not in str(shown[0].get("Expression")):
            yield f"{name}: by a raw figure, not by one for each task"


def listener_rules(template: Json, _: str = "") -> Iterator[str]:
    """Rules that AWS would not take, or that take what is another's."""
    for name, rule in of_type(template, "AWS::ElasticLoadBalancingV2::ListenerRule"):
        values = [
            value
            for condition in rule["Conditions"]
            for config in condition.values()
            if isinstance(config, dict)
            for value in config["Values"]
        ]
        if len(values) > 5:
            yield f"{name}: more values than a rule takes"
        for condition in rule["Conditions"]:
            for path in condition.get("PathPatternConfig", {}).get("Values", []):
                if not re.fullmatch(r"/v1/[a-z]+\*", path):
                    yield f"{name}: {path} is not the paths of one thing"


def weak_data(template: Json, environment: str) -> Iterator[str]:
    """Databases and caches that are lost with a machine or a click, and classes that do not exist."""
    for name, database in of_type(template, "AWS::RDS::DBInstance"):
        if not CLASSES.fullmatch(database["DBInstanceClass"]):
            yield f"{name}: no class of ours"
        if "SourceDBInstanceIdentifier" in database:
            continue
        if int(database.get("BackupRetentionPeriod", 0)) < 1:
            yield f"{name}: no backups"
        if environment in REDUNDANT and not (database.get("MultiAZ") and database.get("DeletionProtection")):
            yield f"{name}: in one zone, or deleted by a click"
    for name, cache in of_type(template, "AWS::ElastiCache::ReplicationGroup"):
        if not CLASSES.fullmatch(cache["CacheNodeType"]):
            yield f"{name}: no class of ours"
        if environment in REDUNDANT and not cache.get("AutomaticFailoverEnabled"):
            yield f"{name}: in one zone"


def front_door(template: Json, environment: str) -> Iterator[str]:
    """Distributions with the wrong firewall, and without what protects a browser."""
    firewalls = dict(of_type(template, "AWS::WAFv2::WebACL"))
    for name, distribution in of_type(template, "AWS::CloudFront::Distribution"):
        config = distribution["DistributionConfig"]
        firewall = config.get("WebACLId")
        if firewall is None and environment in BY_TLS:
            yield f"{name}: no firewall"
        if firewall and firewalls[firewall["Fn::GetAtt"][0]]["Scope"] != "CLOUDFRONT":
            yield f"{name}: its firewall is a region's"
        for behaviour in (config["DefaultCacheBehavior"], *config.get("CacheBehaviors", [])):
            if behaviour["ViewerProtocolPolicy"] == "allow-all":
                yield f"{name}: answers without TLS"
            if "ResponseHeadersPolicyId" not in behaviour:
                yield f"{name}: answers without the security headers"
        if environment in BY_TLS and not str(config["ViewerCertificate"].get("MinimumProtocolVersion")).startswith(
            "TLSv1.2"
        ):
            yield f"{name}: takes old TLS"
        for origin in config["Origins"]:
            if "S3OriginConfig" in origin and "OriginAccessControlId" not in origin:
                yield f"{name}: reads the bucket as anybody"
    for name, policy in of_type(template, "AWS::CloudFront::ResponseHeadersPolicy"):
        headers = policy["ResponseHeadersPolicyConfig"].get("SecurityHeadersConfig", {})
        text = str(headers.get("ContentSecurityPolicy", {}).get("ContentSecurityPolicy"))
        if "default-src 'none'" not in text or "frame-ancestors 'none'" not in text or "'unsafe-eval'" in text:
            yield f"{name}: a weak content security policy"
        if headers.get("StrictTransportSecurity", {}).get("AccessControlMaxAgeSec", 0) < 31_536_000:
            yield f"{name}: TLS is not insisted on"


def balancers(template: Json, environment: str) -> Iterator[str]:
    """Load balancers with the wrong firewall, without TLS, or with an answer of their own to what no rule names."""
    firewalls = dict(of_type(template, "AWS::WAFv2::WebACL"))
    for name, link in of_type(template, "AWS::WAFv2::WebACLAssociation"):
        if firewalls[link["WebACLArn"]["Fn::GetAtt"][0]]["Scope"] != "REGIONAL":
            yield f"{name}: a load balancer takes a firewall of its region alone"
    for name, listener in of_type(template, "AWS::ElasticLoadBalancingV2::Listener"):
        if environment in BY_TLS and listener["Protocol"] != "HTTPS":
            yield f"{name}: without TLS"
        if [action["Type"] for action in listener["DefaultActions"]] != ["fixed-response"]:
            yield f"{name}: sends on what no rule names"


def silent_alarms(template: Json, _: str = "") -> Iterator[str]:
    """Alarms that nobody hears."""
    for name, alarm in of_type(template, "AWS::CloudWatch::Alarm"):
        if not alarm.get("AlarmActions") or alarm.get("ActionsEnabled") is False:
            yield f"{name}: nobody hears it"
    watched = {alarm.get("MetricName") for _, alarm in of_type(template, "AWS::CloudWatch::Alarm")}
    task = next((body for _, body in of_type(template, "AWS::ECS::Service")), None)
    if task is not None and "CPUUtilization" not in watched:
        yield "Service: nobody watches its saturation"


RULES: tuple[Rule, ...] = (
    too_wide,
    needless_rights,
    unprotected,
    open_doors,
    public_addresses,
    ways_out,
    plain_secrets,
    loose_tasks,
    wrong_services,
    deployments,
    listener_rules,
    weak_data,
    front_door,
    balancers,
    silent_alarms,
)


def found(template: Json, environment: str) -> list[str]:
    """What any rule finds."""
    return [line for rule in RULES for line in rule(template, environment)]
