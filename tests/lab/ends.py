"""Runs that end early: killed, interrupted, out of disk. And a partition that is not the commercial one."""

import os
import random
import re
import shutil
import signal
import subprocess
import time

from cases import Bench, refuse_if
from laboratory import Refused, Workspace, account, calls_of, custody, gaps

SEED = 20261124


def undisturbed(workspace: Workspace) -> tuple[list[str], float]:
    """What a whole run asks, and how long it takes."""
    done = workspace.collect()
    return sorted(calls_of(workspace.run_folder)), done.wall


def resumed(workspace: Workspace, wanted: list[str], *words: str) -> None:
    """After the end: nothing looks finished; a resumed run holds what an undisturbed one holds, each once, and verifies."""
    partial = [p.name for p in workspace.runs]
    if partial:
        for run in workspace.runs:
            workspace.verify(run)
        return
    done = workspace.run("collect", "--aws", "--resume", *words)
    if done.code not in (0, 3) and "no run" not in done.err.lower():
        raise Refused(f"resume: exit {done.code}: {done.err[-300:]}")
    if done.code not in (0, 3):
        workspace.collect(*words)
    run = workspace.run_folder
    got = sorted(calls_of(run))
    if got != wanted:
        missing, more = sorted(set(wanted) - set(got)), sorted(set(got) - set(wanted))
        raise Refused(f"{len(got)} artifacts for {len(wanted)}; missing {missing[:3]}, more {more[:3]}, doubles {len(got) - len(set(got))}")
    paths = [str(row["path"]) for row in custody(run)]
    refuse_if([f"{len(paths) - len(set(paths))} paths stand twice in custody.jsonl"] if len(set(paths)) != len(paths) else [])
    workspace.verify(run)
    left = [p.name for p in (workspace.folder / "evidence").iterdir() if p != run]
    refuse_if([f"left behind: {left}"] if left else [])


def ended(bench: Bench, name: str, how: signal.Signals, times: int) -> str:
    """Ends the program at random moments of a run by a signal, then resumes it."""
    workspace = bench.workspace(name)
    wanted, whole = undisturbed(workspace)
    moments, kinds, codes = random.Random(SEED), {"before": 0, "within": 0, "after": 0}, set()
    for _ in range(times):
        workspace.clear()
        program = workspace.start("collect", "--aws")
        time.sleep(moments.uniform(0.02, whole))
        codes.add(workspace.interrupt(program, how))
        kinds["after" if workspace.runs else "within" if list((workspace.folder / "evidence").glob(".*")) else "before"] += 1
        resumed(workspace, wanted)
    return f"{times} times, {kinds}, exit codes {sorted(codes)}; {len(wanted)} artifacts each time"


def killed(bench: Bench) -> str:
    """kill -9 at random moments, then --resume."""
    return ended(bench, "killed", signal.SIGKILL, 50 if bench.long else 5)


def interrupted(bench: Bench) -> str:
    """Ctrl-C at random moments, then --resume."""
    return ended(bench, "interrupted", signal.SIGINT, 10 if bench.long else 3)


def disk_full(bench: Bench) -> str:
    """A full disk: code 5, nothing that looks finished, and with room again the run is resumed."""
    if os.geteuid() != 0:
        return "not run: mounting a small file system takes root"
    workspace = bench.workspace("disk-full")
    wanted, _ = undisturbed(workspace)
    size = sum(p.stat().st_size for p in workspace.run_folder.rglob("*") if p.is_file())
    workspace.clear()
    evidence = workspace.folder / "evidence"
    evidence.mkdir()
    for share in (0.1, 0.5, 0.8):
        mount = ["mount", "-t", "tmpfs", "-o", f"size={max(65536, int(size * share))}", "tmpfs", str(evidence)]
        subprocess.run(mount, check=True)
        try:
            done = workspace.run("collect", "--aws")
            if done.code != 5:
                raise Refused(f"{share:.0%} of the room: exit {done.code}, not 5: {done.err[-300:]}")
            refuse_if([f"{run.name} looks finished" for run in workspace.runs])
            subprocess.run(["mount", "-o", f"remount,size={size * 20}", str(evidence)], check=True)
            resumed(workspace, wanted)
        finally:
            subprocess.run(["umount", str(evidence)], check=True)
    return f"at 10, 50 and 80% of {size} bytes: exit 5, then resumed whole"


COMMERCIAL = re.compile(r"us-east-1|us-west-2|arn:aws:|\.amazonaws\.com(?!\.cn)")


def partition(bench: Bench) -> str:
    """A run in us-gov-west-1 asks nothing by a name of the commercial partition."""
    workspace = bench.workspace("gov", regions="us-gov-west-1")
    workspace.collect(more={"AWS_REGION": "us-gov-west-1"}, expect=(0, 3))
    looked, wrong = 0, []
    for row in custody(workspace.run_folder):
        kept = row["source"].get("custody", {})  # type: ignore[attr-defined]
        for name in ("asked-in", "endpoint", "parameters"):
            looked += 1
            if COMMERCIAL.search(str(kept.get(name, ""))):
                wrong.append(f"{kept.get('call')}: {name} {str(kept[name])[:120]}")
    refuse_if(wrong)
    other = {str(row["region"]) for row in gaps(workspace.run_folder)} - {"us-gov-west-1", "aws-global", "aws-us-gov-global"}
    refuse_if([f"a gap speaks of {region}" for region in other])
    return f"{looked} endpoints, regions and parameters of {len(custody(workspace.run_folder))} artifacts"


CASES = [killed, interrupted, disk_full, partition]
