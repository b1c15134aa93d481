#!/usr/bin/env python3
"""Two people in turn, as new users: from an empty folder to a workspace that `affiant lint` is content with, one by answering questions
at a terminal, one by options; then a first and a second quarter. A hand is modeled by a time for each key and each question.

usage: first_hour.py --affiant PROGRAM [--transcript FOLDER]

Fails where a workspace is not clean, takes ten minutes or longer, or its second quarter five commands or more.
"""

import argparse
import gzip
import json
import os
import pty
import re
import select
import subprocess
import sys
import tempfile
import time
from pathlib import Path

KEY, QUESTION, COMMAND = 0.35, 6.0, 10.0
"""Seconds for a key, for reading a question and knowing the answer, and for a command with what it prints."""
MOST_SECONDS, MOST_COMMANDS = 600, 4
CLOCK = "AFFIANT_PINNED_CLOCK"

ANSWERS = [
    ("Name of the organization", "Example Clinic"),
    ("Its role under HIPAA", "vendor"),  # none of the five: asked again
    ("Its role under HIPAA", "2"),
    ("Name of the system", "Scheduling"),
    ("What it does", "It schedules visits and keeps what they were for. Clinics of one county use it."),
    ("Mail address", "security-official@example.com"),
    ("Period", "2026-Q3"),
    ("AWS account of the system", "1111-2222-333"),  # a digit short: asked again
    ("AWS account of the system", "1111-2222-3333"),
    ("Its name", "production"),
    ("Another account", ""),
    ("Regions in use", "us-east-1"),
    ("Incident commander", "Jordan Example"),
    ("Telephone", "+1 202-555-0100"),
    ("Another channel", "the bridge of the on-call service"),
    ("Deputy", "Casey Example"),
    ("Security official", "Casey Example"),
    ("Telephone", "+1 202-555-0101"),
    ("Another channel", "the bridge of the on-call service"),
    ("Deputy", "Jordan Example"),
    ("Privacy official", "casey example"),  # known: reached as before
    ("Deputy", ""),
    ("AWS technical lead", "Jordan Example"),
    ("Deputy", "Riley Example"),
    ("Evidence custodian", ""),
    ("Scribe", ""),
    ("Legal counsel", ""),
    ("Executive sponsor", "Rowan Example"),
    ("Telephone", "+1 202-555-0102"),
    ("Another channel", ""),
    ("Deputy", ""),
    ("Customer liaison", ""),
]

OPTIONS = [
    "--organization", "Example Laboratory", "--role", "subcontractor", "--system", "Result store",
    "--description", "It keeps laboratory results for a business associate.", "--contact", "security@example.com",
    "--period", "2026-07-01..2026-09-30", "--account", "111122223333=results", "--account", "444455556666=archive",
    "--regions", "us-east-1,us-west-2", "--person", "security=Avery Example; +1 202-555-0110; a second telephone; Rowan Example",
    "--person", "incident=Rowan Example; +1 202-555-0111", "--no-questions",
]  # fmt: skip


class Stumbled(Exception):
    """What stood in a new user's way."""


