"""Without the laboratory: runs from end to end before exchanges that this repository holds, answered by a server on loopback."""

import hashlib
import os
import threading
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import yaml
from cases import Bench, refuse_if
from laboratory import GOOD, Row, account, coverage, custody, gaps, rows_of
from matrix import WHO, WORDS, worse_or_same
from wire import MALFORMED, Registry

HERE = Path(__file__).parent
ACCOUNT = "111122223333"

DENIED = {
    "json": ('{"__type": "AccessDeniedException", "Message": "not authorized to perform this operation"}', "application/x-amz-json-1.1"),
    "xml": ("<ErrorResponse><Error><Code>AccessDenied</Code><Message>not authorized to perform this operation</Message></Error></ErrorResponse>", "text/xml"),
    "ec2": ("<Response><Errors><Error><Code>UnauthorizedOperation</Code><Message>You are not authorized to perform this operation.</Message></Error></Errors></Response>", "text/xml"),
    "s3": ("<Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>", "application/xml"),
}
"""How each protocol refuses."""


class Replay:
    """Answers from exchanges; counts what was asked, by the registry's names."""

    def __init__(self, exchanges: list[Row]) -> None:
        self.exchanges, self.registry = exchanges, Registry()
        self.given: Counter[int] = Counter()
        self.asked: Counter[str] = Counter()
        self.lock = threading.Lock()
        self.spoiled: dict[str, str] = {}
        """Operations that meet a fault, and which."""
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_: object) -> None: ...

            def answer(self) -> None:
                body = self.rfile.read(int(self.headers.get("content-length") or 0))
                headers = {name.lower(): value for name, value in self.headers.items()}
                status, kind, text = outer.answer(outer.registry.operation(self.command, self.path, headers, body), self.path + body.decode(errors="replace"))
                self.send_response(status)
                self.send_header("Content-Type", kind)
                self.send_header("x-amzn-RequestId", "55555555-5555-4555-8555-555555555555")
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text)

            do_GET = do_POST = do_PUT = answer

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def answer(self, operation: str, request: str) -> tuple[int, str, bytes]:
        with self.lock:
            self.asked[operation] += 1
            fit = [i for i, e in enumerate(self.exchanges) if e["operation"] == operation and str(e.get("when", "")) in request]
            if not fit:
                return self.denied(operation)
            index = next((i for i in fit if not self.given[i]), fit[-1])
            self.given[index] += 1
            exchange = self.exchanges[index]
        if operation in self.spoiled:
            return self.fault(operation, self.spoiled[operation])
        return int(str(exchange.get("status", 200))), str(exchange.get("type", "application/x-amz-json-1.1")), str(exchange["body"]).encode()

    def fault(self, operation: str, mode: str) -> tuple[int, str, bytes]:
        """What a spoiled operation answers, in its protocol."""
        xml = self.registry.services.get(operation.split(":")[0], {}).get("protocol") in ("query", "ec2", "rest-xml")
        text, kind = MALFORMED["xml" if xml else "json"]
        if mode == "malformed":
            return 200, kind, text
        if mode == "deny":
            return self.denied(operation)
        status, code = {"throttle": (400, "ThrottlingException"), "500": (500, "InternalServerError")}[mode]
        error = f"<Response><Errors><Error><Code>{code}</Code><Message>no</Message></Error></Errors></Response>" if xml else f'{{"__type": "{code}", "message": "no"}}'
        return status, kind, error.encode()

    def denied(self, operation: str) -> tuple[int, str, bytes]:
        protocol = self.registry.services.get(operation.split(":")[0], {}).get("protocol", "json")
        text, kind = DENIED[{"query": "xml", "rest-xml": "s3", "ec2": "ec2"}.get(str(protocol), "json")]
        return 403, kind, text.encode()

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()


