#!/usr/bin/env python3
"""What `verify --recompute` costs where a package asks for too much: the holder of its key puts a query, a nesting or a bomb into it,
makes every list right again and seals it with openssl. Prints the table of the book's page on threats; fails where one is not
refused with exit code 4, or costs more than it may.

usage: blow_ups.py --affiant PROGRAM --workspace WORKSPACE

The workspace has one package and its own key. Not a test of `./test`: seconds are those of the machine.
"""

import argparse
import gzip
import json
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

MOST_SECONDS = 60
MOST_MEGABYTES = 200
MOST_WITH_TYPST = 400
"""Where what is wrong shows only once all is made again: then the report was drawn, too."""
COLUMNS = "'a' AS resource, '' AS account, '' AS region, 'met' AS verdict,"
LONG = "printf('%.*c', 20000000, 'a')"
SHORTER = "printf('%.*c', 10000000, 'a') || 'b'"


def query(sql: str) -> Callable[[Path], None]:
    """Puts another query into a check and calls the catalog the customer's own."""

    def change(package: Path) -> None:
        check = min((package / "data/catalog/checks/s3").iterdir())
        text = check.read_text(encoding="utf-8")
        before, rest = text.split("\nsql:", 1)
        lines = rest.split("\n")[1:]
        while lines and (lines[0].startswith(" ") or not lines[0]):
            lines.pop(0)
        check.write_text(f"{before}\nsql: |\n  {sql}\n" + "\n".join(lines), encoding="utf-8")
        record(package, custom_catalog=True)

    return change


def reason(words: str) -> Callable[[Path], None]:
    return query(f"SELECT {COLUMNS} {words} AS reason")


def counted(words: str, until: str = "") -> Callable[[Path], None]:
    return query(f"WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n{until}) SELECT {COLUMNS} {words} AS reason FROM n")


def record(package: Path, **members: object) -> None:
    path = package / "data/package.json"
    value = json.loads(path.read_text(encoding="utf-8")) | members
    path.write_text(json.dumps(value, indent=2) + "\n", encoding="utf-8")


def instead(name: str, before: str, times: int, between: str = "", behind: str = "") -> Callable[[Path], None]:
    return lambda package: (package / name).write_text(before * times + between + behind * times, encoding="utf-8") and None


