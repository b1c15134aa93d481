//! What people decided, joined with what was found: the dossier. It computes no verdict and renders nothing.

pub mod access_review;
pub mod answer;
mod baa;
pub mod breach;
pub mod calendar;
pub mod changes;
mod controls;
pub mod corroborate;
mod crosswalk;
mod decided;
mod elements;
mod environment;
mod front;
mod gaps;
mod history;
mod incident;
mod nouns;
mod others;
mod readers_and_network;
mod records;
pub mod response;
mod risk_level;
mod risk_title;
mod risks;
pub mod services;
pub mod sightings;
mod since;
mod summary;
pub mod workpapers;

use std::collections::BTreeMap;

use chrono::{Datelike, NaiveDate};

use crate::diag::is_hazard;
use crate::model::assessment::Assessment;
use crate::model::catalog::Catalog;
use crate::model::changes::{Before, ComparedSide};
use crate::model::corroboration::Corroborated;
use crate::model::decisions::Decisions;
use crate::model::dossier::{
    Account, CatalogInfo, CoverageRow, Dossier, EvidenceRef, Exclusion, FORMAT, Limits, Organization, Period,
    ProgramInfo, Retention, RunInfo, Scope, SealInfo, ServiceCoverage, SignOff, StatementStanding, Totals,
};
use crate::model::numbers::plural;
use crate::model::run::{Artifact, Redaction, RunRecord, Source};
use crate::model::verdict::Verdict;

/// Everything a dossier is made of.
pub struct Inputs<'a> {
    pub assessment: &'a Assessment,
    pub decisions: &'a Decisions,
    pub catalog: &'a Catalog,
    pub catalog_version: &'a str,
    pub run: &'a RunRecord,
    pub artifacts: &'a [Artifact],
    pub redactions: &'a [Redaction],
    /// The assessment before this one, where the output compares; and what this one is compared by.
    pub before: Option<(&'a Before, &'a ComparedSide)>,
    /// Of each signed statement, by its id, whether it is still what was signed.
    pub standing: &'a BTreeMap<String, StatementStanding>,
    /// Imports that were kept among the documents of the run, by path.
    pub others: &'a [(String, Corroborated)],
    pub seal: SealInfo,
    pub package_id: &'a str,
    pub program_version: &'a str,
}

/// How many coverage lines a dossier carries; the rest is in `data/tables/coverage.csv`.
const COVERAGE_ROWS: usize = 400;

/// Joins it all. Control and bidirectional characters of evidence become visible escapes here, once for every
/// rendering.
pub fn dossier(inputs: &Inputs<'_>) -> Dossier {
    let evidence = evidence(inputs);
    let refs = References::new(&evidence);
    let controls = controls::all(inputs, &refs);
    let baa = baa::state(inputs, &refs);
    let services = services::in_use(inputs);
    let risks = risks::register(inputs, &services);
    let incident = incident::cited(incident::response(inputs), &refs);
    let mut dossier = Dossier {
        format: FORMAT.into(),
        edition: "full".into(),
        sample: inputs.assessment.sample,
        draft: false,
        organization: organization(inputs.decisions),
        period: period(inputs),
        package_id: inputs.package_id.to_string(),
        short_id: inputs.package_id.rsplit('-').next().unwrap_or_default().to_string(),
        as_of: inputs.assessment.as_of.clone(),
        program: ProgramInfo { name: "Affiant".into(), version: inputs.program_version.into() },
        run: run_info(inputs),
        catalog: catalog_info(inputs),
        seal: inputs.seal.clone(),
        totals: totals(inputs),
        board: Vec::new(),
        decisions_needed: Vec::new(),
        buyer: Vec::new(),
        clock_starts: Vec::new(),
        contradictions: Vec::new(),
        others: others::found(inputs, &refs),
        baa,
        services,
        scope: scope(inputs),
        crosswalk: crosswalk::rows(inputs, &refs),
        inherited_note: inputs.catalog.inherited.checked.trim().into(),
        proposals: crosswalk::proposals(inputs),
        controls,
        past: history::report(inputs, &refs),
        since: inputs.before.map(|(before, now)| since::report(before, now, inputs.catalog)),
        risks,
        incident,
        inventory: inputs.assessment.inventory.clone(),
        readers: readers_and_network::readers(inputs),
        network: readers_and_network::network(inputs),
        evidence,
        attestations: controls::attestations(inputs, &refs),
        records: records::done(inputs, &refs),
        withheld: records::withheld(inputs),
        sign_off: sign_off(inputs),
        retention: retention(inputs),
        limits: limits(inputs.decisions),
        shared: None,
    };
    from_the_whole(&mut dossier, inputs, &refs);
    harmless(dossier)
}

