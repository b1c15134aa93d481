//! What was expected and what was read, for every source that the catalog's tables need: account by region by
//! Config type or API operation. Nothing that was not positively read counts as read.

mod global;

use std::collections::BTreeSet;

use super::recorder::{daily, records, stale};
use super::seen::{RECORDER, Seen, Tally};
use crate::model::catalog::Catalog;
use crate::model::decisions::Decisions;
use crate::model::registry::{Operation, OperationScope};
use crate::model::run::{Coverage, GLOBAL, HISTORY, State};

pub fn work_out(seen: &Seen, catalog: &Catalog, decisions: &Decisions) -> Vec<Coverage> {
    let mut lines = Vec::new();
    for account in seen.accounts(decisions) {
        let regions = seen.regions_of(&account, catalog, decisions);
        let center = decisions.workspace.aws.identity_center.is_some();
        let place = Place { seen, catalog, account: &account, regions: &regions, center };
        for source in sources(seen, catalog) {
            match source.strip_prefix("AWS::") {
                Some(_) if catalog.homes.is_global(&source) => {
                    lines.push(place.global_type(&source, &regions))
                }
                Some(_) => {
                    lines.extend(regions.iter().map(|region| place.regional_type(&source, region)));
                    lines.extend(place.part_at_home(&source, &regions));
                }
                None => lines.extend(place.operation(&source, decisions, &regions)),
            }
        }
    }
    let lost = |account: &str, region: &str| {
        seen.faults.iter().any(|f| f.source == HISTORY && f.account == account && f.region == region)
    };
    let read =
        seen.histories.iter().filter(|((account, region), past)| past.items > 0 || !lost(account, region));
    lines.extend(read.map(|((account, region), past)| Coverage {
        account: account.clone(),
        region: region.clone(),
        source: HISTORY.into(),
        state: if past.items > 0 { State::Read } else { State::Empty },
        expected: past.files.max(1),
        read: past.files,
        detail: match past.items {
            0 => "no change was delivered in the period".into(),
            1 => "1 change".into(),
            n => format!("{n} changes"),
        },
    }));
    lines.extend(faults(seen));
    lines.sort_by(|a, b| {
        (&a.account, &a.region, &a.source, a.state).cmp(&(&b.account, &b.region, &b.source, b.state))
    });
    lines
}

fn sources(seen: &Seen, catalog: &Catalog) -> BTreeSet<String> {
    let wanted = catalog.sources().into_iter().map(str::to_string);
    let types = seen.types.keys().map(|(_, _, name)| name.clone());
    let answers = seen.responses.keys().map(|(_, _, name)| name.clone());
    wanted.chain(types).chain(answers).collect()
}

/// One line per thing that could not be read, each a gap of its own.
fn faults(seen: &Seen) -> Vec<Coverage> {
    seen.faults
        .iter()
        .map(|fault| Coverage {
            account: fault.account.clone(),
            region: fault.region.clone(),
            source: fault.source.clone(),
            state: fault.state,
            expected: 1,
            read: 0,
            detail: format!("{}: {}", fault.file, fault.what),
        })
        .collect()
}

/// Why an empty answer about IAM Identity Center is none.
const NO_CENTER: &str = "empty in the regions that were asked, but only the home region of IAM Identity \
                         Center answers: name it in `aws.identity_center` of affiant.yaml, or any region if \
                         there is no Identity Center";

struct Place<'a> {
    seen: &'a Seen,
    catalog: &'a Catalog,
    account: &'a str,
    /// The regions in scope.
    regions: &'a BTreeSet<String>,
    /// The home region of IAM Identity Center is named: elsewhere its empty answer means nothing.
    center: bool,
}

