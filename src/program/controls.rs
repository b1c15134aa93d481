//! The chapter of each control: its texts, its checks in order of trouble, what people attested and decided.

use super::{Inputs, References, plural};
use crate::model::assessment::{CheckResult, ControlResult, Row, RuleAgreement, RuleState};
use crate::model::catalog::Control;
use crate::model::decisions::Attestation;
use crate::model::dossier::{
    Alternative, AttestationReport, CheckReport, CitationReport, ControlReport, Corroboration,
    ParameterReport, ResultRow,
};

pub fn all(inputs: &Inputs<'_>, refs: &References) -> Vec<ControlReport> {
    let pairs = inputs.catalog.controls.iter().zip(&inputs.assessment.controls);
    pairs.map(|(control, result)| one(control, result, inputs, refs)).collect()
}

fn one(control: &Control, result: &ControlResult, inputs: &Inputs<'_>, refs: &References) -> ControlReport {
    let mut checks: Vec<CheckReport> =
        result.checks.iter().map(|check| check_report(check, inputs, refs)).collect();
    checks.sort_by(|a, b| {
        (a.verdict, std::cmp::Reverse(a.severity), &a.id).cmp(&(
            b.verdict,
            std::cmp::Reverse(b.severity),
            &b.id,
        ))
    });
    let statements = attestations(inputs, refs).into_iter().filter(|a| a.control == control.id).collect();
    ControlReport {
        number: control.number,
        id: control.id.clone(),
        title: control.title.clone(),
        demand: control.demand.trim().into(),
        law: control.law.trim().into(),
        policy: control.policy.trim().into(),
        mechanism: control.mechanism.trim().into(),
        citations: citations(control, inputs),
        verdict: result.verdict,
        counts: result.counts,
        check_counts: result.check_counts,
        tallies: result.tallies.clone(),
        as_of: inputs.assessment.as_of.clone(),
        parameters: parameters(control, inputs),
        checks,
        attestations: statements,
        unattested: unattested(control, result),
        alternatives: alternatives(control, inputs),
        notes: notes(control, inputs),
    }
}

fn citations(control: &Control, inputs: &Inputs<'_>) -> Vec<CitationReport> {
    let rows = &inputs.catalog.rule.rows;
    let found = control.citations.iter().filter_map(|c| rows.iter().find(|row| row.citation == *c));
    found
        .map(|row| CitationReport {
            citation: row.citation.to_string(),
            title: row.title.clone(),
            status: row.status.clone(),
        })
        .collect()
}

fn parameters(control: &Control, inputs: &Inputs<'_>) -> Vec<ParameterReport> {
    let own = &inputs.decisions.workspace.parameters;
    let report = |p: &crate::model::catalog::Parameter| {
        let value = own.get(&p.name).copied().unwrap_or(p.default);
        ParameterReport {
            name: p.name.clone(),
            value: format!("{value}"),
            unit: p.unit.clone(),
            why: p.why.trim().into(),
            changed: value != p.default,
        }
    };
    control.parameters.iter().map(report).collect()
}

fn check_report(result: &CheckResult, inputs: &Inputs<'_>, refs: &References) -> CheckReport {
    let check = &inputs.catalog.checks[&result.id];
    CheckReport {
        id: result.id.clone(),
        title: result.title.clone(),
        severity: result.severity,
        why: check.why.trim().into(),
        fix: check.fix.trim().into(),
        verdict: result.verdict,
        counts: result.counts,
        population: result.population,
        excluded: result.excluded,
        rows: result.rows.iter().map(|row| result_row(row, result, refs)).collect(),
        rows_total: result.rows_total,
        gaps: result.gaps.clone(),
        evidence: refs.of(&result.artifacts),
        corroboration: result.corroboration.iter().map(corroboration).collect(),
        tables: result.tables.clone(),
        sql: check.sql.trim_end().to_string(),
    }
}

/// A row without an artifact of its own rests on what the check read: its first exhibits.
fn result_row(row: &Row, check: &CheckResult, refs: &References) -> ResultRow {
    let own = refs.of(&row.artifact);
    ResultRow {
        asset_class: row.asset_class.clone(),
        name: short_name(&row.resource),
        resource: row.resource.clone(),
        account: row.account.clone(),
        region: row.region.clone(),
        verdict: row.verdict,
        reason: row.reason.clone(),
        evidence: if own.is_empty() { refs.of(check.artifacts.iter().take(2)) } else { own },
    }
}

/// The part of an ARN that people know a thing by.
pub fn short_name(resource: &str) -> String {
    let last = if resource.starts_with("arn:") {
        resource.splitn(6, ':').nth(5).unwrap_or(resource)
    } else {
        resource
    };
    match last.split_once(['/', ':']) {
        Some((_, rest)) if resource.starts_with("arn:") && !rest.is_empty() => rest.to_string(),
        _ => last.to_string(),
    }
}

