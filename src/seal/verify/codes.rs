//! Every diagnostic that verification can print: stable codes, what they mean, and which answer they bear on.

use serde::{Serialize, Serializer};

use crate::store::problem::ProblemKind;

/// The three questions. A failed or unknown step bears on those its code names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Aspect {
    Integrity,
    Authenticity,
    Time,
}

use Aspect::{Authenticity, Integrity, Time};

/// One macro so that the enum, the list and the docs' table cannot drift apart.
macro_rules! codes {
    ($($name:ident $code:literal [$($aspect:expr),*] $meaning:literal;)*) => {
        /// A step of verification.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Code { $($name),* }

        impl Code {
            /// In the order of the table.
            pub const ALL: &[Code] = &[$(Code::$name),*];

            /// Stable for ever: a retired code is not used again.
            pub fn id(self) -> &'static str {
                match self { $(Code::$name => $code),* }
            }

            pub fn meaning(self) -> &'static str {
                match self { $(Code::$name => $meaning),* }
            }

            pub fn aspects(self) -> &'static [Aspect] {
                match self { $(Code::$name => &[$($aspect),*]),* }
            }
        }
    };
}

codes! {
    // The container
    Container        "AFV-001" [Integrity] "the folder or archive has only plain files with portable names, \
                                            in our archives' one shape";
    NotAnArchive     "AFV-010" [Integrity] "the file is no ZIP archive, or it is cut short";
    TrailingData     "AFV-011" [Integrity] "bytes follow the end of the archive";
    PrependedData    "AFV-012" [Integrity] "bytes stand before the first entry of the archive";
    Duplicate        "AFV-013" [Integrity] "the archive holds a name twice";
    Traversal        "AFV-014" [Integrity] "a name is absolute or climbs out of its folder";
    Unportable       "AFV-015" [Integrity] "a name is not portable: other than printable ASCII, reserved, or \
                                            too long";
    Collision        "AFV-016" [Integrity] "two names differ in case alone, or a file has the name \
                                            of a folder";
    Link             "AFV-017" [Integrity] "an entry is a symbolic link";
    Special          "AFV-018" [Integrity] "an entry is neither a file nor a plain folder";
    SeveralTops      "AFV-019" [Integrity] "the archive has more than one top folder, or files beside it";
    HeaderMismatch   "AFV-020" [Integrity] "the archive's directory and an entry's own header differ";
    DataDescriptor   "AFV-021" [Integrity] "an entry's length stands behind its data";
    Encrypted        "AFV-022" [Integrity] "an entry is encrypted";
    Unsupported      "AFV-023" [Integrity] "an entry uses a ZIP feature that our archives never use";
    Layout           "AFV-024" [Integrity] "entries overlap, leave gaps, or stand in another order than the \
                                            directory says";
    Bomb             "AFV-025" [Integrity] "an entry or the archive unpacks to far more than its size allows";
    Unreadable       "AFV-026" [Integrity] "a file cannot be read, or does not unpack to its declared length \
                                            and checksum";
    // The bag
    Declaration      "AFV-100" [Integrity] "bagit.txt declares BagIt 1.0 and UTF-8";
    BagInfo          "AFV-101" [Integrity] "bag-info.txt is there and readable";
    Manifest         "AFV-102" [Integrity] "manifest-sha256.txt is there and readable";
    TagManifest      "AFV-103" [Integrity] "tagmanifest-sha256.txt is there and readable";
    PayloadOxum      "AFV-104" [Integrity] "Payload-Oxum states the payload's bytes and files";
    Described        "AFV-105" [Integrity] "bag-info.txt agrees with data/run.json or data/package.json";
    PayloadAltered   "AFV-110" [Integrity] "a payload file has another digest than the manifest says";
    PayloadMissing   "AFV-111" [Integrity] "a file of the manifest is missing";
    PayloadUnlisted  "AFV-112" [Integrity] "a payload file is not in the manifest";
    Payload          "AFV-113" [Integrity] "every payload file is listed and has the digest listed";
    TagAltered       "AFV-120" [Integrity] "a tag file has another digest than the tag manifest says";
    TagMissing       "AFV-121" [Integrity] "a file of the tag manifest is missing";
    TagUnlisted      "AFV-122" [Integrity] "a tag file is not in the tag manifest";
    Tags             "AFV-123" [Integrity] "every tag file is listed and has the digest listed";
    OtherManifest    "AFV-124" [Integrity] "no other manifest than ours lists the bag, and nothing of it \
                                            lies elsewhere (fetch.txt)";
    NestedRun        "AFV-130" [Integrity] "a run inside the package is a bag of its own";
    // What the package says of itself
    RecordFormat     "AFV-140" [Integrity] "data/package.json is of a format that this version knows";
    Record           "AFV-141" [Integrity] "data/package.json has every member and no other";
    RecordRun        "AFV-142" [Integrity] "data/package.json names the run that is inside, by its folder \
                                            and its manifest";
    RecordPdf        "AFV-143" [Integrity] "data/package.json says rightly whether a PDF is inside";
    Foreign          "AFV-144" [Integrity] "every file is one that this program puts there";
    Custody          "AFV-145" [Integrity] "every file of the run has its custody record, with the digest \
                                            and size that it has";
    RecordInfo       "AFV-146" [Integrity] "bag-info.txt says what the record says and nothing else";
    Commitments      "AFV-147" [Integrity] "an edition lists its commitments in their one form and order, as \
                                            many as its record counts";
    // Signatures
    ManifestSeal     "AFV-200" [Integrity, Authenticity] "the seal over manifest-sha256.txt is there and its \
                                                          signature holds";
    TagManifestSeal  "AFV-201" [Integrity, Authenticity] "the seal over tagmanifest-sha256.txt is there and \
                                                          its signature holds";
    SameSealer       "AFV-202" [Integrity, Authenticity] "both seals carry the same certificates";
    SealChain        "AFV-203" [Integrity, Authenticity] "certificates.pem holds the certificates of the \
                                                          seal and no other";
    SealForm         "AFV-204" [] "the seal's bytes are as the program writes them: no unsigned attributes, \
                                   signature values in their low form";
    HtmlSignature    "AFV-210" [Integrity, Authenticity] "the HTML report's own signature holds";
    PdfSigned        "AFV-220" [Authenticity] "the PDF report carries a signature";
    PdfSignature     "AFV-221" [Integrity, Authenticity] "a signature in the PDF holds";
    PdfStructure     "AFV-222" [Integrity] "nothing but signatures was added to the PDF after it was signed";
    PdfCertified     "AFV-223" [Authenticity] "the first signature in the PDF certifies it against later \
                                               changes";
    PdfLevel         "AFV-224" [] "which PAdES baseline level a PDF signature reaches, and what its \
                                   timestamps say";
    PdfRevoked       "AFV-225" [Authenticity] "a signer of the PDF was not revoked when it signed, as far as \
                                               the PDF tells";
    PdfField         "AFV-226" [Integrity] "no signature field was added to the PDF that covers content or \
                                            starts something";
    PdfDangling      "AFV-227" [Integrity] "nothing was added to the PDF that its signed part already refers \
                                            to";
    // Who
    Sealer           "AFV-300" [Authenticity] "the sealer's certificate is pinned, or issued by a pinned \
                                               authority";
    SealerExpired    "AFV-301" [Authenticity] "the sealer's certificate is still valid, or a timestamp shows \
                                               that it was when it sealed";
    OtherSigner      "AFV-302" [Authenticity] "a report or run inside was signed with the sealer's \
                                               certificate or a pinned one";
    Approver         "AFV-303" [] "who else signed the PDF";
    Revocation       "AFV-304" [Authenticity] "the sealer's certificate was not revoked, as far as lists and \
                                               answers inside tell";
    // When
    ClaimedTime      "AFV-400" [Time] "the sealer's own statement of the time is possible";
    IndependentTime  "AFV-401" [Time] "a timestamp authority attests the time";
    Token            "AFV-402" [Time] "a timestamp token holds and is over what it should be over";
    Authority        "AFV-403" [Time] "the timestamp authority is pinned, or its certificate was issued by a \
                                       pinned one";
    TokenRecord      "AFV-404" [] "which authorities were asked when the seal was made, by the maker's \
                                   record";
    After            "AFV-405" [] "the timestamp of the run before is inside, so this seal is younger";
    Renewal          "AFV-410" [Integrity, Time] "a renewal lists exactly what was there before it, \
                                                  and is younger";
    // The chain of runs, with --chain
    ChainFailed      "AFV-500" [] "a run or package of the chain does not verify";
    ChainRewritten   "AFV-501" [] "one run is there with two different contents";
    ChainFork        "AFV-502" [] "two runs name the same run before them";
    ChainGap         "AFV-503" [] "a run names a run before it that is not there";
    ChainOrder       "AFV-504" [] "a run began before the run that it names had ended";
    ChainCopies      "AFV-505" [] "two copies of one run that the same rules redacted differ";
    // Made again, with --recompute
    Rebuilt          "AFV-600" [] "the package can be taken apart and judged again within its bounds";
    RecordAgain      "AFV-601" [] "each member of data/package.json is what follows from the package";
    CatalogAgain     "AFV-602" [] "the catalog inside has the digest that the record names";
    BuiltIn          "AFV-603" [] "a catalog that is called the program's own is that";
    ResultsAgain     "AFV-604" [] "the same verdicts, counts and gaps follow again";
    DatabaseAgain    "AFV-605" [] "the evidence database is the one that is built from the run";
    TablesAgain      "AFV-606" [] "each CSV file is the one that follows from the database";
    DossierAgain     "AFV-607" [] "the dossier is the one that follows";
    HtmlAgain        "AFV-608" [] "the HTML report is the one that is rendered from the dossier";
    PdfAgain         "AFV-609" [] "the certified PDF is the one that is rendered, with the certification and \
                                   nothing else";
    InstructionsAgain "AFV-610" [] "VERIFY.md is the one that the program writes for this package, and \
                                   for the run inside";
    TooMuch          "AFV-611" [] "the SQL of the catalog inside stays within its bounds of steps, time, \
                                   rows, bytes and memory";
    NotRecomputable  "AFV-612" [] "a shareable edition cannot be recomputed: \
                                   its evidence stays with its owner";
    // An edition and its original, with --link
    Joined           "AFV-700" [] "edition and original are the two that the link file names, and both \
                                   verify";
    LinkSigned       "AFV-701" [] "the link file is of this edition, signed with the key that sealed the \
                                   original";
    Opened           "AFV-702" [] "every commitment opens to a file of the original, no more and no fewer, \
                                   with salts of the key";
    EditionAgain     "AFV-703" [] "dossier and tables of the edition follow from the original under the key";
}