class Nowhere:
    """A laboratory that is not there: nothing to set, and only the environment of the program."""

    wrapper: list[str] = []

    def faults(self, *_: object) -> None: ...

    def agreement(self, *_: object) -> None: ...

    def environment(self) -> dict[str, str]:
        own = {k: v for k, v in os.environ.items() if not k.startswith("AWS_") and k != "AFFIANT_PINNED_CLOCK"}
        return own | {"AWS_ACCESS_KEY_ID": "testing", "AWS_SECRET_ACCESS_KEY": "testing", "AWS_REGION": "us-east-1", "AWS_EC2_METADATA_DISABLED": "true", "LC_ALL": "C.UTF-8"}


EXPECTED = [
    ("ec2.volume-encrypted", "vol-0123456789abcdef0", "not met"),
    ("ec2.volume-encrypted", "vol-0fedcba9876543210", "met"),
    ("ec2.ebs-encryption-by-default", ACCOUNT, "not met"),
    ("cognito.user-pool-mfa", "us-east-1_EXAMPLE01", "not met"),
    ("iam.root-mfa", ACCOUNT, "not met"),
    ("iam.password-policy", ACCOUNT, "not met"),
]
"""Verdicts that the exchanges lead to: check, part of the resource, verdict."""


DIRECT = [
    ("mq.not-public", "broker:hl7-queue", "not met"),
    ("mq.audit-log", "broker:hl7-queue", "not met"),
    ("mq.customer-key", "broker:hl7-queue", "not evidenced"),
    ("redshift.workgroup-not-public", "workgroup/", "not met"),
    ("redshift.workgroup-requires-tls", "workgroup/", "not met"),
    ("redshift.workgroup-vpc-routing", "workgroup/", "not met"),
    ("redshift.namespace-logs", "namespace/", "not met"),
    ("redshift.namespace-customer-key", "namespace/", "not met"),
    ("redshift.snapshot-not-shared", "research-handover", "not met"),
    ("redshift.snapshot-encrypted", "research-handover", "not met"),
    ("ec2.image-not-public", "ami-0123456789abcdef0", "met"),
    ("ec2.image-not-shared", "ami-0123456789abcdef0", "not met"),
    ("cloudtrail.not-interrupted", "trail/main", "not met"),
    ("sso.no-administrator-set", "ps-0123456789abcdef", "not met"),
    ("sso.administrator-session", "ps-0123456789abcdef", "not met"),
    ("sso.assigned-to-groups", "ps-0123456789abcdef", "not met"),
    ("organizations.scp-prevents-leaving", "organization/o-exampleorgid", "met"),
]
"""The same of the exchanges without AWS Config, where every key of KMS is denied."""

DIRECTLY = [
    "elasticache:DescribeCacheSubnetGroups", "dax:DescribeSubnetGroups", "memorydb:DescribeSubnetGroups", "redshift:DescribeClusterSubnetGroups",
    "rds:DescribeDBProxies", "cloudtrail:LookupEvents", "sso-admin:ListAccountAssignments", "organizations:ListOrganizationalUnitsForParent",
    "organizations:ListAccountsForParent", "organizations:ListParents",
]
"""Operations whose answers must have been read."""


def as_sent(replay: Replay, run: Path, without: int) -> list[str]:
    """What is not in the run as it was sent. Members that must never be stored are dropped from so many answers, and of
    these a digest is kept only where nothing of it can be guessed."""
    bodies = [str(e["body"]) for e in replay.exchanges] + [text for text, _ in DENIED.values()]
    sent = {hashlib.sha256(body.encode()).hexdigest() for body in bodies}
    wrong, dropped = [], 0
    for artifact in custody(run):
        data = (run / "data" / str(artifact["path"])).read_bytes()
        told: Row = artifact["source"].get("custody", {})  # type: ignore[attr-defined]
        dropped += "members-dropped" in told
        guessable = "members-dropped" in told and "sha256-as-received" not in told
        if guessable and sent & set(map(str, told.values())):
            wrong.append(f"{artifact['path']} has a digest by which its secrets can be guessed")
        if not guessable and str(told.get("sha256-as-received") or hashlib.sha256(data).hexdigest()) not in sent:
            wrong.append(f"{artifact['path']} is not what was sent")
        if b"synthetic text of the agreement" in data:
            wrong.append(f"{artifact['path']} holds text of the agreement")
        if b"ASIAIOSFODNN7EXAMPLE" in data:
            wrong.append(f"{artifact['path']} holds an access key's id")
    return wrong + ([] if dropped == without else [f"members were dropped from {dropped} answers, not {without}"])


