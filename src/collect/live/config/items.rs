//! AWS Config of every account and region, of the account itself or of an aggregator: what it says it records and holds, every
//! item by query, and by id what queries do not know. What is read is counted against AWS Config's own counts.

use std::collections::BTreeMap;
use std::rc::Rc;

use serde_json::{Map, Value};

use super::counts::{LEFT_OUT, Ledger, Spot};
use super::requests::{AskedOf, Kinds, PAGE, Subject};
use crate::aws::{Ask, Kind, Refusal, Reply};
use crate::collect::error::CollectError;
use crate::collect::live::Asking;
use crate::collect::live::exchange::{What, state};
use crate::collect::live::operations::expired;
use crate::collect::seen::tally_answer;
use crate::model::homes::Homes;
use crate::model::run::{Artifact, GLOBAL, State};

/// Whom to ask about a place.
#[derive(Clone)]
pub(in crate::collect::live) struct Route {
    pub form: AskedOf,
    /// The account that is asked, by its place in the run, and the region.
    pub asker: usize,
    pub region: String,
}

struct Step {
    spot: Spot,
    route: Route,
    what: What,
    members: Map<String, Value>,
    kind: Kinds,
}

impl<'a> Asking<'a> {
    /// Reads AWS Config of each place by its route.
    pub(in crate::collect::live) fn config(&mut self, routes: &BTreeMap<Spot, Route>) -> Result<(), CollectError> {
        let mut ledger = Ledger::default();
        let steps = routes.iter().map(|(spot, route)| {
            let members = route.form.counts(self.subject(spot));
            self.step(spot, route, route.form.operation(&Kinds::Counts), "", members, Kinds::Counts)
        });
        let steps = steps.collect();
        self.steps(steps, &mut ledger)?;
        divide(&mut ledger, routes, &self.catalog.homes);
        let steps = ledger.expected.iter().flat_map(|(spot, counts)| self.queries(spot, &routes[spot], counts)).collect();
        self.steps(steps, &mut ledger)?;
        let short = ledger.short();
        let steps = short.iter().map(|(spot, name, _)| {
            let (route, kind) = (&routes[spot], Kinds::Identifiers(name.clone()));
            self.step(spot, route, route.form.operation(&kind), name, route.form.identifiers(self.subject(spot), name), kind)
        });
        let steps = steps.collect();
        self.steps(steps, &mut ledger)?;
        // one id twice is one resource: what it stands for beside is missing from the count
        for ids in ledger.ids.values_mut() {
            ids.sort_unstable();
            ids.dedup();
        }
        let batches = ledger.ids.iter().flat_map(|((spot, name), ids)| {
            let (this, route, kind) = (&*self, &routes[spot], Kinds::Batch(name.clone()));
            ids.chunks(PAGE).enumerate().map(move |(index, chunk)| {
                let members = route.form.batch(this.subject(spot), name, chunk);
                this.step(spot, route, route.form.operation(&kind), &format!("{name},{}", index + 1), members, kind.clone())
            })
        });
        let steps = batches.collect();
        self.steps(steps, &mut ledger)?;
        self.balance(routes, &ledger);
        Ok(())
    }

    /// What the recorder of each place records, and whether it runs: asked of the account itself, since an aggregator does not say.
    pub(in crate::collect::live) fn recorders(&mut self, spots: impl Iterator<Item = Spot>) -> Result<(), CollectError> {
        let mut steps = Vec::new();
        for spot in spots.filter(|(account, _)| self.accounts[*account].identity.is_some()) {
            let route = Route { form: AskedOf::Own, asker: spot.0, region: spot.1.clone() };
            for name in ["DescribeConfigurationRecorders", "DescribeConfigurationRecorderStatus"] {
                steps.push(self.step(&spot, &route, name, "", Map::new(), Kinds::Settings));
            }
        }
        self.steps(steps, &mut Ledger::default())
    }

    fn subject<'s>(&'s self, spot: &'s Spot) -> Subject<'s> {
        Subject { account: &self.accounts[spot.0].id, region: &spot.1 }
    }

    fn step(&self, spot: &Spot, route: &Route, name: &str, key: &str, members: Map<String, Value>, kind: Kinds) -> Step {
        let (id, caller) = (&self.accounts[spot.0].id, &self.accounts[route.asker].caller);
        let mut what = What::operation(id, caller, &spot.1, &route.region, "config", name, key, 1);
        what.parameters = if members.is_empty() { String::new() } else { Value::Object(members.clone()).to_string() };
        Step { spot: spot.clone(), route: route.clone(), what, members, kind }
    }

