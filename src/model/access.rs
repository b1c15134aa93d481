//! Who holds access, as a review of access sees it: a principal with what is known of it, and what a reviewer
//! decides. What is not known says so in words; it is never empty.

use serde::{Deserialize, Serialize};

/// One user, role, or assignment of IAM Identity Center.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccessPrincipal {
    /// ARN, or for Identity Center `identity-center/GROUP/id`.
    pub id: String,
    pub kind: HolderKind,
    pub name: String,
    pub account: String,
    /// Groups, policies and permission sets that give it its rights.
    pub through: String,
    pub last_used: String,
    pub mfa: String,
    pub keys: String,
    /// The stores holding PHI that policies let it read.
    pub stores: String,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum HolderKind {
    #[default]
    RootUser,
    IamUser,
    IdentityCenterUser,
    IdentityCenterGroup,
    Role,
    ServiceRole,
}

impl HolderKind {
    pub fn as_str(self) -> &'static str {
        match self {
            HolderKind::RootUser => "root user",
            HolderKind::IamUser => "IAM user",
            HolderKind::IdentityCenterUser => "Identity Center user",
            HolderKind::IdentityCenterGroup => "Identity Center group",
            HolderKind::Role => "IAM role",
            HolderKind::ServiceRole => "service-linked role",
        }
    }

    /// Whether it stands for one person, so that a list of leavers may name it.
    pub fn is_person(self) -> bool {
        matches!(self, HolderKind::IamUser | HolderKind::IdentityCenterUser)
    }
}

/// Everybody who was read, and where somebody may be missing.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccessPopulation {
    pub principals: Vec<AccessPrincipal>,
    /// What was asked for and not read, of which more principals may come.
    pub gaps: Vec<String>,
    /// Stores holding PHI in the run, and how many of them a policy opens to everyone.
    pub stores: u64,
    pub open_stores: u64,
}

/// What a reviewer decides on one principal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum AccessVerdict {
    Keep,
    Change,
    Remove,
    Unknown,
}

impl AccessVerdict {
    pub const WORDS: [&'static str; 4] = ["keep", "change", "remove", "unknown"];

    pub fn as_str(self) -> &'static str {
        AccessVerdict::WORDS[self as usize]
    }

    pub fn parse(text: &str) -> Option<AccessVerdict> {
        let all = [AccessVerdict::Keep, AccessVerdict::Change, AccessVerdict::Remove, AccessVerdict::Unknown];
        all.into_iter().find(|v| v.as_str() == text)
    }
}

/// A decision of a review that a later run shows as not carried out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UndoneDecision {
    pub principal: String,
    pub kind: String,
    pub decision: AccessVerdict,
    pub by: String,
    pub on: String,
}

/// A principal in a review, beside what is known of it elsewhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReviewLine {
    pub principal: AccessPrincipal,
    /// What the list of leavers says of it.
    pub leaver: String,
    /// New, as it was, changed, or decided on and not carried out.
    pub since: String,
    pub decision: Option<AccessVerdict>,
    pub reason: String,
    pub reviewer: String,
}

impl ReviewLine {
    /// What a reviewer reads, in the order of [`REVIEW_HEADS`].
    pub fn facts(&self) -> [&str; 11] {
        let p = &self.principal;
        [
            &p.id,
            p.kind.as_str(),
            &p.name,
            &p.account,
            &p.through,
            &p.last_used,
            &p.mfa,
            &p.keys,
            &p.stores,
            &self.leaver,
            &self.since,
        ]
    }
}

/// The columns of a review; the last three are to be filled in.
pub const REVIEW_HEADS: [&str; 14] = [
    "Principal",
    "Kind",
    "Name",
    "Account",
    "Access through",
    "Last used",
    "MFA",
    "Access keys",
    "Stores holding PHI that it can read",
    "On the list of leavers",
    "Since the last review",
    "Decision",
    "Reason",
    "Reviewer",
];

/// A whole review: its lines, who is gone since the one before, and what it was made from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccessReview {
    pub lines: Vec<ReviewLine>,
    pub gone: Vec<PastAccess>,
    /// Labels and values: the run, what was not read, how to fill it in.
    pub about: Vec<(String, String)>,
    pub gaps: Vec<String>,
    /// `2026-09-30`
    pub day: String,
}

impl AccessReview {
    pub fn count(&self, verdict: AccessVerdict) -> usize {
        self.lines.iter().filter(|l| l.decision == Some(verdict)).count()
    }

    /// Lines that tell of a decision that was not carried out.
    pub fn undone(&self) -> impl Iterator<Item = &ReviewLine> {
        self.lines.iter().filter(|l| l.since.starts_with(NOT_CARRIED_OUT))
    }
}

pub const NOT_CARRIED_OUT: &str = "NOT CARRIED OUT";

/// A line of an earlier review, as its record has it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PastAccess {
    pub id: String,
    pub kind: String,
    pub name: String,
    pub account: String,
    pub through: String,
    pub stores: String,
    pub decision: String,
    pub reviewer: String,
}