def unlike(rows: list[tuple[str, str, str, str]], expected: list[tuple[str, str, str]]) -> list[str]:
    """Where the verdicts are others than the exchanges lead to."""
    wrong = []
    for check, resource, verdict in expected:
        said = {v for c, _, r, v in rows if c == check and resource in r}
        wrong += [] if said == {verdict} else [f"{check} of {resource}: {sorted(said)}, not {verdict}"]
    return wrong


def recorded_run(bench: Bench) -> str:
    """Config's counts, queries and batches, IAM, EC2, S3, STS and Artifact; one answer throttled, the rest of AWS denied."""
    replay = Replay(yaml.safe_load((HERE / "recorded/exchanges.yaml").read_text()))
    try:
        workspace = bench.workspace("recorded", account(ACCOUNT, "organization: true"))
        workspace.environment |= {"AWS_ENDPOINT_URL": f"http://127.0.0.1:{replay.server.server_address[1]}"}
        workspace.collect(expect=(3,))
    finally:
        replay.close()
    run = workspace.run_folder
    wrong = [f"{e['operation']} {e.get('status', 200)} was never asked for" for i, e in enumerate(replay.exchanges) if not replay.given[i]]
    wrong += as_sent(replay, run, 1)
    wrong += [f"the gap {row['source']} gives no reason" for row in gaps(run) if len(str(row.get("detail") or "")) < 8]
    center = [row for row in gaps(run) if row["source"] == "sso-admin:ListInstances"]
    wrong += [] if any("home region" in str(row["detail"]) for row in center) else ["an empty answer of a region without IAM Identity Center is no gap"]
    denied = {str(row["source"]): row for row in gaps(run) if row["state"] == "denied"}
    wrong += [] if "logs:DescribeLogGroups" in denied else ["the denial of logs:DescribeLogGroups is no gap"]
    ways = Counter(f"{name.split(':')[0]}:{o['operation']}" for name, o in replay.registry.operations.items() if o.get("operation"))
    wrong += [f"{name} was asked {replay.asked[name]} times in spite of its denial" for name in denied if replay.asked[name] > 1 + ways[name]]
    rows = rows_of(workspace.assess())
    wrong += unlike(rows, EXPECTED)
    wrong += [f"{c} of {r} is met without evidence" for c, _, r, v in rows if v == "met" and c.startswith(("logs.", "cloudtrail.", "rds."))]
    attempts = [row["source"].get("custody", {}).get("attempts") for row in custody(run) if "SelectResourceConfig" in str(row["path"])]  # type: ignore[attr-defined]
    wrong += [] if any(int(str(n or 0)) > 1 for n in attempts) else [f"the throttled query's attempts: {attempts}"]
    table = workspace.run("assess").out
    wrong += [] if "2025-02-03" in table else ["assess does not say since when the agreement is in force"]
    refuse_if(wrong)
    workspace.verify(run)
    return f"{sum(replay.asked.values())} calls of {len(replay.asked)} operations, {len(denied)} denied, {len(rows)} rows"


def recorded_direct(bench: Bench) -> str:
    """Without AWS Config: operations that the laboratory does not serve, each in the format that AWS documents."""
    replay = Replay(yaml.safe_load((HERE / "recorded/direct.yaml").read_text()))
    try:
        workspace = bench.workspace("recorded-direct", account(ACCOUNT, "organization: true"))
        workspace.environment |= {"AWS_ENDPOINT_URL": f"http://127.0.0.1:{replay.server.server_address[1]}"}
        workspace.collect("--no-config", expect=(3,))
    finally:
        replay.close()
    run = workspace.run_folder
    wrong = [f"{e['operation']} {e.get('when', '')} was never asked for" for i, e in enumerate(replay.exchanges) if not replay.given[i]]
    wrong += as_sent(replay, run, 7)
    states = {str(row["source"]): str(row["state"]) for row in coverage(run)}
    wrong += [f"{name} is {states.get(name)}" for name in DIRECTLY if states.get(name) != "read"]
    rows = rows_of(workspace.assess())
    wrong += unlike(rows, DIRECT)
    refuse_if(wrong)
    workspace.verify(run)
    return f"{sum(replay.asked.values())} calls of {len(replay.asked)} operations, {len(DIRECT)} verdicts as the answers lead to"


