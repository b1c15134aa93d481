"""AWS Config by its other ways: an aggregator, delivered snapshots, the accounts of an organization; and another partition."""

import json
from contextlib import contextmanager
from collections.abc import Iterator

from cases import Bench, refuse_if
from front import Front
from laboratory import HOME, Refused, Row, Workspace, account, coverage, custody

ORGANIZATION = "  organization: true\n  role: OrganizationAccountAccessRole\n"


@contextmanager
def fronted(bench: Bench, name: str, aws: str, regions: str = "us-east-1") -> Iterator[tuple[Front, Workspace]]:
    """A workspace with a section `aws`, whose program asks a front before the laboratory."""
    workspace = bench.workspace(name, account(HOME, "organization: true"), regions)
    settings = workspace.folder / "affiant.yaml"
    settings.write_text(settings.read_text() + f"aws:\n{aws}")
    with Front(bench.lab.port + 2, bench.lab.port, bench.lab.accounts, HOME) as front:
        workspace.environment = workspace.environment | {"AWS_ENDPOINT_URL": front.url}
        yield front, workspace


def asked(workspace: Workspace) -> Row:
    return json.loads((workspace.run_folder / "data/run.json").read_text())["asked"]


def ways(workspace: Workspace) -> dict[str, list[str]]:
    """The ways that were reported, each with its accounts."""
    found: dict[str, list[str]] = {}
    for way in asked(workspace)["config"]:  # type: ignore[attr-defined]
        found.setdefault(way["way"], []).extend(way["accounts"])
    return {way: sorted(accounts) for way, accounts in found.items()}


def lost(workspace: Workspace) -> dict[str, str]:
    """Accounts whose items as a whole are a gap, and the state of that."""
    return {str(row["account"]): str(row["state"]) for row in coverage(workspace.run_folder) if row["source"] == "*"}


def types(workspace: Workspace) -> dict[tuple[str, str], tuple[object, object]]:
    """State and count of every type, by account."""
    rows = (row for row in coverage(workspace.run_folder) if str(row["source"]).startswith("AWS::"))
    return {(str(row["account"]), str(row["source"])): (row["state"], row["read"]) for row in rows}


def aggregator(bench: Bench) -> str:
    """The organization's aggregator gives what its accounts give; a type that SQL does not know too; everything once."""
    with fronted(bench, "aggregator", ORGANIZATION) as (_, workspace):
        workspace.collect()
    everyone = sorted(bench.lab.accounts)
    if ways(workspace) != {"aggregator": everyone} or lost(workspace):
        raise Refused(f"ways {ways(workspace)}, lost {lost(workspace)}")
    with fronted(bench, "aggregator-not", ORGANIZATION + "  config: account\n") as (_, other):
        other.collect()
    if ways(other) != {"account": everyone}:
        raise Refused(f"ways {ways(other)}")
    one, two = types(workspace), types(other)
    refuse_if([f"{place}: {one.get(place)} by the aggregator, {two.get(place)} of the account" for place in two if one.get(place) != two[place]])
    batches = [r for r in custody(workspace.run_folder) if "BatchGetAggregateResource" in str(r["path"])]
    if not batches:
        raise Refused("nothing was read by id")
    return f"{len(two)} types of {len(everyone)} accounts alike, {len(batches)} batches"


def source_status(bench: Bench) -> str:
    """OUTDATED and FAILED are gaps of their account alone; an account that is not covered is asked itself."""
    member = next(a for a in bench.lab.accounts if a != HOME)
    told = []
    for status, wanted in (("OUTDATED", {member: "stale"}), ("FAILED", {member: "failed"}), ("absent", {})):
        with fronted(bench, f"source-{status}", ORGANIZATION) as (front, workspace):
            front.status = {member: status}
            workspace.collect()
        by = {"aggregator": [HOME], "account": [member]} if status == "absent" else {"aggregator": sorted(bench.lab.accounts)}
        if lost(workspace) != wanted or ways(workspace) != by:
            raise Refused(f"{status}: lost {lost(workspace)}, ways {ways(workspace)}")
        told.append(status)
    with fronted(bench, "source-unknown", ORGANIZATION) as (front, workspace):
        front.refused = {"DescribeConfigurationAggregatorSourcesStatus"}
        workspace.collect()
    if lost(workspace) != {a: "denied" for a in bench.lab.accounts}:
        raise Refused(f"status denied: lost {lost(workspace)}")
    return f"{', '.join(told)}, denied"


def denied_once(bench: Bench) -> str:
    """A query that may not be asked of the aggregator is denied once, and every type is still read by id."""
    with fronted(bench, "aggregator-denied", ORGANIZATION) as (front, workspace):
        front.refused = {"SelectAggregateResourceConfig"}
        workspace.collect()
        times = sum(1 for *_, name in front.seen if name == "SelectAggregateResourceConfig")
    if times != 1:
        raise Refused(f"denied {times} times")
    return "denied once"


def snapshot(bench: Bench) -> str:
    """A new snapshot is written and read of every account; a later run takes the newest there is, and writes nothing."""
    aws = ORGANIZATION + "  config: snapshot\n"
    bench.lab.forget_calls()
    with fronted(bench, "snapshot", aws) as (_, workspace):
        workspace.collect("--deliver-snapshot")
        first = [str(r["sha256"]) for r in custody(workspace.run_folder) if str(r["path"]).startswith("snapshots/")]
        workspace.collect()
        second = [str(r["sha256"]) for r in custody(workspace.run_folder) if str(r["path"]).startswith("snapshots/")]
        workspace.verify(workspace.run_folder)
    if ways(workspace) != {"snapshot": sorted(bench.lab.accounts)} or lost(workspace):
        raise Refused(f"ways {ways(workspace)}, lost {lost(workspace)}")
    if len(first) != len(bench.lab.accounts) or sorted(first) != sorted(second):
        raise Refused(f"{len(first)} snapshots, then {len(second)}; not the same")
    wrote = bench.lab.calls().get("config:DeliverConfigSnapshot", 0)
    if wrote != len(bench.lab.accounts):
        raise Refused(f"{wrote} snapshots were asked for")
    return f"{len(first)} snapshots, read again by a second run"


def partition_of_aggregator(bench: Bench) -> str:
    """In us-gov-west-1 nothing is signed for a region of the commercial partition, whichever way is tried."""
    with fronted(bench, "gov-aggregator", "  identity_center: us-gov-west-1\n", "us-gov-west-1") as (front, workspace):
        workspace.environment = workspace.environment | {"AWS_REGION": "us-gov-west-1"}
        workspace.collect()
        wrong = sorted({f"{service} {name} signed for {region}" for region, service, name in front.seen if not region.startswith("us-gov-")})
    refuse_if(wrong)
    return f"{len(front.seen)} requests"


CASES = [aggregator, source_status, denied_once, snapshot, partition_of_aggregator]
