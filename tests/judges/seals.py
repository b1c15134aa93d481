"""Integrity and authenticity: sha256sum, bagit.py, unzip, openssl, and the commands of VERIFY.md."""

import json
import re
import sys
from pathlib import Path

from common import Package, Refused, Test, flipped, must, must_fail, run, said

SIGNED = [
    ("seal/manifest-sha256.txt.p7s", "manifest-sha256.txt"),
    ("seal/tagmanifest-sha256.txt.p7s", "tagmanifest-sha256.txt"),
    ("data/report/index.html.p7s", "data/report/index.html"),
]


def whole_zip(package: Package) -> None:
    """`unzip` finds every member whole, all below one folder with a portable name."""
    must("unzip", "-tq", package.zip)
    names = must("unzip", "-Z1", package.zip).splitlines()
    strange = [n for n in names if n.startswith("/") or ".." in n.split("/") or not n.startswith(f"{package.top.name}/")]
    if strange:
        raise Refused(f"members outside `{package.top.name}/`: {strange[:5]}")


def sums(folder: Path, name: str) -> None:
    """`sha256sum --check` holds, and the list is not empty."""
    answer = must("sha256sum", "--check", "--strict", name, cwd=folder)
    if not answer.strip():
        raise Refused("the list is empty")


def bag(folder: Path) -> None:
    """bagit.py accepts the bag: digests, completeness, nothing unlisted, Payload-Oxum."""
    must(sys.executable, "-m", "bagit", "--validate", folder)


def bag_notices(package: Package) -> None:
    """bagit.py rejects the bag once it holds a file that no manifest lists."""
    stray = package.top / "data/stray.txt"
    stray.write_text("not listed\n", encoding="utf-8")
    try:
        must_fail(sys.executable, "-m", "bagit", "--validate", package.top)
    finally:
        stray.unlink()


def cms(package: Package, signature: str, content: Path, *options: str) -> list[object]:
    """The openssl command that judges a detached signature under the pinned certificate."""
    return [
        "openssl", "cms", "-verify", *options, "-binary", "-inform", "DER", "-in", package.top / signature, "-content", content,
        "-CAfile", package.trust, "-partial_chain", "-certfile", package.top / "seal/certificates.pem", "-purpose", "any", "-out", "/dev/null",
    ]  # fmt: skip


def openssl_accepts(package: Package, signature: str, content: str, *options: str) -> None:
    must(*cms(package, signature, package.top / content, *options))


def openssl_rejects(package: Package, signature: str, content: str) -> None:
    altered = flipped(package.top / content, package.folder() / "altered")
    must_fail(*cms(package, signature, altered))


def openssl_rejects_other_key(package: Package) -> None:
    """Under a pin that is somebody else's, the manifest's signature does not hold."""
    folder = package.folder()
    must("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=Other", "-days", "9",
         "-keyout", folder / "other.key", "-out", folder / "other.pem")  # fmt: skip
    signature, content = SIGNED[0]
    command = cms(package, signature, package.top / content)
    command[command.index("-CAfile") + 1] = folder / "other.pem"
    must_fail(*command)


def instructions(package: Package) -> list[str]:
    """The shell blocks of VERIFY.md, in order."""
    text = (package.top / "VERIFY.md").read_text(encoding="utf-8")
    return re.findall(r"^```sh\n(.*?)^```$", text, flags=re.MULTILINE | re.DOTALL)


def block(package: Package, script: str) -> None:
    """One block, as printed, from the top folder."""
    must("bash", "-euo", "pipefail", "-c", script, cwd=package.top)


def blocks_cover_all(package: Package) -> None:
    """VERIFY.md uses each of the stock tools that it promises."""
    script = "\n".join(instructions(package))
    missing = [tool for tool in ("sha256sum", "find .", "openssl cms", "pdfsig", "check_sql", "bagit") if tool not in script]
    if missing:
        raise Refused(f"no command with {missing}")


def verify(package: Package, expected: int, *arguments: object) -> str:
    """`affiant verify` in an empty folder ends with the expected code."""
    done = run(package.affiant, "verify", *arguments, cwd=package.folder())
    if done.returncode != expected:
        raise Refused(f"exit {done.returncode} instead of {expected}: {said(done)}")
    return done.stdout


