"""`skillsync cost`: what each resource costs by infra/prices.yaml, and that nothing is left without a price."""

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import yaml

from skillsync import stacks
from skillsync.paths import find_paths
from skillsync.releases.cost import Shared, price, shared_by
from skillsync.releases.reading import Reading, read

if TYPE_CHECKING:
    from tests.releases.conftest import Checkout, Run

PRICES_FILE = stacks.root() / "infra" / "prices.yaml"
PRICES = yaml.safe_load(PRICES_FILE.read_text())
TASK = {
    "Type": "AWS::ECS::TaskDefinition",
    "Properties": {"Cpu": "1024", "Memory": "2048", "RuntimePlatform": {"CpuArchitecture": "ARM64"}},
}
DATABASE = {"DBInstanceClass": "db.t4g.micro", "AllocatedStorage": "20"}


def cost_of(kind: str, properties: dict[str, object]) -> tuple[float | None, str]:
    resources = {"One": {"Type": kind, "Properties": properties}, "Task": TASK}
    (item,) = price("stack", Reading({}, resources), PRICES, Shared())
    return item.dollars, item.why


def test_tasks_are_on_spot_and_have_addresses_where_the_environment_says_so() -> None:
    resources = {"One": {"Type": "AWS::ECS::Service", "Properties": {"TaskDefinition": {"Ref": "Task"}}}, "Task": TASK}
    for environment, share, address, why in (
        ("dev-ada", 0.3, 0.005, "1 × 1 vCPU, 2 GB, Spot, public address"),
        ("prod", 1, 0, "1 × 1 vCPU, 2 GB"),
    ):
        shared = shared_by(read(environment, find_paths().root)[1].values())
        (item,) = price("stack", Reading({}, resources), PRICES, shared)
        assert item.dollars == pytest.approx(730 * (share * (0.03238 + 2 * 0.00356) + address), abs=0.006)
        assert item.why == why


@pytest.mark.parametrize(
    ("kind", "properties", "dollars", "why"),
    [
        ("AWS::KMS::Key", {}, 1, ""),
        ("AWS::EC2::NatGateway", {}, 32.85, "$0.045 an hour"),
        ("AWS::RDS::DBInstance", DATABASE, 730 * 0.016 + 20 * 0.115, "1 × db.t4g.micro, 20 GB"),
        ("AWS::RDS::DBInstance", DATABASE | {"MultiAZ": "true"}, 2 * (730 * 0.016 + 2.3), "2 × db.t4g.micro, 20 GB"),
        ("AWS::RDS::DBProxy", {}, 21.9, "2 vCPU"),
        (
            "AWS::ElastiCache::ReplicationGroup",
            {"CacheNodeType": "cache.t4g.micro", "NumCacheClusters": "2"},
            730 * 0.0128 * 2,
            "2 × cache.t4g.micro",
        ),
        ("AWS::EC2::VPCEndpoint", {"VpcEndpointType": "Interface", "SubnetIds": ["a", "b"]}, 14.6, "in 2 zones"),
        ("AWS::WAFv2::WebACL", {"Rules": [{}, {}, {}]}, 8, "3 rules"),
        (
            "AWS::ECS::Service",
            {"TaskDefinition": {"Ref": "Task"}, "DesiredCount": 2},
            2 * 730 * (0.03238 + 2 * 0.00356),
            "2 × 1 vCPU, 2 GB",
        ),
    ],
)
def test_a_resource_costs_by_what_it_is(kind: str, properties: dict[str, object], dollars: float, why: str) -> None:
    found, how = cost_of(kind, properties)
    assert how == why
    assert found == pytest.approx(dollars, abs=0.006)


def test_what_goes_by_use_and_what_has_no_price_is_told() -> None:
    assert cost_of("AWS::SQS::Queue", {}) == (None, "a million requests free, then $0.40 a million")
    assert cost_of("AWS::Shield::Protection", {}) == (None, "no price known")


def test_a_service_that_scales_costs_its_least() -> None:
    service = {"Type": "AWS::ECS::Service", "Properties": {"TaskDefinition": {"Ref": "Task"}, "DesiredCount": 1}}
    scaling = {"Type": "AWS::ApplicationAutoScaling::ScalableTarget", "Properties": {"MinCapacity": "3"}}
    (item,) = price("users", Reading({}, {"Service": service, "Scaling": scaling, "Task": TASK}), PRICES, Shared())
    assert item.why == "3 × 1 vCPU, 2 GB"


def test_a_replica_has_the_storage_of_its_source() -> None:
    resources = {
        "Database": {"Type": "AWS::RDS::DBInstance", "Properties": DATABASE},
        "Replica": {"Type": "AWS::RDS::DBInstance", "Properties": {"DBInstanceClass": "db.t4g.micro"}},
    }
    database, replica = price("data", Reading({}, resources), PRICES, Shared())
    assert replica.dollars == database.dollars


@pytest.mark.parametrize("environment", ["dev-ada", "dev-try", "staging", "prod"])
def test_every_resource_of_every_environment_has_a_price(environment: str) -> None:
    _, readings = read(environment, stacks.root())
    items = [item for stack, reading in readings.items() for item in price(stack, reading, PRICES, Shared())]
    assert {item.type for item in items if not item.is_priced} == set()
    assert sum(item.dollars or 0 for item in items) > 0


def copy_prices(checkout: "Checkout") -> None:
    checkout.write("prices.yaml", PRICES_FILE.read_text())


def test_the_table_tells_its_date_and_what_has_no_price(checkout: "Checkout", run: "Run", tmp_path: Path) -> None:
    copy_prices(checkout)
    (tmp_path / "infra/templates/top.yaml").write_text(
        "Resources: {Key: {Type: AWS::KMS::Key}, Shield: {Type: AWS::Shield::Protection}}"
    )
    ended = run("cost", "dev-ada")
    assert ended.status == 0, ended.err
    assert "dev-ada: about $1 a month, and what goes by use." in ended.out
    assert f"by infra/prices.yaml of {PRICES['date']}" in ended.out
    assert "No price is known of AWS::Shield::Protection: at least so much, then." in ended.out
    document = json.loads(run("cost", "dev-ada", "--json").out)
    assert (document["dollars_a_month"], document["prices_of"]) == (1, str(PRICES["date"]))


def test_another_region_has_other_prices(checkout: "Checkout", run: "Run") -> None:
    copy_prices(checkout)
    checkout.change("environments.yaml", "dev-*:\n  region: us-east-1", "dev-*:\n  region: eu-central-1")
    assert (
        "infra/prices.yaml holds prices of us-east-1, the environment is in eu-central-1." in run("cost", "dev-a").err
    )


@pytest.mark.usefixtures("checkout")
def test_two_environments_differ_by_parameters_and_resources(checkout: "Checkout", run: "Run") -> None:
    checkout.write(
        "templates/top.yaml",
        "Parameters: {Days: {Type: Number}}\n"
        "Conditions: {Long: !Equals [!Ref Days, 7]}\n"
        "Resources: {Note: {Type: AWS::SNS::Topic}, Key: {Type: AWS::KMS::Key, Condition: Long}}",
    )
    assert run("diff", "dev-ada", "prod").out.splitlines() == [
        "dev-ada → prod",
        "base:",
        "  Days: 1 → 7",
        "top:",
        "  Days: 1 → 7",
        "  Key (AWS::KMS::Key): only in the second",
    ]
    assert "no difference but their names" in run("diff", "dev-ada", "dev-bo").out
    assert "environment dev: not in" in run("diff", "dev-ada", "dev").err
