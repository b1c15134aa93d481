//! Which stores of data a holder may read by its policies: named ones, or every one of a kind.

use std::collections::BTreeMap;

use super::Answer;
use super::document::{Effect, Policy};
use super::power::UNNAMED;
use super::rights::{Boundary, Rights};

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

    /// ARN of a store of this kind that no policy names.
    fn unnamed(self, account: &str) -> String {
        match self {
            StoreKind::Bucket => format!("arn:aws:s3:::{UNNAMED}"),
            StoreKind::Table => format!("arn:aws:dynamodb:{UNNAMED}:{account}:table/{UNNAMED}"),
            StoreKind::Secret => format!("arn:aws:secretsmanager:{UNNAMED}:{account}:secret:{UNNAMED}"),
            StoreKind::Key => format!("arn:aws:kms:{UNNAMED}:{account}:key/{UNNAMED}"),
        }
    }

    fn region_of(self, region: &str, account: &str) -> String {
        self.unnamed(account).replacen(&format!(":{UNNAMED}:"), &format!(":{region}:"), 1)
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
        let mut all = whole(rights, kind, &kind.unnamed(rights.account));
        if all.as_ref().is_none_or(|r| r.answer != Answer::Yes) {
            // all stores of every region that has any are all stores there are
            let mut regions: Vec<&str> = known.iter().filter_map(|arn| arn.split(':').nth(3)).collect();
            regions.sort_unstable();
            regions.dedup();
            let each: Vec<Reading> = regions
                .iter()
                .filter_map(|r| whole(rights, kind, &kind.region_of(r, rights.account)))
                .collect();
            if each.len() == regions.len() {
                all =
                    all.into_iter().chain(each.into_iter().min_by_key(|r| r.answer)).max_by_key(|r| r.answer);
            }
        }
        let sure = all.as_ref().is_some_and(|r| r.answer == Answer::Yes);
        if sure
            && refuses(rights)
            && known.iter().all(|arn| one(rights, kind, arn, Some(arn.clone())).is_none())
        {
            continue;
        }
        out.extend(all);
        if !sure {
            out.extend(known.iter().filter_map(|arn| one(rights, kind, arn, Some(arn.clone()))));
        }
    }
    out
}

/// Whether anything could take off what a policy allows.
fn refuses(rights: &Rights<'_>) -> bool {
    let own = rights.policies.iter().map(|(_, policy)| *policy);
    let denies = |policy: &Policy| policy.statements.iter().any(|s| s.effect == Effect::Deny);
    own.chain(rights.guards.iter().copied()).any(denies) || !matches!(rights.boundary, Boundary::None)
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
                });
            }
            if grant.answer == Answer::Yes {
                return best;
            }
        }
    }
    best
}
