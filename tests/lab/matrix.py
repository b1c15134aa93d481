"""Faults of the API, one at a time into every operation that a run calls: a gap with its reason, never a better verdict."""

import shutil
from collections import defaultdict

from cases import Bench, called, refuse_if
from laboratory import HOME, RANK, Ran, Refused, Row, Workspace, calls_of, gaps, rows_of, verdicts

MODES = ("throttle", "deny", "500", "timeout", "truncate", "expired")

WORDS = ("--call-timeout", "1", "--attempts", "2")

WHO = "sts:GetCallerIdentity"
"""Without its answer nothing can be collected: no run, and code 2 or 5."""

SAMPLE = [
    ("config:SelectResourceConfig", "deny"), ("config:SelectResourceConfig", "truncate"), ("config:SelectResourceConfig", "expired"),
    ("config:GetDiscoveredResourceCounts", "500"), ("config:DescribeConfigurationRecorders", "deny"), ("config:BatchGetResourceConfig", "throttle"),
    ("config:DescribeConfigurationRecorderStatus", "timeout"), ("config:ListDiscoveredResources", "deny"), ("sts:GetCallerIdentity", "deny"),
    ("iam:GetAccountSummary", "throttle"), ("iam:GetCredentialReport", "deny"), ("iam:GetAccountPasswordPolicy", "truncate"),
    ("iam:ListVirtualMFADevices", "500"), ("ec2:GetEbsEncryptionByDefault", "deny"), ("ec2:DescribeSnapshotAttribute", "timeout"),
    ("rds:DescribeDBParameters", "truncate"), ("rds:DescribeDBParameters", "expired"), ("logs:DescribeLogGroups", "throttle"),
    ("logs:DescribeMetricFilters", "deny"), ("s3:ListBuckets", "truncate"), ("s3control:GetPublicAccessBlock", "deny"),
    ("artifact:ListCustomerAgreements", "500"), ("elasticache:DescribeReplicationGroups", "truncate"), ("elbv2:DescribeSSLPolicies", "timeout"),
    ("cloudtrail:GetTrailStatus", "deny"), ("kms:GetKeyRotationStatus", "500"), ("sns:ListSubscriptions", "expired"),
]
"""What runs always; the whole product of operations and modes takes `--long`."""

RENAMED = {"resourcegroupstaggingapi": "tagging", "workspaces-web:ListUserSettings": "workspaces-web:GET /userSettings",
           "s3:GetBucketLifecycleConfiguration": "s3:GetBucketLifecycle"}


def pattern(operation: str) -> str:
    """The operation by the laboratory's name, for a rule."""
    service, name = operation.split(":")
    return RENAMED.get(operation, f"{RENAMED.get(service, service)}:{name}")


def worse_or_same(before: Row, after: Row) -> list[str]:
    """Where the verdict of a row, a check or a control is better after the fault than before it, or a finding left without a word."""
    old_rows, new_rows = ({(r[0], r[1], r[2]): r[3] for r in rows_of(a)} for a in (before, after))
    silent = defaultdict(set)
    for check, _, _, verdict in rows_of(after):
        silent[check].add(verdict)
    wrong = []
    for key, verdict in old_rows.items():
        now = new_rows.get(key)
        if now is None and verdict in ("not met", "not evidenced") and "not evidenced" not in silent[key[0]]:
            wrong.append(f"{key[0]} of {key[2]}: {verdict}, then gone without a word")
        elif now is not None and better(verdict, now):
            wrong.append(f"{key[0]} of {key[2]}: {verdict}, then {now}")
    old, new = verdicts(before), verdicts(after)
    return wrong + [f"{name}: {old[name]}, then {new[name]}" for name in old if better(old[name], new[name])]


def better(before: str, after: str) -> bool:
    """Lost evidence may turn `not met` into `not evidenced`; any other step up is a pass that should not be."""
    return RANK[after] > RANK[before] and not (before == "not met" and after == "not evidenced")


def named(operation: str, found: list[Row], usual: set[tuple[str, str]]) -> list[Row]:
    """The gaps that speak of the operation. AWS Config's own operations feed many sources, so there any new gap counts."""
    service = operation.split(":")[0]
    exact = [row for row in found if str(row["source"]) == operation or operation.split(":")[1] in str(row.get("detail"))]
    if service == "config" and not exact:
        return [row for row in found if (str(row["source"]), str(row["region"])) not in usual]
    return exact


