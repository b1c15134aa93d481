//! Asks AWS: AWS Config of every account and region in scope, and every operation of the registry that a
//! table needs, or that stands in for what AWS Config does not record. What was refused, cut short or not
//! counted right is a gap.

mod accounts;
mod artifact_reports;
mod config;
mod exchange;
mod leads;
mod operations;
mod organization;
mod paged_call;
mod plan;
mod run_log;
mod scope;
pub mod survey;

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::time::Duration;

use chrono::NaiveDate;

use self::config::bucket::BucketCache;
use self::run_log::RunLog;
use self::scope::CollectScope;
use super::error::CollectError;
use super::seen::Seen;
use crate::aws::{Session, Settings};
use crate::clock::Clock;
use crate::diag::Diagnostic;
use crate::model::catalog::Catalog;
use crate::model::decisions::{AcceptedTerms, AccountFacts, AwsFacts};
use crate::model::run::Artifact;
use crate::store::run::Writer;

pub use config::bucket::DELIVER;
pub use plan::{Planned, plan};

/// Where and as whom to ask, and within which limits.
#[derive(Debug, Clone)]
pub struct Target {
    pub profile: Option<String>,
    /// Empty: the region of the environment or profile.
    pub regions: Vec<String>,
    /// The accounts of `affiant.yaml`; without any, the caller's own.
    pub accounts: Vec<AccountFacts>,
    /// What is asked only when it is switched on (`opt_in` of the registry).
    pub opt_in: BTreeSet<String>,
    /// Read AWS Config's delivered history from this day on.
    pub since: Option<NaiveDate>,
    /// AWS's audit reports to ask for, by id.
    pub reports: Vec<String>,
    /// Whose terms were accepted, by whom: only these reports' documents are fetched.
    pub terms: Vec<AcceptedTerms>,
    /// Where fetched documents are put; outside of every run.
    pub documents: Option<PathBuf>,
    /// The section `aws` of `affiant.yaml`.
    pub aws: AwsFacts,
    /// False: AWS Config is passed by, and everything is asked directly.
    pub use_config: bool,
    pub call_timeout: Duration,
    pub attempts: u32,
    pub width: usize,
    pub time_limit: Option<Duration>,
}

impl Default for Target {
    fn default() -> Self {
        Target {
            profile: None,
            regions: Vec::new(),
            accounts: Vec::new(),
            opt_in: BTreeSet::new(),
            since: None,
            reports: Vec::new(),
            terms: Vec::new(),
            documents: None,
            aws: AwsFacts::default(),
            use_config: true,
            call_timeout: Duration::from_secs(30),
            attempts: 5,
            width: 12,
            time_limit: None,
        }
    }
}

/// What a person watching is told.
#[derive(Debug, Clone, Copy, Default)]
pub struct Progress {
    pub calls: u64,
    pub items: u64,
    pub refused: u64,
    pub throttled: u64,
    /// What is being done.
    pub phase: &'static str,
    /// Of the services: how many levels of questions there are, and which of them this is. Zero elsewhere.
    pub levels: (u32, u32),
    /// Calls of this level that were made, and those that are known to be made.
    pub done: u64,
    pub known: u64,
}

impl std::fmt::Display for Progress {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Progress { calls, items, refused, throttled, phase, levels: (level, last), done, known } = self;
        if *last > 0 {
            write!(f, "{phase}, step {level} of {last}: {done} of {} calls; ", known.max(done))?;
        } else {
            write!(f, "{phase}: {calls} calls; ")?;
        }
        // both at once would not fit a line of 80 columns at ten thousand calls
        match throttled {
            0 => write!(f, "{items} items, {refused} refused"),
            _ => write!(f, "{refused} refused, {throttled} throttled"),
        }
    }
}

/// Where a run goes, and what is left of an earlier attempt.
pub struct Destination<'a> {
    pub writer: &'a mut Writer,
    pub seen: &'a mut Seen,
    pub clock: &'a Clock,
    pub catalog: &'a Catalog,
    pub kept: Vec<Artifact>,
    pub run_id: &'a str,
    pub watch: &'a dyn Fn(Progress),
}

/// Asks everything there is to ask; only missing or expired credentials end the run.
pub fn ask(target: &Target, place: Destination<'_>) -> Result<(), CollectError> {
    let fail =
        |what: String, hint: &str| CollectError::Input(Box::new(Diagnostic::new("AFE-004", what).hint(hint)));
    let settings = Settings {
        connect_timeout: Duration::from_secs(5).min(target.call_timeout),
        call_timeout: target.call_timeout,
        attempts: target.attempts.max(1),
        width: target.width.max(1),
        time_limit: target.time_limit,
        clock: *place.clock,
    };
    let session =
        Session::connect(target.profile.as_deref(), target.regions.first().map(String::as_str), settings)
            .map_err(|e| fail(format!("cannot start: {e}"), "try again"))?;
    let regions = match (target.regions.is_empty(), session.region()) {
        (false, _) => target.regions.clone(),
        (true, Some(region)) => vec![region],
        (true, None) => {
            return Err(fail(
                "no region is named".into(),
                "give --region, or `regions` in affiant.yaml, or AWS_REGION",
            ));
        }
    };
    let mut scope = CollectScope {
        session: &session,
        clock: place.clock,
        catalog: place.catalog,
        target,
        accounts: Vec::new(),
        regions,
        session_name: session_name(place.run_id),
    };
    let mut log = RunLog {
        writer: place.writer,
        seen: place.seen,
        catalog: place.catalog,
        harvest: leads::Harvest::new(place.catalog),
        progress: Progress::default(),
        kept: place.kept.into_iter().filter_map(|a| Some((exchange::call_of(&a)?.to_string(), a))).collect(),
        settled: BTreeSet::new(),
        settled_in: BTreeSet::new(),
        denied: BTreeSet::new(),
        watch: place.watch,
    };
    log.seen.asked = true;
    log.seen.asked_regions = scope.regions.iter().cloned().collect();
    log.phase("asking who may be asked");
    accounts::identify(&mut scope, &mut log)?;
    stages(&scope, &mut log)
}

/// What follows once it is known who may be asked, in the order in which one stage needs the other.
fn stages(scope: &CollectScope<'_>, log: &mut RunLog<'_>) -> Result<(), CollectError> {
    let mut buckets = BucketCache::default();
    log.phase("asking AWS Config");
    config::routes::by_ways(scope, log, &mut buckets)?;
    log.phase("reading history");
    config::history::history(scope, log, &mut buckets)?;
    accounts::unreached(scope, log);
    operations::operations(scope, log)?;
    log.phase("fetching documents");
    artifact_reports::reports(scope, log)
}

/// RoleSessionName: `affiant-<run>`, in the characters and length that STS takes.
fn session_name(run: &str) -> String {
    let name: String = run.chars().filter(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '.')).collect();
    format!("affiant-{name}").chars().take(64).collect()
}
