//! Asks the operations of the registry, level by level: once a place, or for each value that an earlier level named. After the
//! first denial an operation stops for that account and region; what was not asked then is part of the gap.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use chrono::Days;
use serde_json::{Map, Value};

use super::exchange::What;
use super::{Asking, plan};
use crate::aws::{Ask, Kind, Refusal, Reply};
use crate::collect::error::CollectError;
use crate::collect::recorder::holds;
use crate::diag::Diagnostic;
use crate::evidence::api_answer::{self, Answer};
use crate::evidence::stand_in::{self, Call};
use crate::model::registry::{Operation, OperationScope, at};
use crate::model::run::{Artifact, GLOBAL, Source};

/// A table is asked for again so often while the service makes it.
const WAITS: u32 = 20;

/// One call to make, and those of its kind that wait for its outcome.
struct Job {
    what: What,
    full: String,
    members: Map<String, Value>,
    waits: u32,
    /// It starts what another call reads; its own answer is not kept.
    starter: Option<Box<Job>>,
    rest: Vec<Job>,
}

impl<'a> Asking<'a> {
    /// Every operation, for every account and region in scope.
    pub(super) fn operations(&mut self) -> Result<(), CollectError> {
        let levels = crate::collect::order::levels(self.catalog);
        let wanted = self.wanted();
        let last = levels.values().max().copied().unwrap_or_default();
        for level in 0..=last {
            let mut jobs = Vec::new();
            for (account, names) in wanted.iter().enumerate() {
                for (name, regions) in names.iter().filter(|(name, _)| levels.get(*name) == Some(&level)) {
                    jobs.extend(self.jobs(account, name, regions));
                }
            }
            self.run(jobs)?;
        }
        Ok(())
    }

    /// By account, the operations to ask and the regions to ask them in.
    fn wanted(&self) -> Vec<BTreeMap<String, BTreeSet<String>>> {
        let mut all = Vec::new();
        let beyond = self.beyond();
        for account in &self.accounts {
            let mut names: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
            for region in self.regions.iter().filter(|_| account.identity.is_some()) {
                let unrecorded = self.unrecorded(&account.id, region);
                for name in plan::wanted(self.catalog, &self.target.opt_in, &unrecorded) {
                    names.entry(name).or_default().insert(region.clone());
                }
            }
            for (name, regions) in beyond.iter().filter(|_| account.identity.is_some()) {
                names.entry(name.clone()).or_default().extend(regions.iter().cloned());
            }
            all.push(names);
        }
        all
    }

    /// The operations that are asked in regions out of scope, where what belongs to no region is at home, and these regions.
    fn beyond(&self) -> BTreeMap<String, BTreeSet<String>> {
        let near = self.home();
        let all = self.fillable().collect();
        let wanted = plan::wanted(self.catalog, &self.target.opt_in, &all);
        let homes = |name: &str| -> BTreeSet<String> {
            let of = |name: &str| self.catalog.operations.get(name).into_iter().flat_map(|o| o.homes(&near));
            let parents = self.catalog.operations.get(name).into_iter().filter(|o| o.beyond).flat_map(|o| &o.each);
            of(name)
                .chain(parents.flat_map(|each| of(&each.from)))
                .filter(|h| !self.regions.iter().any(|r| r == h))
                .map(str::to_string)
                .collect()
        };
        wanted
            .into_iter()
            .map(|name| (homes(&name), name))
            .filter(|(homes, _)| !homes.is_empty())
            .map(|(homes, name)| (name, homes))
            .collect()
    }

    /// The types that some operation can stand in for.
    fn fillable(&self) -> impl Iterator<Item = String> {
        self.catalog.operations.values().flat_map(|o| o.fill.iter().map(|f| f.resource_type.clone())).filter(|t| !t.is_empty())
    }

