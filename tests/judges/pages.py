"""The HTML report: its size, what it may reach, the Nu HTML checker, and a browser (tests/web/check.mjs)."""

import json
import re
import shutil
import tempfile
from functools import cache
from html.parser import HTMLParser
from pathlib import Path

from common import Package, Refused, Test, refuse_if, run, said

LARGEST = 2_000_000
CHECK = Path(__file__).resolve().parent.parent / "web/check.mjs"
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
REACHING = {"src", "srcset", "data", "poster", "action", "formaction", "background", "ping"}


def small(package: Package) -> None:
    """Below 2 MB."""
    size = package.html.stat().st_size
    if size >= LARGEST:
        raise Refused(f"{size} bytes")


class Reaches(HTMLParser):
    """Collects every attribute that would load or send something, and the content security policy."""

    def __init__(self) -> None:
        super().__init__()
        self.faults: list[str] = []
        self.policy = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        named = {name: value or "" for name, value in attrs}
        if tag == "meta" and named.get("http-equiv", "").lower() == "content-security-policy":
            self.policy = named.get("content", "")
        if tag in ("link", "iframe", "object", "embed", "base"):
            self.faults.append(f"<{tag}>")
        for name, value in named.items():
            inside = value.startswith("#") or (tag == "img" and value.startswith("data:"))
            if (name in REACHING or name in ("href", "xlink:href")) and not inside:
                self.faults.append(f"<{tag} {name}={value[:60]!r}>")


def self_contained(package: Package) -> None:
    """Nothing in the source reaches outside, and the policy forbids what it does not need."""
    text = package.html.read_text(encoding="utf-8")
    found = Reaches()
    found.feed(text)
    faults = found.faults + [f"url({u[:60]})" for u in re.findall(r"url\(\s*['\"]?([^)'\"]*)", text) if not u.startswith(("data:", "#"))]
    if "default-src 'none'" not in found.policy or "unsafe" in found.policy or re.search(r"https?:|\*", found.policy):
        faults.append(f"policy: {found.policy}")
    refuse_if(faults)


def nu(package: Package) -> None:
    """The Nu HTML checker finds no error."""
    assert package.web
    jar = package.web / "vnu-jar/build/dist/vnu.jar"
    done = run("java", "-jar", jar, "--format", "json", "--exit-zero-always", package.html)
    try:
        messages = json.loads(done.stdout or done.stderr)["messages"]
    except (ValueError, KeyError):
        raise Refused(f"no answer: {said(done)}") from None
    refuse_if(f"line {m.get('lastLine')}: {m['message']}" for m in messages if m["type"] != "info")


@cache
def browser(html: Path, web: Path) -> tuple[int, tuple[str, ...]]:
    """Runs check.mjs once; its exit code and the problems that it printed."""
    program = next((found for name in BROWSERS if (found := shutil.which(name))), None)
    if not program:
        raise Refused("no Chromium is installed")
    with tempfile.TemporaryDirectory() as folder:
        shutil.copy(CHECK, folder)
        (Path(folder) / "node_modules").symlink_to(web.resolve())
        done = run("node", Path(folder) / CHECK.name, html, web / "axe-core/axe.min.js", program)
    problems = [line for line in done.stdout.splitlines() if line.strip()]
    if done.stderr.strip():
        problems.append(f"error: {said(done)}")
    return done.returncode, tuple(problems)


def about(package: Package, network: bool, axe: bool) -> None:
    """Refuses with the problems of one kind: the network, axe, or (neither) everything else."""
    assert package.web
    code, problems = browser(package.html, package.web)
    if code != 0 and not problems:
        raise Refused(f"exit {code} without a word")
    listed = [p for p in problems if not re.fullmatch(r"\d+ problems|no problems", p)]
    if code not in (0, 1) or any(p.startswith("error: ") for p in problems):
        raise Refused(f"exit {code}: {' | '.join(problems[-6:])[-900:]}")
    is_network = [": the page asked for " in p for p in listed]
    is_axe = [": axe " in p or p.startswith("  ") for p in listed]
    refuse_if(p.strip() for p, n, a in zip(listed, is_network, is_axe, strict=True) if (n, a) == (network, axe))


def tests(package: Package) -> list[Test]:
    listed: list[Test] = [("HTML: below 2 MB", small), ("HTML: nothing reaches outside, strict policy", self_contained)]
    if package.web:
        listed += [
            ("Nu HTML checker: 0 errors", nu),
            ("browser: no request leaves the page", lambda p: about(p, network=True, axe=False)),
            ("browser: axe finds 0 violations, light and dark", lambda p: about(p, network=False, axe=True)),
            ("browser: filter, links, keyboard, phone, no script", lambda p: about(p, network=False, axe=False)),
        ]
    return listed
