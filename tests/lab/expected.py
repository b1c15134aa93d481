"""tests/lab/faults.yaml: what must become of each planted fault, and what may be reported beside them."""

import re
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path

from laboratory import HOME, Row


@dataclass
class Expectation:
    """`checks` must say `verdict` of a resource that contains `resource`; `why` where there is nothing to find. What is true beyond the
    faults names its `resources`, each the end of an ARN; at most `most` rows fit one that has a star."""

    checks: list[str]
    resource: str
    verdict: str
    why: str
    resources: list[str] = field(default_factory=list)
    most: int = 1


def words(text: str) -> list[str]:
    return [word.strip() for word in text.split(",") if word.strip()]


def expectation(text: str) -> Expectation:
    """One value: `[...]`, `{...}` or a sentence."""
    if text.startswith("["):
        return Expectation(words(text.strip("[]")), "", "not met", "")
    if not text.startswith("{"):
        return Expectation([], "", "not met", text)
    quoted = dict(re.findall(r'(\w+): "([^"]*)"', text))
    listed = {name: words(names) for name, names in re.findall(r"(\w+): \[([^\]]*)\]", text)}
    most = re.search(r"most: (\d+)", text)
    return Expectation(
        listed.get("checks", []),
        quoted.get("resource", ""),
        quoted.get("verdict", "not met"),
        quoted.get("why", ""),
        listed.get("resources", []),
        int(most[1]) if most else 1,
    )


def read(path: Path) -> dict[str, dict[str, Expectation]]:
    """The sections of the file."""
    sections: dict[str, dict[str, Expectation]] = {}
    section = ""
    for line in path.read_text().splitlines():
        if not line.strip() or line.startswith("#"):
            continue
        name, _, value = line.strip().partition(": ")
        if not line.startswith(" "):
            section = name.rstrip(":")
            sections[section] = {}
        else:
            sections[section][name] = expectation(value.strip())
    return sections


def resource_of(fault: Row, wanted: Expectation) -> str:
    """Part of the name of the failing row's resource."""
    return wanted.resource or str(fault["resource_id"])


Judged = list[tuple[str, str, str, str]]


def missed(planted: list[Row], expected: dict[str, dict[str, Expectation]], rows: Judged) -> tuple[list[str], list[str], dict[str, str]]:
    """The faults found, those that should have been and were not (with what is there), and those listed with a reason."""
    found, lost, listed = [], [], {}
    for fault in planted:
        name = str(fault["id"])
        wanted = expected["faults"].get(name)
        if wanted is None:
            lost.append(f"{name}: not in faults.yaml")
            continue
        if not wanted.checks:
            listed[name] = wanted.why
            wanted = expected["instead"].get(name, wanted)
        absent = [c for c in wanted.checks if not holds(rows, c, str(fault["account"]), resource_of(fault, wanted), wanted.verdict)]
        if absent:
            lost.append(f"{name} {fault['fault']}: {', '.join(f'{c} says {said(rows, c, resource_of(fault, wanted))}' for c in absent)}")
        elif name not in listed:
            found.append(name)
    return found, lost, listed


def holds(rows: Judged, check: str, account: str, resource: str, verdict: str) -> bool:
    part = resource.replace(HOME, account)
    return any(r[0] == check and r[1] == account and part in r[2] and r[3] == verdict for r in rows)


def said(rows: Judged, check: str, resource: str) -> str:
    """What the check says of the resource, for a message."""
    return ", ".join(sorted({r[3] for r in rows if r[0] == check and resource in r[2]})) or "nothing"


def unexpected(planted: list[Row], expected: dict[str, dict[str, Expectation]], rows: Judged) -> tuple[list[str], set[str]]:
    """What is `not met` and neither a planted fault nor listed as true beyond them; and the entries of that list that were met with."""
    open_ = {(check, resource) for check, _, resource, verdict in rows if verdict == "not met"}
    told, used, left = [], set(), set(open_)
    for fault in planted:
        wanted = expected["faults"].get(str(fault["id"]), Expectation([], "", "", ""))
        part = resource_of(fault, wanted).replace(HOME, str(fault["account"]))
        for check in wanted.checks:
            fit = {row for row in open_ if row[0] == check and part in row[1]}
            told += too_many(check, part, fit, wanted.most)
            left -= fit
    for check, entry in expected["beyond"].items():
        for name in entry.resources:
            fit = {row for row in left if row[0] == check and fnmatchcase(row[1], f"*[:/]{name}")}
            told += too_many(check, name, fit, entry.most if "*" in name else 1)
            used |= {f"{check} of {name}"} if fit else set()
            left -= fit
    return told + [f"{check} of {resource}" for check, resource in left], used


def too_many(check: str, name: str, fit: set[tuple[str, str]], most: int) -> list[str]:
    return [f"{check}: {len(fit)} rows fit {name}, and at most {most} are known: {sorted(r for _, r in fit)}"] if len(fit) > most else []


def beyond(expected: dict[str, dict[str, Expectation]]) -> set[str]:
    """Every entry of the list of what is true beyond the faults."""
    return {f"{check} of {name}" for check, entry in expected["beyond"].items() for name in entry.resources}
