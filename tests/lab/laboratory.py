"""The laboratory as the tests use it: start and stop, faults, counted calls; and a workspace in which the program runs."""

import json
import os
import shutil
import signal
import subprocess
import time
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path

HOME = "123456789012"
"""The account whose credentials the tests use."""

REGION = "us-east-1"

Row = dict[str, object]


class Refused(Exception):
    """A test says no; the message says why."""


@dataclass
class Ran:
    """What a run of the program came to."""

    code: int
    out: str
    err: str
    wall: float
    cpu: float
    peak: int
    """Peak memory in bytes."""


@dataclass
class Laboratory:
    """A populated AWS on loopback. `folder` holds lab.sh; `port` is ours alone."""

    folder: Path
    port: int
    scratch: Path
    accounts: list[str] = field(default_factory=lambda: [HOME])

    def shell(self, *words: str) -> str:
        """Runs lab.sh with our own port and temporary folder."""
        state = self.scratch / "state"
        state.mkdir(parents=True, exist_ok=True)
        given = {k: v for k, v in os.environ.items() if not k.startswith("AWS_")}
        given |= {"LAB_PORT": str(self.port), "TMPDIR": str(state)}
        done = subprocess.run([str(self.folder / "lab.sh"), *words], env=given, capture_output=True, text=True)
        if done.returncode != 0:
            raise Refused(f"lab.sh {' '.join(words)}: exit {done.returncode}: {done.stdout[-300:]}{done.stderr[-600:]}")
        return done.stdout

    def up(self) -> None:
        self.shell("up", str(self.port))

    def populate(self, scale: int = 1, accounts: int = 1, seed: int | None = None) -> str:
        more = [] if seed is None else ["--seed", str(seed)]
        said = self.shell("populate", "--scale", str(scale), "--accounts", str(accounts), *more)
        stats = json.loads((self.state / "populate.json").read_text())["stats"]
        self.accounts = list(stats["accounts"])
        return said.strip().splitlines()[0]

    def down(self) -> None:
        self.shell("down")

    @property
    def state(self) -> Path:
        return next((self.scratch / "state").glob(f"affiant-lab-*/{self.port}"))

    @property
    def planted(self) -> list[Row]:
        """The faults of the population, of the home account first."""
        return json.loads((self.state / "faults.json").read_text())

    def ask(self, method: str, path: str, body: object = None) -> object:
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}/_lab/{path}", data=data, method=method)
        with urllib.request.urlopen(request, timeout=60) as answer:
            text = answer.read()
        return json.loads(text) if text.strip() else None

    def faults(self, *rules: Row) -> None:
        self.ask("POST", "faults", list(rules)) if rules else self.ask("DELETE", "faults")

    def fired(self) -> int:
        """How often the rules in force were applied."""
        return sum(int(str(rule["fired"])) for rule in self.ask("GET", "faults"))  # type: ignore[union-attr]

    def calls(self) -> dict[str, int]:
        return self.ask("GET", "calls")  # type: ignore[return-value]

    def forget_calls(self) -> None:
        self.ask("DELETE", "calls")

    def agreement(self, state: str) -> None:
        self.ask("POST", "artifact", {"baa": state})

    @property
    def wrapper(self) -> list[str]:
        """What makes `<account>.localhost` resolve, as S3 Control needs it."""
        return [str(self.folder / "with-hosts.sh")]

    def environment(self) -> dict[str, str]:
        """Credentials and endpoint for the program; nothing else of AWS is passed on."""
        own = {k: v for k, v in os.environ.items() if not k.startswith("AWS_") and k != "AFFIANT_PINNED_CLOCK"}
        return own | {
            "AWS_ENDPOINT_URL": f"http://localhost:{self.port}",
            "AWS_ACCESS_KEY_ID": "testing",
            "AWS_SECRET_ACCESS_KEY": "testing",
            "AWS_REGION": REGION,
            "AWS_EC2_METADATA_DISABLED": "true",
            "LAB_ACCOUNTS": " ".join(self.accounts),
            "LC_ALL": "C.UTF-8",
        }


def settings(accounts: str, regions: str = REGION) -> str:
    """An affiant.yaml of a synthetic organization."""
    return f"""format: affiant.workspace/1
organization:
  name: Laboratory Clinic (example)
  role: covered entity
  system: Laboratory
  contact: security-official@example.com
period: {{label: 2026-Q4, start: 2026-10-01, end: 2026-12-31}}
accounts:
{accounts}regions: [{regions}]
phi: {{tag: data-classification, values: [phi]}}
exclude: []
parameters: {{}}
"""


def account(number: str, *more: str) -> str:
    """An entry of `accounts`."""
    return "".join([f'  - id: "{number}"\n', *(f"    {line}\n" for line in more)])


