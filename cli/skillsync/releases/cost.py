"""`skillsync cost`: what an environment costs a month, resource by resource, by the table in infra/prices.yaml."""

import json
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import yaml
from rich.table import Table

from skillsync.errors import Problem
from skillsync.local.tables import make_console
from skillsync.releases.account import problems
from skillsync.releases.reading import Reading, read

Prices = Mapping[str, Any]
Properties = Mapping[str, Any]


@dataclass(frozen=True)
class Item:
    """What a resource costs: dollars a month, and how that comes about. None: it goes by use, or has no price."""

    stack: str
    resource: str
    type: str
    dollars: float | None
    why: str
    is_priced: bool = True


def show_cost(root: Path, name: str, *, as_json: bool) -> None:
    """Print the estimate. Raises Problem for an environment that is not in the files, or one elsewhere."""
    prices = yaml.safe_load((root / "infra" / "prices.yaml").read_text(encoding="utf-8"))
    with problems():
        env, readings = read(name, root)
    if env.region != "us-east-1":
        raise Problem(f"{name}: infra/prices.yaml holds prices of us-east-1, the environment is in {env.region}.")
    shared = shared_by(readings.values())
    items = [item for stack, reading in readings.items() for item in price(stack, reading, prices, shared)]
    total = round(sum(item.dollars or 0 for item in items), 2)
    if as_json:
        document = {"environment": name, "prices_of": str(prices["date"]), "dollars_a_month": total}
        json.dump(document | {"items": [vars(item) for item in items]}, sys.stdout, indent=2)
        sys.stdout.write("\n")
        return
    console = make_console()
    console.print(_table(items))
    console.print(f"\n[bold]{name}: about ${total:,.0f} a month[/], and what goes by use.", highlight=False)
    console.print(
        f"Estimated by infra/prices.yaml of {prices['date']}: us-east-1, on demand, without tax and transfer.",
        highlight=False,
    )
    if missing := sorted({item.type for item in items if not item.is_priced}):
        console.print(f"[yellow]No price is known of {', '.join(missing)}: at least so much, then.[/]", highlight=False)


@dataclass(frozen=True)
class Shared:
    """What one stack settles for the services of others: the cluster's capacity, and whether tasks have addresses."""

    is_spot: bool = False
    is_public: bool = False


def shared_by(readings: Iterable[Reading]) -> Shared:
    """What these stacks settle."""
    is_spot = is_public = False
    for reading in readings:
        is_public |= reading.outputs.get("AssignPublicIp", {}).get("Value") == "ENABLED"
        for resource in reading.resources.values():
            if resource["Type"] == _CAPACITY:
                is_spot |= _is_spot(resource["Properties"]["DefaultCapacityProviderStrategy"])
    return Shared(is_spot, is_public)


def price(stack: str, reading: Reading, prices: Prices, shared: Shared) -> Iterator[Item]:
    """Yield what each resource costs that costs something, and each whose price is not known."""
    for name, resource in reading.resources.items():
        kind, properties = resource["Type"], resource.get("Properties", {})
        if kind == "AWS::ECS::Service":
            dollars, why = _service(properties, reading, prices, shared)
        elif kind in _COUNTED:
            dollars, why = _COUNTED[kind](properties, reading, prices)
        elif kind in prices["hourly"]:
            dollars, why = prices["hourly"][kind] * prices["hours_a_month"], f"${prices['hourly'][kind]} an hour"
        elif kind in prices["monthly"]:
            dollars, why = prices["monthly"][kind], ""
        elif kind in prices["usage"]:
            yield Item(stack, name, kind, None, prices["usage"][kind])
            continue
        elif any(fnmatchcase(kind, pattern) for pattern in prices["free"]):
            continue
        else:
            yield Item(stack, name, kind, None, "no price known", is_priced=False)
            continue
        if dollars or why:
            yield Item(stack, name, kind, round(dollars, 2), why)


Counted = tuple[float, str]
# In a service's own stack: how many tasks it has at the least.
_SCALABLE = "AWS::ApplicationAutoScaling::ScalableTarget"
_CAPACITY = "AWS::ECS::ClusterCapacityProviderAssociations"


