#!/usr/bin/env python3
"""Kills `affiant package` at random moments and looks at what is left: whole packages or none.

usage: kills.py --affiant PROGRAM --workspace DIR [--times N] [--seed N]

Half of the kills fall anywhere, half where the package comes into sight. Every folder and ZIP that can be seen in `packages/`
after a kill must verify; an undisturbed run must then make a package and leave no partial one, its own or an earlier one's.
The workspace loses its packages. Prints `N passed, N failed` at the end.
"""

import sys

sys.dont_write_bytecode = True  # nothing is left in the repository

import argparse
import random
import shutil
import subprocess
import time
from pathlib import Path

from common import Refused, environment, run, said


def command(given: argparse.Namespace) -> list[str]:
    return [str(given.affiant.resolve()), "package", "--workspace", str(given.workspace.resolve())]


def cleared(workspace: Path) -> None:
    """Removes what earlier rounds made, also the redacted copy of the run, so that each round does all the work."""
    for folder in ("packages", ".affiant/derived"):
        shutil.rmtree(workspace / folder, ignore_errors=True)


def visible(workspace: Path) -> list[Path]:
    """What a person sees in packages/<period>/."""
    return sorted(p for p in (workspace / "packages").glob("*/*") if not p.name.startswith("."))


def whole(given: argparse.Namespace) -> None:
    """Everything visible verifies under the key of the workspace."""
    for path in visible(given.workspace):
        done = run(given.affiant.resolve(), "verify", path.resolve(), "--trust", given.workspace.resolve() / ".affiant/seal/certificate.pem")
        if done.returncode != 0:
            raise Refused(f"{path.name} is there and does not verify: {said(done)}")


def killed(given: argparse.Namespace, after: float, late: bool) -> str:
    """Starts the program, kills it some seconds after its start (late: after something becomes visible), and looks; says what
    was there."""
    cleared(given.workspace)
    program = subprocess.Popen(command(given), env=environment(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    while late and program.poll() is None and not visible(given.workspace):
        time.sleep(0.001)
    time.sleep(after)
    program.kill()
    ended = program.wait()
    whole(given)
    return "ended by itself" if ended >= 0 else f"{len(visible(given.workspace))} visible, each whole"


def undisturbed(given: argparse.Namespace) -> None:
    """After a kill and without any clearing, a run makes its package and leaves no partial one of either form."""
    done = run(*command(given))
    if done.returncode != 0:
        raise Refused(f"exit {done.returncode}: {said(done)}")
    whole(given)
    if not any(p.suffix == ".zip" for p in visible(given.workspace)):
        raise Refused("no package was made")
    partial = [str(p.relative_to(given.workspace)) for p in given.workspace.rglob("*.partial*")]
    if partial:
        raise Refused(f"left behind: {', '.join(partial[:5])}")


def duration(given: argparse.Namespace) -> float:
    """How long the whole takes here; also makes the workspace's key."""
    cleared(given.workspace)
    started = time.monotonic()
    done = run(*command(given))
    if done.returncode != 0:
        raise SystemExit(f"package does not work here: {said(done)}")
    return time.monotonic() - started


def main() -> int:
    parser = argparse.ArgumentParser(description="Kills `affiant package` at random moments.")
    parser.add_argument("--affiant", type=Path, required=True)
    parser.add_argument("--workspace", type=Path, required=True, help="a workspace that may lose its packages")
    parser.add_argument("--times", type=int, default=20)
    parser.add_argument("--seed", type=int, default=random.randrange(1 << 32))
    given = parser.parse_args()
    chance = random.Random(given.seed)
    long = duration(given)
    print(f"seed {given.seed}; undisturbed, a package takes {long:.2f} s")
    failed = 0
    for turn in range(given.times):
        # Every other kill falls where the package comes into sight, which is a small part of the whole.
        late = turn % 2 == 1
        after = chance.uniform(0, 0.1 if late else long)
        when = f"killed {after:.3f} s after {'the package is seen' if late else 'the start'}"
        try:
            print(f"ok {when}: {killed(given, after, late)}", flush=True)
        except Refused as why:
            failed += 1
            print(f"FAIL {when}: {why}", flush=True)
        try:
            undisturbed(given)
            print("ok the next run is whole", flush=True)
        except Refused as why:
            failed += 1
            print(f"FAIL the next run: {why}", flush=True)
    print(f"{2 * given.times - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
