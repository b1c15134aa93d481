"""`affiant archive` before a bucket with Object Lock: locked and read back, broken off and resumed, refused where something else
lies there or comes back, held, and found again by a second run."""

import hashlib
import json
import os
import re
import signal
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

from cases import Bench, refuse_if
from front import Front, Heard, Said
from laboratory import HOME, Ran, Refused, Workspace
from vault import LOCK, Vault, refusal

SIGNED = "AWS4-HMAC-SHA256 Credential=testing/20260101/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=0"
MIB = 1 << 20

made: dict[Path, tuple[Workspace, Path]] = {}
"""One package serves every case."""


def s3(bench: Bench, method: str, path: str, body: bytes = b"", **headers: str) -> tuple[int, dict[str, str], bytes]:
    """The laboratory's S3 itself, past the program and the front."""
    named = {name.replace("_", "-"): value for name, value in headers.items()} | {"Authorization": SIGNED}
    request = urllib.request.Request(f"http://127.0.0.1:{bench.lab.port}/{path}", data=body or None, headers=named, method=method)
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            return answer.status, {k.lower(): v for k, v in answer.headers.items()}, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, {k.lower(): v for k, v in error.headers.items()}, error.read()


def bucket(bench: Bench, name: str, locks: bool = True) -> str:
    """A new bucket, with Object Lock unless it is said not to."""
    headers = {"x_amz_bucket_object_lock_enabled": "true"} if locks else {}
    status, _, said = s3(bench, "PUT", name, **headers)
    if status != 200:
        raise Refused(f"no bucket {name}: {status} {said[:200]!r}")
    return name


def packaged(bench: Bench) -> tuple[Workspace, Path]:
    """A workspace with a package of the laboratory, and its ZIP, which has three parts of 5 MiB at least."""
    if bench.scratch not in made:
        workspace = bench.workspace("archive")
        workspace.collect("--snapshot", str(large(workspace.folder)))
        done = workspace.run("package")
        found = re.search(r"^ZIP +(\S+)$", done.out, flags=re.MULTILINE)
        if done.code or not found:
            raise Refused(f"package: exit {done.code}: {done.err[-600:]}")
        made[bench.scratch] = (workspace, workspace.folder / found[1])
    return made[bench.scratch]


def large(folder: Path) -> Path:
    """A delivered snapshot that does not pack well: one item with many words of no meaning."""
    state, words = 1, []
    for _ in range(1_600_000):
        state = (state * 6364136223846793005 + 1442695040888963407) % (1 << 64)
        words.append("".join(chr(97 + (state >> shift) % 26) for shift in (33, 40, 47, 54)))
    item = {
        "configurationItemVersion": "1.3",
        "configurationItemCaptureTime": "2026-10-01T00:00:00.000Z",
        "configurationStateId": 1795680000000,
        "awsAccountId": HOME,
        "configurationItemStatus": "OK",
        "resourceType": "AWS::SSM::FileData",
        "resourceId": "words",
        "ARN": f"arn:aws:ssm:us-east-1:{HOME}:file-data/words",
        "awsRegion": "us-east-1",
        "tags": {},
        "relationships": [],
        "relatedEvents": [],
        "configuration": {"words": [" ".join(words[at : at + 8]) for at in range(0, len(words), 8)]},
        "supplementaryConfiguration": {},
    }
    target = folder / "delivered" / f"{HOME}_Config_us-east-1_ConfigSnapshot_20261001T000000Z_11111111-2222-4333-8444-555555555555.json"
    target.parent.mkdir(exist_ok=True)
    target.write_text(json.dumps({"fileVersion": "1.0", "configSnapshotId": "11111111-2222-4333-8444-555555555555", "configurationItems": [item]}))
    return target


@contextmanager
def before(bench: Bench, loses: bool = False) -> Iterator[tuple[Vault, Workspace]]:
    """The workspace, with a vault between its program and the laboratory."""
    workspace, _ = packaged(bench)
    own = workspace.environment
    with Front(bench.lab.port + 2, bench.lab.port, bench.lab.accounts, HOME) as front:
        front.between = vault = Vault(front, loses)
        workspace.environment = own | {"AWS_ENDPOINT_URL": front.url}
        try:
            yield vault, workspace
        finally:
            workspace.environment = own


