//! Direct answers in the place of AWS Config items: gathered while answers are loaded, put together when all
//! are there, and inserted as resources. A resource of which a part was not answered stands without it, and
//! says which it lacks.

use std::collections::{BTreeMap, BTreeSet};

use rusqlite::{Connection, params};
use serde_json::Value;

use super::tags::read_tags;
use crate::assess::input::Fault;
use crate::evidence::api_answer::Answer;
use crate::evidence::stand_in::{self, Call, Filled};
use crate::model::catalog::Catalog;
use crate::model::decisions::Decisions;
use crate::model::registry::{Each, LetterCase, Operation};
use crate::model::run::{Coverage, State, UnreadPart};

/// Type, account, key, operation and region of a call: a name is one resource within a region alone.
type PartKey = [String; 5];

/// What was answered about a part, and where it goes; nothing of a resource that was deleted before it was
/// asked for.
type Told = Option<(String, Value)>;

#[derive(Default)]
pub struct Direct {
    whole: Vec<Whole>,
    parts: BTreeMap<PartKey, Told>,
    /// (account, type, ARN) of what lists name to be described, to its region and the operation.
    listed: BTreeMap<(String, String, String), (String, String)>,
    /// ARNs of those that AWS says are not there.
    absent: BTreeSet<String>,
    /// (account, ARN) to tags, from the tagging API.
    tags: BTreeMap<(String, String), Value>,
    /// The items of AWS Config that say that their resource is gone.
    pub deleted: Vec<i64>,
}

struct Whole {
    account: String,
    filled: Filled,
    artifact: i64,
    at: String,
}

impl Direct {
    /// Notes what one answer says of resources.
    pub fn take(
        &mut self,
        answer: &Answer,
        operation: &Operation,
        name: &str,
        call: Call<'_>,
        artifact: (i64, &str),
    ) {
        for fill in &operation.fill {
            match (&fill.tags_of, &fill.into, answer) {
                (Some(member), _, Answer::Body(body)) => {
                    for element in stand_in::elements(body, operation.list.as_deref()) {
                        let (Some(arn), Some(tags)) =
                            (element.get(member).and_then(Value::as_str), fill.tags.as_ref())
                        else {
                            continue;
                        };
                        let tags =
                            element.get(tags).map(|t| crate::evidence::encodings::tags(&t.to_string()));
                        self.tags.insert((call.account.into(), arn.into()), tags.unwrap_or_default());
                    }
                }
                (None, Some(into), Answer::Body(_) | Answer::Absent(_)) => {
                    let body = if let Answer::Body(body) = answer { Some(body) } else { None };
                    let part = format!("{name} {into}");
                    let key =
                        [fill.resource_type.as_str(), call.account, call.key, part.as_str(), call.region];
                    let key: PartKey = key.map(String::from);
                    if let Answer::Absent(code) = answer
                        && operation.means_gone(code, "")
                    {
                        self.parts.entry(key).or_insert(None);
                        continue;
                    }
                    let value = stand_in::part(body, operation, fill);
                    match self.parts.get_mut(&key) {
                        // a further page of a list
                        Some(Some((_, Value::Array(list)))) if fill.all => {
                            list.extend(value.as_array().into_iter().flatten().cloned())
                        }
                        _ => drop(self.parts.insert(key, Some((into.clone(), value)))),
                    }
                }
                (None, None, Answer::Absent(_)) => self.absent.extend(stand_in::listed(fill, call)),
                (None, None, Answer::Body(body)) => {
                    for filled in stand_in::resources(body, operation, fill, call) {
                        self.whole.push(Whole {
                            account: call.account.into(),
                            filled,
                            artifact: artifact.0,
                            at: artifact.1.into(),
                        });
                    }
                }
                _ => {}
            }
        }
    }

    /// Notes what an answer of the operation `full` names that others describe.
    pub fn list(&mut self, catalog: &Catalog, full: &str, body: &Value, call: Call<'_>) {
        for (name, operation) in &catalog.operations {
            let described = || operation.fill.iter().filter(|fill| fill.listed.is_some());
            let each = operation.each.iter().filter(|each| each.from == full && described().next().is_some());
            for key in each.flat_map(|each| each.named(body)) {
                for fill in described() {
                    let arn = stand_in::listed(fill, Call { key: &key, ..call }).unwrap_or_default();
                    self.listed.insert(
                        (call.account.into(), fill.resource_type.clone(), arn),
                        (call.region.into(), name.clone()),
                    );
                }
            }
        }
    }

