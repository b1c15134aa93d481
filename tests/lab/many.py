"""Many accounts: as many processes at once, each with a part, and one run made of the parts; held against one run over all."""

import json
import shutil
import time
from pathlib import Path

from cases import Bench, refuse_if
from laboratory import HOME, Ran, Refused, Row, Workspace, account, coverage, custody, settings, verdicts

PARTS = 20
AT_ONCE = 4
"""Processes that run at the same time: the laboratory is what they wait for."""


def entries(accounts: list[str]) -> str:
    """The accounts by their roles; the first speaks for the organization."""
    role = "role: arn:aws:iam::{}:role/OrganizationAccountAccessRole"
    return "".join(account(a, *([role.format(a)] if a != HOME else []), *(["organization: true"] if a == HOME else [])) for a in accounts)


def parts_of(bench: Bench, settings: str) -> list[tuple[Workspace, Ran]]:
    """Each account by a process of its own, in a folder of its own with the same affiant.yaml."""
    left, running, done = list(bench.lab.accounts), [], []
    while left or running:
        while left and len(running) < AT_ONCE:
            number = left.pop(0)
            made = bench.workspace(f"part-{number}", settings)
            running.append((made, made.start("collect", "--aws", "--account", number), time.monotonic()))
        made, program, started = running.pop(0)
        done.append((made, made.finish(program, started)))
    refuse_if([f"{made.folder.name}: exit {ran.code}: {ran.err[-200:]}" for made, ran in done if ran.code not in (0, 3)])
    return done


def calls(run: Path) -> set[tuple[str, str]]:
    """What was asked, and where."""
    held = (row["source"].get("custody", {}) for row in custody(run))  # type: ignore[attr-defined]
    return {(str(row.get("call")), str(row.get("asked-in"))) for row in held}


def states(run: Path) -> dict[tuple[str, str, str], str]:
    return {(str(row["account"]), str(row["region"]), str(row["source"])): str(row["state"]) for row in coverage(run)}


def told(name: str, ran: Ran) -> str:
    return f"{name} {ran.wall:.1f} s, {ran.cpu:.1f} CPU s, {ran.peak / 1e6:.0f} MB"


def printed(assessment: Row) -> dict[tuple[str, str, str], str]:
    """Every row that is printed, which of a check are five hundred at most, and of each check how many there are."""
    found = {}
    for control in assessment["controls"]:  # type: ignore[attr-defined]
        for check in control["checks"]:
            found[check["id"], "rows", ""] = str(check["rows_total"])
            found |= {(check["id"], row["account"], row["resource"]): row["verdict"] for row in check["rows"]}
    return found


def unlike(one: Row, other: Row) -> list[str]:
    """Where the verdicts of the two ways differ."""
    first, second = printed(one), printed(other)
    wrong = [f"{' '.join(key)}: {first.get(key)} as one run, {second.get(key)} joined" for key in sorted({*first, *second}) if first.get(key) != second.get(key)]
    ours, theirs = verdicts(one), verdicts(other)
    return wrong + [f"{name}: {ours[name]} as one run, {theirs.get(name)} joined" for name in ours if ours[name] != theirs.get(name)]


def join_of_twenty(bench: Bench) -> str:
    """Twenty accounts by twenty processes, joined: every question, every line of coverage and every verdict of one run over all."""
    if len(bench.lab.accounts) != PARTS:
        bench.lab.populate(1, accounts=PARTS)
    settings = entries(bench.lab.accounts)
    whole = bench.workspace("join-whole", settings)
    as_one = whole.collect()
    parts = parts_of(bench, settings)
    joined = bench.workspace("join", settings)
    ran = joined.run("join", *(str(made.run_folder) for made, _ in parts))
    refuse_if([] if ran.code in (0, 3) else [f"join: exit {ran.code}: {ran.err[-400:]}"])
    one, many = whole.run_folder, joined.run_folder
    wrong = [f"asked in one way alone: {' '.join(call)}" for call in sorted(calls(one) ^ calls(many))]
    ours, theirs = states(one), states(many)
    wrong += [f"coverage of {' '.join(key)}: {ours.get(key)} as one run, {theirs.get(key)} joined" for key in sorted({*ours, *theirs}) if ours.get(key) != theirs.get(key)]
    wrong += unlike(whole.assess(), joined.assess())
    refuse_if(wrong, 400 if bench.long else 12)
    again = joined.run("verify", str(many))
    refuse_if([] if again.code == 3 else [f"verify: exit {again.code}: {again.err[-300:]}"])
    size = sum(p.stat().st_size for p in many.rglob("*") if p.is_file())
    peak = max(part.peak for _, part in parts)
    return (
        f"{len(parts)} runs of {len(custody(many))} artifacts, {size / 1e6:.0f} MB: {told('join', ran)}; {told('one run over all', as_one)}; "
        f"parts {sum(part.cpu for _, part in parts):.1f} CPU s in all, at most {peak / 1e6:.0f} MB; {len(printed(joined.assess()))} rows the same"
    )