/// What is said of the dossier as a whole: the first pages, and what of them the register holds.
fn from_the_whole(dossier: &mut Dossier, inputs: &Inputs<'_>, refs: &References) {
    let seen_before = sightings::known(inputs.before.map(|(before, _)| before));
    sightings::fill(dossier, &seen_before); // the board says since when
    front::fill(dossier, inputs, refs);
    risks::add(&mut dossier.risks, front::contradicted(&dossier.contradictions), inputs);
    sightings::fill(dossier, &seen_before);
    dossier.risks.elements = elements::all(dossier, inputs);
    dossier.risks.before = elements::before(inputs);
}

fn catalog_info(inputs: &Inputs<'_>) -> CatalogInfo {
    CatalogInfo {
        version: inputs.catalog_version.into(),
        digest: inputs.catalog.digest.to_string(),
        custom: inputs.catalog.custom,
        checks: inputs.catalog.checks.len() as u64,
    }
}

/// Where an artifact stands in the evidence list, by path.
pub struct References(BTreeMap<String, String>);

impl References {
    fn new(evidence: &[EvidenceRef]) -> Self {
        References(evidence.iter().map(|e| (e.path.clone(), e.id.clone())).collect())
    }

    pub fn of<'a>(&self, paths: impl IntoIterator<Item = &'a String>) -> Vec<String> {
        paths.into_iter().filter_map(|path| self.0.get(path).cloned()).collect()
    }
}

fn evidence(inputs: &Inputs<'_>) -> Vec<EvidenceRef> {
    let original =
        |path: &str| inputs.redactions.iter().find(|r| r.path == path).map(|r| r.original.to_string());
    inputs
        .artifacts
        .iter()
        .enumerate()
        .map(|(index, artifact)| {
            let (account, region) = match &artifact.source {
                Source::Response { account, region, .. } => (account.clone(), region.clone()),
                Source::Snapshot { .. } | Source::Document { .. } => (String::new(), String::new()),
            };
            EvidenceRef {
                id: format!("E{}", index + 1),
                path: artifact.path.clone(),
                sha256: artifact.sha256.to_string(),
                size: artifact.size,
                collected_at: artifact.collected_at.clone(),
                source: artifact.source.words(),
                account,
                region,
                original: original(&artifact.path),
            }
        })
        .collect()
}

fn organization(decisions: &Decisions) -> Organization {
    let o = &decisions.workspace.organization;
    Organization {
        name: o.name.clone(),
        role: o.role.clone(),
        system: o.system.clone(),
        description: o.description.trim().to_string(),
        contact: o.contact.clone(),
    }
}

fn period(inputs: &Inputs<'_>) -> Period {
    let p = &inputs.decisions.workspace.period;
    let day = inputs.assessment.as_of.get(..10).unwrap_or_default().to_string();
    match p.label.as_str() {
        "" => Period { label: day.clone(), start: day.clone(), end: day },
        label => Period { label: label.into(), start: p.start.clone(), end: p.end.clone() },
    }
}

fn run_info(inputs: &Inputs<'_>) -> RunInfo {
    let run = inputs.run;
    RunInfo {
        id: run.id.clone(),
        manifest: inputs.assessment.manifest.to_string(),
        started: run.started.clone(),
        ended: run.ended.clone(),
        clock: run.clock.clone(),
        previous: run.previous.map(|d| d.to_string()),
        derived_from: run.derived_from.map(|d| d.to_string()),
        redactions: inputs.redactions.iter().flat_map(|r| r.rules.values()).sum(),
        callers: run.callers.clone(),
    }
}

fn totals(inputs: &Inputs<'_>) -> Totals {
    let a = inputs.assessment;
    let mut totals = Totals {
        controls: a.controls.iter().map(|c| c.verdict).collect(),
        resources: a.resources,
        artifacts: inputs.artifacts.len() as u64,
        sources_expected: a.coverage.expected,
        sources_read: a.coverage.read,
        gaps: a.coverage.gaps,
        ..Totals::default()
    };
    for control in &a.controls {
        totals.checks.merge(&control.check_counts);
        totals.results.merge(&control.counts);
    }
    totals
}

fn scope(inputs: &Inputs<'_>) -> Scope {
    let a = inputs.assessment;
    let named = &inputs.decisions.workspace.accounts;
    let name_of = |id: &str| named.iter().find(|n| n.id == id).map(|n| n.name.clone()).unwrap_or_default();
    let count_of = |id: &str| a.inventory.iter().filter(|i| i.account == id).map(|i| i.count).sum();
    Scope {
        accounts: inputs
            .run
            .accounts
            .iter()
            .map(|id| Account { id: id.clone(), name: name_of(id), resources: count_of(id) })
            .collect(),
        regions: inputs.run.regions.clone(),
        method: summary::method(inputs),
        excluded: exclusions(inputs),
        coverage: a.sources.iter().take(COVERAGE_ROWS).map(coverage_row).collect(),
        coverage_total: a.sources.len() as u64,
        by_service: by_service(&a.sources),
        unread: a.unread.clone(),
    }
}

