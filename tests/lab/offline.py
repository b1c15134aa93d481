"""The script of `affiant policy --script`: its commands against botocore's own names, hostile names in answers, and the AWS CLI before
the laboratory, whose saved answers lead to the verdicts of a live run."""

import contextlib
import json
import os
import re
import shlex
import shutil
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import botocore.session
import cli_server
from botocore import xform_name
from botocore.model import StructureShape
from cases import Bench, refuse_if
from laboratory import REGION, Laboratory, Row, Workspace, custody, gaps, rows_of
from wire_models import OPERATIONS, named

HERE = Path(__file__).parent

SERVICES = {"configservice": "config", "s3api": "s3"}
"""Services that the CLI names otherwise than botocore."""

NEVER = {
    "config:BatchGetAggregateResourceConfig": "an aggregator is read by `collect --aws` alone",
    "config:DescribeConfigurationAggregatorSourcesStatus": "the same",
    "config:DescribeConfigurationAggregators": "the same",
    "config:GetAggregateDiscoveredResourceCounts": "the same",
    "config:ListAggregateDiscoveredResources": "the same",
    "config:SelectAggregateResourceConfig": "the same",
    "config:DescribeDeliveryChannels": "delivered snapshots are copied from the bucket",
    "config:DeliverConfigSnapshot": "writes to the bucket",
    "s3:GetObject": "delivered snapshots are copied from the bucket",
    "s3:ListObjectsV2": "the same",
    "artifact:GetReport": "AWS's documents are fetched by name",
    "artifact:GetReportMetadata": "the same",
    "artifact:GetTermForReport": "the same",
}
"""Operations that the script does not ask, and why."""


def script(bench: Bench) -> str:
    done = subprocess.run([str(bench.affiant), "policy", "--script"], capture_output=True, text=True, check=True, cwd=bench.scratch)
    return done.stdout


def options(words: list[str]) -> dict[str, list[str]]:
    """Options and their values, in the order in which a command line has them."""
    found: dict[str, list[str]] = {}
    for word in words:
        if word.startswith("--"):
            found[word[2:]] = []
        else:
            found[list(found)[-1]].append(word)
    return found


def script_names(bench: Bench) -> str:
    """Every operation of the registry is asked, by the commands, options and members that botocore's models give the CLI."""
    session, wrong, asked = botocore.session.get_session(), [], set()
    blocks = re.findall(r"^ +begin (\S+) (\S+) (.*?)\n(.*?)(?=^ +begin |^\})", script(bench), re.M | re.S)
    for name, _, command, more in blocks:
        asked.add(name)
        if name not in OPERATIONS:
            wrong.append(f"{name} is not in the registry")
            continue
        service, operation = named(name)
        shape = session.get_service_model(service).operation_model(operation).input_shape
        words = shlex.split(re.sub(r"\$\(day \d+\)|\$account", "x", command))
        if (SERVICES.get(words[0], words[0]), words[1]) != (service, xform_name(operation, "-")):
            wrong.append(f"{name}: {' '.join(words[:2])}")
        members = shape.members if isinstance(shape, StructureShape) else {}
        known = {xform_name(n, "-"): m for n, m in members.items()}
        for option, values in options(words[2:]).items():
            if option in ("max-items", "page-size", "starting-token"):
                wrong.append(f"{name}: --{option} is an option of the CLI itself")
            if option.startswith("no-") and known.get(option[3:]) is not None and known[option[3:]].type_name == "boolean":
                continue
            member = known.get(option)
            if member is None:
                wrong.append(f"{name}: no option --{option}")
            elif member.type_name == "boolean" and values:
                wrong.append(f"{name}: --{option} takes no value")
            elif member.type_name not in ("list", "boolean") and len(values) != 1:
                wrong.append(f"{name}: --{option} takes one value, not {values}")
        given = re.findall(r"^ +param=(\S+)", more, re.M) + re.findall(r"^ +pages '([^']*)'", more, re.M)
        given += re.findall(r'^ +fixed=\'"(\w+)"', more, re.M)
        given += [c for line in re.findall(r"carry=(.*?) from ", more) for c in re.findall(r"'(\w+)=", line)]
        wrong += [f"{name}: no member {member}" for member in given if member not in members]
        need = {xform_name(n, "-") for n in (shape.required_members if shape else [])} - options(words[2:]).keys() - {xform_name(n, "-") for n in given}
        if need:
            wrong.append(f"{name}: {', '.join(need)} is missing")
    items = {"config:SelectResourceConfig", "config:ListDiscoveredResources", "config:BatchGetResourceConfig", "config:GetDiscoveredResourceCounts"}
    wrong += [f"{name} is not asked" for name in OPERATIONS if name not in asked | items and name not in NEVER]
    refuse_if(wrong, 60)
    return f"{len(asked)} operations by the CLI's own names, {len(items)} for the items of AWS Config, {len(NEVER)} with a reason"


