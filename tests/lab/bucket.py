"""AWS Config's bucket: in a log account, below a prefix, behind a key that refuses, in another region, with objects of many parts;
and a run that is killed while it reads there."""

import gzip
import hashlib
import json
import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, unquote

from cases import Bench, refuse_if
from config import asked, fronted, ways
from ends import resumed
from front import Front, Heard, Said
from laboratory import GOOD, HOME, REGION, Refused, Row, Workspace, calls_of, coverage, custody, gaps, rows_of
from past import CHECK, KIND, SOURCE, WORLD, put, state

PART = 8 << 20
"""Bytes that the program reads of an object at a time."""


def group(number: int, padding: int = 0) -> Row:
    """A security group that lets everyone in on port 22, as AWS Config delivers it."""
    name = f"sg-0{number:016x}"
    return {
        "relatedEvents": [],
        "relationships": [],
        "configuration": {
            "description": "x" * padding,
            "groupName": name,
            "ipPermissions": [WORLD],
            "ownerId": HOME,
            "groupId": name,
            "ipPermissionsEgress": [],
            "tags": [],
            "vpcId": "vpc-0123456789abcdef0",
        },
        "supplementaryConfiguration": {},
        "tags": {},
        "configurationItemVersion": "1.3",
        "configurationItemCaptureTime": f"{now():%Y-%m-%dT%H:%M:%S}.000Z",
        "configurationStateId": 1795680000000 + number,
        "awsAccountId": HOME,
        "configurationItemStatus": "OK",
        "resourceType": KIND,
        "resourceId": name,
        "resourceName": name,
        "ARN": f"arn:aws:ec2:{REGION}:{HOME}:security-group/{name}",
        "awsRegion": REGION,
        "availabilityZone": "Not Applicable",
        "configurationStateMd5Hash": "",
    }


def now() -> datetime:
    return datetime.now(UTC).replace(microsecond=0)


def lay(bench: Bench, bucket: str, prefix: str, items: list[Row], level: int = 9) -> tuple[str, bytes]:
    """A snapshot of the home account below a prefix of its own; its key and bytes."""
    at = now()
    whole = {"fileVersion": "1.0", "configSnapshotId": f"{len(items):08d}-0000-4000-8000-000000000000", "configurationItems": items}
    body = gzip.compress(json.dumps(whole).encode(), level)
    name = f"{HOME}_Config_{REGION}_ConfigSnapshot_{at:%Y%m%dT%H%M%SZ}_{whole['configSnapshotId']}.json.gz"
    key = f"{prefix}/AWSLogs/{HOME}/Config/{REGION}/{at.year}/{at.month}/{at.day}/ConfigSnapshot/{name}"
    put(bench, bucket, key, body)
    return key, body


def lay_history(bench: Bench, bucket: str, prefix: str, items: list[Row], number: int = 1) -> str:
    """A file of history from the day before; its key."""
    end = now() - timedelta(days=1)
    start = end - timedelta(hours=6)
    name = f"{HOME}_Config_{REGION}_ConfigHistory_{KIND}_{start:%Y%m%dT%H%M%SZ}_{end:%Y%m%dT%H%M%SZ}_{number}.json.gz"
    key = f"{prefix}/AWSLogs/{HOME}/Config/{REGION}/{end.year}/{end.month}/{end.day}/ConfigHistory/{name}"
    put(bench, bucket, key, gzip.compress(json.dumps({"fileVersion": "1.0", "configurationItems": items}).encode()))
    return key


def since() -> tuple[str, str]:
    """The words that ask for the history, too."""
    return "--since", (now() - timedelta(days=2)).date().isoformat()


def bucket_of(bench: Bench, account: str) -> str:
    """Where AWS Config of an account delivers."""
    front = Front(0, bench.lab.port, bench.lab.accounts, HOME)
    channels = front.member(account, "DescribeDeliveryChannels", {})["DeliveryChannels"]
    return str(channels[0]["s3BucketName"])  # type: ignore[index]


