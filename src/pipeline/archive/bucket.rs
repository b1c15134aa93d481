//! A bucket with Object Lock as an archive: one request for what is small, parts for what is large. What S3
//! itself says of an upload that broke off is all that going on needs: parts whose digest is that of the file
//! are not sent again.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom, Write};
use std::time::Duration;

use chrono::{DateTime, Utc};

use super::terms::{Added, BucketReach, KeptFile, LEAST_PART, PlaceFacts};
use crate::aws::{BucketAccess, LockedBucket, NO_LOCK, NewObject, Refusal, Settings, UploadedPart};
use crate::diag::Diagnostic;
use crate::model::archived::{HoldState, LockState};
use crate::model::digest::{Digest, Fixity, Hasher};
use crate::pipeline::Error;
use crate::store::tree::open_plain;

/// The most parts that an upload may have (S3's own limit).
const MOST_PARTS: u64 = 10_000;
/// Of one attempt of one request: a part may take its time on a slow line.
const CALL: Duration = Duration::from_secs(900);

/// An upload that broke off: its id, and its parts by number.
type Begun = (String, BTreeMap<i32, UploadedPart>);

pub struct BucketPlace {
    bucket: LockedBucket,
    /// `s3://bucket`, for people.
    name: String,
    /// Empty, or ends with `/`.
    prefix: String,
    part: u64,
}

impl BucketPlace {
    pub fn open(bucket: &str, prefix: &str, reach: &BucketReach) -> Result<BucketPlace, Error> {
        let settings = Settings {
            connect_timeout: Duration::from_secs(10),
            call_timeout: CALL,
            attempts: 5,
            width: 1,
            time_limit: None,
            clock: reach.clock,
        };
        let access = BucketAccess {
            profile: reach.profile.clone(),
            region: reach.region.clone(),
            owner: reach.owner.clone(),
        };
        let name = format!("s3://{bucket}");
        let opened = LockedBucket::open(bucket, &access, settings).map_err(|refusal| {
            if refusal.code == NO_LOCK {
                let problem = Diagnostic::new("AFU-058", format!("`{name}`: {}", refusal.message));
                return problem
                    .hint(
                        "make a bucket with Object Lock, as docs/src/archive.md shows; nothing was archived",
                    )
                    .into();
            }
            failed(&name, &refusal)
        })?;
        let prefix = if prefix.is_empty() { String::new() } else { format!("{prefix}/") };
        Ok(BucketPlace { bucket: opened, name, prefix, part: reach.part.max(LEAST_PART) })
    }

    pub fn address(&self, key: &str) -> String {
        format!("{}/{}{key}", self.name, self.prefix)
    }

    fn key(&self, key: &str) -> String {
        format!("{}{key}", self.prefix)
    }

    fn told<T>(&self, key: &str, outcome: Result<T, Refusal>) -> Result<T, Error> {
        outcome.map_err(|refusal| failed(&self.address(key), &refusal))
    }

    pub fn keys(&self) -> Result<BTreeMap<String, u64>, Error> {
        let found = self.told("", self.bucket.keys(&self.prefix))?;
        let inner = |(key, size): (String, u64)| Some((key.strip_prefix(&self.prefix)?.to_string(), size));
        Ok(found
            .into_iter()
            .filter_map(inner)
            .filter(|(key, _)| !key.is_empty() && !key.ends_with('/'))
            .collect())
    }

    pub fn facts(&self, key: &str) -> Result<Option<PlaceFacts>, Error> {
        let found = self.told(key, self.bucket.facts(&self.key(key)))?;
        Ok(found.map(|facts| PlaceFacts {
            size: facts.size,
            noted: facts.noted,
            lock: facts.lock,
            hold: facts.hold,
        }))
    }

    pub fn fixity(&self, key: &str) -> Result<Option<Fixity>, Error> {
        let mut hasher = Hasher::default();
        Ok(self.read(key, &mut hasher, u64::MAX)?.then(|| hasher.finish()))
    }

    pub fn bytes(&self, key: &str, limit: u64) -> Result<Option<Vec<u8>>, Error> {
        let mut bytes = Vec::new();
        Ok(self.read(key, &mut bytes, limit)?.then_some(bytes))
    }

    fn read(&self, key: &str, sink: &mut dyn Write, limit: u64) -> Result<bool, Error> {
        let full = self.key(key);
        let Some(facts) = self.told(key, self.bucket.facts(&full))? else { return Ok(false) };
        if facts.size > limit {
            let words = format!("it has {} bytes, and {limit} are read of such a file at most", facts.size);
            return Err(Error::Remote { place: self.address(key), words });
        }
        self.told(key, self.bucket.read(&full, &facts, sink)).map(|()| true)
    }

    pub fn add(
        &self,
        key: &str,
        file: &KeptFile,
        package: &str,
        until: DateTime<Utc>,
    ) -> Result<Added, Error> {
        let full = self.key(key);
        if self.told(key, self.bucket.facts(&full))?.is_some() {
            return Ok(Added::There);
        }
        let object = NewObject {
            key: &full,
            sha256: file.fixity.digest,
            content_type: file.content_type,
            package,
            until,
        };
        let mut source = open_plain(&file.path).map_err(Error::io("read", &file.path))?;
        if file.fixity.len > self.part {
            return self.in_parts(key, &object, file, &mut source);
        }
        let bytes = piece(&mut source, file, 0, file.fixity.len)?;
        let created = self.told(key, self.bucket.put(&object, bytes))?;
        Ok(if created { Added::Whole } else { Added::There })
    }

