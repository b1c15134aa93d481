"""The short cases before the laboratory: everything asked and found, the agreement's state, two accounts, no credentials kept."""

import base64
import html
import json
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import expected
from laboratory import HOME, Laboratory, Ran, Refused, Row, Workspace, account, calls_of, coverage, custody, gaps, rows_of, settings
from wire import Registry

HERE = Path(__file__).parent


@dataclass
class Bench:
    """What every case gets."""

    lab: Laboratory
    affiant: Path
    scratch: Path
    long: bool
    operations: frozenset[str] = frozenset()
    """What the matrix walks; everything if empty."""

    def workspace(self, name: str, accounts: str = account(HOME), regions: str = "us-east-1") -> Workspace:
        """A new workspace; laboratory without faults, with an active agreement."""
        folder = self.scratch / name
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        (folder / "affiant.yaml").write_text(settings(accounts, regions))
        self.lab.faults()
        self.lab.agreement("active")
        return Workspace(folder, self.affiant, self.lab.environment(), self.lab.wrapper)


def refuse_if(found: list[str], most: int = 12) -> None:
    if found:
        raise Refused("; ".join(found[:most]) + (f"; and {len(found) - most} more" if len(found) > most else ""))


# What was asked

LAB_NAMES = {
    "tagging": "resourcegroupstaggingapi",
    "workspaces-web:GET /userSettings": "workspaces-web:ListUserSettings",
    "connect:GET /instance": "connect:ListInstances",
    "s3:GetBucketLifecycle": "s3:GetBucketLifecycleConfiguration",
}
"""Where the laboratory counts a call under another name than the registry's."""

PART_OF = {"iam:GenerateCredentialReport": "iam:GetCredentialReport"}
"""Calls that are a step of another operation."""


def called(lab: Laboratory) -> set[str]:
    """The operations that the laboratory was asked, by the registry's names."""
    names = (LAB_NAMES.get(call, call) for call in lab.calls())
    found = {f"{LAB_NAMES.get(name.split(':')[0], name.split(':')[0])}:{name.split(':', 1)[1]}" for name in names}
    return {PART_OF.get(name, name) for name in found}


def planned(workspace: Workspace, *words: str) -> dict[str, str]:
    """What `--dry-run` announces: operation, and how often it would be asked."""
    done = workspace.collect("--dry-run", *words, expect=(0,))
    found = re.findall(r"^  ([a-z0-9-]+:[A-Za-z0-9-]+)  +(.*)$", done.out, re.M)
    if len(found) < 50:
        raise Refused(f"--dry-run names {len(found)} operations: {done.out[:300]}")
    return dict(found)


def is_sure(often: str) -> bool:
    """Asked whatever the account holds, neither for each resource nor only in place of AWS Config."""
    return not often.startswith(("once for each", "never")) and "only where" not in often


OPERATIONS = Registry().operations


def api_name(name: str) -> str:
    """The operation of AWS's API by which the registry's name is asked: several may ask the same with other arguments."""
    service, operation = name.split(":", 1)
    return f"{service}:{(OPERATIONS.get(name) or {}).get('operation') or operation.split('-public')[0]}"


def everything_asked(workspace: Workspace, lab: Laboratory, run: Path, *words: str) -> str:
    """What a dry run announces as sure has been asked; what was asked was announced, answered or is a gap with its reason."""
    asked, announced = called(lab), planned(workspace, *words)
    lab.forget_calls()
    plain = {api_name(name) for name in announced}
    wrong = [f"{name} is announced and was not asked" for name, often in announced.items() if is_sure(often) and api_name(name) not in asked]
    own = ("config:", "sts:GetCallerIdentity", "organizations:DescribeOrganization")
    wrong += [f"{name} was asked and not announced" for name in sorted(asked) if name not in plain and not name.startswith(own)]
    answered = {f"{row['source'].get('service')}:{row['source'].get('operation')}" for row in custody(run)}  # type: ignore[attr-defined]
    known = {api_name(str(row["source"])) for row in coverage(run) if row["source"] in OPERATIONS} | {api_name(name) for name in answered}
    wrong += [f"{name} was asked and left neither artifact nor gap" for name in sorted(asked) if name not in known and not name.startswith("config:")]
    wrong += [f"the gap {row['source']} gives no reason" for row in gaps(run) if len(str(row.get("detail") or "")) < 8]
    refuse_if(wrong)
    return f"{len(asked)} operations asked, {len(custody(run))} artifacts, {len(gaps(run))} gaps, each with its reason"


def lacking(run: Path) -> str:
    return ", ".join(sorted({f"{row['source']} {row['state']}" for row in gaps(run)}))