# Hostile names

NAMES = ["$(touch pwned)", "`touch pwned`", "a;touch pwned", "a'b\"c", "line\nbreak\ttab", "../../../../pwned", "--output", "file:///etc/passwd", "ü %s \\n {}", "|&><*?~"]

FAKE = """#!{python} -I
import json, sys
names = {names!r}
if "--generate-cli-skeleton" in sys.argv:
    sys.exit(print('{{"Buckets": [{{"Name": "Name", "BucketRegion": "BucketRegion"}}]}}'))
with open({log!r}, "a") as log:
    log.write(json.dumps(sys.argv[1:]) + "\\n")
asked = sys.argv[2]
if asked == "get-caller-identity":
    print("111122223333")
elif asked == "list-policies":
    print(json.dumps({{"Policies": [{{"Id": name, "Name": name}} for name in names]}}, indent=4, ensure_ascii=False))
elif asked == "describe-policy":
    sys.exit("\\nAn error occurred (AccessDeniedFor\\"$(touch pwned)) when calling the DescribePolicy operation: " + names[3] + "\\n$(touch pwned)")
elif asked == "list-targets-for-policy":
    page = "NextToken" in sys.argv[-1] or "NextToken" in " ".join(sys.argv)
    print(json.dumps({{"Targets": []}} | ({{}} if page else {{"NextToken": names[3] + "\\n$(touch pwned)"}}), indent=4, ensure_ascii=False))
else:
    sys.exit("not asked for in this test")
"""


def script_attacked(bench: Bench) -> str:
    """Names that answers hold reach the CLI and the names of files as they are, and the shell never."""
    folder = bench.scratch / "attacked"
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "bin").mkdir(parents=True)
    log, fake, text = folder / "log", folder / "bin/aws", folder / "collect.sh"
    fake.write_text(FAKE.format(python=sys.executable, names=NAMES, log=str(log)))
    fake.chmod(fake.stat().st_mode | stat.S_IXUSR)
    text.write_text(script(bench))
    only = "organizations:ListPolicies organizations:DescribePolicy organizations:ListTargetsForPolicy"
    given = {"PATH": f"{fake.parent}{os.pathsep}{os.environ['PATH']}", "REGIONS": REGION, "ORGANIZATION": "111122223333", "ONLY": only}
    done = subprocess.run(["bash", str(text), "out"], cwd=folder, env=os.environ | given, capture_output=True, text=True, check=False)
    wrong = [f"{path} was made" for path in folder.rglob("pwned*")] + ([] if done.returncode == 3 else [f"exit {done.returncode}: {done.stderr[-300:]}"])
    below = folder / "out/aws/111122223333/aws-global/organizations"
    from urllib.parse import unquote

    kept = {unquote(p.name.removesuffix(".json")) for p in (below / "DescribePolicy").glob("*.json")}
    calls = [json.loads(line) for line in log.read_text().splitlines()]
    sent = [json.loads(c[c.index("--cli-input-json") + 1]) for c in calls if c[1] == "list-targets-for-policy"]
    wrong += [f"{name!r} was not asked about" for name in NAMES if {"PolicyId": name} not in sent]
    wrong += [f"the page after {name!r} was not asked for" for name in NAMES if {"PolicyId": name, "NextToken": NAMES[3] + "\n$(touch pwned)"} not in sent]
    wrong += [] if set(NAMES) == kept or len(kept) == 1 else [f"files {sorted(kept)}"]
    for path in below.rglob("*.json"):
        if "DescribePolicy" in str(path) and "Error" not in json.loads(path.read_text()):
            wrong.append(f"{path.name} holds no error")
    refuse_if(wrong)
    return f"{len(NAMES)} names, {len(calls)} calls"


