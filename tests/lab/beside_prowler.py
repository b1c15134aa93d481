#!/usr/bin/env python3
"""Prowler and Affiant on the same two populations of the laboratory, check by check where both ask the same; writes docs/src/prowler.md.

usage: beside_prowler.py --affiant PROGRAM --prowler PYTHON [--lab DIR] [--port N] [--scratch DIR] [--write]

PYTHON is that of a virtual environment with prowler.txt and Prowler in it. Which checks ask the same stands in foreign/prowler.yaml. A
disagreement that beside_prowler.yaml does not explain, or an explanation of none, is a failure.
"""

import sys

sys.dont_write_bytecode = True

import argparse
import json
import subprocess
import tempfile
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path

import expected
import second_population as second
import yaml
from cases import Bench
from laboratory import HOME, Laboratory, Refused, Row, account
from beside_prowler_page import page
from second_planted import BARE, MAIN, RECORDED

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
PAGE = ROOT / "docs/src/prowler.md"
SAYS = {"met": "PASS", "not met": "FAIL"}
WORST = ("not met", "not evidenced", "met", "not applicable")
"""Of several rows on one thing the first that occurs is what this program says."""


@dataclass(frozen=True)
class Rule:
    name: str
    check: str
    tells: str
    """`fail`: theirs is narrower, and passes what ours may not."""
    match: str
    """`same` resource, `part`: rows on parts of theirs, `account`: rows of the account and region, for they name a stand-in."""


@dataclass(frozen=True)
class Finding:
    rule: str
    resource: str
    region: str
    state: str


@dataclass(frozen=True)
class Judged:
    check: str
    account: str
    region: str
    resource: str
    verdict: str


@dataclass(frozen=True)
class Pair:
    """A finding of theirs beside what ours says of the same."""

    place: str
    rule: Rule
    resource: str
    theirs: str
    ours: str

    @property
    def kind(self) -> str:
        if self.theirs not in ("PASS", "FAIL") or self.ours not in SAYS:
            return "silent"
        if SAYS[self.ours] == self.theirs:
            return "agree"
        return "narrower" if self.rule.tells == "fail" and self.theirs == "PASS" else "disagree"


@dataclass
class Place:
    """One population: what both say of it, and what was planted there."""

    name: str
    account: str
    theirs: list[Finding]
    ours: list[Judged]
    faults: list[tuple[str, str, str]]
    """Thing, a part of its resource's name, and the check that must fail."""
    traps: list[tuple[str, str, str]]
    """The same of what looks like a fault and is none: the check must be met."""
    pairs: list[Pair] = field(default_factory=list)


# What theirs and ours are


def rules() -> list[Rule]:
    """The list that `affiant import` uses, and where theirs and ours name another resource."""
    given = yaml.safe_load((ROOT / "foreign/prowler.yaml").read_text())["rules"]
    match = {name: how for how, names in explained_file()["match"].items() for name in names}
    unknown = set(match) - {rule["rule"] for rule in given}
    if unknown:
        raise Refused(f"beside_prowler.yaml matches what foreign/prowler.yaml does not list: {sorted(unknown)}")
    return [Rule(rule["rule"], rule["check"], rule.get("tells", "both"), match.get(rule["rule"], "same")) for rule in given]


def explained_file() -> dict:
    return yaml.safe_load((HERE / "beside_prowler.yaml").read_text())


def plain(resource: str) -> str:
    """One spelling: without `:*` after a log group, and without an account in the ARN of a snapshot or image, as AWS has it."""
    parts = resource.removesuffix(":*").split(":")
    if parts[2:3] == ["ec2"] and parts[-1].startswith(("snapshot/", "image/")):
        parts[4] = ""
    return ":".join(parts)


def holds(part: str, whole: str) -> bool:
    """Whether a listener, rule or subscription belongs to what theirs names."""
    return part.replace(":listener/", ":loadbalancer/").replace(":listener-rule/", ":loadbalancer/").startswith(whole)


def ours_of(rule: Rule, finding: Finding, rows: list[Judged]) -> str | None:
    """What ours says of the same thing; nothing where it has no row."""
    uid = plain(finding.resource)
    fit = {
        "same": lambda row: plain(row.resource) == uid,
        "part": lambda row: holds(plain(row.resource), uid),
        "account": lambda row: row.region in (finding.region, "aws-global", "") or finding.region not in (RECORDED, BARE),
    }[rule.match]
    said = {row.verdict for row in rows if row.check == rule.check and fit(row)}
    return next((verdict for verdict in WORST if verdict in said), None)


