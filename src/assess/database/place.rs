//! Where a row belongs: account and region, from its own columns or from the ARN.

use crate::evidence::config_item::arn_part;
use crate::model::run::GLOBAL;

pub fn place_words(account: &str, region: &str, words: &str) -> String {
    match (account, region) {
        ("", _) => format!("account unknown: {words}"),
        (account, "") => format!("{account}: {words}"),
        (account, region) => format!("{account} {region}: {words}"),
    }
}

/// Account and region of a row: what the check says, else what the ARN says. AWS Config's `global` is
/// [`GLOBAL`] here too, since a gap anywhere in the account bears on such a row.
pub(in crate::assess) fn place<'a>(
    resource: &'a str,
    account: Option<&'a str>,
    region: Option<&'a str>,
) -> (&'a str, &'a str) {
    let part = |given: Option<&'a str>, n| given.or_else(|| arn_part(resource, n)).unwrap_or_default();
    (part(account, 4), if region == Some("global") { GLOBAL } else { part(region, 3) })
}

/// What kind of thing a resource is when no item tells: the service of its ARN.
pub fn class_of(resource: &str) -> String {
    arn_part(resource, 2).map_or_else(|| "account".to_string(), |service| format!("{service} setting"))
}