class Ear:
    """What S3 hears of a prefix and of the question where the bucket is, and what a test says to it."""

    def __init__(self, prefix: str, alone: bool) -> None:
        self.prefix, self.alone = prefix, alone
        self.heard: list[Heard] = []
        self.assumed: list[dict[str, list[str]]] = []
        self.say: Callable[[Heard], Said | None] = lambda _: None

    def __call__(self, request: Heard) -> Said | None:
        if b"Action=AssumeRole" in request.body:
            self.assumed.append(parse_qs(request.body.decode()))
        if self.alone and request.service not in ("s3", "config", "sts"):
            return Said(403, refusal("AccessDenied", "not authorized"))
        path = unquote(request.path)
        if request.service != "s3" or not (f"/{self.prefix}/" in path or f"prefix={self.prefix}/" in path or "max-keys=1" in path):
            return None
        self.heard.append(request)
        return self.say(request)

    @property
    def objects(self) -> list[Heard]:
        """The requests for an object."""
        return [request for request in self.heard if "list-type=2" not in request.path]


@contextmanager
def reading(bench: Bench, prefix: str, alone: bool = False, **facts: str) -> Iterator[tuple[Ear, Workspace]]:
    """A workspace that reads the bucket below a prefix, and an ear before the laboratory. `alone`: every other service is denied, which
    is quick."""
    told = ", ".join(f'{member}: "{value}"' for member, value in ({"prefix": prefix} | facts).items())
    with fronted(bench, f"bucket-{prefix}", f"  config: snapshot\n  delivered: {{{told}}}\n") as (front, workspace):
        front.between = ear = Ear(prefix, alone)
        yield ear, workspace


def read(workspace: Workspace) -> list[tuple[str, Row]]:
    """Operation and custody of everything that was read of the bucket."""
    kept = [row["source"].get("custody", {}) for row in custody(workspace.run_folder)]  # type: ignore[attr-defined]
    return [(op, k) for k in kept for op in ("ListObjectsV2", "GetObject") if f"/s3/{op}/" in str(k.get("call"))]


def keys(workspace: Workspace) -> list[str]:
    """The objects that were read."""
    return [str(json.loads(str(kept["parameters"]))["Key"]) for operation, kept in read(workspace) if operation == "GetObject"]


def found(workspace: Workspace) -> set[str]:
    """The security groups that the run shows as open."""
    return {resource for check, _, resource, verdict in rows_of(workspace.assess()) if check == CHECK and verdict == "not met"}


def refuse_unless_open(workspace: Workspace, items: list[Row]) -> None:
    wanted = {str(item["ARN"]) for item in items}
    if found(workspace) != wanted:
        raise Refused(f"open groups: {sorted(found(workspace))}, not {sorted(wanted)}")


def refuse_unless_lost(workspace: Workspace, items: list[Row], words: str) -> list[Row]:
    """Nothing of the bucket was kept, every service was asked directly instead, and both are said; the gaps of reading the bucket."""
    run = workspace.run_folder
    refuse_if([f"{path} was read all the same" for path, _ in files(workspace)])
    told = [way["words"] for way in asked(workspace)["config"]]  # type: ignore[attr-defined]
    if set(ways(workspace)) != {"none"} or not all(words in text for text in told):
        raise Refused(f"the ways say {told}")
    silent = [row for row in coverage(run) if str(row["source"]).startswith("AWS::") and row["state"] in GOOD and "read directly" not in str(row.get("detail"))]
    refuse_if([f"{row['source']} is {row['state']} without having been read" for row in silent])
    groups = {str(item["ARN"]) for item in items}
    refuse_if([f"{check} says {verdict} of {resource}" for check, _, resource, verdict in rows_of(workspace.assess()) if resource in groups])
    of = [row for row in gaps(run) if words in str(row.get("detail")) and str(row["source"]) in ("s3:GetObject", "s3:ListObjectsV2", SOURCE)]
    refuse_if([] if of else [f"no gap says '{words}'"])
    return of


