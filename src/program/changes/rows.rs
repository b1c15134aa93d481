//! The rows of one check, then and now: what became of each.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::assessment::CheckResult;
use crate::model::changes::{Class, ComparedSide, RowChange};
use crate::model::decisions::matches_pattern;
use crate::model::verdict::Verdict;

/// Resource, account, region.
pub type Key<'a> = (&'a str, &'a str, &'a str);

/// The worst verdict of a resource by a check, with the reasons for it.
#[derive(Debug, Default)]
struct State<'a> {
    verdict: Option<Verdict>,
    reasons: BTreeSet<&'a str>,
}

impl State<'_> {
    fn words(&self) -> String {
        self.reasons.iter().copied().collect::<Vec<_>>().join("; ")
    }
}

fn states(check: &CheckResult) -> BTreeMap<Key<'_>, State<'_>> {
    let mut states: BTreeMap<Key<'_>, State<'_>> = BTreeMap::new();
    for row in &check.rows {
        let state = states.entry((&row.resource, &row.account, &row.region)).or_default();
        match state.verdict.map(|v| row.verdict.cmp(&v)) {
            None | Some(std::cmp::Ordering::Less) => {
                state.verdict = Some(row.verdict);
                state.reasons = BTreeSet::from([row.reason.as_str()]);
            }
            Some(std::cmp::Ordering::Equal) => drop(state.reasons.insert(&row.reason)),
            Some(std::cmp::Ordering::Greater) => {}
        }
    }
    states
}

/// One check in both assessments.
pub struct RowPair<'a> {
    pub old: &'a CheckResult,
    pub new: &'a CheckResult,
    pub before: &'a ComparedSide,
    pub now: &'a ComparedSide,
}

