//! What people attest beside what the evidence shows. A statement is not wrong because a check fails; both
//! stand here together, so that whoever signs knows it first.

use std::collections::BTreeMap;

use super::super::risk_level::found;
use super::super::{Inputs, References, plural};
use crate::model::access::{AccessVerdict, UndoneDecision};
use crate::model::decisions::Attestation;
use crate::model::digest::Digest;
use crate::model::dossier::{AttestationReport, CheckReport, Contradiction, Dossier, RiskReport};
use crate::model::verdict::Verdict;

/// Statements that failing checks contradict, by the statement's id: what the checks show, in a few words.
const CONTRADICTED: [(&str, &[&str], &str); 8] = [
    (
        "internal-paths-encrypted",
        &[
            "elb.targets-use-tls",
            "elb.listener-tls-policy",
            "rds.proxy-requires-tls",
            "elasticache.tls-required",
            "dms.endpoint-tls",
            "msk.tls-only",
            "ecs.efs-volume-tls",
            "memorydb.tls-required",
            "dax.tls-endpoint",
            "redshift.require-tls",
            "opensearch.node-to-node-encrypted",
        ],
        "paths inside the network without TLS",
    ),
    (
        "external-interfaces-encrypted",
        &[
            "elb.http-redirects-to-https",
            "cloudfront.viewer-https",
            "cloudfront.origin-https",
            "apigateway.domain-tls",
            "opensearch.https-enforced",
        ],
        "interfaces that accept connections without TLS",
    ),
    (
        "remote-administration-paths",
        &["ec2.security-group-no-world-open-admin"],
        "administration ports open to the world",
    ),
    (
        "root-custody",
        &["iam.root-mfa", "iam.root-no-access-keys"],
        "a root user without a second factor or with access keys",
    ),
    (
        "leavers-removed",
        &["iam.unused-credentials", "iam.unused-user"],
        "credentials of users that nobody uses and nobody removed",
    ),
    ("pgaudit-extension-created", &["rds.pgaudit-loaded"], "databases whose parameters do not load pgaudit"),
    (
        "audit-logs-reviewed",
        &["cloudtrail.multi-region-trail-logging", "cloudtrail.delivers"],
        "trails that record or deliver nothing",
    ),
    (
        "agreements-in-force",
        &["artifact.baa-in-force"],
        "accounts in which AWS\u{2019}s addendum is not in force",
    ),
];

pub fn all(dossier: &Dossier, inputs: &Inputs<'_>, refs: &References) -> Vec<Contradiction> {
    let checks: BTreeMap<&str, &CheckReport> =
        dossier.controls.iter().flat_map(|c| &c.checks).map(|c| (c.id.as_str(), c)).collect();
    let mut all = Vec::new();
    for said in dossier.attestations.iter().filter(|a| !a.expired) {
        all.extend(by_checks(said, &checks));
        all.extend(users_counted(said, dossier));
        all.extend(log_without_finding(said, dossier));
    }
    for said in &inputs.decisions.attestations.attestations {
        all.extend(document_missing(said, inputs, refs));
    }
    all.extend(shared_deputies(inputs, refs));
    all.extend(gaps_without_risk(inputs, refs));
    all.extend(drill_document_missing(inputs, refs));
    all.extend(regions_billed(inputs));
    all.extend(dossier.attestations.iter().filter(|a| a.changed).map(changed_since_signed));
    all.extend(inputs.assessment.undone.iter().map(not_carried_out));
    all.sort_by(|a, b| a.id.cmp(&b.id));
    all.dedup_by(|a, b| a.id == b.id);
    all
}

/// Each contradiction as a risk of the register: somebody must find out which of the two is wrong.
pub fn risks(contradictions: &[Contradiction]) -> Vec<RiskReport> {
    let one = |c: &Contradiction| {
        let mut risk = found(
            &format!("contradiction\0{}", c.id),
            "contradiction",
            format!("What was stated and what was read differ: {}", c.shown),
            "moderate",
            "moderate",
        );
        risk.rationale = format!("{} said: {} One of the two is wrong.", c.by, c.said);
        risk
    };
    contradictions.iter().map(one).collect()
}

fn contradiction(
    key: &str,
    by: String,
    said: &str,
    shown: String,
    evidence: Vec<String>,
    anchor: &str,
) -> Contradiction {
    let id = format!("C-{}", &Digest::of(key.as_bytes()).to_string()[..6]);
    Contradiction { id, by, said: said.trim().into(), shown, evidence, anchor: anchor.into() }
}

fn speaker(a: &AttestationReport) -> String {
    format!("{}, {}, {}", a.by, a.role.to_lowercase(), a.on)
}

