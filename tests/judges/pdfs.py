"""The PDF: pdfsig and pyHanko on its signature, qpdf on its syntax, pikepdf on what PDF/A-3a and PDF/UA-1 ask, pdftotext on
its reading order."""

import json
import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from hashlib import sha256
from pathlib import Path

import pikepdf
from pikepdf import Array, Dictionary, Name, Stream
from pyhanko.keys import load_certs_from_pemder
from pyhanko.pdf_utils.generic import NumberObject
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.diff_analysis import ModificationLevel
from pyhanko.sign.validation import validate_pdf_signature
from pyhanko.sign.validation.status import PdfSignatureStatus, SignatureCoverageLevel
from pyhanko_certvalidator import ValidationContext

from common import Package, Refused, Test, flipped, hanko, must, refuse_if

logging.disable(logging.ERROR)  # pyHanko logs what it refuses; the verdict is enough

ACTIVE = {"/JavaScript", "/Launch", "/SubmitForm", "/ImportData", "/GoToR", "/Rendition", "/Movie", "/Sound"}
"""Actions that a document to be kept must not hold."""

STANDARD_FONT_FILES = ("/FontFile", "/FontFile2", "/FontFile3")


# Signature


def pdfsig(package: Package) -> None:
    """Poppler finds each signature valid and the last over the whole file."""
    answer = must("pdfsig", "-nocert", package.pdf)
    signatures = answer.split("\nSignature #")[1:] or answer.split("Signature #")[1:]
    signatures = [one for one in signatures if "The signature form field is not signed." not in one]
    if not signatures:
        raise Refused(f"no signature: {answer.strip()[-200:]}")
    for one in signatures:
        if "Signature Validation: Signature is Valid." not in one:
            raise Refused(f"not valid: {one.strip()[-300:]}")
    last = signatures[-1]
    if "- Total document signed" not in last or "ETSI.CAdES.detached" not in last:
        raise Refused(f"not the total document, or not PAdES: {last.strip()[-300:]}")


def hanko_validates(package: Package) -> None:
    code, answer = hanko("validate", "--trust", package.trust, "--trust-replace", "--no-revocation-check", "--pretty-print", package.pdf)
    for sentence in ("The signature covers the entire file.", "The signature is judged VALID."):
        if code or sentence not in answer:
            raise Refused(f"it does not say: {sentence}")


def hanko_pades(package: Package) -> None:
    code, answer = hanko("adesverify", "--trust", package.trust, "--trust-replace", "--no-revocation-check", package.pdf)
    if code or not re.search(r":INTACT:TRUSTED,UNTOUCHED$", answer, flags=re.MULTILINE):
        raise Refused(answer.strip()[-300:])


def statuses(package: Package, pdf: Path) -> list[PdfSignatureStatus]:
    """What pyHanko's library finds for each signature of a file."""
    trust = ValidationContext(trust_roots=list(load_certs_from_pemder([str(package.trust)])), allow_fetching=False)
    with pdf.open("rb") as file:
        return [validate_pdf_signature(one, trust) for one in PdfFileReader(file).embedded_regular_signatures]


def hanko_no_tampering(package: Package) -> None:
    """Intact, valid, trusted, over the entire file, with no later change."""
    found = statuses(package, package.pdf)
    if not found:
        raise Refused("no signature")
    for status in found:
        if not (status.intact and status.valid and status.trusted and status.bottom_line):
            raise Refused(status.summary())
    last = found[-1]
    if last.coverage != SignatureCoverageLevel.ENTIRE_FILE or last.modification_level not in (None, ModificationLevel.NONE):
        raise Refused(f"{last.coverage}, {last.modification_level}")


def hanko_notices_flip(package: Package) -> None:
    """One bit changed in the signed bytes: not intact."""
    altered = flipped(package.pdf, package.folder() / "flipped.pdf")
    try:
        accepted = any(status.bottom_line for status in statuses(package, altered))
    except Exception:  # an unreadable file is refused too
        accepted = False
    if accepted:
        raise Refused("accepted")


