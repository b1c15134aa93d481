//! What a run has seen so far: items, answers and faults, counted by account, region and type.

mod names;
mod parts;

use std::collections::{BTreeMap, BTreeSet};
use std::io::Read;

use serde_json::Value;

use super::recorder;
use crate::evidence::api_answer::{self, Answer, MAX_ANSWER};
use crate::evidence::config_files::{self, Found};
use crate::evidence::config_item::{self, Item, Standing};
use crate::evidence::encodings;
use crate::evidence::stand_in::{self, Call};
use crate::model::catalog::Catalog;
use crate::model::decisions::Decisions;
use crate::model::registry::Operation;
use crate::model::run::{Artifact, Asked, GLOBAL, Source, State};
use crate::store::run::Writer;
pub use names::place_in_name;
use names::{identity, lowered, type_in};

/// account, region, type
pub type TypePlace = (String, String, String);

/// Tallies of everything that was read.
#[derive(Default)]
pub struct Seen {
    pub items: u64,
    pub types: BTreeMap<TypePlace, Tally>,
    /// (account, region) of which some items file was read to its end.
    pub whole: BTreeSet<(String, String)>,
    pub faults: Vec<LostEvidence>,
    /// (account, region, `service:Operation`) to the state of each answer.
    pub responses: BTreeMap<TypePlace, Vec<(State, String)>>,
    /// (account, region, type) to the resources that direct answers show.
    pub direct: BTreeMap<TypePlace, u64>,
    /// (account, region) to the recorder's settings and status.
    pub recorders: BTreeMap<(String, String), Value>,
    pub recorder_status: BTreeMap<(String, String), Value>,
    /// The recorder's settings as its own item has them, for accounts that only an aggregator tells of.
    pub recorder_items: BTreeMap<(String, String), Value>,
    /// (account, region) to what was read of AWS Config's history.
    pub histories: BTreeMap<(String, String), Past>,
    pub skipped: Vec<String>,
    /// AWS itself was asked, so what was not asked about had nothing to be asked about.
    pub asked: bool,
    /// The regions that were asked.
    pub asked_regions: BTreeSet<String>,
    /// (account, region) of which AWS Config says that it has no recorder.
    pub no_recorder: BTreeSet<(String, String)>,
    /// (account, region, `service:Operation`) for which what was read named nothing to ask about.
    pub vacuous: BTreeSet<TypePlace>,
    /// (account, region) to how many resources of each type AWS Config counts there.
    pub counted: BTreeMap<(String, String), BTreeMap<String, u64>>,
    /// (account, region, `service:Operation`) that a saved answer of its source in this place names something
    /// to ask about.
    pub named: BTreeSet<TypePlace>,
    /// (account, region, `service:Operation`) to what saved answers name to ask about there, and to what
    /// answers are about.
    pub called_for: BTreeMap<TypePlace, BTreeSet<String>>,
    pub answered: BTreeMap<TypePlace, BTreeSet<String>>,
    /// The same for parts of the resources that saved answers show: each with the type of its resource.
    pub called_for_parts: parts::CalledFor,
    /// The accounts that the run is about, where it is about a part of them.
    pub part: BTreeSet<String>,
    /// Accounts in scope that no answer may have named.
    pub scope: BTreeSet<String>,
    /// Accounts that could not be asked, and why.
    pub unasked: BTreeMap<String, (State, String)>,
    /// How AWS was asked.
    pub ways: Asked,
    /// What belongs to no region and was seen, as digests of type and ARN: several recorders may hold it.
    everywhere: BTreeSet<u64>,
    callers: BTreeSet<String>,
}

#[derive(Default, Clone, Copy)]
pub struct Tally {
    pub live: u64,
    pub deleted: u64,
    pub not_recorded: u64,
}

/// Something that was there and could not be read.
pub struct LostEvidence {
    pub account: String,
    pub region: String,
    /// A Config type, or `*` when any type may be lost.
    pub source: String,
    pub file: String,
    pub what: String,
    pub state: State,
}

