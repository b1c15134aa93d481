//! Asks AWS itself, in its first form: AWS Config of each region, and the agreements of AWS Artifact. Every page is stored as it
//! came; what was refused, cut short or not counted right is a gap.

use std::collections::BTreeMap;

use serde_json::Value;

use super::CollectError;
use super::import::{Fault, Seen, tally_answer, tally_items};
use crate::aws::{Answer, Recorder, Refusal, Session};
use crate::clock::{Clock, stamp};
use crate::diag::Diagnostic;
use crate::model::catalog::Catalog;
use crate::model::digest::Digest;
use crate::model::run::{GLOBAL, Source, State};
use crate::store::portable_name;
use crate::store::run::Writer;

/// Where and as whom to ask.
#[derive(Debug, Clone, Default)]
pub struct Target {
    pub profile: Option<String>,
    /// Empty: the region of the environment or profile.
    pub regions: Vec<String>,
}

struct Asking<'a> {
    writer: &'a mut Writer,
    seen: &'a mut Seen,
    clock: &'a Clock,
    catalog: &'a Catalog,
    account: String,
    caller: String,
}

/// Asks everything there is to ask; only missing credentials end the run.
pub fn ask(target: &Target, writer: &mut Writer, seen: &mut Seen, clock: &Clock, catalog: &Catalog) -> Result<(), CollectError> {
    let fail = |what: String, hint: &str| CollectError::Input(Box::new(Diagnostic::new("AFE-004", what).hint(hint)));
    let session = Session::connect(target.profile.as_deref(), target.regions.first().map(String::as_str))
        .map_err(|e| fail(format!("cannot start: {e}"), "try again"))?;
    let regions = match (target.regions.is_empty(), session.region()) {
        (false, _) => target.regions.clone(),
        (true, Some(region)) => vec![region],
        (true, None) => return Err(fail("no region is named".into(), "give --region, or `regions` in affiant.yaml, or AWS_REGION")),
    };
    let caller = session
        .caller()
        .map_err(|r| fail(format!("AWS does not say who we are: {}", r.words()), "check the credentials: `aws sts get-caller-identity`"))?;
    seen.caller(&caller.arn);
    let mut asking = Asking { writer, seen, clock, catalog, account: caller.account, caller: caller.arn };
    asking.agreements(&session)?;
    for region in &regions {
        asking.region(&session.recorder(region), region)?;
    }
    Ok(())
}

