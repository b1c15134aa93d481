//! What rules of a security group, or entries of a network ACL, open further than to known addresses: alone,
//! together, or not known.

use rusqlite::types::Value;

use super::source_row::{Line, PortRule, SourceRow, has_ports, union, words};
use crate::model::address::{AddressReach, Addresses};

/// What stands open.
#[derive(Debug, PartialEq)]
pub(super) struct Opening {
    protocol: Option<String>,
    ports: Option<(i64, i64)>,
    reach: AddressReach,
    sources: String,
}

impl Opening {
    pub(super) fn values(self) -> Line {
        let port = |port: Option<i64>| port.map_or(Value::Null, Value::Integer);
        vec![
            self.protocol.map_or(Value::Null, Value::Text),
            port(self.ports.map(|p| p.0)),
            port(self.ports.map(|p| p.1)),
            Value::Text(self.reach.as_str().into()),
            Value::Text(self.sources),
        ]
    }
}

/// Rules that each let the world in; those that do so together; and those of which it is not known.
pub(super) fn security_group(group: &[SourceRow]) -> Vec<Opening> {
    let mut openings = Vec::new();
    let mut rest = Vec::new();
    for given in group {
        let Some(rule) = &given.rule else { continue };
        let reach = if rule.is_unread() { AddressReach::Unknown } else { given.set.reach() };
        match reach {
            AddressReach::World | AddressReach::Unknown => openings.push(Opening {
                protocol: rule.protocol.clone(),
                ports: rule.ports,
                reach,
                sources: given.words.clone(),
            }),
            AddressReach::Bounded => {}
        }
        if reach != AddressReach::World && !rule.is_unread() && !given.set.is_empty() {
            rest.push((given, rule));
        }
    }
    let mut protocols: Vec<&str> = rest.iter().filter_map(|(_, rule)| rule.protocol.as_deref()).collect();
    protocols.sort_unstable();
    protocols.dedup();
    for protocol in protocols {
        openings.extend(together(&rest, protocol));
    }
    openings
}

/// Stretches of ports that several rules open to the world together, none of them alone.
fn together(rest: &[(&SourceRow, &PortRule)], protocol: &str) -> Vec<Opening> {
    let mut openings: Vec<Opening> = Vec::new();
    let ports: Vec<(i64, i64)> = rest.iter().filter_map(|(_, rule)| rule.ports_of(protocol)).collect();
    for (from, to) in stretches(&ports) {
        let here: Vec<&SourceRow> = rest
            .iter()
            .filter(|(_, rule)| {
                rule.ports_of(protocol).is_some_and(|(first, last)| first <= from && to <= last)
            })
            .map(|(given, _)| *given)
            .collect();
        if union(here.iter().map(|given| &given.set)).reach() != AddressReach::World {
            continue;
        }
        // every protocol together stands in a row of its own
        let own = protocol == "-1"
            || here
                .iter()
                .any(|given| given.rule.as_ref().is_some_and(|r| r.protocol.as_deref() == Some(protocol)));
        if own {
            let ports = has_ports(protocol).then_some((from, to));
            let sources = format!("{} together", words(here.into_iter(), "nobody"));
            push(
                &mut openings,
                Opening { protocol: Some(protocol.into()), ports, reach: AddressReach::World, sources },
            );
        }
    }
    openings
}

/// Adds an opening, or makes the last one longer where it differs in its ports alone.
fn push(openings: &mut Vec<Opening>, new: Opening) {
    if let (Some(last), Some((from, to))) = (openings.last_mut(), new.ports)
        && (&last.protocol, last.reach, &last.sources) == (&new.protocol, new.reach, &new.sources)
        && let Some(ports) = last.ports.as_mut().filter(|ports| ports.1 + 1 == from)
    {
        ports.1 = to;
        return;
    }
    openings.push(new);
}

/// The stretches between all ends of these ranges of ports.
fn stretches(ranges: &[(i64, i64)]) -> Vec<(i64, i64)> {
    let mut cuts: Vec<i64> = ranges.iter().flat_map(|(from, to)| [*from, to + 1]).collect();
    cuts.sort_unstable();
    cuts.dedup();
    cuts.windows(2).map(|pair| (pair[0], pair[1] - 1)).collect()
}

/// The entries in order, each deciding for the addresses that none before it named; TCP and UDP, IPv4 and
/// IPv6 apart.
pub(super) fn network_acl(group: &[SourceRow]) -> Vec<Opening> {
    let entries: Vec<(&SourceRow, &PortRule)> =
        group.iter().filter_map(|given| Some((given, given.rule.as_ref()?))).collect();
    let mut openings = Vec::new();
    for (given, rule) in entries.iter().filter(|(_, rule)| rule.is_unread() || rule.allows.is_none()) {
        let sources = given.words.clone();
        openings.push(Opening {
            protocol: rule.protocol.clone(),
            ports: rule.ports,
            reach: AddressReach::Unknown,
            sources,
        });
    }
    // what was not read in full may be a refusal that comes first
    let blurred = !openings.is_empty();
    for protocol in ["tcp", "udp"] {
        let ports: Vec<(i64, i64)> = entries.iter().filter_map(|(_, rule)| rule.ports_of(protocol)).collect();
        let mut families: [Vec<Opening>; 2] = Default::default();
        for (from, to) in stretches(&ports) {
            let here = entries.iter().filter(|(_, rule)| {
                rule.ports_of(protocol).is_some_and(|(first, last)| first <= from && to <= last)
            });
            for ((reach, sources), openings) in let_in(here, blurred).into_iter().zip(&mut families) {
                if reach != AddressReach::Bounded {
                    push(
                        openings,
                        Opening { protocol: Some(protocol.into()), ports: Some((from, to)), reach, sources },
                    );
                }
            }
        }
        openings.extend(families.into_iter().flatten());
    }
    openings
}

/// How far the entries that bear on a port let in, and which of them, for IPv4 and IPv6.
fn let_in<'a>(
    entries: impl Iterator<Item = &'a (&'a SourceRow, &'a PortRule)>,
    mut blurred: bool,
) -> [(AddressReach, String); 2] {
    let (mut decided, mut open) = (Addresses::default(), Addresses::default());
    let mut doors: [Vec<&SourceRow>; 2] = Default::default();
    for (given, rule) in entries {
        let left = given.set.minus(&decided);
        match rule.allows {
            Some(true) => {
                for (family, doors) in left.clone().families().into_iter().zip(&mut doors) {
                    if !family.is_empty() {
                        doors.push(given);
                    }
                }
                open.union(&left);
            }
            // a refusal of what is not known may refuse what a later entry lets in
            Some(false) => blurred |= given.set.reach() == AddressReach::Unknown,
            None => {}
        }
        decided.union(&given.set);
    }
    let mut reaches =
        open.families().map(|family| family.reach()).into_iter().zip(doors).map(|(reach, doors)| {
            let reach = if blurred && reach == AddressReach::World { AddressReach::Unknown } else { reach };
            (reach, words(doors.into_iter(), "nobody"))
        });
    // two families, always
    std::array::from_fn(|_| reaches.next().unwrap_or((AddressReach::Bounded, String::new())))
}
