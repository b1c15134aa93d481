//! The user's folder: `affiant.yaml` and `program/`. Reads what people decided and reports every problem at once. It knows no
//! evidence and no verdicts.

mod aws;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use chrono::NaiveDate;
use serde::de::DeserializeOwned;

use crate::diag::{Diagnostic, Problems};
use crate::model::decisions::{Decisions, Plan, ROLES};
use crate::yaml::{place, yaml};

/// A workspace: its root, its decisions, and the bytes they came from (path below the root).
#[derive(Debug, Clone)]
pub struct Workspace {
    pub root: PathBuf,
    pub decisions: Decisions,
    pub files: BTreeMap<String, Vec<u8>>,
}

/// The files that hold decisions, in the order they are read.
pub const FILES: [&str; 8] = [
    "affiant.yaml",
    "program/exceptions.yaml",
    "program/attestations.yaml",
    "program/alternatives.yaml",
    "program/risks.yaml",
    "program/incident-response.yaml",
    "program/clearances.yaml",
    "program/artifact-terms.yaml",
];

impl Workspace {
    pub fn evidence(&self) -> PathBuf {
        self.root.join("evidence")
    }

    pub fn packages(&self) -> PathBuf {
        self.root.join("packages")
    }

    /// Private things of this machine: keys and derived runs. Git-ignored.
    pub fn private(&self) -> PathBuf {
        self.root.join(".affiant")
    }
}

/// The nearest folder at or above `start` with an `affiant.yaml`, else `start` itself.
pub fn find(start: &Path) -> PathBuf {
    start.ancestors().find(|dir| dir.join("affiant.yaml").is_file()).unwrap_or(start).to_path_buf()
}

/// Opens the workspace at `root`. Missing files are empty decisions; wrong ones are problems.
pub fn open(root: &Path) -> Result<Workspace, Problems> {
    let mut files = BTreeMap::new();
    let mut problems = Problems::default();
    for name in FILES {
        match std::fs::read(root.join(name)) {
            Ok(bytes) => {
                files.insert(name.to_string(), bytes);
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            Err(error) => problems.push(Diagnostic::new("AFW-001", format!("cannot read: {error}")).file(name)),
        }
    }
    let decisions = parse(&files, &mut problems);
    problems.or(Workspace { root: root.to_path_buf(), decisions, files })
}

/// Reads decisions from files, as `open` does; `verify --recompute` uses the packaged ones.
pub fn decisions(files: &BTreeMap<String, Vec<u8>>) -> Result<Decisions, Problems> {
    let mut problems = Problems::default();
    let decisions = parse(files, &mut problems);
    problems.or(decisions)
}

fn parse(files: &BTreeMap<String, Vec<u8>>, problems: &mut Problems) -> Decisions {
    let decisions = Decisions {
        workspace: section(files, FILES[0], problems).unwrap_or_default(),
        exceptions: section(files, FILES[1], problems).unwrap_or_default(),
        attestations: section(files, FILES[2], problems).unwrap_or_default(),
        alternatives: section(files, FILES[3], problems).unwrap_or_default(),
        risks: section(files, FILES[4], problems).unwrap_or_default(),
        incident: section::<Plan>(files, FILES[5], problems),
        clearances: section(files, FILES[6], problems).unwrap_or_default(),
        terms: section(files, FILES[7], problems).unwrap_or_default(),
    };
    Checker { files, problems }.all(&decisions);
    decisions
}

fn section<T: DeserializeOwned>(files: &BTreeMap<String, Vec<u8>>, name: &str, problems: &mut Problems) -> Option<T> {
    let bytes = files.get(name)?;
    match yaml(name, bytes) {
        Ok(value) => Some(value),
        Err(problem) => {
            problems.push(problem);
            None
        }
    }
}

/// Whether somebody wrote something: not empty, and no `<…>` of a starter file.
fn named(text: &str) -> bool {
    let placeholder = text.contains('<') && text.contains('>');
    !placeholder && !text.trim().is_empty()
}

/// Whether two entries name the same person: `Rowan Example, chief executive` and `rowan example` do.
fn same_person(a: &str, b: &str) -> bool {
    let name =
        |text: &str| text.split([',', '(', '<']).next().unwrap_or_default().split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase();
    name(a) == name(b)
}

/// What a value must be beyond its shape.
struct Checker<'a> {
    files: &'a BTreeMap<String, Vec<u8>>,
    problems: &'a mut Problems,
}

