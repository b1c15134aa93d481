//! What needs a decision, as facts about named resources: ranked by severity, exposure, PHI and count.
//! Findings of one resource stand together, and so do resources with the same findings.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use super::super::{Inputs, nouns, plural};
use crate::model::dossier::{CheckReport, Decision, Dossier, RiskReport};
use crate::model::verdict::{Severity, Verdict};

/// How many facts the first page holds.
const MOST: usize = 5;

/// Order of need: severity, then how far it is open, then PHI, then how much of it there is.
type Rank = (Severity, u8, bool, u64);

pub fn decisions(dossier: &Dossier, inputs: &Inputs<'_>) -> Vec<Decision> {
    let mut facts: Vec<(Rank, Decision)> =
        clusters(dossier).into_values().map(|cluster| cluster.fact(dossier, inputs)).collect();
    facts.extend(addendum(dossier));
    facts.extend(off_list(dossier));
    facts.extend(expired(dossier, inputs));
    facts.extend(disagreements(inputs));
    facts.extend(gaps(dossier));
    facts.sort_by(|a, b| Reverse(a.0).cmp(&Reverse(b.0)).then_with(|| a.1.text.cmp(&b.1.text)));
    facts.into_iter().take(MOST).map(|(_, fact)| fact).collect()
}

/// How far a failure of this check, with these words, opens a resource: 2 to everyone, 1 to others whom it
/// names.
pub fn exposure(check: &str, reason: &str) -> u8 {
    let everyone = [
        "not-public",
        "world-open-admin",
        "trust-not-open",
        "no-internet-route",
        "no-public-address",
        "public-access-block",
    ];
    let others = ["not-shared", "foreign-reader", "no-open-findings", "in-public-subnet"];
    let said = ["public", "everyone", "every AWS account"];
    let open =
        others.iter().any(|part| check.contains(part)) && said.iter().any(|word| reason.contains(word));
    if open || everyone.iter().any(|part| check.contains(part)) {
        2
    } else {
        u8::from(others.iter().any(|part| check.contains(part)))
    }
}

/// Resources of one class with the same failing checks.
struct Cluster<'a> {
    checks: Vec<&'a CheckReport>,
    control: &'a str,
    reasons: Vec<&'a str>,
    resources: Vec<&'a str>,
    names: Vec<&'a str>,
    evidence: BTreeSet<&'a str>,
    class: String,
    account: &'a str,
}

fn clusters(dossier: &Dossier) -> BTreeMap<(String, Vec<String>), Cluster<'_>> {
    let mut by_resource: BTreeMap<&str, Cluster<'_>> = BTreeMap::new();
    for control in &dossier.controls {
        for check in
            control.checks.iter().filter(|c| c.verdict == Verdict::NotMet && c.severity >= Severity::High)
        {
            for row in check.rows.iter().filter(|r| r.verdict == Verdict::NotMet) {
                let cluster = by_resource.entry(&row.resource).or_insert_with(|| Cluster {
                    checks: Vec::new(),
                    control: &control.id,
                    reasons: Vec::new(),
                    resources: vec![&row.resource],
                    names: vec![&row.name],
                    evidence: BTreeSet::new(),
                    class: row.asset_class.clone(),
                    account: &row.account,
                });
                if !cluster.checks.iter().any(|c| c.id == check.id) {
                    cluster.checks.push(check);
                    cluster.reasons.push(&row.reason);
                }
                cluster.evidence.extend(row.evidence.iter().map(String::as_str));
            }
        }
    }
    let mut merged: BTreeMap<(String, Vec<String>), Cluster<'_>> = BTreeMap::new();
    for mut cluster in by_resource.into_values() {
        let mut order: Vec<usize> = (0..cluster.checks.len()).collect();
        order.sort_by_key(|i| {
            (
                Reverse(cluster.checks[*i].severity),
                Reverse(exposure(&cluster.checks[*i].id, cluster.reasons[*i])),
                &cluster.checks[*i].id,
            )
        });
        cluster.reasons = order.iter().map(|i| cluster.reasons[*i]).collect();
        cluster.checks = order.iter().map(|i| cluster.checks[*i]).collect();
        let key = (cluster.class.clone(), cluster.checks.iter().map(|c| c.id.clone()).collect());
        match merged.entry(key) {
            std::collections::btree_map::Entry::Vacant(place) => drop(place.insert(cluster)),
            std::collections::btree_map::Entry::Occupied(mut place) => {
                let first = place.get_mut();
                first.resources.append(&mut cluster.resources);
                first.names.append(&mut cluster.names);
                first.evidence.append(&mut cluster.evidence);
            }
        }
    }
    merged
}

