"""Judges of the machine formats: compliance-trestle on OSCAL, the published schemas on OCSF and SARIF's own rules. Each judge is
first shown that it refuses a fault."""

import json
import os
import shutil
import subprocess
from collections.abc import Callable
from functools import cache
from hashlib import sha256
from pathlib import Path
from urllib.parse import unquote

from common import Package, Refused, Test, environment, must, refuse_if, said


@cache
def exported(package_zip: Path, affiant: Path, folder: Path) -> Path:
    must(affiant, "export", package_zip, "--output", folder / "out")
    return folder / "out"


def out(package: Package) -> Path:
    return exported(package.zip, package.affiant, package.scratch)


def inside(package: Package) -> None:
    """The files that lie in the package itself; they point at its parts from its folder on."""
    folder = package.top / "data/oscal"
    for name, read in models().items():
        if read(folder / name) is None:
            raise Refused(f"{name}: not read")
    resources = json.loads((folder / "assessment-results.json").read_text())["assessment-results"]["back-matter"]["resources"]
    links = [link for resource in resources for link in resource["rlinks"]]
    named = {unquote(link["href"]): link["hashes"][0]["value"] for link in links}
    refuse_if(f"{path} has another digest" for path, sha in named.items() if sha256((package.top / path).read_bytes()).hexdigest() != sha)


def models() -> dict[str, Callable[[Path], object]]:
    from trestle.oscal.assessment_results import AssessmentResults
    from trestle.oscal.catalog import Catalog
    from trestle.oscal.component import ComponentDefinition
    from trestle.oscal.mapping import MappingCollection
    from trestle.oscal.poam import PlanOfActionAndMilestones

    return {
        "assessment-results.json": AssessmentResults.oscal_read,
        "poam.json": PlanOfActionAndMilestones.oscal_read,
        "component-definition.json": ComponentDefinition.oscal_read,
        "catalog.json": Catalog.oscal_read,
        "mapping-collection.json": MappingCollection.oscal_read,
    }


def trestle(package: Package) -> None:
    """Reads each file as trestle's model of it, and has trestle's own validator look for UUIDs that stand twice."""
    from trestle.core.duplicates_validator import DuplicatesValidator
    from trestle.oscal import OSCAL_VERSION

    for name, read in models().items():
        path = out(package) / "oscal" / name
        model = read(path)
        if model is None:
            raise Refused(f"{name}: not read")
        if not DuplicatesValidator().model_is_valid(model, quiet=True):
            raise Refused(f"{name}: a UUID stands twice")
        version = str(getattr(model.metadata.oscal_version, "root", model.metadata.oscal_version))
        if OSCAL_VERSION not in version:
            raise Refused(f"{name}: version {version}, trestle knows {OSCAL_VERSION}")


def trestle_refuses(package: Package) -> None:
    """A state that OSCAL does not know, a member that it does not know, and an empty list must each be refused."""
    path = out(package) / "oscal/assessment-results.json"
    folder = package.folder()
    faults = {
        "state": lambda r: r["findings"][0]["target"]["status"].update(state="passed"),
        "member": lambda r: r.update({"score": 100}),
        "empty": lambda r: r.update({"observations": []}),
    }
    read = models()["assessment-results.json"]
    for name, spoil in faults.items():
        value = json.loads(path.read_text())
        spoil(value["assessment-results"]["results"][0])
        spoilt = folder / f"{name}.json"
        spoilt.write_text(json.dumps(value))
        try:
            read(spoilt)
        except Exception:
            continue
        raise Refused(f"the fault `{name}` was accepted")


def ocsf_validator():
    from jsonschema import Draft202012Validator
    from ocsf_json_schema import OcsfJsonSchemaEmbedded, get_ocsf_schema

    schema = OcsfJsonSchemaEmbedded(get_ocsf_schema(version="1.6.0"))

    @cache
    def of(profiles: tuple[str, ...]) -> Draft202012Validator:
        return Draft202012Validator(schema.get_class_schema("compliance_finding", profiles=list(profiles)))

    return of


def events(package: Package) -> list[dict]:
    return [json.loads(line) for line in (out(package) / "ocsf/compliance-findings.jsonl").read_text().splitlines()]


def ocsf(package: Package) -> None:
    of = ocsf_validator()
    found = []
    for number, event in enumerate(events(package), 1):
        validator = of(tuple(event["metadata"].get("profiles", [])))
        found += [f"line {number}: {error.json_path}: {error.message[:200]}" for error in validator.iter_errors(event)]
    refuse_if(found)


def ocsf_refuses(package: Package) -> None:
    of = ocsf_validator()
    event = next(e for e in events(package) if "cloud" in e)
    validator = of(tuple(event["metadata"]["profiles"]))
    for name, spoil in {
        "status": {"compliance": {**event["compliance"], "status_id": 7}},
        "time": {"time": "today"},
        "finding": {"finding_info": {}},
    }.items():
        if validator.is_valid({**event, **spoil}):
            raise Refused(f"the fault `{name}` was accepted")