    /// Inserts every resource with the parts that were answered, and the tags that AWS Config did not give.
    /// What a part would say of a resource is unknown where nothing answered it.
    pub fn insert(
        self,
        db: &Connection,
        catalog: &Catalog,
        decisions: &Decisions,
    ) -> Result<Vec<UnreadPart>, Fault> {
        let mut unread: BTreeMap<UnreadKey, BTreeSet<String>> = BTreeMap::new();
        let mut insert = db.prepare_cached(
            "INSERT INTO resource (arn, type, resource_id, name, account, region, availability_zone, tags, \
             phi_scope, excluded, status, captured_at, created_at, configuration, supplementary, artifact)
             VALUES (?,?,?,?,?,?,?,?,?,?,'live',?,?,?,?,?)",
        )?;
        let mut known = db.prepare_cached("SELECT 1 FROM resource WHERE arn = ? AND type = ?")?;
        let needed = partial_operations(catalog);
        for whole in &self.whole {
            let filled = &whole.filled;
            let Some((item, missing)) = self.put_together(whole, &needed) else { continue };
            // an item of AWS Config says all that these parts would; and of what a list of the whole account
            // names in a region out of scope nothing is asked and nothing said
            if !missing.is_empty()
                && (known.exists(params![filled.arn, filled.resource_type])?
                    || decisions.workspace.is_beyond(&filled.region))
            {
                continue;
            }
            for part in missing {
                let [account, region, resource_type] =
                    [&whole.account, &filled.region, &filled.resource_type].map(String::clone);
                let key =
                    [account, region, resource_type, part.operation.to_string(), part.member.to_string()];
                unread.entry(key).or_default().insert(filled.arn.clone());
            }
            let tags = self.tags.get(&(whole.account.clone(), filled.arn.clone())).unwrap_or(&filled.tags);
            let (tags, excluded) =
                (read_tags(Some(&tags.to_string()), decisions), decisions.workspace.excludes(&filled.arn));
            insert.execute(params![
                filled.arn,
                filled.resource_type,
                filled.id,
                filled.name.as_deref().or(tags.name.as_deref()),
                whole.account,
                filled.region,
                filled.zone,
                tags.text,
                if excluded { "out" } else { tags.phi },
                excluded,
                whole.at,
                filled.created.clone().unwrap_or_default(),
                item["configuration"].to_string(),
                item["supplementaryConfiguration"].to_string(),
                whole.artifact
            ])?;
        }
        self.listed_alone(&mut known, decisions, &mut unread)?;
        self.tag(db, decisions)?;
        Ok(unread.into_iter().map(as_part).collect())
    }

    /// Resources that a list names and nothing describes.
    fn listed_alone(
        &self,
        known: &mut rusqlite::CachedStatement<'_>,
        decisions: &Decisions,
        unread: &mut BTreeMap<UnreadKey, BTreeSet<String>>,
    ) -> Result<(), Fault> {
        for ((account, resource_type, arn), (region, operation)) in &self.listed {
            let beside = decisions.workspace.is_beyond(region) || decisions.workspace.excludes(arn);
            if beside || self.absent.contains(arn) || known.exists(params![arn, resource_type])? {
                continue;
            }
            let key = [account, region, resource_type, operation].map(String::clone);
            let [account, region, resource_type, operation] = key;
            let key = [account, region, resource_type, operation, String::new()];
            unread.entry(key).or_default().insert(arn.clone());
        }
        Ok(())
    }

    /// Gives tags to resources that have none yet.
    fn tag(&self, db: &Connection, decisions: &Decisions) -> Result<(), Fault> {
        let mut update = db.prepare_cached(
            "UPDATE resource SET tags = ?, phi_scope = iif(excluded, 'out', ?) WHERE arn = ? AND tags = '{}'",
        )?;
        for ((_, arn), tags) in &self.tags {
            let tags = read_tags(Some(&tags.to_string()), decisions);
            update.execute(params![tags.text, tags.phi, arn])?;
        }
        Ok(())
    }

    /// A resource from its parts, and the parts that nothing answered; nothing of a resource that was deleted
    /// meanwhile.
    fn put_together<'n, 'c>(
        &self,
        whole: &Whole,
        needed: &'n BTreeMap<&str, Vec<Part<'c>>>,
    ) -> Option<(Value, Vec<&'n Part<'c>>)> {
        let filled = &whole.filled;
        let mut missing = Vec::new();
        let mut item =
            serde_json::json!({ "configuration": filled.configuration, "supplementaryConfiguration": {} });
        for part in needed.get(filled.resource_type.as_str()).into_iter().flatten() {
            match self.told(whole, part) {
                Some(Some((into, value))) => stand_in::put(&mut item, into, value.clone()),
                Some(None) => return None,
                None if part.is_asked_of(&item) || self.is_used(whole, part) => missing.push(part),
                None => {}
            }
        }
        for part in &missing {
            stand_in::put(&mut item, &format!("{UNREAD}.{}", part.member), Value::from(part.operation));
        }
        Some((item, missing))
    }

    /// Whether a resource for whose sake the part is asked about names this one.
    fn is_used(&self, whole: &Whole, part: &Part<'_>) -> bool {
        let is_user = |other: &&Whole, each: &Each| {
            let filled = &other.filled;
            filled.resource_type == each.from
                && other.account == whole.account
                && filled.region == whole.filled.region
        };
        let names = |other: &Whole, each: &Each| {
            let item = serde_json::json!({ "configuration": other.filled.configuration });
            each.named(&item).any(|name| name == whole.filled.id || name == whole.filled.arn)
        };
        part.users.iter().any(|each| {
            self.whole.iter().filter(|other| is_user(other, each)).any(|other| names(other, each))
        })
    }

