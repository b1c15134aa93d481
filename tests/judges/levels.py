#!/usr/bin/env python3
"""PAdES levels before judges that others wrote: kind of key x level x one or two signers. For B-LT and B-LTA the servers of
revocation lists, OCSP and timestamps are stopped before anybody judges.

usage: levels.py --sign-pdf PROGRAM --pdf FILE [--affiant PROGRAM]

`--sign-pdf` is the built example. pyHanko's AdES validation judges every row, pdfsig those without a document timestamp, mutool
those with PKCS#1 or EC keys. Then failures: each must be refused by the judge that can see it. With `--affiant`, a package whose
PDF several people sign is made too, and the PDF is looked at after each signature (kept.py).
"""

import sys

sys.dont_write_bytecode = True

import argparse
import asyncio
import logging
import os
import subprocess
import threading
import time
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from datetime import datetime, timedelta, timezone
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory

import kept
from common import Refused, run, said
from pyhanko.keys import load_certs_from_pemder
from pyhanko.pdf_utils.generic import NumberObject
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.ades.report import AdESIndeterminate, AdESPassed
from pyhanko.sign.validation.ades import ades_lta_validation
from pyhanko.sign.validation.policy_decl import PdfSignatureValidationSpec, SignatureValidationSpec
from pyhanko_certvalidator.context import CertValidationPolicySpec, ValidationTimingInfo
from pyhanko_certvalidator.policy_decl import REQUIRE_REVINFO, CertRevTrustPolicy, FreshnessReqType
from pyhanko_certvalidator.registry import SimpleTrustManager

logging.disable(logging.ERROR)  # pyHanko logs what it refuses; the verdict is enough

KINDS = {
    "p256": ("pkcs1", "ec -pkeyopt ec_paramgen_curve:P-256"),
    "p384": ("pkcs1", "ec -pkeyopt ec_paramgen_curve:P-384"),
    "rsa": ("pkcs1", "rsa:3072"),
    "pss": ("pss", "rsa:3072"),
}
LEVELS = ("b-b", "b-t", "b-lt", "b-lta")
CONFIG = """[tsa]
default_tsa = a
[a]
serial = serial
signer_cert = tsa.pem
certs = ca.pem
signer_key = tsa.key
signer_digest = sha256
default_policy = 1.3.6.1.4.1.57264.9.1
digests = sha256, sha384, sha512
accuracy = secs:1
ess_cert_id_alg = sha256
[ca]
default_ca = c
[c]
database = index
crlnumber = crlnumber
default_md = sha256
default_crl_days = 3000
certificate = ca.pem
private_key = ca.key
"""

STAMP = "ts -reply -config ca.cnf -section a -queryfile query -out answer"
ANSWER = "ocsp -index index -CA ca.pem -rsigner responder.pem -rkey responder.key -ndays 30 -reqin query -respout answer"


