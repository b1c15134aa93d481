"""What a reader sees, before and after: every page of the certified revision against the same page of the final file, drawn by
Poppler and compared dot by dot. A later signature may draw inside its own field and nowhere else. A black square and a turned page,
each planted by an update, must be noticed; so must a page that is gone."""

import re
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import pikepdf
from common import Package, Refused, Test, must, refuse_if
from pikepdf import Array, Dictionary, Name
from pyhanko.pdf_utils.generic import ArrayObject, NumberObject, StreamObject
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter

DOTS = 40
"""To the inch: a word is a grey smear, and a changed one is another smear."""
MARGIN = 2
"""Dots around a field that smoothing may touch."""

Picture = tuple[int, int, bytes]
"""Width, height, and a byte a dot."""
Box = tuple[int, int, int, int]
"""Columns and rows, first and behind the last."""


def certified(pdf: bytes) -> bytes:
    """The file as it was when its first signature was made: up to the end of what that covers."""
    ranges = [[int(n) for n in found] for found in re.findall(rb"/ByteRange\s*\[\s*(\d+)\s+(\d+)\s+(\d+)\s+(\d+)\s*\]", pdf)]
    ends = [third + fourth for first, second, third, fourth in ranges if first == 0 and second < third and third + fourth <= len(pdf)]
    if not ends:
        raise Refused("no signature")
    end = min(ends)
    return pdf[: end + len(re.match(rb"\r?\n?", pdf[end : end + 2]).group())]


def drawn(pdf: Path, folder: Path, last: int) -> list[Picture]:
    """All pages, in grey; or the first ones, if there is a last."""
    folder.mkdir()
    must("pdftoppm", "-gray", "-r", DOTS, *(("-l", last) if last else ()), pdf, folder / "page")
    return [picture(path.read_bytes()) for path in sorted(folder.iterdir())]


def picture(pgm: bytes) -> Picture:
    head = re.match(rb"P5\s+(\d+)\s+(\d+)\s+255\s", pgm)
    if not head:
        raise Refused("pdftoppm drew something else than a grey picture")
    return int(head[1]), int(head[2]), pgm[head.end() :]


def signed_fields(pdf: pikepdf.Pdf) -> dict[str, tuple[int, list[float]]]:
    """Page and place of each field that holds a signature."""
    found = {}
    for number, page in enumerate(pdf.pages):
        for field in page.get("/Annots", Array([])):
            if field.get("/Subtype") == Name.Widget and isinstance(field.get("/V"), Dictionary):
                found[str(field.get("/T", ""))] = (number, [float(n) for n in field.Rect])
    return found


def own_boxes(before: Path, after: Path) -> dict[int, list[Box]]:
    """For each page the places in which signatures made since then may draw."""
    boxes: dict[int, list[Box]] = {}
    with pikepdf.open(before) as old, pikepdf.open(after) as new:
        known, scale = signed_fields(old), DOTS / 72
        for name, (number, (x1, y1, x2, y2)) in signed_fields(new).items():
            if name in known:
                continue
            height = float(new.pages[number].mediabox[3])
            box = (int(x1 * scale) - MARGIN, int((height - y2) * scale) - MARGIN, int(x2 * scale) + 1 + MARGIN, int((height - y1) * scale) + 1 + MARGIN)
            boxes.setdefault(number, []).append(box)
    return boxes


def differences(before: list[Picture], after: list[Picture], allowed: dict[int, list[Box]]) -> Iterator[str]:
    """A line for each page that is another picture."""
    if len(before) != len(after):
        yield f"{len(before)} pages before, {len(after)} after"
    for number, (one, other) in enumerate(zip(before, after, strict=False)):
        if one == other:
            continue
        if one[:2] != other[:2]:
            yield f"page {number + 1} has another size"
            continue
        dots = sum(outside(number_of, one[0], allowed.get(number, [])) for number_of in changed(one[2], other[2]))
        if dots:
            yield f"page {number + 1} differs in {dots} dots"


def changed(one: bytes, other: bytes) -> Iterator[int]:
    return (at for at, (a, b) in enumerate(zip(one, other, strict=True)) if a != b)


def outside(at: int, width: int, boxes: list[Box]) -> bool:
    row, column = divmod(at, width)
    return not any(x1 <= column < x2 and y1 <= row < y2 for x1, y1, x2, y2 in boxes)


def compared(pdf: Path, scratch: Path, last: int = 0) -> None:
    """Refuses if a page of the final file is another picture than in the certified revision."""
    first = scratch / "certified.pdf"
    first.write_bytes(certified(pdf.read_bytes()))
    before, after = (drawn(file, scratch / name, last) for file, name in ((first, "before"), (pdf, "after")))
    refuse_if(differences(before, after, own_boxes(first, pdf)))
    if not before:
        raise Refused("no page was drawn")


def same_pictures(package: Package) -> None:
    compared(package.pdf, package.folder())


def planted(pdf: Path, folder: Path, change: "callable") -> Path:
    """A copy with an update by a library that is not ours, after the last signature."""
    writer = IncrementalPdfFileWriter(BytesIO(pdf.read_bytes()))
    change(writer)
    target = folder / "planted.pdf"
    with target.open("wb") as out:
        writer.write(out)
    return target


def leaf(writer: IncrementalPdfFileWriter) -> Dictionary:
    """The first page, through as many nodes as the tree has."""
    node = writer.root["/Pages"]
    while "/Kids" in node:
        node = node["/Kids"][0].get_object()
    return node


def square(writer: IncrementalPdfFileWriter) -> None:
    """Eight points wide: less than a word."""
    page = leaf(writer)
    drawn_on = page["/Contents"]
    parts = list(drawn_on) if isinstance(drawn_on, ArrayObject) else [page.raw_get("/Contents")]
    ink = writer.add_object(StreamObject(stream_data=b"q 0 0 0 rg 40 40 8 8 re f Q"))
    page["/Contents"] = ArrayObject([*parts, ink])
    writer.update_container(page)


def turn(writer: IncrementalPdfFileWriter) -> None:
    page = leaf(writer)
    page["/Rotate"] = NumberObject(90)
    writer.update_container(page)


def drop(writer: IncrementalPdfFileWriter) -> None:
    """The first page that hangs on the root's own list is gone."""
    pages = writer.root["/Pages"]
    pages["/Kids"] = ArrayObject(list(pages["/Kids"])[1:])
    pages["/Count"] = NumberObject(int(pages["/Count"]) - 1)
    writer.update_container(pages)


def notices(package: Package) -> None:
    """Each planted difference is seen."""
    for change in (square, turn, drop):
        folder = package.folder()
        altered = planted(package.pdf, folder, change)
        try:
            compared(altered, folder, last=2)
        except Refused as why:
            if "page" in str(why):
                continue
            raise
        raise Refused(f"{change.__name__} went unnoticed")


def tests(_: Package) -> list[Test]:
    return [
        ("pdftoppm: every page is the picture that was certified", same_pictures),
        ("pdftoppm: a square, a turned and a dropped page are noticed", notices),
    ]