impl RowPair<'_> {
    /// Rows of which something changed, worst first.
    pub fn changes(&self) -> Vec<RowChange> {
        let (old, new) = (states(self.old), states(self.new));
        let none = State::default();
        let keys: BTreeSet<Key<'_>> = old.keys().chain(new.keys()).copied().collect();
        let mut changes: Vec<RowChange> = Vec::new();
        for key in keys {
            let (a, b) = (old.get(&key).unwrap_or(&none), new.get(&key).unwrap_or(&none));
            let Some((class, why)) = self.class(key, a, b) else { continue };
            changes.push(RowChange {
                class,
                resource: key.0.into(),
                account: key.1.into(),
                region: key.2.into(),
                old: a.verdict,
                new: b.verdict,
                reason_old: a.words(),
                reason_new: b.words(),
                why,
                causes: Vec::new(),
                causes_words: String::new(),
            });
        }
        changes.sort_by(|a, b| {
            (a.class, &a.resource, &a.account, &a.region).cmp(&(b.class, &b.resource, &b.account, &b.region))
        });
        changes
    }

    fn class(&self, key: Key<'_>, old: &State<'_>, new: &State<'_>) -> Option<(Class, String)> {
        use Verdict::{Accepted, Attested, Met, NotApplicable, NotEvidenced, NotMet};
        let plain = |class| Some((class, String::new()));
        let open = |why: &str| Some((Class::NotComparable, why.to_string()));
        match (old.verdict, new.verdict) {
            (None, None) => None,
            (Some(NotMet), Some(NotMet)) if old.reasons != new.reasons => plain(Class::Drifted),
            (Some(a), Some(b)) if a == b => None,
            (Some(_), Some(NotEvidenced)) => open("its evidence is missing now"),
            (Some(NotEvidenced), Some(_)) => open("its evidence was missing then"),
            (Some(NotMet), Some(Accepted)) => {
                Some((Class::Accepted, self.exception(key.0, &self.now.terms.exceptions)))
            }
            (Some(Met | Attested | NotApplicable), Some(Accepted)) => Some((
                Class::Accepted,
                format!("it was fulfilled; {}", self.exception(key.0, &self.now.terms.exceptions)),
            )),
            (Some(Accepted), Some(NotMet)) => Some((Class::Expired, self.ended(key.0))),
            (Some(NotMet | Accepted), Some(Met | Attested)) => plain(Class::Fixed),
            (Some(NotMet | Accepted), Some(NotApplicable)) => {
                Some((Class::Gone, "the check does not apply to it any more".into()))
            }
            (Some(Met | Attested | NotApplicable), Some(NotMet)) => plain(Class::Regressed),
            (Some(_), Some(_)) => None,
            (None, Some(verdict)) => self.appeared(key, verdict),
            (Some(verdict), None) => self.vanished(key, verdict),
        }
    }

    fn appeared(&self, key: Key<'_>, verdict: Verdict) -> Option<(Class, String)> {
        match verdict {
            // what was not read is told with the coverage; nothing was known of it then either
            Verdict::Met | Verdict::Attested | Verdict::NotApplicable | Verdict::NotEvidenced => return None,
            Verdict::NotMet | Verdict::Accepted => {}
        }
        if let Some(place) = outside(key, &self.before.terms.accounts, &self.before.terms.regions) {
            return Some((Class::NotComparable, format!("{place} was not read then")));
        }
        if self.before.terms.excluded.iter().any(|p| matches_pattern(p, key.0)) {
            return Some((Class::NotComparable, "an exclusion had taken it out of scope then".into()));
        }
        // a list that was cut holds the worst rows: whoever is not in it was not worse
        let listed = item(self.before, key);
        match (cut(self.old), listed, verdict) {
            (true, true, Verdict::NotMet) => Some((Class::Regressed, String::new())),
            (_, _, Verdict::Accepted) => {
                Some((Class::Accepted, self.exception(key.0, &self.now.terms.exceptions)))
            }
            (_, true, _) => {
                Some((Class::New, "the resource was there and was not judged by this check".into()))
            }
            (_, false, _) if gap_at(self.old, key) => {
                Some((Class::New, "evidence had gaps then: it may have been there".into()))
            }
            (_, false, _) => Some((Class::New, String::new())),
        }
    }

    fn vanished(&self, key: Key<'_>, verdict: Verdict) -> Option<(Class, String)> {
        match verdict {
            Verdict::Met | Verdict::Attested | Verdict::NotApplicable | Verdict::NotEvidenced => return None,
            Verdict::NotMet | Verdict::Accepted => {}
        }
        if let Some(place) = outside(key, &self.now.terms.accounts, &self.now.terms.regions) {
            return Some((Class::NotComparable, format!("{place} is not read now")));
        }
        if self.now.terms.excluded.iter().any(|p| matches_pattern(p, key.0)) {
            return Some((Class::NotComparable, "an exclusion takes it out of scope now".into()));
        }
        match (item(self.now, key), cut(self.new), gap_at(self.new, key)) {
            (true, true, _) => {
                Some((Class::Fixed, "it is not among the rows that are not met any more".into()))
            }
            (true, false, _) => {
                Some((Class::Gone, "the resource is there; the check does not judge it any more".into()))
            }
            (false, _, true) => {
                Some((Class::NotComparable, "evidence has gaps now: whether it is gone is not known".into()))
            }
            (false, _, false) => Some((Class::Gone, String::new())),
        }
    }

    fn exception(&self, resource: &str, terms: &[crate::model::changes::ExceptionTerm]) -> String {
        let of = terms.iter().filter(|e| e.check == self.new.id && matches_pattern(&e.resource, resource));
        of.map(|e| format!("an exception covers it until {}", e.expires)).next_back().unwrap_or_default()
    }

    /// Why an acceptance does not hold any more.
    fn ended(&self, resource: &str) -> String {
        let day = self.now.assessment.as_of.get(..10).unwrap_or_default();
        let of = |e: &&crate::model::changes::ExceptionTerm| {
            e.check == self.new.id && matches_pattern(&e.resource, resource)
        };
        let known =
            self.now.terms.exceptions.iter().filter(of).chain(self.before.terms.exceptions.iter().filter(of));
        match known.map(|e| e.expires.as_str()).max() {
            Some(expires) if expires < day => format!("the exception expired on {expires}"),
            Some(_) => "the exception was taken back or does not cover it any more".into(),
            None => "no exception covers it any more".into(),
        }
    }
}

/// Whether rows were left out of an assessment's list.
fn cut(check: &CheckResult) -> bool {
    check.rows_total > check.rows.len() as u64
}

/// How many gaps of a check an assessment names; where it names as many, there may be more.
const GAPS: usize = 40;

/// Whether evidence of a check is missing in the account and region of a row.
fn gap_at(check: &CheckResult, key: Key<'_>) -> bool {
    let (_, account, region) = key;
    let nowhere = account.is_empty() || region.is_empty();
    let here = [format!("{account} {region}:"), format!("{account}:"), "account unknown:".to_string()];
    check.gaps.len() >= GAPS
        || check.gaps.iter().any(|gap| nowhere || here.iter().any(|h| gap.starts_with(h.as_str())))
}

fn item(judged: &ComparedSide, key: Key<'_>) -> bool {
    judged.items.iter().any(|i| (i.resource.as_str(), i.account.as_str(), i.region.as_str()) == key)
}

/// The account or region of a row that a run did not read; what has no place of its own is read everywhere.
fn outside(key: Key<'_>, accounts: &[String], regions: &[String]) -> Option<String> {
    let (_, account, region) = key;
    let number = account.len() == 12 && account.bytes().all(|b| b.is_ascii_digit());
    if number && !accounts.iter().any(|a| a == account) {
        return Some(format!("account {account}"));
    }
    let named = !region.is_empty() && !region.contains("global");
    (named && !regions.iter().any(|r| r == region)).then(|| format!("region {region}"))
}
