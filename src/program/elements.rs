//! OCR's nine elements of a risk analysis, each with where this package meets it, or that nothing was
//! supplied; and the analysis before this one. It counts what the dossier already says, and calls nothing
//! sufficient: that is for a person to judge.

use std::collections::BTreeSet;

use super::decided::risk_id;
use super::{Inputs, plural};
use crate::model::assessment::Assessment;
use crate::model::changes::Before;
use crate::model::dossier::{AnalysisElement, Dossier, RiskReport};
use crate::model::numbers::thousands;

const RULE: &str = "164.308(a)(1)(ii)(A)";
const SUPPLIED: &str = "supplied";
const PART: &str = "in part";
const NONE: &str = "none supplied";

pub fn all(dossier: &Dossier, inputs: &Inputs<'_>) -> Vec<AnalysisElement> {
    let made = [
        scope(dossier),
        data(dossier),
        threats(dossier),
        measures(dossier),
        score(dossier, "Likelihood of each threat", |r| &r.likelihood),
        score(dossier, "Impact of each threat", |r| &r.impact),
        level(dossier, inputs),
        documentation(dossier),
        review(dossier, inputs),
    ];
    made.into_iter()
        .enumerate()
        .map(|(i, element)| AnalysisElement { number: i as u64 + 1, ..element })
        .collect()
}

fn element(name: &str, state: &str, words: String, anchor: &str) -> AnalysisElement {
    AnalysisElement {
        number: 0,
        name: name.into(),
        state: state.into(),
        words,
        anchor: anchor.into(),
        evidence: Vec::new(),
    }
}

/// Risks that are not closed.
fn standing(dossier: &Dossier) -> Vec<&RiskReport> {
    dossier.risks.rows.iter().filter(|r| r.status != "closed").collect()
}

fn scope(dossier: &Dossier) -> AnalysisElement {
    let phi: u64 = dossier.inventory.iter().map(|class| class.phi).sum();
    let all: u64 = dossier.inventory.iter().map(|class| class.count).sum();
    let machine = format!(
        "{} in {} and {}, {} of them in PHI scope.",
        plural(all, "resource"),
        plural(dossier.scope.accounts.len(), "account"),
        plural(dossier.scope.regions.len(), "region"),
        thousands(phi)
    );
    let said = dossier.attestations.iter().find(|a| a.id == "stores-outside-aws" && !a.expired);
    let (state, outside, evidence) = match said {
        Some(a) => (SUPPLIED, format!("ePHI outside AWS: stated by {}, {}.", a.by, a.on), a.evidence.clone()),
        None => {
            (PART, "ePHI outside AWS, on paper and on other media: none supplied.".to_string(), Vec::new())
        }
    };
    AnalysisElement {
        evidence,
        ..element(
            "Scope: all ePHI, in every medium and place",
            state,
            format!("{machine} {outside}"),
            "inventory",
        )
    }
}

fn data(dossier: &Dossier) -> AnalysisElement {
    let t = &dossier.totals;
    let words = format!(
        "{} of {} sources read; {} of ePHI with who can read them, and the network map.",
        t.sources_read,
        t.sources_expected,
        plural(dossier.readers.stores_total, "store")
    );
    let state = if t.sources_read == 0 { NONE } else { told(t.sources_read, t.sources_expected) };
    element("Data collection: where ePHI is stored, received, kept and sent", state, words, "coverage")
}

fn threats(dossier: &Dossier) -> AnalysisElement {
    let rows = standing(dossier);
    let named = rows
        .iter()
        .filter(|r| !r.decided.threat_source.is_empty() && !r.decided.threat_event.is_empty())
        .count();
    let found = rows.iter().filter(|r| r.origin == "finding").count();
    let words = format!(
        "{} from findings, each with what may come of it; {named} of {} name a threat source and event, as \
         people wrote them.",
        plural(found, "risk"),
        plural(rows.len(), "risk")
    );
    let state = match told(named as u64, rows.len() as u64) {
        NONE if found > 0 => PART,
        state => state,
    };
    element("Threats and vulnerabilities that are reasonably anticipated", state, words, "risks")
}

fn measures(dossier: &Dossier) -> AnalysisElement {
    let rows = standing(dossier);
    let written = rows.iter().filter(|r| !r.decided.measures.is_empty()).count();
    let checks = &dossier.totals.checks;
    let words = format!(
        "{} met and {} not met over the ten controls; existing measures are written down for {written} of \
         {}.",
        plural(checks.met, "check"),
        checks.not_met,
        plural(rows.len(), "risk")
    );
    let state = match told(written as u64, rows.len() as u64) {
        NONE if checks.met > 0 => PART,
        state => state,
    };
    element("Current security measures", state, words, "controls")
}