def spoiled(bench: Bench, operations: list[str], modes: tuple[str, ...]) -> str:
    """The faults into each of the operations: a gap that names it and gives its reason, and no better verdict."""
    replay = Replay(yaml.safe_load((HERE / "recorded/direct.yaml").read_text()))
    wrong, pairs = [], 0
    try:
        workspace = bench.workspace("recorded-spoiled", account(ACCOUNT, "organization: true"))
        workspace.environment |= {"AWS_ENDPOINT_URL": f"http://127.0.0.1:{replay.server.server_address[1]}"}
        workspace.collect("--no-config", expect=(3,))
        before, states = workspace.assess(), {str(row["source"]): str(row["state"]) for row in coverage(workspace.run_folder)}
        wrong += [f"{name} is {states.get(name)} without any fault" for name in operations if states.get(name) not in GOOD]
        for name in operations:
            for mode in modes:
                workspace.clear()
                replay.spoiled = {name: mode}
                workspace.collect("--no-config", *WORDS, expect=(3,))
                found = [row for row in gaps(workspace.run_folder) if row["source"] == name]
                wrong += [] if found else [f"{name} {mode}: no gap names it"]
                wrong += [f"{name} {mode}: a gap gives no reason" for row in found if len(str(row.get("detail") or "")) < 8]
                wrong += [f"{name} {mode}: {what}" for what in worse_or_same(before, workspace.assess())[:3]]
                pairs += 1
    finally:
        replay.close()
    refuse_if(wrong)
    return f"{pairs} pairs of an operation and a fault: a gap each, no better verdict"


def recorded_faults(bench: Bench) -> str:
    """Faults of operations that the laboratory is never asked, for want of what they are asked about."""
    return spoiled(bench, ["mq:DescribeBroker", "sso-admin:ListAccountAssignments"], ("deny", "malformed"))


def recorded_matrix(bench: Bench) -> str:
    """The same of every operation of the recorded exchanges."""
    operations = {str(e["operation"]) for e in yaml.safe_load((HERE / "recorded/direct.yaml").read_text())} - {WHO}
    return spoiled(bench, sorted(operations), ("deny", "throttle", "500", "malformed"))


def not_offered(bench: Bench) -> str:
    """A service has nothing in a region where AWS does not offer it and no host answers to its name; where either is otherwise, it is a gap."""
    replay = Replay(yaml.safe_load((HERE / "recorded/direct.yaml").read_text()))
    wrong, source = [], "healthlake:ListFHIRDatastores"
    wanted = {"http://healthlake.invalid": {"us-east-1": "failed", "eu-north-1": "absent"}, "http://127.0.0.1:9": {"us-east-1": "failed", "eu-north-1": "failed"}}
    try:
        for endpoint, states in wanted.items():
            workspace = bench.workspace("not-offered", account(ACCOUNT), ", ".join(states))
            workspace.environment |= {"AWS_ENDPOINT_URL": f"http://127.0.0.1:{replay.server.server_address[1]}", "AWS_ENDPOINT_URL_HEALTHLAKE": endpoint}
            workspace.collect("--no-config", *WORDS, expect=(3,))
            told = {str(row["region"]): row for row in coverage(workspace.run_folder) if row["source"] == source}
            wrong += [f"{endpoint}: {region} is {told.get(region)}" for region, state in states.items() if (told.get(region) or {}).get("state") != state]
            if states["eu-north-1"] == "absent" and "2026-11-30" not in str((told.get("eu-north-1") or {}).get("detail")):
                wrong.append("the day of the source is not named")
    finally:
        replay.close()
    refuse_if(wrong)
    return f"{source}: absent where AWS does not offer it and there is no host, else a gap"


LONG = [recorded_matrix]
CASES = [recorded_run, recorded_direct, recorded_faults, not_offered]