impl Asking<'_> {
    fn agreements(&mut self, session: &Session) -> Result<(), CollectError> {
        let mut token = None;
        for page in 0.. {
            match session.agreements(token) {
                Ok((answer, next)) => {
                    let key = if next.is_none() && page == 0 { String::new() } else { format!("page-{page}") };
                    self.answer(GLOBAL, "artifact", "ListCustomerAgreements", &key, answer)?;
                    token = next;
                }
                Err(refusal) => {
                    self.refused(GLOBAL, "artifact:ListCustomerAgreements", &refusal);
                    break;
                }
            }
            if token.is_none() {
                break;
            }
        }
        Ok(())
    }

    fn region(&mut self, recorder: &Recorder<'_>, region: &str) -> Result<(), CollectError> {
        match recorder.settings() {
            Ok(answer) => self.answer(region, "config", "DescribeConfigurationRecorders", "", answer)?,
            Err(refusal) => self.refused(region, "config:DescribeConfigurationRecorders", &refusal),
        }
        match recorder.status() {
            Ok(answer) => self.answer(region, "config", "DescribeConfigurationRecorderStatus", "", answer)?,
            Err(refusal) => self.refused(region, "config:DescribeConfigurationRecorderStatus", &refusal),
        }
        let counts = match recorder.counts() {
            Ok(counts) => counts,
            Err(refusal) => {
                self.lost(region, "*", &refusal);
                return Ok(());
            }
        };
        for (resource_type, count) in counts.iter().filter(|(_, n)| *n > 0) {
            let before = self.seen.items;
            if let Err(refusal) = self.items(recorder, region, resource_type)? {
                self.lost(region, resource_type, &refusal);
                continue;
            }
            let read = self.seen.items - before;
            if read < *count {
                self.lost(region, resource_type, &Refusal::Failed(format!("AWS Config counts {count}, {read} were read")));
            }
        }
        self.seen.whole.insert((self.account.clone(), region.to_string()));
        Ok(())
    }

    /// Every item of a type: by query, and where queries do not know the type, by id.
    fn items(&mut self, recorder: &Recorder<'_>, region: &str, resource_type: &str) -> Result<Result<(), Refusal>, CollectError> {
        let mut token = None;
        for page in 1.. {
            match recorder.select(resource_type, token) {
                Ok((answer, next)) => {
                    self.page(region, "ConfigRows", resource_type, page, answer)?;
                    token = next;
                }
                Err(Refusal::NotQueryable) if page == 1 => return self.by_id(recorder, region, resource_type),
                Err(refusal) => return Ok(Err(refusal)),
            }
            if token.is_none() {
                break;
            }
        }
        Ok(Ok(()))
    }

    fn by_id(&mut self, recorder: &Recorder<'_>, region: &str, resource_type: &str) -> Result<Result<(), Refusal>, CollectError> {
        let mut token = None;
        for page in 1.. {
            let (ids, next) = match recorder.identifiers(resource_type, token) {
                Ok(found) => found,
                Err(refusal) => return Ok(Err(refusal)),
            };
            if !ids.is_empty() {
                match recorder.batch(resource_type, &ids) {
                    Ok((answer, _)) => self.page(region, "ConfigBatch", resource_type, page, answer)?,
                    Err(refusal) => return Ok(Err(refusal)),
                }
            }
            token = next;
            if token.is_none() {
                break;
            }
        }
        Ok(Ok(()))
    }

    /// Stores one page of items and counts them.
    fn page(&mut self, region: &str, form: &str, resource_type: &str, page: u32, answer: Answer) -> Result<(), CollectError> {
        let name = format!("{}_Config_{region}_{form}_{}_{page:05}.json", self.account, resource_type.replace("::", "-"));
        let wanted = format!("snapshots/{}", portable_name(&name));
        let at = stamp(self.clock.now());
        let stored =
            self.writer.add(&wanted, &mut answer.body.as_slice(), &at, Source::Snapshot { file: name.clone(), resource_type: None })?.path;
        tally_items(self.writer, &stored, &name, None, self.seen);
        Ok(())
    }

    /// Stores one answer, without the members that must never be stored, and notes its state.
    fn answer(&mut self, region: &str, service: &str, operation: &str, key: &str, answer: Answer) -> Result<(), CollectError> {
        let never = self.catalog.operations.get(&format!("{service}:{operation}")).map(|o| o.never_store.as_slice()).unwrap_or_default();
        let (body, pruned) = prune(&answer.body, never);
        let mut custody = BTreeMap::from([("caller".to_string(), self.caller.clone())]);
        custody.extend(answer.request_id.map(|id| ("request-id".to_string(), id)));
        if pruned {
            custody.insert("sha256-as-received".into(), Digest::of(&answer.body).to_string());
            custody.insert("members-dropped".into(), never.join(", "));
        }
        let leaf = if key.is_empty() { format!("{operation}.json") } else { format!("{operation}/{key}.json") };
        let wanted = format!("aws/{}/{}/{service}/{leaf}", portable_name(&self.account), portable_name(region));
        let source = Source::Response {
            account: self.account.clone(),
            region: region.into(),
            service: service.into(),
            operation: operation.into(),
            key: key.into(),
            custody,
        };
        let stored = self.writer.add(&wanted, &mut body.as_slice(), &stamp(self.clock.now()), source)?.path;
        tally_answer(self.writer, &stored, (&self.account, region, service, operation), self.catalog, self.seen);
        Ok(())
    }

    fn refused(&mut self, region: &str, operation: &str, refusal: &Refusal) {
        let key = (self.account.clone(), region.to_string(), operation.to_string());
        self.seen.responses.entry(key).or_default().push((state(refusal), refusal.words().to_string()));
    }

    fn lost(&mut self, region: &str, source: &str, refusal: &Refusal) {
        self.seen.faults.push(Fault {
            account: self.account.clone(),
            region: region.into(),
            source: source.into(),
            file: "AWS Config".into(),
            what: refusal.words().into(),
            state: state(refusal),
        });
    }
}

fn state(refusal: &Refusal) -> State {
    match refusal {
        Refusal::Denied(_) => State::Denied,
        Refusal::NotQueryable | Refusal::Failed(_) => State::Failed,
    }
}

/// The body without members of these names, wherever they stand; the same bytes where there are none.
fn prune(body: &[u8], never: &[String]) -> (Vec<u8>, bool) {
    let Ok(mut value) = serde_json::from_slice::<Value>(body) else { return (body.to_vec(), false) };
    if never.is_empty() || !drop_members(&mut value, never) {
        return (body.to_vec(), false);
    }
    (serde_json::to_vec(&value).expect("JSON serialises"), true)
}

fn drop_members(value: &mut Value, never: &[String]) -> bool {
    match value {
        Value::Object(map) => {
            let before = map.len();
            map.retain(|name, _| !never.contains(name));
            let here = map.len() < before;
            let below = map.values_mut().filter_map(|v| drop_members(v, never).then_some(())).count();
            here || below > 0
        }
        Value::Array(list) => list.iter_mut().filter_map(|v| drop_members(v, never).then_some(())).count() > 0,
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_must_never_be_stored_is_dropped_and_the_rest_keeps_its_bytes() {
        let never = vec!["terminateTerms".to_string()];
        let (body, pruned) = prune(br#"{"customerAgreements":[{"name":"A","terminateTerms":["x"]}]}"#, &never);
        assert!(pruned && !String::from_utf8_lossy(&body).contains("terminateTerms"));
        let clean = br#"{ "customerAgreements" : [] }"#;
        assert_eq!(prune(clean, &never), (clean.to_vec(), false));
    }
}