def answered_by(bench: Bench, folder: Path, program: str, given: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """Runs the script in an empty folder, with a program in the place of the AWS CLI."""
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "bin").mkdir(parents=True)
    fake, text = folder / "bin/aws", folder / "collect.sh"
    fake.write_text(program)
    fake.chmod(fake.stat().st_mode | stat.S_IXUSR)
    text.write_text(script(bench))
    own = {"PATH": f"{fake.parent}{os.pathsep}{os.environ['PATH']}", "REGIONS": REGION}
    return subprocess.run(["bash", str(text), "out"], cwd=folder, env=os.environ | own | given, capture_output=True, text=True, check=False)


def script_refuses_old(bench: Bench) -> str:
    """An AWS CLI that does not know the regions of buckets is refused before anything is asked, with the version that is needed."""
    folder = bench.scratch / "old-cli"
    program = "#!/bin/sh\ncase \"$*\" in *skeleton*) echo '{\"Buckets\": [{\"Name\": \"Name\"}]}' ;; --version) echo aws-cli/2.9.19 ;; *) touch asked ;; esac\n"
    done = answered_by(bench, folder, program, {})
    words = ("too old", "aws-cli/2.9.19", "1.35.8")
    wrong = [] if done.returncode == 5 and all(word in done.stderr for word in words) else [f"exit {done.returncode}: {done.stderr[-300:]}"]
    refuse_if(wrong + [f"{name} was made" for name in ("asked", "out") if (folder / name).exists()])
    return "aws-cli/2.9.19 is refused"


UNITS = """#!{python} -I
import json, sys
asked = sys.argv[2]
if "--generate-cli-skeleton" in sys.argv:
    sys.exit(print('{{"Buckets": [{{"Name": "Name", "BucketRegion": "BucketRegion"}}]}}'))
about = json.loads(sys.argv[sys.argv.index("--cli-input-json") + 1]) if "--cli-input-json" in sys.argv else {{}}
with open({log!r}, "a") as log:
    log.write(json.dumps([asked, about]) + "\\n")
below = {{"r-ab12": ["ou-ab12-one", "ou-ab12-two"], "ou-ab12-one": ["ou-ab12-deep"], "ou-ab12-deep": ["ou-ab12-last"]}}
if asked == "get-caller-identity":
    print("111122223333")
elif asked == "list-roots":
    print(json.dumps({{"Roots": [{{"Id": "r-ab12"}}]}}, indent=4))
elif asked == "list-organizational-units-for-parent":
    print(json.dumps({{"OrganizationalUnits": [{{"Id": unit}} for unit in below.get(about["ParentId"], [])]}}, indent=4))
elif asked == "list-accounts-for-parent":
    print(json.dumps({{"Accounts": []}}, indent=4))
else:
    sys.exit("not asked for in this test")
"""


