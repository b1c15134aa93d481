//! What a workspace says of documents, agreements, operating records, attestations and clearances.

use std::collections::BTreeSet;
use std::path::Path;

use super::Linter;
use crate::diag::{Diagnostic, Gravity, near};
use crate::model::decisions::Decisions;
use crate::model::digest::Digest;
use crate::workspace::FILES;
use crate::yaml::is_placeholder;

impl Linter<'_> {
    pub(super) fn papers(&mut self, decisions: &Decisions) {
        for (i, drill) in decisions.incident.iter().flat_map(|plan| &plan.drills).enumerate() {
            for (n, path) in drill.evidence.iter().enumerate() {
                self.paper(FILES[5], &format!("drills/{i}/evidence/{n}"), path);
            }
        }
        let in_documents = |path: &&String| path.starts_with("documents/");
        for (i, incident) in decisions.incident.iter().flat_map(|plan| &plan.incidents).enumerate() {
            for path in [&incident.assessment].into_iter().filter(in_documents) {
                self.paper(FILES[5], &format!("incidents/{i}/assessment"), path);
            }
        }
        let entries = decisions.risks.entries.iter().enumerate().map(|(i, r)| ("entries", i, &r.detail));
        let own = decisions.risks.own.iter().enumerate().map(|(i, r)| ("own", i, &r.detail));
        for (list, i, detail) in entries.chain(own) {
            for (n, step) in detail.steps.iter().enumerate() {
                for path in [&step.proof].into_iter().filter(in_documents) {
                    self.paper(FILES[4], &format!("{list}/{i}/detail/steps/{n}/proof"), path);
                }
            }
        }
    }

    /// Files of operating records; a privileged one stands nowhere else, and in no run that is packaged.
    pub(super) fn records(&mut self, decisions: &Decisions) {
        let said = decisions.attestations.attestations.iter().flat_map(|a| &a.evidence);
        let drilled =
            decisions.incident.iter().flat_map(|plan| &plan.drills).flat_map(|drill| &drill.evidence);
        let cited: BTreeSet<&String> = said.chain(drilled).collect();
        for (i, record) in decisions.records.records.iter().enumerate().filter(|(_, r)| !r.file.is_empty()) {
            let place = format!("records/{i}/file");
            let whole = self.workspace.root.join(&record.file);
            if !record.privileged {
                self.paper(FILES[9], &place, &record.file);
                let now =
                    record.sha256.and_then(|said| Some((said, Digest::of(&std::fs::read(&whole).ok()?))));
                if now.is_some_and(|(said, now)| said != now) {
                    let message =
                        format!("`{}` is not the file of this record: its digest is another", record.file);
                    let problem = Diagnostic::new("AFW-076", message).level(Gravity::Warning);
                    self.say(
                        FILES[9],
                        &place,
                        problem.hint("put the file back as it was, or write a record of the new one"),
                    );
                }
                continue;
            }
            if cited.contains(&record.file) {
                let message =
                    format!("`{}` is privileged, and a statement or a drill rests on it", record.file);
                let hint =
                    "what is cited is handed over: let it rest on something else, or waive the privilege";
                self.say(FILES[9], &place, Diagnostic::new("AFW-082", message).hint(hint));
            }
            let digest = std::fs::read(&whole).ok().map(|bytes| Digest::of(&bytes)).or(record.sha256);
            let name = |path: &str| path.rsplit('/').next().unwrap_or_default().to_string();
            let held = self.run.into_iter().flat_map(|run| &run.artifacts).find(|a| {
                let document = a.path.starts_with("documents/");
                document && (a.path == record.file || name(&a.path) == name(&record.file))
                    || digest == Some(a.sha256)
            });
            if let Some(held) = held {
                let message = format!("the run holds `{}`, which is privileged", held.path);
                let hint = "a sealed run loses nothing: collect again, and package that run";
                self.say(FILES[9], &place, Diagnostic::new("AFW-083", message).hint(hint));
            }
        }
    }

    /// A document that a statement rests on: in the workspace, or in the run.
    fn paper(&mut self, file: &str, place: &str, path: &str) {
        if is_placeholder(path) {
            return;
        }
        let problem = |message: String| Diagnostic::new("AFW-056", message);
        if Path::new(path).is_absolute() || path.split('/').any(|part| part == "..") {
            let hint = "put a copy into documents/ and write `documents/NAME`";
            return self.say(file, place, problem(format!("`{path}` lies outside the workspace")).hint(hint));
        }
        let collected =
            self.run.into_iter().flat_map(|run| &run.artifacts).map(|artifact| artifact.path.as_str());
        let collected: Vec<&str> = collected.filter(|path| path.starts_with("documents/")).collect();
        if self.workspace.root.join(path).is_file() || collected.contains(&path) {
            return;
        }
        let mut here: Vec<String> = collected.iter().map(ToString::to_string).collect();
        let own = std::fs::read_dir(self.workspace.root.join("documents")).into_iter().flatten().flatten();
        here.extend(own.map(|entry| format!("documents/{}", entry.file_name().to_string_lossy())));
        let otherwise = match path.contains("://") {
            true => "nobody can hold a page to its digest: save it as a file in documents/ and name that",
            false => "put the file there, or write the name of one that is in documents/",
        };
        let hint = near::hint(path, here.iter().map(String::as_str), otherwise);
        let message = match self.workspace.root.join(path).is_dir() {
            true => format!("`{path}` is a folder, and a statement rests on files"),
            false => format!("there is no file `{path}` in the workspace, and none in the run"),
        };
        self.say(file, place, problem(message).hint(hint));
    }

    pub(super) fn clearances(&mut self, decisions: &Decisions) {
        for (i, c) in decisions.clearances.clearances.iter().enumerate() {
            let inner = c.path.strip_prefix("data/").unwrap_or(&c.path);
            let known = self.workspace.files.contains_key(&c.path)
                || self.run.is_none_or(|run| run.artifacts.iter().any(|artifact| artifact.path == inner));
            if !known && !is_placeholder(&c.path) {
                let names: Vec<String> = self
                    .run
                    .into_iter()
                    .flat_map(|run| &run.artifacts)
                    .map(|a| format!("data/{}", a.path))
                    .collect();
                let hint = near::hint(
                    &c.path,
                    names.iter().map(String::as_str),
                    "name a file as it lies in the run, such as `data/documents/plan.md`",
                );
                let problem = Diagnostic::new(
                    "AFW-066",
                    format!("neither the workspace nor the run has a file `{}`", c.path),
                );
                self.say(
                    FILES[6],
                    &format!("clearances/{i}/path"),
                    problem.level(Gravity::Warning).hint(hint),
                );
            }
        }
    }

    pub(super) fn attestations(&mut self, decisions: &Decisions) {
        let file = FILES[2];
        let asked: Vec<&str> =
            self.catalog.controls.iter().flat_map(|c| c.attest.iter().map(|a| a.id.as_str())).collect();
        let standing = crate::pipeline::statements::standing(decisions);
        for (i, a) in decisions.attestations.attestations.iter().enumerate() {
            let place = |member: &str| format!("attestations/{i}/{member}");
            if is_placeholder(&a.id) {
                continue;
            }
            if !asked.contains(&a.id.as_str()) {
                let hint = near::hint(
                    &a.id,
                    asked.iter().copied(),
                    "`affiant controls show CONTROL` lists the statements that a control asks for",
                );
                self.say(
                    file,
                    &place("id"),
                    Diagnostic::new("AFW-055", format!("no control asks for a statement `{}`", a.id))
                        .hint(hint),
                );
            } else if self.passed(&a.valid_until) {
                let message =
                    format!("the statement `{}` held until {} and counts no more", a.id, a.valid_until);
                let problem = Diagnostic::new("AFW-057", message).level(Gravity::Warning);
                self.say(file, &place("valid_until"), problem.hint("have it made again, with a new `on`"));
            }
            self.held(i, a);
            for (n, path) in a.evidence.iter().enumerate() {
                self.paper(file, &format!("attestations/{i}/evidence/{n}"), path);
            }
            if standing.get(&a.id).is_some_and(|s| !s.holds) {
                let message = format!("the statement `{}` was changed after it was signed", a.id);
                let problem = Diagnostic::new("AFW-075", message).level(Gravity::Warning);
                self.say(
                    file,
                    &place("id"),
                    problem.hint(format!("have it made again: `affiant attest {} --by NAME`", a.id)),
                );
            }
            for (n, stated) in a.files.iter().enumerate() {
                let now = std::fs::read(self.workspace.root.join(&stated.path))
                    .ok()
                    .map(|bytes| Digest::of(&bytes));
                if now.is_some_and(|now| now != stated.sha256) {
                    let message = format!(
                        "`{}` is not the file on which the statement `{}` rests: it was changed since",
                        stated.path, a.id
                    );
                    let problem = Diagnostic::new("AFW-076", message).level(Gravity::Warning);
                    let hint = "put the file back as it was, or have the statement made again";
                    self.say(file, &format!("attestations/{i}/files/{n}/path"), problem.hint(hint));
                }
            }
        }
    }
}
