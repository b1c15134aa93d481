"""The wire format against botocore's models. A server on loopback that knows the models alone checks what the program asks and makes
up the answers; what the program reads in them is held against what botocore parses from the same bytes, member by member."""

import base64
import json
import shutil
import subprocess
import threading
import uuid
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import yaml
from answers import ACCOUNT, Answer, Maker, serialized
from botocore.model import ListShape, MapShape, OperationModel, Shape, StructureShape
from botocore.parsers import create_parser
from cases import Bench, refuse_if
from laboratory import Row, Workspace, account, custody, settings
from models import Asked, Models, NotAsked
from wire import ROOT

OPERATIONS: dict[str, dict] = {}
SERVICES: dict[str, dict] = {}
for one in sorted((ROOT / "controls/operations").glob("*.yaml")):
    read = yaml.safe_load(one.read_text())
    OPERATIONS |= read.get("operations") or {}
    SERVICES[one.stem] = read.get("service") or {}

SEEDS = range(6)
"""Answers of one operation: three with every member, in turn with each member of unions and each value of enumerations, three in
which members are missing and lists are empty."""

BYTES = {"s3:GetObject": "the body is an object, not an answer"}
"""Operations whose answers are not read as such."""


def named(name: str) -> tuple[str, str]:
    """Service and operation as AWS names them, of an entry of the registry."""
    service, operation = name.split(":", 1)
    return service, str(OPERATIONS[name].get("operation") or operation)


def protocol(service: str) -> str:
    return str(SERVICES[service]["protocol"])


def wishes() -> dict[str, list[str]]:
    """What the program asks on about: values that an answer should hold for the next operation to follow."""
    found: dict[str, list[str]] = {}
    for operation in OPERATIONS.values():
        for each in operation.get("each") or []:
            for path, wanted in (each.get("where") or {}).items():
                values = [str(w) for w in (wanted if isinstance(wanted, list) else [wanted]) if isinstance(w, str)]
                found.setdefault(path.rsplit(".", 1)[-1][:1].lower() + path.rsplit(".", 1)[-1][1:], []).extend(values)
    return found | {"configurationAggregatorName": ["example"], "sourceId": [ACCOUNT], "sourceType": ["ACCOUNT"], "lastUpdateStatus": ["SUCCEEDED"]}


# What botocore makes of an answer

class Botocore:
    """Parses answers, with the steps that botocore's clients take after the parser."""

    def __init__(self, models: Models) -> None:
        self.models = models
        self.parsers = {name: create_parser(name) for name in ("query", "ec2", "json", "rest-json", "rest-xml")}

    def parsed(self, service: str, operation: OperationModel, spoken: str, answer: Answer) -> Row:
        from botocore.awsrequest import AWSResponse, HeadersDict

        status, headers, body = answer
        given = {"status_code": status, "headers": HeadersDict(headers), "body": body}
        read = self.parsers[spoken].parse(given, operation.output_shape) if operation.output_shape else {}
        whole = AWSResponse("http://127.0.0.1", status, HeadersDict(headers), None)
        whole._content = body
        event = f"after-call.{operation.service_model.service_id.hyphenize()}.{operation.name}"
        self.models.session.get_component("event_emitter").emit(event, http_response=whole, parsed=read, model=operation, context={})
        read.pop("ResponseMetadata", None)
        return read


def moment(text: object) -> datetime | None:
    if not isinstance(text, str):
        return None
    try:
        return datetime.fromisoformat(text).astimezone(UTC)
    except ValueError:
        return None


