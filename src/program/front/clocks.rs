//! Does this start a clock? Findings of kinds that are, or may hide, a breach are set beside the plan's
//! severities and the incidents on record. What nobody has examined says so: the engine cannot know whether
//! it is a breach (45 CFR 164.402), only that a person must decide.

use super::super::Inputs;
use crate::model::decisions::{Plan, PlanIncident, PlanSeverity, matches_pattern};
use crate::model::dossier::{CheckReport, ClockStart, Dossier, ResultRow};
use crate::model::verdict::Verdict;

/// A kind of finding: its name, the checks that find it, and the words by which a plan names it.
struct Kind {
    name: &'static str,
    checks: &'static [&'static str],
    words: &'static [&'static str],
}

const KINDS: [Kind; 12] = [
    Kind {
        name: "a copy shared outside the account",
        checks: &["rds.snapshot-not-shared", "ec2.snapshot-not-shared", "redshift.snapshot-not-shared"],
        words: &["snapshot shared", "public snapshot", "shared publicly", "snapshot"],
    },
    Kind {
        name: "a machine image open to everyone",
        checks: &["ec2.image-not-public"],
        words: &["public image", "image shared", "snapshot shared", "shared publicly"],
    },
    Kind {
        name: "a store open to everyone",
        checks: &["s3.bucket-not-public", "access.phi-store-not-public"],
        words: &["public bucket", "bucket", "bulk read", "data lake", "shared publicly"],
    },
    Kind {
        name: "a store that a foreign account may read",
        checks: &["access.phi-store-no-foreign-reader", "accessanalyzer.no-open-findings"],
        words: &["foreign account", "outside account", "bulk read", "data lake"],
    },
    Kind {
        name: "a database with a public address",
        checks: &[
            "rds.not-public",
            "redshift.not-public",
            "redshift.workgroup-not-public",
            "dms.replication-not-public",
        ],
        words: &["public database", "database on the internet", "exposed database", "world-open"],
    },
    Kind {
        name: "an entry open to everyone",
        checks: &[
            "lambda.policy-not-public",
            "sqs.queue-not-public",
            "sns.topic-not-public",
            "msk.not-public",
            "mq.not-public",
        ],
        words: &["public queue", "public function", "world-open"],
    },
    Kind {
        name: "an administration port open to the world",
        checks: &["ec2.security-group-no-world-open-admin"],
        words: &["world-open security group", "security group", "world-open"],
    },
    Kind {
        name: "a role that anybody may assume",
        checks: &["iam.role-trust-not-open"],
        words: &["role", "access key"],
    },
    Kind {
        name: "a trail that was stopped",
        checks: &["cloudtrail.not-interrupted", "cloudtrail.delivers"],
        words: &["cloudtrail stopped", "trail stopped", "logging stopped", "trail"],
    },
    Kind {
        name: "a recorder that was stopped",
        checks: &["config.not-interrupted"],
        words: &["recorder stopped", "config stopped", "cloudtrail stopped", "stopped working"],
    },
    Kind {
        name: "a key that waits for deletion",
        checks: &["kms.key-not-pending-deletion"],
        words: &["deletion of a kms key", "key deletion", "kms key"],
    },
    Kind {
        name: "keys of the root user",
        checks: &["iam.root-no-access-keys"],
        words: &["root user", "root"],
    },
];

pub fn all(dossier: &Dossier, inputs: &Inputs<'_>) -> Vec<ClockStart> {
    let absent = Plan::default();
    let plan = inputs.decisions.incident.as_ref().unwrap_or(&absent);
    let mut found: Vec<(usize, ClockStart)> = Vec::new();
    for check in dossier.controls.iter().flat_map(|c| &c.checks) {
        let Some(kind) = KINDS.iter().find(|k| k.checks.contains(&check.id.as_str())) else { continue };
        let level = level(plan, kind);
        let rank =
            level.and_then(|l| plan.severities.iter().position(|s| s.level == l.level)).unwrap_or(usize::MAX);
        let failing = check.rows.iter().filter(|r| r.verdict == Verdict::NotMet);
        found.extend(failing.map(|row| (rank, start(check, row, kind, level, plan, dossier))));
    }
    // What nobody looked at goes first within its severity; the rest of the order is the evidence's.
    found.sort_by(|(a, x), (b, y)| {
        (a, state_rank(&x.state), &x.check, &x.resource).cmp(&(
            b,
            state_rank(&y.state),
            &y.check,
            &y.resource,
        ))
    });
    found.into_iter().map(|(_, start)| start).collect()
}