    fn queries(&self, spot: &Spot, route: &Route, counts: &BTreeMap<String, u64>) -> Vec<Step> {
        let wanted = counts.iter().filter(|(name, n)| **n > 0 && !LEFT_OUT.contains(&name.as_str()));
        let queries = route.form.queries(self.subject(spot), wanted.map(|(name, _)| name.as_str()));
        let name = route.form.operation(&Kinds::Select);
        let queries = queries.into_iter().enumerate();
        queries.map(|(index, members)| self.step(spot, route, name, &format!("{}", index + 1), members, Kinds::Select)).collect()
    }

    fn steps(&mut self, mut steps: Vec<Step>, ledger: &mut Ledger) -> Result<(), CollectError> {
        // one account answers for all of them: if it may not be asked, that should be denied once
        if steps.first().is_some_and(|step| step.route.form != AskedOf::Own) && steps.len() > 1 {
            let rest = steps.split_off(1);
            self.together(steps, ledger)?;
            return self.together(rest, ledger);
        }
        self.together(steps, ledger)
    }

    fn together(&mut self, steps: Vec<Step>, ledger: &mut Ledger) -> Result<(), CollectError> {
        let mut first = Vec::new();
        for step in steps {
            self.go(step, ledger, &mut first)?;
        }
        let session = self.session;
        session.work(first, |step, _, outcome| {
            let mut next = Vec::new();
            if let Some(step) = self.took(step, outcome, ledger)? {
                self.go(step, ledger, &mut next)?;
            }
            (self.watch)(self.progress);
            Ok(next)
        })
    }