def registry(bench: Bench) -> str:
    """Scale 1: every operation has run, every refusal is a gap."""
    workspace = bench.workspace("registry")
    bench.lab.forget_calls()
    workspace.collect(expect=(3,))
    told = everything_asked(workspace, bench.lab, workspace.run_folder)
    workspace.verify(workspace.run_folder)
    return f"{told}: {lacking(workspace.run_folder)}"


def registry_direct(bench: Bench) -> str:
    """The same without AWS Config."""
    workspace = bench.workspace("registry-direct")
    bench.lab.forget_calls()
    workspace.collect("--no-config", expect=(3,))
    if any(name.startswith("config:Select") for name in bench.lab.calls()):
        raise Refused("AWS Config was queried")
    told = everything_asked(workspace, bench.lab, workspace.run_folder, "--no-config")
    workspace.verify(workspace.run_folder)
    return f"{told}: {lacking(workspace.run_folder)}"


# What was found

def judged(bench: Bench, name: str, *words: str) -> tuple[list[str], list[str], dict[str, str], expected.Judged]:
    workspace = bench.workspace(name)
    workspace.collect(*words)
    rows = rows_of(workspace.assess())
    wanted = expected.read(HERE / "faults.yaml")
    planted = [fault for fault in bench.lab.planted if fault["account"] == HOME]
    return *expected.missed(planted, wanted, rows), rows


def faults_found(bench: Bench) -> str:
    """Scale 1: every planted fault is found, or stands in faults.yaml with its reason."""
    found, lost, listed, _ = judged(bench, "found")
    refuse_if(lost)
    return f"{len(found)} of {len(found) + len(listed)} found (the peer's figure: 31 of 52); with a reason: {', '.join(listed)}"


def faults_found_direct(bench: Bench) -> str:
    """The same without AWS Config; what is lost stands in faults.yaml."""
    found, lost, listed, _ = judged(bench, "found-direct", "--no-config")
    allowed = expected.read(HERE / "faults.yaml")["lost_without_config"]
    refuse_if([what for what in lost if what.split()[0].rstrip(":") not in allowed])
    stale = [name for name in allowed if name in found]
    refuse_if([f"{name} is listed as lost and was found" for name in stale])
    return f"{len(found)} of {len(found) + len(lost) + len(listed)} found; lost without AWS Config: {'; '.join(lost) or 'none'}"


def nothing_healthy(bench: Bench) -> str:
    """Scale 1: what is reported is planted, or true beyond it, on both ways; what is listed as true beyond it is reported on one."""
    told, used = [], set()
    wanted = expected.read(HERE / "faults.yaml")
    for name, words in (("healthy", ()), ("healthy-direct", ("--no-config",))):
        *_, rows = judged(bench, name, *words)
        planted = [fault for fault in bench.lab.planted if fault["account"] == HOME]
        wrong, met = expected.unexpected(planted, wanted, rows)
        refuse_if(sorted(wrong), 30)
        used |= met
        bad = [row for row in rows if row[3] == "not met"]
        told.append(f"{len(bad)} rows not met of {len(rows)}")
    refuse_if([f"{entry} is listed as true and was not reported" for entry in sorted(expected.beyond(wanted) - used)])
    return f"{told[0]}; without AWS Config {told[1]}"


def other_seeds(bench: Bench) -> str:
    """Two other populations of the generator: the same faults, under other ids, and nothing healthy."""
    told = []
    try:
        for seed in (7, 20261127):
            bench.lab.populate(1, 1, seed)
            told.append(f"seed {seed}: {faults_found(bench)}; {faults_found_direct(bench)}; {nothing_healthy(bench)}")
    finally:
        bench.lab.populate(1, accounts=2)
    return "; ".join(told)


# The agreement

STATEMENTS = {
    "active": (r"in force", r"active since 2025-02-03|since 2025-02-03"),
    "terminated": (r"terminated", r"ended on 2026-06-30"),
    "none": (r"none found", r"elsewhere must be filed"),
    "denied": (r"denied", r"refused"),
    "unknown": (r"unknown", r"member account"),
}
"""Words that the statement of each state must hold."""


def chapter(text: str) -> str:
    """The part of a report about the agreement with AWS: the lines that follow its heading."""
    found = re.search(r"AWS’s own Business Associate Addendum(.{0,700})", text, re.S)
    return re.sub(r"\s+", " ", found.group(1)) if found else ""


def told_by(table: Ran) -> str:
    """What `assess` says of the agreement."""
    return " ".join(line for line in table.out.splitlines() if re.search(r"business associate|BAA|agreement", line, re.I))