def turned(package: Package) -> Path:
    """A copy whose first page is turned by an update after the signature."""
    target = package.folder() / "turned.pdf"
    with package.pdf.open("rb") as file:
        writer = IncrementalPdfFileWriter(file)
        page = writer.root["/Pages"]
        while "/Kids" in page:
            page = page["/Kids"][0].get_object()
        page["/Rotate"] = NumberObject(90)
        writer.update_container(page)
        with target.open("wb") as out:
            writer.write(out)
    return target


def update_is_noticed(package: Package) -> None:
    """A page changed after signing is refused by pyHanko, and pdfsig no longer says that the total document is signed."""
    altered = turned(package)
    code, answer = hanko("validate", "--trust", package.trust, "--trust-replace", "--no-revocation-check", altered)
    if code == 0 or "UNTOUCHED" in answer:
        raise Refused(f"pyHanko accepted it: {answer.strip()[-300:]}")
    if "Not total document signed" not in must("pdfsig", "-nocert", altered):
        raise Refused("pdfsig takes it for the total document")


def qpdf(package: Package) -> None:
    """No syntax error, no warning, not encrypted."""
    answer = must("qpdf", "--check", package.pdf)
    if "WARNING" in answer or "File is not encrypted" not in answer:
        raise Refused(answer.strip()[-300:])


# Archive and accessibility


@contextmanager
def opened(path: Path) -> Iterator[pikepdf.Pdf]:
    """The file, opened once for all that look at it. What would write back (metadata, outline) opens one of its own."""
    yield held(path)


@lru_cache(maxsize=4)
def held(path: Path) -> pikepdf.Pdf:
    return pikepdf.open(path)


def claims(package: Package) -> None:
    """XMP claims PDF/A-3a and PDF/UA-1, and has the title that the window shall show."""
    with pikepdf.open(package.pdf) as pdf, pdf.open_metadata() as metadata:
        found = tuple(metadata.get(key) for key in ("pdfaid:part", "pdfaid:conformance", "pdfuaid:part"))
        if found != ("3", "A", "1"):
            raise Refused(f"PDF/A part, conformance, PDF/UA part: {found}")
        if not metadata.get("dc:title") or pdf.Root.get("/ViewerPreferences", {}).get("/DisplayDocTitle") is not True:
            raise Refused("no title, or it is not displayed")


def language(package: Package) -> None:
    """A language and marks for the whole document; the tab order follows the structure where a page has annotations."""
    with opened(package.pdf) as pdf:
        if not str(pdf.Root.get("/Lang", "")).startswith("en"):
            raise Refused(f"/Lang is {pdf.Root.get('/Lang')}")
        if pdf.Root.get("/MarkInfo", {}).get("/Marked") is not True or "/StructTreeRoot" not in pdf.Root:
            raise Refused("not tagged")
        refuse_if(f"page {n} has no /Tabs /S" for n, page in enumerate(pdf.pages, 1) if "/Annots" in page and page.get("/Tabs") != Name.S)


def fields(package: Package) -> None:
    """Every field has its words, an appearance and the print flag, and each that can be seen is the one object of a Form
    element (ISO 14289-1, 7.18.4; ISO 19005-3, 6.3.2 and 6.3.3)."""
    with opened(package.pdf) as pdf:
        widgets = [a for page in pdf.pages for a in page.get("/Annots", []) if a.get("/Subtype") == Name.Widget]
        if not widgets:
            raise Refused("no field at all")
        forms = [node for role, node in elements(pdf) if role == "/Form"]
        owned = [kid.Obj.objgen for node in forms for kid in flat(node.get("/K")) if isinstance(kid, Dictionary) and "/Obj" in kid]
        for widget in widgets:
            name, seen = str(widget.get("/T")), widget.Rect[0] != widget.Rect[2] and widget.Rect[1] != widget.Rect[3]
            if not str(widget.get("/TU", "")).strip() or int(widget.get("/F", 0)) & 0b100111 != 4:
                raise Refused(f"the field {name} has no words, or its flags are {widget.get('/F')}")
            if seen and ("/N" not in widget.get("/AP", {}) or owned.count(widget.objgen) != 1 or "/StructParent" not in widget):
                raise Refused(f"the field {name} has no appearance or no place in the structure")


