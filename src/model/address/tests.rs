//! Tests of the file above.

use proptest::prelude::*;

use super::*;

#[test]
fn the_world_in_every_spelling() {
    let world: [&[&str]; 10] = [
        &["0.0.0.0/0"],
        &["::/0"],
        &["0.0.0.0/1", "128.0.0.0/1"],
        &["128.0.0.0/1"],
        &["::/1", "8000::/1"],
        &["2000::/3"],
        &["8.0.0.0/8", "9.0.0.0/8"],
        &["2600::/12"],
        &["not a range", "0.0.0.0/0"],
        &["::ffff:0:0/96"],
    ];
    for ranges in world {
        assert_eq!(reach(ranges), AddressReach::World, "{ranges:?}");
    }
}

#[test]
fn what_is_known_is_bounded() {
    let bounded: [&[&str]; 9] = [
        &[],
        &["203.0.113.7"],
        &["8.0.0.0/8"],
        &["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10"],
        &["fc00::/7", "fe80::/10"],
        &["2001:db8::/32"],
        &["8.8.8.0/24", "8.8.8.0/24", "8.0.0.0/8"],
        &["224.0.0.0/3"],
        &["198.51.100.9/24"],
    ];
    for ranges in bounded {
        assert_eq!(reach(ranges), AddressReach::Bounded, "{ranges:?}");
    }
}

#[test]
fn what_is_no_range_is_unknown() {
    for text in [
        "",
        "pl-0123456789abcdef0",
        "0.0.0.0/33",
        "::/129",
        "0.0.0.0/+1",
        "0.0.0.0/",
        "10.0.0.0/8/8",
        "1.2.3",
        "1.2.3.*",
    ] {
        assert_eq!(reach([text]), AddressReach::Unknown, "{text}");
    }
}

fn v4() -> impl Strategy<Value = (u32, u32)> {
    (any::<u32>(), 0u32..=32)
}

fn text((address, bits): &(u32, u32)) -> String {
    format!("{}/{bits}", Ipv4Addr::from_bits(*address))
}

/// Whether an address lies in a range, by its bits and nothing else.
fn within(address: u32, (net, bits): (u32, u32)) -> bool {
    let mask = u32::MAX.checked_shl(32 - bits).unwrap_or(0);
    address & mask == net & mask
}

fn holds(set: &Addresses, address: u32) -> bool {
    set.covers(&Ipv4Addr::from_bits(address).to_string())
}

proptest! {
    #[test]
    fn sets_hold_what_their_ranges_hold(
        a in prop::collection::vec(v4(), 0..8), b in prop::collection::vec(v4(), 0..8),
        near in prop::collection::vec((any::<prop::sample::Index>(), 0u32..4), 1..40),
    ) {
        let (left, right): (Addresses, Addresses) =
            (a.iter().map(text).collect(), b.iter().map(text).collect());
        let mut both = left.clone();
        both.union(&right);
        let (minus, meet, other) = (left.minus(&right), left.intersection(&right), left.complement());
        let ends: Vec<u32> = a.iter().chain(&b).flat_map(|(net, bits)| {
            let mask = u32::MAX.checked_shl(32 - bits).unwrap_or(0);
            [net & mask, net | !mask]
        }).chain([0, u32::MAX]).collect();
        for (index, step) in near {
            let at = index.get(&ends).wrapping_add(step).wrapping_sub(2);
            let (l, r) = (a.iter().any(|x| within(at, *x)), b.iter().any(|x| within(at, *x)));
            prop_assert_eq!(holds(&left, at), l);
            prop_assert_eq!(holds(&both, at), l || r);
            prop_assert_eq!(holds(&minus, at), l && !r);
            prop_assert_eq!(holds(&meet, at), l && r);
            prop_assert_eq!(holds(&other, at), !l);
        }
    }

    #[test]
    fn no_spelling_changes_the_reach(
        address in any::<u128>(), bits in 0u32..=126, v6 in any::<bool>(), swap in any::<bool>(),
    ) {
        let half = |bits: u32, set: u128| if v6 {
            format!(
                "{}/{bits}",
                Ipv6Addr::from_bits(address & !(1 << (127 - (bits - 1))) | set << (127 - (bits - 1)))
            )
        } else {
            let address = (address >> 96) as u32;
            format!(
                "{}/{bits}",
                Ipv4Addr::from_bits(
                    address & !(1 << (31 - (bits - 1))) | (set as u32) << (31 - (bits - 1))
                )
            )
        };
        let bits = if v6 { bits } else { bits % 31 };
        let whole = if v6 {
            format!("{}/{bits}", Ipv6Addr::from_bits(address))
        } else {
            format!("{}/{bits}", Ipv4Addr::from_bits((address >> 96) as u32))
        };
        let mut halves = [half(bits + 1, 0), half(bits + 1, 1)];
        if swap {
            halves.reverse();
        }
        prop_assert_eq!(reach([&whole]), reach(&halves));
        let (one, two): (Addresses, Addresses) =
            ([&whole].into_iter().collect(), halves.iter().collect());
        prop_assert_eq!(one, two);
    }

    #[test]
    fn more_ranges_never_reach_less(a in prop::collection::vec(v4(), 0..12), more in v4()) {
        let before = reach(a.iter().map(text));
        let after = reach(a.iter().chain([&more]).map(text));
        prop_assert!(after >= before, "{:?} {:?}", before, after);
    }

    #[test]
    fn no_text_is_fatal(
        text in "\\PC{0,24}", ranges in prop::collection::vec("[0-9a-f:./]{0,20}", 0..6),
    ) {
        reach([text]);
        let set: Addresses = ranges.iter().collect();
        prop_assert!(set.minus(&set).v4.0.is_empty() && set.minus(&set).v6.0.is_empty());
    }
}