impl Cluster<'_> {
    fn fact(&self, dossier: &Dossier, inputs: &Inputs<'_>) -> (Rank, Decision) {
        let severity = self.checks.iter().map(|c| c.severity).max().unwrap_or(Severity::High);
        let open = self
            .checks
            .iter()
            .zip(&self.reasons)
            .map(|(c, reason)| exposure(&c.id, reason))
            .max()
            .unwrap_or_default();
        let phi = self.phi(inputs);
        let owner = owner(dossier, self.control, &self.class, self.account);
        // One resource with two faults goes before two resources with one: it is nearer to a breach.
        let count = (self.checks.len() * 10_000 + self.resources.len()) as u64;
        let decision = Decision {
            text: self.words(phi),
            anchor: format!("check-{}", self.checks[0].id),
            severity: severity.to_string(),
            owner: owner.map(|r| r.owner.clone()).unwrap_or_default(),
            due: owner.map(|r| r.due.clone()).unwrap_or_default(),
            evidence: self.evidence.iter().take(2).map(|e| (*e).to_string()).collect(),
        };
        ((severity, open, phi, count), decision)
    }

    fn words(&self, phi: bool) -> String {
        let noun = nouns::noun(&self.class, self.resources[0]);
        let cut = |reason: &str| reason.trim().trim_end_matches('.').to_string();
        let mut reasons: Vec<String> = Vec::new();
        for reason in self.reasons.iter().map(|r| cut(r)) {
            if !reasons.contains(&reason) {
                reasons.push(reason);
            }
        }
        let more = reasons.len().saturating_sub(3);
        reasons.truncate(3);
        if more > 0 {
            reasons.push(plural(more, "more finding"));
        }
        let who = match self.names.len() {
            1 => format!("{noun} {}", self.names[0]),
            n => {
                let named = self.names.iter().take(2).copied().collect::<Vec<_>>().join(", ");
                let rest = if n > 2 { format!(" and {} more", n - 2) } else { String::new() };
                format!("{n} \u{d7} {noun}: {named}{rest}")
            }
        };
        let scope = if phi { " (in PHI scope)" } else { "" };
        format!("{who}{scope}: {}.", reasons.join("; "))
    }

    /// Whether the group of findings that these resources belong to is in PHI scope.
    fn phi(&self, inputs: &Inputs<'_>) -> bool {
        let groups = inputs
            .assessment
            .findings
            .iter()
            .filter(|g| g.asset_class == self.class && g.account == self.account);
        groups.filter(|g| self.checks.iter().any(|c| g.checks.contains(&c.id))).any(|g| g.phi)
    }
}

/// The risk that covers these findings, if somebody owns it.
fn owner<'a>(dossier: &'a Dossier, control: &str, class: &str, account: &str) -> Option<&'a RiskReport> {
    let mine = |r: &&RiskReport| {
        r.control.as_deref() == Some(control)
            && r.asset_class == class
            && (r.account.is_empty() || r.account == account)
    };
    dossier.risks.rows.iter().filter(mine).find(|r| !r.owner.is_empty())
}

fn plain(
    severity: Severity,
    open: u8,
    phi: bool,
    count: u64,
    text: String,
    anchor: &str,
) -> (Rank, Decision) {
    let decision =
        Decision { text, anchor: anchor.into(), severity: severity.to_string(), ..Decision::default() };
    ((severity, open, phi, count), decision)
}