def recomputes(package: Package) -> None:
    """Everything derived again is the same. Reports that other templates rendered may be left out, and only those."""
    answer = json.loads(verify(package, 0, package.zip, "--trust", package.trust, "--recompute", "--format", "json"))
    again = next((v for v in answer.values() if isinstance(v, dict) and "comparisons" in v), None)
    if not again or not again["agrees"] or not again["comparisons"]:
        raise Refused(f"it says {again}")
    for comparison in again["comparisons"]:
        allowed = comparison["outcome"] == "same" or (comparison["what"] == "reports" and not package.same_program)
        if not allowed:
            raise Refused(f"{comparison['what']}: {comparison['outcome']}, {comparison['words']}")


def small_verifier(package: Package) -> None:
    """The example that is a verifier and nothing else says the same of the archive, pinned and not, and of an altered copy."""
    program = package.affiant.parent / "examples/verifier"
    folder = package.folder()
    must("cp", "-r", package.top, folder)
    altered = folder / package.top.name
    flipped(package.html, altered / "data/report/index.html")
    for path, pin, code in ((package.zip, package.trust, 0), (package.zip, None, 3), (altered, package.trust, 4)):
        whole = verify(package, code, path, *(("--trust", pin) if pin else ()), "--format", "json")
        small = run(program, path, *((pin,) if pin else ()))
        if small.returncode != code:
            raise Refused(f"exit {small.returncode}, not {code}: {said(small)}")
        mine, theirs = json.loads(small.stdout), json.loads(whole)
        differing = [key for key in mine if mine[key] != theirs.get(key)]
        if differing or len(mine["steps"]) < 10:
            raise Refused(f"it says something else of {path.name}: {differing}")


def affiant_rejects(package: Package) -> None:
    """`affiant verify` exits 4 for an altered archive and for an altered report in the folder."""
    folder = package.folder()
    must("cp", "-r", package.top, folder)
    altered = folder / package.top.name / "data/report/index.html"
    flipped(package.html, altered)
    verify(package, 4, folder / package.top.name, "--trust", package.trust)


def tests(package: Package) -> list[Test]:
    listed: list[Test] = [
        ("unzip: every member is whole and below one folder", whole_zip),
        ("sha256sum: manifest", lambda p: sums(p.top, "manifest-sha256.txt")),
        ("sha256sum: tag manifest", lambda p: sums(p.top, "tagmanifest-sha256.txt")),
        ("bagit.py: the package is valid", lambda p: bag(p.top)),
        ("bagit.py: an unlisted file is noticed", bag_notices),
    ]
    for inner in package.runs:
        listed.append((f"bagit.py: the run {inner.name} is valid", lambda p, f=inner: bag(f)))
    for signature, content in SIGNED:
        for options in ((), ("-cades",)):
            name = " ".join(["openssl cms", *options])
            listed.append((f"{name}: {signature}", lambda p, s=signature, c=content, o=options: openssl_accepts(p, s, c, *o)))
        listed.append((f"openssl cms: rejects an altered {content}", lambda p, s=signature, c=content: openssl_rejects(p, s, c)))
    listed.append(("openssl cms: rejects another pin", openssl_rejects_other_key))
    for number, script in enumerate(instructions(package), 1):
        first = script.strip().splitlines()[0][:60]
        listed.append((f"VERIFY.md: block {number} ({first})", lambda p, s=script: block(p, s)))
    listed += [
        ("VERIFY.md: every stock tool has its command", blocks_cover_all),
        ("affiant verify: the archive, pinned", lambda p: verify(p, 0, p.zip, "--trust", p.trust)),
        ("affiant verify: the folder, pinned", lambda p: verify(p, 0, p.top, "--trust", p.trust)),
        ("affiant verify: nothing pinned, authenticity unknown", lambda p: verify(p, 3, p.zip)),
        ("affiant verify: --recompute agrees", recomputes),
        ("affiant verify: rejects an altered report", affiant_rejects),
        ("the small verifier says the same", small_verifier),
    ]
    return listed