    /// The types of which AWS Config holds nothing for this account and region: not recorded, or not asked.
    fn unrecorded(&self, account: &str, region: &str) -> BTreeSet<String> {
        let homes = &self.catalog.homes;
        let tally = |region: &str, name: &str| {
            self.seen.types.get(&(account.to_string(), region.to_string(), name.to_string())).copied().unwrap_or_default()
        };
        let recorded = |region: &str, name: &str| {
            let place = (account.to_string(), region.to_string());
            self.seen.whole.contains(&place) && self.seen.recorders.get(&place).is_some_and(|r| holds(r, homes, name, region))
        };
        let none = self.seen.no_recorder.contains(&(account.to_string(), region.to_string()));
        self.fillable()
            .filter(|name| match homes.is_global(name) {
                true => {
                    let mut everywhere = self.regions.iter().map(String::as_str).chain([GLOBAL]);
                    !everywhere.any(|region| tally(region, name).live > 0 || recorded(region, name))
                }
                false => none || !(tally(region, name).live > 0 || recorded(region, name)),
            })
            .collect()
    }

    /// The calls of one operation in one account: one a place, or a chain of them whose first shows whether they are permitted.
    fn jobs(&mut self, account: usize, full: &str, regions: &BTreeSet<String>) -> Vec<Job> {
        let catalog: &'a crate::model::catalog::Catalog = self.catalog;
        let Some(operation) = catalog.operations.get(full) else { return Vec::new() };
        let home = self.home();
        if self.settled.contains(&(account, full.to_string())) {
            return Vec::new();
        }
        if operation.scope == OperationScope::Organization && !self.accounts[account].organization {
            return Vec::new();
        }
        if operation.each.is_empty() && operation.param.is_some() {
            return Vec::new();
        }
        let center = self.target.aws.identity_center.as_ref().filter(|_| operation.every_region);
        let mut places: Vec<String> = match (operation.scope, operation.every_region, center) {
            // the one region that answers is known
            (OperationScope::Organization, true, Some(region)) => vec![region.clone()],
            (OperationScope::Region, _, _) | (_, true, _) => regions.iter().cloned().collect(),
            _ => vec![home.clone()],
        };
        places.retain(|region| !self.settled_in.contains(&((account, region.clone()), full.to_string())));
        if operation.each.is_empty() {
            return places.iter().map(|region| self.job(account, full, operation, region, "", Map::new())).collect();
        }
        let mut by_place: BTreeMap<String, Vec<Job>> = BTreeMap::new();
        for (region, value, carried) in self.values(account, full, operation, &places) {
            let with = if carried.is_empty() { String::new() } else { Value::Object(carried.clone()).to_string() };
            let mut members: Map<String, Value> = carried;
            let key = match (&operation.param, &value) {
                (Some(param), Value::Array(_)) => {
                    members.insert(param.clone(), value.clone());
                    format!("{}", by_place.get(&region).map_or(1, |jobs| jobs.len() + 1))
                }
                (Some(param), value) => {
                    members.insert(param.clone(), value.clone());
                    value.as_str().map_or_else(|| value.to_string(), str::to_string)
                }
                (None, _) => String::new(),
            };
            let mut job = self.job(account, full, operation, &region, &key, members);
            job.what.with = with;
            by_place.entry(region).or_default().push(job);
        }
        let id = &self.accounts[account].id;
        for region in places.iter().filter(|region| !by_place.contains_key(*region)) {
            let about = if operation.scope == OperationScope::Region { region } else { GLOBAL };
            self.seen.vacuous.insert((id.clone(), about.to_string(), full.to_string()));
        }
        by_place
            .into_values()
            .map(|mut jobs| {
                let rest = jobs.split_off(1);
                let mut first = jobs.remove(0);
                first.rest = rest;
                first
            })
            .collect()
    }