class Person:
    """Somebody at a terminal in an empty folder."""

    def __init__(self, name: str, affiant: Path, folder: Path) -> None:
        self.name, self.affiant, self.folder = name, affiant, folder
        self.seconds, self.commands, self.said = 0.0, 0, ""
        self.env = {"PATH": f"{affiant.parent}:/usr/bin:/bin", "LANG": "C.UTF-8", "HOME": str(folder), CLOCK: "2026-09-30T12:00:00Z"}

    def typed(self, text: str) -> None:
        self.seconds += KEY * (len(text) + 1)

    def run(self, *args: str, exits: tuple[int, ...] = (0,)) -> str:
        """A command, typed and looked at."""
        line = subprocess.list2cmdline(("affiant", *args))
        self.typed(line)
        self.seconds += COMMAND
        self.commands += 1
        began = time.monotonic()
        ran = subprocess.run([self.affiant, *args], cwd=self.folder, env=self.env, capture_output=True, text=True, check=False)
        self.seconds += time.monotonic() - began
        self.said += f"$ {line}\n{ran.stdout}{ran.stderr}\n"
        if ran.returncode not in exits:
            raise Stumbled(f"{self.name}: `{line}` ended with {ran.returncode}:\n{ran.stdout}{ran.stderr}")
        return ran.stdout + ran.stderr

    def answer(self, *args: str) -> None:
        """A command at a real terminal, which asks; every answer must be asked for, in its order."""
        line = subprocess.list2cmdline(("affiant", *args))
        self.typed(line)
        child, terminal = pty.fork()
        if child == 0:
            os.chdir(self.folder)
            os.execve(self.affiant, [str(self.affiant), *args], self.env)  # noqa: S606
        shown = heard(terminal)
        self.said += f"$ {line}\n{shown}"
        for question, words in ANSWERS:
            last = shown.rsplit("\n\n", 1)[-1]
            if question not in last:
                raise Stumbled(f"{self.name}: `{question}` was not asked, but:\n{shown}")
            self.seconds += QUESTION
            self.typed(words)
            os.write(terminal, f"{words}\n".encode())
            shown = heard(terminal)
            self.said += shown
        _, status = os.waitpid(child, 0)
        if os.waitstatus_to_exitcode(status) != 0:
            raise Stumbled(f"{self.name}: `{line}` ended with {os.waitstatus_to_exitcode(status)}:\n{shown}")

    def clean(self) -> None:
        if "no problems" not in self.run("lint"):
            raise Stumbled(f"{self.name}: lint has something to say of what `init` wrote")
        if self.seconds >= MOST_SECONDS:
            raise Stumbled(f"{self.name}: {self.seconds:.0f} seconds to a workspace, {MOST_SECONDS} are too many")

    def export(self, *, public: bool, day: str) -> None:
        """What AWS Config delivered."""
        item = {
            "configurationItemVersion": "1.3", "configurationItemCaptureTime": f"{day}T11:00:00.000Z", "configurationStateId": 1,
            "awsAccountId": "111122223333", "configurationItemStatus": "OK", "resourceType": "AWS::RDS::DBInstance", "resourceId": "db-1",
            "resourceName": "visits", "ARN": "arn:aws:rds:us-east-1:111122223333:db:visits", "awsRegion": "us-east-1", "tags": {},
            "relationships": [], "relatedEvents": [], "supplementaryConfiguration": {},
            "configuration": {"dBInstanceIdentifier": "visits", "storageEncrypted": True, "publiclyAccessible": public, "engine": "postgres"},
        }  # fmt: skip
        name = f"111122223333_Config_us-east-1_ConfigSnapshot_{day.replace('-', '')}T114000Z_11111111-2222-4333-8444-555555555555.json.gz"
        folder = self.folder / "export" / day
        folder.mkdir(parents=True)
        whole = {"fileVersion": "1.0", "configSnapshotId": "11111111-2222-4333-8444-555555555555", "configurationItems": [item]}
        (folder / name).write_bytes(gzip.compress(json.dumps(whole).encode()))
        group = {"allSupported": True, "includeGlobalResourceTypes": True}
        for region in ("us-east-1", "us-west-2"):
            place = folder / "aws/111122223333" / region / "config"
            place.mkdir(parents=True)
            recorders = {"ConfigurationRecorders": [{"name": "default", "recordingGroup": group}]}
            (place / "DescribeConfigurationRecorders.json").write_text(json.dumps(recorders), encoding="utf-8")

    def quarters(self) -> int:
        """The first quarter, then the second; how many commands the second took."""
        self.export(public=True, day="2026-09-30")
        self.run("collect", "--snapshot", "export/2026-09-30", exits=(0, 3))
        self.run("package", exits=(0, 3))
        before = self.commands
        self.env[CLOCK] = "2026-12-31T12:00:00Z"
        self.export(public=False, day="2026-12-31")
        settings = self.folder / "affiant.yaml"
        text = settings.read_text(encoding="utf-8")
        text = re.sub(r"(?m)^  label: [^#\n]*", "  label: 2026-Q4 ", text)
        text = text.replace("start: 2026-07-01", "start: 2026-10-01").replace("end: 2026-09-30", "end: 2026-12-31")
        settings.write_text(text, encoding="utf-8")
        self.commands += 1
        self.run("collect", "--snapshot", "export/2026-12-31", exits=(0, 3))
        if "1 fixed" not in self.run("diff"):
            raise Stumbled(f"{self.name}: the second quarter does not say what was fixed")
        self.run("package", exits=(0, 3))
        if not list(self.folder.glob("packages/2026-Q4/*.zip")):
            raise Stumbled(f"{self.name}: no package of the second quarter")
        return self.commands - before


def heard(terminal: int) -> str:
    """What the program says until it waits for an answer, or ends."""
    said = b""
    while select.select([terminal], [], [], 5.0 if not said else 0.4)[0]:
        try:
            part = os.read(terminal, 65536)
        except OSError:  # the terminal is closed
            break
        if not part:
            break
        said += part
    return said.decode().replace("\r\n", "\n")


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--affiant", type=Path, required=True)
    parser.add_argument("--transcript", type=Path)
    args = parser.parse_args()
    passed = failed = 0
    for name, start in (("by questions", lambda p: p.answer("init")), ("by options", lambda p: p.run("init", *OPTIONS))):
        with tempfile.TemporaryDirectory() as folder:
            person = Person(name, args.affiant.resolve(), Path(folder))
            try:
                start(person)
                person.clean()
                seconds = person.seconds
                commands = person.quarters()
                if commands > MOST_COMMANDS:
                    raise Stumbled(f"{name}: the second quarter took {commands} commands")
                passed += 1
                print(f"{name}: a clean workspace after {seconds:.0f} seconds, the second quarter in {commands} commands")
            except Stumbled as stumbled:
                print(stumbled)
                failed += 1
            if args.transcript:
                args.transcript.mkdir(parents=True, exist_ok=True)
                (args.transcript / f"{name.replace(' ', '-')}.txt").write_text(person.said, encoding="utf-8")
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