impl Checker<'_> {
    fn all(&mut self, decisions: &Decisions) {
        self.workspace(decisions);
        for e in &decisions.exceptions.exceptions {
            let file = FILES[1];
            self.date(file, "accepted", &e.accepted);
            self.date(file, "expires", &e.expires);
            if !named(&e.approver) || !named(&e.owner) || same_person(&e.approver, &e.owner) {
                let message = format!("the exception for `{}` needs an approver who is not its owner", e.check);
                self.complain(file, &e.check, "AFW-004", message, "name a second person as `approver`");
            }
            if !named(&e.reason) {
                self.complain(
                    file,
                    &e.check,
                    "AFW-020",
                    format!("the exception for `{}` has no reason", e.check),
                    "say why it cannot be fixed now",
                );
            }
            if e.expires < e.accepted {
                let message = format!("the exception for `{}` expires before it was accepted", e.check);
                self.complain(file, &e.expires, "AFW-021", message, "write the day it ends as `expires`");
            }
        }
        for (risk, acceptance) in decisions.risks.entries.iter().filter_map(|r| Some((r, r.acceptance.as_ref()?))) {
            if !named(&acceptance.approver) || same_person(&acceptance.approver, &risk.owner) {
                let message = format!("the acceptance of a risk of `{}` needs an approver who is not its owner", risk.matches.control);
                self.complain(FILES[4], &acceptance.approver, "AFW-004", message, "name a second person as `approver`");
            }
            self.date(FILES[4], "accepted", &acceptance.accepted);
            self.date(FILES[4], "expires", &acceptance.expires);
        }
        for a in &decisions.attestations.attestations {
            if !named(&a.by) {
                let message = format!("nobody is named as making the statement `{}`", a.id);
                self.complain(FILES[2], &a.id, "AFW-022", message, "name the person as `by`");
            }
            self.date(FILES[2], "on", &a.on);
            self.date(FILES[2], "valid_until", &a.valid_until);
        }
        for a in &decisions.alternatives.alternatives {
            self.date(FILES[3], "date", &a.date);
        }
        self.permissions(decisions);
        for drill in decisions.incident.iter().flat_map(|p| &p.drills) {
            self.date(FILES[5], "date", &drill.date);
        }
    }

    /// Clearances and accepted terms: a named person, days, a content.
    fn permissions(&mut self, decisions: &Decisions) {
        for c in &decisions.clearances.clearances {
            let file = FILES[6];
            self.date(file, "on", &c.on);
            self.date(file, "until", &c.until);
            if !named(&c.by) || !named(&c.reason) {
                let message = format!("the clearance of `{}` needs a named person and a reason", c.path);
                self.complain(file, &c.path, "AFW-040", message, "write who looked at it as `by`, and why it may stay as `reason`");
            }
            if c.sha256.len() != 64 || !c.sha256.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b)) {
                let message = format!("`{}` is not a SHA-256 digest", c.sha256);
                self.complain(file, &c.sha256, "AFW-041", message, "write the 64 digits that sha256sum prints for the file");
            }
            for rule in c.rules.iter().filter(|rule| !rule.starts_with("phi-")) {
                let message = format!("`{rule}` cannot be cleared");
                self.complain(file, rule, "AFW-042", message, "only PHI rules (phi-…) can; a secret is redacted whoever looked at it");
            }
            if c.rules.is_empty() || c.until < c.on {
                let message = format!("the clearance of `{}` names no rule, or ends before it begins", c.path);
                self.complain(file, &c.path, "AFW-043", message, "name rules such as phi-telephone, and the last day as `until`");
            }
        }
        for t in &decisions.terms.accepted {
            self.date(FILES[7], "on", &t.on);
            if !named(&t.by) {
                let message = format!("nobody is named as accepting the terms of `{}`", t.report);
                self.complain(FILES[7], &t.report, "AFW-044", message, "name the person who may accept them for the organization as `by`");
            }
        }
        for report in decisions.workspace.artifact.reports.iter().chain(decisions.terms.accepted.iter().map(|t| &t.report)) {
            let id = report.strip_prefix("report-").unwrap_or_default();
            if id.len() != 16 || !id.bytes().all(|b| b.is_ascii_alphanumeric()) {
                let message = format!("`{report}` is not the id of a report in AWS Artifact");
                self.complain(FILES[0], report, "AFW-045", message, "`report-` and 16 letters or digits, as AWS Artifact shows it");
            }
        }
    }

    fn workspace(&mut self, decisions: &Decisions) {
        let file = FILES[0];
        let w = &decisions.workspace;
        if self.files.contains_key(file) && !ROLES.contains(&w.organization.role.as_str()) {
            let message = format!("`{}` is not a role under HIPAA", w.organization.role);
            let hint = format!("write one of: {}", ROLES.join(", "));
            self.complain(file, &w.organization.role, "AFW-002", message, &hint);
        }
        for e in &w.exclude {
            self.date(file, "on", &e.on);
            if !named(&e.by) || !named(&e.reason) {
                let message = format!("the exclusion of `{}` needs a named person and a reason", e.pattern);
                self.complain(file, &e.pattern, "AFW-023", message, "write who decided it as `by`, and why as `reason`");
            }
            if e.pattern.chars().all(|c| c == '*') {
                let message = "an exclusion that matches everything leaves nothing to judge".to_string();
                self.complain(file, &e.pattern, "AFW-024", message, "name ARNs, with `*` for a part of them");
            }
        }
        self.aws(&w.aws, &w.accounts);
        for (name, value) in [("start", &w.period.start), ("end", &w.period.end)] {
            if !value.is_empty() {
                self.date(file, name, value);
            }
        }
        if !["us-letter", "a4"].contains(&w.report.paper.as_str()) {
            let message = format!("`{}` is not a paper size", w.report.paper);
            self.complain(file, &w.report.paper, "AFW-005", message, "write us-letter or a4");
        }
        if w.retention.years < 6 {
            let message = format!("retention of {} years is shorter than the law's six", w.retention.years);
            self.complain(file, "years", "AFW-006", message, "164.316(b)(2)(i) asks for six years; write 6 or more");
        }
        if w.period.label.contains(['/', '\\']) || w.period.label.starts_with('.') {
            let message = format!("the period's label `{}` cannot name a folder", w.period.label);
            self.complain(file, &w.period.label, "AFW-007", message, "write something like 2026-Q3");
        }
    }

    fn date(&mut self, file: &str, member: &str, value: &str) {
        if NaiveDate::parse_from_str(value, "%Y-%m-%d").is_err() {
            let message = format!("`{member}: {value}` is not a date");
            self.complain(file, value, "AFW-003", message, "write dates as 2026-09-30");
        }
    }

    fn complain(&mut self, file: &str, needle: &str, code: &'static str, message: String, hint: &str) {
        let (line, column) = self.files.get(file).map_or((1, 1), |bytes| place(bytes, needle));
        self.problems.push(Diagnostic::new(code, message).file(file).at(line, column).hint(hint));
    }
}

#[cfg(test)]
mod tests {
    use super::same_person;

    #[test]
    fn people_are_known_by_their_names() {
        for (a, b, expected) in [
            ("Rowan Example, chief executive", "rowan  example", true),
            ("Rowan Example", "Rowan Example (acting)", true),
            ("Rowan Example", "Riley Example", false),
        ] {
            assert_eq!(same_person(a, b), expected, "{a} / {b}");
        }
    }
}