def sarif(package: Package) -> None:
    """What section 3.27 of SARIF 2.1.0 asks of a result: levels and kinds that fit, indexes that point at what they name."""
    log = json.loads((out(package) / "sarif/affiant.sarif").read_text())
    run = log["runs"][0]
    rules, artifacts = run["tool"]["driver"]["rules"], run["artifacts"]
    found = []
    for number, result in enumerate(run["results"]):
        if result["kind"] not in {"pass", "fail", "open", "review", "notApplicable", "informational"}:
            found.append(f"result {number}: kind {result['kind']}")
        if (result["kind"] == "fail") == (result["level"] == "none"):
            found.append(f"result {number}: {result['kind']} with level {result['level']}")
        if rules[result["ruleIndex"]]["id"] != result["ruleId"]:
            found.append(f"result {number}: rule {result['ruleIndex']} is another")
        for location in result.get("locations", []):
            place = location.get("physicalLocation", {}).get("artifactLocation")
            if place and artifacts[place["index"]]["location"]["uri"] != place["uri"]:
                found.append(f"result {number}: artifact {place['index']} is another")
    refuse_if(found)


MULTITOOL = "@microsoft/sarif-multitool-linux/Sarif.Multitool"
KNOWN = {
    "SARIF2005": "the program has no page of its own that a log could name",
    "SARIF2017": "exhibits that are packed have no lines",
}
"""What Microsoft's multitool warns of, and why it stays so."""


def validated(package: Package, log: Path) -> list[dict]:
    """What the multitool says of a log. npm marks its program as one only where scripts of packages run, so a copy is marked here."""
    assert package.web
    program = package.scratch / "Sarif.Multitool"
    if not program.is_file():
        shutil.copy(package.web / MULTITOOL, program)
        program.chmod(0o700)
    report = package.folder() / "report.sarif"
    own = {**environment(), "DOTNET_SYSTEM_GLOBALIZATION_INVARIANT": "1", "DOTNET_BUNDLE_EXTRACT_BASE_DIR": str(package.folder())}
    command = [program, "validate", log, "--output", report, "--rule-kind", "Sarif"]
    done = subprocess.run([os.fspath(c) for c in command], env=own, capture_output=True, text=True, errors="replace")
    if not report.is_file():
        raise Refused(f"exit {done.returncode}: {said(done)}")
    found = json.loads(report.read_text(encoding="utf-8-sig"))["runs"][0]
    broken = [n["message"]["text"] for i in found.get("invocations", []) for n in i.get("toolExecutionNotifications", [])]
    return [*found.get("results", []), *({"ruleId": "broken", "level": "error", "message": {"id": words}} for words in broken)]


def multitool(package: Package) -> None:
    """No error, and no warning but those whose reason is known."""
    found = validated(package, out(package) / "sarif/affiant.sarif")
    refuse_if(f"{r['ruleId']} {r['message'].get('id', '')}" for r in found if r.get("level") == "error" or r["ruleId"] not in KNOWN)


def multitool_refuses(package: Package) -> None:
    """A rule that is not there, a region that ends before it begins, and a member that SARIF does not know must each be told."""
    log = json.loads((out(package) / "sarif/affiant.sarif").read_text())
    log["runs"][0]["results"] = log["runs"][0]["results"][:40]
    clean = {r["ruleId"] for r in validated(package, written(package, log)) if r.get("level") == "error"}

    def backwards(run: dict) -> None:
        places = (place["physicalLocation"] for r in run["results"] for place in r.get("locations", []))
        region = next(place["region"] for place in places if "region" in place)
        region["endColumn"] = region["startColumn"] - 1

    faults: dict[str, Callable[[dict], object]] = {
        "rule": lambda run: run["results"][0].update(ruleIndex=len(run["tool"]["driver"]["rules"]) + 5),
        "region": backwards,
        "member": lambda run: run.update(score=100),
    }
    for name, spoil in faults.items():
        spoilt = json.loads(json.dumps(log))
        spoil(spoilt["runs"][0])
        found = validated(package, written(package, spoilt))
        if not {r["ruleId"] for r in found if r.get("level") == "error"} - clean:
            raise Refused(f"the fault `{name}` was accepted")


def written(package: Package, log: dict) -> Path:
    path = package.folder() / "log.sarif"
    path.write_text(json.dumps(log, indent=2))
    return path


def tests(package: Package) -> list[Test]:
    return [
        ("compliance-trestle reads the OSCAL files", trestle),
        ("compliance-trestle refuses faults in them", trestle_refuses),
        ("compliance-trestle reads the OSCAL files inside the package, and their digests hold", inside),
        ("OCSF events follow the published schema", ocsf),
        ("the published schema refuses faults in them", ocsf_refuses),
        ("SARIF results keep the standard's rules", sarif),
        *([("Microsoft's multitool accepts the SARIF log", multitool), ("it refuses faults in it", multitool_refuses)] if package.web else []),
    ]