# Without a laboratory: the digest of the results, which the moment of a call would change

CLOCK = "2026-09-30T12:00:00Z"


def saved(folder: Path, number: int) -> str:
    """Saved evidence of one account: a recorder and a database, in one of three plain, and a password policy that is refused in another."""
    name = f"{111122220000 + number}"
    below = folder / "aws" / name
    item = {
        "configurationItemVersion": "1.3", "configurationItemCaptureTime": "2026-09-30T11:00:00.000Z", "configurationStateId": 1,
        "awsAccountId": name, "configurationItemStatus": "OK", "resourceType": "AWS::RDS::DBInstance", "resourceId": "db-1", "resourceName": "db-1",
        "ARN": f"arn:aws:rds:us-east-1:{name}:db:db-1", "awsRegion": "us-east-1", "tags": {},
        "configuration": {"storageEncrypted": number % 3 > 0, "engine": "postgres", "multiAZ": True},
    }  # fmt: skip
    policy = {"Error": {"Code": "AccessDenied"}} if number % 3 == 1 else {"PasswordPolicy": {"MinimumPasswordLength": 14}}
    group = {"allSupported": True, "includeGlobalResourceTypes": True}
    files: dict[Path, Row] = {
        folder / f"snapshots/{name}_Config_us-east-1_ConfigSnapshot_20260930T114000Z_11111111-2222-4333-8444-555555555555.json": {
            "fileVersion": "1.0", "configSnapshotId": "1", "configurationItems": [item]},
        below / "us-east-1/config/DescribeConfigurationRecorders.json": {"ConfigurationRecorders": [{"name": "default", "recordingGroup": group}]},
        below / "aws-global/sts/GetCallerIdentity.json": {"Account": name, "Arn": f"arn:aws:iam::{name}:role/affiant-read"},
        below / "aws-global/iam/GetAccountPasswordPolicy.json": policy,
    }  # fmt: skip
    for path, body in files.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(body))
    return name


def pinned(bench: Bench, name: str, entries: str) -> Workspace:
    folder = bench.scratch / name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    (folder / "affiant.yaml").write_text(settings(entries))
    return Workspace(folder, bench.affiant, {"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8", "AFFIANT_PINNED_CLOCK": CLOCK})


def gathered(made: Workspace, *words: str) -> Path:
    ran = made.run(*words)
    if ran.code not in (0, 3):
        raise Refused(f"{' '.join(words[:2])}: exit {ran.code}: {ran.err[-400:]}")
    return made.run_folder


def join_same_digest(bench: Bench) -> str:
    """Saved evidence of twenty accounts as one run, and as twenty runs joined: the same digest of the results."""
    evidence = bench.scratch / "join-evidence"
    shutil.rmtree(evidence, ignore_errors=True)
    names = [saved(evidence / f"{number:02}", number) for number in range(PARTS)]
    entries = "".join(account(name) for name in names)
    whole, joined = pinned(bench, "join-saved-whole", entries), pinned(bench, "join-saved", entries)
    gathered(whole, "collect", *(w for number in range(PARTS) for w in ("--snapshot", str(evidence / f"{number:02}"))))
    runs = []
    for number, name in enumerate(names):
        part = pinned(bench, f"join-saved-{number:02}", entries)
        runs.append(gathered(part, "collect", "--snapshot", str(evidence / f"{number:02}"), "--account", name))
    ran = joined.run("join", *map(str, runs))
    refuse_if([] if ran.code in (0, 3) else [f"join: exit {ran.code}: {ran.err[-400:]}"])
    one, many = whole.assess(), joined.assess()
    refuse_if(unlike(one, many))
    refuse_if([] if one["results"] == many["results"] else [f"the results are {many['results']}, and {one['results']} as one run"])
    return f"{len(runs)} runs joined in {ran.wall:.1f} s, {ran.cpu:.2f} CPU s, {ran.peak / 1e6:.0f} MB; {len(printed(many))} rows and counts, results {str(many['results'])[:80]}"


def two_accounts_again(bench: Bench) -> str:
    """The small population again, for what follows."""
    return bench.lab.populate(1, accounts=2)


CASES, LONG = [join_same_digest], [join_of_twenty, two_accounts_again]
