//! Verifying every signature of a PDF: which bytes each covers, whether its CMS holds, and what came after
//! it.

use std::io::Read;

use chrono::{DateTime, NaiveDateTime, TimeDelta, Utc};
use lopdf::{Dictionary, Document, Object};

use crate::seal::keys::certificate::Certificate;
use crate::seal::pades::changes::PdfChange;
use crate::seal::pades::document::{self, SignedField, array, dictionary, text};
use crate::seal::pades::{changes, dss};
use crate::seal::signature::attributes::{CmsProblem, Ess};
use crate::seal::signature::cms::{self, Facts};
use crate::seal::signature::revocation::Revocation;
use crate::seal::signature::timestamp::{self, Token, TokenProblem};

/// All signatures, the earliest first, and what is wrong with the file as a whole.
#[derive(Debug)]
pub struct PdfReport {
    pub signatures: Vec<PdfSignature>,
    pub problems: Vec<PdfProblem>,
    /// What its security store holds.
    pub certificates: Vec<Certificate>,
    pub revocation: Revocation,
    /// Where the earliest signature stands.
    pub first: Option<SignaturePlace>,
}

/// The gap that a signature's bytes leave out, and where what it covers ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SignaturePlace {
    pub start: usize,
    pub end: usize,
    pub covered: usize,
    /// `/M`.
    pub at: DateTime<Utc>,
}

/// A signature by somebody, or a timestamp over the document.
#[derive(Debug)]
#[expect(clippy::large_enum_variant, reason = "a document holds a handful")]
pub enum Held {
    Signature(Facts),
    Timestamp(Token),
}

#[derive(Debug)]
pub struct PdfSignature {
    pub field: String,
    /// `/M`: the signer's claim.
    pub claimed_at: Option<DateTime<Utc>>,
    pub reason: String,
    /// For a certification, what it allows to follow: 1 nothing, 2 signatures and form entries, 3 annotations
    /// too.
    pub certifies: Option<i64>,
    /// Whether it draws something on a page.
    pub visible: bool,
    /// How many bytes of the file it covers, its own gap included.
    pub covers: usize,
    pub facts: Result<Held, PdfProblem>,
}

