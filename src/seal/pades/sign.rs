//! Adding a signature: an invisible widget, a signature dictionary with room for the CMS, then the CMS
//! itself.

use std::io::Read;

use chrono::{DateTime, Utc};
use lopdf::{Dictionary, IncrementalDocument, Object, ObjectId, StringFormat, dictionary};

use crate::seal::keys::certificate::Certificate;
use crate::seal::keys::key::Signer;
use crate::seal::pades::update::{PadesError, add_to_form, append, dictionary_of};
use crate::seal::pades::{appearance, document};
use crate::seal::signature::authorities::Authorities;
use crate::seal::signature::cms::{self, Form};

/// What the signature is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// The author's, first of all: only signatures may follow (DocMDP, P 2; ISO 32000-1 section 12.8.2.2).
    Certification,
    /// A further person's.
    Approval,
    /// No person's: a document timestamp.
    Timestamp,
}

/// Room for the CMS with one timestamp and revocation data to come, in bytes; more if the certificates are
/// many.
const ROOM: usize = 16 * 1024;
/// Ten digits, replaced by an offset and spaces.
const OFFSET_PLACEHOLDER: i64 = 9_999_999_999;

/// One signature to be made.
pub struct Signing<'a> {
    pub signer: &'a dyn Signer,
    pub at: DateTime<Utc>,
    pub role: Role,
    pub reason: &'a str,
    /// An empty signature field to fill; without it, an invisible field is added.
    pub field: Option<&'a str>,
    /// A PDF whose first page is drawn in the field.
    pub appearance: Option<&'a [u8]>,
    /// Who stamps the signature (B-T). That none answers is no error.
    pub authorities: Option<&'a Authorities>,
}

/// Signs `pdf` as of `at` (B-B) and returns the longer file, whose first bytes are `pdf`.
pub fn sign(
    pdf: &[u8],
    signer: &dyn Signer,
    at: DateTime<Utc>,
    role: Role,
    reason: &str,
) -> Result<Vec<u8>, PadesError> {
    sign_with(pdf, &Signing { signer, at, role, reason, field: None, appearance: None, authorities: None })
}

/// Signs `pdf` and returns the longer file, whose first bytes are `pdf`.
pub fn sign_with(pdf: &[u8], signing: &Signing<'_>) -> Result<Vec<u8>, PadesError> {
    let document = document::load(pdf).map_err(PadesError::Document)?;
    let earlier = document::signed_fields(&document).len();
    if signing.role == Role::Certification && earlier > 0 {
        return Err(PadesError::Document("it is signed already, and a certification comes first".to_owned()));
    }
    let chain_bytes: usize = signing.signer.chain().certificates().iter().map(|c| c.der().len()).sum();
    let room = ROOM.max(chain_bytes + ROOM / 2);
    let mut update = IncrementalDocument::create_from(pdf.to_vec(), document);
    let name = signing.signer.chain().signer().name();
    let signature = update.new_document.add_object(signature_dictionary(
        &name,
        signing.at,
        signing.role,
        signing.reason,
        room,
    ));
    match signing.field {
        Some(name) => fill_field(&mut update, signature, name, signing.appearance)?,
        None => add_field(&mut update, signature, signing.role, earlier)?,
    }
    if signing.role == Role::Certification {
        permit(&mut update, signature)?;
    }
    fill_in(update, pdf.len(), room, |content| {
        let cms = cms::sign(signing.signer, content, signing.at, Form::Pades)?;
        let token = |value: &[u8]| {
            signing.authorities.and_then(|authorities| authorities.stamp(value, "PDF signature"))
        };
        let stamped = cms::with_token(&cms, |value| token(value).map(|token| token.der).ok_or(Unstamped));
        Ok(stamped.unwrap_or(cms))
    })
}

/// The catalog names the certification.
fn permit(update: &mut IncrementalDocument, signature: ObjectId) -> Result<(), PadesError> {
    let catalog = document::catalog_id(update.get_prev_documents()).ok_or_else(|| missing("catalog"))?;
    dictionary_of(update, catalog)?.set("Perms", dictionary! { "DocMDP" => signature });
    Ok(())
}

