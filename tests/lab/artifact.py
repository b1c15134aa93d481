"""AWS Artifact before the laboratory: reports by id, their terms, and what is written of them."""

import hashlib
import json
from pathlib import Path

from cases import Bench
from laboratory import HOME, Refused, Workspace

REPORT = "report-lab0soc2type2aaa"
PERSON = "Casey Example"


def with_reports(bench: Bench, name: str, report: str, accepted: bool, *faults: dict[str, object]) -> Workspace:
    workspace = bench.workspace(name)
    bench.lab.faults(*faults)
    settings = workspace.folder / "affiant.yaml"
    settings.write_text(settings.read_text() + f"artifact: {{reports: [{report}]}}\n")
    if accepted:
        program = workspace.folder / "program"
        program.mkdir(exist_ok=True)
        terms = f"format: affiant.artifact-terms/1\naccepted:\n  - {{report: {report}, by: {PERSON}, on: 2026-09-30}}\n"
        (program / "artifact-terms.yaml").write_text(terms)
    workspace.collect()
    return workspace


def custody(workspace: Workspace) -> dict[str, dict[str, str]]:
    """Custody of what was asked of AWS Artifact, by operation."""
    lines = (workspace.run_folder / "data/custody.jsonl").read_text().splitlines()
    sources = (json.loads(line)["source"] for line in lines)
    return {s["operation"]: s["custody"] for s in sources if s.get("service") == "artifact"}


def nothing_secret(folder: Path) -> list[str]:
    """Files that hold a presigned link, a term's token or a PDF by AWS."""
    token = hashlib.sha256(f"termarn:aws:artifact:us-east-1::report/{REPORT}:3{HOME}".encode()).hexdigest().encode()
    words = (b"X-Amz-Signature", b"X-Amz-Credential", token, b'documentPresignedUrl":', b"Laboratory copy, no content")
    return [str(p) for p in folder.rglob("*") if p.is_file() and any(w in p.read_bytes() for w in words)]


def report_metadata(bench: Bench) -> str:
    """Without accepted terms: metadata, and neither term nor document is asked for."""
    bench.lab.forget_calls()
    workspace = with_reports(bench, "report-metadata", REPORT, accepted=False)
    asked = custody(workspace)
    if "GetReportMetadata" not in asked or "GetReport" in asked or "GetTermForReport" in asked:
        raise Refused(f"asked of AWS Artifact: {sorted(asked)}")
    if any("GetReport" in call.split(":")[-1] and "Metadata" not in call or "GetTerm" in call for call in bench.lab.calls()):
        raise Refused("a document was asked for that nobody accepted terms for")
    return "metadata alone"


def report_document(bench: Bench) -> str:
    """With accepted terms: the document outside of the run, its digest inside, nothing else of it anywhere."""
    workspace = with_reports(bench, "report-document", REPORT, accepted=True)
    told = custody(workspace).get("GetReport", {})
    kept = list((workspace.folder / ".affiant/artifact-reports").glob("*.pdf"))
    if len(kept) != 1 or hashlib.sha256(kept[0].read_bytes()).hexdigest() != told.get("document-sha256"):
        raise Refused(f"documents {[p.name for p in kept]}, custody {told}")
    if PERSON not in told.get("terms-accepted", ""):
        raise Refused(f"who accepted the terms is not in custody: {told}")
    made = workspace.run("package")
    if made.code not in (0, 3):
        raise Refused(f"package: exit {made.code}: {made.err[-300:]}")
    found = nothing_secret(workspace.folder / "evidence") + nothing_secret(workspace.folder / "packages")
    if found:
        raise Refused(f"AWS's document, a link or a token is in {found[:4]}")
    return f"{kept[0].stat().st_size} bytes outside, their digest inside"


def report_refused(bench: Bench) -> str:
    """A report that AWS does not give is a gap or absent, and does not end the run."""
    workspace = with_reports(bench, "report-refused", REPORT, False, {"operation": "GetReportMetadata", "mode": "deny"})
    bench.lab.faults()
    lines = (workspace.run_folder / "data/coverage.jsonl").read_text().splitlines()
    states = [row["state"] for row in map(json.loads, lines) if row["source"] == "artifact:GetReportMetadata"]
    if states != ["denied"]:
        raise Refused(f"a denied report reads {states}")
    return "denied, counted"


CASES = [report_metadata, report_document, report_refused]
