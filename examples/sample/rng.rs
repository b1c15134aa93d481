//! Numbers that look random and are not: a seed and a label always give the same stream.
//! Knows nothing of AWS; the alphabets here are those that its identifiers use.

use sha2::{Digest, Sha256};

const HEX: &[u8] = b"0123456789abcdef";
const BASE32: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
const LOWER: &[u8] = b"abcdefghijklmnopqrstuvwxyz0123456789";
const UPPER: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";

/// xoshiro256** with a state taken from SHA-256, so that streams of different labels do not touch.
pub struct Rng([u64; 4]);

impl Rng {
    pub fn labelled(seed: u64, label: &str) -> Rng {
        let digest = Sha256::digest(format!("{seed}/{label}").as_bytes());
        let mut state = [0u64; 4];
        for (word, bytes) in state.iter_mut().zip(digest.chunks_exact(8)) {
            *word = bytes.iter().fold(0, |sum, &byte| sum << 8 | u64::from(byte));
        }
        Rng(state)
    }

    pub fn next(&mut self) -> u64 {
        let [a, b, c, d] = self.0;
        let result = b.wrapping_mul(5).rotate_left(7).wrapping_mul(9);
        let (c, d) = (c ^ a, d ^ b);
        self.0 = [a ^ d, b ^ c, c ^ (b << 17), d.rotate_left(45)];
        result
    }

    /// Less than `bound`, which is not zero. The bias of the remainder is far below what a sample shows.
    pub fn below(&mut self, bound: usize) -> usize {
        (self.next() % bound as u64) as usize
    }

    /// From `low` to `high`, both included.
    pub fn between(&mut self, low: i64, high: i64) -> i64 {
        low + (self.next() % (high - low + 1) as u64) as i64
    }

    pub fn pick<'a, T>(&mut self, choices: &'a [T]) -> &'a T {
        &choices[self.below(choices.len())]
    }

    pub fn shuffled<T>(&mut self, mut choices: Vec<T>) -> Vec<T> {
        for end in (1..choices.len()).rev() {
            let other = self.below(end + 1);
            choices.swap(end, other);
        }
        choices
    }

    pub fn hex(&mut self, length: usize) -> String {
        self.text(HEX, length)
    }

    pub fn base32(&mut self, length: usize) -> String {
        self.text(BASE32, length)
    }

    pub fn lower(&mut self, length: usize) -> String {
        self.text(LOWER, length)
    }

    pub fn upper(&mut self, length: usize) -> String {
        self.text(UPPER, length)
    }

    pub fn uuid(&mut self) -> String {
        let h = self.hex(30);
        let variant = char::from(b"89ab"[self.below(4)]);
        format!("{}-{}-4{}-{variant}{}-{}", &h[..8], &h[8..12], &h[12..15], &h[15..18], &h[18..30])
    }

    /// The EC2 family's long identifier: `vol-0` and sixteen hexadecimal digits.
    pub fn ec2(&mut self, prefix: &str) -> String {
        format!("{prefix}-0{}", self.hex(16))
    }

    fn text(&mut self, alphabet: &[u8], length: usize) -> String {
        (0..length).map(|_| char::from(alphabet[self.below(alphabet.len())])).collect()
    }
}
