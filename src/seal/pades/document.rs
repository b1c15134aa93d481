//! Small readings of a PDF's object tree that signing and verifying share.

use std::cell::Cell;
use std::panic::{self, AssertUnwindSafe};

use lopdf::{Dictionary, Document, LoadOptions, Object, ObjectId};

/// The longest file that is read, and the most that one object or cross-reference stream, and all object
/// streams together, may unpack to, in bytes. A report of 600 pages needs 18 MB.
const MAX_FILE: usize = 128 << 20;
const MAX_STREAM: usize = 8 << 20;
const MAX_STREAMS: usize = 64 << 20;
const MAX_FIELDS: usize = 10_000;

thread_local! {
    /// What object streams may still unpack to; the parser takes a plain function, which can hold no state.
    static BUDGET: Cell<usize> = const { Cell::new(0) };
}

/// A signature field whose value is a signature.
pub(super) struct SignedField<'a> {
    pub name: String,
    pub field: &'a Dictionary,
    pub value: &'a Dictionary,
    pub value_id: ObjectId,
}

/// Reads strictly: no repair, no encryption, the header at the first byte. A panic of the parser counts as an
/// error.
pub(super) fn load(pdf: &[u8]) -> Result<Document, String> {
    if !pdf.starts_with(b"%PDF-") {
        return Err("the file does not begin as a PDF".to_owned());
    }
    if pdf.len() > MAX_FILE {
        return Err(format!("the file is longer than {MAX_FILE} bytes"));
    }
    BUDGET.set(MAX_STREAMS);
    let options = LoadOptions {
        strict: true,
        max_decompressed_size: Some(MAX_STREAM),
        filter: Some(within_budget),
        ..LoadOptions::default()
    };
    let parsed = panic::catch_unwind(AssertUnwindSafe(|| Document::load_mem_with_options(pdf, options)));
    let document = parsed.map_err(|_| "the parser gave up".to_owned())?.map_err(|e| e.to_string())?;
    if document.is_encrypted() || document.was_encrypted() {
        return Err("the file is encrypted".to_owned());
    }
    if BUDGET.get() == 0 {
        return Err("its object streams unpack to too much".to_owned());
    }
    if document.xref_recovery.is_some() {
        return Err("the cross-reference table is damaged".to_owned());
    }
    Ok(document)
}

/// Lets every object pass but the object stream that exceeds the budget. The parser uses what is returned
/// only for members of object streams, which are never streams; so streams need no copy.
fn within_budget(id: ObjectId, object: &mut Object) -> Option<(ObjectId, Object)> {
    let Ok(stream) = object.as_stream() else { return Some((id, object.clone())) };
    if stream.dict.has_type(b"ObjStm") {
        let unpacked =
            stream.decompressed_content_with_limit(MAX_STREAM).map_or(MAX_STREAM, |content| content.len());
        BUDGET.set(BUDGET.get().saturating_sub(unpacked));
        if BUDGET.get() == 0 {
            return None;
        }
    }
    Some((id, Object::Null))
}

pub(super) fn catalog_id(document: &Document) -> Option<ObjectId> {
    document.trailer.get(b"Root").and_then(Object::as_reference).ok()
}

/// The dictionary under a key, direct or referenced.
pub(super) fn dictionary<'a>(
    document: &'a Document,
    parent: &'a Dictionary,
    key: &[u8],
) -> Option<&'a Dictionary> {
    parent.get_deref(key, document).and_then(Object::as_dict).ok()
}

/// The array under a key, direct or referenced; empty if there is none.
pub(super) fn array<'a>(document: &'a Document, parent: &'a Dictionary, key: &[u8]) -> &'a [Object] {
    parent.get_deref(key, document).and_then(Object::as_array).map_or(&[], Vec::as_slice)
}

pub(super) fn form(document: &Document) -> Option<&Dictionary> {
    dictionary(document, document.catalog().ok()?, b"AcroForm")
}

/// Every field that holds a signature, in the form's order, also below other fields.
pub(super) fn signed_fields(document: &Document) -> Vec<SignedField<'_>> {
    let mut found = Vec::new();
    let mut seen = std::collections::BTreeSet::new();
    let mut open: Vec<&Object> = form(document)
        .map(|form| array(document, form, b"Fields"))
        .unwrap_or_default()
        .iter()
        .rev()
        .collect();
    while let Some(object) = open.pop() {
        let Ok(id) = object.as_reference() else { continue };
        if !seen.insert(id) || seen.len() > MAX_FIELDS {
            continue;
        }
        let Ok(field) = document.get_dictionary(id) else { continue };
        open.extend(array(document, field, b"Kids").iter().rev());
        let Ok(value_id) = field.get(b"V").and_then(Object::as_reference) else { continue };
        if let Some(value) = document.get_dictionary(value_id).ok().filter(|value| value.has(b"ByteRange")) {
            found.push(SignedField { name: text(field, b"T"), field, value, value_id });
        }
    }
    found
}

/// Signature fields of the form's own list that nobody filled yet, with their names.
pub(super) fn empty_fields(document: &Document) -> Vec<(ObjectId, String)> {
    let listed = form(document).map(|form| array(document, form, b"Fields")).unwrap_or_default();
    let ids = listed.iter().filter_map(|object| object.as_reference().ok());
    let empty = ids.filter_map(|id| Some((id, document.get_dictionary(id).ok()?))).filter(|(_, field)| {
        field.get(b"FT").and_then(Object::as_name).is_ok_and(|kind| kind == b"Sig") && !field.has(b"V")
    });
    empty.map(|(id, field)| (id, text(field, b"T"))).collect()
}

/// A text string (ISO 32000-1 section 7.9.2.2) for people; empty if there is none.
pub(super) fn text(dictionary: &Dictionary, key: &[u8]) -> String {
    let object = dictionary.get(key).ok();
    let decoded = object.and_then(|object| lopdf::decode_text_string(object).ok()).unwrap_or_default();
    crate::store::manifest::clean(&decoded)
}