def flat(kids: object) -> list:
    return list(kids) if isinstance(kids, Array) else [kids]


@lru_cache(maxsize=4)
def elements(pdf: pikepdf.Pdf) -> list[tuple[str, Dictionary]]:
    """Every structure element in reading order, with its standard role."""
    found, root = [], pdf.Root.StructTreeRoot
    roles = {str(k): str(v) for k, v in root.get("/RoleMap", {}).items()}
    todo = [root.K]
    while todo:
        node = todo.pop()
        if isinstance(node, Array):
            todo.extend(reversed(list(node)))
        elif isinstance(node, Dictionary) and "/S" in node:
            role = str(node.S)
            found.append((roles.get(role, role), node))
            if "/K" in node:
                todo.append(node.K)
    return found


def below(node: Dictionary) -> Iterator[Dictionary]:
    """The structure elements under one."""
    todo = [node.get("/K", Array([]))]
    while todo:
        found = todo.pop()
        if isinstance(found, Array):
            todo.extend(found)
        elif isinstance(found, Dictionary) and "/S" in found:
            yield found
            todo.append(found.get("/K", Array([])))


def attributes(node: Dictionary) -> Iterator[Dictionary]:
    """The attribute objects of an element."""
    held = node.get("/A", Array([]))
    for one in held if isinstance(held, Array) else [held]:
        if isinstance(one, Dictionary):
            yield one


def tables(package: Package) -> None:
    """Every table has header cells, and each says whether it heads a row or a column."""
    with opened(package.pdf) as pdf:
        found = [node for role, node in elements(pdf) if role == "/Table"]
        if not found:
            raise Refused("no table at all")
        heads = [[cell for cell in below(table) if cell.S == Name.TH] for table in found]
        refuse_if(f"table {n} has no TH" for n, cells in enumerate(heads, 1) if not cells)
        refuse_if(
            f"a TH of table {n} has no Scope"
            for n, cells in enumerate(heads, 1)
            for cell in cells
            if not any("/Scope" in a for a in attributes(cell))
        )


def figures(package: Package) -> None:
    """Every figure and formula says in words what it shows."""
    with opened(package.pdf) as pdf:
        found = [node for role, node in elements(pdf) if role in ("/Figure", "/Formula")]
        if not found:
            raise Refused("no figure at all")
        refuse_if(f"figure {n} has no Alt" for n, node in enumerate(found, 1) if not str(node.get("/Alt", "")).strip())


def headings(package: Package) -> None:
    """Headings begin at level 1 and never skip a level downwards."""
    with opened(package.pdf) as pdf:
        levels = [int(role[2:]) for role, _ in elements(pdf) if re.fullmatch(r"/H[1-6]", role)]
    steps = zip([0, *levels], levels, strict=False)
    refuse_if(f"heading {n}: level {level} after {before}" for n, (before, level) in enumerate(steps, 1) if level > before + 1)
    if not levels:
        raise Refused("no heading at all")


def bookmarks(package: Package) -> None:
    """The outline names each of the controls, in order."""
    with pikepdf.open(package.pdf) as pdf, pdf.open_outline() as outline:
        titles: list[str] = []
        todo = list(reversed(outline.root))
        while todo:
            item = todo.pop()
            titles.append(str(item.title))
            todo.extend(reversed(item.children))
    in_order("\n".join(titles), control_titles(package), "the bookmarks")


