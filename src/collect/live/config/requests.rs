//! How AWS Config is asked for counts, items and identifiers: of the account itself, or of an aggregator for
//! one of its accounts and regions. Requests and what their answers say; nothing is sent here.

use serde_json::{Map, Value, json};

use crate::model::run::GLOBAL;

/// AWS's limit of an expression is 4,096 characters.
const EXPRESSION: usize = 3_600;
/// Keys a batch, resources a page.
pub const PAGE: usize = 100;
/// So often what a batch left unprocessed is asked for again.
const AGAIN: u32 = 5;

/// A resource's id, and the region whose recorder holds it.
pub type Id = (String, String);

/// Whom AWS Config is asked of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AskedOf {
    Own,
    Aggregate { name: String },
}

/// What one call is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kinds {
    Settings,
    Counts,
    Select,
    Identifiers(String),
    Batch(String),
}

/// What is asked about.
#[derive(Debug, Clone, Copy)]
pub struct Subject<'a> {
    pub account: &'a str,
    pub region: &'a str,
}

impl AskedOf {
    /// AWS's operation for a kind of call; settings name theirs themselves.
    pub fn operation(&self, kind: &Kinds) -> &'static str {
        match (self, kind) {
            (_, Kinds::Settings) => "DescribeConfigurationRecorders",
            (AskedOf::Own, Kinds::Counts) => "GetDiscoveredResourceCounts",
            (AskedOf::Own, Kinds::Select) => "SelectResourceConfig",
            (AskedOf::Own, Kinds::Identifiers(_)) => "ListDiscoveredResources",
            (AskedOf::Own, Kinds::Batch(_)) => "BatchGetResourceConfig",
            (AskedOf::Aggregate { .. }, Kinds::Counts) => "GetAggregateDiscoveredResourceCounts",
            (AskedOf::Aggregate { .. }, Kinds::Select) => "SelectAggregateResourceConfig",
            (AskedOf::Aggregate { .. }, Kinds::Identifiers(_)) => "ListAggregateDiscoveredResources",
            (AskedOf::Aggregate { .. }, Kinds::Batch(_)) => "BatchGetAggregateResourceConfig",
        }
    }

    fn named(&self, members: Value) -> Map<String, Value> {
        let Value::Object(mut members) = members else { return Map::new() };
        if let AskedOf::Aggregate { name } = self {
            members.insert("ConfigurationAggregatorName".into(), Value::from(name.as_str()));
        }
        members
    }

    pub fn counts(&self, of: Subject<'_>) -> Map<String, Value> {
        self.named(match self {
            AskedOf::Own => json!({}),
            AskedOf::Aggregate { .. } => {
                json!({ "Filters": filters(of), "GroupByKey": "RESOURCE_TYPE", "Limit": 1000 })
            }
        })
    }

    /// Queries for items of these types: as few as AWS's limit on their length allows, since types share
    /// pages. Through an aggregator each names its account, and its region but for what belongs to no region.
    pub fn queries<'t>(
        &self,
        of: Subject<'_>,
        types: impl Iterator<Item = &'t str>,
    ) -> Vec<Map<String, Value>> {
        let place = match self {
            AskedOf::Own => String::new(),
            AskedOf::Aggregate { .. } if of.region == GLOBAL => {
                format!(" AND accountId = '{}'", plain(of.account))
            }
            AskedOf::Aggregate { .. } => {
                format!(" AND accountId = '{}' AND awsRegion = '{}'", plain(of.account), plain(of.region))
            }
        };
        let query = |names: &[String]| {
            let names: Vec<String> = names.iter().map(|name| format!("'{name}'")).collect();
            let text = format!(
                "SELECT *, configuration, supplementaryConfiguration, tags WHERE resourceType IN ({}){place}",
                names.join(", ")
            );
            self.named(json!({ "Expression": text, "Limit": PAGE }))
        };
        let names: Vec<String> = types.map(plain).collect();
        chunks(&names, EXPRESSION).into_iter().map(query).collect()
    }

    pub fn identifiers(&self, of: Subject<'_>, name: &str) -> Map<String, Value> {
        self.named(match self {
            AskedOf::Own => json!({ "resourceType": name, "limit": PAGE }),
            AskedOf::Aggregate { .. } => {
                json!({ "ResourceType": name, "Filters": filters(of), "Limit": PAGE })
            }
        })
    }

    pub fn batch(&self, of: Subject<'_>, name: &str, ids: &[Id]) -> Map<String, Value> {
        let key = |(id, region): &Id| match self {
            AskedOf::Own => json!({ "resourceType": name, "resourceId": id }),
            AskedOf::Aggregate { .. } => {
                json!({
                    "SourceAccountId": of.account, "SourceRegion": region, "ResourceType": name,
                    "ResourceId": id
                })
            }
        };
        let keys: Vec<Value> = ids.iter().map(key).collect();
        self.named(match self {
            AskedOf::Own => json!({ "resourceKeys": keys }),
            AskedOf::Aggregate { .. } => json!({ "ResourceIdentifiers": keys }),
        })
    }

    /// Counts of an answer, by type.
    pub fn counted<'v>(&self, body: &'v Value) -> impl Iterator<Item = (String, u64)> + 'v {
        let (list, name, count) = match self {
            AskedOf::Own => ("resourceCounts", "resourceType", "count"),
            AskedOf::Aggregate { .. } => ("GroupedResourceCounts", "GroupName", "ResourceCount"),
        };
        let elements = body[list].as_array().into_iter().flatten();
        elements.map(move |e| {
            (e[name].as_str().unwrap_or_default().to_string(), e[count].as_u64().unwrap_or_default())
        })
    }

    /// Ids of an answer, each with the region whose recorder holds it (none where the account itself was
    /// asked).
    pub fn identified<'v>(&self, body: &'v Value) -> impl Iterator<Item = Id> + 'v {
        let (list, id) = match self {
            AskedOf::Own => ("resourceIdentifiers", "resourceId"),
            AskedOf::Aggregate { .. } => ("ResourceIdentifiers", "ResourceId"),
        };
        body[list].as_array().into_iter().flatten().filter_map(move |e| {
            Some((e[id].as_str()?.to_string(), e["SourceRegion"].as_str().unwrap_or_default().to_string()))
        })
    }

    /// The members that ask for what follows an answer, if anything does. `page` is the answer's.
    pub fn next(
        &self,
        kind: &Kinds,
        members: &Map<String, Value>,
        page: u32,
        bytes: &[u8],
    ) -> Option<Map<String, Value>> {
        #[derive(serde::Deserialize)]
        struct Rest {
            #[serde(rename = "NextToken", alias = "nextToken", default)]
            token: Option<String>,
            #[serde(rename = "UnprocessedResourceIdentifiers", alias = "unprocessedResourceKeys", default)]
            unprocessed: Vec<Value>,
        }
        let rest: Rest = serde_json::from_slice(bytes).ok()?;
        let (member, value) = match (kind, self) {
            (Kinds::Settings, _) => return None,
            (Kinds::Batch(_), _) if rest.unprocessed.is_empty() || page > AGAIN => return None,
            (Kinds::Batch(_), AskedOf::Own) => ("resourceKeys", Value::Array(rest.unprocessed)),
            (Kinds::Batch(_), AskedOf::Aggregate { .. }) => {
                ("ResourceIdentifiers", Value::Array(rest.unprocessed))
            }
            (Kinds::Counts | Kinds::Identifiers(_), AskedOf::Own) => {
                ("nextToken", Value::from(rest.token.filter(|t| !t.is_empty())?))
            }
            (Kinds::Select, _) | (Kinds::Counts | Kinds::Identifiers(_), AskedOf::Aggregate { .. }) => {
                ("NextToken", Value::from(rest.token.filter(|t| !t.is_empty())?))
            }
        };
        // the same token again would go round for ever; the same keys are asked for again a few times
        if members.get(member) == Some(&value) && !matches!(kind, Kinds::Batch(_)) {
            return None;
        }
        let mut members = members.clone();
        members.insert(member.into(), value);
        Some(members)
    }
}

