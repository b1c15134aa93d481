//! What a workspace says against what the catalog and a run know: every reference, every file that is named,
//! what has lapsed. `lint` prints it, `package` refuses by it; both ask the same.

mod lapsed;
mod records;
mod seal;

use std::collections::BTreeSet;

use super::Error;
use super::assess::{DecisionsSeen, parameter_problems};
use super::not_yet::not_yet;
use crate::assess::verdicts::exceptions::ExceptionUse;
use crate::diag::{Diagnostic, Gravity, near};
use crate::model::catalog::{Catalog, Control};
use crate::model::citation::Citation;
use crate::model::decisions::Decisions;
use crate::model::decisions::ExceptionRecord;
use crate::store::run::Reader;
use crate::workspace::{FILES, Workspace};
use crate::yaml::is_placeholder;

/// Every problem that can be told before the evidence is judged.
pub fn references(
    workspace: &Workspace,
    catalog: &Catalog,
    run: Option<&Reader>,
    as_of: Option<&str>,
) -> Vec<Diagnostic> {
    let as_of = as_of
        .or(run.map(|run| run.record.ended.as_str()))
        .and_then(|time| time.get(..10))
        .map(str::to_string);
    let mut linter = Linter { workspace, catalog, run, as_of, found: workspace.notes.clone() };
    linter.found.extend(parameter_problems(workspace, catalog));
    let decisions = &workspace.decisions;
    linter.expected(decisions);
    linter.seal(&decisions.workspace.seal);
    linter.exceptions(decisions);
    linter.attestations(decisions);
    linter.alternatives(decisions);
    linter.risks(decisions);
    linter.papers(decisions);
    linter.records(decisions);
    linter.lapsed(decisions);
    linter.clearances(decisions);
    linter.found.extend(linter.as_of.iter().flat_map(|day| not_yet(workspace, day)));
    linter.found
}

/// What is wrong with an exception in the light of a run: it names nothing that was judged, or nothing that
/// fails.
fn covers(e: &ExceptionRecord, used: &ExceptionUse, id: &str) -> Option<Diagnostic> {
    Some(match (used.named, used.rows + used.unread, used.failing) {
        (0, 0, _) => {
            let message = format!("`{}` judged nothing in run {id}, so this names nothing there", e.check);
            Diagnostic::new("AFW-070", message)
                .level(Gravity::Warning)
                .hint("remove the exception if the resource is gone")
        }
        (0, _, _) => {
            let near = near::nearest(&e.resource, used.resources.iter().map(String::as_str));
            let some = used.resources.iter().take(3).map(|r| format!("`{r}`")).collect::<Vec<_>>().join(", ");
            let hint = match (near, some.is_empty()) {
                (Some(near), _) => {
                    format!("did you mean `{near}`? Remove the exception if the resource is gone")
                }
                (None, false) => format!("it judged {some}; remove the exception if the resource is gone"),
                (None, true) => String::new(),
            };
            // what was not read may be what it names
            let level = if used.unread > 0 { Gravity::Warning } else { Gravity::Error };
            let open = if used.unread > 0 {
                format!("; for {} others evidence is missing", used.unread)
            } else {
                String::new()
            };
            let message = format!("`{}` judged no resource `{}` in run {id}{open}", e.check, e.resource);
            Diagnostic::new("AFW-071", message).level(level).hint(hint)
        }
        (_, _, 0) => {
            let message = format!("what this exception names is not failing in run {id}: it covers nothing");
            Diagnostic::new("AFW-072", message)
                .level(Gravity::Warning)
                .hint("remove it, so that a new failure is seen")
        }
        _ => return None,
    })
}

/// What only a judged run tells: exceptions that name nothing or cover nothing, exclusions of nothing.
pub fn after(
    workspace: &Workspace,
    catalog: &Catalog,
    run: &Reader,
    seen: &DecisionsSeen,
) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    let day = run.record.ended.get(..10).unwrap_or_default();
    for (i, (e, used)) in workspace.decisions.exceptions.exceptions.iter().zip(&seen.exceptions).enumerate() {
        if is_placeholder(&e.resource) || !catalog.checks.contains_key(&e.check) || e.expires.as_str() < day {
            continue;
        }
        let place = format!("exceptions/{i}/resource");
        let Some(problem) = covers(e, used, &run.record.id) else { continue };
        found.push(workspace.mark(FILES[1], &place, problem));
    }
    for (i, _) in seen.excluded.iter().enumerate().filter(|(_, n)| **n == 0) {
        let problem = Diagnostic::new(
            "AFW-073",
            format!("this takes no resource of run {} out of scope", run.record.id),
        );
        let problem =
            problem.level(Gravity::Warning).hint("compare it with the ARNs in the evidence, or remove it");
        found.push(workspace.mark(FILES[0], &format!("exclude/{i}/match"), problem));
    }
    found
}