fn by_checks(said: &AttestationReport, checks: &BTreeMap<&str, &CheckReport>) -> Option<Contradiction> {
    let (_, ids, what) = CONTRADICTED.iter().find(|(id, ..)| *id == said.id)?;
    let failing: Vec<&CheckReport> =
        ids.iter().filter_map(|id| checks.get(id).copied()).filter(|c| c.counts.not_met > 0).collect();
    let first = failing.first()?;
    let rows: u64 = failing.iter().map(|c| c.counts.not_met).sum();
    let named = first.rows.iter().find(|r| r.verdict == Verdict::NotMet)?;
    let shown = format!(
        "the evidence shows {what}: {}, among them {} ({}).",
        plural(rows, "resource"),
        named.name,
        named.reason.trim_end_matches('.')
    );
    let mut evidence = said.evidence.clone();
    evidence.extend(named.evidence.iter().cloned());
    Some(contradiction(
        &format!("checks\0{}", said.id),
        speaker(said),
        &said.statement,
        shown,
        evidence,
        &format!("check-{}", first.id),
    ))
}

/// "11 users reviewed" beside the number of users that were read.
fn users_counted(said: &AttestationReport, dossier: &Dossier) -> Option<Contradiction> {
    if said.id != "access-reviewed" {
        return None;
    }
    let counted = number_before(&said.statement, &["users", "user accounts", "IAM users"])?;
    let read: u64 =
        dossier.inventory.iter().filter(|a| a.resource_type == "AWS::IAM::User").map(|a| a.count).sum();
    let shown = format!("{} were read.", plural(read, "IAM user"));
    (read > 0 && read != counted).then(|| {
        contradiction(
            &format!("users\0{}", said.id),
            speaker(said),
            &said.statement,
            shown,
            said.evidence.clone(),
            "inventory",
        )
    })
}

/// The number that stands right before one of the words, as digits or as a word up to twenty.
fn number_before(text: &str, words: &[&str]) -> Option<u64> {
    const NAMES: [&str; 20] = [
        "one",
        "two",
        "three",
        "four",
        "five",
        "six",
        "seven",
        "eight",
        "nine",
        "ten",
        "eleven",
        "twelve",
        "thirteen",
        "fourteen",
        "fifteen",
        "sixteen",
        "seventeen",
        "eighteen",
        "nineteen",
        "twenty",
    ];
    let lower = text.to_lowercase();
    words.iter().find_map(|word| {
        let at = lower.find(&word.to_lowercase())?;
        let last = lower[..at]
            .split_whitespace()
            .next_back()?
            .trim_matches(|c: char| !c.is_alphanumeric())
            .to_string();
        last.replace(',', "")
            .parse()
            .ok()
            .or_else(|| NAMES.iter().position(|n| *n == last).map(|i| i as u64 + 1))
    })
}

/// A complete incident log, and findings that the plan calls an incident of its two highest severities
/// without a record of them.
fn log_without_finding(said: &AttestationReport, dossier: &Dossier) -> Option<Contradiction> {
    if said.id != "incident-log-complete" {
        return None;
    }
    let high: Vec<&str> = dossier.incident.severities.iter().take(2).map(|s| s.level.as_str()).collect();
    let starts: Vec<_> = dossier
        .clock_starts
        .iter()
        .filter(|s| s.state == "unexamined" && high.contains(&s.level.as_str()))
        .collect();
    let first = starts.first()?;
    let shown = format!(
        "{} of severity {} or higher by the plan\u{2019}s own matrix without an incident record, among them \
         {} on {}.",
        plural(starts.len(), "finding"),
        high.last().unwrap_or(&""),
        first.kind,
        first.name
    );
    let anchor = format!("check-{}", first.check);
    Some(contradiction(
        &format!("log\0{}", said.id),
        speaker(said),
        &said.statement,
        shown,
        first.evidence.clone(),
        &anchor,
    ))
}

/// A statement cites a document that is not in the evidence.
fn document_missing(said: &Attestation, inputs: &Inputs<'_>, refs: &References) -> Option<Contradiction> {
    let absent: Vec<&String> = said.evidence.iter().filter(|path| refs.of([*path]).is_empty()).collect();
    let first = absent.first()?;
    let by = format!("{}, {}, {}", said.by, said.role.to_lowercase(), said.on);
    let shown = format!("it cites {}, and the run holds no such document.", first);
    let control = inputs.catalog.controls.iter().find(|c| c.attest.iter().any(|a| a.id == said.id));
    let anchor = control.map(|c| format!("control-{}", c.id)).unwrap_or_default();
    Some(contradiction(&format!("document\0{}", said.id), by, &said.statement, shown, Vec::new(), &anchor))
}

/// The plan or a drill says that deputies were reassigned, and roles still share one.
fn shared_deputies(inputs: &Inputs<'_>, refs: &References) -> Option<Contradiction> {
    let plan = inputs.decisions.incident.as_ref()?;
    let drill = plan.drills.iter().find(|d| {
        let outcome = d.outcome.to_lowercase();
        outcome.contains("deput") && (outcome.contains("reassigned") || outcome.contains("own deputy"))
    })?;
    let mut roles: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for role in plan.roles.iter().filter(|r| !r.deputy.trim().is_empty()) {
        roles.entry(role.deputy.trim()).or_default().push(&role.role);
    }
    let (deputy, shared) = roles.into_iter().filter(|(_, r)| r.len() > 1).max_by_key(|(_, r)| r.len())?;
    let shown = format!("{deputy} is deputy of {}: {}.", plural(shared.len(), "role"), shared.join("; "));
    let by = format!("Drill {} of {}", drill.id, drill.date);
    Some(contradiction("deputies", by, &drill.outcome, shown, refs.of(&drill.evidence), "incident"))
}

