//! An object of S3 as a stream: parts of a fixed size, each a request of its own that is signed and tried
//! again like any other, all of the same version. Memory is bounded by one part.

use std::io::{self, Read};

use serde_json::Value;

use crate::aws::{Ask, Kind, Refusal, Session};

/// Bytes a part.
const PART: u64 = 8 << 20;

pub struct StreamedParts<'a> {
    session: &'a Session,
    ask: Ask<'a>,
    size: u64,
    /// Bytes asked for so far.
    at: u64,
    part: Vec<u8>,
    given: usize,
    pub calls: u32,
    /// Why it broke off.
    pub refusal: Option<Refusal>,
}

impl<'a> StreamedParts<'a> {
    /// `ask` names bucket, key and version; `size` is what the listing says.
    pub fn new(session: &'a Session, ask: Ask<'a>, size: u64) -> StreamedParts<'a> {
        StreamedParts { session, ask, size, at: 0, part: Vec::new(), given: 0, calls: 0, refusal: None }
    }

    fn next(&mut self) -> Result<(), Refusal> {
        let wanted = PART.min(self.size - self.at);
        let mut ask = self.ask.clone();
        ask.members
            .insert("Range".into(), Value::from(format!("bytes={}-{}", self.at, self.at + wanted - 1)));
        self.calls += 1;
        let reply = self.session.call(&ask)?;
        if reply.body.len() as u64 != wanted {
            let words = format!("{} bytes came where {wanted} were asked for", reply.body.len());
            return Err(Refusal::ours(Kind::Transient, "answer cut short", words));
        }
        self.at += wanted;
        (self.part, self.given) = (reply.body, 0);
        Ok(())
    }
}

impl Read for StreamedParts<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        if self.given == self.part.len() {
            if self.at == self.size {
                return Ok(0);
            }
            if let Err(refusal) = self.next() {
                let words = refusal.words();
                self.refusal = Some(refusal);
                return Err(io::Error::other(words));
            }
        }
        let n = into.len().min(self.part.len() - self.given);
        into[..n].copy_from_slice(&self.part[self.given..self.given + n]);
        self.given += n;
        Ok(n)
    }
}
