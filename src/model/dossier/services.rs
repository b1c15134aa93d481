//! The business associate addendum, account by account, and the services in use beside the dated list.

use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Baa {
    /// `in force`, `terminated`, `none found`, `unknown`, `denied`: that of the account which needs someone
    /// most.
    pub state: String,
    pub words: String,
    /// One line an account of the run.
    pub accounts: Vec<BaaAccount>,
    pub agreements: Vec<Agreement>,
}

/// What is known in one account.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct BaaAccount {
    pub account: String,
    pub name: String,
    pub state: String,
    pub words: String,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Agreement {
    pub name: String,
    pub id: String,
    pub account: String,
    /// `account` or `organization`.
    pub level: String,
    pub state: String,
    pub effective_start: String,
    pub effective_end: Option<String>,
    pub evidence: Vec<String>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Services {
    pub list_date: String,
    pub list_source: String,
    pub list_digest: String,
    pub list_age_days: i64,
    /// More than 90 days.
    pub old: bool,
    /// Words on the age and limits of the list.
    pub note: String,
    pub rows: Vec<ServiceRow>,
    pub on_list: u64,
    pub with_condition: u64,
    pub not_on_list: u64,
    /// Services that cannot be assigned to an entry of the list.
    pub unknown: u64,
    /// Tools of the account that the list does not name and that normally hold no PHI; not counted as
    /// services in use.
    pub infrastructure: u64,
    /// Services in use: all rows but those.
    pub in_use: u64,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ServiceRow {
    pub service: String,
    /// `on the list`, `on the list with a condition`, `not on the list`, `unknown`, `not named by the list`.
    pub status: String,
    /// The status with the date of the list.
    pub words: String,
    pub condition: String,
    pub resources: u64,
    /// Resources in PHI scope.
    pub phi: u64,
    pub types: Vec<String>,
    /// What shows the service where no resource does; else empty.
    pub seen: String,
}
