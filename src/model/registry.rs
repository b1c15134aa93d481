//! The operations registry as values: how each AWS API is called, what its answers hold, which errors are
//! evidence of absence, and which AWS Config type an answer can stand in for. It knows nothing of HTTP,
//! credentials or files.

mod api;
mod fill;

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::partition::Partition;

pub use api::{Api, GlobalHost, MapTags, OfferedRegions, Protocol, Wire};
pub use fill::{Fill, LetterCase, Pick};

/// What we know of an AWS API operation.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Operation {
    pub scope: OperationScope,
    /// REST: the HTTP method.
    #[serde(default)]
    pub method: Option<String>,
    /// REST: the path; `{Member}` places a request member.
    #[serde(default)]
    pub path: Option<String>,
    /// Request members that are always sent.
    #[serde(default)]
    pub ask: BTreeMap<String, Value>,
    /// REST: members that go to the query string. The others of a request with a body go into it.
    #[serde(default)]
    pub in_query: BTreeSet<String>,
    /// REST: members that become headers of the same name.
    #[serde(default)]
    pub in_header: BTreeSet<String>,
    /// The page size member and the most that AWS allows.
    #[serde(default)]
    pub size: BTreeMap<String, Value>,
    #[serde(default)]
    pub pages: Option<Pages>,
    /// The member that holds the elements, a dotted path; the whole body is one element without it.
    #[serde(default)]
    pub list: Option<String>,
    /// The request member that names one resource.
    #[serde(default)]
    pub param: Option<String>,
    /// Where the values of `param` come from, all of them together.
    #[serde(default)]
    pub each: Vec<Each>,
    /// `param` takes a list of at most so many values.
    #[serde(default)]
    pub batch: Option<usize>,
    /// Request members that come from where the value came: request member to the name there.
    #[serde(default, deserialize_with = "carried")]
    #[schemars(with = "Value")]
    pub carry: BTreeMap<String, String>,
    /// Path in the source's item or element of the region to ask in; default: the source's region.
    #[serde(default)]
    pub region_at: Option<String>,
    /// What an answer of a region out of scope names is asked about there all the same: it is at home there.
    #[serde(default)]
    pub beyond: bool,
    /// Of an account's operation: asked in every region, since it answers in one that is not known.
    #[serde(default)]
    pub every_region: bool,
    /// The Config type whose resources it is asked for; where there is none of them, there is nothing to ask.
    #[serde(default)]
    pub of: Option<String>,
    /// Error codes that mean there is none; `Code: words` where the message must hold these words.
    #[serde(default)]
    pub absent: Vec<String>,
    #[serde(default)]
    pub not_enabled: Vec<String>,
    #[serde(default)]
    pub iam: Vec<String>,
    /// Members dropped before the first write.
    #[serde(default)]
    pub never_store: Vec<String>,
    /// What is dropped can be guessed by nobody, so the digest of the whole answer is kept: it is AWS's own
    /// text, or a long random token. The digest of an answer of which one short secret alone is missing would
    /// tell whoever tries the likely ones which is right.
    #[serde(default)]
    pub keep_digest: bool,
    /// Of such a member the names within it are kept, under another name beside it: that there are any, and
    /// what they are called.
    #[serde(default)]
    pub names_of: BTreeMap<String, String>,
    /// `base64-csv:Member`: the answer's table is CSV inside this member.
    #[serde(default)]
    pub decode: Option<String>,
    /// The operation that starts what this one reads.
    #[serde(default)]
    pub before: Option<String>,
    /// Codes that mean: not ready, ask again.
    #[serde(default)]
    pub wait: Vec<String>,
    /// Asked only when this is switched on.
    #[serde(default)]
    pub opt_in: Option<String>,
    /// What the answer stands in for where AWS Config does not record it.
    #[serde(default)]
    pub fill: Vec<Fill>,
    /// AWS's operation, where the entry is a second way to ask it.
    #[serde(default)]
    pub operation: Option<String>,
    /// What the program itself works out of it, where no table reads it.
    #[serde(default)]
    pub facts: Option<String>,
    /// Asked only for an operation that takes values from it.
    #[serde(default)]
    pub feeds: bool,
    /// Codes that mean that the resource was deleted since it was listed.
    #[serde(default)]
    pub gone: Vec<String>,
    /// The ARNs that a policy limits `iam` to; default `*`.
    #[serde(default)]
    pub resources: Vec<String>,
    /// `sdk`: asked through a typed SDK crate.
    #[serde(default)]
    pub via: Option<String>,
    /// The member that the whole body stands for, where the CLI prints one more level than the wire has.
    #[serde(default)]
    pub payload: Option<String>,
    /// The body is the payload's text as it stands: a bucket policy, which is JSON.
    #[serde(default)]
    pub payload_text: bool,
}

