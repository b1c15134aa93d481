//! What a value must be beyond its form: real days in order, people who are two, names that are used once.
//! Each problem stands at the value it is about.

mod program;
mod scope;

use chrono::NaiveDate;

use super::{Documents, FILES};
use crate::diag::{Diagnostic, Gravity};
use crate::model::decisions::{Decisions, ExceptionRecord, RiskAcceptance, RiskClosure, RiskDecision};
use crate::yaml::is_placeholder;

pub(super) struct Checker<'a> {
    pub documents: &'a Documents,
    pub found: &'a mut Vec<Diagnostic>,
}

/// Whether somebody wrote something: not empty, and no `<…>` of a starter file.
pub fn named(text: &str) -> bool {
    !is_placeholder(text) && !text.trim().is_empty()
}

/// Whether two entries name the same person: `Rowan Example, chief executive` and `rowan example` do, and
/// `Example, Rowan` does.
pub fn same_person(a: &str, b: &str) -> bool {
    let plain = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase();
    let names = |text: &str| {
        let mut parts = text.split([',', '(', '<']);
        let (first, second) =
            (plain(parts.next().unwrap_or_default()), plain(parts.next().unwrap_or_default()));
        // a family name before a comma, a given name behind it
        let turned = (!first.contains(' ') && !second.is_empty()).then(|| format!("{second} {first}"));
        [Some(first), turned]
    };
    let (left, right) = (names(a), names(b));
    named(a) && named(b) && left.iter().flatten().any(|name| right.iter().flatten().any(|r| r == name))
}

fn day(text: &str) -> Option<NaiveDate> {
    NaiveDate::parse_from_str(text, "%Y-%m-%d").ok().filter(|_| text.len() == 10)
}