impl Seen {
    #[cfg(feature = "aws")]
    pub fn caller(&mut self, arn: &str) {
        self.callers.insert(arn.to_string());
    }

    pub fn accounts(&self, decisions: &Decisions) -> BTreeSet<String> {
        let in_part = |id: &String| self.part.is_empty() || self.part.contains(id);
        let named = decisions
            .workspace
            .accounts
            .iter()
            .map(|a| a.id.clone())
            .filter(in_part)
            .chain(self.part.iter().cloned());
        self.places()
            .map(|(account, _)| account)
            .chain(named)
            .chain(self.scope.iter().cloned())
            .filter(|a| !a.is_empty())
            .collect()
    }

    /// An account of which something was read though the run is not about it.
    pub fn outside_of_its_part(&self) -> Option<String> {
        let all = self.places().map(|(account, _)| account).filter(|account| !account.is_empty());
        all.filter(|account| !self.part.is_empty() && !self.part.contains(account)).min()
    }

    pub fn regions(&self, catalog: &Catalog, decisions: &Decisions) -> BTreeSet<String> {
        self.in_scope(self.evident(catalog).map(|(_, region)| region), decisions)
    }

    /// Regions seen in one account, those that were asked, and those that `affiant.yaml` names.
    pub fn regions_of(&self, account: &str, catalog: &Catalog, decisions: &Decisions) -> BTreeSet<String> {
        self.in_scope(
            self.evident(catalog).filter(|(a, _)| *a == account).map(|(_, region)| region),
            decisions,
        )
    }

    fn in_scope<'a>(
        &'a self,
        seen: impl Iterator<Item = &'a str>,
        decisions: &'a Decisions,
    ) -> BTreeSet<String> {
        let named = decisions.workspace.regions.iter().chain(&self.asked_regions).map(String::as_str);
        seen.chain(named).filter(|r| !r.is_empty() && *r != GLOBAL).map(str::to_string).collect()
    }

    /// Accounts and regions that what was read shows to be in scope: not the home of what belongs to no
    /// region, which is asked wherever it is.
    fn evident<'a>(&'a self, catalog: &'a Catalog) -> impl Iterator<Item = (&'a str, &'a str)> {
        let items = self
            .types
            .keys()
            .filter(|(_, _, t)| !catalog.homes.is_global(t))
            .map(|(a, r, _)| (a.as_str(), r.as_str()));
        let beyond = |name: &String| catalog.operations.get(name).is_some_and(Operation::goes_beyond);
        let answers = self
            .responses
            .keys()
            .filter(move |(_, _, name)| !beyond(name))
            .map(|(a, r, _)| (a.as_str(), r.as_str()));
        items.chain(answers).chain(self.whole.iter().map(|(a, r)| (a.as_str(), r.as_str())))
    }

    pub fn callers(&self) -> Vec<String> {
        self.callers.iter().cloned().collect()
    }

    fn places(&self) -> impl Iterator<Item = (String, String)> + '_ {
        let items = self.types.keys().map(|(a, r, _)| (a.clone(), r.clone()));
        let answers = self.responses.keys().map(|(a, r, _)| (a.clone(), r.clone()));
        items.chain(answers).chain(self.whole.iter().cloned())
    }
}

enum Stop {
    Fault(config_files::ItemsFault),
}

impl From<config_files::ItemsFault> for Stop {
    fn from(fault: config_files::ItemsFault) -> Self {
        Stop::Fault(fault)
    }
}

