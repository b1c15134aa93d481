//! SHA-256, the only hash of the product's own formats. Which implementation computes it is decided in this
//! file alone: the `sha2` crate for bytes at hand, aws-lc for streams, which is faster by half on processors
//! without SHA instructions. A test holds them against each other.

use std::fmt;
use std::io::{self, Read, Write};
use std::str::FromStr;

use aws_lc_rs::{digest as streaming, hmac};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use sha2::{Digest as _, Sha256};

/// A SHA-256 digest (FIPS 180-4), written as 64 lower-case hexadecimal characters.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Digest([u8; 32]);

/// What identifies the content of a file: its digest and its length in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fixity {
    pub digest: Digest,
    pub len: u64,
}

/// Bytes go in by [`Write`], a [`Fixity`] comes out. Memory does not grow with the input.
pub struct Hasher {
    state: streaming::Context,
    len: u64,
}

impl Default for Hasher {
    fn default() -> Hasher {
        Hasher { state: streaming::Context::new(&streaming::SHA256), len: 0 }
    }
}

/// Text that is not 64 lower-case hexadecimal characters.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("a SHA-256 digest is 64 lower-case hexadecimal characters")]
pub struct NotADigest;

impl Digest {
    pub fn of(bytes: &[u8]) -> Digest {
        Digest(Sha256::digest(bytes).into())
    }

    /// Reads to the end, 64 KiB at a time.
    pub fn of_reader(reader: &mut dyn Read) -> io::Result<Fixity> {
        let mut hasher = Hasher::default();
        copy(reader, &mut hasher)?;
        Ok(hasher.finish())
    }

    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// The first twelve characters: for people, never for comparing.
    pub fn short(&self) -> String {
        self.to_string()[..12].to_owned()
    }
}

/// HMAC-SHA-256 (RFC 2104) of the parts, one after the other.
pub fn keyed(key: &[u8], parts: &[&[u8]]) -> Digest {
    let mut state = hmac::Context::with_key(&hmac::Key::new(hmac::HMAC_SHA256, key));
    parts.iter().for_each(|part| state.update(part));
    Digest(state.sign().as_ref().try_into().expect("HMAC-SHA-256 gives 32 bytes"))
}

impl Hasher {
    pub fn finish(self) -> Fixity {
        let digest = self.state.finish().as_ref().try_into().expect("SHA-256 gives 32 bytes");
        Fixity { digest: Digest(digest), len: self.len }
    }
}

impl Write for Hasher {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.state.update(bytes);
        self.len += bytes.len() as u64;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The UUID that a name has in a namespace: RFC 9562, version 5. Its SHA-1 is what that version is made of;
/// it names things and proves nothing.
pub fn name_uuid(namespace: [u8; 16], name: &str) -> String {
    let mut state = streaming::Context::new(&streaming::SHA1_FOR_LEGACY_USE_ONLY);
    state.update(&namespace);
    state.update(name.as_bytes());
    let mut id: [u8; 16] = state.finish().as_ref()[..16].try_into().expect("SHA-1 gives 20 bytes");
    id[6] = id[6] & 0x0f | 0x50;
    id[8] = id[8] & 0x3f | 0x80;
    let hex: String = id.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..])
}

/// `io::copy` with a buffer large enough for hashing and compressing; returns the bytes copied.
pub fn copy(reader: &mut dyn Read, writer: &mut dyn Write) -> io::Result<u64> {
    let mut buffer = vec![0; 64 * 1024];
    let mut total = 0;
    loop {
        let n = match reader.read(&mut buffer) {
            Ok(0) => return Ok(total),
            Ok(n) => n,
            Err(e) if e.kind() == io::ErrorKind::Interrupted => continue,
            Err(e) => return Err(e),
        };
        writer.write_all(&buffer[..n])?;
        total += n as u64;
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Digest {
    type Err = NotADigest;

    fn from_str(text: &str) -> Result<Digest, NotADigest> {
        let nibble = |c: u8| match c {
            b'0'..=b'9' => Ok(c - b'0'),
            b'a'..=b'f' => Ok(c - b'a' + 10),
            _ => Err(NotADigest),
        };
        let text: &[u8; 64] = text.as_bytes().try_into().map_err(|_| NotADigest)?;
        let mut bytes = [0; 32];
        for (byte, pair) in bytes.iter_mut().zip(text.chunks_exact(2)) {
            *byte = nibble(pair[0])? << 4 | nibble(pair[1])?;
        }
        Ok(Digest(bytes))
    }
}

impl Serialize for Digest {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Digest {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Digest, D::Error> {
        let text = std::borrow::Cow::<str>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ABC: &str = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

    #[test]
    fn known_answer_streamed_and_at_once() {
        assert_eq!(Digest::of(b"abc").to_string(), ABC);
        let fixity = Digest::of_reader(&mut &b"abc"[..]).unwrap();
        assert_eq!((fixity.digest, fixity.len), (ABC.parse().unwrap(), 3));
        assert_eq!(fixity.digest.short(), "ba7816bf8f01");
    }

    #[test]
    fn the_keyed_digest_is_that_of_the_standard() {
        // RFC 4231, test case 2
        let expected = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843";
        assert_eq!(keyed(b"Jefe", &[b"what do ya want ", b"for nothing?"]).to_string(), expected);
    }

    #[test]
    fn both_implementations_agree() {
        for len in [0, 1, 55, 56, 63, 64, 65, 1000, 65_536, 65_537, 200_000] {
            let bytes: Vec<u8> = (0..len).map(|i: u32| (i * 31 % 251) as u8).collect();
            assert_eq!(
                Digest::of_reader(&mut bytes.as_slice()).unwrap().digest,
                Digest::of(&bytes),
                "{len} bytes"
            );
        }
    }

    #[test]
    fn the_uuid_of_a_name_is_that_of_the_standard() {
        // RFC 9562, appendix A.4
        let dns =
            [0x6b, 0xa7, 0xb8, 0x10, 0x9d, 0xad, 0x11, 0xd1, 0x80, 0xb4, 0x00, 0xc0, 0x4f, 0xd4, 0x30, 0xc8];
        assert_eq!(name_uuid(dns, "www.example.com"), "2ed6657d-e927-568b-95e1-2665a8aea6a2");
    }

    #[test]
    fn text_is_strict() {
        for wrong in ["", "ba78", &ABC.to_uppercase(), &ABC.replace('b', "g"), &format!("{ABC} ")] {
            assert_eq!(wrong.parse::<Digest>(), Err(NotADigest));
        }
        let digest: Digest = serde_json::from_str(&format!("\"{ABC}\"")).unwrap();
        assert_eq!(serde_json::to_string(&digest).unwrap(), format!("\"{ABC}\""));
    }
}
