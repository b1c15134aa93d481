"""PDF/A-3a and PDF/UA-1 after every signature. A package is made whose PDF is certified, signed by two people in the blocks of
the sign-off page, given validation data and a document timestamp. Each of these is an update that leaves the bytes before it
alone, so the file up to each update is the PDF as it was then, and each is looked at: structures with pikepdf, syntax with qpdf
and mutool, tags with pdfinfo, and PDFBox Preflight (which knows PDF/A-1b alone) must find nothing that it does not find in
the unsigned PDF. veraPDF is in no registry that the tests can use.
"""

import gzip
import json
import re
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import pdfs
import pikepdf
import revisions as seen
from common import Package, Refused, must, run, said
from pikepdf import Array, Dictionary, Name

PEOPLE = (("Prepared by", "p384-a"), ("Approved by", "rsa-a"))
STEPS = ("unsigned", "certified", "prepared", "approved", "with validation data", "timestamped")
JARS = [Path("/usr/share/java") / f"{n}.jar" for n in ("preflight", "pdfbox2", "fontbox2", "xmpbox", "commons-logging", "javax.activation", "jaxb-api")]
CHECKS = (
    pdfs.claims, pdfs.language, pdfs.fields, pdfs.tables, pdfs.figures, pdfs.headings, pdfs.bookmarks, pdfs.attachments,
    pdfs.output_intent, pdfs.fonts, pdfs.nothing_active, pdfs.qpdf,
)  # fmt: skip
MAY_CHANGE = {"/AcroForm", "/Perms", "/DSS", "/Extensions", "/StructTreeRoot", "/Pages", "/Metadata"}
"""What of the catalog an update may point elsewhere; what stands behind is checked on its own."""


def workspace(affiant: Path, servers: object, folder: Path) -> Package:
    """A small workspace, collected and packaged by three keys with timestamps."""
    at, url = servers.folder, f"http://127.0.0.1:{servers.port}/tsa"
    snapshot = folder / "in/snapshots/111122223333_Config_us-east-1_ConfigSnapshot_20260930T114000Z_11111111-2222-4333-8444-555555555555.json.gz"
    snapshot.parent.mkdir(parents=True)
    bucket = {"configurationItemVersion": "1.3", "configurationItemCaptureTime": "2026-09-30T11:00:00.000Z", "configurationStateId": 1,
              "awsAccountId": "111122223333", "configurationItemStatus": "OK", "resourceType": "AWS::S3::Bucket", "resourceId": "a",
              "resourceName": "a", "ARN": "arn:aws:s3:::a", "awsRegion": "us-east-1", "configuration": {"name": "a"}}  # fmt: skip
    body = {"fileVersion": "1.0", "configSnapshotId": "11111111-2222-4333-8444-555555555555", "configurationItems": [bucket]}
    snapshot.write_bytes(gzip.compress(json.dumps(body).encode()))
    seal = {
        "key": f"{at}/p256-a.key", "certificate": f"{at}/p256-a.chain", "level": "b-lta", "timestamp": {"authorities": [url], "seconds": 20},
        "signers": [{"role": role, "key": f"{at}/{who}.key", "certificate": f"{at}/{who}.chain"} for role, who in PEOPLE],
    }  # fmt: skip
    text = (Path(__file__).resolve().parents[1] / "fixtures/small/affiant.yaml").read_text(encoding="utf-8")
    (folder / "affiant.yaml").write_text(f"{text}seal: {json.dumps(seal)}\n", encoding="utf-8")
    collected = run(affiant, "collect", "--snapshot", folder / "in", cwd=folder)
    if collected.returncode not in (0, 3):
        raise Refused(said(collected))
    archive = re.search(r"^ZIP +(\S+)$", must(affiant, "package", cwd=folder), flags=re.MULTILINE)
    assert archive
    must("unzip", "-q", folder / archive[1], "-d", folder / "unpacked")
    top = next((folder / "unpacked").iterdir())
    return Package(folder / archive[1], top, at / "ca.pem", affiant, None, True, folder)


def revisions(pdf: bytes) -> list[bytes]:
    """The file as it was after each update."""
    return [pdf[: found.end()] for found in re.finditer(rb"startxref\s+\d+\s+%%EOF\r?\n?", pdf)]


def signatures(pdf: pikepdf.Pdf) -> list[str]:
    """The kinds of the signatures that the fields hold, as the field tree has them."""
    held = [field.get("/V") for field in pdf.Root.get("/AcroForm", {}).get("/Fields", Array([]))]
    return [str(value.get("/Type", "/Sig")) for value in held if isinstance(value, Dictionary)]


def stage(path: Path) -> str | None:
    """What had been done by then."""
    with pikepdf.open(path) as pdf:
        kinds, store = signatures(pdf), "/DSS" in pdf.Root
    if "/DocTimeStamp" in kinds:
        return STEPS[5]
    return STEPS[4] if store else dict(enumerate(STEPS[:4])).get(len(kinds))


