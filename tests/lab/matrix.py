"""Faults of the API, one at a time into every operation that a run calls: a gap with its reason, never a better verdict."""

import shutil
from collections import defaultdict
from collections.abc import Iterable

import yaml
from cases import OPERATIONS, Bench, api_name, called, refuse_if
from laboratory import HOME, RANK, Ran, Refused, Row, Workspace, account, calls_of, gaps, rows_of, verdicts
from past import deliver_history
from wire import ROOT, Registry, Spoiler

MODES = ("throttle", "deny", "500", "timeout", "truncate", "malformed")
"""Faults that leave a gap and let the run go on. `expired` ends it, so it is met by one operation at a time."""

WORDS = ("--attempts", "2", "--time-limit", "5")

PATIENCE = {"timeout": "1"}
"""Seconds until a call is given up, shorter than what the laboratory sleeps. Under the other faults nothing is slow on purpose: what a busy
machine answers late is waited for, since a list that fails keeps what it names from meeting the fault."""

AGAIN = 2
"""How often an operation that did not meet its fault, because a list before it failed, is tried again by itself."""

WHO = "sts:GetCallerIdentity"
"""Without its answer nothing can be collected: no run, and code 2 or 5."""

SAMPLE = [
    "config:SelectResourceConfig", "config:GetDiscoveredResourceCounts", "config:DescribeConfigurationRecorders", "config:BatchGetResourceConfig",
    "iam:GetAccountSummary", "iam:GetCredentialReport", "iam:GetAccountPasswordPolicy", "ec2:GetEbsEncryptionByDefault",
    "rds:DescribeDBParameters", "logs:DescribeMetricFilters", "logs:DescribeLogGroups", "s3:ListBuckets", "s3control:GetPublicAccessBlock",
    "artifact:ListCustomerAgreements", "elasticache:DescribeReplicationGroups", "elbv2:DescribeSSLPolicies", "cloudtrail:GetTrailStatus",
]
"""Meet every fault always; every other operation meets `deny` always and the rest under `--long`."""

RENAMED = {"resourcegroupstaggingapi": "tagging", "workspaces-web:ListUserSettings": "workspaces-web:GET /userSettings",
           "s3:GetBucketLifecycleConfiguration": "s3:GetBucketLifecycle", "connect:ListInstances": "connect:GET /instance"}


def pattern(operation: str) -> str:
    """The operation by the laboratory's name, for a rule."""
    service, name = operation.split(":")
    return RENAMED.get(operation, f"{RENAMED.get(service, service)}:{name}")


def worse_or_same(before: Row, after: Row) -> list[str]:
    """Where the verdict of a row, a check or a control is better after the fault than before it, or a finding left without a word."""
    old_rows, new_rows = ({(r[0], r[1], r[2]): r[3] for r in rows_of(a)} for a in (before, after))
    said = defaultdict(set)
    for check, _, _, verdict in rows_of(after):
        said[check].add(verdict)
    for name, verdict in verdicts(after).items():
        said[name].add(verdict)
    for control in after["controls"]:  # type: ignore[attr-defined]
        for check in control["checks"]:
            said[check["id"]] |= {"not evidenced"} if check["gaps"] else set()
    wrong = []
    for key, verdict in old_rows.items():
        now = new_rows.get(key)
        if now is None and verdict in ("not met", "not evidenced") and "not evidenced" not in said[key[0]]:
            wrong.append(f"{key[0]} of {key[2]}: {verdict}, then gone without a word")
        elif now is not None and better(verdict, now) and not (key[0] in OTHERWISE and now == "not applicable"):
            wrong.append(f"{key[0]} of {key[2]}: {verdict}, then {now}")
    old, new = verdicts(before), verdicts(after)
    return wrong + [f"{name}: {old[name]}, then {new[name]}" for name in old if name not in OTHERWISE and better(old[name], new[name])]


OTHERWISE = {"rds.snapshot-not-shared": "an automated snapshot's sharing is in AWS Config's item, and is not asked for directly: only manual ones can be shared"}
"""Checks whose rows may turn from `met` to `not applicable` where AWS Config is replaced by direct calls, and why."""


