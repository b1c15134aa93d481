//! Sets of internet addresses: read from CIDR notation, put together, taken from one another, measured. One
//! definition of *the world* for security groups, network ACLs, routes, prefix lists and conditions of
//! policies. It knows nothing of any of these.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::ops::RangeInclusive;

/// How far a set of addresses reaches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum AddressReach {
    /// No more than [`BOUND_V4`] global IPv4 and [`BOUND_V6`] global IPv6 addresses, of whatever ranges; also
    /// nobody.
    Bounded,
    /// A part of the set could not be read, and the rest alone is not the world.
    Unknown,
    /// More global addresses than either bound, in one range or in the sum of many.
    World,
}

impl AddressReach {
    pub const fn as_str(self) -> &'static str {
        match self {
            AddressReach::Bounded => "bounded",
            AddressReach::Unknown => "unknown",
            AddressReach::World => "world",
        }
    }
}

/// A /8: nobody who names more IPv4 addresses than that has named whom he knows.
pub const BOUND_V4: u128 = 1 << 24;

/// A /32, what a registry gives to one provider (RFC 6177 and the policies of the registries).
pub const BOUND_V6: u128 = 1 << 96;

/// One unbroken stretch of addresses, both ends included.
type Span = RangeInclusive<u128>;

/// IPv4 addresses that no host of the internet has (IANA IPv4 Special-Purpose Address Registry; multicast;
/// reserved).
const NOT_GLOBAL_V4: [(Ipv4Addr, u32); 13] = [
    (Ipv4Addr::new(0, 0, 0, 0), 8),
    (Ipv4Addr::new(10, 0, 0, 0), 8),
    (Ipv4Addr::new(100, 64, 0, 0), 10),
    (Ipv4Addr::new(127, 0, 0, 0), 8),
    (Ipv4Addr::new(169, 254, 0, 0), 16),
    (Ipv4Addr::new(172, 16, 0, 0), 12),
    (Ipv4Addr::new(192, 0, 2, 0), 24),
    (Ipv4Addr::new(192, 168, 0, 0), 16),
    (Ipv4Addr::new(198, 18, 0, 0), 15),
    (Ipv4Addr::new(198, 51, 100, 0), 24),
    (Ipv4Addr::new(203, 0, 113, 0), 24),
    (Ipv4Addr::new(224, 0, 0, 0), 4),
    (Ipv4Addr::new(240, 0, 0, 0), 4),
];

/// The only IPv6 addresses that are given to hosts of the internet (RFC 4291, IANA: 2000::/3).
const GLOBAL_V6: (Ipv6Addr, u32) = (Ipv6Addr::new(0x2000, 0, 0, 0, 0, 0, 0, 0), 3);

/// The reach of all these ranges together. What is no range makes it [`AddressReach::Unknown`] unless the
/// others are the world.
pub fn reach<T: AsRef<str>>(ranges: impl IntoIterator<Item = T>) -> AddressReach {
    ranges.into_iter().collect::<Addresses>().reach()
}

/// A set of addresses of both families.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Addresses {
    v4: Spans,
    v6: Spans,
    /// Whether something that belongs to the set could not be read.
    unread: bool,
}

impl Addresses {
    /// Every address of IPv4 and IPv6.
    pub fn all() -> Self {
        Addresses { v4: Spans(vec![0..=u128::from(u32::MAX)]), v6: Spans(vec![0..=u128::MAX]), unread: false }
    }

    /// Adds a range such as `192.0.2.0/24`, `2001:db8::/32`, or one address. Bits behind the prefix count for
    /// nothing, as in AWS. Gives whether it was one.
    pub fn insert(&mut self, range: &str) -> bool {
        match parse(range) {
            Some((Family::V4, span)) => self.v4.insert(span),
            Some((Family::V6, span)) => self.v6.insert(span),
            None => {
                self.unread = true;
                return false;
            }
        }
        true
    }

    /// Notes that something unknown belongs to the set.
    pub fn insert_unknown(&mut self) {
        self.unread = true;
    }

    pub fn union(&mut self, other: &Addresses) {
        other.v4.0.iter().for_each(|span| self.v4.insert(span.clone()));
        other.v6.0.iter().for_each(|span| self.v6.insert(span.clone()));
        self.unread |= other.unread;
    }

    /// What is in this set and not in the other. What the other holds and nobody knows is not taken away.
    pub fn minus(&self, other: &Addresses) -> Addresses {
        Addresses { v4: self.v4.minus(&other.v4), v6: self.v6.minus(&other.v6), unread: self.unread }
    }

    /// What is in both.
    pub fn intersection(&self, other: &Addresses) -> Addresses {
        let both = self.minus(&self.minus(other));
        Addresses { unread: (self.unread && !other.is_empty()) || (other.unread && !self.is_empty()), ..both }
    }

    /// Everything else (`NotIpAddress`); unknown in part where this is.
    pub fn complement(&self) -> Addresses {
        Addresses { unread: self.unread, ..Addresses::all().minus(self) }
    }

