//! The state of AWS's Business Associate Addendum for readers: account by account, and in one sentence for
//! all.

use std::collections::BTreeMap;

use super::{Inputs, References};
use crate::model::assessment::{AgreementFacts, BaaFacts, BaaState};
use crate::model::dossier::{Agreement, Baa, BaaAccount};

pub fn state(inputs: &Inputs<'_>, refs: &References) -> Baa {
    let facts = &inputs.assessment.baa;
    let worst = facts.iter().max_by_key(|f| f.state);
    let named = &inputs.decisions.workspace.accounts;
    let name_of = |id: &str| named.iter().find(|n| n.id == id).map(|n| n.name.clone()).unwrap_or_default();
    Baa {
        state: worst.map_or(BaaState::Unknown, |f| f.state).as_str().into(),
        words: words(facts, worst),
        accounts: facts
            .iter()
            .map(|f| BaaAccount {
                account: f.account.clone(),
                name: name_of(&f.account),
                state: f.state.as_str().into(),
                words: f.words.clone(),
            })
            .collect(),
        agreements: inputs.assessment.agreements.iter().map(|a| agreement(a, refs)).collect(),
    }
}

/// One account: its statement. Several: how many are in which state, and the statement of the one that needs
/// someone most.
fn words(facts: &[BaaFacts], worst: Option<&BaaFacts>) -> String {
    let Some(worst) = worst else { return "The run names no account, so nothing is known.".into() };
    if facts.len() == 1 {
        return worst.words.clone();
    }
    let mut counts = BTreeMap::<BaaState, u64>::new();
    facts.iter().for_each(|f| *counts.entry(f.state).or_default() += 1);
    let counted: Vec<String> = counts.iter().map(|(state, n)| format!("{} in {n}", state.as_str())).collect();
    format!("Of {} accounts: {}. Account {}: {}", facts.len(), counted.join(", "), worst.account, worst.words)
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