def script_goes_deeper(bench: Bench) -> str:
    """Units below units are asked about, each once, however deep they lie."""
    folder = bench.scratch / "units"
    log = folder / "log"
    only = "organizations:ListRoots organizations:ListOrganizationalUnitsForParent organizations:ListAccountsForParent"
    program = UNITS.format(python=sys.executable, log=str(log))
    done = answered_by(bench, folder, program, {"ORGANIZATION": "111122223333", "ONLY": only})
    calls = [json.loads(line) for line in log.read_text().splitlines()]
    wrong = [] if done.returncode == 0 else [f"exit {done.returncode}: {done.stderr[-300:]}"]
    every = ["ou-ab12-deep", "ou-ab12-last", "ou-ab12-one", "ou-ab12-two", "r-ab12"]
    for asked in ("list-organizational-units-for-parent", "list-accounts-for-parent"):
        about = sorted(given["ParentId"] for name, given in calls if name == asked)
        wrong += [] if about == every else [f"{asked} was asked about {about}"]
    refuse_if(wrong)
    return f"{len(every)} parents, {len(calls)} calls"


KEYS = """#!{python} -I
import json, sys
asked = sys.argv[2]
if "--generate-cli-skeleton" in sys.argv:
    sys.exit(print('{{"Buckets": [{{"Name": "Name", "BucketRegion": "BucketRegion"}}]}}'))
about = json.loads(sys.argv[sys.argv.index("--cli-input-json") + 1]) if "--cli-input-json" in sys.argv else {{}}
with open({log!r}, "a") as log:
    log.write(json.dumps([asked, about]) + "\\n")
if asked == "get-caller-identity":
    print("111122223333")
elif asked == "list-keys":
    print(json.dumps({{"Keys": [{{"KeyId": key}} for key in ("k-1", "k-2", "k-3")]}}, indent=4))
elif asked == "describe-key" and about["KeyId"] == "k-3":
    print(json.dumps({{"KeyMetadata": {{"KeyId": "k-3"}}}}, indent=4))
elif asked == "describe-key":
    why = "because no {policy} policy allows the kms:DescribeKey action"
    sys.exit("\\nAn error occurred (AccessDeniedException) when calling the DescribeKey operation: User: u is not authorized to perform: kms:DescribeKey " + why)
else:
    sys.exit("not asked for in this test")
"""


def script_goes_on(bench: Bench) -> str:
    """After a refusal nothing else of its kind is asked, unless the policy of the one resource refused."""
    told = []
    for policy, expected in (("resource-based", ["k-1", "k-2", "k-3"]), ("identity-based", ["k-1"])):
        folder = bench.scratch / f"keys-{policy}"
        log = folder / "log"
        program = KEYS.format(python=sys.executable, log=str(log), policy=policy)
        done = answered_by(bench, folder, program, {"ONLY": "kms:ListKeys kms:DescribeKey"})
        asked = [about["KeyId"] for name, about in map(json.loads, log.read_text().splitlines()) if name == "describe-key"]
        wrong = [] if done.returncode == 3 else [f"exit {done.returncode}: {done.stderr[-300:]}"]
        refuse_if(wrong + ([] if asked == expected else [f"a {policy} policy refused, and {asked} were asked about"]))
        told.append(f"{policy}: {len(asked)}")
    return "; ".join(told)


# Before the laboratory

def cli() -> str | None:
    return os.environ.get("AFFIANT_AWS_CLI") or shutil.which("aws")


@contextlib.contextmanager
def served(lab: Laboratory, folder: Path, environment: dict[str, str]) -> Iterator[str]:
    """What to call in place of the CLI: the CLI loaded once, or the CLI itself where it is no program of Python."""
    program, path = str(cli()), str(folder / "cli")
    first = Path(program).read_bytes().partition(b"\n")[0]
    if not first.startswith(b"#!") or b"python" not in first:
        yield program
        return
    words = [*lab.wrapper, first[2:].decode().split()[0], str(HERE / "cli_server.py"), path]
    server = subprocess.Popen(words, env=environment, stdin=subprocess.DEVNULL, stderr=(folder / "cli.txt").open("wb"))
    try:
        for _ in range(600):
            if os.path.exists(path) or server.poll() is not None:
                break
            time.sleep(0.1)
        client = folder / "client"
        client.write_text(cli_server.CLIENT.format(python=sys.executable, path=path))
        client.chmod(0o755)
        yield str(client) if os.path.exists(path) and server.poll() is None else program
    finally:
        server.kill()
        server.wait()