def log_account(bench: Bench) -> str:
    """The bucket lies in a log account: its role is the caller of everything read there; with the role refused the items are a gap."""
    member = next(a for a in bench.lab.accounts if a != HOME)
    bucket, role = bucket_of(bench, member), f"arn:aws:iam::{member}:role/OrganizationAccountAccessRole"
    key, _ = lay(bench, bucket, "log-account", [group(1)])
    with reading(bench, "log-account", bucket=bucket, role=role, external_id="laboratory-1") as (ear, workspace):
        workspace.collect()
        workspace.verify(workspace.run_folder)
        callers = {(operation, str(kept["caller"])) for operation, kept in read(workspace)}
        if callers != {("ListObjectsV2", role), ("GetObject", role)} or keys(workspace) != [key]:
            raise Refused(f"{callers} read {keys(workspace)}")
        refuse_if([f"{request.path} was signed by {request.key}" for request in ear.heard if request.key == "testing"])
        told = {(a["RoleArn"][0], a.get("ExternalId", [""])[0]) for a in ear.assumed}
        refuse_if([f"roles were taken on as {told}"] if told != {(role, "laboratory-1")} else [])
        refuse_unless_open(workspace, [group(1)])
        artifacts = len(read(workspace))

        ear.heard.clear()
        bench.lab.faults({"operation": "AssumeRole", "mode": "deny"})
        workspace.collect(expect=(3,))
        bench.lab.faults()
        refuse_if([f"asked all the same: {request.path}" for request in ear.heard])
        of = refuse_unless_lost(workspace, [group(1)], "role refused")
    return f"{artifacts} artifacts by the role of {member}; refused, {len(of)} gaps"


def control_tower(bench: Bench) -> str:
    """Below the organization's id, as Control Tower delivers: snapshot and history are read there and nowhere else."""
    bucket = bucket_of(bench, HOME)
    key, _ = lay(bench, bucket, "o-example", [group(2)])
    past = lay_history(bench, bucket, "o-example", [group(2)])
    lay(bench, bucket, "o-other", [group(3)])
    with reading(bench, "o-example", alone=True) as (_, workspace):
        workspace.collect(*since())
        workspace.verify(workspace.run_folder)
        if sorted(keys(workspace)) != sorted([key, past]):
            raise Refused(f"{keys(workspace)} were read")
        refuse_unless_open(workspace, [group(2)])
        listed = [json.loads(str(kept["parameters"]))["prefix"] for operation, kept in read(workspace) if operation == "ListObjectsV2"]
        refuse_if([f"{prefix} was listed" for prefix in listed if not prefix.startswith(f"o-example/AWSLogs/{HOME}/Config/{REGION}/")])
    return f"two files below {len(listed)} prefixes"


def refusal(code: str, message: str, more: str = "") -> bytes:
    """An error of S3."""
    return f"<?xml version='1.0' encoding='UTF-8'?>\n<Error><Code>{code}</Code><Message>{message}</Message>{more}<RequestId>0</RequestId></Error>".encode()


