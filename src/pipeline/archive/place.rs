//! Where archived packages lie: a folder, or a bucket with Object Lock. Names in it are relative to the
//! destination, with `/`.

use std::collections::BTreeMap;
use std::path::PathBuf;

use chrono::{DateTime, Utc};

#[cfg(feature = "aws")]
use super::bucket::BucketPlace;
use super::folder::FolderPlace;
use super::terms::{Added, BucketReach, KeptFile, PlaceFacts};
use crate::diag::Diagnostic;
use crate::model::archived::is_plain_name;
use crate::model::digest::Fixity;
use crate::pipeline::Error;

/// The destination, opened.
pub enum ArchivePlace {
    Folder(FolderPlace),
    #[cfg(feature = "aws")]
    Bucket(Box<BucketPlace>),
}

/// What was typed as the destination.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NamedPlace {
    Folder(PathBuf),
    Bucket { bucket: String, prefix: String },
}

impl NamedPlace {
    /// `s3://bucket/prefix`, `file:PATH`, or a path.
    pub fn parse(text: &str) -> Result<NamedPlace, Error> {
        let wrong = |message: String| -> Error {
            let hint = "write a bucket as `s3://BUCKET/PREFIX`, and a folder as its path";
            Diagnostic::new("AFU-054", message).hint(hint).into()
        };
        if let Some(rest) = text.strip_prefix("s3://") {
            let (bucket, prefix) = rest.split_once('/').unwrap_or((rest, ""));
            let prefix = prefix.trim_matches('/');
            if !is_bucket(bucket) {
                return Err(wrong(format!("`{bucket}` is no name of a bucket")));
            }
            if !prefix.is_empty() && !prefix.split('/').all(is_plain_name) {
                return Err(wrong(format!("`{prefix}` is no prefix of plain names")));
            }
            return Ok(NamedPlace::Bucket { bucket: bucket.into(), prefix: prefix.into() });
        }
        let path = text.strip_prefix("file://").or_else(|| text.strip_prefix("file:")).unwrap_or(text);
        if path.is_empty() || path.contains("://") || path.starts_with("s3:") {
            return Err(wrong(format!("`{text}` is neither a bucket nor a folder")));
        }
        Ok(NamedPlace::Folder(path.into()))
    }

    /// Opens it. A folder that is not there is made only where something is to be put into it.
    pub fn open(&self, reach: &BucketReach, make: bool) -> Result<ArchivePlace, Error> {
        match self {
            NamedPlace::Folder(path) => FolderPlace::open(path, make).map(ArchivePlace::Folder),
            #[cfg(feature = "aws")]
            NamedPlace::Bucket { bucket, prefix } => {
                Ok(ArchivePlace::Bucket(Box::new(BucketPlace::open(bucket, prefix, reach)?)))
            }
            #[cfg(not(feature = "aws"))]
            NamedPlace::Bucket { bucket, .. } => {
                let _ = reach;
                let problem = Diagnostic::new(
                    "AFU-055",
                    format!("this build does not know AWS, so it cannot reach the bucket `{bucket}`"),
                );
                Err(problem.hint("build with the feature `aws`").into())
            }
        }
    }
}

/// Names of buckets as S3 gives them out today.
fn is_bucket(name: &str) -> bool {
    let inner = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '-' | '.');
    let edge = |c: Option<char>| c.is_some_and(|c| c.is_ascii_lowercase() || c.is_ascii_digit());
    (3..=63).contains(&name.len())
        && name.chars().all(inner)
        && edge(name.chars().next())
        && edge(name.chars().last())
        && !name.contains("..")
}

impl ArchivePlace {
    /// Whether it keeps what lies in it from being deleted.
    pub fn locks(&self) -> bool {
        match self {
            ArchivePlace::Folder(_) => false,
            #[cfg(feature = "aws")]
            ArchivePlace::Bucket(_) => true,
        }
    }

    /// How a name in it is written for people.
    pub fn address(&self, key: &str) -> String {
        match self {
            ArchivePlace::Folder(folder) => folder.address(key),
            #[cfg(feature = "aws")]
            ArchivePlace::Bucket(bucket) => bucket.address(key),
        }
    }