/// What stops a package, and what does not.
pub fn split(found: Vec<Diagnostic>) -> (Vec<Diagnostic>, Vec<Diagnostic>) {
    found.into_iter().partition(|problem| problem.level != Gravity::Warning)
}

/// An error of what stops a package, unless a draft is asked for.
pub fn refuse(found: Vec<Diagnostic>, draft: bool) -> Result<Vec<Diagnostic>, Error> {
    let (stops, warnings) = split(found);
    match stops.is_empty() || draft {
        true => Ok(stops.into_iter().chain(warnings).collect()),
        false => Err(Error::Problems(crate::diag::Problems(stops.into_iter().chain(warnings).collect()))),
    }
}

/// Whole years between two days.
fn years_between(from: &str, to: &str) -> Option<u32> {
    let day = |text: &str| chrono::NaiveDate::parse_from_str(text, "%Y-%m-%d").ok();
    day(to)?.years_since(day(from)?)
}

struct Linter<'a> {
    workspace: &'a Workspace,
    catalog: &'a Catalog,
    run: Option<&'a Reader>,
    /// The day of the judgement, where there is a run.
    as_of: Option<String>,
    found: Vec<Diagnostic>,
}

impl Linter<'_> {
    fn say(&mut self, file: &str, path: &str, problem: Diagnostic) {
        self.found.push(self.workspace.mark(file, path, problem));
    }

    fn passed(&self, day: &str) -> bool {
        !is_placeholder(day) && self.as_of.as_deref().is_some_and(|as_of| day < as_of)
    }

    fn control(&mut self, file: &str, path: &str, id: &str) -> Option<Control> {
        let found = self.catalog.controls.iter().find(|c| c.id == id).cloned();
        if found.is_none() && !is_placeholder(id) {
            let list = self.catalog.controls.iter().map(|c| c.id.as_str()).collect::<Vec<_>>().join(", ");
            let hint = near::hint(
                id,
                self.catalog.controls.iter().map(|c| c.id.as_str()),
                &format!("the controls are: {list}"),
            );
            self.say(
                file,
                path,
                Diagnostic::new("AFW-058", format!("no control is called `{id}`")).hint(hint),
            );
        }
        found
    }

    fn citation(&mut self, file: &str, path: &str, citation: &Citation) {
        if !self.catalog.rule.rows.iter().any(|row| row.citation == *citation) {
            let rows: Vec<String> =
                self.catalog.rule.rows.iter().map(|row| row.citation.to_string()).collect();
            let hint = near::hint(
                &citation.to_string(),
                rows.iter().map(String::as_str),
                "cite a paragraph of the Security Rule, such as 164.312(a)(2)(iv)",
            );
            self.say(
                file,
                path,
                Diagnostic::new("AFW-059", format!("the Security Rule has no `{citation}`")).hint(hint),
            );
        }
    }

    /// What nobody named cannot be missing.
    fn expected(&mut self, decisions: &Decisions) {
        let facts = &decisions.workspace;
        let empty = [
            ("accounts", facts.accounts.is_empty() && !facts.aws.organization),
            ("regions", facts.regions.is_empty()),
        ];
        for (member, _) in empty.into_iter().filter(|(_, empty)| *empty) {
            let message = format!("`{member}` names none, so none can be told to be missing");
            let problem = Diagnostic::new("AFW-069", message).level(Gravity::Warning);
            let hint = format!("name what must have been read as `{member}`");
            self.say(FILES[0], member, problem.hint(hint));
        }
        let day = |text: &str| chrono::NaiveDate::parse_from_str(text, "%Y-%m-%d").ok();
        let (begins, ends) = (day(&facts.period.start), day(&facts.period.end));
        let Some(judged) = self.as_of.as_deref().and_then(day) else { return };
        // a quarter is collected at its end, or some weeks after it
        let late = ends.and_then(|end| end.checked_add_days(chrono::Days::new(45)));
        if begins.is_some_and(|begins| judged < begins) || late.is_some_and(|late| late < judged) {
            let message =
                format!("{judged}, the day that is judged, is not of the period `{}`", facts.period.label);
            let problem = Diagnostic::new("AFW-077", message).level(Gravity::Warning);
            let hint = "write the period that this run is for; the package goes into a folder of its label";
            self.say(FILES[0], "period/end", problem.hint(hint));
        }
    }

    fn exceptions(&mut self, decisions: &Decisions) {
        let file = FILES[1];
        for (i, e) in decisions.exceptions.exceptions.iter().enumerate() {
            if is_placeholder(&e.check) {
                continue;
            }
            let place = |member: &str| format!("exceptions/{i}/{member}");
            if !self.catalog.checks.contains_key(&e.check) {
                let hint = near::hint(
                    &e.check,
                    self.catalog.checks.keys().map(String::as_str),
                    "`affiant controls list` names the checks",
                );
                self.say(
                    file,
                    &place("check"),
                    Diagnostic::new("AFW-050", format!("no check is called `{}`", e.check)).hint(hint),
                );
            } else if self.passed(&e.expires) {
                let message = format!(
                    "the exception for `{}` expired on {} and covers nothing any more",
                    e.check, e.expires
                );
                let problem = Diagnostic::new("AFW-051", message).level(Gravity::Warning);
                self.say(file, &place("expires"), problem.hint("renew it with a new approval, or remove it"));
            } else if let Some(years) = years_between(&e.accepted, &e.expires).filter(|years| *years > 3) {
                let message = format!("this accepts a failure for {years} years");
                let problem = Diagnostic::new("AFW-052", message).level(Gravity::Warning);
                let hint = "an exception is for a time: name the day on which it is decided anew";
                self.say(file, &place("expires"), problem.hint(hint));
            }
        }
    }

    fn unknown_account(&mut self, place: &str, id: &str, accounts: &[&str], more: usize) {
        let hint = near::hint(
            id,
            accounts.iter().copied(),
            "name one of `accounts` in affiant.yaml, or add it there",
        );
        let more = match more {
            0 => String::new(),
            1 => "; one more entry names it".to_string(),
            n => format!("; {n} more entries name it"),
        };
        let message = format!("the account `{id}` is not of this workspace{more}");
        self.say(FILES[4], place, Diagnostic::new("AFW-064", message).hint(hint));
    }

    fn alternatives(&mut self, decisions: &Decisions) {
        let file = FILES[3];
        for (i, a) in decisions.alternatives.alternatives.iter().enumerate() {
            self.citation(file, &format!("alternatives/{i}/citation"), &a.citation);
            if let Some(control) = self.control(file, &format!("alternatives/{i}/control"), &a.control)
                && !control.citations.contains(&a.citation)
            {
                let cites = control.citations.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
                let message = format!("the control `{}` does not cite `{}`", a.control, a.citation);
                let problem = Diagnostic::new("AFW-074", message).hint(format!("it cites {cites}"));
                self.say(file, &format!("alternatives/{i}/citation"), problem);
            }
        }
    }

    fn risks(&mut self, decisions: &Decisions) {
        let file = FILES[4];
        let accounts: Vec<&str> = decisions.workspace.accounts.iter().map(|a| a.id.as_str()).collect();
        let types: BTreeSet<&str> =
            self.catalog.sources().into_iter().filter(|source| source.starts_with("AWS::")).collect();
        for (i, risk) in decisions.risks.entries.iter().enumerate() {
            let place = |member: &str| format!("entries/{i}/match/{member}");
            self.control(file, &place("control"), &risk.matches.control);
            let open = decisions.workspace.aws.organization || accounts.is_empty();
            if let Some(id) = risk
                .matches
                .account
                .as_deref()
                .filter(|id| !open && !is_placeholder(id) && !accounts.contains(id))
            {
                // one cause, one message, however many entries name the account
                let others = decisions.risks.entries.iter().enumerate();
                let mut others =
                    others.filter(|(_, r)| r.matches.account.as_deref() == Some(id)).map(|(n, _)| n);
                if others.next() == Some(i) {
                    self.unknown_account(&place("account"), id, &accounts, others.count());
                }
            }
            let class = risk.matches.asset_class.as_deref().unwrap_or_default();
            if class.starts_with("AWS::") && !types.contains(class) {
                let hint = near::hint(
                    class,
                    types.iter().copied(),
                    "`affiant risks list` shows the classes of the findings",
                );
                let problem =
                    Diagnostic::new("AFW-065", format!("no check reads resources of the class `{class}`"))
                        .level(Gravity::Warning);
                self.say(file, &place("asset_class"), problem.hint(hint));
            }
        }
        for (i, risk) in decisions.risks.own.iter().enumerate() {
            for (n, citation) in risk.citations.iter().enumerate() {
                self.citation(file, &format!("own/{i}/citations/{n}"), citation);
            }
        }
    }
}
