"""A front before the laboratory, for what it does not serve: an aggregator's counts, identifiers, batches and source status, from
what the laboratory's accounts answer themselves. Everything else passes through. It keeps the regions that requests are signed for."""

import contextlib
import http.server
import json
import re
import threading
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass, field
from email.message import Message
from typing import NamedTuple

Json = dict[str, object]

OWN = ("transfer-encoding", "connection", "server", "date")
"""Headers of the laboratory's own connection."""

SIGNED = re.compile(r"Credential=([^/]+)/\d{8}/([^/]+)/([^/]+)/aws4_request")


class Heard(NamedTuple):
    """A request: who signed it, for which region and service, and what it asks."""

    key: str
    region: str
    service: str
    path: str
    headers: Message
    body: bytes
    method: str = "GET"


class Said(NamedTuple):
    """An answer, in XML unless its headers say otherwise."""

    status: int
    body: bytes
    headers: dict[str, str] = {}


@dataclass
class Front:
    """Listens on `port`; `behind` is the laboratory's."""

    port: int
    behind: int
    accounts: list[str]
    home: str
    region: str = "us-east-1"
    status: dict[str, str] = field(default_factory=dict)
    """Account to `LastUpdateStatus`; SUCCEEDED by default. `absent` leaves the account out."""
    refused: set[str] = field(default_factory=set)
    """Operations that are denied."""
    more: dict[str, Callable[[Json], Json]] = field(default_factory=dict)
    """Operations that a test answers itself."""
    between: Callable[[Heard], Said | None] | None = None
    """What a test says to a request in the place of the laboratory, if anything."""
    seen: list[tuple[str, str, str]] = field(default_factory=list)
    """Region signed for, service, and operation or path of every request."""
    keys: dict[str, str] = field(default_factory=dict)
    """Account to access key."""

    def __enter__(self) -> "Front":
        front = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def handle(self) -> None:
                with contextlib.suppress(ConnectionError):  # a test ended the program
                    super().handle()

            def handle_any(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                front.answer(self, body)

            do_GET = do_POST = do_PUT = do_HEAD = do_DELETE = handle_any

            def log_message(self, *_: object) -> None:
                """Nothing is printed."""

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", self.port), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.server.shutdown()
        self.server.server_close()

    @property
    def url(self) -> str:
        return f"http://localhost:{self.port}"

    def answer(self, asked: http.server.BaseHTTPRequestHandler, body: bytes) -> None:
        target = asked.headers.get("X-Amz-Target", "").rpartition(".")[2]
        signed = SIGNED.search(asked.headers.get("Authorization", ""))
        if signed:
            self.seen.append((signed[2], signed[3], target or asked.path.split("?")[0]))
        if signed and self.between:
            said = self.between(Heard(signed[1], signed[2], signed[3], asked.path, asked.headers, body, asked.command))
            if said:
                return give(asked, said.status, said.body, "application/xml", said.headers)
        own = self.more.get(target) or getattr(self, target, None) if target else None
        if target in self.refused:
            return send(asked, 400, {"__type": "AccessDeniedException", "Message": "not authorized"})
        if own is None:
            return self.pass_on(asked, body)
        send(asked, 200, own(json.loads(body or b"{}")))

    def relay(self, method: str, path: str, headers: dict[str, str], body: bytes) -> Said:
        """What the laboratory says to a request."""
        request = urllib.request.Request(f"http://127.0.0.1:{self.behind}{path}", data=body or None, headers=headers, method=method)
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                status, given, data = answer.status, answer.headers, answer.read()
        except urllib.error.HTTPError as error:
            status, given, data = error.code, error.headers, error.read()
        return Said(status, data, {name: value for name, value in given.items() if name.lower() not in OWN})

    def pass_on(self, asked: http.server.BaseHTTPRequestHandler, body: bytes) -> None:
        headers = {k: v for k, v in asked.headers.items() if k.lower() != "connection"}
        said = self.relay(asked.command, asked.path, headers, body)
        give(asked, said.status, said.body, "", said.headers)

    # What an aggregator would answer

    def key_of(self, account: str) -> str:
        """An access key of an account: the caller's own, or one of its role."""
        if account == self.home:
            return "testing"
        if account not in self.keys:
            role = f"arn%3Aaws%3Aiam%3A%3A{account}%3Arole%2FOrganizationAccountAccessRole"
            form = f"Action=AssumeRole&Version=2011-06-15&RoleArn={role}&RoleSessionName=front".encode()
            answer = self.lab("sts", "", form, "testing")
            self.keys[account] = re.search(r"<AccessKeyId>([^<]+)", answer)[1]  # type: ignore[index]
        return self.keys[account]

    def lab(self, service: str, target: str, body: bytes, key: str) -> str:
        scope = f"Credential={key}/20260101/{self.region}/{service}/aws4_request"
        headers = {"Authorization": f"AWS4-HMAC-SHA256 {scope}, SignedHeaders=host, Signature=0"}
        headers["Content-Type"] = "application/x-amz-json-1.1" if target else "application/x-www-form-urlencoded"
        if target:
            headers["X-Amz-Target"] = f"StarlingDoveService.{target}"
        request = urllib.request.Request(f"http://127.0.0.1:{self.behind}/", data=body, headers=headers)
        with urllib.request.urlopen(request, timeout=60) as answer:
            return answer.read().decode()

    def member(self, account: str, target: str, given: Json) -> Json:
        return json.loads(self.lab("config", target, json.dumps(given).encode(), self.key_of(account)))

    def counts(self, account: str) -> dict[str, int]:
        found = self.member(account, "GetDiscoveredResourceCounts", {"limit": 100})
        return {row["resourceType"]: row["count"] for row in found["resourceCounts"]}  # type: ignore[attr-defined]

    def covered(self) -> list[str]:
        return [account for account in self.accounts if self.status.get(account) != "absent"]

    def DescribeConfigurationAggregatorSourcesStatus(self, _: Json) -> Json:
        rows = [
            {
                "SourceId": account,
                "SourceType": "ACCOUNT",
                "AwsRegion": self.region,
                "LastUpdateStatus": self.status.get(account, "SUCCEEDED"),
                "LastUpdateTime": 1790000000,
            }
            for account in self.covered()
        ]
        return {"AggregatedSourceStatusList": rows}

    def GetAggregateDiscoveredResourceCounts(self, asked: Json) -> Json:
        given: Json = asked.get("Filters", {})  # type: ignore[assignment]
        accounts = [a for a in self.covered() if given.get("AccountId") in (None, a)]
        if given.get("Region") not in (None, self.region):
            accounts = []
        if asked.get("GroupByKey") == "ACCOUNT_ID":
            rows = [{"GroupName": a, "ResourceCount": sum(self.counts(a).values())} for a in accounts]
        else:
            total: dict[str, int] = {}
            for account in accounts:
                for name, n in self.counts(account).items():
                    total[name] = total.get(name, 0) + n
            rows = [{"GroupName": name, "ResourceCount": n} for name, n in sorted(total.items())]
        # pages of twenty, so that paging is walked
        at = int(str(asked.get("NextToken", 0)))
        out: Json = {"TotalDiscoveredResources": 0, "GroupByKey": asked.get("GroupByKey"), "GroupedResourceCounts": rows[at : at + 20]}
        return out | ({"NextToken": str(at + 20)} if at + 20 < len(rows) else {})

    def ListAggregateDiscoveredResources(self, asked: Json) -> Json:
        account = str(asked["Filters"]["AccountId"])  # type: ignore[index]
        found = self.member(account, "ListDiscoveredResources", {"resourceType": asked["ResourceType"], "limit": 100})
        rows = [
            {
                "SourceAccountId": account,
                "SourceRegion": self.region,
                "ResourceId": row["resourceId"],
                "ResourceType": row["resourceType"],
            }
            for row in found["resourceIdentifiers"]  # type: ignore[attr-defined]
        ]
        return {"ResourceIdentifiers": rows}

    def BatchGetAggregateResourceConfig(self, asked: Json) -> Json:
        given: list[Json] = asked["ResourceIdentifiers"]  # type: ignore[assignment]
        # one at a time, so that what is left unprocessed is asked for again
        first, left = given[0], given[1:]
        keys = [{"resourceType": first["ResourceType"], "resourceId": first["ResourceId"]}]
        found = self.member(str(first["SourceAccountId"]), "BatchGetResourceConfig", {"resourceKeys": keys})
        return {"BaseConfigurationItems": found["baseConfigurationItems"], "UnprocessedResourceIdentifiers": left}


def send(asked: http.server.BaseHTTPRequestHandler, status: int, body: Json) -> None:
    give(asked, status, json.dumps(body).encode(), "application/x-amz-json-1.1")


def give(asked: http.server.BaseHTTPRequestHandler, status: int, data: bytes, kind: str, more: dict[str, str] | None = None) -> None:
    headers = {name.lower(): value for name, value in (more or {}).items()}
    if kind:
        headers.setdefault("content-type", kind)
    # an answer to HEAD has no body, and says how long it would be
    if asked.command != "HEAD" or "content-length" not in headers:
        headers["content-length"] = str(len(data))
    asked.send_response(status)
    for name, value in headers.items():
        asked.send_header(name, value)
    asked.end_headers()
    if asked.command != "HEAD":
        asked.wfile.write(data)
