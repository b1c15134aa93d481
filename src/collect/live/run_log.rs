//! What a run that asks AWS has seen, kept, written and shown: every answer becomes an artifact with its
//! custody, every refusal a gap, and what an earlier attempt kept is taken from the run instead of being
//! asked for again.

use std::collections::{BTreeMap, BTreeSet};

use super::Progress;
use super::config::counts::Spot;
use super::exchange::{Exchange, leaf, state};
use super::leads::Harvest;
use super::scope::CollectScope;
use crate::aws::{Kind, Refusal, Reply};
use crate::clock::stamp;
use crate::collect::error::CollectError;
use crate::collect::seen::{LostEvidence, Seen, tally_answer, tally_items};
use crate::evidence::api_answer::Answer;
use crate::evidence::never_store;
use crate::model::catalog::Catalog;
use crate::model::run::{Artifact, Source, State, Way};
use crate::store::portable_name;
use crate::store::run::Writer;

/// How many items there are of each type.
pub type ItemCounts = BTreeMap<String, u64>;

/// What the stages of a run fill.
pub struct RunLog<'a> {
    pub writer: &'a mut Writer,
    pub seen: &'a mut Seen,
    pub catalog: &'a Catalog,
    pub harvest: Harvest,
    pub progress: Progress,
    /// Exchanges of an earlier attempt at this run, by what they asked.
    pub kept: BTreeMap<String, Artifact>,
    /// Operations that were asked ahead of their stage: by account, or by account and region.
    pub settled: BTreeSet<(usize, String)>,
    pub settled_in: BTreeSet<(Spot, String)>,
    /// Operations that were denied, by account and region: a denial may set off an alarm, so each is provoked
    /// once.
    pub denied: BTreeSet<(String, String, String)>,
    pub watch: &'a dyn Fn(Progress),
}

