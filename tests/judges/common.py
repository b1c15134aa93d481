"""What all judges share: the package before them, the list of tests, and how other programs are run."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from tempfile import mkdtemp


class Refused(Exception):
    """A judge says no; the message says why."""


@dataclass
class Package:
    """An unpacked package, what it is judged with, and a scratch folder."""

    zip: Path
    top: Path
    trust: Path
    affiant: Path
    web: Path | None
    same_program: bool
    scratch: Path

    @property
    def pdf(self) -> Path:
        return self.top / "data/report/audit-package.pdf"

    @property
    def html(self) -> Path:
        return self.top / "data/report/index.html"

    @property
    def database(self) -> Path:
        return self.top / "data/tables/evidence.sqlite"

    @cached_property
    def runs(self) -> list[Path]:
        """The collected runs inside, each a bag of its own."""
        return sorted(p for p in (self.top / "data/evidence").iterdir() if p.is_dir())

    def folder(self) -> Path:
        """A new empty folder that goes when the judging ends."""
        return Path(mkdtemp(dir=self.scratch))


Test = tuple[str, Callable[[Package], object]]
"""A name and the function that refuses or returns; what it returns is not looked at."""


def environment() -> dict[str, str]:
    """Ours, with this Python's folder first (so that `python3` has the judges) and the clock of the machine."""
    own = dict(os.environ)
    own.pop("AFFIANT_PINNED_CLOCK", None)
    own["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{own.get('PATH', '')}"
    own["LC_ALL"] = "C.UTF-8"
    return own


def run(*command: object, cwd: Path | None = None, text: str | None = None) -> subprocess.CompletedProcess[str]:
    """Runs a program to its end and keeps what it says."""
    words = [str(c) for c in command]
    if not shutil.which(words[0], path=environment()["PATH"]):
        raise Refused(f"{words[0]} is not installed")
    return subprocess.run(words, cwd=cwd, input=text, env=environment(), capture_output=True, text=True, errors="replace")


def said(done: subprocess.CompletedProcess[str]) -> str:
    """The end of what a program said, on one line."""
    lines = [line.strip() for line in (done.stdout + done.stderr).splitlines() if line.strip()]
    return " | ".join(lines[-6:])[-900:]


def must(*command: object, cwd: Path | None = None, text: str | None = None) -> str:
    """Runs a program that must succeed; returns its output and errors together."""
    done = run(*command, cwd=cwd, text=text)
    if done.returncode != 0:
        raise Refused(f"exit {done.returncode}: {said(done)}")
    return done.stdout + done.stderr


def hanko(*words: object) -> tuple[int, str]:
    """The command line of pyHanko, run in this process, since starting it anew takes longer than its judgement. Its exit code and
    what it says. Not for two threads at once."""
    from click.testing import CliRunner
    from pyhanko.cli import cli_root

    done = CliRunner().invoke(cli_root, ["sign", *map(str, words)], prog_name="pyhanko")
    broken = done.exception if not isinstance(done.exception, SystemExit) else None
    return done.exit_code, done.output + (f"{type(broken).__name__}: {broken}" if broken else "")


def must_fail(*command: object, cwd: Path | None = None) -> str:
    """Runs a program that must refuse."""
    done = run(*command, cwd=cwd)
    if done.returncode == 0:
        raise Refused(f"accepted: {said(done)}")
    return done.stdout + done.stderr


def refuse_if(faults: Iterable[str], most: int = 8) -> None:
    """Refuses with the first of the faults and their number, if there are any."""
    found = list(faults)
    if found:
        more = f"; and {len(found) - most} more" if len(found) > most else ""
        raise Refused("; ".join(found[:most]) + more)


def flipped(source: Path, target: Path) -> Path:
    """A copy with one bit of its middle byte changed."""
    data = bytearray(source.read_bytes())
    data[len(data) // 2] ^= 1
    target.write_bytes(data)
    return target