fn addendum(dossier: &Dossier) -> Option<(Rank, Decision)> {
    if dossier.baa.state == "in force" {
        return None;
    }
    let accounts = dossier.baa.accounts.iter().filter(|a| a.state == dossier.baa.state).count();
    let place = match (accounts, dossier.baa.accounts.len()) {
        (_, 0 | 1) => String::new(),
        (n, all) => format!(" in {n} of {all} accounts"),
    };
    let text = format!(
        "AWS\u{2019}s Business Associate Addendum: {}{place}. Nothing else in AWS may hold ePHI before this \
         is settled.",
        dossier.baa.state
    );
    // Without the addendum every store is disclosed without assurances: it ranks with what is open to
    // everyone.
    Some(plain(Severity::Critical, 2, true, u64::MAX, text, "baa"))
}

fn off_list(dossier: &Dossier) -> Option<(Rank, Decision)> {
    let off = dossier.services.rows.iter().filter(|r| r.status == "not on the list" && r.phi > 0);
    let worst = off.max_by_key(|r| r.phi)?;
    let text = format!(
        "{} is in use with {} in PHI scope and not on the list dated {}: move its ePHI or show that it holds \
         none.",
        worst.service,
        plural(worst.phi, "resource"),
        dossier.services.list_date
    );
    Some(plain(Severity::High, 1, true, worst.phi, text, "services"))
}

fn expired<'a>(dossier: &'a Dossier, inputs: &'a Inputs<'_>) -> impl Iterator<Item = (Rank, Decision)> + 'a {
    let today = inputs.assessment.as_of.get(..10).unwrap_or_default();
    let all = inputs.decisions.exceptions.exceptions.iter().filter(move |e| e.expires.as_str() < today);
    all.map(|e| {
        let check = dossier.controls.iter().flat_map(|c| &c.checks).find(|c| c.id == e.check);
        let severity = check.map_or(Severity::Medium, |c| c.severity);
        let text = format!(
            "The exception for {} on {} expired on {}: renew it or fix the finding.",
            e.check, e.resource, e.expires
        );
        let (rank, mut fact) = plain(severity, 0, false, 1, text, &format!("check-{}", e.check));
        fact.owner = e.owner.clone();
        (rank, fact)
    })
}

fn disagreements(inputs: &Inputs<'_>) -> Option<(Rank, Decision)> {
    let checks: BTreeSet<&str> = inputs.assessment.disagreements.iter().map(|d| d.check.as_str()).collect();
    let first = checks.first()?;
    let more = if checks.len() > 1 {
        format!(" and {}", plural(checks.len() as u64 - 1, "more check"))
    } else {
        String::new()
    };
    let text =
        format!("AWS Config\u{2019}s own rules say the opposite of {first}{more}: find out which is wrong.");
    Some(plain(Severity::Medium, 0, false, checks.len() as u64, text, &format!("check-{first}")))
}

fn gaps(dossier: &Dossier) -> Option<(Rank, Decision)> {
    let (gaps, all) = (dossier.totals.gaps, dossier.totals.sources_expected);
    let text = format!("{gaps} of {all} sources were not read: decide who supplies them.");
    // Where most was not read, what was found is the smaller half of the story.
    let severity = if gaps * 2 > all { Severity::Critical } else { Severity::Medium };
    (gaps > 0).then(|| plain(severity, 0, false, gaps, text, "coverage"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_open_to_everyone_goes_before_what_is_shared() {
        assert_eq!(exposure("rds.not-public", "has a public address"), 2);
        assert_eq!(exposure("rds.snapshot-not-shared", "is shared with 444455556666"), 1);
        assert_eq!(exposure("rds.snapshot-not-shared", "is public: every AWS account can restore it"), 2);
        assert_eq!(exposure("rds.storage-encrypted", "storage is not encrypted"), 0);
    }
}
