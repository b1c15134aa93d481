"""A second population, independent of the laboratory's own: another organization in two regions, one of them without AWS Config, with what
belongs to no region at home outside the scope. Every planted fault is found, nothing healthy is reported, no gap is needless; and with
a region left out, nothing is better than with it."""

import re
from collections import defaultdict
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path

import yaml
from cases import Bench, api_name, refuse_if
from front import Front
from laboratory import HOME, RANK, Refused, Row, Workspace, account, gaps, verdicts
from offline import cli, saved
from second_front import Second
from second_planted import BARE, MAIN, ORG, RECORDED, Account
from second_services import plant

HERE = Path(__file__).parent
WANTED = yaml.safe_load((HERE / "second_population.yaml").read_text())
NEEDLESS = 0.05
"""The share of gaps that may be needless."""

Judged = tuple[str, str, str, str, str]
"""Check, account, region, resource, verdict."""


@dataclass
class Population:
    accounts: dict[str, Account]
    front: Front
    second: Second
    ran: dict[str, tuple[Path, Row]] = field(default_factory=dict)
    """By the name of the way: run folder and assessment."""

    def part(self, name: str) -> tuple[str, str]:
        """Account and a part of the ARN of a thing."""
        for number, of in self.accounts.items():
            if name in of.made:
                return number, of.made[name]
        raise Refused(f"{name} was not planted")


PLANTED: dict[int, Population] = {}
"""By the laboratory's port: it is planted once, and again after the laboratory was emptied."""


def population(bench: Bench) -> Population:
    port = bench.lab.port
    if port not in PLANTED or not still_there(PLANTED[port]):
        accounts = plant(f"http://127.0.0.1:{port - 1}")
        front = Front(port + 2, port, [MAIN, ORG], HOME)
        second = Second(front, accounts[MAIN])
        front.between = second.between
        PLANTED[port] = Population(accounts, front, second)
    return PLANTED[port]


def still_there(known: Population) -> bool:
    iam = known.accounts[MAIN].ask("iam")
    try:
        return bool(iam.get_user(UserName="nurse.ok"))
    except iam.exceptions.ClientError:
        return False


def workspace(bench: Bench, known: Population, name: str, *regions: str) -> Workspace:
    """Both accounts by their roles; the organization is asked in its management account."""
    role = "role: arn:aws:iam::{}:role/AffiantReadOnly"
    entries = account(MAIN, role.format(MAIN)) + account(ORG, role.format(ORG), "organization: true")
    made = bench.workspace(name, entries, ", ".join(regions))
    made.environment |= {"AWS_ENDPOINT_URL": known.front.url, "LAB_ACCOUNTS": f"{MAIN} {ORG}"}
    return made


def collected(bench: Bench, name: str, words: tuple[str, ...], *regions: str) -> tuple[Workspace, Row]:
    """A run over the regions, and its assessment."""
    known = population(bench)
    made = workspace(bench, known, name, *regions)
    known.second.asked.clear()
    known.second.refused.clear()
    with known.front:
        made.collect(*words, expect=(3,))
    return made, made.assess()


# What must be said


def rows_of(assessment: Row) -> list[Judged]:
    found = []
    for control in assessment["controls"]:  # type: ignore[attr-defined]
        for check in control["checks"]:
            if check["rows_total"] != len(check["rows"]):
                raise Refused(f"{check['id']}: {len(check['rows'])} rows of {check['rows_total']} are printed")
            found += [(check["id"], row["account"], row["region"], row["resource"], row["verdict"]) for row in check["rows"]]
    return found


def fits(part: str, resource: str) -> bool:
    """Whether a resource is the thing, and none whose name goes on from its name."""
    return bool(re.search(re.escape(part) + ("" if part.endswith(("/", ":")) else r"(?![\w-])"), resource))


def said(known: Population, rows: list[Judged], name: str, check: str) -> set[str]:
    number, part = known.part(name)
    return {row[4] for row in rows if row[0] == check and row[1] == number and fits(part, row[3])}


def sections(kind: str, regions: tuple[str, ...]) -> list[tuple[str, str, object]]:
    """Each thing in scope with what is wanted of it."""
    return [
        (region, name, wanted) for region, of in WANTED[kind].items() if region in (*regions, "aws-global") for name, wanted in of.items()
    ]


