//! The dossier: the one document that every output renders. It owns the words and numbers a reader sees, and
//! knows nothing of SQL, files or fonts. Times are RFC 3339 UTC strings, digests lower-case hexadecimal
//! SHA-256.

use serde::{Deserialize, Serialize};

mod control;
pub mod counts;
mod crosswalk;
mod front;
mod history;
pub mod inventory;
mod others;
mod program;
pub mod readers_and_network;
mod records;
pub mod response;
mod services;
mod sharing;
mod since;

pub use control::{
    Alternative, AttestationReport, CheckReport, CitationReport, ControlReport, Corroboration,
    ParameterReport, ResultRow, StatementStanding,
};
pub use counts::{TallyResult, UnreadKind};
pub use crosswalk::{CrosswalkControl, CrosswalkRow, ProposalLine, ProposalReport};
pub use front::{BoardRow, BuyerAnswer, ClockStart, Contradiction};
pub use history::{EpisodeReport, PastReport, StopReport};
pub use inventory::AssetClass;
pub use others::{OTHERS, OtherDisagreement, OtherFindings};
pub use program::{
    Acceptance, AnalysisElement, Drill, Escalation, IncidentResponse, IncidentRole, IncidentSeverity,
    NotificationClock, Playbook, RiskMember, RiskRegister, RiskReport,
};
pub use readers_and_network::{
    Cell, NetworkMap, Places, READERS, Reach, ReaderMatrix, ReadingPrincipal, STORES, StoreReaders, Tier,
    VPCS, VpcMap,
};
pub use records::{RecordReport, WithheldItem};
pub use response::{
    Means, MeansFound, MeansGap, MeansThing, ResponseCommand, ResponseEnvironment, ResponseRow, THINGS,
};
pub use services::{Agreement, Baa, BaaAccount, ServiceRow, Services};
pub use sharing::{Removal, Sharing};
pub use since::SinceReport;

use super::verdict::Counts;