fn score(dossier: &Dossier, name: &str, of: fn(&RiskReport) -> &String) -> AnalysisElement {
    let rows = standing(dossier);
    let scored = rows.iter().filter(|r| !of(r).is_empty());
    let confirmed = scored.clone().filter(|r| !r.suggested).count();
    let scored = scored.count();
    let rest = if confirmed == scored { "" } else { ", the rest suggested by rule" };
    let words = format!(
        "{scored} of {} scored; {confirmed} confirmed by a named person{rest}.",
        plural(rows.len(), "risk")
    );
    let state = if rows.is_empty() { NONE } else { told(confirmed as u64, rows.len() as u64) };
    element(name, state, words, "risks")
}

fn level(dossier: &Dossier, inputs: &Inputs<'_>) -> AnalysisElement {
    let rows = standing(dossier);
    let risks = &inputs.decisions.risks;
    let tolerance = match (&risks.tolerance_level, risks.tolerance.trim()) {
        (Some(most), _) => format!("management tolerates {most} at most"),
        (None, "") => "what management tolerates: none supplied".to_string(),
        (None, _) => "what management tolerates is written, and no level is set".to_string(),
    };
    let state = if rows.is_empty() {
        NONE
    } else if risks.tolerance_level.is_some() {
        SUPPLIED
    } else {
        PART
    };
    let words =
        format!("A level for each of {}, by the matrix above; {tolerance}.", plural(rows.len(), "risk"));
    element("Level of each risk", state, words, "risks")
}

fn documentation(dossier: &Dossier) -> AnalysisElement {
    let policy = dossier
        .crosswalk
        .iter()
        .find(|row| row.citation == RULE)
        .map(|row| row.policy.clone())
        .unwrap_or_default();
    let (state, words) = match policy.is_empty() {
        true => (
            PART,
            "This register and data/tables/risk.csv; the policy on risk analysis: none supplied.".to_string(),
        ),
        false => {
            (SUPPLIED, "This register and data/tables/risk.csv, and the policy on risk analysis.".to_string())
        }
    };
    AnalysisElement { evidence: policy, ..element("Documentation, in any form", state, words, "risks") }
}

fn review(dossier: &Dossier, inputs: &Inputs<'_>) -> AnalysisElement {
    let rows = standing(dossier);
    let dated = rows.iter().filter(|r| !r.decided.next_review.is_empty()).count();
    let compared = matches!(inputs.before, Some((Before::Known { .. }, _)));
    let before = if compared {
        "the analysis before this one stands below"
    } else {
        "the analysis before this one: none supplied"
    };
    let words = format!("{dated} of {} have a day of the next review; {before}.", plural(rows.len(), "risk"));
    let state = match (dated, compared) {
        (0, false) => NONE,
        (n, true) if n == rows.len() => SUPPLIED,
        (_, _) => PART,
    };
    element("Periodic review and update", state, words, "doubts")
}

fn told(n: u64, of: u64) -> &'static str {
    match (n, of) {
        (0, _) => NONE,
        (n, of) if n >= of => SUPPLIED,
        (_, _) => PART,
    }
}

/// The risks of findings in the analysis before, beside those of today; or why there is none to show.
pub fn before(inputs: &Inputs<'_>) -> String {
    let judged = match inputs.before {
        None => return "The analysis before this one: none supplied.".into(),
        Some((Before::Nothing(why), _)) => {
            return format!("The analysis before this one: none supplied. {why}");
        }
        Some((Before::Known { judged, .. }, _)) => judged,
    };
    let (then, now) = (ids(&judged.assessment), ids(inputs.assessment));
    let list = |ids: Vec<&String>| -> String {
        let some: Vec<&str> = ids.iter().take(8).map(|id| id.as_str()).collect();
        let more = if ids.len() > some.len() {
            format!(" and {} more", ids.len() - some.len())
        } else {
            String::new()
        };
        if some.is_empty() { String::new() } else { format!(" ({}{more})", some.join(", ")) }
    };
    let (new, gone): (Vec<_>, Vec<_>) = (now.difference(&then).collect(), then.difference(&now).collect());
    format!(
        "The analysis before this one: the {}, as of {}. Risks from findings and from missing evidence: {} \
         then, {} now; {} in both, {} new{}, {} not there any more{}.",
        judged.source,
        judged.assessment.as_of.get(..10).unwrap_or_default(),
        then.len(),
        now.len(),
        then.intersection(&now).count(),
        new.len(),
        list(new.clone()),
        gone.len(),
        list(gone.clone())
    )
}

fn ids(assessment: &Assessment) -> BTreeSet<String> {
    assessment.findings.iter().map(risk_id).collect()
}