impl RunLog<'_> {
    /// Tells who watches how far the run is.
    pub fn show(&self) {
        (self.watch)(self.progress);
    }

    /// What begins now, of which nobody knows how many calls it takes.
    pub fn phase(&mut self, phase: &'static str) {
        self.progress = Progress { phase, levels: (0, 0), done: 0, known: 0, ..self.progress };
        self.show();
    }

    /// A level of questions to services begins, or goes on, with so many calls.
    pub fn level(&mut self, level: u32, last: u32, calls: usize) {
        let same = self.progress.levels == (level, last);
        let (done, known) = if same { (self.progress.done, self.progress.known) } else { (0, 0) };
        let levels = (level, last);
        let known = known + calls as u64;
        self.progress = Progress { phase: "asking services", levels, done, known, ..self.progress };
        self.show();
    }

    /// One call more was answered.
    pub fn answered(&mut self) {
        self.progress.calls += 1;
        self.progress.done += 1;
    }

    /// What an earlier attempt kept of an exchange, noted as if it had been made now.
    pub fn kept_answer(&mut self, exchange: &Exchange) -> Option<(Artifact, Answer)> {
        let artifact = self.kept.remove(&exchange.call())?;
        let answer = tally_answer(self.writer, &artifact, self.catalog, self.seen);
        Some((artifact, answer))
    }

    /// A page of items that an earlier attempt kept: its bytes, and how many items of each type it holds.
    pub fn kept_items(&mut self, exchange: &Exchange) -> Result<Option<(Vec<u8>, ItemCounts)>, CollectError> {
        let Some(artifact) = self.kept.remove(&exchange.call()) else { return Ok(None) };
        let bytes = self.bytes_of(&artifact)?;
        Ok(Some((bytes, self.tally_page(exchange, &artifact))))
    }

    /// The stored bytes of an artifact.
    pub fn bytes_of(&self, artifact: &Artifact) -> Result<Vec<u8>, CollectError> {
        let mut bytes = Vec::new();
        let read = self
            .writer
            .open(&artifact.path)
            .and_then(|mut input| std::io::Read::read_to_end(&mut input, &mut bytes));
        read.map_err(|source| CollectError::Read { path: artifact.path.clone().into(), source })?;
        Ok(bytes)
    }

    /// Stores an answer without the members that must never be stored, and notes its state. A refusal's own
    /// words go in too: they are the evidence that it was refused.
    pub fn keep_answer(
        &mut self,
        exchange: &Exchange,
        reply: &Reply,
        refusal: Option<&Refusal>,
    ) -> Result<(Artifact, Answer), CollectError> {
        let (api, operation) =
            (self.catalog.apis.get(&exchange.service), self.catalog.operations.get(&exchange.full()));
        let mut custody = custody_of(exchange, reply);
        let body = never_store::noted(&reply.body, operation, &mut custody);
        let xml =
            body.first() == Some(&b'<') || (body.is_empty() && api.is_some_and(|a| a.protocol.is_xml()));
        let leaf = leaf(&exchange.operation, &exchange.key, exchange.page, if xml { "xml" } else { "json" });
        let wanted = format!(
            "aws/{}/{}/{}/{leaf}",
            portable_name(&exchange.account),
            portable_name(&exchange.region),
            portable_name(&exchange.service)
        );
        let source = Source::Response {
            account: exchange.account.clone(),
            region: exchange.region.clone(),
            service: exchange.service.clone(),
            operation: exchange.operation.clone(),
            key: exchange.key.clone(),
            custody,
        };
        let stored = self.writer.add(&wanted, &mut body.as_slice(), &stamp(reply.ended), source)?;
        let answer = tally_answer(self.writer, &stored, self.catalog, self.seen);
        if let Some(refusal) = refusal {
            self.reword(exchange, refusal);
        }
        Ok((stored, answer))
    }

    /// The last state noted for a refused call, in words that say why.
    fn reword(&mut self, exchange: &Exchange, refusal: &Refusal) {
        let key = (exchange.account.clone(), exchange.region.clone(), exchange.full());
        if let Some((known, words)) = self.seen.responses.get_mut(&key).and_then(|list| list.last_mut())
            && known.is_gap()
        {
            *known = state(refusal);
            *words = refusal.words();
        }
    }

    /// A refusal without any answer.
    pub fn refused(&mut self, exchange: &Exchange, refusal: &Refusal) {
        let key = (exchange.account.clone(), exchange.region.clone(), exchange.full());
        let noted = self.not_offered(exchange, refusal).unwrap_or_else(|| (state(refusal), refusal.words()));
        self.seen.responses.entry(key).or_default().push(noted);
    }

    /// That the service is not there in the region: the registry says so, and there was nobody to ask either.
    fn not_offered(&self, exchange: &Exchange, refusal: &Refusal) -> Option<(State, String)> {
        let known = self.catalog.apis.get(&exchange.service)?.offered.as_ref()?;
        if known.regions.contains(&exchange.asked_in) || !refusal.is_of_no_host() {
            return None;
        }
        let (service, region) = (&exchange.service, &exchange.asked_in);
        let words = format!(
            "{service} is not offered in {region} (as of {}: {}), and there is no such endpoint",
            known.as_of, known.source
        );
        Some((State::Absent, words))
    }

    /// Stores one page of items and counts them by type.
    pub fn keep_items(&mut self, exchange: &Exchange, reply: &Reply) -> Result<ItemCounts, CollectError> {
        let name = format!(
            "{}_Config_{}_{}_{}_{:05}.json",
            exchange.account,
            exchange.region,
            exchange.operation,
            exchange.key.replace("::", "-").replace(['/', ','], "_"),
            exchange.page
        );
        let wanted = format!("snapshots/{}", portable_name(&name));
        let source = Source::Snapshot {
            file: name.clone(),
            resource_type: None,
            history: false,
            custody: custody_of(exchange, reply),
        };
        let stored = self.writer.add(&wanted, &mut reply.body.as_slice(), &stamp(reply.ended), source)?;
        Ok(self.tally_page(exchange, &stored))
    }

    /// Counts a stored page's items by type, and takes from them what later calls need.
    fn tally_page(&mut self, exchange: &Exchange, stored: &Artifact) -> ItemCounts {
        let Source::Snapshot { file, .. } = &stored.source else { return ItemCounts::new() };
        let mut counts = ItemCounts::new();
        let harvest = &mut self.harvest;
        tally_items(self.writer, &stored.path, file, None, self.seen, &mut |item, row| {
            *counts.entry(item.resource_type().to_string()).or_default() += 1;
            harvest.item(&exchange.account, item, row);
        });
        counts
    }

    /// A refusal as evidence: the answer that says it, or a note where there is none. The page of a proxy, or
    /// of a service that is not there, is no evidence worth keeping.
    pub fn keep_refusal(&mut self, exchange: &Exchange, refusal: &Refusal) -> Result<(), CollectError> {
        self.progress.refused += 1;
        match &refusal.reply {
            Some(reply) if refusal.kind != Kind::NotOffered => {
                drop(self.keep_answer(exchange, reply, Some(refusal))?)
            }
            _ => self.refused(exchange, refusal),
        }
        Ok(())
    }

    /// Notes a way that was chosen, with its places.
    pub fn report(&mut self, scope: &CollectScope<'_>, way: &str, words: &str, spots: &[Spot]) {
        let accounts: BTreeSet<String> =
            spots.iter().map(|(account, _)| scope.accounts[*account].id.clone()).collect();
        let regions: BTreeSet<String> = spots.iter().map(|(_, region)| region.clone()).collect();
        if !spots.is_empty() {
            self.seen.ways.config.push(Way {
                way: way.into(),
                words: words.into(),
                accounts: accounts.into_iter().collect(),
                regions: regions.into_iter().collect(),
            });
        }
    }

    /// Evidence of AWS Config that is missing from a place.
    pub fn lost(&mut self, account: &str, region: &str, source: &str, what: impl Into<String>, state: State) {
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

/// Everything known of an exchange but its bytes (RFC 3339 times; the offset is AWS's clock less ours, in
/// seconds).
fn custody_of(exchange: &Exchange, reply: &Reply) -> BTreeMap<String, String> {
    let mut custody = BTreeMap::from([
        ("call".to_string(), exchange.call()),
        ("caller".to_string(), exchange.caller.clone()),
        ("endpoint".to_string(), reply.endpoint.clone()),
        ("asked-in".to_string(), exchange.asked_in.clone()),
        ("status".to_string(), reply.status.to_string()),
        ("started".to_string(), stamp(reply.started)),
        ("ended".to_string(), stamp(reply.ended)),
        ("attempts".to_string(), reply.attempts.max(1).to_string()),
    ]);
    let mut more = |name: &str, value: String| {
        if !value.is_empty() {
            custody.insert(name.to_string(), value);
        }
    };
    more("request-id", reply.request_id.clone().unwrap_or_default());
    more("parameters", exchange.parameters.clone());
    more("error-type", reply.error_type.clone());
    more("throttled", if reply.throttled == 0 { String::new() } else { reply.throttled.to_string() });
    exchange.more.iter().for_each(|(name, value)| more(name, value.clone()));
    more("clock-offset-seconds", reply.clock_offset.map(|s| s.to_string()).unwrap_or_default());
    custody
}
