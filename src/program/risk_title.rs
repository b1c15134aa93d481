//! Titles of the risks that findings give. No two of one register are alike: where the kind of thing does not
//! tell them apart, the account does, and the PHI scope.

use super::{Inputs, decided, nouns, plural};
use crate::model::assessment::FindingGroup;
use crate::model::verdict::Verdict;

pub(super) fn title(group: &FindingGroup, inputs: &Inputs<'_>) -> String {
    let (id, plain) = (decided::risk_id(group), titled(group, inputs, ""));
    let groups = inputs.assessment.findings.iter();
    let twins: Vec<&FindingGroup> = groups
        .filter(|other| other.control == group.control && titled(other, inputs, "") == plain)
        .filter(|other| decided::risk_id(other) != id)
        .collect();
    let elsewhere = twins.iter().any(|other| other.account != group.account);
    let mut place = match group.account.as_str() {
        _ if inputs.run.accounts.len() < 2 && !elsewhere => String::new(),
        "" => " outside any account".to_string(),
        account => format!(" in {account}"),
    };
    if twins.iter().any(|other| other.account == group.account && other.phi != group.phi) {
        place.push_str(if group.phi { ", in PHI scope" } else { ", outside PHI scope" });
    }
    if twins.iter().any(|other| (&other.account, other.phi) == (&group.account, group.phi)) {
        place.push_str(&format!(", {}", group.asset_class));
    }
    titled(group, inputs, &place)
}

fn titled(group: &FindingGroup, inputs: &Inputs<'_>, place: &str) -> String {
    let control =
        inputs.catalog.controls.iter().find(|c| c.id == group.control).map_or("", |c| c.title.as_str());
    let kind = nouns::nouns(&group.asset_class, &group.examples);
    match group.verdict {
        Verdict::NotEvidenced => {
            format!("{control}: evidence is missing ({kind}{place}), so weaknesses may stay unseen")
        }
        _ => format!("{control}: {} ({kind}{place}) may expose ePHI", plural(group.resources, "resource")),
    }
}
