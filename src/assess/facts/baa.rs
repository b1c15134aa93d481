//! The state of AWS's Business Associate Addendum, account by account, from what AWS Artifact and AWS
//! Organizations answered. An empty answer is never "no BAA": a member account may not see what its
//! organization signed, and paper may lie elsewhere.

use std::collections::{BTreeMap, BTreeSet};

use rusqlite::Connection;

use crate::assess::input::Fault;
use crate::model::assessment::{AgreementFacts, BaaFacts, BaaState};
use crate::model::run::{Coverage, State};

const SOURCE: &str = "artifact:ListCustomerAgreements";

/// What one account is to an organization (organizations:DescribeOrganization).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct InOrganization {
    /// The account that manages the organization; `None` where the account is in none.
    management: Option<String>,
    organization_arn: String,
}

/// Everything the state rests on.
pub struct BaaEvidence<'a> {
    /// The accounts of the run, also those that could not be entered.
    pub accounts: BTreeSet<String>,
    pub agreements: &'a [AgreementFacts],
    pub coverage: &'a [Coverage],
    /// Places of the accounts that AWS Organizations told; others are not known.
    pub places: BTreeMap<String, InOrganization>,
    /// `artifact.baa` of affiant.yaml: ids or ARNs of agreements that are a BAA under another name.
    pub pinned: &'a [String],
    /// The day the state speaks for.
    pub today: &'a str,
}

/// Places of the accounts, by account.
pub fn places(db: &Connection) -> Result<BTreeMap<String, InOrganization>, Fault> {
    let mut statement = db.prepare(
        "SELECT account, coalesce(body ->> '$.Organization.MasterAccountId', body ->> \
         '$.Organization.ManagementAccountId'),
                coalesce(body ->> '$.Organization.Arn', ''), body ->> '$._absent' IS NOT NULL
         FROM response WHERE service = 'organizations' AND operation = 'DescribeOrganization'
         ORDER BY account",
    )?;
    let rows = statement.query_map([], |row| {
        Ok((row.get::<_, String>(0)?, row.get(1)?, row.get(2)?, row.get::<_, bool>(3)?))
    })?;
    let mut places = BTreeMap::new();
    for row in rows {
        let (account, management, organization_arn, absent): (String, Option<String>, String, bool) = row?;
        if absent || management.is_some() {
            places.insert(account, InOrganization { management, organization_arn });
        }
    }
    Ok(places)
}

/// One state an account, in the order of their numbers.
pub fn states(known: &BaaEvidence<'_>) -> Vec<BaaFacts> {
    known.accounts.iter().map(|account| known.of(account)).collect()
}

