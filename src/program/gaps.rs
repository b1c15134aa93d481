//! Risks that no finding shows, from what people have not written, signed, said or tried.

use super::risk_level::found;
use super::{Inputs, environment as needs, incident, plural};
use crate::model::agreements::{PartyAgreement, PartyKind};
use crate::model::dossier::{IncidentResponse, ResponseRow, RiskReport};
use crate::model::records::OperatingRecord;

pub fn risks(inputs: &Inputs<'_>) -> Vec<RiskReport> {
    let today = inputs.assessment.as_of.get(..10).unwrap_or_default();
    let agreements = &inputs.decisions.agreements.agreements;
    let bare = agreements.iter().filter(|a| a.phi && !a.in_force(today));
    let late = inputs
        .decisions
        .records
        .newest()
        .filter(|r| r.due().is_some_and(|due| due.to_string().as_str() < today));
    let risks = bare.map(|a| without_agreement(a, today)).chain(late.map(overdue));
    let incident = incident::response(inputs);
    risks.chain(plan(&incident, inputs)).chain(environment(&incident)).chain(statements(inputs)).collect()
}

/// A party with ePHI and no agreement in force: 164.308(b)(1) to (3), 164.314(a).
fn without_agreement(a: &PartyAgreement, today: &str) -> RiskReport {
    let why = match (a.signed.is_empty(), a.ends.as_str()) {
        (true, _) => "none is signed".to_string(),
        (false, ends) if !ends.is_empty() && ends < today => format!("it ended on {ends}"),
        (false, _) => format!("it is signed as of {} only", a.signed),
    };
    let (who, citations) = match a.kind {
        PartyKind::Subcontractor => {
            ("sees ePHI of ours", ["164.308(b)(2)", "164.308(b)(3)", "164.314(a)(2)(iii)"])
        }
        PartyKind::Customer => ("gives us ePHI", ["164.308(b)(1)", "164.308(b)(3)", "164.314(a)(1)"]),
    };
    let mut risk = found(
        &format!("agreement\0{}", a.party),
        "agreement",
        format!(
            "{} {who} and no agreement is in force ({why}), so records may be disclosed without its \
             assurances",
            a.party
        ),
        "moderate",
        "high",
    );
    risk.citations = citations.map(String::from).to_vec();
    risk.owner = a.owner.clone();
    risk.rationale =
        "From program/agreements.yaml. Suggested until somebody says what the party can reach.".into();
    risk
}

/// Something that is done every so often, and was not.
fn overdue(record: &OperatingRecord) -> RiskReport {
    let due = record.due().map(|due| due.to_string()).unwrap_or_default();
    let title = format!(
        "The {} \u{201c}{}\u{201d} was due on {due}, so what it would have shown may stay unseen",
        record.kind.as_str(),
        record.title
    );
    let mut risk = found(
        &format!("record\0{}\0{}", record.kind.as_str(), record.title),
        "record",
        title,
        "moderate",
        "moderate",
    );
    risk.citations = vec![record.kind.citation().into()];
    risk.owner = record.by.clone();
    risk.rationale = format!(
        "From program/records.yaml: last done on {}, every {} days.",
        record.on,
        record.every_days.unwrap_or_default()
    );
    risk
}

/// What the incident-response plan lacks, as one risk.
fn plan(incident: &IncidentResponse, inputs: &Inputs<'_>) -> Option<RiskReport> {
    let missing = incident.missing.clone();
    let n = missing.len() as u64;
    if n == 0 {
        return None;
    }
    let title = format!(
        "The incident-response plan lacks {}, so the first hours of an incident may be lost",
        plural(n, "thing")
    );
    let mut risk = found("plan\0missing", "plan", title, "moderate", "high");
    risk.citations = ["164.308(a)(6)(i)", "164.308(a)(6)(ii)"].map(String::from).to_vec();
    risk.examples = missing.into_iter().take(5).collect();
    risk.owner = inputs.decisions.incident.as_ref().map(|p| p.owner.clone()).unwrap_or_default();
    risk.rationale = "From program/incident-response.yaml. What the plan lacks is listed with it.".into();
    Some(risk)
}

/// What responders will not find, one risk a kind; and, as one, what the evidence does not tell.
fn environment(incident: &IncidentResponse) -> Vec<RiskReport> {
    let rows = &incident.environment.rows;
    let mut risks: Vec<RiskReport> =
        rows.iter().filter(|row| !row.defects.is_empty()).map(|row| unready(row, &incident.owner)).collect();
    let unread: Vec<&String> = rows.iter().flat_map(|row| &row.unread).collect();
    if !unread.is_empty() {
        let title = format!(
            "Of what an incident needs, {} not evidenced, so the plan may name what is not there",
            if unread.len() == 1 { "1 thing is".to_string() } else { format!("{} things are", unread.len()) }
        );
        let mut risk = found("plan\0not evidenced", "not assessed", title, "moderate", "moderate");
        risk.citations = vec!["164.308(a)(6)(ii)".into()];
        risk.examples = unread.into_iter().take(5).map(|words| words.replace('`', "")).collect();
        risk.owner.clone_from(&incident.owner);
        risk.rationale = "From the evidence of the run. The plan lists each under the environment.".into();
        risks.push(risk);
    }
    risks
}

fn unready(row: &ResponseRow, owner: &str) -> RiskReport {
    let title = format!("{}, so {}", needs::lacking(row.means), needs::event(row.means));
    let mut risk = found(&format!("plan\0{}", row.means.as_str()), "plan", title, "moderate", "high");
    risk.citations = needs::citations(row.means).map(String::from).to_vec();
    risk.examples = row.defects.iter().take(5).map(|defect| defect.replace('`', "")).collect();
    risk.owner = owner.to_string();
    risk.rationale = format!(
        "{} of the environment or of the plan\u{2019}s file; the plan lists each.",
        plural(row.defects.len(), "defect")
    );
    risk
}

/// Statements that only a person can make, and that nobody has made or whose time has passed.
fn statements(inputs: &Inputs<'_>) -> Option<RiskReport> {
    let unsaid: Vec<&String> = inputs.assessment.controls.iter().flat_map(|c| &c.unattested).collect();
    if unsaid.is_empty() {
        return None;
    }
    let controls = inputs.assessment.controls.iter().filter(|c| !c.unattested.is_empty()).count() as u64;
    let title = format!(
        "{} that only a person can make {} missing or ended in {}, so a weakness there may stay unseen",
        plural(unsaid.len(), "statement"),
        if unsaid.len() == 1 { "is" } else { "are" },
        plural(controls, "control")
    );
    let mut risk = found("attestation\0missing", "attestation", title, "low", "moderate");
    risk.citations = vec!["164.308(a)(8)".into()];
    risk.examples = unsaid.into_iter().take(5).cloned().collect();
    risk.rationale =
        "From program/attestations.yaml. `affiant controls show` says who should make each.".into();
    Some(risk)
}
