//! What AWS Config counts against what was read of it, by account, region and type.

use std::collections::BTreeMap;

use super::requests::Id;
use crate::model::run::State;

/// Compliance results are asked for by rule, as corroboration; as items they would be one for each rule and
/// resource.
pub const LEFT_OUT: [&str; 2] = ["AWS::Config::ResourceCompliance", "AWS::Config::ConformancePackCompliance"];

/// Account (by its place in the run) and region.
pub type Spot = (usize, String);

#[derive(Default)]
pub struct Ledger {
    pub expected: BTreeMap<Spot, BTreeMap<String, u64>>,
    /// Read by query.
    read: BTreeMap<Spot, BTreeMap<String, u64>>,
    /// Read by id; the ids were all of the type, so this does not add to what queries brought.
    by_id: BTreeMap<Spot, BTreeMap<String, u64>>,
    /// Ids of types that queries did not bring.
    pub ids: BTreeMap<(Spot, String), Vec<Id>>,
    /// Why a type (or, as `*`, a query) was not read.
    pub refused: BTreeMap<(Spot, String), (State, String)>,
    /// Operations that were denied, by the account asked: nobody's alarm should ring twice.
    pub stopped: BTreeMap<(usize, String), (State, String)>,
}

impl Ledger {
    pub fn add(&mut self, spot: &Spot, name: &str, n: u64, by_id: bool) {
        let ledger = if by_id { &mut self.by_id } else { &mut self.read };
        *ledger.entry(spot.clone()).or_default().entry(name.to_string()).or_default() += n;
    }

    fn read_of(&self, spot: &Spot, name: &str) -> u64 {
        let of = |ledger: &BTreeMap<Spot, BTreeMap<String, u64>>| {
            ledger.get(spot).and_then(|r| r.get(name)).copied().unwrap_or_default()
        };
        of(&self.read).max(of(&self.by_id))
    }

    /// Types of which less was read than AWS Config counts: where, which, how many it counts and how many
    /// were read.
    pub fn short(&self) -> Vec<(Spot, String, (u64, u64))> {
        let mut short = Vec::new();
        for (spot, counts) in &self.expected {
            for (name, expected) in counts.iter().filter(|(name, _)| !LEFT_OUT.contains(&name.as_str())) {
                let read = self.read_of(spot, name);
                if read < *expected {
                    short.push((spot.clone(), name.clone(), (*expected, read)));
                }
            }
        }
        short
    }

    /// Why a type of a place was not read, as far as AWS said.
    pub fn why(&self, spot: &Spot, name: &str) -> Option<(State, String)> {
        let of = |name: &str| self.refused.get(&(spot.clone(), name.to_string()));
        of(name).or_else(|| of("*")).cloned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_read_by_id_does_not_add_to_what_queries_brought() {
        let spot: Spot = (0, "us-east-1".into());
        let mut ledger = Ledger::default();
        ledger.expected.entry(spot.clone()).or_default().insert("AWS::S3::Bucket".into(), 10);
        ledger.add(&spot, "AWS::S3::Bucket", 6, false);
        ledger.add(&spot, "AWS::S3::Bucket", 8, true);
        assert_eq!(ledger.short(), [(spot.clone(), "AWS::S3::Bucket".to_string(), (10, 8))]);
        ledger.add(&spot, "AWS::S3::Bucket", 2, true);
        assert!(ledger.short().is_empty());
    }
}
