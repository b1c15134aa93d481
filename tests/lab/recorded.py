"""Where no laboratory is at hand: `collect --aws` before the repository's recorded exchanges, which a server on loopback gives
back byte for byte. What is not recorded is denied, so most of the registry is tested for what becomes of a refusal."""

import hashlib
import json
import re
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs

from cases import refuse_if
from laboratory import Ran, Refused, Row, Workspace, account, coverage, custody, gaps, rows_of, settings

ACCOUNT = "111122223333"
DENIED = b'{"__type":"AccessDeniedException","message":"User is not authorized to perform this operation"}'


@dataclass
class Recording:
    """The exchanges, and how often each was asked."""

    exchanges: list[Row]
    asked: dict[int, int] = field(default_factory=dict)
    refused: set[str] = field(default_factory=set)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def answer(self, ask: str, body: str) -> tuple[int, str, bytes]:
        """Status, content type and bytes."""
        with self.lock:
            for number, exchange in enumerate(self.exchanges):
                if exchange["ask"] == ask and str(exchange.get("where", "")) in body:
                    turn = self.asked.get(number, 0)
                    self.asked[number] = turn + 1
                    answers: list[Row] = exchange["answers"]  # type: ignore[assignment]
                    found = answers[min(turn, len(answers) - 1)]
                    return int(str(found["status"])), str(found["type"]), str(found["body"]).encode()
            self.refused.add(ask)
        return 400, "application/x-amz-json-1.1", DENIED


def served(recording: Recording) -> ThreadingHTTPServer:
    """The recording at a free port of 127.0.0.1."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode(errors="replace")
            status, kind, sent = recording.answer(self.name(body), body)
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("x-amzn-RequestId", "5d1c0a5e-0000-4000-8000-00000000000f")
            self.send_header("Content-Length", str(len(sent)))
            self.end_headers()
            self.wfile.write(sent)

        def name(self, body: str) -> str:
            """service:Action by the protocol's own means, else service:METHOD /path; the service is that of the signature."""
            scope = re.search(r"Credential=[^/]+/\d{8}/[^/]+/([^/]+)/aws4_request", self.headers.get("Authorization", ""))
            service = scope.group(1) if scope else "unsigned"
            action = (self.headers.get("X-Amz-Target") or "").rpartition(".")[2] or parse_qs(body).get("Action", [""])[0]
            return f"{service}:{action or self.command + ' ' + self.path.split('?')[0]}"

        def log_message(self, *_: object) -> None:
            """Nothing is printed."""

        do_GET = do_POST = do_PUT = do_HEAD = answer

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server


@dataclass
class Run:
    """One collection before the recording, and what it left."""

    recording: Recording
    workspace: Workspace
    done: Ran
    rows: list[tuple[str, str, str, str]]


def collected(affiant: Path, scratch: Path) -> Run:
    given = json.loads((Path(__file__).parent / "recorded/exchanges.json").read_text())
    recording = Recording(given["exchanges"])
    server = served(recording)
    folder = scratch / "recorded"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "affiant.yaml").write_text(settings(account(ACCOUNT)))
    environment = {
        "PATH": "/usr/bin:/bin", "HOME": str(folder), "LC_ALL": "C.UTF-8", "AWS_REGION": "us-east-1", "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_ENDPOINT_URL": f"http://localhost:{server.server_port}", "AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE",
        "AWS_SECRET_ACCESS_KEY": "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
    }  # fmt: skip
    workspace = Workspace(folder, affiant, environment)
    workspace.clear()
    done = workspace.collect(expect=(3,))
    server.shutdown()
    return Run(recording, workspace, done, rows_of(workspace.assess()))


def verdict(run: Run, check: str, resource: str) -> str:
    return ", ".join(sorted({r[3] for r in run.rows if r[0] == check and resource in r[2]})) or "nothing"