def _is_spot(strategy: Iterable[Mapping[str, Any]]) -> bool:
    return {one["CapacityProvider"] for one in strategy} == {"FARGATE_SPOT"}


def _service(properties: Properties, reading: Reading, prices: Prices, shared: Shared) -> Counted:
    """Fargate by the task's size, as many as there are at the least."""
    task = reading.resources[properties["TaskDefinition"]["Ref"]]["Properties"]
    architecture = task.get("RuntimePlatform", {}).get("CpuArchitecture", "X86_64")
    rate, hours = prices["fargate"][architecture], prices["hours_a_month"]
    vcpus, gigabytes = float(task["Cpu"]) / 1024, float(task["Memory"]) / 1024
    targets = [one for one in reading.resources.values() if one["Type"] == _SCALABLE]
    count = int(targets[0]["Properties"]["MinCapacity"] if targets else properties.get("DesiredCount", 1))
    each = (vcpus * rate["vcpu_hour"] + gigabytes * rate["gb_hour"]) * hours
    if shared.is_spot:
        each *= prices["fargate"]["spot_share"]
    if shared.is_public:
        each += prices["fargate"]["public_address_hour"] * hours
    why = (
        f"{count} × {vcpus:g} vCPU, {gigabytes:g} GB{', Spot' * shared.is_spot}{', public address' * shared.is_public}"
    )
    return each * count, why


def _database(properties: Properties, reading: Reading, prices: Prices) -> Counted:
    kind = properties["DBInstanceClass"]
    # A replica has the storage of what it copies.
    sizes = (one.get("Properties", {}).get("AllocatedStorage", 0) for one in reading.resources.values())
    gigabytes = float(properties.get("AllocatedStorage") or max(float(size) for size in sizes))
    zones = 2 if str(properties.get("MultiAZ", "false")).lower() == "true" else 1
    each = _rate(prices["database"]["hour"], kind, "database") * prices["hours_a_month"]
    each += gigabytes * prices["database"]["gp3_gb_month"]
    return each * zones, f"{zones} × {kind}, {gigabytes:g} GB"


def _proxy(_: Properties, __: Reading, prices: Prices) -> Counted:
    return prices["database"]["proxy_hour"] * prices["hours_a_month"], "2 vCPU"


def _cache(properties: Properties, _: Reading, prices: Prices) -> Counted:
    kind, nodes = properties["CacheNodeType"], int(properties.get("NumCacheClusters", 1))
    return _rate(prices["cache"]["hour"], kind, "cache") * prices["hours_a_month"] * nodes, f"{nodes} × {kind}"


def _endpoint(properties: Properties, _: Reading, prices: Prices) -> Counted:
    if properties.get("VpcEndpointType", "Gateway") != "Interface":
        return 0, ""
    zones = len(properties.get("SubnetIds", [1]))
    return prices["interface_endpoint_hour"] * prices["hours_a_month"] * zones, f"in {zones} zones"


def _firewall(properties: Properties, _: Reading, prices: Prices) -> Counted:
    rules = len(properties.get("Rules", []))
    return prices["waf"]["acl_month"] + prices["waf"]["rule_month"] * rules, f"{rules} rules"


def _rate(rates: Mapping[str, float], kind: str, section: str) -> float:
    if kind not in rates:
        raise Problem(f"infra/prices.yaml: {section}.hour has no price of {kind}: add it, from AWS's price page.")
    return rates[kind]


_COUNTED: dict[str, Callable[[Properties, Reading, Prices], Counted]] = {
    "AWS::EC2::VPCEndpoint": _endpoint,
    "AWS::ElastiCache::ReplicationGroup": _cache,
    "AWS::RDS::DBInstance": _database,
    "AWS::RDS::DBProxy": _proxy,
    "AWS::WAFv2::WebACL": _firewall,
}


def _table(items: list[Item]) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0))
    for column, justify in (("stack", "left"), ("resource", "left"), ("$ a month", "right"), ("", "left")):
        table.add_column(column, justify=justify, no_wrap=column != "")  # type: ignore[arg-type]
    for item in items:
        dollars = "by use" if item.dollars is None else f"{item.dollars:,.2f}"
        table.add_row(item.stack, item.resource, dollars, item.why)
    return table