def better(before: str, after: str) -> bool:
    """Lost evidence may turn `not met` into `not evidenced`; any other step up is a pass that should not be."""
    return RANK[after] > RANK[before] and not (before == "not met" and after == "not evidenced")


def named(operation: str, found: list[Row], usual: set[tuple[str, str]]) -> list[Row]:
    """The gaps that speak of the operation. AWS Config's own operations, and its files in S3, feed many sources, so there any new gap counts."""
    service = operation.split(":")[0]
    exact = [row for row in found if (row["source"] in OPERATIONS and api_name(str(row["source"])) == operation) or operation.split(":")[1] in str(row.get("detail"))]
    if (service == "config" or operation == "s3:GetObject") and not exact:
        return [row for row in found if (str(row["source"]), str(row["region"])) not in usual]
    return exact


class Ties:
    """What keeps two operations from being disturbed in the same run: one needs the other's answer, or a check reads both, so that the
    gap of one could hide what is wrong about the other."""

    def __init__(self, registry: Registry, assessment: Row) -> None:
        self.registry = registry
        fed: dict[str, set[str]] = defaultdict(set)
        for path in (ROOT / "controls/tables").rglob("*.yaml"):
            table = yaml.safe_load(path.read_text())
            for source in table.get("sources") or []:
                fed[source].add(str(table["table"]))
        read: dict[str, set[str]] = defaultdict(set)
        for control in assessment["controls"]:  # type: ignore[attr-defined]
            for check in control["checks"]:
                for table in check["tables"]:
                    read[table].add(check["id"])
        self.checks = {source: {check for table in tables for check in read[table]} for source, tables in fed.items()}
        self.filled: dict[str, set[str]] = defaultdict(set)
        for name, operation in registry.operations.items():
            for fill in operation.get("fill") or []:
                if "type" in fill and "into" not in fill:
                    self.filled[fill["type"]].add(name)

    def needs(self, name: str) -> set[str]:
        """The operations whose answers say what this one is asked about, and theirs."""
        found: set[str] = set()
        open_ = [name]
        while open_:
            for each in self.registry.operations.get(open_.pop(), {}).get("each") or []:
                source = each.get("from") or ""
                parents = {source} if source in self.registry.operations else self.filled.get(source, set())
                open_ += parents - found
                found |= parents
        return found - {name}

    def read_by(self, name: str) -> set[str]:
        """The checks that an operation bears on, also by the types that it fills."""
        types = [fill["type"] for fill in self.registry.operations.get(name, {}).get("fill") or [] if "type" in fill]
        return set().union(*(self.checks.get(source, set()) for source in [name, *types]))

    def batches(self, names: Iterable[str], apart: bool) -> list[list[str]]:
        """As few groups as come easily, each without ties; with `apart`, also without a check in common. AWS Config's own go alone."""
        made: list[tuple[list[str], set[str], set[str]]] = []
        for name in names:
            needs, checks = self.needs(name), self.read_by(name) if apart else set()
            if name.startswith(("config:", "sts:")):
                made.append(([name], {"*"}, set()))
                continue
            for members, needed, read in made:
                if "*" not in needed and name not in needed and not needs & set(members) and not checks & read:
                    members.append(name)
                    needed |= needs
                    read |= checks
                    break
            else:
                made.append(([name], set(needs), set(checks)))
        return [members for members, _, _ in made]