class Matrix:
    """A workspace, the undisturbed run, and the pairs walked."""

    def __init__(self, bench: Bench, name: str, *words: str) -> None:
        self.bench, self.words = bench, words
        self.workspace = bench.workspace(name)
        bench.lab.forget_calls()
        self.workspace.collect(*words)
        self.operations = sorted(called(bench.lab))
        self.before = self.workspace.assess()
        self.calls = set(calls_of(self.workspace.run_folder))
        self.usual = {(str(row["source"]), str(row["region"])) for row in gaps(self.workspace.run_folder)}
        self.fired = 0

    def disturbed(self, operation: str, mode: str) -> Ran:
        self.workspace.clear()
        self.bench.lab.faults({"operation": pattern(operation), "mode": mode, "seconds": 3})
        try:
            done = self.workspace.run("collect", "--aws", *WORDS, *self.words)
            if not self.bench.lab.fired():
                raise Refused("the fault was never met")
            self.fired += 1
            return done
        finally:
            self.bench.lab.faults()

    def resumed(self) -> None:
        """After expiry, a resumed run holds what an undisturbed one holds."""
        done = self.workspace.run("collect", "--aws", "--resume", *self.words)
        if done.code not in (0, 3):
            raise Refused(f"resume: exit {done.code}: {done.err[-200:]}")
        got = set(calls_of(self.workspace.run_folder))
        refuse_if([f"resumed without {len(self.calls - got)}, with {len(got - self.calls)} more: {sorted(self.calls ^ got)[:3]}"] if got != self.calls else [])

    def pair(self, operation: str, mode: str) -> None:
        """Refuses when the fault leads to a wrong exit code, a missing gap or a better verdict."""
        done = self.disturbed(operation, mode)
        if operation == WHO:
            if done.code not in (2, 5) or self.workspace.runs:
                raise Refused(f"exit {done.code}, {len(self.workspace.runs)} runs")
        elif mode == "expired":
            if done.code != 5 or self.workspace.runs:
                raise Refused(f"exit {done.code}, not 5; {len(self.workspace.runs)} runs look finished")
            self.resumed()
        else:
            if done.code != 3:
                raise Refused(f"exit {done.code}, not 3: {done.err[-200:]}")
            found = named(operation, gaps(self.workspace.run_folder), self.usual)
            if not found:
                raise Refused("no gap names it")
            refuse_if([f"the gap of {row['source']} gives no reason" for row in found if len(str(row.get("detail") or "")) < 8])
            refuse_if(worse_or_same(self.before, self.workspace.assess()), 3)

    def walk(self, pairs: list[tuple[str, str]], log: str) -> str:
        wrong = []
        with (self.bench.scratch / log).open("w") as told:
            for operation, mode in pairs:
                try:
                    self.pair(operation, mode)
                    word = "ok"
                except Refused as no:
                    word = f"FAILED {no}"
                    wrong.append(f"{operation} {mode}: {no}")
                print(f"{operation} {mode}: {word}", file=told, flush=True)
        shutil.rmtree(self.workspace.folder / "evidence", ignore_errors=True)
        refuse_if(wrong, 40)
        return f"{len(pairs)} pairs of {len(self.operations)} operations and {len(MODES)} faults, {self.fired} met: a gap each, no better verdict"


def sample(bench: Bench) -> str:
    """A fixed sample of the matrix."""
    matrix = Matrix(bench, "matrix-sample")
    gone = [operation for operation, _ in SAMPLE if operation not in matrix.operations]
    refuse_if([f"{operation} is not asked any more" for operation in gone])
    return matrix.walk(SAMPLE, "matrix-sample.txt")


def whole(bench: Bench) -> str:
    """Every operation of a run with AWS Config, every fault."""
    matrix = Matrix(bench, "matrix")
    return matrix.walk([(o, m) for o in matrix.operations for m in MODES], "matrix.txt")


def whole_direct(bench: Bench) -> str:
    """Every operation that only a run without AWS Config asks, every fault."""
    matrix = Matrix(bench, "matrix-direct", "--no-config")
    only = set(matrix.operations) - {str(o) for o in Matrix(bench, "matrix-config").operations}
    return matrix.walk([(o, m) for o in sorted(only) for m in MODES], "matrix-direct.txt")


whole.__name__, whole_direct.__name__, sample.__name__ = "matrix", "matrix_direct", "matrix_sample"

CASES, LONG = [sample], [whole, whole_direct]