impl From<ProblemKind> for Code {
    fn from(kind: ProblemKind) -> Code {
        match kind {
            ProblemKind::NotAnArchive => Code::NotAnArchive,
            ProblemKind::TrailingData => Code::TrailingData,
            ProblemKind::PrependedData => Code::PrependedData,
            ProblemKind::Duplicate => Code::Duplicate,
            ProblemKind::Traversal => Code::Traversal,
            ProblemKind::Unportable => Code::Unportable,
            ProblemKind::Collision => Code::Collision,
            ProblemKind::Link => Code::Link,
            ProblemKind::Special => Code::Special,
            ProblemKind::SeveralTops => Code::SeveralTops,
            ProblemKind::HeaderMismatch => Code::HeaderMismatch,
            ProblemKind::DataDescriptor => Code::DataDescriptor,
            ProblemKind::Encrypted => Code::Encrypted,
            ProblemKind::Unsupported => Code::Unsupported,
            ProblemKind::Layout => Code::Layout,
            ProblemKind::Bomb => Code::Bomb,
            ProblemKind::Damaged => Code::Unreadable,
        }
    }
}

impl Serialize for Code {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.id())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_unique_and_in_order() {
        assert!(Code::ALL.windows(2).all(|pair| pair[0].id() < pair[1].id()));
        assert!(Code::ALL.iter().all(|code| code.id().len() == 7 && code.id().starts_with("AFV-")));
    }
}