/// Whether the first revision that `signed` certifies is `prepared`, certified for `reason` by the holder of
/// `signer`, and nothing else: the update is written again and compared byte for byte outside the signature
/// value. Else why not.
pub fn is_only_certified(
    signed: &[u8],
    prepared: &[u8],
    signer: &Certificate,
    reason: &str,
) -> Result<(), String> {
    let first = super::verify(signed).first.ok_or("it holds no signature whose bytes can be told")?;
    let room = (first.end - first.start).saturating_sub(2) / 2;
    let framed = || -> Result<Framed, PadesError> {
        let document = document::load(prepared).map_err(PadesError::Document)?;
        let mut update = IncrementalDocument::create_from(prepared.to_vec(), document);
        let dictionary = signature_dictionary(&signer.name(), first.at, Role::Certification, reason, room);
        let signature = update.new_document.add_object(dictionary);
        add_field(&mut update, signature, Role::Certification, 0)?;
        permit(&mut update, signature)?;
        frame(update, prepared.len(), room)
    };
    let ours = framed().map_err(|e| e.to_string())?;
    if !signed.starts_with(prepared) {
        return Err("its beginning is not what is rendered".to_owned());
    }
    let same = ours.pdf.len() == first.covered
        && (ours.start, ours.end) == (first.start, first.end)
        && ours.pdf[..ours.start] == signed[..first.start]
        && ours.pdf[ours.end..] == signed[first.end..first.covered];
    if same {
        Ok(())
    } else {
        Err("what was certified is more than what is rendered: something was added before the certification"
            .to_owned())
    }
}

/// No authority gave a timestamp, so the signature stays without one.
struct Unstamped;

impl From<der::Error> for Unstamped {
    fn from(_: der::Error) -> Unstamped {
        Unstamped
    }
}

/// Adds a document timestamp over everything so far (B-LTA); `None` if no authority gives one.
pub fn add_timestamp(pdf: &[u8], authorities: &Authorities) -> Result<Option<Vec<u8>>, PadesError> {
    let document = document::load(pdf).map_err(PadesError::Document)?;
    let earlier = document::signed_fields(&document).len();
    let mut update = IncrementalDocument::create_from(pdf.to_vec(), document);
    let value = update.new_document.add_object(dictionary! {
        "Type" => "DocTimeStamp",
        "Contents" => Object::String(vec![0; ROOM], StringFormat::Hexadecimal),
        "ByteRange" => vec![
            0.into(), OFFSET_PLACEHOLDER.into(), OFFSET_PLACEHOLDER.into(), OFFSET_PLACEHOLDER.into()
        ],
        "Filter" => "Adobe.PPKLite",
        "SubFilter" => "ETSI.RFC3161",
    });
    add_field(&mut update, value, Role::Timestamp, earlier)?;
    let stamped = fill_in(update, pdf.len(), ROOM, |content| {
        let mut bytes = Vec::new();
        content.read_to_end(&mut bytes)?;
        let token = authorities.stamp(&bytes, "PDF document");
        token.map(|token| token.der).ok_or_else(|| PadesError::Document("no authority stamped it".to_owned()))
    });
    match stamped {
        Ok(pdf) => Ok(Some(pdf)),
        Err(PadesError::Document(_))
            if authorities.attempts().iter().any(|a| !a.stamped) || authorities.is_empty() =>
        {
            Ok(None)
        }
        Err(other) => Err(other),
    }
}

/// ISO 32000-1 table 252. Contents and ByteRange stand first, side by side, where `fill_in` looks for them.
fn signature_dictionary(name: &str, at: DateTime<Utc>, role: Role, reason: &str, room: usize) -> Dictionary {
    let mut signature = dictionary! {
        "Type" => "Sig",
        "Contents" => Object::String(vec![0; room], StringFormat::Hexadecimal),
        "ByteRange" => vec![
            0.into(), OFFSET_PLACEHOLDER.into(), OFFSET_PLACEHOLDER.into(), OFFSET_PLACEHOLDER.into()
        ],
        "Filter" => "Adobe.PPKLite",
        "SubFilter" => "ETSI.CAdES.detached",
        "M" => Object::string_literal(at.format("D:%Y%m%d%H%M%SZ").to_string()),
        "Name" => lopdf::text_string(name),
        "Reason" => lopdf::text_string(reason),
    };
    if role == Role::Certification {
        let parameters = dictionary! { "Type" => "TransformParams", "P" => 2, "V" => "1.2" };
        let reference = dictionary! {
            "Type" => "SigRef", "TransformMethod" => "DocMDP", "TransformParams" => parameters
        };
        signature.set("Reference", vec![Object::Dictionary(reference)]);
    }
    signature
}

