//! The words at the front: how the evidence was gathered and judged, and what needs a decision.

use std::collections::BTreeSet;

use super::{Inputs, plural};
use crate::model::dossier::{CheckReport, Decision, Dossier};
use crate::model::verdict::{Severity, Verdict};

/// How it was done, in paragraphs.
pub fn method(inputs: &Inputs<'_>) -> Vec<String> {
    let run = inputs.run;
    let items = inputs.artifacts.iter().filter(|a| crate::store::run::is_snapshot(a)).count();
    let clock = match run.clock.as_str() {
        "system" => "Times are those of the collecting machine's clock.".to_string(),
        _ => "Times are pinned, not measured: this is sample evidence.".to_string(),
    };
    let mut method = vec![
        format!(
            "The run {} holds {} artifacts: {items} files of AWS Config items, saved AWS API answers and documents, each stored byte for byte \
             with its SHA-256. Answers that were imported were requested by someone else; their bytes are evidence, their origin is a statement.",
            run.id,
            inputs.artifacts.len()
        ),
        "The artifacts were loaded into one SQLite database. Each check is one SQL query over its tables; the query, the tables and the \
         artifacts are in the package, so that every verdict can be worked out again, with stock sqlite3 or with `affiant verify --recompute`."
            .to_string(),
        "A source that was expected and not read is a gap. A gap turns `met` and `not applicable` into `not evidenced` in its own account and \
         region; what was found to be wrong stays `not met`. The denominators below count every source that a check needs."
            .to_string(),
        format!("Verdicts hold as of {}. {clock}", inputs.assessment.as_of),
    ];
    if let Some(asked) = &run.asked {
        method.extend(asked.config.iter().map(|way| {
            let place = format!("{} of {}", way.regions.join(", "), way.accounts.join(", "));
            format!("AWS Config, {place}: {}.", way.words)
        }));
        method.extend(asked.organization.iter().map(|o| {
            let named: Vec<String> = o.inactive.iter().map(|(id, state)| format!("{id} ({state})")).collect();
            let rest = if named.is_empty() { "none was left out".to_string() } else { format!("not asked: {}", named.join(", ")) };
            format!("Account {} listed {} active accounts of the organization; {rest}.", o.listed_by, o.active)
        }));
    }
    if run.derived_from.is_some() {
        let files = inputs.redactions.len();
        let findings: u64 = inputs.redactions.iter().flat_map(|r| r.rules.values()).sum();
        let mut rules = std::collections::BTreeMap::<&str, u64>::new();
        inputs.redactions.iter().flat_map(|r| &r.rules).for_each(|(rule, n)| *rules.entry(rule).or_default() += n);
        let by_rule: Vec<String> = rules.iter().map(|(rule, n)| format!("{rule} {n}")).collect();
        let by_rule = by_rule.join(", ");
        method.push(format!(
            "Secrets or identifiers of persons were found {findings} times in {files} artifacts ({by_rule}) and replaced before anything was \
             loaded or rendered. `redactions.jsonl` lists each file with both digests; the originals stay with their owner."
        ));
    }
    let day = inputs.assessment.as_of.get(..10).unwrap_or_default();
    for c in inputs.decisions.clearances.clearances.iter().filter(|c| c.in_force(day)) {
        method.push(format!(
            "{} cleared {} in {} (sha256 {}) from {} until {}: {} These findings were left as they are.",
            c.by,
            c.rules.join(", "),
            c.path,
            c.sha256,
            c.on,
            c.until,
            c.reason.trim()
        ));
    }
    if inputs.assessment.custom_catalog {
        method.push(format!(
            "The catalog is not Affiant's own: some of its files were replaced or added. Its digest is {}.",
            inputs.catalog.digest
        ));
    }
    method
}

/// At most five lines: what someone must decide first.
pub fn decisions(dossier: &Dossier, inputs: &Inputs<'_>) -> Vec<Decision> {
    let mut lines = Vec::new();
    if dossier.baa.state != "in force" {
        lines.push(Decision { text: addendum(dossier), anchor: "baa".into() });
    }
    if let Some(service) = dossier.services.rows.iter().find(|r| r.status == "not on the list" && r.phi > 0) {
        lines.push(Decision {
            text: format!(
                "{} is in use and not on the list dated {}: move its ePHI or show that it holds none.",
                service.service, dossier.services.list_date
            ),
            anchor: "baa".into(),
        });
    }
    let checks = dossier.controls.iter().flat_map(|c| &c.checks);
    let mut failing: Vec<&CheckReport> = checks.filter(|c| c.verdict == Verdict::NotMet && c.severity >= Severity::High).collect();
    failing.sort_by_key(|c| (std::cmp::Reverse(c.severity), std::cmp::Reverse(c.counts.not_met), c.id.clone()));
    lines.extend(failing.iter().map(|c| Decision {
        text: format!("{}: {} of {} not met.", c.title, c.counts.not_met, c.population),
        anchor: format!("check-{}", c.id),
    }));
    lines.extend(disagreement_line(inputs));
    lines.extend(gap_line(dossier));
    let today = inputs.assessment.as_of.get(..10).unwrap_or_default();
    let expired = inputs.decisions.exceptions.exceptions.iter().filter(|e| e.expires.as_str() < today);
    lines.extend(expired.map(|e| Decision {
        text: format!("The exception for {} expired on {}: renew it or fix the finding.", e.check, e.expires),
        anchor: format!("check-{}", e.check),
    }));
    lines.truncate(5);
    lines
}

fn addendum(dossier: &Dossier) -> String {
    let accounts = dossier.baa.accounts.iter().filter(|a| a.state == dossier.baa.state).count();
    let place = match (accounts, dossier.baa.accounts.len()) {
        (_, 0 | 1) => String::new(),
        (n, all) => format!(" in {n} of {all} accounts"),
    };
    format!("Business Associate Addendum with AWS: {}{place}. Settle this before anything else.", dossier.baa.state)
}

fn disagreement_line(inputs: &Inputs<'_>) -> Option<Decision> {
    let checks: BTreeSet<&str> = inputs.assessment.disagreements.iter().map(|d| d.check.as_str()).collect();
    let first = checks.first()?;
    let more = match checks.len() {
        1 => String::new(),
        n => format!(" and {}", plural(n as u64 - 1, "more check")),
    };
    Some(Decision {
        text: format!("AWS Config's own rules say the opposite of {first}{more}: find out which is wrong."),
        anchor: format!("check-{first}"),
    })
}

fn gap_line(dossier: &Dossier) -> Option<Decision> {
    let text = format!("{} of {} sources were not read: decide who supplies them.", dossier.totals.gaps, dossier.totals.sources_expected);
    (dossier.totals.gaps > 0).then(|| Decision { text, anchor: "coverage".into() })
}