def reports(workspace: Workspace, packaged: bool) -> dict[str, str]:
    """What `assess` of the run says of the agreement, and with `packaged` its HTML and PDF."""
    table = workspace.run("assess")
    if not packaged:
        return {"assess": told_by(table)}
    made = workspace.run("package")
    if made.code not in (0, 3):
        raise Refused(f"package: exit {made.code}: {made.err[-300:]}")
    top = max((p for p in (workspace.folder / "packages").glob("*/*") if p.is_dir()), key=lambda p: p.stat().st_mtime_ns)
    page = (top / "data/report/index.html").read_text()
    pdf = subprocess.run(["pdftotext", "-layout", top / "data/report/audit-package.pdf", "-"], capture_output=True, text=True, check=True).stdout
    return {"assess": told_by(table), "HTML": chapter(html.unescape(re.sub(r"<[^>]+>", " ", page))), "PDF": chapter(pdf)}


def agreement_of(bench: Bench, state: str, packaged: bool) -> dict[str, str]:
    """Collects with the agreement in a state. Unknown is an empty list in a member account."""
    if state == "unknown":
        member = next(a for a in bench.lab.accounts if a != HOME)
        workspace = bench.workspace("agreement-unknown", account(member, f"role: arn:aws:iam::{member}:role/OrganizationAccountAccessRole"))
        bench.lab.agreement("none")
    else:
        workspace = bench.workspace(f"agreement-{state}")
        bench.lab.agreement(state)
    workspace.collect()
    told = reports(workspace, packaged)
    bench.lab.agreement("active")
    return told


def five_statements(bench: Bench, packaged: bool) -> str:
    told = {state: agreement_of(bench, state, packaged) for state in STATEMENTS}
    wrong = []
    for place in told["active"]:
        for state, patterns in STATEMENTS.items():
            text = told[state][place]
            wrong += [f"{place}, {state}: no '{p}' in '{text[:160]}'" for p in patterns if not re.search(p, text, re.I)]
        if len({told[state][place] for state in STATEMENTS}) != len(STATEMENTS):
            wrong.append(f"{place}: fewer than five different statements")
    refuse_if(wrong, 16)
    return f"five statements in {', '.join(told['active'])}"


def agreement(bench: Bench) -> str:
    """The agreement in force, terminated, not found, denied, unknown: five different, correct statements of `assess`."""
    return five_statements(bench, packaged=False)


def agreement_packaged(bench: Bench) -> str:
    """The same in HTML and PDF, too."""
    return five_statements(bench, packaged=True)


# Two accounts

def two_accounts(bench: Bench) -> str:
    """Two roles, one refused: one report; the refused account is not evidenced throughout, the other's faults are shown."""
    member = next(a for a in bench.lab.accounts if a != HOME)
    entries = "".join(
        account(a, f"role: arn:aws:iam::{a}:role/OrganizationAccountAccessRole", "external_id: laboratory-1") for a in (HOME, member)
    )
    workspace = bench.workspace("two-accounts", entries)
    bench.lab.faults({"operation": "AssumeRole", "mode": "deny", "skip": 1})
    workspace.collect(expect=(3,))
    bench.lab.faults()
    states = {a: {str(row["state"]) for row in coverage(workspace.run_folder) if row["account"] == a} for a in (HOME, member)}
    refused = [a for a, found in states.items() if not found & {"read", "empty", "absent"}]
    if len(refused) != 1:
        raise Refused(f"read in {[a for a in states if a not in refused]}, refused {refused}: one of each was expected")
    rows = rows_of(workspace.assess())
    good = [f"{check} of {resource}: {verdict}" for check, a, resource, verdict in rows if a == refused[0] and verdict != "not evidenced"]
    refuse_if(good)
    other = next(a for a in states if a not in refused)
    wanted = expected.read(HERE / "faults.yaml")
    planted = [fault for fault in bench.lab.planted if fault["account"] == other]
    found, lost, _ = expected.missed(planted, wanted, rows)
    refuse_if([what for what in lost if not what.startswith("F43")])
    silent = [row for row in rows if row[1] == refused[0]]
    return f"{other}: {len(found)} faults found; {refused[0]}: {len(silent)} rows, all not evidenced"


def both_accounts(bench: Bench) -> str:
    """Two roles, both granted: each account's faults under its own name."""
    member = next(a for a in bench.lab.accounts if a != HOME)
    entries = account(HOME) + account(member, f"role: arn:aws:iam::{member}:role/OrganizationAccountAccessRole")
    workspace = bench.workspace("both-accounts", entries)
    workspace.collect(expect=(0, 3))
    rows = rows_of(workspace.assess())
    wanted = expected.read(HERE / "faults.yaml")
    told = []
    for number in (HOME, member):
        planted = [fault for fault in bench.lab.planted if fault["account"] == number]
        found, lost, _ = expected.missed(planted, wanted, rows)
        refuse_if(lost)
        told.append(f"{number}: {len(found)} found")
    callers = {str(row["source"].get("custody", {}).get("caller")) for row in custody(workspace.run_folder)}  # type: ignore[attr-defined]
    if not any(f"{member}:assumed-role/" in c for c in callers):
        raise Refused(f"no artifact names the assumed role: {sorted(callers)}")
    return "; ".join(told)