@dataclass
class Workspace:
    """A folder with an affiant.yaml, and the program in it."""

    folder: Path
    affiant: Path
    environment: dict[str, str]
    wrapper: list[str] = field(default_factory=list)

    def start(self, *words: str, more: dict[str, str] | None = None) -> subprocess.Popen[bytes]:
        """The program in a process group of its own, its output in files of the folder."""
        out, err = (self.folder / name for name in ("stdout.txt", "stderr.txt"))
        return subprocess.Popen(
            [*self.wrapper, str(self.affiant), *words],
            cwd=self.folder,
            env=self.environment | (more or {}),
            stdin=subprocess.DEVNULL,
            stdout=out.open("wb"),
            stderr=err.open("wb"),
            start_new_session=True,
        )

    def finish(self, program: subprocess.Popen[bytes], started: float) -> Ran:
        """Waits, and measures the program alone: every helper of `with-hosts.sh` becomes the program by exec."""
        _, status, used = os.wait4(program.pid, 0)
        program.returncode = os.waitstatus_to_exitcode(status)
        out, err = ((self.folder / name).read_text(errors="replace") for name in ("stdout.txt", "stderr.txt"))
        cpu = used.ru_utime + used.ru_stime
        return Ran(program.returncode, out, err, time.monotonic() - started, cpu, used.ru_maxrss * 1024)

    def run(self, *words: str, more: dict[str, str] | None = None) -> Ran:
        started = time.monotonic()
        return self.finish(self.start(*words, more=more), started)

    def interrupt(self, program: subprocess.Popen[bytes], how: signal.Signals) -> int:
        """Sends a signal to the program and waits; its exit code, negative for a signal."""
        if program.poll() is None:
            program.send_signal(how)
        return program.wait()

    @property
    def runs(self) -> list[Path]:
        """The runs that look finished, oldest first."""
        found = (p for p in (self.folder / "evidence").glob("*") if p.is_dir() and not p.name.startswith("."))
        return sorted(found, key=lambda p: p.stat().st_mtime_ns)

    @property
    def run_folder(self) -> Path:
        if not self.runs:
            raise Refused("no run was made")
        return self.runs[-1]

    def collect(self, *words: str, expect: tuple[int, ...] = (0, 3), more: dict[str, str] | None = None) -> Ran:
        """`affiant collect --aws`; refuses another exit code than one of `expect`."""
        done = self.run("collect", "--aws", *words, more=more)
        if done.code not in expect:
            raise Refused(f"collect {' '.join(words)}: exit {done.code}, not {expect}: {done.err[-500:]}")
        return done

    def assess(self) -> Row:
        done = self.run("assess", "--format", "json", "--checks")
        if done.code not in (0, 3):
            raise Refused(f"assess: exit {done.code}: {done.err[-500:]}")
        return json.loads(done.out)

    def verify(self, run: Path) -> None:
        done = self.run("verify", str(run), "--trust", str(self.folder / ".affiant/seal/certificate.pem"))
        if done.code != 0:
            raise Refused(f"verify {run.name}: exit {done.code}: {(done.out + done.err)[-400:]}")

    def clear(self) -> None:
        """Removes every run, finished or not; the key stays."""
        for name in ("evidence", "packages"):
            shutil.rmtree(self.folder / name, ignore_errors=True)
        shutil.rmtree(self.folder / ".affiant/derived", ignore_errors=True)


def lines(path: Path) -> list[Row]:
    """A JSON Lines file."""
    return [json.loads(line) for line in path.read_text().splitlines() if line.strip()]


def custody(run: Path) -> list[Row]:
    return lines(run / "data/custody.jsonl")


def coverage(run: Path) -> list[Row]:
    return lines(run / "data/coverage.jsonl")


GOOD = {"read", "empty", "absent"}
"""The states of coverage.jsonl that are no gap."""


def gaps(run: Path) -> list[Row]:
    return [row for row in coverage(run) if str(row["state"]) not in GOOD]


def calls_of(run: Path) -> list[str]:
    """What each artifact says it answered, in the order of custody.jsonl."""
    found = (row["source"].get("custody", {}).get("call") for row in custody(run))  # type: ignore[attr-defined]
    return [call for call in found if call]


def rows_of(assessment: Row) -> list[tuple[str, str, str, str]]:
    """Every row of an assessment as check, account, resource, verdict."""
    found = []
    for control in assessment["controls"]:  # type: ignore[attr-defined]
        for check in control["checks"]:
            if check["rows_total"] != len(check["rows"]):
                raise Refused(f"{check['id']}: {len(check['rows'])} rows of {check['rows_total']} are printed")
            found += [(check["id"], row["account"], row["resource"], row["verdict"]) for row in check["rows"]]
    return found


def verdicts(assessment: Row) -> dict[str, str]:
    """The verdict of each check, and of each control under `control <number>`."""
    found = {}
    for control in assessment["controls"]:  # type: ignore[attr-defined]
        found[f"control {control['number']}"] = control["verdict"]
        found |= {check["id"]: check["verdict"] for check in control["checks"]}
    return found


RANK = {"not met": 0, "not evidenced": 1, "accepted": 2, "attested": 3, "met": 4, "not applicable": 5}
"""From worst to best."""
