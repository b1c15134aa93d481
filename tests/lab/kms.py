"""Keys that stay in AWS KMS: asked for a certificate, compared with it, and used for a package's seal and PDF. What comes of it
is judged by programs that know nothing of KMS. moto's RSA-PSS has another salt length than AWS's, so PSS is left out here."""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

from cases import Bench
from laboratory import REGION, Refused, Workspace

SPECS = {"ECC_NIST_P256": "ECDSA P-256", "ECC_NIST_P384": "ECDSA P-384", "RSA_3072": "RSA"}
"""KeySpec of kms:CreateKey, and what we call it."""

CREATE = """
import boto3, json, sys
kms = boto3.client("kms", endpoint_url=sys.argv[1], region_name=sys.argv[2], aws_access_key_id="testing", aws_secret_access_key="testing")
made = {s: kms.create_key(KeySpec=s, KeyUsage="SIGN_VERIFY")["KeyMetadata"]["Arn"] for s in sys.argv[3:]}
made["alias"] = "alias/affiant-seal"
kms.create_alias(AliasName=made["alias"], TargetKeyId=made["ECC_NIST_P256"])
made["encrypts"] = kms.create_key(KeySpec="RSA_2048", KeyUsage="ENCRYPT_DECRYPT")["KeyMetadata"]["Arn"]
print(json.dumps(made))
"""


def openssl(folder: Path, line: str, accepts: bool = True) -> str:
    done = subprocess.run(["openssl", *line.split()], cwd=folder, capture_output=True, text=True, check=False)
    if (done.returncode == 0) != accepts:
        raise Refused(f"openssl {line}: exit {done.returncode}: {done.stderr.strip()[-300:]}")
    return done.stdout + done.stderr


def created(bench: Bench) -> dict[str, str]:
    """The keys, made with boto3 from the laboratory's own Python."""
    url = bench.lab.environment()["AWS_ENDPOINT_URL"]
    return json.loads(bench.lab.shell("python", "-c", CREATE, url, REGION, *SPECS))


def kms_keys_sign(bench: Bench) -> str:
    """Request, certificate, comparison with kms:GetPublicKey, package, and what openssl, pdfsig and pyHanko make of it."""
    keys = created(bench)
    space = bench.workspace("kms")
    root, told = space.folder, []
    openssl(root, "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=Example-Root -days 90 -keyout ca.key -out ca.pem")
    (root / "ext").write_text("basicConstraints=CA:false\nkeyUsage=critical,digitalSignature,nonRepudiation\n", encoding="utf-8")
    space.collect()
    for spec, words in SPECS.items():
        named = keys["alias"] if spec == "ECC_NIST_P256" else keys[spec]
        asked = space.run("seal", "key", "--kms", named, "--csr", f"{spec}.csr", "--subject", f"CN=Seal {spec},O=Example Clinic")
        if asked.code:
            raise Refused(f"{spec}: {asked.err[-400:]}")
        openssl(root, f"req -in {spec}.csr -verify -noout")
        openssl(root, f"x509 -req -in {spec}.csr -CA ca.pem -CAkey ca.key -days 60 -extfile ext -out {spec}.pem")
        (root / f"{spec}.chain").write_text((root / f"{spec}.pem").read_text() + (root / "ca.pem").read_text(), encoding="utf-8")
        bench.lab.forget_calls()
        packaged = space.run("package", "--key", f"kms:{named}", "--certificate", f"{spec}.chain")
        calls = {name: count for name, count in bench.lab.calls().items() if "kms" in name.lower()}
        archive = re.search(r"^ZIP +(\S+)$", packaged.out, flags=re.MULTILINE)
        if packaged.code or not archive:
            raise Refused(f"{spec}: exit {packaged.code}: {packaged.err[-600:]}")
        judge(space, root / archive[1], spec)
        told.append(f"{words}: {sum(calls.values())} calls of KMS")
    refused(space, keys)
    return "; ".join(told)


def judge(space: Workspace, archive: Path, spec: str) -> None:
    """affiant, openssl cms over both seals (and not over another file), pdfsig, and pyHanko where it is installed."""
    root = space.folder
    verified = space.run("verify", str(archive), "--trust", "ca.pem")
    if verified.code or f"Seal {spec}" not in verified.out:
        raise Refused(f"{spec}: affiant verify: exit {verified.code}: {verified.out[-500:]}{verified.err[-200:]}")
    shutil.rmtree(root / "unpacked", ignore_errors=True)
    subprocess.run(["unzip", "-q", archive, "-d", root / "unpacked"], check=True)
    top = next((root / "unpacked").iterdir())
    for name in ("manifest-sha256.txt", "tagmanifest-sha256.txt"):
        line = "cms -verify -binary -inform DER -purpose any -CAfile {0}/ca.pem -out /dev/null -in seal/{1}.p7s -content {2}"
        openssl(top, line.format(root, name, name))
        openssl(top, line.format(root, name, "bagit.txt"), accepts=False)
    pdf = top / "data/report/audit-package.pdf"
    if pdf.is_file():
        done = subprocess.run(["pdfsig", "-nocert", pdf], capture_output=True, text=True, check=False)
        if "Signature is Valid." not in done.stdout or "Total document signed" not in done.stdout:
            raise Refused(f"{spec}: pdfsig: {done.stdout[-300:]}")
        hanko = Path(sys.executable).with_name("pyhanko")
        if hanko.exists():
            words = ["sign", "adesverify", "--trust-replace", "--trust", root / "ca.pem", "--no-revocation-check", pdf]
            done = subprocess.run([hanko, *words], capture_output=True, text=True, check=False)
            if done.returncode or "INTACT:TRUSTED" not in done.stdout:
                raise Refused(f"{spec}: pyHanko: {done.stdout[-300:]}{done.stderr[-300:]}")


def refused(space: Workspace, keys: dict[str, str]) -> None:
    """A certificate of another key before anything is signed; a key for encryption; a key that is not there; none at all."""
    for words, certificate, code, expected in (
        (f"kms:{keys['ECC_NIST_P384']}", "ECC_NIST_P256.chain", 2, "another public key"),
        (f"kms:{keys['encrypts']}", "RSA_3072.chain", 5, "not one for signing"),
        ("kms:alias/nothing-here", "RSA_3072.chain", 5, "cannot be used"),
    ):
        done = space.run("package", "--key", words, "--certificate", certificate)
        if done.code != code or expected not in done.err:
            raise Refused(f"{words}: exit {done.code}: {done.err[-300:]}")


CASES = [kms_keys_sign]
