//! What IAM policies say: one parser for every kind of policy, and answers of yes, no or unknown to the
//! questions that checks ask. It knows documents and callers; it does not know where a document came from,
//! and it never guesses.
//!
//! Scope: identity, resource, trust, session, boundary, service control and resource control policies with
//! Action and NotAction, Resource and NotResource, Principal and NotPrincipal, every condition operator with
//! IfExists, ForAnyValue and ForAllValues, and policy variables (IAM User Guide, "IAM JSON policy elements
//! reference" and "Policy evaluation logic"). What a condition key holds is known only for the keys of
//! [`keys`]; any other global key answers unknown.

pub mod audience;
pub mod aws_managed;
pub mod condition;
pub mod document;
pub mod escalation;
pub mod evaluate;
pub mod keys;
pub mod pattern;
pub mod power;
pub mod reading;
pub mod refusal;
pub mod rights;
pub mod trust;

/// An answer that never hides what is not known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Answer {
    No,
    Unknown,
    Yes,
}

impl Answer {
    /// Yes only if both are, no if either is.
    #[must_use]
    pub fn and(self, other: Answer) -> Answer {
        self.min(other)
    }

    /// Yes if either is, no only if both are.
    #[must_use]
    pub fn or(self, other: Answer) -> Answer {
        self.max(other)
    }

    pub fn as_str(self) -> &'static str {
        match self {
            Answer::No => "no",
            Answer::Unknown => "unknown",
            Answer::Yes => "yes",
        }
    }
}

impl From<bool> for Answer {
    fn from(yes: bool) -> Answer {
        if yes { Answer::Yes } else { Answer::No }
    }
}

impl std::ops::Not for Answer {
    type Output = Answer;

    fn not(self) -> Answer {
        match self {
            Answer::No => Answer::Yes,
            Answer::Unknown => Answer::Unknown,
            Answer::Yes => Answer::No,
        }
    }
}