/// Format name and version written into every serialised dossier.
pub const FORMAT: &str = "affiant.dossier/1";

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Dossier {
    pub format: String,
    /// `full` or `shareable`.
    pub edition: String,
    /// Synthetic or replayed evidence: every page says SAMPLE.
    pub sample: bool,
    /// Made over problems that are still open: every page says DRAFT.
    #[serde(default)]
    pub draft: bool,
    pub organization: Organization,
    pub period: Period,
    /// `<period>-<12 hex>`; `short_id` is the 12 hex digits.
    pub package_id: String,
    pub short_id: String,
    /// The time the verdicts speak for: the end of the run unless said otherwise.
    pub as_of: String,
    pub program: ProgramInfo,
    pub run: RunInfo,
    pub catalog: CatalogInfo,
    pub seal: SealInfo,
    pub totals: Totals,
    /// One row a control.
    #[serde(default)]
    pub board: Vec<BoardRow>,
    /// At most five, worst first.
    pub decisions_needed: Vec<Decision>,
    /// Twelve plain answers.
    #[serde(default)]
    pub buyer: Vec<BuyerAnswer>,
    /// Findings that may start a breach clock, unexamined ones first within their severity.
    #[serde(default)]
    pub clock_starts: Vec<ClockStart>,
    #[serde(default)]
    pub contradictions: Vec<Contradiction>,
    /// What other programs found, where an import was kept; the latest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub others: Vec<OtherFindings>,
    pub baa: Baa,
    pub services: Services,
    pub scope: Scope,
    pub controls: Vec<ControlReport>,
    /// What was broken, or not recorded, within the period.
    #[serde(default)]
    pub past: PastReport,
    /// What changed since the assessment before this one.
    #[serde(default)]
    pub since: Option<SinceReport>,
    pub crosswalk: Vec<CrosswalkRow>,
    /// Whether the places named in AWS's audit reports were compared with a report.
    #[serde(default)]
    pub inherited_note: String,
    /// Proposed rules that the workspace asked for; none of them is law.
    pub proposals: Vec<ProposalReport>,
    pub risks: RiskRegister,
    pub incident: IncidentResponse,
    pub inventory: Vec<AssetClass>,
    /// Who can read each store of ePHI.
    #[serde(default)]
    pub readers: ReaderMatrix,
    #[serde(default)]
    pub network: NetworkMap,
    /// Every artifact, in reference order (`E1`, `E2`, ...).
    pub evidence: Vec<EvidenceRef>,
    pub attestations: Vec<AttestationReport>,
    /// What was done on a day; empty where the workspace keeps no records.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub records: Vec<RecordReport>,
    /// What exists and is kept out of the package.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub withheld: Vec<WithheldItem>,
    pub sign_off: Vec<SignOff>,
    pub retention: Retention,
    /// How long lists may grow in each rendering; the rest is in `data/tables/result.csv`.
    pub limits: Limits,
    /// In the shareable edition: for whom, and what was replaced.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shared: Option<Sharing>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Organization {
    pub name: String,
    /// `covered entity`, `business associate`, `subcontractor`, `hybrid entity` or `not covered`.
    pub role: String,
    pub system: String,
    pub description: String,
    pub contact: String,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Period {
    /// As people say it: `2026-Q3`.
    pub label: String,
    pub start: String,
    pub end: String,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ProgramInfo {
    pub name: String,
    pub version: String,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct RunInfo {
    pub id: String,
    /// SHA-256 of the run's `manifest-sha256.txt`.
    pub manifest: String,
    pub started: String,
    pub ended: String,
    /// `system` or `pinned`.
    pub clock: String,
    pub previous: Option<String>,
    pub derived_from: Option<String>,
    pub redactions: u64,
    pub callers: Vec<String>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct CatalogInfo {
    pub version: String,
    pub digest: String,
    /// True when a user's own catalog was used; its digest is shown wherever results show.
    pub custom: bool,
    pub checks: u64,
}

#[derive(PartialEq, Eq, Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SealInfo {
    /// `workspace`, `named` or `none`.
    pub kind: String,
    pub subject: String,
    /// SHA-256 of the certificate.
    pub fingerprint: String,
    /// One sentence on who sealed and what that proves.
    pub words: String,
    /// One sentence on time: a token's, or "time not independently attested".
    pub time_words: String,
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Totals {
    /// Verdicts of the ten controls.
    pub controls: Counts,
    /// Verdicts of all checks.
    pub checks: Counts,
    /// Verdicts of all result rows.
    pub results: Counts,
    pub resources: u64,
    pub artifacts: u64,
    /// Sources (account x region x type or operation) expected and read.
    pub sources_expected: u64,
    pub sources_read: u64,
    pub gaps: u64,
}

/// A fact about a named resource, or about the whole, that waits for somebody.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Decision {
    pub text: String,
    /// Anchor in both reports: `control-…`, `check-…`, `risk-…`, `baa`, `coverage`, `incident`.
    pub anchor: String,
    #[serde(default)]
    pub severity: String,
    /// Empty where nobody owns it.
    #[serde(default)]
    pub owner: String,
    #[serde(default)]
    pub due: String,
    #[serde(default)]
    pub evidence: Vec<String>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Scope {
    pub accounts: Vec<Account>,
    pub regions: Vec<String>,
    /// Paragraphs on how evidence was gathered and judged.
    pub method: Vec<String>,
    pub excluded: Vec<Exclusion>,
    /// One row a source, gaps first.
    pub coverage: Vec<CoverageRow>,
    pub coverage_total: u64,
    /// All sources, counted by service.
    #[serde(default)]
    pub by_service: Vec<ServiceCoverage>,
    /// Stored items that no table reads, by type or operation.
    #[serde(default)]
    pub unread: Vec<UnreadKind>,
}

/// How much was read of a service: sources are an operation or a type in an account and a region.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServiceCoverage {
    pub service: String,
    pub sources: u64,
    pub read: u64,
    /// Asked, and there is none.
    pub empty: u64,
    /// Items and answers.
    pub items: u64,
    pub gaps: u64,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Account {
    pub id: String,
    pub name: String,
    pub resources: u64,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Exclusion {
    pub pattern: String,
    pub by: String,
    pub reason: String,
    pub resources: u64,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct CoverageRow {
    pub account: String,
    pub region: String,
    /// `AWS::S3::Bucket` or `rds:DescribeDBParameters`.
    pub source: String,
    /// `read`, `empty`, `absent`, `denied`, `failed`, `not recorded`, `not collected`, `unreadable`, `stale`.
    pub state: String,
    pub expected: u64,
    pub read: u64,
    pub detail: String,
    pub gap: bool,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct EvidenceRef {
    /// `E1`, `E2`, ...
    pub id: String,
    pub path: String,
    pub sha256: String,
    pub size: u64,
    pub collected_at: String,
    /// `delivered AWS Config snapshot`, `iam:GetAccountSummary`, `document` ...
    pub source: String,
    pub account: String,
    pub region: String,
    /// Digest of the original when this is a redacted copy.
    pub original: Option<String>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct SignOff {
    pub role: String,
    pub statement: String,
    pub name: String,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Retention {
    pub until: String,
    pub words: String,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Limits {
    pub pdf_rows: u64,
    pub html_rows: u64,
}
