//! Which stores of data a holder may read by its policies: named ones, or every one of a kind.

use std::collections::BTreeMap;

use super::document::{Effect, Listed, Statement};
use super::power::UNNAMED;
use super::rights::{Boundary, Rights};
use super::{Answer, audience};

/// A kind of store whose content IAM policies open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum StoreKind {
    Bucket,
    Table,
    Secret,
    Key,
}

impl StoreKind {
    pub const ALL: [StoreKind; 4] = [StoreKind::Bucket, StoreKind::Table, StoreKind::Secret, StoreKind::Key];

    pub fn as_str(self) -> &'static str {
        match self {
            StoreKind::Bucket => "bucket",
            StoreKind::Table => "table",
            StoreKind::Secret => "secret",
            StoreKind::Key => "key",
        }
    }

    /// Actions that give out content, in lower case, with what they work on below the store's ARN (Service
    /// Authorization Reference).
    pub fn actions(self) -> &'static [(&'static str, &'static [&'static str])] {
        match self {
            StoreKind::Bucket => &[
                ("s3:getobject", &["/*"]),
                ("s3:getobjectversion", &["/*"]),
                ("s3:getobjecttorrent", &["/*"]),
                ("s3:getobjectversiontorrent", &["/*"]),
                ("s3:getobjectversionforreplication", &["/*"]),
            ],
            StoreKind::Table => &[
                ("dynamodb:getitem", &[""]),
                ("dynamodb:batchgetitem", &[""]),
                ("dynamodb:query", &["", "/index/*"]),
                ("dynamodb:scan", &["", "/index/*"]),
                ("dynamodb:partiqlselect", &["", "/index/*"]),
                ("dynamodb:getrecords", &["/stream/*"]),
                ("dynamodb:exporttabletopointintime", &[""]),
            ],
            StoreKind::Secret => {
                &[("secretsmanager:getsecretvalue", &[""]), ("secretsmanager:batchgetsecretvalue", &[""])]
            }
            StoreKind::Key => &[("kms:decrypt", &[""]), ("kms:reencryptfrom", &[""])],
        }
    }

    /// ARN of a store of this kind that no policy names, in the partition of those that are known.
    fn unnamed(self, partition: &str, account: &str) -> String {
        let rest = match self {
            StoreKind::Bucket => format!("s3:::{UNNAMED}"),
            StoreKind::Table => format!("dynamodb:{UNNAMED}:{account}:table/{UNNAMED}"),
            StoreKind::Secret => format!("secretsmanager:{UNNAMED}:{account}:secret:{UNNAMED}"),
            StoreKind::Key => format!("kms:{UNNAMED}:{account}:key/{UNNAMED}"),
        };
        format!("arn:{partition}:{rest}")
    }
}

/// What lets a holder read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reading {
    pub kind: StoreKind,
    /// The store's ARN; `None` where every store of the kind may be read.
    pub store: Option<String>,
    pub answer: Answer,
    pub policy: String,
    pub action: &'static str,
    pub because: String,
    /// Of every store of the kind, those that the holder may not read, or not surely.
    pub but: Vec<String>,
}

/// Stores of one account, by kind.
pub type Stores = BTreeMap<StoreKind, Vec<String>>;

/// Everything that the holder may read of `stores`, one row a store, or one for all of a kind.
pub fn readings(rights: &Rights<'_>, stores: &Stores) -> Vec<Reading> {
    let mut out = Vec::new();
    for kind in StoreKind::ALL {
        let Some(known) = stores.get(&kind).filter(|list| !list.is_empty()) else { continue };
        if !kind.actions().iter().any(|(action, _)| rights.names(action)) {
            continue;
        }
        let partition = known[0].split(':').nth(1).unwrap_or("aws");
        let unnamed = kind.unnamed(partition, rights.account);
        let mut all = whole(rights, kind, &unnamed);
        if all.as_ref().is_none_or(|r| r.answer != Answer::Yes) {
            // all stores of every region that has any are all stores there are
            let mut regions: Vec<&str> = known.iter().filter_map(|arn| arn.split(':').nth(3)).collect();
            regions.sort_unstable();
            regions.dedup();
            let in_region = |r: &str| unnamed.replacen(&format!(":{UNNAMED}:"), &format!(":{r}:"), 1);
            let each: Vec<Reading> =
                regions.iter().filter_map(|r| whole(rights, kind, &in_region(r))).collect();
            if each.len() == regions.len() {
                all =
                    all.into_iter().chain(each.into_iter().min_by_key(|r| r.answer)).max_by_key(|r| r.answer);
            }
        }
        let own = |arn: &String| one(rights, kind, arn, Some(arn.clone()));
        match all {
            Some(mut every) if every.answer == Answer::Yes => {
                let mut unsure = Vec::new();
                if spares(rights, kind) {
                    for arn in known {
                        let found = own(arn);
                        if found.as_ref().is_none_or(|r| r.answer != Answer::Yes) {
                            every.but.push(arn.clone());
                        }
                        unsure.extend(found.filter(|r| r.answer != Answer::Yes));
                    }
                }
                // a refusal of all that there is leaves nothing
                if every.but.len() < known.len() {
                    out.push(every);
                }
                out.extend(unsure);
            }
            all => {
                out.extend(all);
                out.extend(known.iter().filter_map(own));
            }
        }
    }
    out
}