impl BaaEvidence<'_> {
    fn of(&self, account: &str) -> BaaFacts {
        let say = |state, summary: String, words: String, agreement: Option<&AgreementFacts>| BaaFacts {
            account: account.to_string(),
            state,
            summary,
            words,
            agreement: agreement.map(|a| a.id.clone()),
        };
        let listed: Vec<&AgreementFacts> = self.agreements.iter().filter(|a| a.seen_in == account).collect();
        let own: Vec<&AgreementFacts> = listed.iter().copied().filter(|a| self.is_baa(a)).collect();
        if let Some(a) = own.iter().copied().find(|a| self.in_force(a)) {
            let level = if a.organization { "organization" } else { "account" };
            return say(
                BaaState::InForce,
                format!("{level} agreement, active since {}", a.effective_start),
                format!(
                    "AWS Artifact lists \"{}\" ({level} agreement) as active since {}.",
                    a.name, a.effective_start
                ),
                Some(a),
            );
        }
        if let Some(a) = self.of_organization(account) {
            return say(
                BaaState::InForce,
                format!("by the organization's agreement, active since {}", a.effective_start),
                format!(
                    "AWS Artifact lists \"{}\", accepted for the whole organization by account {}, as active \
                     since {}; this account is a member of that organization.",
                    a.name, a.account, a.effective_start
                ),
                Some(a),
            );
        }
        if let Some(a) = own.iter().copied().filter(|a| self.ended(a)).max_by_key(|a| a.effective_end.clone())
        {
            let end = a.effective_end.clone().unwrap_or_else(|| "a date not given".into());
            let who = match a.state.as_str() {
                "CUSTOMER_TERMINATED" => " by the customer",
                "AWS_TERMINATED" => " by AWS",
                _ => "",
            };
            return say(
                BaaState::Terminated,
                format!("ended on {end}{who}"),
                format!(
                    "AWS Artifact lists \"{}\" as terminated{who}: it ended on {end}. No active agreement \
                     was listed.",
                    a.name
                ),
                Some(a),
            );
        }
        let (state, summary, words) = self.without(account, &listed, &own);
        say(state, summary, words, None)
    }

    /// Where no agreement in force or ended was listed for the account.
    fn without(
        &self,
        account: &str,
        listed: &[&AgreementFacts],
        own: &[&AgreementFacts],
    ) -> (BaaState, String, String) {
        let lines: Vec<&Coverage> =
            self.coverage.iter().filter(|l| l.account == account && l.source == SOURCE).collect();
        if let Some(line) = lines.iter().find(|l| l.state == State::Denied) {
            return (
                BaaState::Denied,
                format!("the call {SOURCE} was refused"),
                format!(
                    "The call that lists agreements was refused, so nothing is known{}. Allow {SOURCE}.",
                    because(&line.detail)
                ),
            );
        }
        let Some(line) = lines.iter().max_by_key(|l| l.state.is_gap()) else {
            return (
                BaaState::Unknown,
                "AWS Artifact was not asked".into(),
                format!("AWS Artifact was not asked in this account ({SOURCE}), so nothing is known."),
            );
        };
        if line.state.is_gap() {
            return unusable(line);
        }
        let managed_by = self.places.get(account).map(|p| p.management.as_deref());
        if let Some(Some(management)) = managed_by.filter(|m| m.is_some_and(|m| m != account)) {
            return (
                BaaState::Unknown,
                format!("nothing listed in a member account; ask {management}"),
                format!(
                    "AWS Artifact listed no Business Associate Addendum, and this is a member account: it \
                     may not see what its organization accepted. Collect in the management account \
                     {management}, or file an agreement signed elsewhere."
                ),
            );
        }
        let words = none_found(listed, own, managed_by.is_none());
        (BaaState::NoneFound, "in AWS Artifact; one signed elsewhere must be filed".into(), words)
    }

    /// The agreement in force that another account accepted for the organization this one is a member of.
    fn of_organization(&self, account: &str) -> Option<&AgreementFacts> {
        let place = self.places.get(account)?;
        let management = place.management.as_deref()?;
        self.agreements.iter().find(|a| {
            let same = a
                .organization_arn
                .as_deref()
                .is_some_and(|arn| !arn.is_empty() && arn == place.organization_arn);
            a.organization && a.account == management && same && self.is_baa(a) && self.in_force(a)
        })
    }

    fn is_baa(&self, a: &AgreementFacts) -> bool {
        let pinned =
            self.pinned.iter().any(|p| *p == a.id || Some(p) == a.agreement_arn.as_ref() || *p == a.name);
        pinned || (a.name.to_ascii_lowercase().contains("business associate") && !is_hcls(&a.name))
    }

    fn in_force(&self, a: &AgreementFacts) -> bool {
        let started = !a.effective_start.is_empty() && a.effective_start.as_str() <= self.today;
        a.state == "ACTIVE" && started && a.effective_end.as_deref().is_none_or(|end| end > self.today)
    }

    fn ended(&self, a: &AgreementFacts) -> bool {
        a.state.ends_with("TERMINATED") || a.effective_end.as_deref().is_some_and(|end| end <= self.today)
    }
}

/// The healthcare and life sciences addendum goes with one service; it is not the addendum that covers the
/// eligible services.
fn is_hcls(name: &str) -> bool {
    name.to_ascii_lowercase().contains("hcls")
}

fn because(detail: &str) -> String {
    if detail.is_empty() { String::new() } else { format!(": {}", detail.trim_end_matches('.')) }
}

/// That an account lists no addendum, and what it lists in its place.
fn none_found(listed: &[&AgreementFacts], own: &[&AgreementFacts], alone_or_unknown: bool) -> String {
    let mut words = String::from(
        "AWS Artifact listed no Business Associate Addendum for this account. One signed elsewhere must be \
         filed.",
    );
    if let Some(a) = own.first() {
        words.push_str(&format!(" \"{}\" is listed, with effect from {} only.", a.name, a.effective_start));
    } else if let Some(a) = listed.iter().find(|a| is_hcls(&a.name)) {
        words.push_str(&format!(" \"{}\" is listed, which is another addendum.", a.name));
    }
    if alone_or_unknown {
        words.push_str(
            " Whether the account is a member of an organization is not in the evidence; if it is, its \
             management account may hold one.",
        );
    }
    words
}