def saved(bench: Bench, lab: Laboratory, folder: Path, more: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    """Runs the script with the AWS CLI before the laboratory."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    text = folder / "collect.sh"
    text.write_text(script(bench))
    wrapped = folder / "bin/aws"
    wrapped.parent.mkdir()
    given = {"REGIONS": REGION, "PATH": f"{wrapped.parent}{os.pathsep}{os.environ['PATH']}", "AWS_MAX_ATTEMPTS": "2"}
    environment = lab.environment() | given | (more or {})
    with served(lab, folder, environment) as program:
        # version 1 looks for RDS elsewhere than the environment says, unless it is told again
        wrapped.write_text(f'#!/bin/sh\nexec {shlex.quote(program)} --endpoint-url "$AWS_ENDPOINT_URL" "$@"\n')
        wrapped.chmod(0o755)
        words = [*lab.wrapper, "bash", str(text), str(folder / "export")]
        return subprocess.run(words, env=environment, capture_output=True, text=True, check=False)


def refused_by_aws(export: Path) -> set[str]:
    """The operations of which an answer is an error that AWS gave."""
    files = [path for path in (export / "aws").rglob("*.json") if b'"Error"' in path.read_bytes()[:10]]
    return {f"{path.relative_to(export).parts[3]}:{path.relative_to(export).parts[4].removesuffix('.json')}" for path in files}


def verdicts_of(assessed: Row) -> dict[tuple[str, str, str], str]:
    return {(check, account, resource): verdict for check, account, resource, verdict in rows_of(assessed)}


def script_same(bench: Bench) -> str:
    """What the script saves with the AWS CLI is imported without an error that AWS did not give, and the verdicts are those of a live run."""
    if cli() is None:
        return "not run: there is no AWS CLI here"
    live = bench.workspace("offline-live")
    live.collect()
    done = saved(bench, bench.lab, bench.scratch / "offline")
    if done.returncode not in (0, 3):
        refuse_if([f"exit {done.returncode}: {done.stderr[-500:]}"])
    ours = bench.workspace("offline-ours")
    imported = ours.run("collect", "--cli-json", str(bench.scratch / "offline/export"))
    refuse_if([] if imported.code in (0, 3) else [f"collect --cli-json: exit {imported.code}: {imported.err[-400:]}"])
    def lacks(of: Workspace) -> set[tuple[str, str, str]]:
        return {(str(g["region"]), str(g["source"]), str(g["state"])) for g in gaps(of.run_folder)}

    refused = refused_by_aws(bench.scratch / "offline/export")
    wrong = [f"a gap of the script alone: {' '.join(gap)}" for gap in sorted(lacks(ours) - lacks(live)) if gap[1] not in refused]
    one, other = verdicts_of(live.assess()), verdicts_of(ours.assess())
    # the script asks directly also what AWS Config records: it may know more, and never other
    differ = [key for key in {*one, *other} if one.get(key) != other.get(key) and one.get(key, "not evidenced") != "not evidenced"]
    wrong += [f"{' '.join(key)}: {one.get(key)} live, {other.get(key)} by the script" for key in sorted(differ)]
    refuse_if(wrong, 400 if bench.long else 12)
    return f"{len(custody(ours.run_folder))} answers, {len(other)} rows with the verdicts of the live run; {done.stderr.strip().splitlines()[-2]}"


CASES = [script_names, script_attacked, script_refuses_old, script_goes_deeper, script_goes_on]
LONG = [script_same]
