#!/usr/bin/env python3
"""Tests of `affiant collect --aws` before the laboratory, an AWS on loopback; without it, before the repository's recorded exchanges.

usage: lab.py --affiant PROGRAM [--lab DIR] [--recorded] [--long] [--port N] [--only NAME]... [--operations A,B]... [--keep]

The laboratory is started on a port of its own (moto on the port below) and ended at the end. Prints `N passed, N failed` last.
"""

import sys

sys.dont_write_bytecode = True  # nothing is left in the repository

import argparse
import shutil
import tempfile
import time
import traceback
from collections.abc import Callable
from pathlib import Path

import archive
import artifact
import bucket
import cases
import config
import ends
import kms
import many
import matrix
import offline
import past
import policy
import recorded
import scale
import second_population
import wire_models
from cases import Bench
from laboratory import Laboratory, Refused

HERE = Path(__file__).parent

MODULES = (
    cases,
    policy,
    matrix,
    ends,
    scale,
    many,
    kms,
    artifact,
    config,
    past,
    bucket,
    archive,
    recorded,
    wire_models,
    offline,
    second_population,
)
"""Each has CASES, which always run, and LONG, which run with `--long`; either may be left out. A further module is imported above and named here."""

Case = Callable[[Bench], str]


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--affiant", type=Path, required=True)
    parser.add_argument("--lab", type=Path, default=HERE.parents[2] / "shared/lab", help="the laboratory's folder")
    parser.add_argument("--long", action="store_true")
    parser.add_argument("--port", type=int, default=5741)
    parser.add_argument("--accounts", type=int, default=2, help="of the population")
    parser.add_argument("--only", action="append", default=[], help="cases by name")
    parser.add_argument("--operations", action="append", default=[], help="what `matrix` and `matrix_direct` walk, by the registry's names")
    parser.add_argument("--keep", action="store_true", help="leave laboratory and workspaces")
    parser.add_argument("--recorded", action="store_true", help="use the recorded exchanges although the laboratory is present")
    parser.add_argument("--scratch", type=Path, help="where workspaces and the laboratory's state go")
    return parser.parse_args()


def chosen(given: argparse.Namespace) -> list[Case]:
    """The cases named, or all that are short, and the long ones with `--long`."""
    short: list[Case] = [case for module in MODULES for case in getattr(module, "CASES", [])]
    long: list[Case] = [case for module in MODULES for case in getattr(module, "LONG", [])]
    if given.only:
        return [case for case in short + long if case.__name__ in given.only]
    return short + long if given.long else short


def walk(bench: Bench, found: list[Case]) -> tuple[int, int]:
    """Runs the cases one after the other; counts those that held and those that did not."""
    good = bad = 0
    for case in found:
        started = time.monotonic()
        try:
            told, word = case(bench), "ok"
            good += 1
        except Refused as no:
            told, word = str(no), "FAILED"
            bad += 1
        except Exception:
            told, word = traceback.format_exc(limit=4), "FAILED"
            bad += 1
        print(f"{word:7} {case.__name__:22} {time.monotonic() - started:6.1f} s  {told}", flush=True)
    return good, bad


def before_laboratory(given: argparse.Namespace, scratch: Path) -> tuple[int, int]:
    print(f"the laboratory is present: port {given.port}", flush=True)
    lab = Laboratory(given.lab.resolve(), given.port, scratch)
    lab.up()
    try:
        print(lab.populate(accounts=given.accounts), flush=True)
        named = frozenset(name for names in given.operations for name in names.split(","))
        bench = Bench(lab, given.affiant.resolve(), scratch, given.long, named)
        return walk(bench, chosen(given))
    finally:
        if not given.keep:
            lab.down()


def before_recorded(given: argparse.Namespace, scratch: Path) -> tuple[int, int]:
    print(f"no laboratory at {given.lab}: the recorded exchanges of this repository instead", flush=True)
    bench = Bench(recorded.Nowhere(), given.affiant.resolve(), scratch, given.long)  # type: ignore[arg-type]
    found = [*recorded.CASES, *policy.CASES, *wire_models.CASES, *many.CASES, *offline.CASES, *(recorded.LONG if given.long else [])]
    return walk(bench, [case for case in found if case.__name__ in given.only] if given.only else found)


def main() -> None:
    given = arguments()
    scratch = (given.scratch or Path(tempfile.mkdtemp(prefix="affiant-lab-"))).resolve()
    present = (given.lab / "lab.sh").is_file() and not given.recorded
    good, bad = (before_laboratory if present else before_recorded)(given, scratch)
    if not given.keep and not given.scratch:
        shutil.rmtree(scratch, ignore_errors=True)
    print(f"{good} passed, {bad} failed")
    sys.exit(bad != 0)


if __name__ == "__main__":
    main()