class Matrix:
    """A workspace, the undisturbed run, and what was disturbed."""

    def __init__(self, bench: Bench, name: str, *words: str, workspace: Workspace | None = None) -> None:
        self.bench, self.words = bench, words
        self.workspace = workspace or bench.workspace(name)
        bench.lab.forget_calls()
        self.workspace.collect(*words)
        self.operations = sorted(called(bench.lab))
        self.before = self.workspace.assess()
        self.calls = set(calls_of(self.workspace.run_folder))
        self.usual = {(str(row["source"]), str(row["region"])) for row in gaps(self.workspace.run_folder)}
        self.registry = Registry()
        self.ties = Ties(self.registry, self.before)
        self.runs, self.pairs, self.wrong = 0, 0, []
        self.log = (bench.scratch / f"{name}.txt").open("w")

    def disturbed(self, names: list[str], mode: str) -> tuple[Ran, set[str]]:
        """A run in which these operations meet the fault, and those that did meet it."""
        self.workspace.clear()
        self.runs += 1
        words = ("--call-timeout", PATIENCE.get(mode, "20"), *WORDS, *self.words)
        if mode == "malformed":
            spoiler = Spoiler(self.bench.lab.port, self.registry)
            spoiler.chosen = set(names)
            try:
                done = self.workspace.run("collect", "--aws", *words, more={"AWS_ENDPOINT_URL": f"http://localhost:{spoiler.port}"})
            finally:
                spoiler.close()
            return done, spoiler.met
        self.bench.lab.faults(*({"operation": pattern(name), "mode": mode, "seconds": 3} for name in names))
        try:
            done = self.workspace.run("collect", "--aws", *words)
            rules = self.bench.lab.ask("GET", "faults")
            return done, {name for name, rule in zip(names, rules) if int(str(rule["fired"]))}  # type: ignore[call-overload]
        finally:
            self.bench.lab.faults()

    def tell(self, name: str, mode: str, wrong: str) -> None:
        self.pairs += 1
        print(f"{name} {mode}: {'FAILED ' + wrong if wrong else 'ok'}", file=self.log, flush=True)
        if wrong:
            self.wrong.append(f"{name} {mode}: {wrong}")

    def batch(self, names: list[str], mode: str, again: int = AGAIN) -> None:
        """Every operation of the batch must leave its gap; no verdict may be better than before."""
        done, met = self.disturbed(names, mode)
        if names == [WHO]:
            self.tell(WHO, mode, "" if done.code in (2, 5) and not self.workspace.runs else f"exit {done.code}, {len(self.workspace.runs)} runs")
            return
        if done.code != 3:
            for name in names:
                self.tell(name, mode, f"exit {done.code}, not 3: {done.err[-200:]}")
            return
        found = gaps(self.workspace.run_folder)
        better = worse_or_same(self.before, self.workspace.assess())
        failed = {str(row["source"]) for row in found if (str(row["source"]), str(row["region"])) not in self.usual}
        late = [name for name in names if again and name not in met and self.ties.needs(name) & failed]
        for name in names:
            if name in late:
                continue
            of_it = named(name, found, self.usual)
            mute = [row for row in of_it if len(str(row.get("detail") or "")) < 8]
            problems = [] if name in met else ["the fault was never met"]
            problems += [] if of_it else ["no gap names it"]
            problems += ["a gap gives no reason"] if mute else []
            self.tell(name, mode, "; ".join(problems))
        if better:
            self.wrong.append(f"{' '.join(names)} {mode}: {'; '.join(better[:3])}")
            print(f"{' '.join(names)} {mode}: BETTER {better}", file=self.log, flush=True)
        for name in late:
            self.batch([name], mode, again - 1)

    def expired(self, name: str, resume: bool) -> None:
        """The run ends as unfinished; resumed, it holds what an undisturbed one holds."""
        done, met = self.disturbed([name], "expired")
        if name == WHO or not met:
            good = done.code in (2, 5) and not self.workspace.runs
            self.tell(name, "expired", "the fault was never met" if not met else "" if good else f"exit {done.code}")
            return
        if done.code != 5 or self.workspace.runs:
            self.tell(name, "expired", f"exit {done.code}, not 5; {len(self.workspace.runs)} runs look finished")
            return
        if resume:
            done = self.workspace.run("collect", "--aws", "--resume", *self.words)
            got = set(calls_of(self.workspace.run_folder)) if done.code in (0, 3) else set()
            differs = f"resumed (exit {done.code}) without {len(self.calls - got)}, with {len(got - self.calls)} more: {sorted(self.calls ^ got)[:2]}"
            self.tell(name, "expired", "" if got == self.calls else differs)
        else:
            self.tell(name, "expired", "")

    def ended(self) -> str:
        self.log.close()
        shutil.rmtree(self.workspace.folder / "evidence", ignore_errors=True)
        refuse_if(self.wrong, 40)
        return f"{self.pairs} pairs of an operation and a fault in {self.runs} runs: a gap each, no better verdict"