/// Counts the items of a stored file; `each` sees every one that can be read, and whether it is a query's
/// row.
pub fn tally_items(
    writer: &Writer,
    stored: &str,
    file: &str,
    hint: Option<&str>,
    seen: &mut Seen,
    each: &mut dyn FnMut(&Item<'_>, bool),
) {
    let (account, region) = place_in_name(file).unwrap_or_default();
    let lost = |source: String, what: String| LostEvidence {
        account: account.clone(),
        region: region.clone(),
        source,
        file: file.into(),
        what,
        state: State::Unreadable,
    };
    let mut index = 0u64;
    let mut places = BTreeSet::new();
    let mut faults = Vec::new();
    let walked = writer.open(stored).map_err(|e| Stop::Fault(e.into())).and_then(|input| {
        config_files::walk(input, |found| -> Result<(), Stop> {
            index += u64::from(!matches!(found, Found::Around(_)));
            let outcome = match found {
                Found::Item(bytes) | Found::Row(bytes) => {
                    let row = matches!(found, Found::Row(_));
                    let tallied = config_item::parse(bytes, hint).map(|item| {
                        tally_item(&item, seen, &mut places);
                        each(&item, row);
                    });
                    tallied.map_err(|what| (type_in(bytes), what))
                }
                Found::Around(_) => return Ok(()),
                Found::Bad(what) => Err(("*".to_string(), what.to_string())),
            };
            if let Err((source, what)) = outcome {
                faults.push(lost(source, format!("item {index}: {what}")));
            }
            Ok(())
        })
    });
    let whole = walked.is_ok();
    if let Err(Stop::Fault(fault)) = walked {
        faults.push(lost("*".into(), format!("after {index} items: {fault}")));
    } else if index == 0 && place_in_name(file).is_none() {
        faults.push(lost("*".into(), "no AWS Config item in this file".into()));
    }
    if whole && is_delivered(writer, stored, file) {
        places.extend(place_in_name(file));
        seen.whole.extend(places.iter().filter(|(_, region)| region != GLOBAL).cloned());
    }
    seen.faults.extend(faults);
}

/// Whether a file is a delivered snapshot: only that holds every recorded resource of its region, so only
/// that can show that a type is empty. Pages of an API or of a query hold what was asked for.
fn is_delivered(writer: &Writer, stored: &str, file: &str) -> bool {
    let mut head = Vec::new();
    let read = writer.open(stored).and_then(|input| input.take(4096).read_to_end(&mut head));
    file.contains("_ConfigSnapshot_")
        || (read.is_ok() && memchr::memmem::find(&head, b"\"configSnapshotId\"").is_some())
}

/// The type of the recorder's own item; its members are those of `DescribeConfigurationRecorders`, spelled
/// with capitals.
pub const RECORDER: &str = "AWS::Config::ConfigurationRecorder";

fn tally_item(item: &Item<'_>, seen: &mut Seen, places: &mut BTreeSet<(String, String)>) {
    seen.items += 1;
    let (account, region) = (item.account(), item.region());
    if item.resource_type() == RECORDER && item.standing() == Standing::Live {
        let settings = item
            .configuration
            .map(|raw| encodings::document(raw.get(), false))
            .and_then(|text| serde_json::from_str(&text).ok());
        seen.recorder_items
            .extend(settings.map(|value| ((account.to_string(), region.to_string()), lowered(value))));
    }
    if !places.iter().any(|(a, r)| a == account && r == region) {
        places.insert((account.to_string(), region.to_string()));
    }
    if region == GLOBAL && !seen.everywhere.insert(identity(item)) {
        return;
    }
    let key = (account.to_string(), region.to_string(), item.resource_type().to_string());
    let tally = seen.types.entry(key).or_default();
    match item.standing() {
        Standing::Live => tally.live += 1,
        Standing::Deleted => tally.deleted += 1,
        Standing::NotRecorded => tally.not_recorded += 1,
    }
}

/// Of a saved answer: the file of the page that follows it.
pub const FOLLOWED: &str = "followed-by";

/// Reads a stored answer once: what it says goes into `seen`, and it is returned for what hangs on it.
pub fn tally_answer(writer: &Writer, artifact: &Artifact, catalog: &Catalog, seen: &mut Seen) -> Answer {
    let Source::Response { account, region, service, operation: name, key, custody } = &artifact.source
    else {
        return Answer::Unreadable("not an answer".into());
    };
    let full = format!("{service}:{name}");
    let operation = catalog.operations.get(&full);
    let mut bytes = Vec::new();
    let read = writer.open(&artifact.path).and_then(|input| input.take(MAX_ANSWER).read_to_end(&mut bytes));
    let answer = match read {
        Ok(_) => api_answer::read(&bytes, service, name, custody, artifact.path.ends_with(".csv"), catalog),
        Err(error) => Answer::Unreadable(error.to_string()),
    };
    let mut state = answer.state(operation);
    if let Answer::Body(body) = &answer {
        remember(&full, account, region, body, seen);
        let about =
            |child: &Operation| child.each.iter().any(|each| each.from == full && each.finds_any(body));
        let named = catalog.operations.iter().filter(|(_, child)| about(child));
        for (name, child) in named {
            let place = (account.clone(), region.clone(), name.clone());
            if !seen.asked && operation.is_some_and(|o| child.is_asked_beside(o)) {
                let values = child.each.iter().filter(|each| each.from == full);
                let values: Vec<String> = values.flat_map(|each| each.named(body)).collect();
                seen.called_for.entry(place.clone()).or_default().extend(values);
            }
            seen.named.insert(place);
        }
        // pages that this program asked for follow one another; a saved answer stands alone
        if !custody.contains_key("status")
            && !custody.contains_key(FOLLOWED)
            && !state.0.is_gap()
            && truncated(body)
        {
            state = (State::Failed, "only the first page was saved".into());
        }
        for fill in
            operation.into_iter().flat_map(|o| &o.fill).filter(|f| f.into.is_none() && f.tags_of.is_none())
        {
            let call = Call { account, region, key };
            for filled in stand_in::resources(body, operation.expect("it has this entry"), fill, call) {
                if !seen.asked {
                    parts::note(&mut seen.called_for_parts, catalog, account, &filled);
                }
                *seen
                    .direct
                    .entry((account.clone(), filled.region, fill.resource_type.clone()))
                    .or_default() += 1;
            }
        }
    }
    let place = (account.clone(), region.clone(), full);
    if !seen.asked {
        let about = if key.is_empty() { &artifact.path } else { key };
        seen.answered.entry(place.clone()).or_default().insert(about.clone());
    }
    seen.responses.entry(place).or_default().push(state);
    answer
}

/// An answer that says itself that more pages follow.
fn truncated(body: &Value) -> bool {
    let token = ["NextToken", "nextToken", "Marker", "NextMarker"]
        .iter()
        .any(|t| body.get(t).and_then(Value::as_str).is_some_and(|s| !s.is_empty()));
    let more = body.as_object().is_some_and(|members| {
        members.iter().any(|(n, v)| n.starts_with("HasMore") && *v == Value::Bool(true))
    });
    more || (token && body.get("IsTruncated") != Some(&Value::Bool(false)))
}

fn remember(name: &str, account: &str, region: &str, body: &Value, seen: &mut Seen) {
    let place = (account.to_string(), region.to_string());
    match name {
        "config:DescribeConfigurationRecorders" => {
            let list = &body["ConfigurationRecorders"];
            match recorder::chosen(list, |r| r["servicePrincipal"].is_string()) {
                Some(found) => drop(seen.recorders.insert(place, found.clone())),
                None if list.is_array() => drop(seen.no_recorder.insert(place)),
                None => {}
            }
        }
        "config:DescribeConfigurationRecorderStatus" => {
            let found = recorder::chosen(&body["ConfigurationRecordersStatus"], |r| {
                r["servicePrincipal"].is_string()
            });
            seen.recorder_status.extend(found.map(|status| (place, status.clone())));
        }
        "config:GetDiscoveredResourceCounts" => {
            let counts = seen.counted.entry(place).or_default();
            for count in body["resourceCounts"].as_array().into_iter().flatten() {
                let name = count["resourceType"].as_str().unwrap_or_default().to_string();
                *counts.entry(name).or_default() += count["count"].as_u64().unwrap_or_default();
            }
        }
        "sts:GetCallerIdentity" => seen.callers.extend(body["Arn"].as_str().map(str::to_string)),
        _ => {}
    }
}

/// Files of AWS Config's history, and the items in them.
#[derive(Default, Clone, Copy)]
pub struct Past {
    pub files: u64,
    pub items: u64,
}