def judged(known: Population, rows: list[Judged], way: str, regions: tuple[str, ...]) -> str:
    """Refuses a planted fault that is not found, a trap that is fallen into, and whatever else is reported."""
    wrong, found, held, lost = [], 0, 0, WANTED["lost"].get(way) or {}
    taken: set[Judged] = set()
    listed = []
    for _, name, checks in sections("faults", regions):
        number, part = known.part(name)
        for check in checks:  # type: ignore[attr-defined]
            fit = {row for row in rows if row[0] == check and row[1] == number and row[4] == "not met" and fits(part, row[3])}
            taken |= fit
            why = (lost.get(name) or {}).get(check)
            if fit and why:
                wrong.append(f"{name}: {check} is listed as lost and was found")
            elif fit:
                found += 1
            elif why:
                listed.append(f"{name} {check}")
            else:
                wrong.append(f"{name}: {check} says {', '.join(sorted(said(known, rows, name, check))) or 'nothing'}")
    for _, name, checks in sections("traps", regions):
        for check, verdict in checks.items():  # type: ignore[attr-defined]
            told = said(known, rows, name, check)
            why = (lost.get(name) or {}).get(check)
            held += told == {verdict}
            if told == {verdict} and why:
                wrong.append(f"{name}: {check} is listed as lost and says {verdict}")
            elif told != {verdict} and not (why and told <= {"not evidenced"}):
                wrong.append(f"{name}: {check} says {', '.join(sorted(told)) or 'nothing'}, not {verdict}")
    wrong += unexpected([row for row in rows if row[4] == "not met" and row not in taken])
    refuse_if(wrong, 60)
    return f"{found} of {found + len(listed)} planted faults found, {held} traps held; with a reason: {', '.join(listed) or 'none'}"


def unexpected(rows: list[Judged]) -> list[str]:
    """What is `not met` and neither planted nor listed as true beyond that."""
    left, wrong = list(rows), []
    for entry in WANTED["beyond"]:
        for check in entry["checks"]:
            fit = [row for row in left if row[0] == check and any(fnmatchcase(row[3], like) for like in entry["like"])]
            if len(fit) > entry["most"]:
                wrong.append(
                    f"{check}: {len(fit)} rows beyond the planted faults, and at most {entry['most']} are known: {sorted(row[3] for row in fit)}"
                )
            left = [row for row in left if row not in fit]
    return wrong + [f"{check} of {resource} ({number})" for check, number, _, resource, _ in left]


# Gaps


class Needless:
    """Whether a gap is explained by an answer that was given: an empty list, or another place where the question was answered."""

    def __init__(self, known: Population, run: Path) -> None:
        self.asked, self.refused, self.run = known.second.asked, known.second.refused, run
        self.operations = known.second.registry.operations
        self.filled: dict[str, set[str]] = defaultdict(set)
        for name, operation in self.operations.items():
            for fill in operation.get("fill") or []:
                if "type" in fill and "into" not in fill:
                    self.filled[fill["type"]].add(name)
        self.filled["AWS::Config::ConfigurationRecorder"] = {"config:DescribeConfigurationRecorders"}
        self.filled["AWS::S3::AccountPublicAccessBlock"] = {"s3control:GetPublicAccessBlock"}

    def answered(self, operation: str, number: str, region: str) -> bool:
        """Asked and never refused: in the region, or anywhere if it is asked once for the account."""
        name, everywhere = api_name(operation), self.operations[operation]["scope"] != "region"
        places = [key for key in self.asked if key[0] == number and key[2] == name and (everywhere or key[1] == region)]
        return bool(places) and not any(key in self.refused for key in places)

    def parents(self, operation: str) -> set[str]:
        found = set()
        for each in self.operations[operation].get("each") or []:
            source = each.get("from") or ""
            found |= {source} if source in self.operations else self.filled.get(source, set())
        return found

    def gap(self, row: Row) -> bool:
        source, number, region = str(row["source"]), str(row["account"]), str(row["region"])
        if source not in self.operations:
            return any(self.answered(name, number, region) for name in self.filled.get(source, set()))
        if any(key[0] == number and key[2] == api_name(source) for key in self.refused):
            return False
        parents = self.parents(source)
        return self.answered(source, number, region) or (bool(parents) and all(self.answered(name, number, region) for name in parents))


def needless(known: Population, run: Path) -> str:
    """Refuses more than the share of needless gaps that is not listed with a reason."""
    judge, found = Needless(known, run), gaps(run)
    bad = [row for row in found if judge.gap(row)]
    listed = [row for row in bad if row["source"] in (WANTED["gaps"] or {})]
    left = [f"{row['account']} {row['region']} {row['source']}: {row.get('detail')}" for row in bad if row not in listed]
    if len(left) > NEEDLESS * len(found):
        refuse_if([f"{len(left)} of {len(found)} gaps are needless", *left], 40)
    return f"{len(left)} of {len(found)} gaps needless, and {len(listed)} more with a reason"


# Cases

BOTH = (RECORDED, BARE)


def second_population(bench: Bench) -> str:
    """Two regions, one with a recorder that leaves out 18 types, one with none."""
    made, assessment = collected(bench, "second", (), *BOTH)
    known = population(bench)
    known.ran["config"] = made.run_folder, assessment
    return f"{judged(known, rows_of(assessment), 'config', BOTH)}; {needless(known, made.run_folder)}"


def second_direct(bench: Bench) -> str:
    """The same without AWS Config."""
    made, assessment = collected(bench, "second-direct", ("--no-config",), *BOTH)
    known = population(bench)
    return f"{judged(known, rows_of(assessment), 'direct', BOTH)}; {needless(known, made.run_folder)}"