def ended(done: Ran, code: int, *words: str) -> Ran:
    """Refuses another exit code, or an answer without these words."""
    text = done.out + done.err
    if done.code != code or not all(word in text for word in words):
        raise Refused(f"exit {done.code}, not {code} with {words}: {text[-700:]}")
    return done


def computed(workspace: Workspace, package: Path, to: str) -> str:
    """The day that the command prints, with the line to type."""
    done = ended(workspace.run("archive", str(package), to), 2, "nothing was archived")
    found = re.search(rf"affiant archive {re.escape(str(package))} {re.escape(to)} --retain-until (\d{{4}}-\d\d-\d\d)", done.err)
    if not found:
        raise Refused(f"no line to type: {done.err}")
    return found[1]


def later(day: str) -> str:
    return date.fromisoformat(day).replace(year=int(day[:4]) + 1).isoformat()


def earlier(day: str) -> str:
    return date.fromisoformat(day).replace(year=int(day[:4]) - 1).isoformat()


def keys(bench: Bench, name: str) -> list[str]:
    return sorted(re.findall(r"<Key>([^<]+)</Key>", s3(bench, "GET", f"{name}?list-type=2")[2].decode()))


def locks(bench: Bench, name: str) -> dict[str, tuple[str, str]]:
    """Mode and date of every object, as moto tells them."""
    found = {key: s3(bench, "HEAD", f"{name}/{key}")[1] for key in keys(bench, name)}
    return {key: (facts.get(LOCK["mode"], ""), facts.get(LOCK["until"], "")) for key, facts in found.items()}


def refuse_unless_locked(bench: Bench, name: str, day: str, objects: int = 5) -> None:
    found = locks(bench, name)
    refuse_if([f"{len(found)} objects: {sorted(found)}"] if len(found) != objects else [])
    wanted = ("COMPLIANCE", f"{day}T23:59:59Z")
    refuse_if([f"{key} is locked as {lock}, not {wanted}" for key, lock in found.items() if lock != wanted])


def archive_locked(bench: Bench) -> str:
    """Each file in one request, locked until the day that was typed; a second run finds it; a later day extends, an earlier does not."""
    name = bucket(bench, "example-archive-locked")
    to = f"s3://{name}/clinic"
    with before(bench) as (vault, workspace):
        _, package = packaged(bench)
        whole = ("archive", str(package), to, "--part-size", "4096", "--retain-until")
        day = computed(workspace, package, to)
        ended(workspace.run(*whole, earlier(day)), 2, "is before", day)
        refuse_if([f"S3 was asked before a day was typed: {heard.path}" for heard in vault.heard])
        ended(workspace.run(*whole, day), 0, "is archived")
        refuse_unless_locked(bench, name, day)
        zipped = next(key for key in keys(bench, name) if key.endswith(".zip"))
        _, facts, body = s3(bench, "GET", f"{name}/{zipped}")
        digest = hashlib.sha256(package.read_bytes()).hexdigest()
        refuse_if([] if hashlib.sha256(body).hexdigest() == digest else ["the ZIP in the bucket is another"])
        refuse_if([] if facts.get("x-amz-meta-affiant-sha256") == digest else [f"the digest that is noted: {facts}"])
        receipt = json.loads(s3(bench, "GET", f"{name}/{Path(zipped).parent}/archive.json")[2])
        refuse_if([] if receipt["retain_until"] == day and receipt["files"][0]["sha256"] == digest else [f"the receipt: {receipt}"])

        vault.heard.clear()
        ended(workspace.run(*whole, day), 0, "was archived already")
        refuse_if([f"the second run wrote: {heard.method} {heard.path}" for heard in vault.writes])
        ended(workspace.run("archive", "verify", to), 0, "holds", f"COMPLIANCE until {day}")
        ended(workspace.run("archive", "list", to), 0, f"may be destroyed after {day}")
        refuse_if([f"verify and list wrote: {heard.method} {heard.path}" for heard in vault.writes])

        ended(workspace.run(*whole, later(day)), 0, f"locked until {later(day)}")
        refuse_unless_locked(bench, name, later(day))
        vault.heard.clear()
        ended(workspace.run(*whole, day), 2, "never shortened", later(day))
        refuse_if([f"a shorter lock was asked for: {heard.method} {heard.path}" for heard in vault.writes])
        # and S3 itself would have said no, to that and to a deletion
        body = f"<Retention><Mode>COMPLIANCE</Mode><RetainUntilDate>{day}T23:59:59Z</RetainUntilDate></Retention>".encode()
        asked = Heard("testing", "us-east-1", "s3", f"/{name}/{zipped}?retention", s3_headers(), body, "PUT")
        refuse_if([] if (vault(asked) or Said(200, b"")).status == 403 else ["S3 let a lock be shortened"])
        version = s3(bench, "HEAD", f"{name}/{zipped}")[1]["x-amz-version-id"]
        status = s3(bench, "DELETE", f"{name}/{zipped}?versionId={version}")[0]
        refuse_if([] if status == 403 else [f"a locked object could be deleted: {status}"])
    return f"{len(keys(bench, name))} objects until {day}, then until {later(day)}"


