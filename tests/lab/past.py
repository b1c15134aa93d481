"""AWS Config's delivered history: what was broken and repaired within the period, and what it says where it cannot be read."""

import gzip
import json
import urllib.request
from datetime import UTC, datetime, timedelta

from cases import Bench
from config import ORGANIZATION, fronted
from laboratory import HOME, REGION, Refused, Row, Workspace, coverage, custody

SOURCE = "config:ConfigHistory"
KIND = "AWS::EC2::SecurityGroup"
CHECK = "ec2.security-group-no-world-open-admin"
WORLD = {
    "ipProtocol": "tcp",
    "fromPort": 22,
    "toPort": 22,
    "ipv6Ranges": [],
    "prefixListIds": [],
    "userIdGroupPairs": [],
    "ipv4Ranges": [{"cidrIp": "0.0.0.0/0"}],
    "ipRanges": ["0.0.0.0/0"],
}


def put(bench: Bench, bucket: str, key: str, body: bytes) -> None:
    """Lays an object into a bucket of the laboratory, as a delivery of AWS Config would."""
    url = f"http://127.0.0.1:{bench.lab.port}/{bucket}/{urllib.request.quote(key)}"
    signed = "AWS4-HMAC-SHA256 Credential=testing/20260101/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=0"
    request = urllib.request.Request(url, data=body, method="PUT", headers={"Authorization": signed, "Content-Type": "application/gzip"})
    with urllib.request.urlopen(request, timeout=30) as answer:
        answer.read()


def delivered(workspace: Workspace) -> tuple[str, str, list[Row]]:
    """Bucket, folder of the account and region in it, and the items of the home account's snapshot."""
    for row in custody(workspace.run_folder):
        if str(row["path"]).startswith(f"snapshots/{HOME}_"):
            asked = json.loads(row["source"]["custody"]["parameters"])  # type: ignore[index]
            key, mark = str(asked["Key"]), f"AWSLogs/{HOME}/Config/{REGION}/"
            whole = json.loads(gzip.decompress((workspace.run_folder / "data" / str(row["path"])).read_bytes()))
            return str(asked["Bucket"]), key[: key.index(mark) + len(mark)], whole["configurationItems"]
    raise Refused("no snapshot of the home account was read")


def closed_group(items: list[Row]) -> Row:
    """A security group that lets nobody in from everywhere."""
    for item in items:
        if item["resourceType"] == KIND and "0.0.0.0/0" not in json.dumps(item["configuration"]["ipPermissions"]):  # type: ignore[index]
            return item
    raise Refused("every security group of the laboratory is open")


def at(item: Row, time: datetime, **configuration: object) -> Row:
    """The item as it was at another time."""
    body = json.loads(json.dumps(item))
    body["configurationItemCaptureTime"] = time.strftime("%Y-%m-%dT%H:%M:%S.000Z")
    body["configuration"] |= configuration
    return body


def state(workspace: Workspace) -> str:
    """What the run says of the history of the home account."""
    found = [str(row["state"]) for row in coverage(workspace.run_folder) if row["source"] == SOURCE and row["account"] == HOME]
    return ", ".join(sorted(found))


def moments() -> tuple[datetime, datetime, datetime]:
    """Now, when the group was opened, and when it was shut again an hour later."""
    now = datetime.now(UTC).replace(microsecond=0)
    return now, now - timedelta(days=3), now - timedelta(days=3) + timedelta(hours=1)


def deliver_history(bench: Bench, workspace: Workspace) -> str:
    """A delivered snapshot, and a file of history of a group that was open for an hour; the day to read from."""
    return lay(bench, workspace, *moments())[0]


def lay(bench: Bench, workspace: Workspace, now: datetime, opened: datetime, shut: datetime) -> tuple[str, Row]:
    """As above, with the group's item."""
    workspace.collect("--deliver-snapshot")
    bucket, folder, items = delivered(workspace)
    group = closed_group(items)
    versions = [at(group, opened - timedelta(days=9)), at(group, opened, ipPermissions=[WORLD]), at(group, shut)]
    body = gzip.compress(json.dumps({"fileVersion": "1.0", "configurationItems": versions}).encode())
    name = f"{HOME}_Config_{REGION}_ConfigHistory_{KIND}_{opened:%Y%m%dT%H%M%SZ}_{shut:%Y%m%dT%H%M%SZ}_1.json.gz"
    day = f"{folder}{shut.year}/{shut.month}/{shut.day}/ConfigHistory/"
    put(bench, bucket, day + name, body)
    # another type that no table reads, and a file from before the day that is named
    put(bench, bucket, day + name.replace(KIND, "AWS::Nobody::Reads"), b"x")
    old = now - timedelta(days=40)
    put(bench, bucket, f"{folder}{old.year}/{old.month}/{old.day}/ConfigHistory/{name}", b"x")
    return (now - timedelta(days=20)).date().isoformat(), group


def history(bench: Bench) -> str:
    """A group that was open for an hour shows both times; so long as the files may not be read, that is a gap and nothing is claimed."""
    now, opened, shut = moments()
    with fronted(bench, "history", ORGANIZATION + "  config: snapshot\n") as (_, workspace):
        since, group = lay(bench, workspace, now, opened, shut)
        workspace.collect("--since", since)
        workspace.verify(workspace.run_folder)
        past = workspace.assess()["history"]
        told = [(e["resource"], e["broken_at"], e["ended_at"], e["ended"]) for e in past["episodes"] if e["check"] == CHECK]
        stamp = "%Y-%m-%dT%H:%M:%SZ"
        expected = (group["ARN"], opened.strftime(stamp), shut.strftime(stamp), "repaired")
        if state(workspace) != "read" or told != [expected] or past["files"] != 1:
            raise Refused(f"{state(workspace)}; {told}, not {[expected]}; {past['files']} files")

        bench.lab.faults({"operation": "s3:GetObject", "mode": "deny"})
        workspace.collect("--since", since)
        bench.lab.faults()
        denied = workspace.assess()["history"]
        if "denied" not in state(workspace) or denied["since"] != since or denied["episodes"]:
            raise Refused(f"refused: {state(workspace)}, {denied}")
    return f"{len(past['episodes'])} episodes from one file; denied is a gap"


CASES = [history]