def pairs(place: Place, known: list[Rule]) -> list[Pair]:
    by_name = {rule.name: rule for rule in known}
    here = [row for row in place.ours if row.account == place.account]
    found = []
    for finding in place.theirs:
        rule = by_name.get(finding.rule)
        said = ours_of(rule, finding, here) if rule else None
        if rule and said:
            found.append(Pair(place.name, rule, finding.resource, finding.state, said))
    return found


# Runs


@dataclass
class Runner:
    python: Path
    wrapper: list[str]
    known: list[Rule]

    def run(self, folder: Path, environment: dict[str, str], *words: str) -> list[Finding]:
        """Prowler with the rules concerned; its OCSF file, read."""
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "config").write_text("[default]\nregion = us-east-1\ns3 =\n    addressing_style = path\n")
        own = {"AWS_CONFIG_FILE": str(folder / "config"), "HOME": str(folder), "AWS_DEFAULT_REGION": "us-east-1", "AWS_MAX_ATTEMPTS": "2"}
        formats = ("-M", "json-ocsf", "json-asff", "csv", "-o", str(folder / "out"), "-F", "prowler", "--no-banner", "--ignore-exit-code-3")
        command = [*self.wrapper, str(self.python), str(HERE / "prowler_aws.py"), "aws", *formats, *words]
        command += ["--log-level", "CRITICAL", "--checks", *(rule.name for rule in self.known)]
        with (folder / "stdout").open("wb") as out, (folder / "stderr").open("wb") as err:
            done = subprocess.run(command, env=environment | own, stdin=subprocess.DEVNULL, stdout=out, stderr=err, cwd=folder, timeout=3600)
        file = folder / "out/prowler.ocsf.json"
        if done.returncode != 0 or not file.is_file():
            raise Refused(f"Prowler: exit {done.returncode}: {(folder / 'stderr').read_text()[-600:]}{(folder / 'stdout').read_text()[-300:]}")
        return findings(file)


def findings(file: Path) -> list[Finding]:
    return [
        Finding(event["metadata"]["event_code"], resource["uid"], resource.get("region") or "", event["status_code"])
        for event in json.loads(file.read_text())
        for resource in event["resources"]
    ]


def judged(assessment: Row) -> list[Judged]:
    return [Judged(*row) for row in second.rows_of(assessment)]


def home(bench: Bench, runner: Runner) -> Place:
    """The laboratory's own population, one region."""
    workspace = bench.workspace("prowler-home")
    workspace.collect()
    ours = judged(workspace.assess())
    theirs = runner.run(bench.scratch / "prowler-of-home", workspace.environment, "-f", "us-east-1")
    wanted = expected.read(HERE / "faults.yaml")["faults"]
    faults = []
    for fault in bench.lab.planted:
        entry = wanted.get(str(fault["id"]))
        if fault["account"] == HOME and entry and entry.verdict == "not met":
            faults += [(str(fault["id"]), expected.resource_of(fault, entry), check) for check in entry.checks]
    return Place("the first", HOME, theirs, ours, faults, [])


def away(bench: Bench, runner: Runner) -> Place:
    """The second population: two regions of a member of an organization, one of them without AWS Config."""
    known = second.population(bench)
    made, assessment = second.collected(bench, "prowler-second", (), *second.BOTH)
    with known.front:
        role = f"arn:aws:iam::{MAIN}:role/AffiantReadOnly"
        theirs = runner.run(bench.scratch / "prowler-of-second", made.environment, "-f", *second.BOTH, "--role", role)
    planted: dict[str, list[tuple[str, str, str]]] = {"faults": [], "traps": []}
    for kind, into in planted.items():
        for _, name, checks in second.sections(kind, second.BOTH):
            number, part = known.part(name)
            wanted = [c for c in checks if kind == "faults" or checks[c] == "met"]  # type: ignore[attr-defined,index]
            into += [(name, part, check) for check in wanted if number == MAIN]
    return Place("the second", MAIN, theirs, judged(assessment), planted["faults"], planted["traps"])


# What is said of it


@dataclass
class Explained:
    rules: list[str]
    theirs: str
    ours: str
    right: str
    why: str
    source: str
    like: list[str] = field(default_factory=lambda: ["*"])
    most: int = 1_000_000
    pairs: list[Pair] = field(default_factory=list)

    def covers(self, pair: Pair) -> bool:
        same = pair.rule.name in self.rules and (pair.theirs, pair.ours) == (self.theirs, self.ours)
        return same and any(fnmatchcase(pair.resource, like) for like in self.like)