/// `AWS::S3::Bucket` and `s3:ListBuckets` are both of `S3`.
fn by_service(sources: &[crate::model::run::Coverage]) -> Vec<ServiceCoverage> {
    let mut all = BTreeMap::<String, ServiceCoverage>::new();
    for line in sources {
        let name = match line.source.strip_prefix("AWS::") {
            Some(kind) => kind.split("::").next().unwrap_or(kind).to_string(),
            None if line.source_words() != line.source => line.source_words().to_string(),
            None => line.source.split(':').next().unwrap_or(&line.source).to_string(),
        };
        let entry = all
            .entry(name.to_lowercase())
            .or_insert_with(|| ServiceCoverage { service: name, ..ServiceCoverage::default() });
        entry.sources += 1;
        entry.items += line.read;
        entry.gaps += u64::from(line.state.is_gap());
        entry.read += u64::from(!line.state.is_gap() && line.read > 0);
        entry.empty += u64::from(!line.state.is_gap() && line.read == 0);
    }
    all.into_values().collect()
}

fn coverage_row(line: &crate::model::run::Coverage) -> CoverageRow {
    CoverageRow {
        account: line.account.clone(),
        region: line.region.clone(),
        source: line.source_words().into(),
        state: line.state.as_str().into(),
        expected: line.expected,
        read: line.read,
        detail: line.detail.clone(),
        gap: line.state.is_gap(),
    }
}

fn exclusions(inputs: &Inputs<'_>) -> Vec<Exclusion> {
    let excluded = inputs.decisions.workspace.exclude.iter().zip(&inputs.assessment.excluded);
    excluded
        .map(|(e, n)| Exclusion {
            pattern: e.pattern.clone(),
            by: format!("{}, {}", e.by, e.on),
            reason: e.reason.clone(),
            resources: *n,
        })
        .collect()
}

fn sign_off(inputs: &Inputs<'_>) -> Vec<SignOff> {
    let failing = inputs
        .assessment
        .controls
        .iter()
        .filter(|c| matches!(c.verdict, Verdict::NotMet | Verdict::NotEvidenced))
        .count();
    let line = |role: &str, statement: String| SignOff { role: role.into(), statement, name: String::new() };
    vec![
        line(
            "Prepared by",
            "I gathered this evidence and rendered this package. I changed no verdict by \
                             hand."
                .into(),
        ),
        line(
            "Reviewed by",
            format!(
                "I read the {failing} controls that are not met or not evidenced, and \
                                     the gaps in scope and method."
            ),
        ),
        line(
            "Approved by",
            "I know the risks in the register, their owners and their dates, and I approve handing this \
             package over."
                .into(),
        ),
    ]
}

fn retention(inputs: &Inputs<'_>) -> Retention {
    let facts = &inputs.decisions.workspace.retention;
    let years = facts.years.max(6);
    let from = NaiveDate::parse_from_str(inputs.assessment.as_of.get(..10).unwrap_or_default(), "%Y-%m-%d")
        .unwrap_or_default();
    let until = from
        .with_year(from.year() + years as i32)
        .unwrap_or(from + chrono::Days::new(u64::from(years) * 366));
    let words = match years {
        6 => {
            "45 CFR 164.316(b)(2)(i): six years from creation or from the date last in effect, whichever is \
              later. A document still in effect has no last day yet."
                .to_string()
        }
        n => format!(
            "{n} years, by policy; 45 CFR 164.316(b)(2)(i) asks for six years from creation or from the date \
             last in effect, whichever is later; a document still in effect has no last day yet."
        ),
    };
    Retention { until: until.format("%Y-%m-%d").to_string(), words }
}

fn limits(decisions: &Decisions) -> Limits {
    let r = &decisions.workspace.report;
    Limits {
        pdf_rows: r.pdf_rows.clamp(1, 100),
        html_rows: r.html_rows.clamp(1, crate::model::assessment::ROWS),
    }
}

/// Every string of the dossier with control and bidirectional characters shown as escapes.
fn harmless(dossier: Dossier) -> Dossier {
    let mut value = serde_json::to_value(dossier).expect("a dossier serialises");
    clean(&mut value);
    serde_json::from_value(value).expect(
        "escapes stay inside of strings, and a number that is none is allowed where one may be absent",
    )
}

fn clean(value: &mut serde_json::Value) {
    match value {
        serde_json::Value::String(text) if text.chars().any(|c| is_hazard(c) && c != '\n') => {
            *text = crate::diag::printable(text)
        }
        serde_json::Value::Array(list) => list.iter_mut().for_each(clean),
        serde_json::Value::Object(map) => map.values_mut().for_each(clean),
        serde_json::Value::String(_)
        | serde_json::Value::Null
        | serde_json::Value::Bool(_)
        | serde_json::Value::Number(_) => {}
    }
}
