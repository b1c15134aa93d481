//! Saved evidence against what it says of itself. Items of AWS Config against its own saved counts: with all
//! that it counts read, a type without items is empty, as after `collect --aws`; what is short is a gap of
//! its type. Saved answers against the lists that name what they are about: what a list names and no answer
//! is about is a gap of the operation that would tell.

use std::collections::BTreeSet;

use super::seen::{LostEvidence, Seen};
use crate::model::catalog::Catalog;
use crate::model::decisions::Decisions;
use crate::model::run::State;

const COUNTS: &str = "config:GetDiscoveredResourceCounts";

/// Settles every account and region whose counts were saved whole.
pub fn settle(seen: &mut Seen, catalog: &Catalog) {
    let counted = std::mem::take(&mut seen.counted);
    for ((account, region), counts) in counted {
        let answers = seen.responses.get(&(account.clone(), region.clone(), COUNTS.to_string()));
        if answers.is_none_or(|all| all.iter().any(|(state, _)| state.is_gap())) {
            continue;
        }
        for (name, expected) in counts {
            let everywhere = catalog.homes.is_global(&name);
            let here = |a: &str, r: &str, t: &str| a == account && t == name && (everywhere || r == region);
            let read: u64 =
                seen.types.iter().filter(|((a, r, t), _)| here(a, r, t)).map(|(_, tally)| tally.live).sum();
            if read < expected {
                seen.faults.push(LostEvidence {
                    account: account.clone(),
                    region: region.clone(),
                    source: name,
                    file: "AWS Config".into(),
                    what: format!("{expected} counted and {read} read"),
                    state: State::Failed,
                });
            }
        }
        seen.whole.insert((account, region));
    }
}

/// Settles every operation of which there are answers, and fewer than saved lists name, or than there are
/// resources whose part it tells. Where there is none at all, or an answer is a gap already, coverage says so
/// by itself; an item of AWS Config says all that parts would, and what lies out of scope is not missed.
pub fn settle_lists(seen: &mut Seen, decisions: &Decisions) {
    let mut called_for = std::mem::take(&mut seen.called_for);
    for ((account, region, name), parts) in std::mem::take(&mut seen.called_for_parts) {
        if decisions.workspace.is_beyond(&region) {
            continue;
        }
        let is_item = |kind: &String| {
            let place = (account.clone(), region.clone(), kind.clone());
            seen.types.get(&place).is_some_and(|tally| tally.live > 0)
        };
        let values: BTreeSet<String> =
            parts.into_iter().filter(|(kind, _)| !is_item(kind)).map(|(_, value)| value).collect();
        called_for.entry((account, region, name)).or_default().extend(values);
    }
    for (place, values) in called_for {
        let about = seen.answered.get(&place).map_or(0, |keys| keys.len());
        let Some(answers) = seen.responses.get_mut(&place) else { continue };
        let missing = values.len().saturating_sub(about);
        if missing > 0 && !answers.iter().any(|(state, _)| state.is_gap()) {
            let words = format!("saved lists name {}, saved answers tell of {about}", values.len());
            answers.extend(vec![(State::NotCollected, words); missing]);
        }
    }
    seen.answered.clear();
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::collect::seen::Tally;

    fn settled(state: State, live: u64) -> Seen {
        let place = ("111122223333".to_string(), "us-east-1".to_string());
        let mut seen = Seen::default();
        seen.counted.entry(place.clone()).or_default().insert("AWS::S3::Bucket".into(), 2);
        seen.responses
            .insert((place.0.clone(), place.1.clone(), COUNTS.into()), vec![(state, String::new())]);
        seen.types.insert((place.0, place.1, "AWS::S3::Bucket".into()), Tally { live, ..Tally::default() });
        settle(&mut seen, &crate::catalog::load(None).expect("our own catalog"));
        seen
    }

    #[test]
    fn items_are_whole_only_with_whole_counts_and_what_is_short_is_a_gap() {
        let all = settled(State::Read, 2);
        assert!(all.whole.len() == 1 && all.faults.is_empty());
        let short = settled(State::Read, 1);
        assert!(
            short.whole.len() == 1 && short.faults.len() == 1 && short.faults[0].source == "AWS::S3::Bucket"
        );
        assert!(settled(State::Failed, 2).whole.is_empty());
    }

    #[test]
    fn what_a_saved_list_names_and_no_answer_is_about_is_a_gap() {
        let place = || ("111122223333".to_string(), "us-east-1".to_string(), "kms:DescribeKey".to_string());
        let left = |keys: &[&str], states: Vec<(State, String)>| {
            let mut seen = Seen::default();
            seen.called_for.insert(place(), ["a", "b", "c"].map(String::from).into());
            seen.answered.insert(place(), keys.iter().map(|key| key.to_string()).collect());
            seen.responses.insert(place(), states);
            settle_lists(&mut seen, &Decisions::default());
            seen.responses.remove(&place()).expect("its answers")
        };
        let read = || (State::Read, String::new());
        let short = left(&["a"], vec![read()]);
        assert_eq!(short.iter().filter(|(state, _)| *state == State::NotCollected).count(), 2);
        assert_eq!(short[1].1, "saved lists name 3, saved answers tell of 1");
        assert_eq!(left(&["a", "b", "c"], vec![read(), read(), read()]).len(), 3);
        assert_eq!(left(&["a"], vec![(State::Denied, "AccessDenied".into())]).len(), 1);
    }

    #[test]
    fn a_part_that_no_answer_tells_is_a_gap_unless_an_item_tells_it_or_its_region_is_out_of_scope() {
        let place = |last: &str| ("111122223333".to_string(), "us-west-2".to_string(), last.to_string());
        let (operation, kind) = ("kms:GetKeyRotationStatus", "AWS::KMS::Key");
        let left = |regions: &[&str], items: u64| {
            let mut seen = Seen::default();
            let called = ["a", "b"].map(|key| (kind.to_string(), key.to_string()));
            seen.called_for_parts.insert(place(operation), called.into());
            seen.answered.insert(place(operation), ["a".to_string()].into());
            seen.responses.insert(place(operation), vec![(State::Read, String::new())]);
            seen.types.insert(place(kind), Tally { live: items, ..Tally::default() });
            let mut decisions = Decisions::default();
            decisions.workspace.regions = regions.iter().map(|region| region.to_string()).collect();
            settle_lists(&mut seen, &decisions);
            let states = &seen.responses[&place(operation)];
            states.iter().filter(|(state, _)| *state == State::NotCollected).count()
        };
        assert_eq!(left(&["us-west-2"], 0), 1);
        assert_eq!(left(&["us-west-2"], 2), 0);
        assert_eq!(left(&["us-east-1"], 0), 0);
    }
}