def bytes_as_sent(run: Run) -> str:
    """Each answer lies in the run as it was sent, or says which members were dropped from it, with the digest of the whole."""
    sent = {hashlib.sha256(str(a["body"]).encode()).hexdigest() for e in run.recording.exchanges for a in e["answers"]}  # type: ignore[attr-defined]
    sent.add(hashlib.sha256(DENIED).hexdigest())
    kept, dropped = 0, 0
    for artifact in custody(run.workspace.run_folder):
        told: Row = artifact["source"].get("custody", {})  # type: ignore[attr-defined]
        data = (run.workspace.run_folder / "data" / str(artifact["path"])).read_bytes()
        refuse_if([f"{artifact['path']} holds agreement text"] if b"synthetic term" in data or b"synthetic acceptance" in data else [])
        received = str(told.get("sha256-as-received") or hashlib.sha256(data).hexdigest())
        dropped += "members-dropped" in told
        kept += 1
        refuse_if([f"{artifact['path']} is not what was sent"] if received not in sent else [])
    if kept < len(run.recording.exchanges) or dropped != 1:
        raise Refused(f"{kept} artifacts, members dropped from {dropped}")
    return f"{kept} artifacts, members dropped from {dropped}"


def verdicts_as_recorded(run: Run) -> str:
    """What the answers say becomes a verdict; an API's own `there is none` is evidence, not a gap."""
    wanted = {
        ("rds.storage-encrypted", ":db:ledger-old"): "not met",
        ("ec2.ebs-encryption-by-default", "us-east-1"): "not met",
        ("iam.root-mfa", ACCOUNT): "not met",
        ("iam.password-policy", ACCOUNT): "not met",
        ("s3.account-public-access-block", ACCOUNT): "not met",
    }
    refuse_if([f"{c} of {r}: {verdict(run, c, r)}, not {w}" for (c, r), w in wanted.items() if verdict(run, c, r) != w])
    ledger = {row[3] for row in run.rows if row[0] == "rds.storage-encrypted" and row[2].endswith(":db:ledger")}
    refuse_if([f"the encrypted database: {ledger}"] if ledger != {"met"} else [])
    states = {str(row["source"]): str(row["state"]) for row in coverage(run.workspace.run_folder)}
    refuse_if([f"{s}: {states.get(s)}" for s in ("iam:GetAccountPasswordPolicy", "s3control:GetPublicAccessBlock") if states.get(s) != "absent"])
    return f"{len(wanted) + 1} verdicts, two absences"


def throttled_and_paged(run: Run) -> str:
    """Throttling is waited out and counted; the second page is read."""
    calls: dict[str, Row] = {}
    for artifact in custody(run.workspace.run_folder):
        told = artifact["source"].get("custody", {})  # type: ignore[attr-defined]
        calls[str(told.get("call", "")).split("us-east-1/", 1)[-1]] = told
    summary = next((c for name, c in calls.items() if "GetAccountSummary" in name), {})
    pages = [name for name in calls if "SelectResourceConfig" in name]
    refuse_if([f"GetAccountSummary: {summary}"] if str(summary.get("throttled")) != "2" or str(summary.get("attempts")) != "3" else [])
    refuse_if([f"pages {pages}"] if len(pages) != 2 else [])
    return "two throttled attempts before the answer, two pages"


def refusals_are_gaps(run: Run) -> str:
    """Everything that was not recorded was denied: each is a gap that names the code, and no check of it passes."""
    found = gaps(run.workspace.run_folder)
    mute = [str(row["source"]) for row in found if len(str(row.get("detail") or "")) < 8]
    denied = [row for row in found if str(row["state"]) == "denied"]
    refuse_if([f"no reason: {name}" for name in mute])
    if len(denied) < 40 or not all("AccessDenied" in str(row["detail"]) for row in denied):
        raise Refused(f"{len(denied)} denied, {len(run.recording.refused)} operations were refused")
    lucky = [f"{r[0]} of {r[2]}" for r in run.rows if r[3] in ("met", "not applicable") and r[0].split(".")[0] in ("kms", "cloudtrail", "guardduty", "sns")]
    refuse_if(lucky)
    return f"{len(run.recording.refused)} operations refused, {len(denied)} gaps, each with AWS's code"


def agreement_told(run: Run) -> str:
    """The addendum's state is told by account, with its date, and none of its text."""
    said = run.workspace.run("assess").out
    refuse_if([said[-600:]] if f"BAA {ACCOUNT}" not in said or "2022-09-11" not in said else [])
    return "in force since 2022-09-11"


def sealed(run: Run) -> str:
    """The run verifies, and holds no credential."""
    run.workspace.verify(run.workspace.run_folder)
    for path in run.workspace.run_folder.rglob("*"):
        if path.is_file() and b"wJalrXUtnFEMI" in path.read_bytes():
            raise Refused(f"{path.name} holds the secret key")
    return "verified, no credential"


CASES = [bytes_as_sent, verdicts_as_recorded, throttled_and_paged, refusals_are_gaps, agreement_told, sealed]
