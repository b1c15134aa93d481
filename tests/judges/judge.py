#!/usr/bin/env python3
"""Has programs that others wrote judge a package: sha256sum, bagit.py, openssl, pdfsig, qpdf, pyHanko, pikepdf, pdftotext,
pdftoppm, sqlite3, compliance-trestle, the schemas of OCSF, Microsoft's SARIF multitool, the Nu HTML checker, axe in Chromium. None
of them knows Affiant.

usage: judge.py --affiant PROGRAM --zip PACKAGE.zip --trust CERTIFICATE.pem [--web NODE_MODULES] [--other-program]

Prints a line for each test and at the end `N passed, N failed`; exits 1 if one failed.
"""

import sys

sys.dont_write_bytecode = True  # nothing is left in the repository

import argparse
import time
import zipfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory

import handed
import pages
import pdfs
import revisions
import seals
import tables
from common import Package, Refused, Test, must


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Independent judges of a package.")
    parser.add_argument("--affiant", type=Path, required=True, help="the program")
    parser.add_argument("--zip", type=Path, required=True, help="the package")
    parser.add_argument("--trust", type=Path, required=True, help="the certificate to pin, PEM")
    parser.add_argument("--web", type=Path, help="a node_modules folder with axe-core, playwright-core, vnu-jar and the SARIF multitool")
    parser.add_argument("--other-program", action="store_true", help="made by another version: its reports need not be rendered again")
    return parser.parse_args()


def unpacked(given: argparse.Namespace, scratch: Path) -> Package:
    """Unpacks with the stock `unzip`; the archive has one top folder."""
    folder = scratch / "unpacked"
    folder.mkdir()
    with zipfile.ZipFile(given.zip) as archive:
        top = archive.namelist()[0].split("/")[0]
    must("unzip", "-q", given.zip.resolve(), "-d", folder)
    return Package(
        zip=given.zip.resolve(),
        top=folder / top,
        trust=given.trust.resolve(),
        affiant=given.affiant.resolve(),
        web=given.web.resolve() if given.web else None,
        same_program=not given.other_program,
        scratch=scratch,
    )


Judged = tuple[bool, str]
"""Whether the judge agreed, and its line."""


def judged(package: Package, test: Test) -> Judged:
    """Runs one test."""
    name, judge = test
    try:
        judge(package)
    except Refused as why:
        return False, f"FAIL {name}: {' '.join(str(why).split())}"
    except Exception as error:  # a judge that breaks has not agreed
        return False, f"FAIL {name}: {type(error).__name__}: {' '.join(str(error).split())}"
    return True, f"ok {name}"


def said(outcome: Judged) -> bool:
    print(outcome[1], flush=True)
    return outcome[0]


def walk(package: Package) -> list[bool]:
    """The browser and what the program itself makes again take the longest and little of this process: they run beside the rest.
    What they say is printed afterwards, because pyHanko's command line takes standard output for itself while it runs."""
    slow, quick = [], []
    for part in (seals, pdfs, revisions, tables, handed, pages):
        for test in part.tests(package):
            (slow if part is pages or test[1] is seals.recomputes else quick).append(test)
    with ThreadPoolExecutor(1) as beside:
        waiting = [beside.submit(judged, package, test) for test in slow]
        return [said(judged(package, test)) for test in quick] + [said(one.result()) for one in waiting]


def main() -> int:
    given = arguments()
    started = time.monotonic()
    with TemporaryDirectory(prefix="judge-") as scratch:
        package = unpacked(given, Path(scratch))
        outcomes = walk(package)
    if not given.web:
        print("not run: the SARIF multitool, the Nu HTML checker and the browser, because --web is not given")
    print(f"{time.monotonic() - started:.0f} seconds")
    print(f"{sum(outcomes)} passed, {len(outcomes) - sum(outcomes)} failed")
    return 0 if all(outcomes) else 1


if __name__ == "__main__":
    sys.exit(main())