def differences(shape: Shape | None, theirs: object, ours: object, never: frozenset[str], at: str = "") -> list[str]:
    """Where two readings differ. A member that is missing is one that is null; what stands in headers is no part of the answer kept."""
    if theirs is None and ours is None:
        return []
    if isinstance(shape, StructureShape) and isinstance(theirs, dict) and isinstance(ours, dict) and not getattr(shape, "is_document_type", False):
        found = []
        for name in {*theirs, *ours}:
            member = shape.members.get(name)
            if name in never or (member is not None and member.serialization.get("location") in ("header", "headers", "statusCode")):
                continue
            if name == "SDK_UNKNOWN_MEMBER" or (name in ours and member is None):
                found.append(f"{at}.{name}: botocore knows no such member")
                continue
            found += differences(member, theirs.get(name), ours.get(name), never, f"{at}.{name}")
        return found
    if isinstance(shape, ListShape) and isinstance(theirs, list) and isinstance(ours, list) and len(theirs) == len(ours):
        return [d for i, (t, o) in enumerate(zip(theirs, ours, strict=True)) for d in differences(shape.member, t, o, never, f"{at}[{i}]")]
    if isinstance(shape, MapShape) and isinstance(theirs, dict) and isinstance(ours, dict):
        return [d for n in {*theirs, *ours} for d in differences(shape.value, theirs.get(n), ours.get(n), never, f"{at}.{n}")]
    if isinstance(theirs, datetime):
        read = moment(ours)
        return [] if read and abs((read - theirs).total_seconds()) < 0.0011 else [f"{at}: time {theirs} is {ours!r}"]
    if isinstance(theirs, (bytes, bytearray)):
        theirs = base64.b64encode(theirs).decode()
    same = theirs == ours and isinstance(theirs, bool) == isinstance(ours, bool)
    return [] if same else [f"{at}: {str(theirs)[:60]!r} is {str(ours)[:60]!r}"]


