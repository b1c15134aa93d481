//! AWS Config of every account and region, or of an organisation's aggregator: what it says it records and holds, every item by
//! query, and by id what queries do not know. What is read is counted against AWS Config's own counts.

use std::collections::BTreeMap;
use std::rc::Rc;

use serde_json::{Map, Value};

use super::Asking;
use super::exchange::{What, state};
use super::operations::expired;
use crate::aws::{Ask, Kind, Refusal, Reply};
use crate::collect::CollectError;
use crate::collect::import::tally_answer;
use crate::model::run::{Artifact, State};

/// AWS's limit of an expression is 4,096 characters.
const EXPRESSION: usize = 3_600;
/// Keys a batch, resources a page.
const PAGE: usize = 100;
/// Compliance results are asked for by rule, as corroboration; as items they would be one for each rule and resource.
const LEFT_OUT: [&str; 2] = ["AWS::Config::ResourceCompliance", "AWS::Config::ConformancePackCompliance"];

/// Account and region.
type Spot = (usize, String);

struct Step {
    spot: Spot,
    what: What,
    members: Map<String, Value>,
    kind: Kinds,
}

#[derive(Clone, PartialEq)]
enum Kinds {
    Settings,
    Counts,
    Select,
    Identifiers(String),
    Batch(String),
}

/// What AWS Config says and what was read of it, by account and region.
#[derive(Default)]
struct Ledger {
    expected: BTreeMap<Spot, BTreeMap<String, u64>>,
    read: BTreeMap<Spot, BTreeMap<String, u64>>,
    /// Ids of types that queries did not bring.
    ids: BTreeMap<(Spot, String), Vec<String>>,
    refused: BTreeMap<(Spot, String), (State, String)>,
}

impl<'a> Asking<'a> {
    pub(super) fn config(&mut self) -> Result<(), CollectError> {
        let mut ledger = Ledger::default();
        let spots: Vec<Spot> = (0..self.accounts.len()).flat_map(|a| self.regions.iter().map(move |r| (a, r.clone()))).collect();
        let mut steps = Vec::new();
        for spot in &spots {
            for name in ["DescribeConfigurationRecorders", "DescribeConfigurationRecorderStatus"] {
                steps.push(self.step(spot, name, "", Map::new(), Kinds::Settings));
            }
            steps.push(self.step(spot, "GetDiscoveredResourceCounts", "", Map::new(), Kinds::Counts));
        }
        self.steps(steps, &mut ledger)?;
        let steps = ledger.expected.iter().flat_map(|(spot, counts)| self.queries(spot, counts)).collect();
        self.steps(steps, &mut ledger)?;
        let steps = ledger
            .short()
            .map(|(spot, name, _)| {
                let members = Map::from_iter([("resourceType".to_string(), Value::from(name)), ("limit".into(), Value::from(PAGE))]);
                self.step(spot, "ListDiscoveredResources", name, members, Kinds::Identifiers(name.to_string()))
            })
            .collect();
        self.steps(steps, &mut ledger)?;
        // one id twice is one resource: what it stands for beside is missing from the count
        for ids in ledger.ids.values_mut() {
            ids.sort_unstable();
            ids.dedup();
        }
        let batches = ledger.ids.iter().flat_map(|((spot, name), ids)| {
            let this = &*self;
            ids.chunks(PAGE).enumerate().map(move |(index, chunk)| {
                let keys = chunk.iter().map(|id| serde_json::json!({ "resourceType": name, "resourceId": id })).collect();
                let members = Map::from_iter([("resourceKeys".to_string(), Value::Array(keys))]);
                this.step(spot, "BatchGetResourceConfig", &format!("{name},{}", index + 1), members, Kinds::Batch(name.clone()))
            })
        });
        let steps = batches.collect();
        self.steps(steps, &mut ledger)?;
        self.balance(&spots, &ledger);
        Ok(())
    }

    fn step(&self, spot: &Spot, name: &str, key: &str, members: Map<String, Value>, kind: Kinds) -> Step {
        let account = &self.accounts[spot.0];
        let mut what = What::operation(&account.id, &account.caller, &spot.1, &spot.1, "config", name, key, 1);
        what.parameters = if members.is_empty() { String::new() } else { Value::Object(members.clone()).to_string() };
        Step { spot: spot.clone(), what, members, kind }
    }

    /// As few queries as AWS's limit on their length allows: types share pages, so calls grow with items.
    fn queries(&self, spot: &Spot, counts: &BTreeMap<String, u64>) -> Vec<Step> {
        let mut chunks: Vec<Vec<&str>> = vec![Vec::new()];
        let mut length = 0;
        for name in counts.iter().filter(|(name, n)| **n > 0 && !LEFT_OUT.contains(&name.as_str())).map(|(name, _)| name.as_str()) {
            length += name.len() + 4;
            if length > EXPRESSION {
                chunks.push(Vec::new());
                length = name.len() + 4;
            }
            chunks.last_mut().expect("never empty").push(name);
        }
        let steps = chunks.iter().filter(|c| !c.is_empty()).enumerate().map(|(index, chunk)| {
            let names: Vec<String> = chunk
                .iter()
                .map(|n| format!("'{}'", n.chars().filter(|c| c.is_ascii_alphanumeric() || *c == ':').collect::<String>()))
                .collect();
            let query = format!("SELECT *, configuration, supplementaryConfiguration, tags WHERE resourceType IN ({})", names.join(", "));
            let members = Map::from_iter([("Expression".to_string(), Value::from(query)), ("Limit".into(), Value::from(PAGE))]);
            self.step(spot, "SelectResourceConfig", &format!("{}", index + 1), members, Kinds::Select)
        });
        steps.collect()
    }

