//! `data/package.json`: what a package says of itself, each member from what it speaks of, and which files a
//! package has.

use serde::{Deserialize, Serialize};

use crate::assess::database::export;
use crate::catalog;
use crate::diag::visible_json;
use crate::model::assessment::Assessment;
use crate::model::catalog::Catalog;
use crate::model::decisions::Decisions;
use crate::model::digest::Digest;
use crate::model::dossier::{Dossier, SealInfo};
use crate::render::machine::oscal;
use crate::seal::Certificate;
use crate::seal::bag::is_own_tag;
use crate::seal::bag::verify_md::{Contents, verify_md};
use crate::store::manifest::{BagInfo, MANIFEST, PAYLOAD, TAG_MANIFEST};
use crate::store::run::Reader;
use crate::workspace;

pub const FORMAT: &str = "affiant.package/1";
pub const RECORD: &str = "data/package.json";
pub const ASSESSMENT: &str = "data/assessment.json";
pub const DOSSIER: &str = "data/dossier.json";
pub const HTML: &str = "data/report/index.html";
/// The folder of tag files in which a joined run keeps the seals of its parts.
pub(super) const JOINED: &str = "joined";
/// What the instructions in a redacted copy call it.
pub(super) const DERIVED: &str = "the derived run";
pub const PDF: &str = "data/report/audit-package.pdf";
pub const DATABASE: &str = "data/tables/evidence.sqlite";
pub const RISKS: &str = "data/tables/risk.csv";
/// The resources of each risk, a row each.
pub const RISK_RESOURCES: &str = "data/tables/risk-resource.csv";
pub const CROSSWALK: &str = "data/tables/crosswalk.csv";
pub const CATALOG: &str = "data/catalog/";
pub const DECISIONS: &str = "data/decisions/";
/// What a package is compared with.
pub const ABOUT: &str = "data/previous/about.json";
pub const BEFORE: &str = "data/previous/assessment.json";
pub const TERMS: &str = "data/previous/terms.json";
pub const ITEMS: &str = "data/previous/items.json";
pub const TREND: &str = "data/previous/trend.json";
pub const SIGHTINGS: &str = "data/previous/sightings.json";

/// `data/package.json`: what this package is and what it was made from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PackageRecord {
    pub format: String,
    pub id: String,
    pub edition: String,
    pub sample: bool,
    /// Made with `--draft`, over problems that are still open.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub draft: bool,
    pub organization: String,
    pub period: String,
    pub as_of: String,
    /// The folder of the run inside.
    pub run: String,
    pub run_manifest: Digest,
    pub catalog: Digest,
    pub catalog_version: String,
    pub custom_catalog: bool,
    pub results: Digest,
    /// SHA-256 over the templates used.
    pub templates: Digest,
    pub program_version: String,
    pub paper: String,
    /// Whether a PDF is inside.
    pub pdf: bool,
    pub retain_until: String,
    /// The day on which the sealer's certificate ends. With a timestamp the seal lasts longer: `affiant seal
    /// status` says how long.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub certificate_until: String,
    pub seal: SealInfo,
}

/// What the record is made of.
pub(super) struct RecordFacts<'a> {
    pub id: &'a str,
    pub dossier: &'a Dossier,
    pub assessment: &'a Assessment,
    pub run: &'a Reader,
    pub run_folder: &'a str,
    pub catalog: &'a Catalog,
    pub templates: Digest,
    pub paper: &'a str,
    pub as_of: &'a str,
    pub pdf: bool,
    pub certificate: &'a Certificate,
}

/// `data/package.json`, each member from what it speaks of; `verify --recompute` makes it again.
pub(super) fn record(facts: &RecordFacts<'_>) -> PackageRecord {
    let dossier = facts.dossier;
    PackageRecord {
        format: FORMAT.into(),
        id: facts.id.to_string(),
        edition: dossier.edition.clone(),
        sample: dossier.sample,
        draft: dossier.draft,
        organization: dossier.organization.name.clone(),
        period: dossier.period.label.clone(),
        as_of: facts.as_of.to_string(),
        run: facts.run_folder.to_string(),
        run_manifest: facts.run.manifest,
        catalog: facts.catalog.digest,
        catalog_version: catalog::VERSION.into(),
        custom_catalog: facts.catalog.custom,
        results: facts.assessment.results,
        templates: facts.templates,
        program_version: env!("CARGO_PKG_VERSION").into(),
        paper: facts.paper.to_string(),
        pdf: facts.pdf,
        retain_until: dossier.retention.until.clone(),
        certificate_until: facts.certificate.not_after().format("%Y-%m-%d").to_string(),
        seal: dossier.seal.clone(),
    }
}