fn state_rank(state: &str) -> usize {
    ["unexamined", "open", "examined"].iter().position(|s| *s == state).unwrap_or_default()
}

/// The first severity of the plan whose examples or criteria name the kind, its most particular words first.
fn level<'a>(plan: &'a Plan, kind: &Kind) -> Option<&'a PlanSeverity> {
    let names = |s: &PlanSeverity, word: &str| {
        s.examples.to_lowercase().contains(word) || s.criteria.to_lowercase().contains(word)
    };
    kind.words.iter().find_map(|word| plan.severities.iter().find(|s| names(s, word)))
}

fn start(
    check: &CheckReport,
    row: &ResultRow,
    kind: &Kind,
    level: Option<&PlanSeverity>,
    plan: &Plan,
    dossier: &Dossier,
) -> ClockStart {
    let since = since(check, row, dossier);
    let incident = plan
        .incidents
        .iter()
        .find(|i| i.resources.iter().any(|pattern| matches_pattern(pattern, &row.resource)));
    let (state, words) = match incident {
        Some(incident) if decided(incident) => ("examined", examined(incident)),
        Some(incident) => (
            "open",
            format!(
                "Incident {} of {} is open: nobody has signed the four factors of 164.402(2) yet.",
                incident.id, incident.discovered
            ),
        ),
        None => (
            "unexamined",
            format!(
                "Unexamined since {since}: no incident record and no signed four-factor assessment names it."
            ),
        ),
    };
    ClockStart {
        kind: kind.name.into(),
        level: level.map(|l| l.level.clone()).unwrap_or_default(),
        clock: level.map(|l| l.breach_clock.trim().to_string()).unwrap_or_default(),
        resource: row.resource.clone(),
        name: row.name.clone(),
        reason: row.reason.clone(),
        check: check.id.clone(),
        state: state.into(),
        words,
        evidence: row.evidence.clone(),
    }
}

fn decided(incident: &PlanIncident) -> bool {
    let filled = |text: &str| !text.trim().is_empty() && !text.contains('<');
    filled(&incident.decided_by)
        && filled(&incident.decided_on)
        && filled(&incident.breach)
        && incident.breach != "undecided"
}

fn examined(incident: &PlanIncident) -> String {
    let form = if incident.assessment.is_empty() {
        String::new()
    } else {
        format!("; assessment: {}", incident.assessment)
    };
    let breach = match incident.breach.as_str() {
        "no" => "not a breach",
        "yes" => "a breach",
        other => other,
    };
    format!(
        "Incident {} of {}: {breach}, as decided by {} on {}{form}.",
        incident.id, incident.discovered, incident.decided_by, incident.decided_on
    )
}

/// The day since which it lasts as far as the history shows, else the day of this run.
fn since(check: &CheckReport, row: &ResultRow, dossier: &Dossier) -> String {
    let open = dossier
        .past
        .episodes
        .iter()
        .filter(|e| e.check == check.id && e.resource == row.resource && e.ended_at.is_none());
    let broken = open.filter_map(|e| e.broken_at.as_deref()).min();
    let stopped =
        dossier.past.stops.iter().filter(|s| s.resource == row.resource).map(|s| s.stopped_at.as_str()).min();
    match broken.or(stopped).and_then(|time| time.get(..10)) {
        Some(day) => day.to_string(),
        None => format!("at least {}, the day of this run", dossier.as_of.get(..10).unwrap_or_default()),
    }
}