def s3_headers():  # type: ignore[no-untyped-def]
    from email.message import Message

    headers = Message()
    headers["Authorization"] = SIGNED
    return headers


def parts_sent(vault: Vault) -> list[int]:
    """The parts of an upload that were sent, by number."""
    asked = (parse_qs(urlsplit(heard.path).query) for heard in vault.heard if heard.method == "PUT")
    return [int(words["partNumber"][0]) for words in asked if "partNumber" in words]


def archive_resumed(bench: Bench) -> str:
    """kill -9 while the second part goes up: the next run sends what is missing. A store that loses the lock of parts is told again."""
    told = []
    for loses in (False, True):
        name = bucket(bench, f"example-archive-resumed-{loses}".lower())
        to = f"s3://{name}"
        with before(bench, loses) as (vault, workspace):
            _, package = packaged(bench)
            wanted = -(-package.stat().st_size // (5 * MIB))
            refuse_if([f"the package has {package.stat().st_size} bytes, too few for three parts"] if wanted < 3 else [])
            day = computed(workspace, package, to)
            words = ("archive", str(package), to, "--part-size", "5", "--retain-until", day)
            program = workspace.start(*words)

            def kill(heard: Heard) -> Said | None:
                if "partNumber=2" in heard.path:
                    os.kill(program.pid, signal.SIGKILL)
                    return refusal(500, "InternalError", "the line is dead")
                return None

            vault.say = kill
            code = program.wait(120)
            refuse_if([f"the program ended by itself ({code}): {(workspace.folder / 'stderr.txt').read_text()[-500:]}"] if code != -signal.SIGKILL else [])
            vault.say = lambda _: None
            refuse_if([f"{key} is there before it is whole" for key in keys(bench, name)])
            ended(workspace.run("archive", "verify", to), 2, "no package is archived")
            vault.heard.clear()
            ended(workspace.run(*words), 0, f"resumed, {wanted - 1} parts beside 1 that were there", "is archived")
            refuse_if([f"parts {parts_sent(vault)} were sent"] if parts_sent(vault)[: wanted - 1] != list(range(2, wanted + 1)) else [])
            refuse_unless_locked(bench, name, day)
            asked = sum("retention" in parse_qs(urlsplit(heard.path).query, keep_blank_values=True) for heard in vault.writes)
            refuse_if([f"{asked} locks were set afterwards"] if (asked > 0) != loses else [])
            ended(workspace.run("archive", "verify", to), 0, "holds")
            told.append(f"{wanted} parts, {asked} locks set afterwards")
    return "; ".join(told)


def flipped(body: bytes) -> bytes:
    return body[:-1] + bytes([body[-1] ^ 1])


def archive_refused(bench: Bench) -> str:
    """What the line changes on its way, what comes back otherwise, what lies there already, a bucket that locks nothing."""
    with before(bench) as (vault, workspace):
        _, package = packaged(bench)
        day = computed(workspace, package, "s3://example-archive-none")

        def words(name: str, until: str = day) -> tuple[str, ...]:
            return "archive", str(package), f"s3://{name}", "--part-size", "4096", "--retain-until", until

        ended(workspace.run(*words(bucket(bench, "example-archive-open", locks=False))), 2, "has no Object Lock")
        refuse_if([f"{key} was written" for key in keys(bench, "example-archive-open")])

        name = bucket(bench, "example-archive-line")
        vault.alter = lambda heard: heard._replace(body=flipped(heard.body)) if heard.method == "PUT" and heard.body else heard
        ended(workspace.run(*words(name)), 5, "BadDigest")
        refuse_if([f"{key} was kept" for key in keys(bench, name)])
        vault.alter = lambda heard: heard

        def other(heard: Heard) -> Said | None:
            if heard.method != "GET" or ".zip" not in heard.path or not heard.headers.get("Range"):
                return None
            said = vault.relay(heard)
            return said._replace(body=flipped(said.body), headers={k: v for k, v in said.headers.items() if "checksum" not in k.lower()})

        vault.say = other
        ended(workspace.run(*words(name)), 4, "its digest is")
        refuse_if(["a receipt was written"] if any(key.endswith("archive.json") for key in keys(bench, name)) else [])
        vault.say = lambda _: None
        ended(workspace.run(*words(name)), 0, "is archived")
        vault.say = other
        ended(workspace.run("archive", "verify", f"s3://{name}"), 4, "WRONG", "the receipt says")

        # the lock cannot be seen, which is not the same as none
        def silent(heard: Heard) -> Said | None:
            if "retention" in heard.path:
                return refusal(403, "AccessDenied", "Access Denied")
            if heard.method == "HEAD":
                said = vault.relay(heard)
                return said._replace(headers={k: v for k, v in said.headers.items() if "object-lock" not in k.lower()})
            return None

        vault.say = silent
        ended(workspace.run("archive", "verify", f"s3://{name}"), 3, "whether", "is locked")
        vault.say = lambda _: None

        # another file under the same name
        name = bucket(bench, "example-archive-other")
        ended(workspace.run(*words(name)), 0)
        key = next(key for key in keys(bench, name) if key.endswith(".pdf"))
        s3(bench, "PUT", f"{name}/{key}", b"another")
        vault.heard.clear()
        ended(workspace.run(*words(name)), 4, "another file lies there")
        refuse_if([f"written all the same: {heard.method} {heard.path}" for heard in vault.writes])
        ended(workspace.run("archive", "verify", f"s3://{name}"), 4, "is not locked", ".pdf")
        s3(bench, "DELETE", f"{name}/{key}")
        ended(workspace.run("archive", "verify", f"s3://{name}"), 4, f"`{Path(key).name}` is missing")
    return "four refusals, one unknown, two found afterwards"


def archive_held(bench: Bench) -> str:
    """A legal hold on every file, read back, listed, and taken off again."""
    name = bucket(bench, "example-archive-held")
    to = f"s3://{name}/held"
    with before(bench) as (vault, workspace):
        _, package = packaged(bench)
        day = computed(workspace, package, to)
        ended(workspace.run("archive", str(package), to, "--part-size", "4096", "--retain-until", day), 0)
        listed = json.loads(ended(workspace.run("archive", "list", to, "--json"), 0).out)["packages"][0]
        refuse_if([] if listed["destruction"] == {"state": "not-before", "on": day} else [f"listed as {listed}"])
        ended(workspace.run("archive", "hold", to, "2020-Q1-000000000000"), 2, "no package", "shows the ids")
        ended(workspace.run("archive", "hold", to, listed["package"]), 0, "a legal hold lies on each")
        held = {unquote(key): s3(bench, "HEAD", f"{name}/{key}")[1].get("x-amz-object-lock-legal-hold") for key in keys(bench, name)}
        refuse_if([f"{key}: {status}" for key, status in held.items() if status != "ON"])
        ended(workspace.run("archive", "list", to), 0, "on legal hold: not to be destroyed")
        checked = json.loads(ended(workspace.run("archive", "verify", to, "--json"), 0).out)["packages"][0]
        refuse_if([f"verify does not see it: {file}" for file in checked["files"] if file["hold"] != {"state": "on"}])
        ended(workspace.run("archive", "release", to, listed["package"]), 0, "the retention stays")
        refuse_unless_locked(bench, name, day)
        ended(workspace.run("archive", "list", to), 0, f"may be destroyed after {day}")
    return f"{len(held)} objects held and released"


CASES = [archive_locked, archive_resumed, archive_refused, archive_held]