# A new workspace

def init_from_aws(bench: Bench) -> str:
    """Accounts, regions and organization as AWS says them; what is left is for a person; a profile without credentials is named."""
    outer = bench.workspace("init-from-aws")
    (outer.folder / "affiant.yaml").unlink()
    made = outer.run("init", "new", "--from-aws", "--region", "us-east-1")
    if made.code not in (0, 3):
        raise Refused(f"init: exit {made.code}: {made.err[-500:]}")
    text = (outer.folder / "new/affiant.yaml").read_text()
    settings_part = text.split("# How a resource shows")[0]
    if f'id: "{HOME}"' not in settings_part or "- us-east-1" not in settings_part or "<us-east-1>" in settings_part.split("# How")[0]:
        raise Refused(f"the workspace does not hold what AWS said:\n{settings_part}")
    (outer.folder / "new/program/incident-response.yaml").unlink()
    (outer.folder / "new/program/risks.yaml").unlink()
    linted = outer.run("--workspace", "new", "lint", "--format", "json")
    problems = [p for p in json.loads(linted.out)["problems"] if p["level"] == "error"]
    refuse_if([str(problem) for problem in problems])
    none = {"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": "", "AWS_SESSION_TOKEN": "", "AWS_EC2_METADATA_DISABLED": "true"}
    lost = outer.run("init", "other", "--from-aws", "--profile", "nobody", "--region", "us-east-1", more=none)
    if lost.code not in (2, 5) or "nobody" not in lost.err or (outer.folder / "other").exists():
        raise Refused(f"a profile that is not there: exit {lost.code}: {lost.err[-300:]}")
    listed = settings_part.count("  - id:")
    return f"{listed} accounts, {len(re.findall(r'us-|eu-|ap-|sa-|ca-', settings_part))} mentions of regions; {made.err.strip()[:120]}"


# Nothing of the credentials

def forms(secret: str) -> set[bytes]:
    """A secret as such and inside base64, at each of the three places where it may begin."""
    raw = secret.encode()
    shifted = {base64.b64encode(b"\0" * n + raw)[[0, 2, 3][n] : -4 if (n + len(raw)) % 3 else None] for n in range(3)}
    return {raw, *(s for s in shifted if len(s) > 12)}


SECRETS = {
    "AWS_ACCESS_KEY_ID": "AKIALABORATORY7EXAMPLE",
    "AWS_SECRET_ACCESS_KEY": "labSecret/K7MDENGbPxRfiCYEXAMPLEKEYlaboratory",
    "AWS_SESSION_TOKEN": "labSession//Token1234567890EXAMPLEtokenOfTheLaboratory==",
}


def files_of(folder: Path) -> list[Path]:
    return [p for p in folder.rglob("*") if p.is_file()]


def no_credentials(bench: Bench) -> str:
    """Neither the key's secret nor a session's token nor a presigned link appears in run, package, output or leftovers."""
    member = next(a for a in bench.lab.accounts if a != HOME)
    entries = account(HOME) + account(member, f"role: arn:aws:iam::{member}:role/OrganizationAccountAccessRole")
    workspace = bench.workspace("credentials", entries)
    workspace.collect(more=SECRETS)
    workspace.run("package")
    needles = {form: name for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN") for form in forms(SECRETS[name])}
    needles |= {b"X-Amz-Signature": "a presigned link", b"X-Amz-Credential": "a presigned link", b"X-Amz-Security-Token": "a session token"}
    needles |= {b"<SessionToken>": "a session token", b"FQoGZXIvYXdz": "a session token", b"<SecretAccessKey>": "a role's key"}
    wrong, seen = [], 0
    for path in files_of(workspace.folder):
        data, seen = path.read_bytes(), seen + 1
        wrong += [f"{name} in {path.relative_to(workspace.folder)}" for needle, name in needles.items() if needle in data]
    refuse_if(sorted(set(wrong)))
    if len(calls_of(workspace.run_folder)) < 50:
        raise Refused("the run is too small to tell")
    return f"{seen} files, {len(needles)} needles"


LONG = [agreement_packaged, other_seeds]
CASES = [registry, registry_direct, faults_found, faults_found_direct, nothing_healthy, agreement, two_accounts, both_accounts, init_from_aws, no_credentials]