def after(name: str, before: str, text: str, times: int) -> Callable[[Path], None]:
    def change(package: Path) -> None:
        with (package / name).open("a", encoding="utf-8") as file:
            file.write(before)
            for _ in range(16):
                file.write(text * (times // 16))
            file.write("x]\n" if "[" in before else "\n")

    return change


def snapshot(body: bytes) -> Callable[[Path], None]:
    """Other bytes in the place of a delivered snapshot, with custody and the run's own seal made right."""

    def change(package: Path) -> None:
        run = next((package / "data/evidence").iterdir())
        (file,) = (run / "data/snapshots").iterdir()
        file.write_bytes(body)
        custody, lines = run / "data/custody.jsonl", []
        for line in custody.read_text(encoding="utf-8").splitlines():
            artifact = json.loads(line)
            content = (run / "data" / artifact["path"]).read_bytes()
            lines.append(json.dumps(artifact | {"sha256": sha256(content).hexdigest(), "size": len(content)}))
        custody.write_text("\n".join(lines) + "\n", encoding="utf-8")
        sealed(run, SEAL[0])
        manifest = sha256((run / "manifest-sha256.txt").read_bytes()).hexdigest()
        record(package, run_manifest=manifest)
        info = package / "bag-info.txt"
        info.write_text(re.sub(r"Affiant-Run: .*", f"Affiant-Run: {manifest}", info.read_text(encoding="utf-8")), encoding="utf-8")

    return change


def spaces(count: int) -> bytes:
    """So many MB of spaces, packed piece by piece."""
    return gzip.compress(b"{") + gzip.compress(b" " * (1 << 20)) * count + gzip.compress(b"}")


SEAL: list[Path] = []
"""The folder of the workspace's key."""
DECISIONS = "data/decisions/affiant.yaml"
ALIASES = "a0: &a0 [x,x,x,x,x,x,x,x,x]\n" + "".join(f"a{n}: &a{n} [{','.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 10))
DOUBLED = "replace(" * 40 + "'xx'" + ", 'x', 'xx')" * 40

BLOW_UPS: list[tuple[str, Callable[[Path], None]]] = [
    ("a recursion without end", counted("x || ''")),
    ("ten million rows", counted("x || ''", " WHERE x < 10000000")),
    ("`printf` and `replace` to nine billion characters", reason("replace(printf('%.*c', 900000000, 'x'), 'x', 'xxxxxxxxxx')")),
    ("forty times `replace` of each character by two", reason(DOUBLED)),
    ("a product of nine tables", query(f"SELECT {COLUMNS} 'x' AS reason FROM " + ", ".join(f"coverage c{n}" for n in range(9)))),
    ("rows of 900,000 characters without end", counted("printf('%.*c', 900000, 'x') || x")),
    ("rows of one character more each, sorted", query(
        "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) "
        f"SELECT {COLUMNS} printf('%.*c', x, 'x') AS reason FROM n ORDER BY reason DESC")),
    ("`instr` of ten million characters in twenty", reason(f"instr({LONG}, {SHORTER}) || ''")),
    ("`LIKE` with 40,000 characters over twenty million", reason(f"({LONG} LIKE '%' || printf('%.*c', 40000, 'a') || 'b') || ''")),
    ("`GLOB` with forty stars", reason(f"({LONG} GLOB '{'*a' * 40}*b') || ''")),
    ("`replace` of ten million characters in twenty", reason(f"length(replace({LONG}, {SHORTER}, '')) || ''")),
    ("`trim` of a million characters by a million", reason(
        "length(trim(printf('%.*c', 1000000, 'a'), printf('%.*c', 1000000, 'b'))) || printf('%.*c', 2000000, 'x')")),
    ("`group_concat` over everything before each row", query(
        "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n WHERE x < 1000000) "
        f"SELECT {COLUMNS} length(group_concat(x) OVER (ORDER BY x)) || '' AS reason FROM n")),
    ("`package.json` 200,000 deep", instead("data/package.json", "[", 200_000, behind="]")),
    ("`dossier.json` 100,000 deep", instead("data/dossier.json", '{"a":', 100_000, "1", "}")),
    ("a snapshot 100,000 deep", snapshot(gzip.compress(b'{"configurationItems":[{"a":' + b"[" * 100_000 + b"]" * 100_000 + b"}]}"))),
    ("a snapshot of 2 GB of spaces", snapshot(spaces(2048))),
    ("YAML 50,000 deep", instead(DECISIONS, "[", 50_000, behind="]")),
    ("YAML with aliases to 3.5 billion", instead(DECISIONS, ALIASES, 1)),
    ("YAML with two million values", after(DECISIONS, "zz: [", "x,", 2_000_000)),
    ("YAML with a value of 30 MB", after(DECISIONS, "zz: ", "x", 30 << 20)),
    ("YAML with a comment of 200 MB", after(DECISIONS, "# ", "x", 200 << 20)),
    ("2,000 certificates in the seal", lambda package: None),
]  # fmt: skip


def digests(folder: Path, wanted: Callable[[str], bool]) -> str:
    names = sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())
    return "".join(f"{sha256((folder / name).read_bytes()).hexdigest()}  {name}\n" for name in names if wanted(name))


def signed(folder: Path, name: str, seal: Path, more: tuple[object, ...] = ()) -> None:
    words = ["openssl", "cms", "-sign", "-binary", "-cades", "-md", "sha256", "-outform", "DER", "-in", folder / name, *more,
             "-signer", seal / "certificate.pem", "-inkey", seal / "key.pem", "-out", folder / f"seal/{name}.p7s"]  # fmt: skip
    subprocess.run(list(map(str, words)), check=True, capture_output=True)


def sealed(folder: Path, seal: Path, more: tuple[object, ...] = ()) -> None:
    """Every list made right, and both seals."""
    files = [path for path in (folder / "data").rglob("*") if path.is_file()]
    info = folder / "bag-info.txt"
    kept = re.sub(r"Payload-Oxum: .*\n", "", info.read_text(encoding="utf-8"))
    info.write_text(f"{kept}Payload-Oxum: {sum(path.stat().st_size for path in files)}.{len(files)}\n", encoding="utf-8")
    (folder / "manifest-sha256.txt").write_text(digests(folder, lambda name: name.startswith("data/")), encoding="utf-8")
    signed(folder, "manifest-sha256.txt", seal, more)
    outer = ("data/", "tagmanifest-", "seal/tagmanifest-", "seal/renewals/", "seal/timestamps.jsonl")
    (folder / "tagmanifest-sha256.txt").write_text(digests(folder, lambda name: not name.startswith(outer)), encoding="utf-8")
    signed(folder, "tagmanifest-sha256.txt", seal, more)


def crowd(scratch: Path) -> Path:
    """One certificate 2,000 times, as different ones: openssl takes each once, so its serial differs."""
    target = scratch / "crowd.pem"
    base = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", scratch / "k.pem"]
    subprocess.run([*map(str, base), "-subj", "/CN=Stranger", "-out", str(scratch / "c.pem")], check=True, capture_output=True)
    again = ["openssl", "req", "-x509", "-new", "-key", scratch / "k.pem", "-subj", "/CN=Stranger", "-set_serial"]
    made = [subprocess.run([*map(str, again), str(n)], check=True, capture_output=True).stdout for n in range(1, 2001)]
    target.write_bytes(b"".join(made))
    return target


def cost(affiant: Path, package: Path, seal: Path) -> tuple[int, float, int, str]:
    """Exit code, seconds of the processor, megabytes at most, and the codes that were printed. `time` starts the program: what this
    process ever held would count as the program's own otherwise."""
    with tempfile.NamedTemporaryFile() as note:
        words = ["/usr/bin/time", "-o", note.name, "-f", "%U %S %M"]
        words += [affiant, "verify", package, "--trust", seal / "certificate.pem", "--recompute"]
        done = subprocess.run(list(map(str, words)), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace")
        user, system, kilobytes = Path(note.name).read_text(encoding="utf-8").split()[-3:]
    codes = sorted(set(re.findall(r"AF[A-Z]-\d{3}", done.stdout)) - {"AFV-401"})
    return done.returncode, float(user) + float(system), int(kilobytes) // 1024, ", ".join(codes)


def main() -> int:
    parser = argparse.ArgumentParser(description="What packages cost that ask for too much.")
    parser.add_argument("--affiant", type=Path, required=True)
    parser.add_argument("--workspace", type=Path, required=True)
    parser.add_argument("--only", default="")
    given = parser.parse_args()
    SEAL.append(given.workspace.resolve() / ".affiant/seal")
    whole = next(path for path in given.workspace.glob("packages/*/*") if (path / "bagit.txt").is_file())
    failed = 0
    print("| what the package holds | CPU | memory, at most | said |\n|---|---|---|---|", flush=True)
    for name, change in BLOW_UPS:
        if not re.search(given.only, name):
            continue
        with tempfile.TemporaryDirectory(prefix="blow-up-") as scratch:
            package = Path(scratch) / whole.name
            shutil.copytree(whole, package)
            change(package)
            sealed(package, SEAL[0], ("-certfile", crowd(Path(scratch))) if "certificates" in name else ())
            code, seconds, megabytes, said = cost(given.affiant.resolve(), package, SEAL[0])
        print(f"| {name} | {seconds:.1f} s | {megabytes} MB | {said} |", flush=True)
        most = MOST_WITH_TYPST if "AFV-609" in said or "AFV-607" in said else MOST_MEGABYTES
        if code != 4 or seconds > MOST_SECONDS or megabytes > most:
            failed += 1
            print(f"FAIL {name}: exit code {code}", file=sys.stderr, flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
