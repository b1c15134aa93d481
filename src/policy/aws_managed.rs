//! What is known of policies that AWS wrote, where their documents are not in the evidence: a list of names
//! with what each gives, worked out by this module's own answers from the documents as they stood on
//! [`AS_OF`]. A policy that the list lacks is unknown.

use std::collections::BTreeSet;
use std::sync::OnceLock;

use super::reading::StoreKind;

/// The day of the documents that the list was made from.
pub const AS_OF: &str = "2025-02-22";

/// One name a line, with letters: `*` everything, `i` all of IAM, `e` raises its holder, `b` `t` `s` `k` read
/// every bucket, table, secret, or decrypt with every key. The policies of AWS Backup and of table
/// replication are for roles that copy data inside AWS and hand none out, and carry no letters.
const LIST: &str = include_str!("aws_managed.txt");

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Known {
    pub everything: bool,
    pub identity: bool,
    pub escalates: bool,
    /// Kinds of stores of which it reads every one.
    pub reads: BTreeSet<StoreKind>,
}

/// What is known of a policy of AWS by its ARN; `None` for a policy that is not AWS's, or not on the list.
pub fn known(arn: &str) -> Option<Known> {
    static LINES: OnceLock<std::collections::BTreeMap<&str, &str>> = OnceLock::new();
    let name = arn.split(":iam::aws:policy/").nth(1)?.rsplit('/').next()?;
    let lines =
        LINES.get_or_init(|| LIST.lines().map(|line| line.split_once(' ').unwrap_or((line, ""))).collect());
    let letters = lines.get(name)?;
    let store = |letter: char| match letter {
        'b' => Some(StoreKind::Bucket),
        't' => Some(StoreKind::Table),
        's' => Some(StoreKind::Secret),
        'k' => Some(StoreKind::Key),
        _ => None,
    };
    Some(Known {
        everything: letters.contains('*'),
        identity: letters.contains('i'),
        escalates: letters.contains('e'),
        reads: letters.chars().filter_map(store).collect(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_found_below_any_path() {
        assert!(known("arn:aws:iam::aws:policy/AdministratorAccess").expect("known").everything);
        assert!(
            known("arn:aws-us-gov:iam::aws:policy/job-function/ViewOnlyAccess")
                .expect("known")
                .reads
                .is_empty()
        );
        let emr =
            known("arn:aws:iam::aws:policy/service-role/AmazonElasticMapReduceforEC2Role").expect("known");
        assert_eq!(emr.reads, [StoreKind::Bucket, StoreKind::Table].into());
        assert_eq!(known("arn:aws:iam::aws:policy/NobodyHasThis"), None);
        assert_eq!(known("arn:aws:iam::111122223333:policy/AdministratorAccess"), None);
    }
}
