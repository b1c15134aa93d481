//! The state of AWS's Business Associate Addendum, from what AWS Artifact answered. An empty answer is never "no BAA": a member
//! account may not see what its organization signed.

use super::{Inputs, References};
use crate::model::assessment::AgreementFacts;
use crate::model::dossier::{Agreement, Baa};
use crate::model::run::State;

const SOURCE: &str = "artifact:ListCustomerAgreements";

pub fn state(inputs: &Inputs<'_>, refs: &References) -> Baa {
    let today = inputs.assessment.as_of.get(..10).unwrap_or_default();
    let all = &inputs.assessment.agreements;
    let baas: Vec<&AgreementFacts> = all.iter().filter(|a| is_baa(&a.name)).collect();
    let states: Vec<State> = inputs.assessment.sources.iter().filter(|s| s.source == SOURCE).map(|s| s.state).collect();
    let (state, words) = if let Some(a) = baas.iter().find(|a| in_force(a, today)) {
        (
            "in force",
            format!("AWS Artifact lists \"{}\" as active since {}. The agreement's text stays in AWS Artifact.", a.name, a.effective_start),
        )
    } else if let Some(a) = baas.iter().find(|a| a.state.contains("TERMINATED") || a.effective_end.is_some()) {
        let end = a.effective_end.clone().unwrap_or_else(|| "a date not given".into());
        ("terminated", format!("AWS Artifact lists \"{}\" as ended on {end}. No active agreement was listed.", a.name))
    } else if states.contains(&State::Denied) {
        ("denied", "The call that lists agreements was refused, so nothing is known. Allow artifact:ListCustomerAgreements.".into())
    } else if states.iter().any(|s| s.is_gap()) || states.is_empty() {
        ("unknown", "No answer of AWS Artifact was collected, so nothing is known.".into())
    } else {
        ("none found", "AWS Artifact listed no Business Associate Addendum. In a member account an empty list proves nothing: ask the management account. An agreement signed elsewhere must be filed as a document.".into())
    };
    Baa { state: state.into(), words, agreements: all.iter().map(|a| agreement(a, refs)).collect() }
}

fn is_baa(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    name.contains("business associate") || name.contains("baa")
}

fn in_force(a: &AgreementFacts, today: &str) -> bool {
    a.state == "ACTIVE" && a.effective_start.as_str() <= today && a.effective_end.as_deref().is_none_or(|end| end > today)
}

fn agreement(a: &AgreementFacts, refs: &References) -> Agreement {
    Agreement {
        name: a.name.clone(),
        id: a.id.clone(),
        account: a.account.clone(),
        level: if a.organization { "organization" } else { "account" }.into(),
        state: a.state.clone(),
        effective_start: a.effective_start.clone(),
        effective_end: a.effective_end.clone(),
        evidence: refs.of([&a.artifact]),
    }
}