/// `[A]` is short for `{ A: A }`.
fn carried<'de, D: serde::Deserializer<'de>>(input: D) -> Result<BTreeMap<String, String>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Either {
        Names(Vec<String>),
        Pairs(BTreeMap<String, String>),
    }
    Ok(match Either::deserialize(input)? {
        Either::Names(names) => names.into_iter().map(|n| (n.clone(), n)).collect(),
        Either::Pairs(pairs) => pairs,
    })
}

impl Operation {
    /// Whether an error means that there is none.
    pub fn means_absent(&self, code: &str, message: &str) -> bool {
        self.absent.iter().chain(&self.not_enabled).chain(&self.gone).any(|known| fits(known, code, message))
    }

    /// Whether an error means that the resource asked about was deleted meanwhile.
    pub fn means_gone(&self, code: &str, message: &str) -> bool {
        self.gone.iter().any(|known| fits(known, code, message))
            && !self.absent.iter().any(|known| fits(known, code, message))
    }

    /// Regions that are asked though they may be out of scope, in the partition of `near`.
    pub fn homes<'a>(&'a self, near: &'a str) -> impl Iterator<Item = &'a str> {
        self.each.iter().filter_map(|each| each.home(near))
    }

    /// True when its answers name more that it is asked about: units below units. `full` is its own name.
    pub fn goes_deeper(&self, full: &str) -> bool {
        self.each.iter().any(|each| each.from == full)
    }

    /// Whether it is asked once for each value, where the answer of the other operation is from that names
    /// it, and tells of a whole of its own: what a part would tell is missed where its resource is put
    /// together.
    pub fn is_asked_beside(&self, source: &Operation) -> bool {
        let one_by_one = self.param.is_some() && self.batch.is_none() && self.region_at.is_none();
        one_by_one && self.scope == source.scope && self.fill.iter().all(|fill| fill.into.is_none())
    }

    /// True when an answer from a region does not mean that the region is in scope.
    pub fn goes_beyond(&self) -> bool {
        self.beyond || self.each.iter().any(|each| !each.home.is_empty())
    }
}

/// `Code`, or `Code: words` that the message must hold.
fn fits(known: &str, code: &str, message: &str) -> bool {
    match known.split_once(':') {
        Some((name, words)) => name == code && message.to_lowercase().contains(&words.trim().to_lowercase()),
        None => known == code,
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum OperationScope {
    Account,
    Region,
    /// Asked once, of the account that speaks for the organisation.
    Organization,
}

#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Pages {
    /// Request member that takes the token.
    #[serde(rename = "in")]
    pub input: String,
    /// Response member that holds it.
    #[serde(rename = "out")]
    pub output: String,
    /// Response member that says whether more follow; the token is then the last of those at `out`.
    #[serde(default)]
    pub more: Option<String>,
}

impl Pages {
    /// The token that asks for what follows an answer; nothing after the last.
    pub fn token<'a>(&self, body: &'a Value) -> Option<&'a Value> {
        let found = at(body, &self.output);
        let token = match &self.more {
            Some(more) => found
                .last()
                .filter(|_| at(body, more).first().is_some_and(|more| more.as_bool() == Some(true))),
            None => found.first(),
        };
        token.copied().filter(|token| !token.is_null() && token.as_str() != Some(""))
    }
}

/// A source of parameter values.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Each {
    /// A Config type, or an operation of the registry.
    pub from: String,
    /// Dotted path; arrays are walked.
    pub at: String,
    /// Path (from the level of `at`'s last segment) to the value, or values, it must have.
    #[serde(rename = "where")]
    pub only: BTreeMap<String, Value>,
    /// What it must not have.
    pub unless: BTreeMap<String, Value>,
    /// The value contains this.
    pub has: Option<String>,
    /// Only what follows the last of this.
    pub after: Option<String>,
    /// Fixed values. With a source they are asked about in every region in scope, and in the regions that
    /// stands at `at` too.
    pub values: Vec<Value>,
    /// Partition to the one region that knows fixed values, and is asked for them whether it is in scope or
    /// not; default: every region in scope.
    pub home: BTreeMap<String, String>,
}