    fn steps(&mut self, steps: Vec<Step>, ledger: &mut Ledger) -> Result<(), CollectError> {
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
        let catalog: &'a crate::model::catalog::Catalog = self.catalog;
        let (Some((name, operation)), Some((service, api))) =
            (catalog.operations.get_key_value(&full), catalog.apis.get_key_value("config"))
        else {
            return Ok(());
        };
        let account = &self.accounts[step.spot.0];
        let ask = Ask {
            identity: Rc::clone(&account.identity),
            account: account.id.clone(),
            region: step.spot.1.clone(),
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
        Ok(Self::after(step, &bytes, ledger))
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
                Ok(Self::after(step, &reply.body, ledger))
            }
            Err(refusal) if refusal.kind == Kind::Expired => Err(expired(&refusal)),
            Err(refusal) => {
                self.progress.refused += 1;
                let words = format!("config:{}: {}", step.what.operation, refusal.words());
                match &step.kind {
                    Kinds::Settings | Kinds::Counts => match &refusal.reply {
                        Some(reply) => drop(self.keep_answer(&step.what, reply, Some(&refusal))?),
                        None => self.refused(&step.what, &refusal),
                    },
                    Kinds::Identifiers(name) | Kinds::Batch(name) => {
                        ledger.refused.insert((step.spot.clone(), name.clone()), (state(&refusal), words));
                    }
                    // its types are short of their counts and are asked for by id
                    Kinds::Select => {
                        self.refused(&step.what, &refusal);
                        ledger.refused.insert((step.spot.clone(), "*".into()), (state(&refusal), words));
                    }
                }
                Ok(None)
            }
        }
    }

    fn add(&mut self, step: &Step, counts: BTreeMap<String, u64>, ledger: &mut Ledger) {
        let read = ledger.read.entry(step.spot.clone()).or_default();
        for (name, n) in counts {
            self.progress.items += n;
            *read.entry(name).or_default() += n;
        }
    }

    /// Reads what the answer says of counts and ids, and gives the step for the next page.
    fn after(step: Step, bytes: &[u8], ledger: &mut Ledger) -> Option<Step> {
        let (list, token) = match step.kind {
            Kinds::Settings | Kinds::Batch(_) => return None,
            Kinds::Select => (None, "NextToken"),
            Kinds::Counts => (Some("resourceCounts"), "nextToken"),
            Kinds::Identifiers(_) => (Some("resourceIdentifiers"), "nextToken"),
        };
        #[derive(serde::Deserialize)]
        struct Token {
            #[serde(rename = "NextToken", alias = "nextToken", default)]
            token: Option<String>,
        }
        let next = match list {
            None => serde_json::from_slice::<Token>(bytes).ok().and_then(|t| t.token),
            Some(list) => {
                let body: Value = serde_json::from_slice(bytes).unwrap_or_default();
                for element in body[list].as_array().into_iter().flatten() {
                    let text = |name: &str| element[name].as_str().unwrap_or_default().to_string();
                    match &step.kind {
                        Kinds::Counts => {
                            let counts = ledger.expected.entry(step.spot.clone()).or_default();
                            counts.insert(text("resourceType"), element["count"].as_u64().unwrap_or_default());
                        }
                        Kinds::Identifiers(name) => {
                            ledger.ids.entry((step.spot.clone(), name.clone())).or_default().push(text("resourceId"))
                        }
                        _ => {}
                    }
                }
                if step.kind == Kinds::Counts {
                    ledger.expected.entry(step.spot.clone()).or_default();
                }
                body[token].as_str().map(str::to_string)
            }
        };
        let next = next.filter(|t| !t.is_empty() && step.members.get(token).and_then(Value::as_str) != Some(t))?;
        let mut members = step.members;
        members.insert(token.into(), Value::from(next));
        let mut what = What { page: step.what.page + 1, ..step.what };
        what.parameters = Value::Object(members.clone()).to_string();
        Some(Step { what, members, spot: step.spot, kind: step.kind })
    }

    /// What AWS Config counts and was not read is a gap of that type; what balances shows that a type without items is empty.
    fn balance(&mut self, spots: &[Spot], ledger: &Ledger) {
        for spot in spots {
            let account = self.accounts[spot.0].id.clone();
            let Some(_) = ledger.expected.get(spot) else {
                continue;
            };
            for (_, name, (expected, read)) in ledger.short().filter(|(s, ..)| *s == spot) {
                let refused =
                    ledger.refused.get(&(spot.clone(), name.to_string())).or_else(|| ledger.refused.get(&(spot.clone(), "*".into())));
                let (kind, why) = refused.cloned().unwrap_or((State::Failed, String::new()));
                let counted = format!("AWS Config counts {expected}, {read} were read");
                let words = if why.is_empty() { counted } else { format!("{counted}: {why}") };
                self.lost(&account, &spot.1, name, words, kind);
            }
            self.seen.whole.insert((account, spot.1.clone()));
        }
    }
}

impl Ledger {
    /// Types of which less was read than AWS Config counts.
    fn short(&self) -> impl Iterator<Item = (&Spot, &str, (u64, u64))> {
        self.expected.iter().flat_map(move |(spot, counts)| {
            let counts = counts.iter().filter(|(name, _)| !LEFT_OUT.contains(&name.as_str()));
            counts.filter_map(move |(name, expected)| {
                let read = self.read.get(spot).and_then(|r| r.get(name)).copied().unwrap_or_default();
                (read < *expected).then_some((spot, name.as_str(), (*expected, read)))
            })
        })
    }
}