/// `VERIFY.md`.
pub(super) fn instructions(id: &str, certificate: &Certificate, run_folder: &str, pdf: bool) -> String {
    verify_md(&Contents {
        id,
        certificate,
        pdf: pdf.then_some(PDF),
        html: Some(HTML),
        database: Some((DATABASE, "SELECT check_id, verdict, count(*) FROM result GROUP BY 1, 2")),
        runs: &[run_folder],
    })
}

/// `VERIFY.md` of a run, by its id; of a redacted copy by [`DERIVED`].
pub(super) fn instructions_of_run(id: &str, certificate: &Certificate) -> String {
    verify_md(&Contents { id, certificate, pdf: None, html: None, database: None, runs: &[] })
}

/// Where a table stands as CSV.
pub(super) fn csv_path(table: &str) -> String {
    format!("data/tables/{table}.csv")
}

/// Whether this program puts a file of this path into a package: reports, tables, inputs, and the run.
pub(super) fn is_ours(path: &str, run: &str) -> bool {
    let registers = [RISKS, RISK_RESOURCES, CROSSWALK];
    let before = [ABOUT, BEFORE, TERMS, ITEMS, TREND, SIGHTINGS];
    let fixed = [RECORD, ASSESSMENT, DOSSIER, HTML, PDF, DATABASE];
    let tables = || export::CSV.iter().any(|(table, _)| csv_path(table) == path);
    // the run's own payload is held against its custody records
    let in_run = path.strip_prefix(run).and_then(|rest| rest.strip_prefix('/'));
    let of_run = in_run.is_some_and(|rest| rest.starts_with(PAYLOAD) || is_of_part(rest) || is_own_tag(rest));
    let decision = path.strip_prefix(DECISIONS).is_some_and(|name| workspace::FILES.contains(&name));
    let signature = path.strip_suffix(".p7s") == Some(HTML);
    let named = [&fixed[..], &registers, &before].iter().any(|list| list.contains(&path));
    named || oscal_file(path) || tables() || signature || path.starts_with(CATALOG) || decision || of_run
}

/// Whether it is what a joined run keeps of a part, below `joined/RUN/`: its record, its manifests, its seal.
fn is_of_part(path: &str) -> bool {
    let inner = path.strip_prefix(JOINED).and_then(|rest| rest.strip_prefix('/')?.split_once('/'));
    inner.is_some_and(|(run, name)| {
        let of_seal = name.starts_with("seal/") || [MANIFEST, TAG_MANIFEST].contains(&name);
        !run.is_empty() && (name == "run.json" || (of_seal && is_own_tag(name)))
    })
}

/// Whether it is one of the OSCAL files.
fn oscal_file(path: &str) -> bool {
    path.strip_prefix("data/").is_some_and(|inner| oscal::FILES.contains(&inner))
}

/// `<period>-<12 hexadecimal digits>` of a digest over all inputs: the same inputs, the same id.
pub(super) fn package_id(
    decisions: &Decisions,
    catalog: &Catalog,
    run: &Reader,
    as_of: &str,
    draft: bool,
) -> String {
    let label = period(decisions, as_of);
    let decisions = serde_json::to_string(decisions).expect("decisions serialise");
    let all = format!(
        "{}\0{}\0{as_of}\0{}\0{decisions}",
        run.manifest_of_content(),
        catalog.digest,
        env!("CARGO_PKG_VERSION")
    );
    let all = if draft { all + "\0draft" } else { all };
    format!("{label}-{}", Digest::of(all.as_bytes()).short())
}

pub(super) fn period(decisions: &Decisions, as_of: &str) -> String {
    let label = decisions.workspace.period.label.trim();
    crate::store::portable_name(if label.is_empty() { as_of.get(..10).unwrap_or("undated") } else { label })
}

/// `bag-info.txt`: what `verify` compares with `package.json`.
pub(super) fn info(record: &PackageRecord) -> BagInfo {
    let pairs = [
        ("Source-Organization", record.organization.clone()),
        ("Bag-Software-Agent", format!("affiant {}", record.program_version)),
        ("Bagging-Date", record.as_of.get(..10).unwrap_or_default().to_string()),
        ("External-Identifier", record.id.clone()),
        ("External-Description", format!("HIPAA audit package, period {}", record.period)),
        ("Affiant-Format", record.format.clone()),
        ("Affiant-As-Of", record.as_of.clone()),
        ("Affiant-Sample", record.sample.to_string()),
        ("Affiant-Catalog", record.catalog.to_string()),
        ("Affiant-Run", record.run_manifest.to_string()),
        ("Affiant-Results", record.results.to_string()),
    ];
    let draft = record.draft.then(|| ("Affiant-Draft", "true".to_string()));
    BagInfo::new(pairs.into_iter().chain(draft))
}

/// JSON with two-space indents and a final newline.
pub fn pretty<T: Serialize>(value: &T) -> Vec<u8> {
    let mut bytes = visible_json(serde_json::to_vec_pretty(value).expect("our own types serialise"));
    bytes.push(b'\n');
    bytes
}