def attachments(package: Package) -> None:
    """Each attachment is associated with the document, says its relation and type, and has the bytes of a file in the package."""
    known = {sha256(p.read_bytes()).hexdigest() for p in package.top.rglob("*") if p.is_file()}
    with opened(package.pdf) as pdf:
        associated = {spec.objgen for spec in pdf.Root.get("/AF", Array([]))}
        if not associated or not pdf.attachments:
            raise Refused("nothing is attached")
        faults: list[str] = []
        for name in pdf.attachments:
            spec = pdf.attachments[name].obj
            stream = spec.EF.get("/UF", spec.EF.get("/F"))
            if spec.objgen not in associated:
                faults.append(f"{name} is not in /AF")
            if spec.get("/AFRelationship") not in (Name.Supplement, Name.Data, Name.Source, Name.Alternative):
                faults.append(f"{name} has no AFRelationship")
            if not re.fullmatch(r"/[a-z]+/[a-z0-9.+-]+", str(stream.get("/Subtype", ""))):
                faults.append(f"{name} has no media type")
            if not str(spec.get("/Desc", "")).strip():
                faults.append(f"{name} has no description")
            if sha256(stream.read_bytes()).hexdigest() not in known:
                faults.append(f"{name} is no file of the package")
    refuse_if(faults)


def output_intent(package: Package) -> None:
    """Colors are defined by an embedded profile."""
    with opened(package.pdf) as pdf:
        intents = [i for i in pdf.Root.get("/OutputIntents", Array([])) if i.get("/S") == Name.GTS_PDFA1 and "/DestOutputProfile" in i]
    if not intents:
        raise Refused("no PDF/A output intent with a profile")


def fonts(package: Package) -> None:
    """Every font program is inside, and every font that shows text maps it to Unicode."""
    with opened(package.pdf) as pdf:
        all_fonts = [o for o in pdf.objects if isinstance(o, Dictionary) and o.get("/Type") == Name.Font]
        faults: list[str] = []
        for font in all_fonts:
            name, kind = str(font.get("/BaseFont", "?")), str(font.get("/Subtype"))
            descriptor = font.get("/FontDescriptor")
            if kind not in ("/Type0", "/Type3") and (descriptor is None or not any(f in descriptor for f in STANDARD_FONT_FILES)):
                faults.append(f"{name} is not embedded")
            if not kind.startswith("/CIDFont") and "/ToUnicode" not in font:
                faults.append(f"{name} has no ToUnicode")
    if not all_fonts:
        raise Refused("no font at all")
    refuse_if(faults)
    listed = must("pdffonts", package.pdf).splitlines()[2:]
    refuse_if(f"pdffonts: {line}" for line in listed if line.split()[-5] != "yes")


def nothing_active(package: Package) -> None:
    """No JavaScript, no action that starts something, no XFA, no automatic action."""
    with opened(package.pdf) as pdf:
        faults = [f"object {o.objgen} has {o.get('/S')}" for o in pdf.objects if active(o)]
        faults += [key for key in ("/OpenAction", "/AA") if key in pdf.Root]
        if "/JavaScript" in pdf.Root.get("/Names", {}):
            faults.append("a JavaScript name tree")
        if "/XFA" in pdf.Root.get("/AcroForm", {}):
            faults.append("XFA")
    refuse_if(faults)


def active(thing: pikepdf.Object) -> bool:
    return isinstance(thing, Dictionary | Stream) and ("/JS" in thing or "/AA" in thing or str(thing.get("/S", "")) in ACTIVE)


# Reading order


def control_titles(package: Package) -> list[str]:
    """The titles of the ten controls, by number."""
    controls = json.loads((package.top / "data/assessment.json").read_text(encoding="utf-8"))["controls"]
    if [c["number"] for c in controls] != list(range(1, 11)):
        raise Refused(f"not ten controls in order: {[c['number'] for c in controls]}")
    return [c["title"] for c in controls]