def openssl(folder: Path, line: str) -> str:
    done = subprocess.run(["openssl", *line.split()], cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode:
        raise Refused(f"openssl {line}: {done.stderr}")
    return done.stdout


class Servers:
    """A certificate authority with its list and its OCSP responder, and a timestamp authority, on loopback."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.server: ThreadingHTTPServer | None = None
        lock = threading.Lock()

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:  # noqa: N802
                query = self.rfile.read(int(self.headers["Content-Length"]))
                stamping = self.path == "/tsa"
                with lock:
                    (folder / "query").write_bytes(query)
                    openssl(folder, STAMP if stamping else ANSWER)
                    answer = (folder / "answer").read_bytes()
                self.give(answer, "application/timestamp-reply" if stamping else "application/ocsp-response")

            def do_GET(self) -> None:  # noqa: N802
                self.give((folder / "ca.crl").read_bytes(), "application/pkix-crl")

            def give(self, body: bytes, kind: str) -> None:
                self.send_response(200)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                pass

        self.handler = Handler
        self.port = 0
        self.start()
        self.make()

    def start(self) -> None:
        self.server = ThreadingHTTPServer(("127.0.0.1", self.port), self.handler)
        self.port = self.server.server_port
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def stop(self) -> None:
        if self.server:
            self.server.shutdown()
            self.server.server_close()
            self.server = None

    def make(self) -> None:
        at = self.folder
        (at / "ca.cnf").write_text(CONFIG, encoding="utf-8")
        for name, text in (("serial", "01\n"), ("crlnumber", "01\n"), ("index", "")):
            (at / name).write_text(text, encoding="utf-8")
        openssl(at, "req -x509 -newkey rsa:3072 -nodes -subj /CN=Judges-Root -days 3650 -keyout ca.key -out ca.pem "
                    "-addext keyUsage=critical,keyCertSign,cRLSign")  # fmt: skip
        self.certify("tsa", "ec -pkeyopt ec_paramgen_curve:P-256", "digitalSignature", "extendedKeyUsage=critical,timeStamping\n")
        for kind, (_, key) in KINDS.items():
            for who in ("a", "b"):
                self.certify(f"{kind}-{who}", key, "digitalSignature,nonRepudiation")
        self.list()

    def certify(self, name: str, key: str, usage: str, more: str = "", days: int = 900, asks: str = "list") -> None:
        """`asks` names where the certificate says to ask about revocation: the `list`, `ocsp`, or nowhere."""
        at = self.folder
        here = f"URI:http://127.0.0.1:{self.port}"
        more += {"list": f"crlDistributionPoints={here}/ca.crl\n", "ocsp": f"authorityInfoAccess=OCSP;{here}/ocsp\n"}.get(asks, "")
        openssl(at, f"req -newkey {key} -nodes -subj /CN={name} -keyout {name}.key -out {name}.csr")
        ext = f"basicConstraints=CA:false\nkeyUsage=critical,{usage}\n{more}"
        (at / "ext").write_text(ext, encoding="utf-8")
        openssl(at, f"x509 -req -in {name}.csr -CA ca.pem -CAkey ca.key -days {days} -extfile ext -out {name}.pem")
        (at / f"{name}.chain").write_text((at / f"{name}.pem").read_text() + (at / "ca.pem").read_text(), encoding="utf-8")

    def list(self) -> None:
        openssl(self.folder, "ca -gencrl -config ca.cnf -name c -out crl.pem")
        openssl(self.folder, "crl -in crl.pem -outform DER -out ca.crl")


Outcome = tuple[str, str | None]
"""What was judged, and why it was refused."""


def outcome(name: str, work: "callable") -> Outcome:
    try:
        work()
    except Refused as why:
        return name, " ".join(str(why).split())[:400]
    return name, None


@cache
def specification(trust: Path) -> PdfSignatureValidationSpec:
    """What `pyhanko sign adesverify --trust` judges by: these roots alone, and revocation must be known."""
    freshness = FreshnessReqType.MAX_DIFF_REVOCATION_VALIDATION
    certificates = CertValidationPolicySpec(
        trust_manager=SimpleTrustManager.build(list(load_certs_from_pemder([str(trust)]))),
        revinfo_policy=CertRevTrustPolicy(REQUIRE_REVINFO, freshness=None, freshness_req_type=freshness),
    )
    return PdfSignatureValidationSpec(SignatureValidationSpec(cert_validation_policy=certificates))


def ades(pdf: Path, trust: Path, level: str, at: datetime | None) -> tuple[bool, str]:
    """Whether pyHanko accepts every signature of a file, and its verdicts in words of ETSI EN 319 102-1. What its command line
    prints is only whether mathematics and path hold, which it says of a revoked signer too; so from B-LT on the verdict counts.
    At B-LT nothing but us says that the list existed by then, and pyHanko notes that (NO_POE)."""
    timing = ValidationTimingInfo(at, at, point_in_time_validation=True) if at else ValidationTimingInfo.now()
    enough = {"b-lt": (AdESPassed.OK, AdESIndeterminate.NO_POE), "b-lta": (AdESPassed.OK,)}.get(level)
    verdicts, good = [], True
    with pdf.open("rb") as file:
        try:
            for signature in PdfFileReader(file).embedded_regular_signatures:
                found = asyncio.run(ades_lta_validation(signature, specification(trust), timing_info=timing))
                holds = bool(found.api_status and found.api_status.bottom_line)
                good = good and holds and (enough is None or found.ades_subindic in enough)
                verdicts.append(f"{found.ades_subindic}, {'holds' if holds else 'does not hold'}, {found.failure_msg}")
        except Exception as why:  # what it cannot read, it does not accept
            return False, f"{type(why).__name__}: {why}"
    return good and bool(verdicts), "; ".join(verdicts) or "no signature"


def accepts(pdf: Path, trust: Path, level: str, at: datetime | None = None) -> None:
    good, words = ades(pdf, trust, level, at)
    if not good:
        raise Refused(words)


def refuses(pdf: Path, trust: Path, level: str, at: datetime | None = None, because: str = "") -> None:
    good, words = ades(pdf, trust, level, at)
    if good or because not in words:
        raise Refused(f"pyHanko: {words}")


def pdfsig(pdf: Path, signatures: int, whole: bool) -> None:
    """At B-LT the security store stands behind the last signature, so that one cannot cover the whole file."""
    done = run("pdfsig", "-nocert", pdf)
    if done.stdout.count("Signature is Valid") != signatures or (whole and "Total document signed" not in done.stdout):
        raise Refused(said(done))


def mutool(pdf: Path, signatures: int, whole: bool) -> None:
    done = run("mutool", "sign", "-v", pdf)
    good = done.stdout.count("The signature is valid") + done.stdout.count("document is unchanged")
    if good < signatures and not (whole and done.stdout.lower().count("unchanged") >= 1):
        raise Refused(said(done))


def qpdf(pdf: Path) -> None:
    done = run("qpdf", "--check", pdf)
    if done.returncode:
        raise Refused(said(done))


Row = tuple[str, str, int, Path]
"""Kind of key, level, signers, file."""


def judge_row(row: Row, trust: Path) -> list[Outcome]:
    """All judges of one signed file."""
    kind, level, signers, pdf = row
    name = f"{kind} {level} {signers}"
    outcomes = [outcome(f"pyHanko AdES: {name}{', servers stopped' if level.startswith('b-lt') else ''}", lambda: accepts(pdf, trust, level))]
    if level != "b-lta":
        outcomes.append(outcome(f"pdfsig: {name}", lambda: pdfsig(pdf, signers, level != "b-lt")))
        if kind != "pss":
            outcomes.append(outcome(f"mutool: {name}", lambda: mutool(pdf, signers, level != "b-lt")))
    return [*outcomes, outcome(f"qpdf: {name}", lambda: qpdf(pdf))]


class Judge:
    def __init__(self, program: Path, pdf: Path, servers: Servers) -> None:
        self.program, self.pdf, self.servers = program, pdf, servers
        self.trust = servers.folder / "ca.pem"
        self.passed = self.failed = 0

    def count(self, outcomes: list[Outcome]) -> None:
        for name, why in outcomes:
            self.passed, self.failed = self.passed + (why is None), self.failed + (why is not None)
            print(f"ok {name}" if why is None else f"FAIL {name}: {why}", flush=True)

    def check(self, name: str, work: "callable") -> None:
        self.count([outcome(name, work)])

    def sign(self, out: str, level: str, kind: str, people: tuple[str, ...]) -> Path:
        at = self.servers.folder
        keys = [str(at / f"{kind}-{who}{end}") for who in people for end in (".key", ".chain")]
        url = f"http://127.0.0.1:{self.servers.port}/tsa"
        target = at / out
        done = run(self.program, self.pdf, target, level, url, KINDS[kind][0], *keys)
        if done.returncode:
            raise Refused(said(done))
        return target

    def matrix(self) -> None:
        """Signs every row, then judges: first what may ask the servers, then the rest with the servers stopped."""
        wanted = [(kind, level, people) for kind in KINDS for level in LEVELS for people in (("a",), ("a", "b"))]

        def make(row: tuple[str, str, tuple[str, ...]]) -> Row:
            kind, level, people = row
            return kind, level, len(people), self.sign(f"{kind}-{level}-{len(people)}.pdf", level, kind, people)

        with ThreadPoolExecutor(2) as threads:
            made = list(threads.map(make, wanted))
        with ProcessPoolExecutor(2) as processes:
            for offline in (False, True):
                if offline:
                    self.servers.stop()
                rows = [row for row in made if row[1].startswith("b-lt") == offline]
                for outcomes in processes.map(judge_row, rows, [self.trust] * len(rows)):
                    self.count(outcomes)

    def failures(self) -> None:
        at, trust = self.servers.folder, self.trust
        self.servers.start()
        good = self.sign("good.pdf", "b-lta", "p256", ("a",))
        bytes_ = good.read_bytes()
        altered = at / "altered.pdf"
        altered.write_bytes(bytes_[:900] + bytes([bytes_[900] ^ 1]) + bytes_[901:])
        self.check("pyHanko: refuses an altered byte", lambda: refuses(altered, trust, "b-lta"))
        appended = at / "appended.pdf"
        appended.write_bytes(self.shadow(good))
        self.check("pyHanko: refuses a page changed by an update", lambda: refuses(appended, trust, "b-lta"))
        openssl(at, "req -x509 -newkey rsa:2048 -nodes -subj /CN=Stranger -days 900 -keyout stranger.key -out stranger.pem")
        self.check("pyHanko: refuses another root", lambda: refuses(good, at / "stranger.pem", "b-lta"))
        self.servers.certify("p256-short", KINDS["p256"][1], "digitalSignature,nonRepudiation", days=2)
        basic = self.sign("short-b.pdf", "b-b", "p256", ("short",))
        archival = self.sign("short-lta.pdf", "b-lta", "p256", ("short",))
        later = datetime.now(timezone.utc) + timedelta(days=30)
        self.check("pyHanko: refuses an expired signer without LTA", lambda: refuses(basic, trust, "b-b", later))
        self.check("pyHanko: accepts an expired signer with LTA", lambda: accepts(archival, trust, "b-lta", later))
        self.register("p256-b", revoked=True)
        self.servers.list()
        revoked = self.sign("revoked.pdf", "b-lta", "p256", ("b",))
        self.check("pyHanko: refuses a revoked signer", lambda: refuses(revoked, trust, "b-lta", because="REVOKED"))

    def answers(self) -> None:
        """The same by OCSP: the answers are embedded, and then nobody answers any more."""
        self.servers.certify("responder", KINDS["p256"][1], "digitalSignature", "extendedKeyUsage=OCSPSigning\nnoCheck=ignored\n", asks="")
        for name in ("good", "gone"):
            self.servers.certify(f"p256-{name}", KINDS["p256"][1], "digitalSignature,nonRepudiation", asks="ocsp")
            self.register(f"p256-{name}", revoked=name == "gone")
        good, gone, known = (self.sign(f"ocsp-{i}.pdf", level, "p256", (who,)) for i, (level, who) in
                             enumerate((("b-lt", "good"), ("b-lta", "gone"), ("b-lta", "good"))))  # fmt: skip
        self.servers.stop()
        self.check("pyHanko: accepts an OCSP answer inside, B-LT, servers stopped", lambda: accepts(good, self.trust, "b-lt"))
        self.check("pyHanko: accepts an OCSP answer inside, B-LTA, servers stopped", lambda: accepts(known, self.trust, "b-lta"))
        self.check("pyHanko: refuses whom an OCSP answer inside calls revoked", lambda: refuses(gone, self.trust, "b-lta", because="REVOKED"))

    def register(self, name: str, revoked: bool) -> None:
        """What the authority's register says of a certificate from now on; the next signature is made after that."""
        serial = openssl(self.servers.folder, f"x509 -in {name}.pem -noout -serial").strip().split("=")[1]
        now = time.strftime("%y%m%d%H%M%SZ", time.gmtime())
        entry = f"R\t400101000000Z\t{now}" if revoked else "V\t400101000000Z\t"
        with (self.servers.folder / "index").open("a", encoding="utf-8") as index:
            index.write(f"{entry}\t{serial}\tunknown\t/CN={name}\n")
        time.sleep(2.1 if revoked else 0)

    def shadow(self, pdf: Path) -> bytes:
        """A page turned in an appended update, by a library that is not ours."""
        writer = IncrementalPdfFileWriter(BytesIO(pdf.read_bytes()))
        page = writer.root["/Pages"]["/Kids"][0].get_object()
        page["/Rotate"] = NumberObject(90)
        writer.update_container(page)
        out = BytesIO()
        writer.write(out)
        return out.getvalue()


def main() -> int:
    parser = argparse.ArgumentParser(description="PAdES levels before independent judges.")
    parser.add_argument("--sign-pdf", type=Path, required=True)
    parser.add_argument("--pdf", type=Path, required=True)
    parser.add_argument("--affiant", type=Path)
    given = parser.parse_args()
    started = time.monotonic()
    os.environ.pop("AFFIANT_PINNED_CLOCK", None)
    with TemporaryDirectory(prefix="levels-") as scratch:
        servers = Servers(Path(scratch))
        judge = Judge(given.sign_pdf.resolve(), given.pdf.resolve(), servers)
        judge.matrix()
        judge.failures()
        judge.answers()
        if given.affiant:
            servers.start()
            judge.count(kept.outcomes(given.affiant.resolve(), servers, Path(scratch)))
        servers.stop()
    print(f"{time.monotonic() - started:.0f} seconds")
    print(f"{judge.passed} passed, {judge.failed} failed")
    return 1 if judge.failed else 0


if __name__ == "__main__":
    sys.exit(main())