    /// Asks, or takes what an earlier attempt kept and goes on from there.
    fn go(&mut self, step: Step, ledger: &mut Ledger, asks: &mut Vec<(Step, Ask<'a>)>) -> Result<(), CollectError> {
        let mut step = step;
        while let Some(artifact) = self.kept.remove(&step.what.call()) {
            match self.again_items(step, &artifact, ledger)? {
                Some(next) => step = next,
                None => return Ok(()),
            }
        }
        let full = format!("config:{}", step.what.operation);
        if let Some(why) = ledger.stopped.get(&(step.route.asker, full.clone())).cloned() {
            self.turned_away(&step, why, ledger);
            return Ok(());
        }
        let catalog: &'a crate::model::catalog::Catalog = self.catalog;
        let (Some((name, operation)), Some((service, api))) =
            (catalog.operations.get_key_value(&full), catalog.apis.get_key_value("config"))
        else {
            return Ok(());
        };
        let account = &self.accounts[step.route.asker];
        let Some(identity) = &account.identity else { return Ok(()) };
        let ask = Ask {
            identity: Rc::clone(identity),
            account: account.id.clone(),
            region: step.route.region.clone(),
            service,
            name: name.split_once(':').map_or("", |(_, n)| n),
            api,
            operation,
            members: step.members.clone(),
        };
        asks.push((step, ask));
        Ok(())
    }

    fn again_items(&mut self, step: Step, artifact: &Artifact, ledger: &mut Ledger) -> Result<Option<Step>, CollectError> {
        let mut bytes = Vec::new();
        let read = self.writer.open(&artifact.path).and_then(|mut input| std::io::Read::read_to_end(&mut input, &mut bytes));
        if let Err(error) = read {
            return Err(CollectError::Read { path: artifact.path.clone().into(), source: error });
        }
        self.progress.calls += 1;
        match step.kind {
            Kinds::Select | Kinds::Batch(_) => {
                let counts = self.tally_kept(&step.what, artifact);
                self.add(&step, counts, ledger);
            }
            Kinds::Settings | Kinds::Counts | Kinds::Identifiers(_) => tally_answer(self.writer, artifact, self.catalog, self.seen),
        }
        Ok(after(step, &bytes, ledger))
    }

    fn took(&mut self, step: Step, outcome: Result<Reply, Refusal>, ledger: &mut Ledger) -> Result<Option<Step>, CollectError> {
        self.progress.calls += 1;
        match outcome {
            Ok(reply) => {
                self.progress.throttled += u64::from(reply.throttled);
                match step.kind {
                    Kinds::Select | Kinds::Batch(_) => {
                        let counts = self.keep_items(&step.what, &reply)?;
                        self.add(&step, counts, ledger);
                    }
                    Kinds::Settings | Kinds::Counts | Kinds::Identifiers(_) => drop(self.keep_answer(&step.what, &reply, None)?),
                }
                Ok(after(step, &reply.body, ledger))
            }
            Err(refusal) if refusal.kind == Kind::Expired => Err(expired(&refusal)),
            Err(refusal) => {
                self.progress.refused += 1;
                let full = format!("config:{}", step.what.operation);
                let why = (state(&refusal), format!("{full}: {}", refusal.words()));
                let stops = matches!(refusal.kind, Kind::Denied | Kind::DeniedByOrganization | Kind::NotOffered);
                if step.route.form != AskedOf::Own && stops {
                    ledger.stopped.insert((step.route.asker, full), why.clone());
                }
                match (&step.kind, &refusal.reply) {
                    (Kinds::Settings | Kinds::Counts, Some(reply)) => drop(self.keep_answer(&step.what, reply, Some(&refusal))?),
                    (Kinds::Settings | Kinds::Counts, None) => self.refused(&step.what, &refusal),
                    (Kinds::Select | Kinds::Identifiers(_) | Kinds::Batch(_), _) => self.turned_away(&step, why, ledger),
                }
                Ok(None)
            }
        }
    }

    /// Notes that a call was not answered, or not made after a denial.
    fn turned_away(&mut self, step: &Step, why: (State, String), ledger: &mut Ledger) {
        if matches!(step.kind, Kinds::Select | Kinds::Settings | Kinds::Counts) {
            let key = (step.what.account.clone(), step.what.region.clone(), format!("config:{}", step.what.operation));
            self.seen.responses.entry(key).or_default().push(why.clone());
        }
        let name = match &step.kind {
            Kinds::Identifiers(name) | Kinds::Batch(name) => name.clone(),
            // its types are short of their counts and are asked for by id; that it was refused stays a gap of its own
            Kinds::Select => "*".to_string(),
            Kinds::Settings | Kinds::Counts => return,
        };
        ledger.refused.insert((step.spot.clone(), name), why);
    }

    fn add(&mut self, step: &Step, counts: BTreeMap<String, u64>, ledger: &mut Ledger) {
        for (name, n) in counts {
            self.progress.items += n;
            ledger.add(&step.spot, &name, n, matches!(step.kind, Kinds::Batch(_)));
        }
    }

    /// What AWS Config counts and was not read is a gap of that type; what balances shows that a type without items is empty.
    fn balance(&mut self, routes: &BTreeMap<Spot, Route>, ledger: &Ledger) {
        for (spot, name, (expected, read)) in ledger.short() {
            let account = self.accounts[spot.0].id.clone();
            let (kind, why) = ledger.why(&spot, &name).unwrap_or((State::Failed, String::new()));
            let counted = format!("AWS Config counts {expected}, {read} were read");
            let words = if why.is_empty() { counted } else { format!("{counted}: {why}") };
            self.lost(&account, &spot.1, &name, words, kind);
        }
        for spot in routes.keys().filter(|spot| ledger.expected.contains_key(*spot) && spot.1 != GLOBAL) {
            self.seen.whole.insert((self.accounts[spot.0].id.clone(), spot.1.clone()));
        }
    }
}

/// Through an aggregator, what belongs to no region is asked for once an account: regions keep the rest.
fn divide(ledger: &mut Ledger, routes: &BTreeMap<Spot, Route>, homes: &Homes) {
    for (spot, counts) in &mut ledger.expected {
        if routes[spot].form != AskedOf::Own {
            counts.retain(|name, _| homes.is_global(name) == (spot.1 == GLOBAL));
        }
    }
}

/// Reads what the answer says of counts and ids, and gives the step for the next page.
fn after(step: Step, bytes: &[u8], ledger: &mut Ledger) -> Option<Step> {
    match &step.kind {
        Kinds::Settings | Kinds::Select | Kinds::Batch(_) => {}
        Kinds::Counts => {
            let body: Value = serde_json::from_slice(bytes).unwrap_or_default();
            let counts = ledger.expected.entry(step.spot.clone()).or_default();
            counts.extend(step.route.form.counted(&body));
        }
        Kinds::Identifiers(name) => {
            let body: Value = serde_json::from_slice(bytes).unwrap_or_default();
            let ids = ledger.ids.entry((step.spot.clone(), name.clone())).or_default();
            ids.extend(step.route.form.identified(&body));
        }
    }
    let members = step.route.form.next(&step.kind, &step.members, step.what.page, bytes)?;
    let mut what = What { page: step.what.page + 1, ..step.what };
    what.parameters = Value::Object(members.clone()).to_string();
    Some(Step { what, members, ..step })
}
