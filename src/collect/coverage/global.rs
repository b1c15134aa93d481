//! Types that have one home: what is known of them, asked there or held by a recorder.

use std::collections::BTreeSet;

use super::Place;
use crate::collect::recorder::{holds, stale};
use crate::collect::seen::Tally;
use crate::model::run::{Coverage, GLOBAL, State};

impl Place<'_> {
    /// What belongs to no region of a type that every region has, where its home is out of scope.
    pub(super) fn part_at_home(&self, source: &str, regions: &BTreeSet<String>) -> Option<Coverage> {
        let home = self.catalog.homes.in_part(source)?.region(regions.first()?)?;
        if regions.contains(home) {
            return None;
        }
        let away = format!(
            "what belongs to no region is known in {home} only, which is not among the regions in scope"
        );
        Some(match self.direct(source, home) {
            Some(line) if line.state.is_gap() => line,
            Some(line) => Coverage { detail: format!("{}; {away}", line.detail), ..line },
            None => self.line(home, source, State::NotCollected, 0, away),
        })
    }

    /// A global type is covered when it stands in the items of any region, or a recorder that holds it has
    /// none.
    pub(super) fn global_type(&self, source: &str, regions: &BTreeSet<String>) -> Coverage {
        let recorded = self.recorded_global_type(source, regions);
        let Some(line) = recorded.state.is_gap().then(|| self.direct(source, GLOBAL)).flatten() else {
            return recorded;
        };
        match self.home_out_of(source, regions) {
            Some(home) if !line.state.is_gap() => Coverage {
                detail: format!("{}; AWS Config records it in {home} only, out of scope", line.detail),
                ..line
            },
            _ => line,
        }
    }

    /// The home of a type, where it is none of these regions.
    fn home_out_of(&self, source: &str, regions: &BTreeSet<String>) -> Option<&str> {
        let home = self.catalog.homes.of(source)?.region(regions.first()?)?;
        (!regions.contains(home)).then_some(home)
    }

    fn recorded_global_type(&self, source: &str, regions: &BTreeSet<String>) -> Coverage {
        let everywhere =
            regions.iter().map(String::as_str).chain([GLOBAL]).chain(self.home_out_of(source, regions));
        let tallies: Vec<Tally> = everywhere.filter_map(|region| self.tally(region, source)).collect();
        let live = tallies.iter().map(|t| t.live).sum();
        if tallies.iter().any(|t| t.not_recorded > 0) {
            return self.line(
                GLOBAL,
                source,
                State::NotRecorded,
                live,
                "an item says that AWS Config does not record it",
            );
        }
        let key = |region: &str| (self.account.to_string(), region.to_string());
        let recorder = |region: &str| {
            self.seen.recorders.get(&key(region)).filter(|r| holds(r, &self.catalog.homes, source, region))
        };
        let keepers: Vec<&String> = regions.iter().filter(|region| recorder(region).is_some()).collect();
        let old = |region: &&String| self.seen.recorder_status.get(&key(region)).and_then(stale);
        let all_old: Option<Vec<String>> = keepers.iter().map(old).collect();
        if let Some(why) = all_old.and_then(|all| all.into_iter().next()) {
            return self.line(GLOBAL, source, State::Stale, live, why);
        }
        if live > 0 {
            return self.line(GLOBAL, source, State::Read, live, "");
        }
        if !tallies.is_empty() || keepers.iter().any(|region| self.seen.whole.contains(&key(region))) {
            return self.line(GLOBAL, source, State::Empty, 0, "");
        }
        self.line(GLOBAL, source, State::NotCollected, 0, self.why_nobody_holds(source, regions))
    }

    fn why_nobody_holds(&self, source: &str, regions: &BTreeSet<String>) -> String {
        let home = regions.first().and_then(|near| self.catalog.homes.of(source)?.region(near));
        match home {
            Some(home) if !regions.contains(home) => {
                format!("AWS Config records it in {home} only, which is not among the regions in scope")
            }
            Some(home) => {
                format!("AWS Config records it in {home} only, and no recorder there is known to hold it")
            }
            None => "no recorder is known to hold this global type".into(),
        }
    }
}
