//! The one form that a seal's bytes have: ECDSA values with the lower of their two possible halves (SEC 1
//! section 4.1 leaves both valid, so anybody can turn one into the other), and a count of certificates that
//! is looked at before any of them is decoded.

use std::cmp::Ordering;

use crate::seal::keys::algorithm::KeyKind;
use crate::seal::keys::certificate::Certificate;

/// More certificates than any chain needs; each costs the reader time.
pub(super) const MAX_CERTIFICATES: usize = 32;

/// Orders of the curves' base points (SEC 2), big-endian.
const P256: [u8; 32] = [
    0xff, 0xff, 0xff, 0xff, 0x00, 0x00, 0x00, 0x00, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xbc,
    0xe6, 0xfa, 0xad, 0xa7, 0x17, 0x9e, 0x84, 0xf3, 0xb9, 0xca, 0xc2, 0xfc, 0x63, 0x25, 0x51,
];
const P384: [u8; 48] = [
    0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
    0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xc7, 0x63, 0x4d, 0x81, 0xf4, 0x37, 0x2d, 0xdf, 0x58, 0x1a,
    0x0d, 0xb2, 0x48, 0xb0, 0xa7, 0x7a, 0xec, 0xec, 0x19, 0x6a, 0xcc, 0xc5, 0x29, 0x73,
];

/// The same signature with the lower s, where the key is one of the curves that we sign with and it is not
/// low already.
pub(super) fn lowered(signature: &[u8], signer: &Certificate) -> Option<Vec<u8>> {
    let order: &[u8] = match signer.key_kind() {
        KeyKind::P256 => &P256,
        KeyKind::P384 => &P384,
        KeyKind::P521 | KeyKind::Rsa(_) | KeyKind::Other => return None,
    };
    let (0x30, body, []) = tlv(signature)? else { return None };
    let (0x02, r, rest) = tlv(body)? else { return None };
    let (0x02, s, []) = tlv(rest)? else { return None };
    let s = padded(s, order.len())?;
    let other = minus(order, &s);
    if compare(&s, &other) != Ordering::Greater {
        return None;
    }
    let mut body = integer(r);
    body.extend(integer(&other));
    Some(wrapped(0x30, &body))
}

/// How many certificates a CMS carries, told from the frame alone (RFC 5652 section 5.1); `None` if the frame
/// is another.
pub(super) fn certificates_inside(cms: &[u8]) -> Option<usize> {
    let (0x30, info, _) = tlv(cms)? else { return None };
    let (_, _, rest) = tlv(info)?;
    let (0xa0, content, _) = tlv(rest)? else { return None };
    let (0x30, mut signed, _) = tlv(content)? else { return None };
    for _ in 0..3 {
        signed = tlv(signed)?.2;
    }
    let (0xa0, mut set, _) = tlv(signed)? else { return Some(0) };
    let mut count = 0;
    while !set.is_empty() {
        set = tlv(set)?.2;
        count += 1;
    }
    Some(count)
}

/// Tag, content and what follows of the DER value at the beginning; tags of one byte, definite lengths.
fn tlv(bytes: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (tag, rest) = bytes.split_first()?;
    let (first, rest) = rest.split_first()?;
    let (len, rest) = match usize::from(*first) {
        short @ 0..=0x7f => (short, rest),
        long @ 0x81..=0x84 => {
            let (digits, rest) = rest.split_at_checked(long - 0x80)?;
            (digits.iter().fold(0, |sum, byte| sum << 8 | usize::from(*byte)), rest)
        }
        _ => return None,
    };
    let (content, after) = rest.split_at_checked(len)?;
    Some((*tag, content, after))
}

/// An unsigned number with exactly `len` digits.
fn padded(digits: &[u8], len: usize) -> Option<Vec<u8>> {
    let digits = &digits[digits.iter().take_while(|d| **d == 0).count()..];
    let missing = len.checked_sub(digits.len())?;
    Some([vec![0; missing], digits.to_vec()].concat())
}

fn compare(a: &[u8], b: &[u8]) -> Ordering {
    a.cmp(b)
}

/// `a - b` for numbers of the same length, the first being the greater.
fn minus(a: &[u8], b: &[u8]) -> Vec<u8> {
    let mut out = vec![0; a.len()];
    let mut borrow = 0i16;
    for at in (0..a.len()).rev() {
        let digit = i16::from(a[at]) - i16::from(b[at]) - borrow;
        borrow = i16::from(digit < 0);
        out[at] = digit.rem_euclid(256) as u8;
    }
    out
}

fn integer(digits: &[u8]) -> Vec<u8> {
    let digits =
        &digits[digits.iter().take_while(|d| **d == 0).count().min(digits.len().saturating_sub(1))..];
    let sign = digits.first().is_some_and(|d| *d >= 0x80);
    wrapped(0x02, &if sign { [&[0], digits].concat() } else { digits.to_vec() })
}

/// Shorter than 128 bytes, as every signature of these curves is.
fn wrapped(tag: u8, content: &[u8]) -> Vec<u8> {
    let len = u8::try_from(content.len()).expect("a signature of these curves is short");
    [&[tag, len], content].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_of_the_order_is_the_border() {
        let one = {
            let mut one = vec![0; 32];
            one[31] = 1;
            one
        };
        let high = minus(&P256, &one);
        assert_eq!(minus(&P256, &high), one);
        assert_eq!(compare(&high, &one), Ordering::Greater);
        assert_eq!(integer(&one), [2, 1, 1]);
        assert_eq!(integer(&high)[..4], [2, 33, 0, 0xff]);
    }

    #[test]
    fn frames_that_are_none_are_not_counted() {
        assert_eq!(certificates_inside(b""), None);
        assert_eq!(certificates_inside(&[0x30, 0x84, 0xff, 0xff, 0xff, 0xff]), None);
    }
}
