//! The pseudonym of an original under the key of an audience: a kind and ten hexadecimal digits of an HMAC.
//! Visibly false, the same for the same original, another for another audience.

use std::cell::RefCell;
use std::collections::BTreeMap;

use zeroize::Zeroizing;

use crate::model::digest::keyed;
use crate::model::dossier::Removal;

/// What is mixed into every pseudonym beside the original.
const PURPOSE: &[u8] = b"affiant/name/v1\0";
/// Hexadecimal digits of a pseudonym, unless two originals would share it.
const DIGITS: usize = 10;

/// The secret of one audience. Whoever holds it can link a pseudonym to a guessed original.
pub struct AudienceKey(Zeroizing<[u8; 32]>);

impl AudienceKey {
    pub fn new(bytes: [u8; 32]) -> AudienceKey {
        AudienceKey(Zeroizing::new(bytes))
    }

    /// 64 hexadecimal digits, as the file holds them.
    pub fn parse(text: &str) -> Option<AudienceKey> {
        let digest: crate::model::digest::Digest = text.trim().parse().ok()?;
        Some(AudienceKey::new(*digest.as_bytes()))
    }

    /// The same key once more.
    pub fn again(&self) -> AudienceKey {
        AudienceKey(self.0.clone())
    }

    pub fn bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

/// What kind of thing a pseudonym stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Original {
    Account,
    Address,
    Digest,
    Host,
    Id,
    Mail,
    Name,
    Person,
    Phone,
    Reference,
}

impl Original {
    pub const ALL: [Original; 10] = [
        Original::Account,
        Original::Address,
        Original::Digest,
        Original::Host,
        Original::Id,
        Original::Mail,
        Original::Name,
        Original::Person,
        Original::Phone,
        Original::Reference,
    ];

    pub fn prefix(self) -> &'static str {
        match self {
            Original::Account => "acct",
            Original::Address => "addr",
            Original::Digest => "digest",
            Original::Host => "host",
            Original::Id => "id",
            Original::Mail => "mail",
            Original::Name => "name",
            Original::Person => "person",
            Original::Phone => "phone",
            Original::Reference => "ref",
        }
    }

    pub fn words(self) -> &'static str {
        match self {
            Original::Account => "account numbers",
            Original::Address => "IP addresses and ranges",
            Original::Digest => "digests that lead to the original",
            Original::Host => "host and domain names",
            Original::Id => "resource and key identifiers",
            Original::Mail => "e-mail addresses",
            Original::Name => "names of resources, tags and the like",
            Original::Person => "people",
            Original::Phone => "telephone numbers",
            Original::Reference => "ids of runs, packages, risks and incidents",
        }
    }
}

/// Gives pseudonyms and counts them.
pub(super) struct Tokens {
    key: AudienceKey,
    given: RefCell<BTreeMap<String, (Original, String)>>,
    holders: RefCell<BTreeMap<String, String>>,
    places: RefCell<BTreeMap<Original, u64>>,
}

impl Tokens {
    pub fn new(key: AudienceKey) -> Tokens {
        Tokens { key, given: RefCell::default(), holders: RefCell::default(), places: RefCell::default() }
    }

    /// The pseudonym of `original`; what it was first taken for decides on its prefix.
    pub fn token(&self, kind: Original, original: &str) -> String {
        if let Some((kind, token)) = self.given.borrow().get(original) {
            *self.places.borrow_mut().entry(*kind).or_default() += 1;
            return token.clone();
        }
        let digest = keyed(self.key.bytes(), &[PURPOSE, original.as_bytes()]).to_string();
        let mut digits = DIGITS;
        let token = loop {
            let token = format!("{}-{}", kind.prefix(), &digest[..digits]);
            let free = self.holders.borrow().get(&token).is_none_or(|holder| holder == original);
            if free || digits + 2 > digest.len() {
                break token;
            }
            digits += 2;
        };
        self.holders.borrow_mut().insert(token.clone(), original.to_string());
        self.given.borrow_mut().insert(original.to_string(), (kind, token.clone()));
        *self.places.borrow_mut().entry(kind).or_default() += 1;
        token
    }

    pub fn removals(&self) -> Vec<Removal> {
        let (given, places) = (self.given.borrow(), self.places.borrow());
        let originals = |kind| given.values().filter(|(k, _)| *k == kind).count() as u64;
        let all = Original::ALL.into_iter().filter_map(|kind| Some((kind, *places.get(&kind)?)));
        all.map(|(kind, places)| Removal {
            kind: kind.prefix().into(),
            what: kind.words().into(),
            places,
            originals: originals(kind),
        })
        .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tokens(byte: u8) -> Tokens {
        Tokens::new(AudienceKey::new([byte; 32]))
    }

    #[test]
    fn one_original_has_one_pseudonym_for_an_audience_and_another_for_another() {
        let (one, two) = (tokens(1), tokens(2));
        let first = one.token(Original::Account, "111122223333");
        assert_eq!(first, one.token(Original::Account, "111122223333"));
        assert_eq!(first, one.token(Original::Name, "111122223333"), "what it was first taken for decides");
        assert_ne!(first, two.token(Original::Account, "111122223333"));
        assert!(first.starts_with("acct-") && first.len() == 15, "{first}");
        let counted = one.removals();
        assert_eq!((counted.len(), counted[0].places, counted[0].originals), (1, 3, 1));
    }

    #[test]
    fn two_originals_never_share_a_pseudonym() {
        let tokens = tokens(3);
        let taken = format!("name-{}", &keyed(&[3; 32], &[PURPOSE, b"a"]).to_string()[..DIGITS]);
        tokens.holders.borrow_mut().insert(taken.clone(), "another".into());
        assert_eq!(tokens.token(Original::Name, "a").len(), taken.len() + 2);
    }
}
