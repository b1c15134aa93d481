//! Asks AWS: AWS Config of every account and region in scope, and every operation of the registry that a table needs, or that
//! stands in for what AWS Config does not record. What was refused, cut short or not counted right is a gap.

mod artifact_reports;
mod config;
mod exchange;
mod leads;
mod operations;
mod organization;
mod paged_call;
mod plan;

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::rc::Rc;
use std::time::Duration;

use chrono::NaiveDate;
use serde_json::Value;

use super::error::CollectError;
use super::seen::{LostEvidence, Seen};
use crate::aws::{Ask, AssumedRole, Identity, Kind, Refusal, Session, Settings};
use crate::clock::Clock;
use crate::diag::Diagnostic;
use crate::model::catalog::Catalog;
use crate::model::decisions::{AcceptedTerms, AccountFacts, AwsFacts};
use crate::model::partition::Partition;
use crate::model::run::{Artifact, GLOBAL, State};
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
}

/// One account in scope, with the credentials to ask it.
pub(super) struct AskedAccount {
    id: String,
    caller: String,
    /// None: the account itself cannot be asked, for the reason beside it. An aggregator may still tell of it.
    identity: Option<Rc<Identity>>,
    refusal: Option<(State, String)>,
    /// It may be asked about the whole organisation.
    organization: bool,
}

/// Everything that asking needs and fills.
pub(super) struct Asking<'a> {
    session: &'a Session,
    writer: &'a mut Writer,
    seen: &'a mut Seen,
    clock: &'a Clock,
    catalog: &'a Catalog,
    target: &'a Target,
    accounts: Vec<AskedAccount>,
    regions: Vec<String>,
    /// Exchanges of an earlier attempt at this run.
    kept: BTreeMap<String, Artifact>,
    harvest: leads::Harvest,
    /// Operations that were asked ahead of their stage: by account, or by account and region.
    settled: BTreeSet<(usize, String)>,
    settled_in: BTreeSet<(config::counts::Spot, String)>,
    /// Delivery channels, and the regions of buckets, as far as they are known.
    channels: BTreeMap<config::counts::Spot, Value>,
    bucket_regions: BTreeMap<String, String>,
    session_name: String,
    /// Operations that were denied, by account and region: nobody's alarm should ring twice.
    denied: BTreeSet<(String, String, String)>,
    progress: Progress,
    watch: &'a dyn Fn(Progress),
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
    let fail = |what: String, hint: &str| CollectError::Input(Box::new(Diagnostic::new("AFE-004", what).hint(hint)));
    let settings = Settings {
        connect_timeout: Duration::from_secs(5).min(target.call_timeout),
        call_timeout: target.call_timeout,
        attempts: target.attempts.max(1),
        width: target.width.max(1),
        time_limit: target.time_limit,
        clock: *place.clock,
    };
    let session = Session::connect(target.profile.as_deref(), target.regions.first().map(String::as_str), settings)
        .map_err(|e| fail(format!("cannot start: {e}"), "try again"))?;
    let regions = match (target.regions.is_empty(), session.region()) {
        (false, _) => target.regions.clone(),
        (true, Some(region)) => vec![region],
        (true, None) => return Err(fail("no region is named".into(), "give --region, or `regions` in affiant.yaml, or AWS_REGION")),
    };
    let kept = place.kept.into_iter().filter_map(|a| Some((exchange::call_of(&a)?.to_string(), a))).collect();
    let mut asking = Asking {
        session: &session,
        writer: place.writer,
        seen: place.seen,
        clock: place.clock,
        catalog: place.catalog,
        target,
        accounts: Vec::new(),
        regions,
        kept,
        harvest: leads::Harvest::new(place.catalog),
        settled: BTreeSet::new(),
        settled_in: BTreeSet::new(),
        channels: BTreeMap::new(),
        bucket_regions: BTreeMap::new(),
        session_name: session_name(place.run_id),
        denied: BTreeSet::new(),
        progress: Progress::default(),
        watch: place.watch,
    };
    asking.seen.asked = true;
    asking.seen.asked_regions = asking.regions.iter().cloned().collect();
    asking.identify()?;
    asking.by_ways()?;
    asking.history()?;
    asking.unreached();
    asking.operations()?;
    asking.reports()
}