impl Place<'_> {
    fn line(
        &self,
        region: &str,
        source: &str,
        state: State,
        read: u64,
        detail: impl Into<String>,
    ) -> Coverage {
        let expected = read.max(1);
        Coverage {
            account: self.account.into(),
            region: region.into(),
            source: source.into(),
            state,
            expected,
            read,
            detail: detail.into(),
        }
    }

    fn tally(&self, region: &str, source: &str) -> Option<Tally> {
        self.seen.types.get(&(self.account.to_string(), region.to_string(), source.to_string())).copied()
    }

    fn regional_type(&self, source: &str, region: &str) -> Coverage {
        let tally = self.tally(region, source).unwrap_or_default();
        let (state, detail) = self.type_state(source, region, tally);
        match state.is_gap().then(|| self.direct(source, region)).flatten() {
            Some(line) => line,
            None => self.line(region, source, state, tally.live, detail),
        }
    }

    /// What direct answers show of a type that AWS Config does not hold: read or empty if every call for it
    /// was answered, else the worst of them; nothing if nobody asked.
    fn direct(&self, source: &str, region: &str) -> Option<Coverage> {
        let mut states: Vec<(State, String)> = Vec::new();
        let mut names = BTreeSet::new();
        for (name, operation) in &self.catalog.operations {
            let Some(fill) = operation
                .fill
                .iter()
                .find(|f| f.resource_type == source || f.also.iter().any(|t| t == source))
            else {
                continue;
            };
            let asked_in = if operation.scope == OperationScope::Region { region } else { GLOBAL };
            let key = (self.account.to_string(), asked_in.to_string(), name.clone());
            match self.seen.responses.get(&key) {
                // a part is asked for where there is something to ask about; what it would say is unknown of
                // the resources that lack it, and its own line tells of them; so it does of resources that a
                // list names and that were not described beside others
                _ if fill.into.is_some() => {}
                Some(answers) => {
                    names.insert(name.as_str());
                    let told = fill.listed.is_some()
                        && answers.iter().any(|(state, _)| !state.is_gap())
                        && operation.each.iter().all(|each| self.answered(&each.from, asked_in).is_some());
                    let counted = answers.iter().filter(|(state, _)| !told || !state.is_gap()).cloned();
                    states.extend(counted.map(|(state, why)| {
                        (state, if why.is_empty() { why } else { format!("{name}: {why}") })
                    }));
                    states.extend(self.short_list(operation, asked_in));
                }
                None if self.without_values(name, operation, asked_in) => drop(names.insert(name.as_str())),
                None => return None,
            }
        }
        if names.is_empty() {
            return None;
        }
        let (count, homeless) = self.counted_directly(source, region);
        if region != GLOBAL && count == 0 && homeless > 0 {
            let words = format!("{homeless} were read, and no answer says of which region");
            return Some(self.line(region, source, State::NotCollected, 0, words));
        }
        let how = format!("read directly: {}", names.into_iter().collect::<Vec<_>>().join(", "));
        Some(match states.into_iter().filter(|(state, _)| state.is_gap()).max() {
            Some((state, why)) => self.line(region, source, state, count, why),
            None if count == 0 => self.line(region, source, State::Empty, 0, how),
            None => self.line(region, source, State::Read, count, how),
        })
    }

    /// How many of a type were read directly: of this region, and of none that an answer names.
    fn counted_directly(&self, source: &str, region: &str) -> (u64, u64) {
        let direct = &self.seen.direct;
        let counted = |region: &str| {
            let place = (self.account.to_string(), region.to_string(), source.to_string());
            direct.get(&place).copied().unwrap_or_default()
        };
        let everywhere = || direct.iter().filter(|((a, _, t), _)| a == self.account && t == source);
        let count = if region == GLOBAL { everywhere().map(|(_, n)| n).sum() } else { counted(region) };
        (count, counted(GLOBAL))
    }

    fn type_state(&self, source: &str, region: &str, tally: Tally) -> (State, String) {
        let key = (self.account.to_string(), region.to_string());
        if tally.not_recorded > 0 {
            let words = match tally.not_recorded {
                1 => "1 item says that AWS Config does not record it".to_string(),
                n => format!("{n} items say that AWS Config does not record them"),
            };
            return (State::NotRecorded, words);
        }
        let asked = self.seen.recorders.get(&key);
        let recorder = asked.or_else(|| self.seen.recorder_items.get(&key));
        if recorder.is_none() && self.seen.no_recorder.contains(&key) {
            // AWS Config's answer that it has none says all that an item would
            if source == RECORDER && tally.live == 0 {
                return (State::Empty, String::new());
            }
            return match tally.live + tally.deleted {
                0 => (State::NotRecorded, "the region has no recorder of AWS Config".into()),
                _ => (
                    State::Stale,
                    "the region has no recorder of AWS Config any more: its items may be old".into(),
                ),
            };
        }
        if recorder.is_some_and(|r| !records(r, &self.catalog.homes, source)) {
            return (State::NotRecorded, "the recorder leaves this type out".into());
        }
        if let Some(why) = self.seen.recorder_status.get(&key).and_then(stale) {
            return (State::Stale, why);
        }
        if recorder.is_some_and(|r| daily(r, source)) {
            return (State::Stale, "the recorder records this type daily: its items may be a day old".into());
        }
        match (tally.live + tally.deleted > 0, self.seen.whole.contains(&key), recorder) {
            (true, _, _) if tally.live == 0 => (State::Empty, "only deleted resources".into()),
            (true, _, _) => (State::Read, String::new()),
            (false, false, _) => (State::NotCollected, "no snapshot of this region".into()),
            (false, true, Some(_)) if asked.is_some() => (State::Empty, String::new()),
            (false, true, Some(_)) => (
                State::NotCollected,
                "none there; the recorder's item holds the type, and nothing says whether the recorder runs"
                    .into(),
            ),
            (false, true, None) => (
                State::NotCollected,
                "none in the snapshot, and nothing says whether AWS Config records the type".into(),
            ),
        }
    }

    fn operation(&self, source: &str, decisions: &Decisions, regions: &BTreeSet<String>) -> Vec<Coverage> {
        let known = self.catalog.operations.get(source);
        let speaker = decisions.workspace.accounts.iter().find(|a| a.organization).map(|a| a.id.as_str());
        // what no table waits for was asked where it stands in for something, or says what others are asked
        // about
        let awaited = self.catalog.sources().contains(source);
        let asked_in: BTreeSet<String> =
            match known.filter(|o| o.opt_in.is_none() && awaited).map(|o| o.scope) {
                Some(OperationScope::Region) => self.regions_of(known, source, regions),
                Some(OperationScope::Account) => [GLOBAL.into()].into(),
                // of other accounts an empty answer would mean nothing, so they are not asked
                Some(OperationScope::Organization) if speaker.is_some_and(|id| id != self.account) => {
                    BTreeSet::new()
                }
                Some(OperationScope::Organization) => [GLOBAL.into()].into(),
                // unknown here, or asked on request: expected where it was asked
                None => self.asked_in(source),
            };
        asked_in.iter().map(|region| self.answers(source, region, known)).collect()
    }

    /// Where a region's operation is expected: in every region in scope, at the home of what is known there
    /// only, and wherever it was asked.
    fn regions_of(
        &self,
        known: Option<&Operation>,
        source: &str,
        regions: &BTreeSet<String>,
    ) -> BTreeSet<String> {
        let near = regions.first().map(String::as_str).unwrap_or_default();
        let homes = known.into_iter().flat_map(|o| o.homes(near)).map(str::to_string);
        regions.iter().cloned().chain(homes).chain(self.asked_in(source)).collect()
    }

    /// The regions of which this account has answers to an operation.
    fn asked_in(&self, source: &str) -> BTreeSet<String> {
        self.seen
            .responses
            .keys()
            .filter(|(a, _, s)| a == self.account && s == source)
            .map(|(_, r, _)| r.clone())
            .collect()
    }

    /// Whether everything that an operation is asked about is known to be nothing.
    fn nothing_to_ask(&self, full: &str, known: &Operation, region: &str) -> bool {
        let of = known.of.as_deref().is_some_and(|of| self.regional_type(of, region).state == State::Empty);
        of || self.without_values(full, known, region)
    }

    /// Whether every source of an operation's values was read and has none. Where AWS was asked, the values
    /// were drawn from what was read; where answers were saved, a source tells that is empty, or an operation
    /// whose answers name nothing.
    fn without_values(&self, full: &str, known: &Operation, region: &str) -> bool {
        let drawn =
            self.seen.vacuous.contains(&(self.account.to_string(), region.to_string(), full.to_string()));
        let settled = |state: State| match state {
            State::Empty | State::Absent => true,
            State::Read => drawn,
            State::Denied
            | State::Failed
            | State::NotRecorded
            | State::NotCollected
            | State::Unreadable
            | State::Stale => false,
        };
        let empty = |from: &str| match self.catalog.operations.get(from) {
            Some(parent) => {
                let asked_in = if parent.scope == OperationScope::Region { region } else { GLOBAL };
                let place = (self.account.to_string(), asked_in.to_string(), full.to_string());
                let nameless = !self.seen.asked && !self.seen.named.contains(&place);
                match self.answered(from, asked_in) {
                    Some(answers) => answers
                        .iter()
                        .all(|(state, _)| settled(*state) || (nameless && *state == State::Read)),
                    None => !parent.each.is_empty() && self.without_values(from, parent, asked_in),
                }
            }
            None if self.catalog.homes.is_global(from) => settled(self.global_type(from, self.regions).state),
            None => settled(self.regional_type(from, region).state),
        };
        if known.each.iter().any(|e| !e.values.is_empty()) {
            return false;
        }
        let sources: Vec<&str> = known.each.iter().map(|e| e.from.as_str()).collect();
        !sources.is_empty() && sources.iter().all(|from| !from.is_empty() && empty(from))
    }

    /// Why what was asked one by one may not be all: a list that names what to ask about was not read to its
    /// end, or one that names what the list is asked about.
    fn short_list(&self, known: &Operation, region: &str) -> Option<(State, String)> {
        let mut open: Vec<&str> = known.each.iter().map(|each| each.from.as_str()).collect();
        let mut seen = BTreeSet::new();
        let mut worst: Option<(State, String)> = None;
        while let Some(from) = open.pop() {
            let Some(list) = self.catalog.operations.get(from) else { continue };
            if !seen.insert(from) {
                continue;
            }
            open.extend(list.each.iter().map(|each| each.from.as_str()));
            let asked_in = if list.scope == OperationScope::Region { region } else { GLOBAL };
            let states = self.answered(from, asked_in).into_iter().flatten();
            let gaps = states.filter(|(state, _)| state.is_gap());
            let gaps = gaps.map(|(state, why)| (*state, format!("{from}: {why}")));
            worst = worst.max(gaps.max());
        }
        worst
    }

    fn answered(&self, source: &str, region: &str) -> Option<&Vec<(State, String)>> {
        self.seen.responses.get(&(self.account.to_string(), region.to_string(), source.to_string()))
    }

    fn answers(&self, source: &str, region: &str, known: Option<&Operation>) -> Coverage {
        let Some(answers) = self.answered(source, region) else {
            return match known.is_some_and(|o| self.nothing_to_ask(source, o, region)) {
                true => self.line(region, source, State::Empty, 0, "nothing to ask it about"),
                false => match self.seen.unasked.get(self.account) {
                    Some((state, why)) => self.line(region, source, *state, 0, why),
                    None => self.line(region, source, State::NotCollected, 0, "no answer was collected"),
                },
            };
        };
        let worst = answers.iter().filter(|(state, _)| state.is_gap()).max().cloned();
        let good = answers.iter().filter(|(state, _)| !state.is_gap()).count() as u64;
        let (state, detail) = match worst.or_else(|| known.and_then(|o| self.short_list(o, region))) {
            Some(gap) => gap,
            None => answers.iter().min().cloned().unwrap_or((State::NotCollected, String::new())),
        };
        let (state, detail) = match known.is_some_and(|o| o.every_region)
            && self.seen.asked
            && !self.center
            && state == State::Empty
        {
            true => (State::NotCollected, NO_CENTER.into()),
            false => (state, detail),
        };
        let mut line = self.line(region, source, state, good, detail);
        line.expected = answers.len() as u64;
        line
    }
}