fn corroboration(agreement: &RuleAgreement) -> Corroboration {
    let on = |n: u64| if n == 1 { "on 1 resource".to_string() } else { format!("on {n} resources") };
    let older = match agreement.older {
        0 => String::new(),
        1 => "1 evaluation is older than the item it speaks of".to_string(),
        n => format!("{n} evaluations are older than the items they speak of"),
    };
    let also = if older.is_empty() { String::new() } else { format!("; {older}") };
    let words = match agreement.state {
        RuleState::Agrees => format!("{}{also}", on(agreement.agree)),
        RuleState::Disagrees => {
            format!(
                "on {} of {}: {}{also}",
                agreement.disagree,
                on(agreement.agree + agreement.disagree).trim_start_matches("on "),
                agreement.examples.join(", ")
            )
        }
        RuleState::NothingCompared if older.is_empty() => {
            "collected, with no evaluation of a resource judged here".to_string()
        }
        RuleState::NothingCompared => format!("collected, but {older}"),
        RuleState::OtherParameters => agreement.detail.clone(),
        RuleState::NotDeployed => "AWS Config's rules were listed, and it is not among them".to_string(),
        RuleState::NotCollected => "this AWS Config rule's evaluations were not collected".to_string(),
    };
    Corroboration { rule: agreement.rule.clone(), state: agreement.state.as_str().into(), words }
}

/// Every statement that someone made, with whether it still holds.
pub fn attestations(inputs: &Inputs<'_>, refs: &References) -> Vec<AttestationReport> {
    let as_of = &inputs.assessment.as_of;
    let asked = |id: &str| {
        inputs.catalog.controls.iter().find_map(|c| Some((c, c.attest.iter().find(|a| a.id == id)?)))
    };
    let until = |a: &Attestation| {
        asked(&a.id).map_or_else(|| a.valid_until.clone(), |(_, item)| a.holds_until(item.valid_days))
    };
    let report = |a: &Attestation| AttestationReport {
        id: a.id.clone(),
        control: asked(&a.id).map(|(control, _)| control.id.clone()).unwrap_or_default(),
        statement: a.statement.trim().into(),
        by: a.by.clone(),
        role: a.role.clone(),
        on: a.on.clone(),
        valid_until: until(a),
        expired: until(a).as_str() < as_of.get(..10).unwrap_or_default(),
        evidence: refs.of(&a.evidence),
        scope: a.scope.trim().into(),
        next_review: a.next_review.clone(),
        signed: inputs.standing.get(&a.id).map(|s| s.words.clone()).unwrap_or_default(),
        changed: inputs.standing.get(&a.id).is_some_and(|s| !s.holds),
    };
    inputs.decisions.attestations.attestations.iter().map(report).collect()
}

fn unattested(control: &Control, result: &ControlResult) -> Vec<String> {
    let missing = control.attest.iter().filter(|a| result.unattested.contains(&a.id));
    missing.map(|a| format!("{} ({})", a.statement.trim(), a.role)).collect()
}

fn alternatives(control: &Control, inputs: &Inputs<'_>) -> Vec<Alternative> {
    let all = &inputs.decisions.alternatives.alternatives;
    let mine = all.iter().filter(|a| a.control == control.id);
    mine.map(|a| Alternative {
        citation: a.citation.to_string(),
        why_not: a.why_not.trim().into(),
        measure: a.measure.trim().into(),
        approver: a.approver.clone(),
        date: a.date.clone(),
    })
    .collect()
}

fn notes(control: &Control, inputs: &Inputs<'_>) -> Vec<String> {
    let today = inputs.assessment.as_of.get(..10).unwrap_or_default();
    let mut notes = Vec::new();
    for e in inputs.decisions.exceptions.exceptions.iter().filter(|e| control.checks.contains(&e.check)) {
        if e.expires.as_str() < today {
            notes.push(format!(
                "The exception for {} on {} expired on {}; it covers nothing any more.",
                e.check, e.resource, e.expires
            ));
        }
    }
    let accepted =
        inputs.assessment.controls.iter().filter(|c| c.id == control.id).any(|c| c.counts.accepted > 0);
    if accepted && !inputs.decisions.alternatives.alternatives.iter().any(|a| a.control == control.id) {
        notes.push(
            "Exceptions are accepted here and no alternative measure is recorded; 164.306(d)(3) asks for the \
             reason in writing, and for an equivalent measure if one is reasonable and appropriate."
                .into(),
        );
    }
    for a in inputs.decisions.alternatives.alternatives.iter().filter(|a| a.control == control.id) {
        let row = inputs.catalog.rule.rows.iter().find(|row| row.citation == a.citation);
        if row.is_none_or(|row| row.status != "addressable") {
            notes.push(format!(
                "An alternative measure is recorded for {}, which is not addressable; it changes no verdict.",
                a.citation
            ));
        }
    }
    let disagree = inputs.assessment.controls.iter().filter(|c| c.id == control.id).flat_map(|c| &c.checks);
    for check in disagree {
        for rule in check.corroboration.iter().filter(|r| r.disagree > 0) {
            notes.push(format!(
                "The AWS Config rule {} disagrees with {} on {}: look before relying on either.",
                rule.rule,
                check.id,
                plural(rule.disagree, "resource")
            ));
        }
    }
    notes
}