def key_refuses(bench: Bench) -> str:
    """KMS refuses the object: the gap says that it is the bucket's key; a refusal of S3 itself does not."""
    bucket = bucket_of(bench, HOME)
    lay(bench, bucket, "key-refuses", [group(4)])
    lay_history(bench, bucket, "key-refuses", [group(4)])
    user = f"User: arn:aws:iam::{HOME}:user/auditor is not authorized to perform:"
    key = f"arn:aws:kms:{REGION}:{HOME}:key/11111111-2222-4333-8444-555555555555"
    told = {}
    for name, message in (
        ("kms", f"{user} kms:Decrypt on resource: {key} because no identity-based policy allows the kms:Decrypt action"),
        ("s3", f"{user} s3:GetObject on resource: arn:aws:s3:::{bucket}/key because no identity-based policy allows the s3:GetObject action"),
    ):
        with reading(bench, "key-refuses", alone=name == "s3") as (ear, workspace):
            ear.say = lambda request, message=message: Said(403, refusal("AccessDenied", message)) if request in ear.objects else None  # type: ignore[misc]
            workspace.collect(*since(), expect=(3,))
            of = refuse_unless_lost(workspace, [group(4)], "AccessDenied")
            refuse_if([f"{row['source']} is {row['state']}" for row in of if row["state"] != "denied"])
            refuse_if([f"the history is {state(workspace)}"] if state(workspace) != "denied" else [])
            told[name] = {str(row["source"]): str(row["detail"]) for row in of}
    refuse_if([f"{source}: no word of the key: {words}" for source, words in told["kms"].items() if "the bucket's KMS key" not in words])
    refuse_if([f"{source}: a word of a key: {words}" for source, words in told["s3"].items() if "KMS" in words])
    refuse_if([f"{source} is no gap of both: {told}" for source in ("s3:GetObject", SOURCE) if source not in told["kms"] or source not in told["s3"]])
    return told["kms"]["s3:GetObject"]


def elsewhere(bench: Bench, prefix: str, answer: Said) -> str:
    """One question is asked again in the region that S3 names in its answer, and all that follow."""
    bucket = bucket_of(bench, HOME)
    key, _ = lay(bench, bucket, prefix, [group(5)])
    past = lay_history(bench, bucket, prefix, [group(5)])
    with reading(bench, prefix, alone=True) as (ear, workspace):
        ear.say = lambda request: None if request.region == "eu-west-1" else answer
        workspace.collect(*since())
        workspace.verify(workspace.run_folder)
        wrong = [request.path for request in ear.heard if request.region != "eu-west-1"]
        if len(wrong) != 1 or "max-keys=1" not in wrong[0]:
            raise Refused(f"asked in {REGION}: {wrong}")
        places = {(operation, str(kept["asked-in"])) for operation, kept in read(workspace)}
        if places != {("ListObjectsV2", "eu-west-1"), ("GetObject", "eu-west-1")} or sorted(keys(workspace)) != sorted([key, past]):
            raise Refused(f"{places}, {keys(workspace)}")
        refuse_unless_open(workspace, [group(5)])
    return f"one of {len(ear.heard)} requests in {REGION}"


def other_region(bench: Bench) -> str:
    """The bucket lies in another region, which S3 names in its error."""
    message = f"The authorization header is malformed; the region '{REGION}' is wrong; expecting 'eu-west-1'"
    return elsewhere(bench, "other-region", Said(400, refusal("AuthorizationHeaderMalformed", message, "<Region>eu-west-1</Region>")))


def moved(bench: Bench) -> str:
    """The bucket lies in another region, which S3 names in a header alone, as it does where the endpoint is regional."""
    message = "The bucket you are attempting to access must be addressed using the specified endpoint."
    body = refusal("PermanentRedirect", message, "<Endpoint>ehr-aws-config.s3-eu-west-1.amazonaws.com</Endpoint>")
    return elsewhere(bench, "moved", Said(301, body, {"x-amz-bucket-region": "eu-west-1"}))


def large() -> list[Row]:
    """Items that make an object of about 20 MB, which is not packed."""
    return [group(number, padding=100_000) for number in range(200)]


def snapshots(workspace: Workspace) -> list[Row]:
    """The delivered snapshots in the run."""
    return [row for row in custody(workspace.run_folder) if str(row["path"]).startswith("snapshots/") and "/s3/GetObject/" in str(row["source"])]