    /// Goes on with an upload of which every part is one of this file, or begins one.
    fn in_parts(
        &self,
        key: &str,
        object: &NewObject<'_>,
        file: &KeptFile,
        source: &mut File,
    ) -> Result<Added, Error> {
        let size = self.part.max(file.fixity.len.div_ceil(MOST_PARTS));
        let pieces: Vec<(u64, u64)> = (0..file.fixity.len)
            .step_by(usize::try_from(size).unwrap_or(usize::MAX))
            .map(|at| (at, size.min(file.fixity.len - at)))
            .collect();
        let (upload, held) = match self.resumable(key, object.key, file, source, &pieces)? {
            Some(found) => found,
            None => (self.told(key, self.bucket.begin(object))?, BTreeMap::new()),
        };
        let mut parts = Vec::new();
        for (number, (at, len)) in (1..).zip(&pieces) {
            parts.push(match held.get(&number) {
                Some(part) => part.clone(),
                None => {
                    let bytes = piece(source, file, *at, *len)?;
                    self.told(key, self.bucket.part(object.key, &upload, number, bytes))?
                }
            });
        }
        let created = self.told(key, self.bucket.complete(object.key, &upload, &parts))?;
        Ok(if created {
            Added::Parts { there: held.len(), sent: parts.len() - held.len() }
        } else {
            Added::There
        })
    }

    /// An upload that broke off, and its parts by number. One with a part that is not of this file is left
    /// alone: what was noted when it began may be of another file.
    fn resumable(
        &self,
        key: &str,
        full: &str,
        file: &KeptFile,
        source: &mut File,
        pieces: &[(u64, u64)],
    ) -> Result<Option<Begun>, Error> {
        for upload in self.told(key, self.bucket.unfinished(full))? {
            let parts = self.told(key, self.bucket.parts(full, &upload))?;
            let mut ours = !parts.is_empty();
            for part in &parts {
                let place = usize::try_from(part.number - 1).ok().and_then(|index| pieces.get(index));
                ours &= match (place, part.sha256) {
                    (Some((at, len)), Some(sha256)) => Digest::of(&piece(source, file, *at, *len)?) == sha256,
                    (Some(_), None) | (None, _) => false,
                };
            }
            if ours {
                return Ok(Some((upload, parts.into_iter().map(|part| (part.number, part)).collect())));
            }
        }
        Ok(None)
    }

    pub fn secure(&self, key: &str, until: DateTime<Utc>) -> Result<DateTime<Utc>, Error> {
        let full = self.key(key);
        if let Some(locked) = self.lock_of(key)?.binding().filter(|locked| *locked >= until) {
            return Ok(locked);
        }
        self.told(key, self.bucket.retain(&full, until))?;
        let lock = self.lock_of(key)?;
        match lock.binding() {
            Some(locked) if locked >= until => Ok(locked),
            Some(_) | None => {
                let words = format!("the lock that was set does not show: {}", in_words(&lock));
                Err(Error::Remote { place: self.address(key), words })
            }
        }
    }

    fn lock_of(&self, key: &str) -> Result<LockState, Error> {
        let facts = self.facts(key)?;
        Ok(facts.map_or(LockState::Absent, |facts| facts.lock))
    }

    pub fn hold(&self, key: &str, on: bool) -> Result<(), Error> {
        self.told(key, self.bucket.hold(&self.key(key), on))?;
        let wanted = if on { HoldState::On } else { HoldState::Off };
        match self.facts(key)? {
            Some(facts) if facts.hold == wanted => Ok(()),
            Some(_) | None => Err(Error::Remote {
                place: self.address(key),
                words: "the hold that was set does not show".into(),
            }),
        }
    }
}

/// A lock in words.
fn in_words(lock: &LockState) -> String {
    match lock {
        LockState::Locked { mode, until } => format!("{mode} until {}", until.format("%Y-%m-%dT%H:%M:%SZ")),
        LockState::Absent => "no lock".into(),
        LockState::Unknown { why } => format!("not known: {why}"),
        LockState::NotClaimed => "none is claimed".into(),
    }
}

fn piece(source: &mut File, file: &KeptFile, at: u64, len: u64) -> Result<Vec<u8>, Error> {
    let mut bytes = Vec::new();
    let read = source.seek(SeekFrom::Start(at)).and_then(|_| source.take(len).read_to_end(&mut bytes));
    read.map_err(Error::io("read", &file.path))?;
    if bytes.len() as u64 != len {
        return Err(Error::io("read", &file.path)(std::io::ErrorKind::UnexpectedEof.into()));
    }
    Ok(bytes)
}

fn failed(place: &str, refusal: &Refusal) -> Error {
    Error::Remote { place: place.into(), words: refusal.words() }
}