/// Whether something could spare single stores of all: a refusal, a NotResource or a boundary.
fn spares(rights: &Rights<'_>, kind: StoreKind) -> bool {
    let reads = |s: &Statement| kind.actions().iter().any(|(action, _)| audience::acts(&s.action, action));
    let spares = |s: &Statement| s.effect == Effect::Deny || matches!(s.resource, Listed::AllBut(_));
    let own = rights.policies.iter().map(|(_, policy)| *policy).chain(rights.guards.iter().copied());
    own.flat_map(|policy| &policy.statements).any(|s| spares(s) && reads(s))
        || !matches!(rights.boundary, Boundary::None)
}

/// For a store that no policy names. Where a pattern gives only some objects of each bucket (`*/*.csv`), how
/// much of a store that is nobody knows.
fn whole(rights: &Rights<'_>, kind: StoreKind, arn: &str) -> Option<Reading> {
    let mut found = one(rights, kind, arn, None)?;
    if kind == StoreKind::Bucket && found.answer == Answer::Yes {
        let object = format!("{arn}/{UNNAMED}");
        if kind.actions().iter().all(|(action, _)| rights.can(action, &object).answer != Answer::Yes) {
            found.answer = Answer::Unknown;
            found.because = "objects of certain names in every bucket".into();
        }
    }
    Some(found)
}

/// The surest way to read one store.
fn one(rights: &Rights<'_>, kind: StoreKind, arn: &str, store: Option<String>) -> Option<Reading> {
    let mut best: Option<Reading> = None;
    for (action, parts) in kind.actions() {
        for part in *parts {
            let grant = rights.can(action, &format!("{arn}{part}"));
            let better = best.as_ref().map_or(Answer::No, |b| b.answer) < grant.answer;
            if better {
                let policy = grant.policy.unwrap_or_default().to_string();
                best = Some(Reading {
                    kind,
                    store: store.clone(),
                    answer: grant.answer,
                    policy,
                    action,
                    because: grant.because,
                    but: Vec::new(),
                });
            }
            if grant.answer == Answer::Yes {
                return best;
            }
        }
    }
    best
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::document::Policy;

    fn buckets(partition: &str, document: &serde_json::Value) -> Vec<(Option<String>, Vec<String>)> {
        let policy = Policy::read(document).expect("a policy");
        let rights = Rights::by_one("arn:aws:iam::111122223333:role/reader", &policy);
        let known = ["kept", "open"].map(|name| format!("arn:{partition}:s3:::{name}")).to_vec();
        let found = readings(&rights, &Stores::from([(StoreKind::Bucket, known)]));
        assert!(found.iter().all(|r| r.answer == Answer::Yes), "{found:?}");
        found.into_iter().map(|r| (r.store, r.but)).collect()
    }

    #[test]
    fn what_is_spared_of_all_is_named() {
        let kept = serde_json::json!(["arn:aws:s3:::kept", "arn:aws:s3:::kept/*"]);
        let spared =
            serde_json::json!({"Statement": {"Effect": "Allow", "Action": "s3:*", "NotResource": kept}});
        let denied = serde_json::json!({"Statement": [
            {"Effect": "Allow", "Action": "s3:*", "Resource": "*"},
            {"Effect": "Deny", "Action": "s3:*", "Resource": kept}]});
        let left = vec![(None, vec!["arn:aws:s3:::kept".to_string()])];
        assert_eq!(buckets("aws", &spared), left);
        assert_eq!(buckets("aws", &denied), left);
        // a refusal of writing spares nothing that is read
        let written = serde_json::json!({"Statement": [
            {"Effect": "Allow", "Action": "s3:*", "Resource": "*"},
            {"Effect": "Deny", "Action": "s3:Put*", "Resource": kept}]});
        assert_eq!(buckets("aws", &written), [(None, Vec::new())]);
    }

    #[test]
    fn every_partition_has_all_of_its_own() {
        let allow = |resource: &str| {
            serde_json::json!({"Statement": {
                "Effect": "Allow", "Action": "s3:GetObject", "Resource": resource}})
        };
        let gov = allow("arn:aws-us-gov:s3:::*");
        assert_eq!(buckets("aws-us-gov", &gov), [(None, Vec::new())]);
        assert_eq!(buckets("aws", &gov), []);
    }
}