/// AWS Artifact was not asked, or its answer tells nothing.
fn unusable(line: &Coverage) -> (BaaState, String, String) {
    let (short, long) = match line.state {
        State::NotCollected => ("AWS Artifact was not asked", "AWS Artifact was not asked in this account"),
        State::Read | State::Empty | State::Absent | State::Denied | State::Failed => {
            ("AWS Artifact gave no usable answer", "AWS Artifact gave no usable answer")
        }
        State::NotRecorded | State::Unreadable | State::Stale => {
            ("AWS Artifact's answer could not be used", "AWS Artifact's answer could not be used")
        }
    };
    (
        BaaState::Unknown,
        short.into(),
        format!("{long} ({SOURCE}{}), so nothing is known.", because(&line.detail)),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINE: &str = "111122223333";
    const HEAD: &str = "123456789012";

    fn agreement(seen_in: &str, name: &str, state: &str, end: Option<&str>) -> AgreementFacts {
        AgreementFacts {
            name: name.into(),
            id: "customer-agreement-0000000000000001".into(),
            account: seen_in.into(),
            seen_in: seen_in.into(),
            organization: false,
            organization_arn: None,
            agreement_arn: None,
            state: state.into(),
            effective_start: "2025-01-01".into(),
            effective_end: end.map(str::to_string),
            artifact: "data/a.json".into(),
        }
    }

    fn asked(state: State) -> Coverage {
        Coverage {
            account: MINE.into(),
            region: "aws-global".into(),
            source: SOURCE.into(),
            state,
            expected: 1,
            read: 0,
            detail: String::new(),
        }
    }

    fn state(
        agreements: &[AgreementFacts],
        coverage: &[Coverage],
        places: &[(&str, Option<&str>)],
        pinned: &[String],
    ) -> BaaFacts {
        let place = |m: &Option<&str>| InOrganization {
            management: m.map(str::to_string),
            organization_arn: "arn:aws:organizations::o".into(),
        };
        let known = BaaEvidence {
            accounts: BTreeSet::from([MINE.to_string()]),
            agreements,
            coverage,
            places: places.iter().map(|(a, m)| (a.to_string(), place(m))).collect(),
            pinned,
            today: "2026-09-30",
        };
        states(&known).remove(0)
    }

    const BAA: &str = "AWS Business Associate Addendum";

    #[test]
    fn in_force_only_between_its_dates_and_by_its_name() {
        let read = [asked(State::Read)];
        let of = |a: AgreementFacts| state(&[a], &read, &[(MINE, None)], &[]).state;
        assert_eq!(of(agreement(MINE, BAA, "ACTIVE", None)), BaaState::InForce);
        assert_eq!(of(agreement(MINE, BAA, "ACTIVE", Some("2027-01-01"))), BaaState::InForce);
        assert_eq!(of(agreement(MINE, BAA, "ACTIVE", Some("2026-09-30"))), BaaState::Terminated);
        assert_eq!(of(agreement(MINE, BAA, "AWS_TERMINATED", None)), BaaState::Terminated);
        assert_eq!(
            of(agreement(MINE, "AWS Organizations HCLS BAA Addendum", "ACTIVE", None)),
            BaaState::NoneFound
        );
        assert_eq!(of(agreement(MINE, "AWS NDA", "CUSTOMER_TERMINATED", None)), BaaState::NoneFound);
        let mut late = agreement(MINE, BAA, "ACTIVE", None);
        late.effective_start = "2026-10-01".into();
        let told = state(&[late], &read, &[(MINE, None)], &[]);
        assert!(
            told.state == BaaState::NoneFound && told.words.contains("from 2026-10-01 only"),
            "{}",
            told.words
        );
        let pinned = ["Paper 7".to_string()];
        assert_eq!(
            state(&[agreement(MINE, "Paper 7", "ACTIVE", None)], &read, &[], &pinned).state,
            BaaState::InForce
        );
    }

    #[test]
    fn an_empty_list_means_what_the_account_may_see() {
        let empty = [asked(State::Empty)];
        let member = state(&[], &empty, &[(MINE, Some(HEAD))], &[]);
        assert!(
            member.state == BaaState::Unknown
                && member.words.contains("member account")
                && member.words.contains(HEAD)
        );
        assert_eq!(state(&[], &empty, &[(MINE, Some(MINE))], &[]).state, BaaState::NoneFound);
        assert_eq!(state(&[], &empty, &[(MINE, None)], &[]).state, BaaState::NoneFound);
        let untold = state(&[], &empty, &[], &[]);
        assert!(untold.state == BaaState::NoneFound && untold.words.contains("not in the evidence"));
    }

    #[test]
    fn an_organizations_agreement_holds_for_its_members_and_no_other() {
        let mut whole = agreement(HEAD, "AWS Organizations Business Associate Addendum", "ACTIVE", None);
        (whole.organization, whole.organization_arn) = (true, Some("arn:aws:organizations::o".into()));
        let empty = [asked(State::Empty)];
        let of =
            |a: &AgreementFacts| state(std::slice::from_ref(a), &empty, &[(MINE, Some(HEAD))], &[]).state;
        assert_eq!(of(&whole), BaaState::InForce);
        assert_eq!(
            state(std::slice::from_ref(&whole), &empty, &[(MINE, None)], &[]).state,
            BaaState::NoneFound
        );
        whole.organization_arn = Some("arn:aws:organizations::other".into());
        assert_eq!(of(&whole), BaaState::Unknown);
    }

    #[test]
    fn not_asked_not_answered_and_refused_differ() {
        let told: Vec<BaaFacts> =
            [&[][..], &[asked(State::Failed)], &[asked(State::NotCollected)], &[asked(State::Denied)]]
                .into_iter()
                .map(|coverage| state(&[], coverage, &[], &[]))
                .collect();
        assert_eq!(
            told.iter().map(|t| t.state).collect::<Vec<_>>(),
            [BaaState::Unknown, BaaState::Unknown, BaaState::Unknown, BaaState::Denied]
        );
        assert!(
            told[0].words.contains("not asked")
                && told[1].words.contains("no usable answer")
                && told[3].words.contains("refused")
        );
    }
}