    /// Every file in it, with its size.
    pub fn keys(&self) -> Result<BTreeMap<String, u64>, Error> {
        match self {
            ArchivePlace::Folder(folder) => folder.keys(),
            #[cfg(feature = "aws")]
            ArchivePlace::Bucket(bucket) => bucket.keys(),
        }
    }

    pub fn facts(&self, key: &str) -> Result<Option<PlaceFacts>, Error> {
        match self {
            ArchivePlace::Folder(folder) => folder.facts(key),
            #[cfg(feature = "aws")]
            ArchivePlace::Bucket(bucket) => bucket.facts(key),
        }
    }

    /// Reads a file whole; its digest and length.
    pub fn fixity(&self, key: &str) -> Result<Option<Fixity>, Error> {
        match self {
            ArchivePlace::Folder(folder) => folder.fixity(key),
            #[cfg(feature = "aws")]
            ArchivePlace::Bucket(bucket) => bucket.fixity(key),
        }
    }

    /// A whole file of at most `limit` bytes.
    pub fn bytes(&self, key: &str, limit: u64) -> Result<Option<Vec<u8>>, Error> {
        match self {
            ArchivePlace::Folder(folder) => folder.bytes(key, limit),
            #[cfg(feature = "aws")]
            ArchivePlace::Bucket(bucket) => bucket.bytes(key, limit),
        }
    }

    /// Puts a file there, unless one of that name is there.
    pub fn add(
        &self,
        key: &str,
        file: &KeptFile,
        package: &str,
        until: DateTime<Utc>,
    ) -> Result<Added, Error> {
        match self {
            ArchivePlace::Folder(folder) => {
                let _ = (package, until); // a folder keeps neither
                folder.add(key, file)
            }
            #[cfg(feature = "aws")]
            ArchivePlace::Bucket(bucket) => bucket.add(key, file, package, until),
        }
    }

    /// Sees to it that a file is locked until then at least, and reads the lock back; `None` where nothing is
    /// locked.
    pub fn secure(&self, key: &str, until: DateTime<Utc>) -> Result<Option<DateTime<Utc>>, Error> {
        match self {
            ArchivePlace::Folder(_) => {
                let _ = (key, until); // nothing is locked
                Ok(None)
            }
            #[cfg(feature = "aws")]
            ArchivePlace::Bucket(bucket) => bucket.secure(key, until).map(Some),
        }
    }

    /// Lays a legal hold on a file or takes it off, and reads it back.
    pub fn hold(&self, key: &str, on: bool) -> Result<(), Error> {
        match self {
            ArchivePlace::Folder(_) => {
                let _ = (key, on); // a folder knows none
                let problem = Diagnostic::new("AFU-056", "a folder knows no legal hold; nothing was changed");
                Err(problem.hint("a hold needs a bucket with Object Lock: `s3://BUCKET/PREFIX`").into())
            }
            #[cfg(feature = "aws")]
            ArchivePlace::Bucket(bucket) => bucket.hold(key, on),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn destinations_are_buckets_or_folders() {
        let bucket = |bucket: &str, prefix: &str| {
            Some(NamedPlace::Bucket { bucket: bucket.into(), prefix: prefix.into() })
        };
        let folder = |path: &str| Some(NamedPlace::Folder(path.into()));
        for (text, expected) in [
            ("s3://example-archive", bucket("example-archive", "")),
            ("s3://example-archive/clinic/audit/", bucket("example-archive", "clinic/audit")),
            ("s3://Example/x", None),
            ("s3://example-archive/../x", None),
            ("s3:example-archive", None),
            ("https://example.com/x", None),
            ("", None),
            ("file:///srv/archive", folder("/srv/archive")),
            ("file:archive", folder("archive")),
            ("archive/years", folder("archive/years")),
        ] {
            assert_eq!(NamedPlace::parse(text).ok(), expected, "{text}");
        }
    }
}
