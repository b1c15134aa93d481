//! What may be wrong with a name or a file in a bag.

use std::fmt;

use crate::store::path::{BagPath, Names, PathProblem};

/// Something about a folder or an archive that a bag of ours never has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    pub kind: ProblemKind,
    /// The entry, or empty for the archive as a whole. Foreign text: escape before printing.
    pub subject: String,
}

/// Each kind has its own diagnostic code in `seal::verify`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ProblemKind {
    NotAnArchive,
    TrailingData,
    PrependedData,
    Duplicate,
    Traversal,
    Unportable,
    Collision,
    Link,
    Special,
    SeveralTops,
    HeaderMismatch,
    DataDescriptor,
    Encrypted,
    Unsupported,
    Layout,
    Bomb,
    Damaged,
}

/// A path that is allowed and new.
pub(super) fn admit(text: &str, names: &mut Names) -> Result<BagPath, ProblemKind> {
    let path = BagPath::new(text).map_err(|problem| match problem {
        PathProblem::Escapes => ProblemKind::Traversal,
        PathProblem::Empty
        | PathProblem::Character(_)
        | PathProblem::Reserved
        | PathProblem::Edge
        | PathProblem::TooLong => ProblemKind::Unportable,
    })?;
    match names.claim(&path) {
        Ok(()) => Ok(path),
        Err(other) if other == text => Err(ProblemKind::Duplicate),
        Err(_) => Err(ProblemKind::Collision),
    }
}

impl ProblemKind {
    pub fn words(self) -> &'static str {
        match self {
            ProblemKind::NotAnArchive => "the file is not a ZIP archive, or it is cut short",
            ProblemKind::TrailingData => "bytes follow the end of the archive",
            ProblemKind::PrependedData => "bytes stand before the first entry of the archive",
            ProblemKind::Duplicate => "the archive holds the name twice",
            ProblemKind::Traversal => "the name is absolute or climbs out of its folder",
            ProblemKind::Unportable => "the name is not portable",
            ProblemKind::Collision => {
                "the name differs from another in case alone, or a file has the name of a folder"
            }
            ProblemKind::Link => "the entry is a symbolic link",
            ProblemKind::Special => "the entry is neither a file nor a plain folder",
            ProblemKind::SeveralTops => "the archive has more than one top folder, or files beside it",
            ProblemKind::HeaderMismatch => "the archive's directory and the entry's own header differ",
            ProblemKind::DataDescriptor => {
                "the entry's length stands behind its data, where streaming readers disagree"
            }
            ProblemKind::Encrypted => "the entry is encrypted",
            ProblemKind::Unsupported => "the entry uses a ZIP feature that our archives never use",
            ProblemKind::Layout => {
                "entries overlap, leave gaps or stand in another order than the directory says"
            }
            ProblemKind::Bomb => "the entry or archive unpacks to far more than its size allows",
            ProblemKind::Damaged => "the entry's bytes do not unpack to the declared length and checksum",
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.kind.words())?;
        if self.subject.is_empty() { Ok(()) } else { write!(f, ": {:?}", self.subject) }
    }
}
