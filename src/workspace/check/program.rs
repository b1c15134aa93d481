//! What the plan for incidents must say beyond its form: days in order, deputies who are somebody else, and
//! decisions on incidents that somebody made.

use super::{Checker, named, same_person};
use crate::diag::near;
use crate::model::decisions::{Plan, PlanIncident};
use crate::workspace::FILES;

/// Whether a version of numbers between dots comes after another.
fn newer(version: &str, than: &str) -> bool {
    let numbers = |text: &str| text.split('.').map(|n| n.parse::<u32>().ok()).collect::<Option<Vec<_>>>();
    matches!((numbers(version), numbers(than)), (Some(a), Some(b)) if a > b)
}

impl Checker<'_> {
    pub(super) fn plan(&mut self, plan: &Plan) {
        let file = FILES[5];
        self.span(
            file,
            "",
            ("approved_at", &plan.approved_at),
            ("next_review", &plan.next_review),
            "write the day of the next review as `next_review`",
        );
        self.once(file, "drills", "id", plan.drills.iter().map(|d| &d.id));
        for (i, drill) in plan.drills.iter().enumerate() {
            self.date(file, &format!("drills/{i}/date"), &drill.date);
            let tried = drill.plan_version.as_str();
            // an older version was tried before this one was approved
            let since = named(&plan.approved_at) && drill.date >= plan.approved_at;
            if named(tried) && tried != plan.version && (since || newer(tried, &plan.version)) {
                let message = format!(
                    "the plan is at version `{}`, and the drill of {} tried version `{tried}`",
                    plan.version, drill.date
                );
                let hint = "write the version that was in force on the day of the drill";
                self.doubt(file, &format!("drills/{i}/plan_version"), "AFW-103", message, hint);
            }
        }
        for (i, role) in plan.roles.iter().enumerate() {
            self.date(file, &format!("roles/{i}/tested"), &role.tested);
            if same_person(&role.name, &role.deputy) {
                let message = format!("the deputy of `{}` is the same person", role.role);
                let hint = "name a second person as `deputy`, or leave it out until there is one";
                self.complain(file, &format!("roles/{i}/deputy"), "AFW-086", message, hint);
            }
        }
        self.once(file, "incidents", "id", plan.incidents.iter().map(|i| &i.id));
        for (i, incident) in plan.incidents.iter().enumerate() {
            self.incident(&format!("incidents/{i}"), incident, plan);
        }
    }

    fn incident(&mut self, entry: &str, incident: &PlanIncident, plan: &Plan) {
        let file = FILES[5];
        let found = ("discovered", incident.discovered.as_str());
        let decided = ("decided_on", incident.decided_on.as_str());
        self.span(file, entry, found, decided, "write the day of the decision as `decided_on`");
        let severity = incident.severity.as_str();
        let levels: Vec<&str> = plan.severities.iter().map(|s| s.level.as_str()).collect();
        if named(severity) && !levels.is_empty() && !levels.contains(&severity) {
            let message = format!("the plan has no severity `{severity}`");
            let all = format!("its severities are: {}", levels.join(", "));
            let hint = near::hint(severity, levels.iter().copied(), &all);
            self.complain(file, &format!("{entry}/severity"), "AFW-087", message, hint);
        }
        let nobody = incident.decided_by.trim().is_empty() || incident.decided_on.trim().is_empty();
        if nobody && ["yes", "no"].contains(&incident.breach.as_str()) {
            let message = format!("`breach: {}` is a decision, and nobody stands behind it", incident.breach);
            let hint = "write who decided on the four factors of 164.402(2) as `decided_by`, and the day as \
                        `decided_on`";
            self.complain(file, &format!("{entry}/breach"), "AFW-088", message, hint);
        }
    }
}
