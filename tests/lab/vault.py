"""S3's rules of Object Lock and of digests before the laboratory, whose moto checks no digest, forgets the lock of an upload in parts,
takes dates that have passed and shorter ones, and does not answer GetObjectRetention. Everything else passes through."""

import base64
import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from urllib.parse import parse_qs, urlsplit

from front import Front, Heard, Said

LOCK = {"mode": "x-amz-object-lock-mode", "until": "x-amz-object-lock-retain-until-date"}
HOLD = "x-amz-object-lock-legal-hold"


@dataclass
class Upload:
    """An upload in parts: the lock that it was begun with, and the digest of each part."""

    lock: dict[str, str]
    parts: dict[int, str] = field(default_factory=dict)


def refusal(status: int, code: str, message: str) -> Said:
    """An error of S3."""
    return Said(status, f"<?xml version='1.0' encoding='UTF-8'?>\n<Error><Code>{code}</Code><Message>{message}</Message></Error>".encode())


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text.replace("Z", "+00:00"))


def sha256(body: bytes) -> str:
    return base64.b64encode(hashlib.sha256(body).digest()).decode()


class Vault:
    """To be a front's `between`. `loses`: an upload in parts comes out without its lock, as moto's does."""

    def __init__(self, front: Front, loses: bool = False) -> None:
        self.front, self.loses = front, loses
        self.uploads: dict[str, Upload] = {}
        self.heard: list[Heard] = []
        self.alter: Callable[[Heard], Heard] = lambda heard: heard
        """What the line makes of a request."""
        self.say: Callable[[Heard], Said | None] = lambda _: None
        """What a test says in the place of S3."""

    def __call__(self, heard: Heard) -> Said | None:
        if heard.service != "s3":
            return None
        self.heard.append(heard)
        heard = self.alter(heard)
        said = self.say(heard)
        if said:
            return said
        asked = parse_qs(urlsplit(heard.path).query, keep_blank_values=True)
        given = heard.headers.get("x-amz-checksum-sha256")
        if given and given != sha256(heard.body):
            return refusal(400, "BadDigest", "The SHA256 you specified did not match the calculated checksum.")
        if "retention" in asked or "legal-hold" in asked:
            return self.setting(heard, "retention" in asked)
        if heard.method == "POST" and "uploads" in asked:
            return self.began(heard)
        if "uploadId" in asked:
            return self.in_parts(heard, asked["uploadId"][0], asked)
        return self.past(heard) if heard.method == "PUT" else None

    @property
    def writes(self) -> list[Heard]:
        """The requests that would change something."""
        return [heard for heard in self.heard if heard.method != "GET" and heard.method != "HEAD"]

    def relay(self, heard: Heard, method: str = "", query: str | None = None, body: bytes | None = None) -> Said:
        headers = {name: value for name, value in heard.headers.items() if name.lower() not in ("connection", "content-length")}
        path = heard.path if query is None else heard.path.split("?")[0] + query
        return self.front.relay(method or heard.method, path, headers, heard.body if body is None else body)

    def facts(self, heard: Heard) -> Said:
        """HeadObject of what the request names."""
        bare = {name: value for name, value in heard.headers.items() if name.lower() in ("authorization", "host")}
        return self.front.relay("HEAD", heard.path.split("?")[0], bare, b"")

    def past(self, heard: Heard) -> Said | None:
        until = heard.headers.get(LOCK["until"])
        if until and moment(until) <= datetime.now(UTC):
            return refusal(400, "InvalidArgument", "The retain until date must be in the future!")
        return None

    def setting(self, heard: Heard, retention: bool) -> Said | None:
        facts = self.facts(heard)
        now = {name.lower(): value for name, value in facts.headers.items()}
        if facts.status != 200:
            return refusal(404, "NoSuchKey", "The specified key does not exist.")
        if heard.method == "GET":
            wanted = [LOCK["mode"], LOCK["until"]] if retention else [HOLD]
            if not all(name in now for name in wanted):
                return refusal(404, "NoSuchObjectLockConfiguration", "The specified object does not have a ObjectLock configuration")
            if retention:
                mode, until = (now[name] for name in wanted)
                return Said(200, f"<Retention><Mode>{mode}</Mode><RetainUntilDate>{until}</RetainUntilDate></Retention>".encode())
            return Said(200, f"<LegalHold><Status>{now[HOLD]}</Status></LegalHold>".encode())
        if not retention:
            return None
        text = heard.body.decode()
        mode, until = (re.search(f"<{name}>([^<]+)", text)[1] for name in ("Mode", "RetainUntilDate"))  # type: ignore[index]
        if moment(until) <= datetime.now(UTC):
            return refusal(400, "InvalidArgument", "The retain until date must be in the future!")
        if now.get(LOCK["mode"]) == "COMPLIANCE" and (mode != "COMPLIANCE" or moment(until) < moment(now[LOCK["until"]])):
            return refusal(403, "AccessDenied", "Access Denied because object protected by object lock.")
        return None

    def began(self, heard: Heard) -> Said:
        past = self.past(heard)
        if past:
            return past
        said = self.relay(heard)
        found = re.search(rb"<UploadId>([^<]+)", said.body)
        if found:
            lock = {name: heard.headers[header] for name, header in LOCK.items() if header in heard.headers}
            self.uploads[found[1].decode()] = Upload(lock)
        return said

    def in_parts(self, heard: Heard, name: str, asked: dict[str, list[str]]) -> Said | None:
        upload = self.uploads.get(name)
        if upload is None:
            return None
        if heard.method == "PUT":
            said = self.relay(heard)
            if said.status == 200:
                upload.parts[int(asked["partNumber"][0])] = heard.headers["x-amz-checksum-sha256"]
            return said
        if heard.method == "GET":
            return self.listed(upload, self.relay(heard))
        return self.completed(heard, upload) if heard.method == "POST" else None

    def listed(self, upload: Upload, said: Said) -> Said:
        def noted(found: re.Match[bytes]) -> bytes:
            digest = upload.parts[int(found[1])].encode()
            return found[0] + b"<ChecksumSHA256>" + digest + b"</ChecksumSHA256>"

        # moto calls the answer otherwise than S3 does
        body = said.body.replace(b"ListPartsResponse", b"ListPartsResult")
        return said._replace(body=re.sub(rb"<PartNumber>(\d+)</PartNumber>", noted, body))

    def completed(self, heard: Heard, upload: Upload) -> Said:
        if heard.headers.get("If-None-Match") == "*" and self.facts(heard).status == 200:
            return refusal(412, "PreconditionFailed", "At least one of the pre-conditions you specified did not hold")
        text = heard.body.decode()
        for part in re.findall(r"<Part>.*?</Part>", text, re.S):
            number, digest = (re.search(f"<{member}>([^<]+)", part) for member in ("PartNumber", "ChecksumSHA256"))
            if not number or not digest or upload.parts.get(int(number[1])) != digest[1]:
                return refusal(400, "InvalidPart", "One or more of the specified parts could not be found.")
        said = self.relay(heard)
        if said.status == 200 and upload.lock and not self.loses:
            body = f"<Retention><Mode>{upload.lock['mode']}</Mode><RetainUntilDate>{upload.lock['until']}</RetainUntilDate></Retention>"
            self.relay(heard, "PUT", "?retention", body.encode())
        return said