    /// What was answered about a part of a resource: by the name that calls give it, else by another, as
    /// people may name the files that they save. A name is looked for in the resource's own region alone, but
    /// for ARNs, and for what AWS names without a region.
    fn told(&self, whole: &Whole, part: &Part<'_>) -> Option<&Told> {
        let filled = &whole.filled;
        let given = match part.by {
            Some("arn") => filled.arn.as_str(),
            Some("name") => filled.name.as_deref().unwrap_or_default(),
            _ => filled.id.as_str(),
        };
        let regional = filled.arn.split(':').nth(3).is_some_and(|region| !region.is_empty());
        [given, filled.arn.as_str(), filled.id.as_str()].into_iter().find_map(|key| {
            let place = |region: &str| -> PartKey {
                [filled.resource_type.as_str(), whole.account.as_str(), key, part.name.as_str(), region]
                    .map(String::from)
            };
            let anywhere = || {
                let first = place("");
                let next = self.parts.range(first.clone()..).next();
                next.filter(|(found, _)| found[..4] == first[..4]).map(|(_, told)| told)
            };
            let here = self.parts.get(&place(&filled.region));
            here.or_else(|| if regional && key != filled.arn { None } else { anywhere() })
        })
    }
}

/// Where a resource says which of its parts were not read, and which operation would answer them.
const UNREAD: &str = "supplementaryConfiguration._unread";

/// A part of the resources of a type.
struct Part<'a> {
    operation: &'a str,
    /// The member of the resource that it fills.
    member: &'a str,
    /// Operation and place.
    name: String,
    /// How a call names the resource.
    by: Option<&'a str>,
    /// Which resources it is asked about.
    each: Vec<&'a Each>,
    /// The same in the words of the answer that the resource is made of.
    listed: Vec<&'a Each>,
    /// Resources of other types that name it, where it is asked about for their sake alone.
    users: Vec<&'a Each>,
}

impl Part<'_> {
    /// Whether the operation is asked about this resource: there are some of which there is nothing to know.
    fn is_asked_of(&self, item: &Value) -> bool {
        let none = self.each.is_empty() && self.listed.is_empty() && self.users.is_empty();
        none || self.each.iter().any(|each| each.permits(item))
            || self.listed.iter().any(|each| each.permits(&item["configuration"]))
    }
}

/// By type, the parts of its resources, in order.
fn partial_operations(catalog: &Catalog) -> BTreeMap<&str, Vec<Part<'_>>> {
    let mut needed: BTreeMap<&str, Vec<Part<'_>>> = BTreeMap::new();
    for (name, operation) in catalog.operations.iter().filter(|(_, o)| o.opt_in.is_none()) {
        for fill in &operation.fill {
            let Some(into) = &fill.into else { continue };
            for kind in fill.also.iter().chain([&fill.resource_type]) {
                let each: Vec<&Each> = operation.each.iter().filter(|e| e.from == *kind).collect();
                let listed: Vec<&Each> =
                    operation.each.iter().filter(|e| fills_as_it_is(catalog, &e.from, kind)).collect();
                let alone = each.is_empty() && listed.is_empty();
                let of_others = |e: &&Each| alone && e.from.starts_with("AWS::");
                let users = operation.each.iter().filter(of_others).collect();
                needed.entry(kind).or_default().push(Part {
                    operation: name,
                    member: into.split('.').nth(1).unwrap_or(into),
                    name: format!("{name} {into}"),
                    by: fill.by.as_deref(),
                    each,
                    listed,
                    users,
                });
            }
        }
    }
    needed
}

/// Whether an operation's elements are resources of a type, with the names of members that AWS gave them.
fn fills_as_it_is(catalog: &Catalog, operation: &str, kind: &str) -> bool {
    let fills = catalog.operations.get(operation).map_or(&[][..], |o| &o.fill);
    fills.iter().any(|f| {
        f.resource_type == kind && f.into.is_none() && f.member.is_none() && f.case == LetterCase::Asis
    })
}

/// What was listed and not read in full, as lines of coverage.
pub fn lines(unread: &[UnreadPart]) -> Vec<Coverage> {
    let line = |part: &UnreadPart| Coverage {
        account: part.account.clone(),
        region: part.region.clone(),
        source: part.operation.clone(),
        state: State::NotCollected,
        expected: part.arns.len() as u64,
        read: 0,
        detail: match (part.arns.len(), part.is_whole()) {
            (1, true) => format!("1 resource of {} was listed, and not described", part.resource_type),
            (n, true) => format!("{n} resources of {} were listed, and not described", part.resource_type),
            (1, false) => {
                format!("1 resource of {} was listed, and this part of it not read", part.resource_type)
            }
            (n, false) => {
                format!("{n} resources of {} were listed, and this part of them not read", part.resource_type)
            }
        },
    };
    unread.iter().map(line).collect()
}

/// Account, region, type, operation and member of an unread part.
type UnreadKey = [String; 5];

fn as_part(
    ([account, region, resource_type, operation, member], arns): (UnreadKey, BTreeSet<String>),
) -> UnreadPart {
    UnreadPart { account, region, resource_type, operation, member, arns }
}