    /// Where to ask, about what, with which further members.
    fn values(&self, account: usize, full: &str, operation: &Operation, places: &[String]) -> Vec<(String, Value, Map<String, Value>)> {
        let mut found = Vec::new();
        for each in operation.each.iter().filter(|e| e.from.is_empty()) {
            let known_in = |region: &String| match each.home.is_empty() {
                true => self.regions.contains(region),
                false => each.home(&self.home()) == Some(region.as_str()),
            };
            for region in places.iter().filter(|region| known_in(region)) {
                found.extend(each.values.iter().map(|value| (region.clone(), value.clone(), Map::new())));
            }
        }
        let id = &self.accounts[account].id;
        let mut batches: BTreeMap<(String, String), Vec<Value>> = BTreeMap::new();
        for lead in self.harvest.leads(full).filter(|lead| lead.account == *id) {
            let in_scope = self.regions.contains(&lead.region);
            let center = self.target.aws.identity_center.as_deref() == Some(lead.region.as_str());
            let region = match (operation.scope, in_scope || center) {
                (OperationScope::Region, true) if in_scope => lead.region.clone(),
                (OperationScope::Region, _) if operation.beyond && self.is_of_our_partition(&lead.region) => lead.region.clone(),
                // a resource of another region is not of this scope; one of no region is asked about at home
                (OperationScope::Region, _) if lead.region != GLOBAL && lead.region != "global" => continue,
                (OperationScope::Organization, true) if operation.scope == OperationScope::Organization => lead.region.clone(),
                _ => self.home(),
            };
            batches.entry((region, lead.carried.clone())).or_default().push(Value::from(lead.value.clone()));
        }
        for ((region, carried), values) in batches {
            let carried: Map<String, Value> = serde_json::from_str(&carried).unwrap_or_default();
            match operation.batch {
                Some(size) => found.extend(values.chunks(size.max(1)).map(|c| (region.clone(), Value::Array(c.to_vec()), carried.clone()))),
                None => found.extend(values.into_iter().map(|v| (region.clone(), v, carried.clone()))),
            }
        }
        found
    }

    /// Whether credentials of the run are good in a region that an answer names: they end at the partition's border.
    fn is_of_our_partition(&self, region: &str) -> bool {
        let partition = crate::model::regions::partition_of;
        partition(region).is_some() && partition(region) == partition(&self.home())
    }

    fn job(&self, account: usize, full: &str, operation: &Operation, asked_in: &str, key: &str, members: Map<String, Value>) -> Job {
        let account = &self.accounts[account];
        let (service, name) = full.split_once(':').unwrap_or((full, ""));
        let region = if operation.scope == OperationScope::Region { asked_in } else { GLOBAL };
        let mut asked: Map<String, Value> = operation.ask.iter().map(|(n, v)| (n.clone(), self.dated(v))).collect();
        asked.extend(operation.size.iter().map(|(n, v)| (n.clone(), v.clone())));
        asked.extend(members);
        if service == "s3control" {
            asked.insert("AccountId".into(), Value::from(account.id.clone()));
        }
        let mut what = What::operation(&account.id, &account.caller, region, asked_in, service, name, key, 1);
        what.parameters = Value::Object(asked.clone()).to_string();
        Job { what, full: full.into(), members: asked, waits: 0, starter: None, rest: Vec::new() }
    }

    /// `{date}` and `{date-30}` in a fixed member: today and thirty days ago, by the run's clock.
    fn dated(&self, value: &Value) -> Value {
        match value {
            Value::String(text) if text.starts_with("{date") => {
                let back = text.trim_start_matches("{date").trim_end_matches('}').trim_start_matches('-').parse().unwrap_or(0);
                let day = self.clock.now().date_naive();
                Value::from(day.checked_sub_days(Days::new(back)).unwrap_or(day).to_string())
            }
            Value::Array(list) => Value::Array(list.iter().map(|v| self.dated(v)).collect()),
            Value::Object(map) => Value::Object(map.iter().map(|(n, v)| (n.clone(), self.dated(v))).collect()),
            other => other.clone(),
        }
    }