def untouched(path: Path, before: Path) -> None:
    """Of the catalog only what signatures need changes; the structure keeps every element, and the metadata every byte."""
    with pdfs.opened(path) as pdf, pdfs.opened(before) as old:
        for key in old.Root.keys() | pdf.Root.keys():
            a, b = old.Root.get(key), pdf.Root.get(key)
            if key not in MAY_CHANGE and (a is None or b is None or a.unparse() != b.unparse()):
                raise Refused(f"the catalog's {key} is another")
        if pdf.Root.Metadata.read_bytes() != old.Root.Metadata.read_bytes():
            raise Refused("the metadata is another")
        if pdf.trailer.ID[0] != old.trailer.ID[0] or len(pdf.pages) != len(old.pages):
            raise Refused("another file id or number of pages")
        roles = [[role for role, _ in pdfs.elements(one)] for one in (old, pdf)]
        if [role for role in roles[1] if role != "/Form"] != [role for role in roles[0] if role != "/Form"]:
            raise Refused("the structure lost or gained elements")
        refused = [a for page in pdf.pages for a in page.get("/Annots", []) if a.get("/Subtype") == Name.Widget and not placed(pdf, a)]
        if refused:
            raise Refused(f"{len(refused)} fields are not found by the parent tree")


def placed(pdf: pikepdf.Pdf, widget: Dictionary) -> bool:
    """A field that can be seen has an entry in the parent tree that leads to a Form element (ISO 32000-1, 14.7.4.4)."""
    if widget.Rect[0] == widget.Rect[2] or widget.Rect[1] == widget.Rect[3]:
        return True
    number, todo = int(widget.get("/StructParent", -1)), [pdf.Root.StructTreeRoot.ParentTree]
    while todo:
        node = todo.pop()
        todo.extend(node.get("/Kids", []))
        pairs = list(node.get("/Nums", []))
        for key, value in zip(pairs[::2], pairs[1::2], strict=True):
            if int(key) == number:
                return value.get("/S") == Name.Form
    return False


def preflight(path: Path) -> set[str]:
    """The kinds of what PDFBox finds that PDF/A-1b forbids (attachments, newer color profiles: all allowed in PDF/A-3). The page
    does not matter: a signature's block is drawn on its own page with what other pages are drawn with."""
    done = run("java", "-cp", ":".join(map(str, JARS)), "org.apache.pdfbox.preflight.Validator_A1b", path)
    if "valid PDF/A-1b file" not in done.stdout:
        raise Refused(f"no verdict: {said(done)}")
    return {re.sub(r" on page \d+$", "", line) for line in done.stdout.splitlines() if re.match(r"\d+(\.\d+)* :", line)}


def nothing_added(path: Path, before: set[str]) -> None:
    added = preflight(path) - before
    if added:
        raise Refused(f"{len(added)} kinds more: {sorted(added)[:4]}")


def readers(path: Path) -> None:
    """pdfinfo finds tags and no script; mutool reads every page's structure without a warning."""
    info = must("pdfinfo", path)
    for line in (r"^Tagged: +yes$", r"^JavaScript: +no$", r"^Encrypted: +no$"):
        if not re.search(line, info, flags=re.MULTILINE):
            raise Refused(f"pdfinfo does not say {line}")
    answer = must("mutool", "info", path)
    if "error" in answer.lower() or "warning" in answer.lower():
        raise Refused(answer[-300:])


def outcomes(affiant: Path, servers: object, scratch: Path) -> list[tuple[str, str | None]]:
    """What was judged, and why it was refused."""
    folder = scratch / "kept"
    folder.mkdir()
    try:
        package = workspace(affiant, servers, folder)
        files: dict[str, Path] = {}
        for number, revision in enumerate(revisions(package.pdf.read_bytes())):
            path = folder / f"{number}.pdf"
            path.write_bytes(revision)
            if known := stage(path):
                files[known] = path  # the last of a stage: the fields are prepared in an update of their own
        if tuple(files) != STEPS:
            raise Refused(f"the stages are {list(files)}")
    except Refused as why:
        return [("PDF/A-3a and PDF/UA-1: a package signed in turn", str(why))]
    first = files[STEPS[0]]
    known = preflight(first) if all(jar.is_file() for jar in JARS) else None
    if known is None:
        print("not run: PDFBox Preflight, because its archives are not in /usr/share/java")
    views = [Seen(**{**vars(package), "at": path}) for path in files.values()]
    with ProcessPoolExecutor(2) as processes:
        return sum(processes.map(judged, files, views, [first] * len(views), [known] * len(views)), [])


class Seen(Package):
    """The package with its PDF as it was at some time."""

    def __init__(self, at: Path, **given: object) -> None:
        super().__init__(**given)
        self.at = at

    @property
    def pdf(self) -> Path:
        return self.at


def judged(step: str, view: "Seen", first: Path, known: set[str] | None) -> list[tuple[str, str | None]]:
    """All that is looked at after one step. `known`: what Preflight finds in the unsigned PDF."""
    work = [(check.__name__.replace("_", " "), lambda c=check: c(view)) for check in CHECKS]
    work.append(("pdfinfo and mutool", lambda: readers(view.pdf)))
    if step != STEPS[0]:
        work.append(("catalog, metadata and structure kept", lambda: untouched(view.pdf, first)))
        work.append(("every page as certified but for the signatures' own fields", lambda: seen.same_pictures(view)))
        if known is not None:
            work.append(("PDFBox Preflight finds nothing new", lambda: nothing_added(view.pdf, known)))
    outcomes: list[tuple[str, str | None]] = []
    for name, check in work:
        why = None
        try:
            check()
        except Exception as refusal:  # a judge that breaks has not agreed
            why = f"{type(refusal).__name__}: {' '.join(str(refusal).split())[:400]}"
        outcomes.append((f"PDF/A-3a and PDF/UA-1, {step}: {name}", why))
    return outcomes