/// What belongs to no region may be held by the recorder of any.
fn filters(of: Subject<'_>) -> Value {
    match of.region {
        GLOBAL => json!({ "AccountId": of.account }),
        region => json!({ "AccountId": of.account, "Region": region }),
    }
}

/// Letters, digits, colons and dashes: what a type, an account or a region is made of.
fn plain(text: &str) -> String {
    text.chars().filter(|c| c.is_ascii_alphanumeric() || matches!(c, ':' | '-')).collect()
}

/// Names in their order, in groups of at most so many characters with their quotes and commas.
fn chunks(names: &[String], most: usize) -> Vec<&[String]> {
    let mut chunks = Vec::new();
    let (mut start, mut length) = (0, 0);
    for (at, name) in names.iter().enumerate() {
        length += name.len() + 4;
        if length > most {
            chunks.push(&names[start..at]);
            (start, length) = (at, name.len() + 4);
        }
    }
    chunks.push(&names[start..]);
    chunks.retain(|chunk| !chunk.is_empty());
    chunks
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLACE: Subject<'_> = Subject { account: "111122223333", region: "us-east-1" };

    fn clinic() -> AskedOf {
        AskedOf::Aggregate { name: "clinic".into() }
    }

    #[test]
    fn an_aggregator_is_asked_for_one_account_and_region() {
        let query = &clinic().queries(PLACE, ["AWS::S3::Bucket"].into_iter())[0];
        let text = query["Expression"].as_str().expect("text");
        assert!(
            text.ends_with(
                "IN ('AWS::S3::Bucket') AND accountId = '111122223333' AND awsRegion = 'us-east-1'"
            ),
            "{text}"
        );
        let query = &clinic().queries(Subject { region: GLOBAL, ..PLACE }, ["AWS::IAM::Role"].into_iter())[0];
        assert!(!query["Expression"].as_str().expect("text").contains("awsRegion"));
        assert_eq!(query["ConfigurationAggregatorName"], "clinic");
        let own = &AskedOf::Own.queries(PLACE, ["AWS::S3::Bucket"].into_iter())[0];
        assert!(own["Expression"].as_str().expect("text").ends_with("IN ('AWS::S3::Bucket')"));
        let keys = clinic().batch(PLACE, "AWS::S3::Bucket", &[("b".to_string(), "us-west-2".to_string())]);
        assert_eq!(keys["ResourceIdentifiers"][0]["SourceRegion"], "us-west-2");
    }

    #[test]
    fn queries_stay_within_the_limit_and_lose_no_type() {
        let names: Vec<String> = (0..400).map(|n| format!("AWS::Service{n}::Thing")).collect();
        let queries = clinic().queries(PLACE, names.iter().map(String::as_str));
        let texts: Vec<&str> = queries.iter().map(|q| q["Expression"].as_str().expect("text")).collect();
        assert!(texts.len() > 1 && texts.iter().all(|t| t.len() <= 4_096));
        assert!(
            names.iter().all(|name| texts.iter().filter(|t| t.contains(&format!("'{name}'"))).count() == 1)
        );
        assert!(clinic().queries(PLACE, std::iter::empty()).is_empty());
    }

    #[test]
    fn pages_follow_tokens_and_batches_what_was_left() {
        let members = Map::new();
        let next = clinic().next(&Kinds::Counts, &members, 1, br#"{"NextToken":"t"}"#).expect("a page");
        assert_eq!(next["NextToken"], "t");
        assert_eq!(
            clinic().next(&Kinds::Counts, &next, 2, br#"{"NextToken":"t"}"#),
            None,
            "the same token twice"
        );
        let again = AskedOf::Own.next(&Kinds::Counts, &members, 1, br#"{"nextToken":"t"}"#);
        assert_eq!(again.expect("a page")["nextToken"], "t");
        let left = br#"{"BaseConfigurationItems":[],"UnprocessedResourceIdentifiers":[{"ResourceId":"b"}]}"#;
        let batch = Kinds::Batch("AWS::S3::Bucket".into());
        let next = clinic().next(&batch, &members, 1, left).expect("the rest");
        assert_eq!(next["ResourceIdentifiers"][0]["ResourceId"], "b");
        assert_eq!(clinic().next(&batch, &next, AGAIN + 1, left), None);
    }
}