/// Gaps of a drill that are said to stand in the register, which names none on security incidents.
fn gaps_without_risk(inputs: &Inputs<'_>, refs: &References) -> Option<Contradiction> {
    let says = |text: &str| {
        let lower = text.to_lowercase();
        lower.contains("risk register") && lower.contains("gap")
    };
    let said = inputs
        .decisions
        .attestations
        .attestations
        .iter()
        .find(|a| a.id == "drill-took-place" && says(&a.statement))?;
    let claimed = number_before(&said.statement, &["gaps", "gap"]).unwrap_or(1);
    let about = |citation: &str| citation.starts_with("164.308(a)(6)");
    let named = inputs
        .decisions
        .risks
        .own
        .iter()
        .filter(|r| r.citations.iter().any(|c| about(&c.to_string())))
        .count() as u64;
    let by = format!("{}, {}, {}", said.by, said.role.to_lowercase(), said.on);
    let shown =
        format!("the register names {} on security incidents (164.308(a)(6)).", plural(named, "risk"));
    (named < claimed)
        .then(|| contradiction("gaps", by, &said.statement, shown, refs.of(&said.evidence), "risks"))
}

fn drill_document_missing(inputs: &Inputs<'_>, refs: &References) -> Vec<Contradiction> {
    let drills = inputs.decisions.incident.iter().flat_map(|p| &p.drills);
    let missing =
        drills.filter_map(|d| Some((d, d.evidence.iter().find(|path| refs.of([*path]).is_empty())?)));
    missing
        .map(|(d, path)| {
            let shown = format!("it cites {path}, and the run holds no such document.");
            contradiction(
                &format!("drill\0{}", d.id),
                format!("Drill {} of {}", d.id, d.date),
                &d.outcome,
                shown,
                Vec::new(),
                "incident",
            )
        })
        .collect()
}

/// Somebody signed a statement, and what stands there now is another.
fn changed_since_signed(said: &AttestationReport) -> Contradiction {
    let anchor = format!("control-{}", said.control);
    let shown =
        format!("what was signed as `{}` is another text: it was changed after it was signed.", said.id);
    contradiction(
        &format!("signed\0{}", said.id),
        speaker(said),
        &said.statement,
        shown,
        said.evidence.clone(),
        &anchor,
    )
}

/// A review of access decided something, and the evidence of a later day shows that it did not happen.
fn not_carried_out(undone: &UndoneDecision) -> Contradiction {
    let (said, shown) = match undone.decision {
        AccessVerdict::Change => ("Its access is to be changed.", "has the same access as then"),
        AccessVerdict::Remove | AccessVerdict::Keep | AccessVerdict::Unknown => {
            ("It is to be removed.", "is still there")
        }
    };
    let by = format!("{}, reviewer of access, {}", undone.by, undone.on);
    let shown = format!("the {} {} {shown}.", undone.kind, undone.principal);
    let key = format!("access\0{}\0{}", undone.principal, undone.on);
    contradiction(&key, by, said, shown, Vec::new(), "control-least-privilege")
}

/// The workspace names the regions in use; AWS billed others.
fn regions_billed(inputs: &Inputs<'_>) -> Option<Contradiction> {
    let named = &inputs.decisions.workspace.regions;
    let real = |r: &&String| r.contains('-') && r.bytes().any(|b| b.is_ascii_digit());
    let mut billed: Vec<&String> = inputs
        .assessment
        .usage
        .iter()
        .flat_map(|u| &u.regions)
        .filter(real)
        .filter(|r| !named.contains(r))
        .collect();
    billed.sort_unstable();
    billed.dedup();
    if billed.is_empty() || named.is_empty() {
        return None;
    }
    let shown = format!(
        "AWS billed use in {} in the thirty days before the run.",
        billed.iter().map(|r| r.as_str()).collect::<Vec<_>>().join(", ")
    );
    let said = format!("The workload runs in {}.", named.join(", "));
    Some(contradiction("regions", "affiant.yaml".into(), &said, shown, Vec::new(), "scope"))
}

#[cfg(test)]
mod tests {
    use super::number_before;

    #[test]
    fn numbers_are_read_where_they_stand() {
        assert_eq!(number_before("I reviewed 11 users and 40 roles.", &["users"]), Some(11));
        assert_eq!(number_before("its two gaps have owners", &["gaps"]), Some(2));
        assert_eq!(number_before("All users were reviewed.", &["users"]), None);
        assert_eq!(number_before("nobody is named", &["users"]), None);
    }
}
