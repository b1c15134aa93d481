//! What of statements, agreements, the plan and accepted risks is over, or never began, on the day that is
//! judged. All of it is true until somebody acts, so it stops nothing.

use super::Linter;
use crate::diag::{Diagnostic, Gravity, near};
use crate::model::agreements::Paper;
use crate::model::decisions::{Attestation, Decisions};
use crate::store::run;
use crate::workspace::FILES;
use crate::yaml::is_placeholder;

impl Linter<'_> {
    pub(super) fn lapsed(&mut self, decisions: &Decisions) {
        for (i, a) in decisions.agreements.agreements.iter().enumerate() {
            let place = |member: &str| format!("agreements/{i}/{member}");
            if a.agreement != Paper::None && a.signed.is_empty() {
                let message = format!(
                    "the agreement with `{}` has no day of signing, and is in force on none",
                    a.party
                );
                let hint = "write the day as `signed`, or `agreement: none` until it is signed";
                self.warn(FILES[8], &place("agreement"), "AFW-094", message, hint);
            } else if self.over(&a.ends) {
                let message = format!("the agreement with `{}` ended on {}", a.party, a.ends);
                self.warn(
                    FILES[8],
                    &place("ends"),
                    "AFW-094",
                    message,
                    "write the days of the one that followed it",
                );
            }
        }
        let review = decisions.incident.as_ref().map_or("", |plan| plan.next_review.as_str());
        if self.over(review) {
            let message = format!("the plan was to be reviewed by {review}, and that day has passed");
            let hint = "review it, and write the day of the next review";
            self.warn(FILES[5], "next_review", "AFW-095", message, hint);
        }
        let entries = decisions.risks.entries.iter().map(|r| &r.acceptance).enumerate();
        let own = decisions.risks.own.iter().map(|r| &r.acceptance).enumerate();
        let all = entries.map(|(i, a)| ("entries", i, a)).chain(own.map(|(i, a)| ("own", i, a)));
        for (list, i, acceptance) in all {
            let Some(acceptance) = acceptance.as_ref().filter(|a| self.over(&a.expires)) else { continue };
            let message =
                format!("this acceptance expired on {}: the risk is open again", acceptance.expires);
            let hint = "have it accepted anew, or treat the risk";
            self.warn(FILES[4], &format!("{list}/{i}/acceptance/expires"), "AFW-096", message, hint);
        }
        self.closures(decisions);
    }

    /// A closure names the run that showed it; one that was put away elsewhere is no fault.
    fn closures(&mut self, decisions: &Decisions) {
        let entries = decisions.risks.entries.iter().map(|r| &r.closed).enumerate();
        let own = decisions.risks.own.iter().map(|r| &r.closed).enumerate();
        let all = entries.map(|(i, c)| ("entries", i, c)).chain(own.map(|(i, c)| ("own", i, c)));
        let here = run::list(&self.workspace.evidence());
        for (list, i, closed) in all {
            let id = closed.as_ref().map_or("", |closed| closed.run.as_str());
            if id.is_empty() || is_placeholder(id) || here.iter().any(|known| known == id) {
                continue;
            }
            let message =
                format!("evidence/ has no run `{id}`, in which this risk is said to be seen closed");
            let hint = near::hint(
                id,
                here.iter().map(String::as_str),
                "write the id of one of `affiant runs`, or put the run back",
            );
            self.warn(FILES[4], &format!("{list}/{i}/closed/run"), "AFW-104", message, &hint);
        }
    }

    /// A statement that says it holds longer than the catalog lets it.
    pub(super) fn held(&mut self, i: usize, a: &Attestation) {
        let mut asked = self.catalog.controls.iter().flat_map(|c| &c.attest);
        let Some(days) = asked.find(|s| s.id == a.id).map(|s| s.valid_days) else { return };
        let last = a.holds_until(days);
        if last < a.valid_until && !is_placeholder(&a.valid_until) && !self.over(&a.valid_until) {
            let id = &a.id;
            let message = format!("the statement `{id}` counts until {last}: it may hold for {days} days");
            let hint = format!("write `valid_until: {last}`, and have it made again by then");
            self.warn(FILES[2], &format!("attestations/{i}/valid_until"), "AFW-089", message, &hint);
        }
    }

    fn over(&self, day: &str) -> bool {
        !day.is_empty() && self.passed(day)
    }

    fn warn(&mut self, file: &str, path: &str, code: &'static str, message: String, hint: &str) {
        self.say(file, path, Diagnostic::new(code, message).level(Gravity::Warning).hint(hint));
    }
}
