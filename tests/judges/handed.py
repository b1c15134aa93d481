"""Judges of the machine formats: compliance-trestle on OSCAL, the published schemas on OCSF and SARIF's own rules. Each judge is
first shown that it refuses a fault."""

import json
from collections.abc import Callable
from functools import cache
from pathlib import Path

from common import Package, Refused, Test, must, refuse_if


@cache
def exported(package_zip: Path, affiant: Path, folder: Path) -> Path:
    must(affiant, "export", package_zip, "--output", folder / "out")
    return folder / "out"


def out(package: Package) -> Path:
    return exported(package.zip, package.affiant, package.scratch)


def models() -> dict[str, Callable[[Path], object]]:
    from trestle.oscal.assessment_results import AssessmentResults
    from trestle.oscal.component import ComponentDefinition
    from trestle.oscal.poam import PlanOfActionAndMilestones

    return {
        "assessment-results.json": AssessmentResults.oscal_read,
        "poam.json": PlanOfActionAndMilestones.oscal_read,
        "component-definition.json": ComponentDefinition.oscal_read,
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


def tests(_: Package) -> list[Test]:
    return [
        ("compliance-trestle reads the OSCAL files", trestle),
        ("compliance-trestle refuses faults in them", trestle_refuses),
        ("OCSF events follow the published schema", ocsf),
        ("the published schema refuses faults in them", ocsf_refuses),
        ("SARIF results keep the standard's rules", sarif),
    ]