    /// Makes the calls, and those that follow from them; answers of an earlier attempt are taken from the run.
    fn run(&mut self, jobs: Vec<Job>) -> Result<(), CollectError> {
        let mut first = Vec::new();
        for job in jobs {
            self.begin(job, &mut first)?;
        }
        let session = self.session;
        session.work(first, |job, _, outcome| {
            let mut next = Vec::new();
            for job in self.done(job, outcome)? {
                self.begin(job, &mut next)?;
            }
            (self.watch)(self.progress);
            Ok(next)
        })
    }

    /// Asks, or takes what an earlier attempt kept and goes on from there.
    fn begin(&mut self, job: Job, asks: &mut Vec<(Job, Ask<'a>)>) -> Result<(), CollectError> {
        let mut waiting = vec![job];
        while let Some(job) = waiting.pop() {
            if job.starter.is_none()
                && let Some(artifact) = self.kept.remove(&job.what.call())
            {
                waiting.extend(self.again(job, &artifact)?);
                continue;
            }
            let (service, name) = job.full.split_once(':').unwrap_or((&job.full, ""));
            let catalog: &'a crate::model::catalog::Catalog = self.catalog;
            // what starts a report has no entry of its own: it takes no members and its answer is not kept
            let entry = job.starter.as_ref().map_or(&job.full, |waiting| &waiting.full);
            let known = catalog.operations.get_key_value(entry).zip(catalog.apis.get_key_value(service));
            let Some(((full, operation), (service, api))) = known else {
                let refusal =
                    Refusal::ours(Kind::NotOffered, "no registry", format!("the catalog does not say how to ask {service}:{name}"));
                self.refused(&job.what, &refusal);
                continue;
            };
            let account = self.accounts.iter().find(|a| a.id == job.what.account).expect("jobs are of accounts in scope");
            let full = if job.starter.is_some() { operation.before.as_ref().unwrap_or(full) } else { full };
            let name = full.split_once(':').map_or("", |(_, name)| name);
            let Some(identity) = &account.identity else { continue };
            asks.push((
                job,
                Ask {
                    identity: Rc::clone(identity),
                    account: account.id.clone(),
                    region: String::new(),
                    service,
                    name,
                    api,
                    operation,
                    members: Map::new(),
                },
            ));
            let (job, ask) = asks.last_mut().expect("just pushed");
            ask.region.clone_from(&job.what.asked_in);
            ask.members.clone_from(&job.members);
        }
        Ok(())
    }

    /// What follows from an exchange that an earlier attempt kept.
    fn again(&mut self, job: Job, artifact: &Artifact) -> Result<Vec<Job>, CollectError> {
        crate::collect::seen::tally_answer(self.writer, artifact, self.catalog, self.seen);
        self.progress.calls += 1;
        self.follow(job, artifact)
    }

    fn done(&mut self, mut job: Job, outcome: Result<Reply, Refusal>) -> Result<Vec<Job>, CollectError> {
        self.progress.calls += 1;
        if let Some(waiting) = job.starter.take() {
            if let Err(refusal) = outcome {
                self.refused(&waiting.what, &refusal);
                return Ok(waiting.rest);
            }
            return Ok(vec![*waiting]);
        }
        let operation = self.catalog.operations.get(&job.full).cloned().expect("asked by its name");
        match outcome {
            Ok(reply) => {
                self.progress.throttled += u64::from(reply.throttled);
                let artifact = self.keep_answer(&job.what, &reply, None)?;
                self.follow(job, &artifact)
            }
            Err(refusal) if operation.wait.contains(&refusal.code) && job.waits < WAITS => {
                job.waits += 1;
                let before = operation.before.clone().unwrap_or_default();
                let mut starter =
                    Job { what: job.what.clone(), full: before.clone(), members: Map::new(), waits: 0, starter: None, rest: Vec::new() };
                if refusal.code.ends_with("InProgress") || before.is_empty() {
                    std::thread::sleep(std::time::Duration::from_millis(500));
                    return Ok(vec![job]);
                }
                starter.starter = Some(Box::new(job));
                Ok(vec![starter])
            }
            Err(refusal) => self.turned_down(job, &operation, refusal),
        }
    }

    fn turned_down(&mut self, job: Job, operation: &Operation, refusal: Refusal) -> Result<Vec<Job>, CollectError> {
        self.progress.throttled += refusal.reply.as_ref().map_or(0, |r| u64::from(r.throttled));
        if refusal.kind == Kind::Expired {
            return Err(expired(&refusal));
        }
        let absent = operation.means_absent(&refusal.code, &refusal.message);
        match &refusal.reply {
            // the page of a proxy or of a service that is not there is no evidence worth keeping
            Some(reply) if refusal.kind != Kind::NotOffered => drop(self.keep_answer(&job.what, reply, (!absent).then_some(&refusal))?),
            _ => self.refused(&job.what, &refusal),
        }
        if absent {
            return Ok(job.rest);
        }
        self.progress.refused += 1;
        // a first call that was throttled to its last attempt says that the others would only wait, and slow down somebody's work
        let stops =
            matches!(refusal.kind, Kind::Denied | Kind::DeniedByOrganization | Kind::RegionOff | Kind::NotOffered | Kind::Throttled);
        if !stops {
            return Ok(job.rest);
        }
        let place = (job.what.account.clone(), job.what.region.clone(), job.full.clone());
        if !job.rest.is_empty() && self.denied.insert(place.clone()) {
            let words = format!("{}; {} more were not asked", refusal.words(), job.rest.len());
            self.seen.responses.entry(place).or_default().push((super::exchange::state(&refusal), words));
        }
        Ok(Vec::new())
    }

    /// Takes from an answer what later calls need, and goes to its next page.
    fn follow(&mut self, job: Job, artifact: &Artifact) -> Result<Vec<Job>, CollectError> {
        let Job { what, full, members, rest, .. } = job;
        let operation = self.catalog.operations.get(&full).cloned().expect("asked by its name");
        let mut next = rest;
        let Source::Response { custody, .. } = &artifact.source else { return Ok(next) };
        let mut bytes = Vec::new();
        let read = self.writer.open(&artifact.path).and_then(|mut input| std::io::Read::read_to_end(&mut input, &mut bytes));
        if read.is_err() {
            return Ok(next);
        }
        let Answer::Body(body) = api_answer::read(&bytes, &what.service, &what.operation, custody, false, self.catalog) else {
            return Ok(next);
        };
        self.harvest.answer(&full, &body, &what.account, &what.asked_in, &members);
        for entry in operation.fill.iter().filter(|f| f.into.is_none() && f.tags_of.is_none()) {
            let call = Call { account: &what.account, region: &what.asked_in, key: &what.key };
            for filled in stand_in::resources(&body, &operation, entry, call) {
                self.progress.items += 1;
                self.harvest.filled(&what.account, &filled);
            }
        }
        let Some(pages) = &operation.pages else { return Ok(next) };
        let token = at(&body, &pages.output).first().map(|v| (*v).clone()).filter(|v| !v.is_null() && v.as_str() != Some(""));
        let Some(token) = token else { return Ok(next) };
        if members.get(&pages.input) == Some(&token) {
            self.refused(&what, &Refusal::ours(Kind::Transient, "paging", "AWS gave the same page token twice"));
            return Ok(next);
        }
        let mut members = members;
        members.insert(pages.input.clone(), token);
        let mut what = What { page: what.page + 1, ..what };
        what.parameters = Value::Object(members.clone()).to_string();
        next.push(Job { what, full, members, waits: 0, starter: None, rest: Vec::new() });
        Ok(next)
    }
}

/// Credentials that end in the middle of a run leave it to be resumed.
pub(super) fn expired(refusal: &Refusal) -> CollectError {
    let what = format!("the run stopped: {}", refusal.words());
    CollectError::Stopped(Box::new(
        Diagnostic::new("AFE-005", what).hint("renew the credentials, then `affiant collect --resume`: what was read is kept"),
    ))
}