def second_script(bench: Bench) -> str:
    """The same by the offline script and the AWS CLI."""
    if cli() is None:
        return "not run: there is no AWS CLI here"
    known, folder = population(bench), bench.scratch / "second-script"
    roles = " ".join(f"arn:aws:iam::{number}:role/AffiantReadOnly" for number in (MAIN, ORG))
    given = {
        "REGIONS": " ".join(BOTH),
        "ROLES": roles,
        "ORGANIZATION": ORG,
        "AWS_ENDPOINT_URL": known.front.url,
        "LAB_ACCOUNTS": f"{MAIN} {ORG}",
    }
    known.second.asked.clear()
    known.second.refused.clear()
    with known.front:
        done = saved(bench, bench.lab, folder, given)
    refuse_if([] if done.returncode in (0, 3) else [f"the script: exit {done.returncode}: {done.stderr[-400:]}"])
    made = workspace(bench, known, "second-offline", *BOTH)
    imported = made.run("collect", "--cli-json", str(folder / "export"))
    refuse_if([] if imported.code in (0, 3) else [f"collect --cli-json: exit {imported.code}: {imported.err[-400:]}"])
    return f"{judged(known, rows_of(made.assess()), 'script', BOTH)}; {needless(known, made.run_folder)}"


# A region left out


def better(before: str, after: str) -> bool:
    return RANK[after] > RANK[before] and not (before == "not met" and after == "not evidenced")


def left_out(bench: Bench, region: str) -> str:
    """Without the region nothing is better than with it, and nothing is claimed of it: neither where the workspace leaves it out, nor
    where the workspace asks for it after the run, when all of it is a gap."""
    known, rest = population(bench), tuple(other for other in BOTH if other != region)
    if "config" not in known.ran:
        second_population(bench)
    _, whole = known.ran["config"]
    made, part = collected(bench, f"second-without-{region}", (), *rest)
    told = judged(known, rows_of(part), f"without-{region}", rest)
    settings = made.folder / "affiant.yaml"
    settings.write_text(settings.read_text().replace(f"regions: [{rest[0]}]", f"regions: [{', '.join(BOTH)}]"))
    asked = made.assess()
    before = {row[:4]: row[4] for row in rows_of(whole)}
    there = {known.part(name) for kind in ("faults", "traps") for name in WANTED[kind][region]}
    wrong, phantoms = [], set[str]()
    for name, after in (("left out", part), ("asked for later", asked)):
        for row in rows_of(after):
            was = before.get(row[:4])
            if was is not None and better(was, row[4]):
                wrong.append(f"{name}: {row[0]} of {row[3]}: {was}, then {row[4]}")
            of_it = row[2] == region or f":{region}:" in row[3] or row[3].endswith(f"/{region}")
            of_it = of_it or any(row[1] == number and fits(thing, row[3]) for number, thing in there)
            if row[4] != "not evidenced" and of_it:
                wrong.append(f"{name}: {row[0]} of {row[3]} is claimed to be {row[4]}")
            phantoms |= {row[0]} if of_it and after is part else set()
    if len(phantoms) > WANTED["phantoms"]["most"]:
        wrong.append(f"{len(phantoms)} checks speak of {region}, which is out of scope: {', '.join(sorted(phantoms))}")
    old, new = verdicts(whole), verdicts(asked)
    wrong += [f"asked for later: {name}: {old[name]}, then {new[name]}" for name in old if better(old[name], new[name])]
    regional = {row[0] for row in rows_of(whole) if row[2] == region}
    mute = regional - {row[0] for row in rows_of(asked) if row[2] == region}
    wrong += [f"asked for later: {name} says nothing of {region}" for name in sorted(mute)]
    refuse_if(wrong, 60)
    return f"{told}; {len(rows_of(part))} rows without {region}, none better than with it, none of it claimed, {len(phantoms)} checks not evidenced for it; {len(regional)} checks speak of it once it is asked for"


def second_one_region(bench: Bench) -> str:
    """One region in scope, with AWS Config; the one without is left out."""
    return left_out(bench, BARE)


def second_other_region(bench: Bench) -> str:
    """The region with AWS Config is left out."""
    return left_out(bench, RECORDED)


def second_shut_region(bench: Bench) -> str:
    """Each region in turn refuses everything: nothing is better, and every check that spoke of it says what it lacks."""
    known, told = population(bench), []
    if "config" not in known.ran:
        second_population(bench)
    _, whole = known.ran["config"]
    before = {row[:4]: row[4] for row in rows_of(whole)}
    for region in BOTH:
        known.second.shut.add(region)
        try:
            made, after = collected(bench, f"second-shut-{region}", (), *BOTH)
        finally:
            known.second.shut.clear()
        rows = rows_of(after)
        wrong = [
            f"{row[0]} of {row[3]}: {before[row[:4]]}, then {row[4]}"
            for row in rows
            if row[:4] in before and better(before[row[:4]], row[4])
        ]
        old, new = verdicts(whole), verdicts(after)
        wrong += [f"{name}: {old[name]}, then {new[name]}" for name in old if better(old[name], new[name])]
        refuse_if([f"{region} shut: {one}" for one in wrong], 40)
        told.append(f"{region}: {len(gaps(made.run_folder))} gaps, {len(rows)} rows")
    return "; ".join(told)


CASES = [second_population, second_one_region]
LONG = [second_direct, second_other_region, second_shut_region, second_script]