/// What can be wrong with a PDF or one of its signatures.
#[derive(Debug, thiserror::Error)]
pub enum PdfProblem {
    #[error("the PDF cannot be read strictly: {0}")]
    Unreadable(String),
    #[error("the signature covers other bytes than the file up to its own revision's end: {0}")]
    Coverage(&'static str),
    #[error("{0} bytes were appended after the last signature")]
    Appended(usize),
    #[error("after the signature `{field}`, the document was changed: {change}")]
    Changed { field: String, change: String, kind: PdfChange },
    #[error("a signature dictionary belongs to no field of the form")]
    Stray,
    #[error("the kind of signature {0} is not supported")]
    Kind(String),
    #[error(transparent)]
    Cms(#[from] CmsProblem),
    #[error(transparent)]
    Token(#[from] TokenProblem),
}

/// Never fails: a file that cannot be read is a report with a problem and no signatures.
pub fn verify(pdf: &[u8]) -> PdfReport {
    let document = match document::load(pdf) {
        Ok(document) => document,
        Err(why) => return PdfReport::unreadable(why),
    };
    let fields = document::signed_fields(&document);
    let mut problems = Vec::new();
    let known: Vec<_> = fields.iter().map(|field| field.value_id).collect();
    if document.objects.iter().any(|(id, object)| is_signature(object) && !known.contains(id)) {
        problems.push(PdfProblem::Stray);
    }
    let mut signatures: Vec<_> = fields.iter().map(|field| judge(pdf, &document, field)).collect();
    signatures.sort_by_key(|signature| signature.covers);
    if let Some(closed) = signatures.iter().rev().skip(1).find(|signature| signature.certifies == Some(1)) {
        let change = "it was signed again, which this certification forbids".to_owned();
        problems.push(PdfProblem::Changed { field: closed.field.clone(), change, kind: PdfChange::Content });
    }
    problems.extend(later_changes(pdf, &document, &signatures));
    let (certificates, revocation) = dss::read(&document);
    let first = fields.iter().filter_map(|field| place(pdf, field.value)).min_by_key(|place| place.covered);
    PdfReport { signatures, problems, certificates, revocation, first }
}

/// The names of the signature fields that wait for somebody; none if the file cannot be read.
pub fn empty_fields(pdf: &[u8]) -> Vec<String> {
    document::load(pdf)
        .map(|document| document::empty_fields(&document).into_iter().map(|(_, name)| name).collect())
        .unwrap_or_default()
}

impl PdfReport {
    fn unreadable(why: String) -> PdfReport {
        let problems = vec![PdfProblem::Unreadable(why)];
        PdfReport {
            signatures: Vec::new(),
            problems,
            certificates: Vec::new(),
            revocation: Revocation::default(),
            first: None,
        }
    }
}

fn is_signature(object: &Object) -> bool {
    object.as_dict().is_ok_and(|d| d.has(b"ByteRange") && d.has(b"Contents"))
}

fn judge(pdf: &[u8], document: &Document, field: &SignedField<'_>) -> PdfSignature {
    let gap = gap(pdf, field.value);
    PdfSignature {
        field: field.name.clone(),
        claimed_at: field.value.get(b"M").and_then(Object::as_str).ok().and_then(pdf_date),
        reason: text(field.value, b"Reason"),
        certifies: certifies(document, field),
        visible: is_visible(document, field.field),
        covers: gap.as_ref().map_or(pdf.len(), |gap| gap.covered),
        facts: gap.map_err(PdfProblem::Coverage).and_then(|gap| check(pdf, field.value, &gap)),
    }
}

/// The hole in the signed bytes, and the end of what is signed around it.
struct Gap {
    start: usize,
    end: usize,
    covered: usize,
    cms: Vec<u8>,
}

/// The byte range must begin at 0, leave out exactly the hexadecimal string that is this dictionary's
/// /Contents, and end where a revision ends; the string must be one DER value and zeros.
fn gap(pdf: &[u8], signature: &Dictionary) -> Result<Gap, &'static str> {
    let range = signature.get(b"ByteRange").and_then(Object::as_array).map_err(|_| "no byte range")?;
    let numbers: Option<Vec<usize>> =
        range.iter().map(|n| n.as_i64().ok().and_then(|n| usize::try_from(n).ok())).collect();
    let [0, start, end, len] = numbers.ok_or("a byte range of other things than numbers")?[..] else {
        return Err("a byte range of another form");
    };
    let covered =
        end.checked_add(len).filter(|&covered| covered <= pdf.len()).ok_or("it reaches beyond the file")?;
    let hole = pdf.get(start..end).ok_or("its gap has no length")?;
    let hex = hole
        .strip_prefix(b"<")
        .and_then(|h| h.strip_suffix(b">"))
        .ok_or("its gap is not one hexadecimal string")?;
    let bytes = unhex(hex).ok_or("its gap is not one hexadecimal string")?;
    let Ok(Object::String(contents, _)) = signature.get(b"Contents") else { return Err("no contents") };
    if bytes != *contents {
        return Err("its gap is not its own contents");
    }
    if !pdf[..covered].trim_ascii_end().ends_with(b"%%EOF") {
        return Err("it ends inside a revision");
    }
    let cms_len = der_length(&bytes).ok_or("its contents are no DER value")?;
    let (cms, padding) = bytes.split_at_checked(cms_len).ok_or("its contents are cut short")?;
    if padding.iter().any(|&byte| byte != 0) {
        return Err("something hides behind its contents");
    }
    Ok(Gap { start, end, covered, cms: cms.to_vec() })
}

fn place(pdf: &[u8], signature: &Dictionary) -> Option<SignaturePlace> {
    let gap = gap(pdf, signature).ok()?;
    let at = signature.get(b"M").and_then(Object::as_str).ok().and_then(pdf_date)?;
    Some(SignaturePlace { start: gap.start, end: gap.end, covered: gap.covered, at })
}

fn check(pdf: &[u8], signature: &Dictionary, gap: &Gap) -> Result<Held, PdfProblem> {
    let kind = signature.get(b"SubFilter").and_then(Object::as_name).unwrap_or_default();
    let ess = match kind {
        b"ETSI.CAdES.detached" => Ess::Required,
        b"adbe.pkcs7.detached" => Ess::Optional,
        b"ETSI.RFC3161" => {
            let content = [&pdf[..gap.start], &pdf[gap.end..gap.covered]].concat();
            return Ok(Held::Timestamp(timestamp::verify(&gap.cms, &content)?));
        }
        other => return Err(PdfProblem::Kind(String::from_utf8_lossy(other).into_owned())),
    };
    let mut content = (&pdf[..gap.start]).chain(&pdf[gap.end..gap.covered]);
    Ok(Held::Signature(cms::verify(&gap.cms, &mut content, ess)?))
}

/// Compares each signed revision with the next signed one; the last signature must cover the file to its end.
fn later_changes(pdf: &[u8], document: &Document, signatures: &[PdfSignature]) -> Vec<PdfProblem> {
    let mut problems = Vec::new();
    for (i, signature) in signatures.iter().enumerate() {
        let next = signatures.get(i + 1).map_or(pdf.len(), |next| next.covers);
        if signature.covers == next {
            if i + 1 < signatures.len() {
                problems.push(PdfProblem::Coverage("two signatures cover the same bytes"));
            }
            continue;
        }
        if i + 1 == signatures.len() && !is_validation(pdf, document, signature.covers) {
            problems.push(PdfProblem::Appended(next - signature.covers));
        }
        let change = |(kind, change)| PdfProblem::Changed { field: signature.field.clone(), change, kind };
        match revisions(pdf, document, signature.covers, next) {
            Ok(found) => problems.extend(found.into_iter().map(change)),
            Err(why) => problems.push(PdfProblem::Unreadable(why)),
        }
    }
    problems
}

/// Whether what stands behind the last signature is one whole update that brings validation data and nothing
/// else.
fn is_validation(pdf: &[u8], document: &Document, covers: usize) -> bool {
    const END: &[u8] = b"%%EOF";
    let whole =
        pdf.ends_with(END) && pdf[covers..].windows(END.len()).filter(|window| *window == END).count() == 1;
    whole && document::load(&pdf[..covers]).is_ok_and(|before| changes::only_validation(&before, document))
}

fn revisions(
    pdf: &[u8],
    document: &Document,
    covers: usize,
    next: usize,
) -> Result<Vec<(PdfChange, String)>, String> {
    let before = document::load(&pdf[..covers])?;
    if next == pdf.len() {
        return Ok(changes::forbidden(&before, document));
    }
    Ok(changes::forbidden(&before, &document::load(&pdf[..next])?))
}

/// The DocMDP permission, if the catalog names this signature as the certification.
fn certifies(document: &Document, field: &SignedField<'_>) -> Option<i64> {
    let permissions = dictionary(document, document.catalog().ok()?, b"Perms")?;
    if permissions.get(b"DocMDP").and_then(Object::as_reference).ok()? != field.value_id {
        return None;
    }
    let references = array(document, field.value, b"Reference").iter();
    let transform = references.filter_map(|r| document.dereference(r).ok()?.1.as_dict().ok());
    let mut docmdp = transform
        .filter(|r| r.get(b"TransformMethod").and_then(Object::as_name).is_ok_and(|name| name == b"DocMDP"));
    let parameters = dictionary(document, docmdp.next()?, b"TransformParams")?;
    Some(parameters.get(b"P").and_then(Object::as_i64).unwrap_or(2))
}

fn is_visible(document: &Document, field: &Dictionary) -> bool {
    field.has(b"Rect") && !changes::flat(document, field)
}

fn unhex(text: &[u8]) -> Option<Vec<u8>> {
    let digit = |c: u8| char::from(c).to_digit(16).and_then(|d| u8::try_from(d).ok());
    let pairs = text.chunks(2);
    pairs.map(|pair| Some(digit(*pair.first()?)? << 4 | digit(*pair.get(1)?)?)).collect()
}

/// The whole length of the DER value at the beginning.
fn der_length(bytes: &[u8]) -> Option<usize> {
    let first = usize::from(*bytes.get(1)?);
    if first < 0x80 {
        return Some(2 + first);
    }
    let octets = first - 0x80;
    let length = bytes.get(2..2 + octets).filter(|l| (1..=4).contains(&l.len()))?;
    Some(2 + octets + length.iter().fold(0, |sum, &byte| sum << 8 | usize::from(byte)))
}

/// `D:YYYYMMDDHHmmSS` with `Z` or `+HH'mm'` (ISO 32000-1 section 7.9.4).
fn pdf_date(text: &[u8]) -> Option<DateTime<Utc>> {
    let text = std::str::from_utf8(text).ok()?.strip_prefix("D:")?;
    let (digits, zone) = text.split_at_checked(14)?;
    let local = NaiveDateTime::parse_from_str(digits, "%Y%m%d%H%M%S").ok()?.and_utc();
    let zone = zone.replace('\'', "");
    let (sign, offset) = zone.split_at_checked(1).unwrap_or(("Z", ""));
    let hours = offset.get(0..2).and_then(|h| h.parse::<i64>().ok()).unwrap_or(0);
    let minutes = offset.get(2..4).and_then(|m| m.parse::<i64>().ok()).unwrap_or(0);
    let delta = TimeDelta::minutes(hours * 60 + minutes);
    match sign {
        "+" => local.checked_sub_signed(delta),
        "-" => local.checked_add_signed(delta),
        "Z" => Some(local),
        _ => None,
    }
}