impl Asking<'_> {
    /// Whose credentials these are, and those of every account in scope.
    fn identify(&mut self) -> Result<(), CollectError> {
        let base = self.session.identity();
        let named = self.target.accounts.clone();
        let in_scope = |id: &str| named.is_empty() || named.iter().any(|facts| facts.id == id);
        let (own, caller) = self.caller_of(&base, &in_scope).map_err(|refusal| {
            let profile = self.target.profile.as_deref();
            let whose = profile.map_or("the default chain".to_string(), |name| format!("the profile `{name}`"));
            let missing = refusal.kind == crate::aws::Kind::Expired;
            // the rest is a list of every way that the SDK tried
            let words = refusal.words();
            let words = words.split("Attempted:").next().unwrap_or_default().trim_end_matches([' ', '.', ':', '\n']);
            let what = match missing {
                true => format!("no credentials that AWS takes, by {whose}: {words}"),
                false => format!("AWS does not say who we are, by {whose}: {words}"),
            };
            let named = profile.map_or(String::new(), |name| format!(" --profile {name}"));
            let hint =
                format!("try `aws sts get-caller-identity{named}`; `aws configure{named}` or `aws sso login{named}` makes credentials");
            CollectError::Stopped(Box::new(Diagnostic::new("AFE-004", what).hint(hint)))
        })?;
        if named.is_empty() {
            self.accounts.push(AskedAccount { id: own, caller, identity: Some(base), refusal: None, organization: false });
            return Ok(());
        }
        named.iter().cloned().for_each(|facts| self.enter(facts, &own, &caller));
        self.members()?.into_iter().for_each(|facts| self.enter(facts, &own, &caller));
        Ok(())
    }

    /// Takes an account into scope, by its role where it has one.
    fn enter(&mut self, facts: AccountFacts, own: &str, caller: &str) {
        let partition = Partition::of(&self.home()).name;
        let role = facts.role.clone().or_else(|| self.target.aws.role_in(&facts.id, partition).filter(|_| facts.id != own));
        let identity = match &role {
            None if facts.id == own => {
                let identity = self.session.identity();
                match self.target.accounts.iter().any(|a| a.id == own) {
                    true => Ok((identity, caller.to_string())),
                    // only now is it in scope
                    false => self.caller_of(&identity, &|id| id == own).map(|(_, caller)| (identity, caller)),
                }
            }
            None => Err(Refusal::ours(Kind::Denied, "no role", format!("the credentials are of account {own}, and no `role` is named"))),
            Some(arn) => {
                let external_id = facts.external_id.clone().or_else(|| self.target.aws.external_id.clone());
                let role = AssumedRole { arn: arn.clone(), external_id, session_name: self.session_name.clone() };
                let identity = self.session.assume(&role);
                self.caller_of(&identity, &|id| id == facts.id).and_then(|(id, caller)| match id == facts.id {
                    true => Ok((identity, caller)),
                    false => Err(Refusal::ours(Kind::Denied, "wrong account", format!("the role is of account {id}"))),
                })
            }
        };
        self.seen.scope.insert(facts.id.clone());
        let organization = facts.organization;
        self.accounts.push(match identity {
            Ok((identity, caller)) => AskedAccount { id: facts.id, caller, identity: Some(identity), refusal: None, organization },
            Err(refusal) => {
                let why = format!("the account could not be asked: {}", refusal.words());
                let words = role.map_or_else(|| why.clone(), |role| format!("{role}: {why}"));
                let refusal = Some((exchange::state(&refusal), words));
                AskedAccount { id: facts.id, caller: String::new(), identity: None, refusal, organization }
            }
        });
    }

    /// An account that could not be asked is missing throughout, not absent: its items too, unless another way brought them.
    fn unreached(&mut self) {
        let unreached: Vec<(String, (State, String))> =
            self.accounts.iter().filter_map(|a| Some((a.id.clone(), a.refusal.clone()?))).collect();
        for (id, (state, words)) in unreached {
            self.seen.unasked.insert(id.clone(), (state, words.clone()));
            let places: Vec<String> = self.regions.iter().cloned().chain([GLOBAL.to_string()]).collect();
            let whole = |region: &String| self.seen.whole.contains(&(id.clone(), region.clone()));
            let any = places.iter().any(whole);
            let lost: Vec<String> = places.iter().filter(|r| if *r == GLOBAL { !any } else { !whole(r) }).cloned().collect();
            for region in lost {
                self.seen.faults.push(LostEvidence {
                    account: id.clone(),
                    region,
                    source: "*".into(),
                    file: "credentials".into(),
                    what: words.clone(),
                    state,
                });
            }
        }
    }

    /// Who an identity is. The answer is evidence where its account is in scope.
    fn caller_of(&mut self, identity: &Rc<Identity>, in_scope: &dyn Fn(&str) -> bool) -> Result<(String, String), Refusal> {
        let name = "sts:GetCallerIdentity";
        let (Some(operation), Some(api)) = (self.catalog.operations.get(name), self.catalog.apis.get("sts")) else {
            return Err(Refusal::ours(Kind::NotOffered, "no registry", "the catalog does not say how to ask sts:GetCallerIdentity"));
        };
        let region = self.regions.first().cloned().unwrap_or_default();
        let ask = Ask {
            identity: Rc::clone(identity),
            account: String::new(),
            region,
            service: "sts",
            name: "GetCallerIdentity",
            api,
            operation,
            members: serde_json::Map::new(),
        };
        let reply = self.session.call(&ask)?;
        let body = crate::evidence::protocols::to_json(&reply.body, "GetCallerIdentity", api, operation)
            .map_err(|why| Refusal::ours(Kind::Transient, "malformed answer", why))?;
        let text = |name: &str| body.get(name).and_then(Value::as_str).unwrap_or_default().to_string();
        let (account, arn) = (text("Account"), text("Arn"));
        self.seen.caller(&arn);
        if !in_scope(&account) {
            return Ok((account, arn));
        }
        let what = exchange::What::operation(&account, &arn, GLOBAL, &self.regions[0], "sts", "GetCallerIdentity", "", 1);
        // a resumed run asks again who it is; the answer is news only when it is another caller's
        let told = self.kept.remove(&what.call()).filter(|kept| exchange::caller_of(kept) == Some(arn.as_str()));
        if let Some(kept) = told {
            super::seen::tally_answer(self.writer, &kept, self.catalog, self.seen);
        } else if let Err(error) = self.keep_answer(&what, &reply, None) {
            return Err(Refusal::ours(Kind::Transient, "not stored", error.to_string()));
        }
        Ok((account, arn))
    }

    fn home(&self) -> String {
        self.regions.first().map_or_else(|| Partition::of("").home.to_string(), Clone::clone)
    }

    fn lost(&mut self, account: &str, region: &str, source: &str, what: impl Into<String>, state: State) {
        self.seen.faults.push(LostEvidence {
            account: account.into(),
            region: region.into(),
            source: source.into(),
            file: "AWS Config".into(),
            what: what.into(),
            state,
        });
    }
}

/// RoleSessionName: `affiant-<run>`, in the characters and length that STS takes.
fn session_name(run: &str) -> String {
    let name: String = run.chars().filter(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '.')).collect();
    format!("affiant-{name}").chars().take(64).collect()
}