def explain(found: Iterable[Pair], given: list[Explained]) -> list[str]:
    """Puts each disagreement to its explanation; what is left over on either side."""
    wrong = []
    for pair in found:
        entry = next((entry for entry in given if entry.covers(pair)), None)
        if entry:
            entry.pairs.append(pair)
        elif pair.kind == "disagree":
            wrong.append(f"{pair.rule.name} of {pair.resource}: theirs {pair.theirs}, ours {pair.ours} ({pair.rule.check}), in {pair.place}")
    for entry in given:
        if not entry.pairs:
            wrong.append(f"{entry.rules[0]}, theirs {entry.theirs}, ours {entry.ours}: explained, and does not occur")
        elif len(entry.pairs) > entry.most:
            wrong.append(f"{entry.rules[0]}, theirs {entry.theirs}, ours {entry.ours}: {len(entry.pairs)}, and at most {entry.most} are known")
    return wrong


@dataclass
class Tally:
    """Of the planted things that a rule of theirs asks about: how many each finds."""

    unasked: int = 0
    asked: int = 0
    theirs: int = 0
    ours: int = 0
    missed: list[tuple[str, str, str]] = field(default_factory=list)
    """Thing, check, and who: `theirs` or `ours`."""


def tally(place: Place, wanted: list[tuple[str, str, str]], known: list[Rule], fault: bool) -> Tally:
    """How many of the things each calls a fault."""
    by_check: dict[str, list[Rule]] = defaultdict(list)
    for rule in known:
        by_check[rule.check].append(rule)
    said = Tally()
    for name, part, check in wanted:
        own = {row.verdict for row in place.ours if row.account == place.account and row.check == check and near(place, part, row.resource)}
        names = {rule.name: rule for rule in by_check[check]}
        of_it = {f.state for f in place.theirs if f.rule in names and (names[f.rule].match == "account" or near(place, part, f.resource))}
        if not of_it & {"PASS", "FAIL"}:
            said.unasked += 1
            continue
        said.asked += 1
        for who, is_fault in (("theirs", "FAIL" in of_it), ("ours", "not met" in own)):
            setattr(said, who, getattr(said, who) + is_fault)
            if is_fault != fault:
                said.missed.append((name, check, who))
    return said


def near(place: Place, part: str, resource: str) -> bool:
    part, resource = plain(part), plain(resource)
    if place.account == HOME:
        return part in resource
    return second.fits(part, resource) or holds(part, resource)


# The page


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--affiant", type=Path, required=True)
    parser.add_argument("--prowler", type=Path, required=True, help="the Python that has Prowler")
    parser.add_argument("--lab", type=Path, default=ROOT.parent / "shared/lab")
    parser.add_argument("--port", type=int, default=5791)
    parser.add_argument("--scratch", type=Path)
    parser.add_argument("--write", action="store_true", help="write the page of the book")
    return parser.parse_args()


def version(python: Path) -> str:
    said = subprocess.run([str(python), str(HERE / "prowler_aws.py"), "--version"], capture_output=True, text=True, timeout=300)
    return said.stdout.strip().removeprefix("Prowler ").split()[0] if said.stdout.strip() else "unknown"


def places(given: argparse.Namespace, scratch: Path, known: list[Rule]) -> list[Place]:
    lab = Laboratory(given.lab.resolve(), given.port, scratch)
    lab.up()
    try:
        print(lab.populate(accounts=1), flush=True)
        bench = Bench(lab, given.affiant.resolve(), scratch, True)
        runner = Runner(given.prowler, lab.wrapper, known)
        return [home(bench, runner), away(bench, runner)]
    finally:
        lab.down()


def main() -> None:
    given = arguments()
    scratch = (given.scratch or Path(tempfile.mkdtemp(prefix="affiant-prowler-"))).resolve()
    known, entries = rules(), [Explained(**entry) for entry in explained_file()["explained"]]
    found = places(given, scratch, known)
    for place in found:
        place.pairs = pairs(place, known)
        print(f"{place.name}: {len(place.theirs)} findings of theirs, {len(place.pairs)} beside a row of ours", flush=True)
    wrong = explain([pair for place in found for pair in place.pairs if pair.kind in ("disagree", "silent")], entries)
    tallies = [(place, tally(place, place.faults, known, True), tally(place, place.traps, known, False)) for place in found]
    made = page(version(given.prowler), known, found, entries, tallies, explained_file()["planted"])
    if given.write:
        PAGE.write_text(made)
    elif made != PAGE.read_text():
        print("the page of the book is of another day: write it anew with --write", flush=True)
    for line in wrong:
        print(f"FAILED  {line}")
    print(f"{1 if not wrong else 0} passed, {len(wrong)} failed")
    sys.exit(bool(wrong))


if __name__ == "__main__":
    main()
