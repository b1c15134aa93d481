#!/usr/bin/env python3
"""PAdES levels before judges that others wrote: kind of key x level x one or two signers. For B-LT and B-LTA the servers of
revocation lists and timestamps are stopped before anybody judges.

usage: levels.py --sign-pdf PROGRAM --pdf FILE

PROGRAM is the built example `sign_pdf`. pyHanko's `adesverify` judges every row, pdfsig those without a document timestamp,
mutool those with PKCS#1 or EC keys. Then failures: each must be refused by the judge that can see it.
"""

import sys

sys.dont_write_bytecode = True

import argparse
import subprocess
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from tempfile import TemporaryDirectory

from common import Refused, run, said

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


def openssl(folder: Path, line: str) -> str:
    done = subprocess.run(["openssl", *line.split()], cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode:
        raise Refused(f"openssl {line}: {done.stderr}")
    return done.stdout


class Servers:
    """A certificate authority with its list and a timestamp authority, on loopback."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.server: ThreadingHTTPServer | None = None
        lock = threading.Lock()

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:  # noqa: N802
                query = self.rfile.read(int(self.headers["Content-Length"]))
                with lock:
                    (folder / "query").write_bytes(query)
                    openssl(folder, "ts -reply -config ca.cnf -section a -queryfile query -out answer")
                    answer = (folder / "answer").read_bytes()
                self.give(answer, "application/timestamp-reply")

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

    def certify(self, name: str, key: str, usage: str, more: str = "", days: int = 900) -> None:
        at = self.folder
        openssl(at, f"req -newkey {key} -nodes -subj /CN={name} -keyout {name}.key -out {name}.csr")
        ext = f"basicConstraints=CA:false\nkeyUsage=critical,{usage}\ncrlDistributionPoints=URI:http://127.0.0.1:{self.port}/ca.crl\n{more}"
        (at / "ext").write_text(ext, encoding="utf-8")
        openssl(at, f"x509 -req -in {name}.csr -CA ca.pem -CAkey ca.key -days {days} -extfile ext -out {name}.pem")
        (at / f"{name}.chain").write_text((at / f"{name}.pem").read_text() + (at / "ca.pem").read_text(), encoding="utf-8")

    def list(self) -> None:
        openssl(self.folder, "ca -gencrl -config ca.cnf -name c -out crl.pem")
        openssl(self.folder, "crl -in crl.pem -outform DER -out ca.crl")


class Judge:
    def __init__(self, program: Path, pdf: Path, servers: Servers) -> None:
        self.program, self.pdf, self.servers = program, pdf, servers
        self.passed = self.failed = 0

    def check(self, name: str, work: "callable") -> None:
        try:
            work()
        except Refused as why:
            self.failed += 1
            print(f"FAIL {name}: {' '.join(str(why).split())[:400]}", flush=True)
        else:
            self.passed += 1
            print(f"ok {name}", flush=True)

    def sign(self, out: str, level: str, kind: str, people: tuple[str, ...]) -> Path:
        at = self.servers.folder
        keys = [str(at / f"{kind}-{who}{end}") for who in people for end in (".key", ".chain")]
        url = f"http://127.0.0.1:{self.servers.port}/tsa"
        target = at / out
        done = run(self.program, self.pdf, target, level, url, KINDS[kind][0], *keys)
        if done.returncode:
            raise Refused(said(done))
        return target

    def hanko(self, pdf: Path, *options: str, trust: str = "ca.pem") -> str:
        done = run(Path(sys.executable).with_name("pyhanko"), "sign", "adesverify", "--trust-replace", "--trust",
                   self.servers.folder / trust, "--pretty-print", *options, pdf)  # fmt: skip
        return f"{done.returncode}\n{done.stdout}{done.stderr}"

    def accepts(self, pdf: Path, *options: str) -> None:
        answer = self.hanko(pdf, *options)
        if "judged VALID" not in answer or "INVALID" in answer or "INDETERMINATE" in answer:
            raise Refused(answer[-1500:])

    def refuses(self, pdf: Path, *options: str, trust: str = "ca.pem") -> None:
        answer = self.hanko(pdf, *options, trust=trust)
        if "judged VALID" in answer and "INVALID" not in answer and "INDETERMINATE" not in answer:
            raise Refused(f"pyHanko accepted it: {answer[-800:]}")

    def pdfsig(self, pdf: Path, signatures: int, whole: bool) -> None:
        """At B-LT the security store stands behind the last signature, so that one cannot cover the whole file."""
        done = run("pdfsig", pdf)
        if done.stdout.count("Signature is Valid") != signatures or (whole and "Total document signed" not in done.stdout):
            raise Refused(said(done))

    def mutool(self, pdf: Path, signatures: int, whole: bool) -> None:
        done = run("mutool", "sign", "-v", pdf)
        good = done.stdout.count("The signature is valid") + done.stdout.count("document is unchanged")
        if good < signatures and not (whole and done.stdout.lower().count("unchanged") >= 1):
            raise Refused(said(done))

    def matrix(self) -> None:
        made = []
        for kind in KINDS:
            for level in LEVELS:
                for people in (("a",), ("a", "b")):
                    name = f"{kind} {level} {len(people)}"
                    try:
                        made.append((name, kind, level, len(people), self.sign(f"{name.replace(' ', '-')}.pdf", level, kind, people)))
                    except Refused as why:
                        self.failed += 1
                        print(f"FAIL sign {name}: {why}", flush=True)
        for offline in (False, True):
            if offline:
                self.servers.stop()
            for name, kind, level, signers, pdf in made:
                if level.startswith("b-lt") != offline:
                    continue
                self.check(f"pyHanko adesverify: {name}{', servers stopped' if offline else ''}", lambda: self.accepts(pdf))
                if level != "b-lta":
                    self.check(f"pdfsig: {name}", lambda: self.pdfsig(pdf, signers, level != "b-lt"))
                    if kind != "pss":
                        self.check(f"mutool: {name}", lambda: self.mutool(pdf, signers, level != "b-lt"))
                self.check(f"qpdf: {name}", lambda: self.qpdf(pdf))

    def qpdf(self, pdf: Path) -> None:
        done = run("qpdf", "--check", pdf)
        if done.returncode:
            raise Refused(said(done))

    def failures(self) -> None:
        at = self.servers.folder
        self.servers.start()
        good = self.sign("good.pdf", "b-lta", "p256", ("a",))
        bytes_ = good.read_bytes()
        altered = at / "altered.pdf"
        altered.write_bytes(bytes_[:900] + bytes([bytes_[900] ^ 1]) + bytes_[901:])
        self.check("pyHanko: refuses an altered byte", lambda: self.refuses(altered))
        appended = at / "appended.pdf"
        appended.write_bytes(self.shadow(good))
        self.check("pyHanko: refuses a page changed by an update", lambda: self.refuses(appended))
        openssl(at, "req -x509 -newkey rsa:2048 -nodes -subj /CN=Stranger -days 900 -keyout stranger.key -out stranger.pem")
        self.check("pyHanko: refuses another root", lambda: self.refuses(good, trust="stranger.pem"))
        self.servers.certify("p256-short", KINDS["p256"][1], "digitalSignature,nonRepudiation", days=2)
        basic = self.sign("short-b.pdf", "b-b", "p256", ("short",))
        archival = self.sign("short-lta.pdf", "b-lta", "p256", ("short",))
        later = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 30 * 86400))
        self.check("pyHanko: refuses an expired signer without LTA", lambda: self.refuses(basic, "--validation-time", later))
        self.check("pyHanko: accepts an expired signer with LTA", lambda: self.accepts(archival, "--validation-time", later))
        serial = openssl(at, "x509 -in p256-b.pem -noout -serial").strip().split("=")[1]
        (at / "index").write_text(f"R\t400101000000Z\t260101000000Z\t{serial}\tunknown\t/CN=p256-b\n", encoding="utf-8")
        self.servers.list()
        revoked = self.sign("revoked.pdf", "b-lt", "p256", ("b",))
        self.check("pyHanko: refuses a revoked signer", lambda: self.refuses(revoked))

    def shadow(self, pdf: Path) -> bytes:
        """A page turned in an appended update, by a library that is not ours."""
        from io import BytesIO

        from pyhanko.pdf_utils.generic import NumberObject
        from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter

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
    given = parser.parse_args()
    with TemporaryDirectory(prefix="levels-") as scratch:
        servers = Servers(Path(scratch))
        judge = Judge(given.sign_pdf.resolve(), given.pdf.resolve(), servers)
        judge.matrix()
        judge.failures()
        servers.stop()
    print(f"{judge.passed} passed, {judge.failed} failed")
    return 1 if judge.failed else 0


if __name__ == "__main__":
    sys.exit(main())