/// Field and widget in one. Zero size and an empty appearance: invisible, and PDF/A asks for an appearance
/// (ISO 19005-3 section 6.3.3). Flags: print, locked. /TU and /Tabs are for PDF/UA (ISO 14289-1 section
/// 7.18).
fn add_field(
    update: &mut IncrementalDocument,
    signature: ObjectId,
    role: Role,
    earlier: usize,
) -> Result<(), PadesError> {
    let page = update.get_prev_documents().page_iter().next().ok_or_else(|| missing("page"))?;
    let catalog = document::catalog_id(update.get_prev_documents()).ok_or_else(|| missing("catalog"))?;
    let nothing = vec![0.into(), 0.into(), 0.into(), 0.into()];
    let (name, words) = match role {
        Role::Certification => ("Seal".to_owned(), "Digital signature that seals this document"),
        Role::Approval => (format!("Signature{}", earlier + 1), "Digital signature of an approver"),
        Role::Timestamp => (format!("Timestamp{}", earlier + 1), "Timestamp over this document"),
    };
    let appearance = update.new_document.add_object(appearance::empty(0.0, 0.0));
    let field = dictionary! {
        "Type" => "Annot", "Subtype" => "Widget", "FT" => "Sig",
        "T" => lopdf::text_string(&name), "TU" => lopdf::text_string(words),
        "Rect" => nothing, "F" => 132, "P" => page, "V" => signature,
        "AP" => dictionary! { "N" => appearance },
    };
    let widget = update.new_document.add_object(field);
    append(update, page, b"Annots", widget)?;
    dictionary_of(update, page)?.set("Tabs", "S");
    add_to_form(update, catalog, widget)
}

/// Puts the signature into a field that waits for it, and what it shows.
fn fill_field(
    update: &mut IncrementalDocument,
    signature: ObjectId,
    name: &str,
    shown: Option<&[u8]>,
) -> Result<(), PadesError> {
    let wanted =
        document::empty_fields(update.get_prev_documents()).into_iter().find(|(_, field)| field == name);
    let (id, _) =
        wanted.ok_or_else(|| PadesError::Document(format!("it has no empty signature field `{name}`")))?;
    let form = shown.map(|pdf| appearance::import(update, pdf)).transpose()?;
    let field = dictionary_of(update, id)?;
    field.set("V", signature);
    if let Some(form) = form {
        field.set("AP", dictionary! { "N" => form });
    }
    Ok(())
}

fn missing(what: &str) -> PadesError {
    PadesError::Document(format!("it has no {what}"))
}

/// Has the framed update signed around its gap, and fills that.
fn fill_in(
    update: IncrementalDocument,
    appended: usize,
    room: usize,
    make: impl FnOnce(&mut dyn Read) -> Result<Vec<u8>, PadesError>,
) -> Result<Vec<u8>, PadesError> {
    let Framed { mut pdf, start, end } = frame(update, appended, room)?;
    let mut content = (&pdf[..start]).chain(&pdf[end..]);
    let cms = make(&mut content)?;
    if cms.len() > room {
        return Err(PadesError::Document(format!(
            "its signature needs {} bytes and there is room for {room}",
            cms.len()
        )));
    }
    for (pair, byte) in pdf[start + 1..].chunks_exact_mut(2).zip(cms) {
        pair.copy_from_slice(format!("{byte:02X}").as_bytes());
    }
    Ok(pdf)
}

/// A PDF with the gap for its signature still empty.
struct Framed {
    pdf: Vec<u8>,
    start: usize,
    end: usize,
}

/// Writes the update, finds the placeholders in what was appended, and writes the byte range.
fn frame(mut update: IncrementalDocument, appended: usize, room: usize) -> Result<Framed, PadesError> {
    let mut pdf = Vec::with_capacity(appended + 3 * room);
    update.save_to(&mut pdf)?;
    let gap = format!("<{}>", "0".repeat(2 * room));
    let range = format!("[0 {OFFSET_PLACEHOLDER} {OFFSET_PLACEHOLDER} {OFFSET_PLACEHOLDER}]");
    let start = only_match(&pdf, appended, gap.as_bytes())?;
    let end = start + gap.len();
    let place = only_match(&pdf, end, range.as_bytes())?;
    let offsets = format!("[0 {start} {end} {}]", pdf.len() - end);
    pdf[place..place + range.len()]
        .copy_from_slice(format!("{offsets:<width$}", width = range.len()).as_bytes());
    Ok(Framed { pdf, start, end })
}

fn only_match(pdf: &[u8], from: usize, needle: &[u8]) -> Result<usize, PadesError> {
    let mut found = (from..(pdf.len() + 1).saturating_sub(needle.len()))
        .filter(|&at| pdf[at] == needle[0] && pdf[at..].starts_with(needle));
    match (found.next(), found.next()) {
        (Some(at), None) => Ok(at),
        (_, _) => Err(PadesError::Document("the place of its signature is not unique".to_owned())),
    }
}
