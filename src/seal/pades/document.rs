//! Small readings of a PDF's object tree that signing and verifying share.

use std::panic::{self, AssertUnwindSafe};

use lopdf::{Dictionary, Document, LoadOptions, Object, ObjectId};

/// The most one object or cross-reference stream may unpack to.
const MAX_STREAM: usize = 32 << 20;
const MAX_FIELDS: usize = 10_000;

/// A signature field whose value is a signature.
pub(super) struct SignedField<'a> {
    pub name: String,
    pub field: &'a Dictionary,
    pub value: &'a Dictionary,
    pub value_id: ObjectId,
}

/// Reads strictly: no repair, no encryption, the header at the first byte. A panic of the parser counts as an error.
pub(super) fn load(pdf: &[u8]) -> Result<Document, String> {
    if !pdf.starts_with(b"%PDF-") {
        return Err("the file does not begin as a PDF".to_owned());
    }
    let options = LoadOptions { strict: true, max_decompressed_size: Some(MAX_STREAM), ..LoadOptions::default() };
    let parsed = panic::catch_unwind(AssertUnwindSafe(|| Document::load_mem_with_options(pdf, options)));
    let document = parsed.map_err(|_| "the parser gave up".to_owned())?.map_err(|e| e.to_string())?;
    if document.is_encrypted() || document.was_encrypted() {
        return Err("the file is encrypted".to_owned());
    }
    if document.xref_recovery.is_some() {
        return Err("the cross-reference table is damaged".to_owned());
    }
    Ok(document)
}

pub(super) fn catalog_id(document: &Document) -> Option<ObjectId> {
    document.trailer.get(b"Root").and_then(Object::as_reference).ok()
}

/// The dictionary under a key, direct or referenced.
pub(super) fn dictionary<'a>(document: &'a Document, parent: &'a Dictionary, key: &[u8]) -> Option<&'a Dictionary> {
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
    let mut open: Vec<&Object> = form(document).map(|form| array(document, form, b"Fields")).unwrap_or_default().iter().rev().collect();
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

/// A text string (ISO 32000-1 section 7.9.2.2) for people; empty if there is none.
pub(super) fn text(dictionary: &Dictionary, key: &[u8]) -> String {
    let object = dictionary.get(key).ok();
    let decoded = object.and_then(|object| lopdf::decode_text_string(object).ok()).unwrap_or_default();
    crate::store::manifest::clean(&decoded)
}