def sample(bench: Bench) -> str:
    """Every operation is denied; a few meet every other fault."""
    matrix = Matrix(bench, "matrix-sample")
    gone = [operation for operation in SAMPLE if operation not in matrix.operations]
    refuse_if([f"{operation} is not asked any more" for operation in gone])
    for names in matrix.ties.batches(matrix.operations, apart=False):
        matrix.batch(names, "deny")
    alone = {"config:SelectResourceConfig": ("truncate", "malformed"), "config:GetDiscoveredResourceCounts": ("500",), "config:BatchGetResourceConfig": ("throttle",)}
    for names in matrix.ties.batches(SAMPLE, apart=False):
        for mode in MODES:
            if mode != "deny" and (names[0] not in SAMPLE[:4] or mode in alone.get(names[0], ())):
                matrix.batch(names, mode)
    for name in ("config:SelectResourceConfig", "rds:DescribeDBParameters"):
        matrix.expired(name, True)
    return matrix.ended()


def walked(matrix: Matrix, names: list[str]) -> str:
    """Every fault into each of the operations, those together that no check reads in common."""
    for mode in MODES:
        for together in matrix.ties.batches(names, apart=True):
            matrix.batch(together, mode)
    for number, name in enumerate(names):
        matrix.expired(name, number % 8 == 0)
    return matrix.ended()


def whole(bench: Bench) -> str:
    """Every operation of a run with AWS Config, every fault; or those that were named on the command line."""
    if bench.operations:
        return named_alone(bench, "matrix")
    matrix = Matrix(bench, "matrix")
    return walked(matrix, matrix.operations)


def whole_direct(bench: Bench) -> str:
    """Every operation that only a run without AWS Config asks, every fault; or those that were named, whoever else asks them."""
    if bench.operations:
        return named_alone(bench, "matrix-direct", "--no-config")
    matrix, other = Matrix(bench, "matrix-direct", "--no-config"), Matrix(bench, "matrix-config")
    return walked(matrix, sorted(set(matrix.operations) - set(other.operations)))


def named_alone(bench: Bench, name: str, *words: str) -> str:
    """The operations of the command line, those of the organization too, as far as the laboratory is asked them; the others are told."""
    matrix = Matrix(bench, name, *words, workspace=bench.workspace(name, account(HOME, "organization: true")))
    unknown = sorted(bench.operations - set(matrix.registry.operations))
    refuse_if([f"the registry knows no {operation}" for operation in unknown])
    met, silent = (sorted(found) for found in (bench.operations & set(matrix.operations), bench.operations - set(matrix.operations)))
    refuse_if([] if met else [f"the laboratory is asked none of {', '.join(silent)}"])
    return f"{walked(matrix, met)}; not asked: {', '.join(silent) or 'none'}"


DELIVERED = ["config:DescribeDeliveryChannels", "s3:GetObject", "s3:ListObjectsV2"]
"""Operations that only the way over AWS Config's bucket asks."""


def whole_delivered(bench: Bench) -> str:
    """Every operation that reads delivered snapshots and history, every fault."""
    workspace = bench.workspace("matrix-delivered")
    settings = workspace.folder / "affiant.yaml"
    settings.write_text(settings.read_text() + "aws:\n  config: snapshot\n")
    since = deliver_history(bench, workspace)
    matrix = Matrix(bench, "matrix-delivered", "--since", since, workspace=workspace)
    refuse_if([f"{name} is not asked" for name in DELIVERED if name not in matrix.operations])
    for name in DELIVERED:  # each alone: one leads to the next
        for mode in MODES:
            matrix.batch([name], mode)
        matrix.expired(name, True)
    return matrix.ended()


whole.__name__, whole_direct.__name__, sample.__name__ = "matrix", "matrix_direct", "matrix_sample"
whole_delivered.__name__ = "matrix_delivered"

CASES, LONG = [sample], [whole, whole_direct, whole_delivered]