def in_order(text: str, titles: list[str], where: str) -> int:
    """Each title occurs after the one before; returns the place after the last."""
    at = 0
    for title in titles:
        found = text.find(title, at)
        if found < 0:
            raise Refused(f"{title!r} does not follow in {where}")
        at = found + len(title)
    return at


def pages(package: Package) -> list[str]:
    """The text of each page as pdftotext extracts it in the order of the content."""
    text = must("pdftotext", "-raw", package.pdf, "-").replace("Syntax Error: Suspects object is wrong type (boolean)\n", "")
    return text.split("\f")


def has_all(page: str, titles: list[str]) -> bool:
    try:
        in_order(" ".join(page.split()), titles, "a page")
    except Refused:
        return False
    return True


def reading_order(package: Package) -> None:
    """Cover, contents, board, and the ten chapters with their titles, in this order."""
    titles, texts = control_titles(package), pages(package)
    dossier = json.loads((package.top / "data/dossier.json").read_text(encoding="utf-8"))
    in_order(texts[0], ["Audit package", dossier["organization"]["name"]], "the cover")
    if dossier["package_id"] not in texts[0]:
        raise Refused("the cover does not name the package")
    contents = next((n for n, t in enumerate(texts) if re.search(r"^Contents$", t, flags=re.MULTILINE)), None)
    if contents is None or not has_all(texts[contents], titles):
        raise Refused("no page of contents with the ten titles in order")
    board = next((n for n in range(contents + 1, len(texts)) if has_all(texts[n], titles)), None)
    if contents == 0 or board is None:
        raise Refused("no page with the board of ten controls after the contents")
    after = "\f".join(texts[board + 1 :])
    in_order(after, [f"\nControl {n}: {title}\n" for n, title in enumerate(titles, 1)], "the chapters")


def chapters_hold_their_checks(package: Package) -> None:
    """Each chapter names its own checks, by id or by title, after its title and before the next chapter's."""
    controls = json.loads((package.top / "data/assessment.json").read_text(encoding="utf-8"))["controls"]
    text = "\f".join(pages(package))
    starts = [text.find(f"\nControl {c['number']}: {c['title']}\n") for c in controls]
    faults: list[str] = []
    for control, start, end in zip(controls, starts, [*starts[1:], len(text)], strict=True):
        chapter = "".join(text[start:end].split())
        for check in control["checks"]:
            if check["id"] not in chapter and "".join(check["title"].split()) not in chapter:
                faults.append(f"{check['id']} is not in the chapter of {control['id']}")
    refuse_if(faults)


def tests(_: Package) -> list[Test]:
    return [
        ("pdfsig: valid, PAdES, total document signed", pdfsig),
        ("pyhanko sign validate: valid under the pinned certificate", hanko_validates),
        ("pyhanko sign adesverify: intact, trusted, untouched", hanko_pades),
        ("pyHanko: intact, entire file, no later change", hanko_no_tampering),
        ("pyHanko: a flipped bit is noticed", hanko_notices_flip),
        ("pyHanko and pdfsig: a page turned later is noticed", update_is_noticed),
        ("qpdf --check: clean", qpdf),
        ("pikepdf: claims PDF/A-3a and PDF/UA-1, has a title", claims),
        ("pikepdf: language, marks, tab order", language),
        ("pikepdf: fields have words, appearances and a place in the structure", fields),
        ("pikepdf: every table has header cells with a scope", tables),
        ("pikepdf: every figure has words", figures),
        ("pikepdf: headings skip no level", headings),
        ("pikepdf: bookmarks name the controls in order", bookmarks),
        ("pikepdf: attachments are associated, typed, and files of the package", attachments),
        ("pikepdf: output intent", output_intent),
        ("pikepdf and pdffonts: every font is embedded and maps to Unicode", fonts),
        ("pikepdf: no JavaScript and nothing active", nothing_active),
        ("pdftotext: cover, contents, board, ten chapters in order", reading_order),
        ("pdftotext: each chapter holds its checks", chapters_hold_their_checks),
    ]