impl Each {
    /// The one region that knows its values, in the partition of `near`.
    pub fn home(&self, near: &str) -> Option<&str> {
        self.home.get(Partition::of(near).name).map(String::as_str)
    }

    /// Its values are fixed, and its source only names further regions to ask in.
    pub fn names_regions(&self) -> bool {
        !self.values.is_empty() && !self.from.is_empty()
    }

    /// Whether an answer of its source names anything to ask about.
    pub fn finds_any(&self, body: &Value) -> bool {
        self.named(body).next().is_some()
    }

    /// What an answer of its source names to ask about.
    pub fn named<'a>(&'a self, body: &'a Value) -> impl Iterator<Item = String> + 'a {
        let (head, last) = self.at.rsplit_once('.').unwrap_or(("", &self.at));
        let levels = at(body, head).into_iter().filter(move |level| self.permits(level));
        levels.flat_map(move |level| at(level, last)).filter_map(move |value| {
            let text = value
                .as_str()
                .map(str::to_string)
                .or_else(|| value.as_number().map(ToString::to_string))
                .unwrap_or_default();
            let fits = !text.is_empty() && self.has.as_ref().is_none_or(|part| text.contains(part.as_str()));
            fits.then_some(text)
        })
    }

    /// Whether what stands at this level is asked about: it has what it must have, and not what it must not.
    pub fn permits(&self, level: &Value) -> bool {
        let is = |path: &str, wanted: &Value| {
            at(level, path).into_iter().any(|v| match wanted {
                Value::Array(list) => list.contains(v),
                one => one == v,
            })
        };
        self.only.iter().all(|(path, wanted)| is(path, wanted))
            && !self.unless.iter().any(|(path, wanted)| is(path, wanted))
    }
}

/// Walks a dotted path through objects and arrays; every value that stands at its end.
pub fn at<'a>(value: &'a Value, path: &str) -> Vec<&'a Value> {
    let mut here = vec![value];
    for part in path.split('.').filter(|p| !p.is_empty()) {
        here = here.into_iter().flat_map(spread).filter_map(|v| v.get(part)).collect();
    }
    here.into_iter().flat_map(spread).collect()
}

fn spread(value: &Value) -> Vec<&Value> {
    match value {
        Value::Array(list) => list.iter().flat_map(spread).collect(),
        other => vec![other],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_walk_arrays() {
        let value =
            serde_json::json!({ "a": [{ "b": [{ "c": 1 }, { "c": 2 }] }, { "b": { "c": 3 } }, { "x": 0 }] });
        assert_eq!(at(&value, "a.b.c"), [&Value::from(1), &Value::from(2), &Value::from(3)]);
        assert!(at(&value, "a.z").is_empty());
    }

    #[test]
    fn a_list_of_what_is_aws_own_names_nothing_to_ask_about() {
        let each: Each =
            serde_json::from_str(r#"{ "from": "x:List", "at": "Lists.Id", "unless": { "Owner": "AWS" } }"#)
                .expect("a source");
        let list = |owner: &&str| serde_json::json!({ "Id": "pl-1", "Owner": owner });
        let lists =
            |owners: &[&str]| serde_json::json!({ "Lists": owners.iter().map(list).collect::<Vec<_>>() });
        assert!(!each.finds_any(&lists(&["AWS", "AWS"])) && !each.finds_any(&lists(&[])));
        assert!(each.finds_any(&lists(&["AWS", "111122223333"])));
    }

    #[test]
    fn a_code_alone_or_with_words_means_absent() {
        let text = r#"{ "scope": "region", "absent": ["NotFound", "BadRequest: no such pool"] }"#;
        let operation: Operation = serde_json::from_str(text).expect("an operation");
        assert!(
            operation.means_absent("NotFound", "")
                && operation.means_absent("BadRequest", "there is no such pool here")
        );
        assert!(
            !operation.means_absent("BadRequest", "malformed") && !operation.means_absent("Throttling", "")
        );
    }
}