def parts(bench: Bench) -> str:
    """An object of three parts is read in three requests and is what lies in the bucket; with its second part cut it is a gap."""
    bucket, items = bucket_of(bench, HOME), large()
    _, body = lay(bench, bucket, "parts", items, level=0)
    with reading(bench, "parts", alone=True) as (ear, workspace):
        def ranges() -> list[str]:
            return [str(request.headers["Range"]) for request in ear.objects]

        workspace.collect()
        workspace.verify(workspace.run_folder)
        wanted = [f"bytes={at}-{min(at + PART, len(body)) - 1}" for at in range(0, len(body), PART)]
        if len(wanted) != 3 or ranges() != wanted:
            raise Refused(f"{ranges()} of {len(body)} bytes, not {wanted}")
        held = [(row["sha256"], row["size"]) for row in snapshots(workspace)]
        if held != [(hashlib.sha256(body).hexdigest(), len(body))]:
            raise Refused(f"{held} of {len(body)} bytes")
        counted = [row["read"] for row in coverage(workspace.run_folder) if row["source"] == KIND and row["account"] == HOME and row["region"] == REGION]
        refuse_if([f"{counted} items of {len(items)} were counted"] if counted != [len(items)] else [])

        # the second part is shorter than was asked for
        ear.heard.clear()
        ear.say = lambda request: Said(206, body[PART : PART + 1000]) if request.headers["Range"] == wanted[1] else None
        workspace.collect(expect=(3,))
        cut = refuse_unless_lost(workspace, items[:1], "cut short")
        refuse_if(["asked on after the cut"] if wanted[2] in ranges() else [])

        # a failure of the second part, once: it is asked for again
        ear.heard.clear()
        ear.say = lambda _: None
        bench.lab.faults({"operation": "s3:GetObject", "mode": "500", "skip": 1, "times": 1})
        workspace.collect()
        bench.lab.faults()
        if ranges() != [wanted[0], wanted[1], *wanted[1:]] or [row["sha256"] for row in snapshots(workspace)] != [held[0][0]]:
            raise Refused(f"after one failure: {ranges()}")
    return f"{len(body)} bytes in 3 parts; cut: {cut[0]['detail']}"


def killed_reading(bench: Bench) -> str:
    """kill -9 while a part of the snapshot or a file of history is read, then --resume: the same run, nothing twice."""
    bucket = bucket_of(bench, HOME)
    lay(bench, bucket, "killed", large(), level=0)
    for number in (1, 2):
        lay_history(bench, bucket, "killed", [group(number)], number)
    with reading(bench, "killed", alone=True) as (ear, workspace):
        workspace.collect(*since())
        wanted, held = sorted(calls_of(workspace.run_folder)), files(workspace)
        number = len(ear.objects)
        refuse_if([f"{number} requests for objects, and {len(held)} objects"] if (number, len(held)) != (5, 3) else [])
        for moment in (1, 3, 4):
            workspace.clear()
            ear.heard.clear()
            program = workspace.start("collect", "--aws", *since())

            def kill(request: Heard, moment: int = moment) -> Said | None:
                if request in ear.objects and len(ear.objects) == moment + 1:
                    os.kill(program.pid, signal.SIGKILL)
                return None

            ear.say = kill
            code = program.wait(60)
            refuse_if([f"request {moment + 1}: the program ended by itself ({code})"] if code != -signal.SIGKILL else [])
            ear.say = lambda _: None
            ear.heard.clear()
            resumed(workspace, wanted, *since())
            if files(workspace) != held:
                raise Refused(f"killed at request {moment + 1}: {files(workspace)}, not {held}")
            # a file that was whole before is not asked for again
            refuse_if([f"killed at request {moment + 1}: {len(ear.objects)} requests for objects"] if len(ear.objects) != {1: 5, 3: 2, 4: 1}[moment] else [])
    return f"killed at 3 of {number} requests for objects; {len(wanted)} artifacts each time"


def files(workspace: Workspace) -> list[tuple[str, str]]:
    """Path and digest of every file of the bucket in the run."""
    return sorted((str(row["path"]), str(row["sha256"])) for row in custody(workspace.run_folder) if "/s3/GetObject/" in str(row["source"]))


CASES = [log_account, control_tower, key_refuses, other_region, moved, parts, killed_reading]