    /// Its IPv4 and its IPv6 part; what could not be read may belong to either.
    pub fn families(self) -> [Addresses; 2] {
        let unread = self.unread;
        [
            Addresses { v4: self.v4, v6: Spans::default(), unread },
            Addresses { v4: Spans::default(), v6: self.v6, unread },
        ]
    }

    /// Whether nobody is in it, as far as it is known.
    pub fn is_empty(&self) -> bool {
        self.v4.0.is_empty() && self.v6.0.is_empty() && !self.unread
    }

    /// Whether the range lies in the set as a whole; false for what is no range.
    pub fn covers(&self, range: &str) -> bool {
        match parse(range) {
            Some((Family::V4, span)) => self.v4.covers(&span),
            Some((Family::V6, span)) => self.v6.covers(&span),
            None => false,
        }
    }

    pub fn reach(&self) -> AddressReach {
        let private = Spans(
            NOT_GLOBAL_V4.iter().map(|(net, bits)| wide(u128::from(net.to_bits()), 32 - bits)).collect(),
        );
        let global = Spans(vec![wide(GLOBAL_V6.0.to_bits(), 128 - GLOBAL_V6.1)]);
        let v4 = self.v4.minus(&private).size();
        let v6 = self.v6.minus(&self.v6.minus(&global)).size();
        match (v4 > BOUND_V4 || v6 > BOUND_V6, self.unread) {
            (true, _) => AddressReach::World,
            (false, true) => AddressReach::Unknown,
            (false, false) => AddressReach::Bounded,
        }
    }
}

impl<T: AsRef<str>> FromIterator<T> for Addresses {
    fn from_iter<I: IntoIterator<Item = T>>(ranges: I) -> Self {
        let mut set = Addresses::default();
        for range in ranges {
            set.insert(range.as_ref());
        }
        set
    }
}

/// Stretches in order that neither touch nor overlap.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Spans(Vec<Span>);

impl Spans {
    fn insert(&mut self, new: Span) {
        let (mut first, mut last) = new.into_inner();
        let start = self.0.partition_point(|s| s.end().saturating_add(1) < first);
        let mut end = start;
        while let Some(s) = self.0.get(end).filter(|s| *s.start() <= last.saturating_add(1)) {
            (first, last) = (first.min(*s.start()), last.max(*s.end()));
            end += 1;
        }
        self.0.splice(start..end, [first..=last]);
    }

    fn minus(&self, other: &Spans) -> Spans {
        let mut left = Vec::new();
        for span in &self.0 {
            let (mut first, last) = span.clone().into_inner();
            let mut open = true;
            for hole in other.0.iter().filter(|hole| hole.end() >= span.start() && *hole.start() <= last) {
                if *hole.start() > first {
                    left.push(first..=hole.start() - 1);
                }
                match hole.end().checked_add(1).filter(|next| *next <= last) {
                    Some(next) => first = next,
                    None => open = false,
                }
            }
            if open {
                left.push(first..=last);
            }
        }
        Spans(left)
    }

    fn covers(&self, span: &Span) -> bool {
        self.0.iter().any(|s| s.start() <= span.start() && span.end() <= s.end())
    }

    /// How many addresses; the whole of IPv6 is one more than can be told.
    fn size(&self) -> u128 {
        self.0.iter().fold(0, |sum: u128, s| sum.saturating_add(s.end() - s.start()).saturating_add(1))
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Family {
    V4,
    V6,
}

/// The stretch of a range in CIDR notation, or of one address. IPv4 inside IPv6 (`::ffff:0:0/96`) is IPv4.
fn parse(range: &str) -> Option<(Family, Span)> {
    let (address, bits) = match range.trim().split_once('/') {
        Some((address, bits)) if !bits.is_empty() && bits.bytes().all(|b| b.is_ascii_digit()) => {
            (address, Some(bits.parse::<u32>().ok()?))
        }
        Some(_) => return None,
        None => (range.trim(), None),
    };
    match address.parse::<IpAddr>().ok()? {
        IpAddr::V4(address) => {
            Some((Family::V4, wide(u128::from(address.to_bits()), 32u32.checked_sub(bits.unwrap_or(32))?)))
        }
        IpAddr::V6(address) => {
            let free = 128u32.checked_sub(bits.unwrap_or(128))?;
            match address.to_ipv4_mapped().filter(|_| free <= 32) {
                Some(inner) => Some((Family::V4, wide(u128::from(inner.to_bits()), free))),
                None => Some((Family::V6, wide(address.to_bits(), free))),
            }
        }
    }
}

/// All addresses that are like `address` but for the last `free` bits.
fn wide(address: u128, free: u32) -> Span {
    let mask = 1u128.checked_shl(free).map_or(u128::MAX, |size| size - 1);
    (address & !mask)..=(address | mask)
}

#[cfg(test)]
mod tests;
