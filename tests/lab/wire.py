"""AWS's wire protocols as far as the tests need them: which operation of the registry a request asks, and a loopback server that
stands before the laboratory and spoils the answers of chosen operations."""

import http.client
import re
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import yaml

ROOT = Path(__file__).parents[2]

TYPED = {
    ("GET", "/v1/customer-agreement/list"): "artifact:ListCustomerAgreements",
    ("GET", "/v1/report/list"): "artifact:ListReports",
}
"""REST operations that the program asks through a typed client, beside the registry's own paths."""

TARGETS = {"StarlingDoveService": "config", "AWSOrganizationsV20161128": "organizations"}


class Registry:
    """The services and operations of controls/operations."""

    def __init__(self) -> None:
        self.operations: dict[str, dict] = {}
        self.services: dict[str, dict] = {}
        for path in sorted((ROOT / "controls/operations").glob("*.yaml")):
            read = yaml.safe_load(path.read_text())
            self.services[path.stem] = read.get("service") or {}
            self.operations |= read.get("operations") or {}
        self.by_target = {str(s["target"]): name for name, s in self.services.items() if "target" in s} | TARGETS

    def signed_as(self, service: str) -> str:
        of = self.services[service]
        return str(of.get("signing") or of.get("endpoint") or service)

    def rest(self, signed: str, method: str, path: str) -> str:
        """The operation whose path pattern fits best; the longest pattern wins."""
        asked, query = urlsplit(path).path, set(parse_qs(urlsplit(path).query, keep_blank_values=True))
        if (method, asked) in TYPED:
            return TYPED[method, asked]
        best, length = "", -1
        for name, operation in self.operations.items():
            pattern = operation.get("path")
            if not pattern or (operation.get("method") or "GET") != method or self.signed_as(name.split(":")[0]) != signed:
                continue
            fixed, marks = urlsplit(pattern).path, set(parse_qs(urlsplit(pattern).query, keep_blank_values=True))
            shape = "".join(".+" if part.endswith("+}") else "[^/]+" if part.startswith("{") else re.escape(part) for part in re.split(r"(\{[^}]*\})", fixed))
            weight = 100 * len(marks) + len(re.sub(r"\{[^}]*\}", "", fixed))
            if re.fullmatch(shape, asked) and marks <= query and weight > length:
                best, length = name, weight
        return best

    def operation(self, method: str, path: str, headers: dict[str, str], body: bytes) -> str:
        """`service:Operation`, or an empty text."""
        target = headers.get("x-amz-target", "")
        if target:
            prefix, _, name = target.rpartition(".")
            return f"{self.by_target.get(prefix, prefix)}:{name}"
        signed = re.search(r"Credential=[^/]+/\d+/[^/]+/([^/]+)/", headers.get("authorization", ""))
        scope = signed.group(1) if signed else ""
        asked = parse_qs(body.decode(errors="replace")) if b"Action=" in body else {}
        action, version = asked.get("Action"), asked.get("Version", [""])[0]
        if action:
            fit = [s for s in [*self.services, "sts"] if f"{s}:{action[0]}" in self.operations and self.signed_as(s) == scope]
            # two generations of a service may share name and actions; the version tells them apart
            fit.sort(key=lambda s: str(self.services.get(s, {}).get("version")) != version)
            return f"{fit[0] if fit else scope}:{action[0]}"
        return self.rest(scope, method, path)


MALFORMED = {"json": (b'{"NextToken": {"unfinished', "application/x-amz-json-1.1"), "xml": (b"<Response><unfinished", "text/xml")}
"""Bodies of full length that are no document."""


class Spoiler:
    """Passes everything on to the laboratory; answers chosen operations with status 200 and a body that is no document."""

    def __init__(self, port: int, registry: Registry) -> None:
        self.registry, self.behind = registry, port
        self.chosen: set[str] = set()
        self.met: set[str] = set()
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def handle(self) -> None:
                try:
                    super().handle()
                except (ConnectionError, BrokenPipeError):
                    pass

            def log_message(self, *_: object) -> None: ...

            def answer(self) -> None:
                body = self.rfile.read(int(self.headers.get("content-length") or 0))
                headers = {name.lower(): value for name, value in self.headers.items()}
                name = outer.registry.operation(self.command, self.path, headers, body)
                if name in outer.chosen:
                    outer.met.add(name)
                    xml = "x-amz-target" not in headers and outer.registry.services.get(name.split(":")[0], {}).get("protocol") in ("query", "ec2", "rest-xml", None)
                    text, kind = MALFORMED["xml" if xml else "json"]
                    self.reply(200, [("Content-Type", kind), ("x-amzn-RequestId", "00000000-0000-4000-8000-000000000000")], text)
                    return
                behind = http.client.HTTPConnection("127.0.0.1", outer.behind, timeout=120)
                try:
                    behind.request(self.command, self.path, body or None, dict(self.headers.items()))
                    got = behind.getresponse()
                    self.reply(got.status, got.getheaders(), got.read())
                finally:
                    behind.close()

            def reply(self, status: int, headers: list[tuple[str, str]], body: bytes) -> None:
                self.send_response_only(status)
                for name, value in headers:
                    if name.lower() not in ("content-length", "transfer-encoding", "connection"):
                        self.send_header(name, value)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                if self.command != "HEAD":
                    self.wfile.write(body)

            do_GET = do_POST = do_PUT = do_HEAD = do_DELETE = answer

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    @property
    def port(self) -> int:
        return self.server.server_address[1]

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()
