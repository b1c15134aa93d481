//! Policies that AWS writes: which they are, and the documents of those that give everything.

use std::sync::OnceLock;

use crate::policy::aws_managed::Known;
use crate::policy::document::Policy;

/// A policy of AWS that gives everything, or all of IAM, as its document has it.
pub fn written(known: &Known) -> Option<&'static Policy> {
    static DOCUMENTS: OnceLock<[Policy; 2]> = OnceLock::new();
    let [everything, identity] = DOCUMENTS.get_or_init(|| {
        ["*", "iam:*"].map(|action| {
            let statement = serde_json::json!({"Effect": "Allow", "Action": action, "Resource": "*"});
            Policy::read(&serde_json::json!({ "Statement": statement })).expect("a policy")
        })
    });
    match (known.everything, known.identity) {
        (true, _) => Some(everything),
        (false, true) => Some(identity),
        (false, false) => None,
    }
}

pub const UNKNOWN_OF_AWS: &str =
    "a policy of AWS that is neither in the evidence nor in the list that comes with the program";

pub fn is_of_aws(policy: &str) -> bool {
    policy.contains(":iam::aws:policy/")
}