@dataclass
class Reader:
    """The program's own reading, through the example `wire_answers`."""

    program: Path
    scratch: Path
    asked: list[Row] = field(default_factory=list)

    def add(self, service: str, operation: str, more: Row, path: Path) -> None:
        self.asked.append({"service": service, "operation": operation, "custody": more, "file": str(path)})

    def read(self) -> list[Row]:
        lines = "".join(json.dumps(row) + "\n" for row in self.asked)
        done = subprocess.run([str(self.program)], input=lines, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            refuse_if([f"wire_answers: exit {done.returncode}: {done.stderr[-300:]}"])
        return [json.loads(line) for line in done.stdout.splitlines()]


def reader(bench: Bench) -> Reader:
    return Reader(bench.affiant.parent / "examples/wire_answers", bench.scratch)


def compared(name: str, operation: OperationModel, theirs: Row, ours: Row, never: frozenset[str]) -> list[str]:
    table = (OPERATIONS.get(name) or {}).get("decode")
    if "refused" in ours:
        if table and "Content" not in theirs:
            return []
        return [f"{name}: not read: {ours['refused']}"]
    if "rows" in ours:
        lines = bytes(theirs["Content"]).decode().strip().split("\n")  # type: ignore[arg-type]
        table = [dict(zip(lines[0].split(","), line.split(","), strict=True)) for line in lines[1:]]
        return [] if table == ours["rows"] else [f"{name}: rows {ours['rows']}"]
    return [f"{name}{d}" for d in differences(operation.output_shape, theirs, ours["body"], never)]


def answers_read(bench: Bench) -> str:
    """Every operation of the registry: answers of all shapes that the model allows are read as botocore reads them."""
    models = Models(SERVICES)
    botocore = Botocore(models)
    ours = reader(bench)
    folder = bench.scratch / "wire-answers"
    folder.mkdir(parents=True, exist_ok=True)
    made: list[tuple[str, OperationModel, Row]] = []
    for name in OPERATIONS:
        if name in BYTES:
            continue
        service, operation = named(name)
        model = models.operation(service, operation)
        for seed in SEEDS:
            value = Maker(seed // 2 if seed < 3 else seed, full=seed < 3).value(model.output_shape, operation, service=service) if model.output_shape else {}
            answer = serialized(model, protocol(service), value)  # type: ignore[arg-type]
            path = folder / f"{name.replace(':', '-')}-{seed}"
            path.write_bytes(answer[2])
            ours.add(service, name.split(":", 1)[1], {"status": "200"}, path)
            made.append((name, model, botocore.parsed(service, model, protocol(service), answer)))
    wrong: dict[str, list[str]] = {}
    for (name, model, theirs), read in zip(made, ours.read(), strict=True):
        wrong.setdefault(name, []).extend(compared(name, model, theirs, read, frozenset()))
    bad = {name: found for name, found in wrong.items() if found}
    told = f"{len(wrong) - len(bad)} of {len(wrong)} operations equal in {len(made)} answers"
    refuse_if([f"{told}; {found[0]} ({len(found)})" for name, found in bad.items()], 400 if bench.long else 12)
    return told


# What the program asks

INSTANCE = {
    "resourceType": "AWS::Connect::Instance",
    "resourceId": "example-instance",
    "accountId": ACCOUNT,
    "awsRegion": "us-east-1",
    "arn": f"arn:aws:connect:us-east-1:{ACCOUNT}:instance/example-instance",
    "configurationItemStatus": "ResourceDiscovered",
    "configuration": {},
}
"""What AWS Config alone tells of, and the program asks on about."""


def ours(asked: Asked) -> Row:
    """Members whose content no model describes."""
    if asked.name == "sts:GetCallerIdentity":
        return {"Account": ACCOUNT, "Arn": f"arn:aws:iam::{ACCOUNT}:user/example", "UserId": "AIDAEXAMPLE"}
    if asked.name == "config:GetDiscoveredResourceCounts":
        return {"totalDiscoveredResources": 1, "resourceCounts": [{"resourceType": INSTANCE["resourceType"], "count": 1}]}
    if asked.name == "config:GetAggregateDiscoveredResourceCounts":
        by = ACCOUNT if asked.members.get("GroupByKey") == "ACCOUNT_ID" else INSTANCE["resourceType"]
        return {"TotalDiscoveredResources": 1, "GroupedResourceCounts": [{"GroupName": by, "ResourceCount": 1}]}
    if asked.name in ("config:SelectResourceConfig", "config:SelectAggregateResourceConfig"):
        return {"Results": [json.dumps(INSTANCE)] if str(INSTANCE["resourceType"]) in str(asked.members) else []}
    if asked.name == "s3:ListObjectsV2":
        return delivered(str(asked.members.get("Prefix", "")))
    return {}


def delivered(prefix: str) -> Row:
    """A bucket of snapshots as AWS Config names them."""
    if prefix.endswith("/ConfigSnapshot/"):
        return {"Contents": [{"Key": f"{prefix}{ACCOUNT}_Config_us-east-1_ConfigSnapshot_20261001T080000Z_example.json.gz", "Size": 40, "ETag": '"e"'}]}
    depth = len(prefix.split("/Config/us-east-1/")[-1].split("/")) if "/Config/us-east-1/" in prefix else 0
    return {"CommonPrefixes": [{"Prefix": prefix + ("2026/", "10/", "1/", "")[max(0, depth - 1)]}]} if depth < 4 else {}


class Modeled:
    """AWS as the models have it: checks each request and makes up its answer."""

    def __init__(self, models: Models, seed: int) -> None:
        self.models, self.seed, self.wishes = models, seed, wishes()
        self.lock = threading.Lock()
        self.asked: Counter[str] = Counter()
        self.wrong: set[str] = set()
        self.sent: dict[str, tuple[Asked, Answer]] = {}
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_: object) -> None: ...

            def answer(self) -> None:
                body = self.rfile.read(int(self.headers.get("content-length") or 0))
                headers = {name.lower(): value for name, value in self.headers.items()}
                status, more, text, identity = outer.answer(self.command, self.path, headers, body)
                self.send_response(status)
                for name, value in more.items():
                    self.send_header(name, value)
                self.send_header("x-amzn-RequestId", identity)
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                if self.command != "HEAD":
                    self.wfile.write(text)

            do_GET = do_POST = do_PUT = do_HEAD = answer

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def answer(self, method: str, path: str, headers: dict[str, str], body: bytes) -> tuple[int, dict[str, str], bytes, str]:
        identity = str(uuid.uuid4())
        with self.lock:
            try:
                asked = self.models.asked(method, path, headers, body)
            except NotAsked as no:
                self.wrong.add(str(no))
                return 400, {}, b'{"__type": "UnknownOperationException", "message": "the models know no such operation"}', identity
            self.asked[asked.name] += 1
            self.wrong.update(f"{asked.name}: {what}" for what in asked.wrong)
            shape = asked.model.output_shape
            echo = {name: value for name, value in asked.members.items() if isinstance(value, str)}
            value = Maker(self.seed, self.wishes, echo).value(shape, asked.operation, service=asked.service) if shape else {}
            value |= ours(asked)
            answer = serialized(asked.model, asked.protocol, value)  # type: ignore[arg-type]
            if self.seed % 2 and asked.operation in ("SelectResourceConfig", "SelectAggregateResourceConfig"):
                return 400, {}, b'{"__type": "InvalidExpressionException", "message": "not a type that can be queried"}', identity
            self.sent[identity] = asked, answer
        return *answer, identity

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()


AGGREGATOR = "aws: {config: aggregator, aggregator: {name: example, region: us-east-1}}\n"
RUNS = (
    (0, ("--no-config",), "artifact: {reports: [report-example000000000]}\n"),
    (1, ("--no-config",), ""),
    (2, ("--no-config",), ""),
    (4, (), "aws: {config: account}\n"),
    (5, (), "aws: {config: account}\n"),
    (6, (), AGGREGATOR),
    (7, (), AGGREGATOR),
    (8, (), "aws: {config: snapshot}\n"),
)
"""Seed, arguments and settings of each collection before the models. Under odd seeds AWS Config has nothing that can be queried."""

TERMS = "format: affiant.artifact-terms/1\naccepted:\n  - {report: report-example000000000, by: Casey Example, on: 2026-09-30}\n"

NEVER = {
    "config:DeliverConfigSnapshot": "writes",
}
"""Operations that no collection before the models reaches, and why."""


def collected(bench: Bench, models: Models, seed: int, words: tuple[str, ...], more: str, reached: set[str], wrong: list[str]) -> tuple[int, int]:
    """One collection; the number of its answers, and of those that were read as botocore reads them."""
    server = Modeled(models, seed)
    folder = bench.scratch / f"wire-models-{seed}"
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "program").mkdir(parents=True)
    (folder / "affiant.yaml").write_text(settings(account(ACCOUNT, "organization: true")) + more)
    (folder / "program/artifact-terms.yaml").write_text(TERMS)
    environment = bench.lab.environment() | {"AWS_ENDPOINT_URL": f"http://127.0.0.1:{server.server.server_address[1]}"}
    workspace = Workspace(folder, bench.affiant, environment)
    opt_in = sorted({str(o["opt_in"]) for o in OPERATIONS.values() if o.get("opt_in")} & {"cost-explorer"})
    try:
        workspace.collect(*words, *(w for name in opt_in for w in ("--opt-in", name)))
    finally:
        server.close()
    wrong += sorted(server.wrong)
    reached |= server.asked.keys() & OPERATIONS.keys()
    botocore, ours = Botocore(models), reader(bench)
    made = []
    for row in custody(workspace.run_folder):
        source: Row = row["source"]  # type: ignore[assignment]
        held: Row = source.get("custody") or {}  # type: ignore[assignment]
        met = server.sent.get(str(held.get("request-id")))
        if met is None:
            continue
        asked, answer = met
        name = f"{source.get('service', asked.service)}:{source.get('operation', asked.operation)}"
        reached.add(name)
        ours.add(*name.split(":", 1), held, workspace.run_folder / "data" / str(row["path"]).removeprefix("data/"))
        made.append((name, asked.model, botocore.parsed(asked.service, asked.model, asked.protocol, answer)))
    bad = 0
    for (name, model, theirs), read in zip(made, ours.read(), strict=True):
        of = OPERATIONS.get(name) or {}
        dropped = frozenset([*(of.get("never_store") or ()), *(of.get("names_of") or {}).values()])
        found = compared(name, model, theirs, read, dropped)
        bad += bool(found)
        wrong += found[:1]
    return len(made), len(made) - bad


def requests_and_answers(bench: Bench) -> str:
    """Collections before the models: every request is one that they allow, and every answer kept is read as botocore reads it."""
    models, reached, wrong = Models(SERVICES), set(), []
    answers = equal = 0
    for seed, words, more in RUNS:
        met, same = collected(bench, models, seed, words, more, reached, wrong)
        answers, equal = answers + met, equal + same
    wrong += [f"{name} was never asked" for name in OPERATIONS if name not in reached and name not in NEVER]
    wrong += [f"{name} is listed as never asked and was asked" for name in NEVER if name in reached]
    told = f"{len(reached)} of {len(OPERATIONS)} operations asked as the models have it; {equal} of {answers} answers equal"
    refuse_if([told, *sorted(set(wrong))] if wrong else [], 400 if bench.long else 12)
    return told


CASES = [answers_read, requests_and_answers]