impl Checker<'_> {
    /// `sound` names the files whose values may be asked.
    pub fn all(&mut self, decisions: &Decisions, sound: &[&str]) {
        let is = |file: &str| sound.contains(&file);
        if is(FILES[0]) {
            self.workspace(decisions);
        }
        if is(FILES[1]) {
            self.exceptions(decisions);
        }
        if is(FILES[2]) {
            self.attestations(decisions);
        }
        for (i, a) in decisions.alternatives.alternatives.iter().enumerate() {
            self.date(FILES[3], &format!("alternatives/{i}/date"), &a.date);
        }
        if is(FILES[4]) {
            self.risks(decisions);
        }
        if is(FILES[8]) {
            self.agreements(decisions);
        }
        if is(FILES[9]) {
            self.records(decisions);
        }
        if let Some(plan) = &decisions.incident {
            self.plan(plan);
        }
        self.permissions(decisions);
        self.formats(decisions, sound);
    }

    /// A file that does not say what it is, and which version of that.
    fn formats(&mut self, decisions: &Decisions, sound: &[&str]) {
        let said = [
            (FILES[1], "exceptions", &decisions.exceptions.format),
            (FILES[2], "attestations", &decisions.attestations.format),
            (FILES[3], "alternatives", &decisions.alternatives.format),
            (FILES[4], "risks", &decisions.risks.format),
            (FILES[6], "clearances", &decisions.clearances.format),
            (FILES[7], "artifact-terms", &decisions.terms.format),
            (FILES[8], "agreements", &decisions.agreements.format),
            (FILES[9], "records", &decisions.records.format),
        ];
        for (file, kind, _) in
            said.into_iter().filter(|(file, _, said)| said.is_empty() && sound.contains(file))
        {
            if self.documents.get(file).is_some_and(|document| !document.root.entries().is_empty()) {
                let hint = format!("write `format: affiant.{kind}/1` as the first line");
                self.doubt(file, "", "AFW-101", "this file does not say its `format`".to_string(), hint);
            }
        }
    }

    /// A warning: what it is about may be meant.
    fn doubt(
        &mut self,
        file: &str,
        path: &str,
        code: &'static str,
        message: String,
        hint: impl Into<String>,
    ) {
        self.tell(file, path, Diagnostic::new(code, message).level(Gravity::Warning).hint(hint));
    }

    pub fn complain(
        &mut self,
        file: &str,
        path: &str,
        code: &'static str,
        message: String,
        hint: impl Into<String>,
    ) {
        self.tell(file, path, Diagnostic::new(code, message).hint(hint));
    }

    /// Puts a problem at the value that it is about.
    fn tell(&mut self, file: &str, path: &str, problem: Diagnostic) {
        self.found.push(match self.documents.get(file) {
            Some(document) => document.mark(problem, path),
            None => problem.file(file),
        });
    }

    /// A real day; nothing is said of what is empty or still to be filled in.
    fn date(&mut self, file: &str, path: &str, value: &str) -> Option<NaiveDate> {
        let day = day(value);
        if day.is_none() && named(value) {
            let message = format!("`{value}` is not a day of the calendar");
            self.complain(file, path, "AFW-003", message, "write dates as 2026-09-30");
        }
        day
    }

    /// Two days of which the second is not before the first.
    fn span(
        &mut self,
        file: &str,
        entry: &str,
        (from, begins): (&str, &str),
        (to, ends): (&str, &str),
        hint: &str,
    ) {
        let path =
            |member: &str| if entry.is_empty() { member.to_string() } else { format!("{entry}/{member}") };
        let (first, last) = (self.date(file, &path(from), begins), self.date(file, &path(to), ends));
        if let (Some(_), Some(_), true) = (first, last, last < first) {
            let leaf = |member: &str| member.rsplit('/').next().unwrap_or_default().to_string();
            let message = format!("`{}` is {ends}, before `{}`, {begins}", leaf(to), leaf(from));
            self.complain(file, &path(to), "AFW-021", message, hint.to_string());
        }
    }

    fn twice(&mut self, file: &str, path: &str, message: String) {
        self.complain(file, path, "AFW-026", message, "keep one of the two");
    }

    /// A name that only one entry of a list may have.
    fn once<'v>(&mut self, file: &str, list: &str, member: &str, values: impl Iterator<Item = &'v String>) {
        let mut seen = Vec::new();
        for (i, value) in values.enumerate() {
            if named(value) && seen.contains(&value) {
                let message = format!("a second entry of `{list}` is for `{value}`");
                self.twice(file, &format!("{list}/{i}/{member}"), message);
            }
            seen.push(value);
        }
    }

    fn exceptions(&mut self, decisions: &Decisions) {
        let file = FILES[1];
        let all = &decisions.exceptions.exceptions;
        for (i, e) in all.iter().enumerate() {
            let entry = format!("exceptions/{i}");
            let overlaps = |o: &ExceptionRecord| o.accepted <= e.expires && e.accepted <= o.expires;
            if all[..i]
                .iter()
                .any(|o| named(&e.check) && o.check == e.check && o.resource == e.resource && overlaps(o))
            {
                let message =
                    format!("a second exception for `{}` on `{}`, for the same days", e.check, e.resource);
                self.twice(file, &format!("{entry}/resource"), message);
            }
            self.span(
                file,
                &entry,
                ("accepted", &e.accepted),
                ("expires", &e.expires),
                "write the last day on which it holds as `expires`",
            );
            if same_person(&e.approver, &e.owner) {
                let message =
                    format!("the exception for `{}` needs an approver who is not its owner", e.check);
                self.complain(
                    file,
                    &format!("{entry}/approver"),
                    "AFW-004",
                    message,
                    "name a second person as `approver`",
                );
            }
        }
    }

    fn attestations(&mut self, decisions: &Decisions) {
        let file = FILES[2];
        let all = &decisions.attestations.attestations;
        self.once(file, "attestations", "id", all.iter().map(|a| &a.id));
        for (i, a) in all.iter().enumerate() {
            let hint = "write the day the person said it as `on`, and the last day on which it holds as \
                        `valid_until`";
            let entry = format!("attestations/{i}");
            self.span(file, &entry, ("on", &a.on), ("valid_until", &a.valid_until), hint);
            let hint = "write the day of the next review as `next_review`";
            self.span(file, &entry, ("on", &a.on), ("next_review", &a.next_review), hint);
        }
    }

    fn risks(&mut self, decisions: &Decisions) {
        let file = FILES[4];
        for (i, risk) in decisions.risks.entries.iter().enumerate() {
            let matched = &risk.matches;
            if decisions.risks.entries[..i]
                .iter()
                .any(|other| other.matches == *matched && other.id == risk.id)
                && named(&matched.control)
            {
                let message = format!("a second entry matches the same risk of `{}`", matched.control);
                self.twice(file, &format!("entries/{i}/match"), message);
            }
            self.risk(file, &format!("entries/{i}"), risk);
            self.closure(file, &format!("entries/{i}"), risk.closed.as_ref());
        }
        self.once(file, "own", "id", decisions.risks.own.iter().map(|r| &r.id));
        for (i, risk) in decisions.risks.own.iter().enumerate() {
            let entry = format!("own/{i}");
            self.date(file, &format!("{entry}/due"), &risk.due);
            self.confirmed(file, &entry, risk.confirmed_by.as_deref(), risk.confirmed_on.as_deref());
            let whose = (risk.id.as_str(), risk.owner.as_str());
            self.accepted(file, &entry, whose, &risk.treatment, risk.acceptance.as_ref());
            self.closure(file, &entry, risk.closed.as_ref());
        }
    }

    fn risk(&mut self, file: &str, entry: &str, risk: &RiskDecision) {
        self.date(file, &format!("{entry}/due"), &risk.due);
        self.confirmed(file, entry, risk.confirmed_by.as_deref(), risk.confirmed_on.as_deref());
        let whose = (risk.matches.control.as_str(), risk.owner.as_str());
        self.accepted(file, entry, whose, &risk.treatment, risk.acceptance.as_ref());
    }

    /// Who confirmed, and on which day: both, or neither.
    fn confirmed(&mut self, file: &str, entry: &str, by: Option<&str>, on: Option<&str>) {
        if let Some(on) = on {
            self.date(file, &format!("{entry}/confirmed_on"), on);
        }
        match (by, on) {
            (Some(by), None) if named(by) => {
                let message = format!("`confirmed_by: {by}` has no day beside it");
                self.complain(
                    file,
                    &format!("{entry}/confirmed_by"),
                    "AFW-027",
                    message,
                    "add `confirmed_on`, the day of the confirmation",
                );
            }
            (None, Some(_)) => {
                let message = "`confirmed_on` has nobody beside it".to_string();
                self.complain(
                    file,
                    &format!("{entry}/confirmed_on"),
                    "AFW-027",
                    message,
                    "add `confirmed_by`, the person who confirmed",
                );
            }
            (Some(_), Some(_) | None) | (None, None) => {}
        }
    }

    /// An acceptance by somebody who is not the owner, where a risk is to be accepted.
    fn accepted(
        &mut self,
        file: &str,
        entry: &str,
        (of, owner): (&str, &str),
        treatment: &str,
        acceptance: Option<&RiskAcceptance>,
    ) {
        match acceptance {
            Some(acceptance) => self.acceptance(file, entry, of, owner, acceptance),
            None if treatment == "accept" => {
                let message = format!("the risk of `{of}` is to be accepted, and nobody did");
                let hint =
                    "add `acceptance: { approver: …, reason: …, accepted: 2026-09-30, expires: 2027-03-31 }`";
                self.complain(file, &format!("{entry}/treatment"), "AFW-028", message, hint);
            }
            None => {}
        }
    }

    fn acceptance(&mut self, file: &str, entry: &str, of: &str, owner: &str, acceptance: &RiskAcceptance) {
        let place = format!("{entry}/acceptance");
        let (accepted, expires) =
            (("accepted", acceptance.accepted.as_str()), ("expires", acceptance.expires.as_str()));
        self.span(
            file,
            &place,
            accepted,
            expires,
            "write the last day on which the acceptance holds as `expires`",
        );
        if same_person(&acceptance.approver, owner) {
            let message =
                format!("the acceptance of a risk of `{of}` needs an approver who is not its owner");
            self.complain(
                file,
                &format!("{place}/approver"),
                "AFW-004",
                message,
                "name a second person as `approver`",
            );
        }
    }

    fn closure(&mut self, file: &str, entry: &str, closed: Option<&RiskClosure>) {
        if let Some(closed) = closed {
            self.date(file, &format!("{entry}/closed/on"), &closed.on);
        }
    }

    /// Days of agreements.
    fn agreements(&mut self, decisions: &Decisions) {
        let file = FILES[8];
        for (i, a) in decisions.agreements.agreements.iter().enumerate() {
            let hint = "write the day it was signed as `signed`, and its last day as `ends`";
            self.span(file, &format!("agreements/{i}"), ("signed", &a.signed), ("ends", &a.ends), hint);
        }
    }

    /// Days of operating records; a privileged one says its basis, and nothing that would travel with the
    /// file of records.
    fn records(&mut self, decisions: &Decisions) {
        let file = FILES[9];
        for (i, r) in decisions.records.records.iter().enumerate() {
            self.date(file, &format!("records/{i}/on"), &r.on);
            if decisions.records.records[..i].iter().any(|o| o.same_series(r) && o.on == r.on) {
                let message = format!("a second record of `{}` is for {}", r.title, r.on);
                self.twice(file, &format!("records/{i}/on"), message);
            }
            if r.privileged != named(&r.basis) {
                let (member, message, hint) = match r.privileged {
                    true => ("privileged", "is privileged, and nobody says on what basis", "write `basis`"),
                    false => ("basis", "names a basis and is not privileged", "write `privileged: true`"),
                };
                let hint = format!("{hint}, as counsel has it");
                let message = format!("`{}` {message}", r.title);
                self.complain(file, &format!("records/{i}/{member}"), "AFW-080", message, hint);
            }
            if r.privileged && (!r.population.is_empty() || !r.result.is_empty()) {
                let message = format!("`{}` is privileged, and this file goes into every package", r.title);
                let hint = "leave out `population` and `result`; title, day and basis stand in the log of \
                            what is withheld";
                self.complain(file, &format!("records/{i}/privileged"), "AFW-081", message, hint);
            }
        }
    }

    /// Clearances and accepted terms.
    fn permissions(&mut self, decisions: &Decisions) {
        let file = FILES[6];
        for (i, c) in decisions.clearances.clearances.iter().enumerate() {
            self.span(
                file,
                &format!("clearances/{i}"),
                ("on", &c.on),
                ("until", &c.until),
                "write the last day on which it holds as `until`",
            );
        }
        for (i, t) in decisions.terms.accepted.iter().enumerate() {
            self.date(FILES[7], &format!("accepted/{i}/on"), &t.on);
        }
    }
}

#[cfg(test)]
mod tests;
