//! What a signature field shows: nothing, or the first page of another PDF, taken over with its fonts.

use std::collections::BTreeMap;

use lopdf::{Dictionary, Document, IncrementalDocument, Object, ObjectId, Stream, dictionary};

use crate::seal::pades::document::{self, array};
use crate::seal::pades::update::PadesError;

/// An empty form of this size in points. PDF/A asks for an appearance of every field (ISO 19005-3 section
/// 6.3.3).
pub(super) fn empty(width: f32, height: f32) -> Stream {
    let bounds = vec![0.into(), 0.into(), width.into(), height.into()];
    let form = dictionary! {
        "Type" => "XObject", "Subtype" => "Form", "BBox" => bounds, "Resources" => Dictionary::new()
    };
    Stream::new(form, Vec::new())
}

/// The first page of `pdf` as a form; readers fit its box into the field.
pub(super) fn import(update: &mut IncrementalDocument, pdf: &[u8]) -> Result<ObjectId, PadesError> {
    let source = document::load(pdf).map_err(PadesError::Document)?;
    let page = source
        .page_iter()
        .next()
        .ok_or_else(|| PadesError::Document("the picture of a signature has no page".to_owned()))?;
    let content = source.get_page_content(page);
    let page = source.get_dictionary(page)?;
    let resources = page.get_deref(b"Resources", &source)?.clone();
    let bounds = page.get_deref(b"MediaBox", &source)?.clone();
    let mut taken = BTreeMap::new();
    let resources = take(update, &source, &resources, &mut taken)?;
    let form = dictionary! {
        "Type" => "XObject", "Subtype" => "Form", "BBox" => bounds, "Resources" => resources,
    };
    Ok(update.new_document.add_object(Stream::new(form, content)))
}

/// A copy of an object with everything that it refers to, under new numbers.
fn take(
    update: &mut IncrementalDocument,
    source: &Document,
    object: &Object,
    taken: &mut BTreeMap<ObjectId, ObjectId>,
) -> Result<Object, PadesError> {
    Ok(match object {
        Object::Reference(id) => {
            if let Some(known) = taken.get(id) {
                return Ok((*known).into());
            }
            let place = update.new_document.add_object(Object::Null);
            taken.insert(*id, place);
            let copy = take(update, source, source.get_object(*id)?, taken)?;
            update.new_document.set_object(place, copy);
            place.into()
        }
        Object::Array(items) => Object::Array(
            items.iter().map(|item| take(update, source, item, taken)).collect::<Result<_, _>>()?,
        ),
        Object::Dictionary(dictionary) => take_dictionary(update, source, dictionary, taken)?.into(),
        Object::Stream(stream) => {
            let mut copy = stream.clone();
            copy.dict = take_dictionary(update, source, &stream.dict, taken)?;
            copy.into()
        }
        plain => plain.clone(),
    })
}

fn take_dictionary(
    update: &mut IncrementalDocument,
    source: &Document,
    dictionary: &Dictionary,
    taken: &mut BTreeMap<ObjectId, ObjectId>,
) -> Result<Dictionary, PadesError> {
    let mut copy = Dictionary::new();
    for (key, value) in dictionary.iter() {
        copy.set(key.clone(), take(update, source, value, taken)?);
    }
    Ok(copy)
}

/// Turns each link to `affiant:sign:<name>` into an empty signature field of that name, in place: the
/// structure tree goes on pointing at it, now as a form field (ISO 14289-1 section 7.18.4). A PDF without
/// such links comes back unchanged.
pub fn prepare_fields(pdf: &[u8]) -> Result<Vec<u8>, PadesError> {
    let document = document::load(pdf).map_err(PadesError::Document)?;
    let found = places(&document);
    let Some(catalog) = document::catalog_id(&document).filter(|_| !found.is_empty()) else {
        return Ok(pdf.to_vec());
    };
    let structure: Vec<_> = found.iter().map(|place| structure_of(&document, place.link)).collect();
    let mut update = IncrementalDocument::create_from(pdf.to_vec(), document);
    for (place, element) in found.iter().zip(structure) {
        let shown = update.new_document.add_object(empty(place.width, place.height));
        let field = super::update::dictionary_of(&mut update, place.link)?;
        for key in [&b"A"[..], b"Dest", b"Border", b"BS", b"C", b"H", b"PA", b"QuadPoints"] {
            field.remove(key);
        }
        field.set("Subtype", "Widget");
        field.set("FT", "Sig");
        field.set("T", lopdf::text_string(&place.name));
        let words = format!("Signature field: {}", place.name);
        field.set("TU", lopdf::text_string(&words));
        field.set("Contents", lopdf::text_string(&words));
        field.set("F", 4);
        field.set("P", place.page);
        field.set("AP", dictionary! { "N" => shown });
        super::update::add_to_form(&mut update, catalog, place.link)?;
        super::update::dictionary_of(&mut update, place.page)?.set("Tabs", "S");
        if let Some(element) = element {
            super::update::dictionary_of(&mut update, element)?.set("S", "Form");
        }
    }
    let mut out = Vec::with_capacity(pdf.len() + 4096);
    update.save_to(&mut out)?;
    Ok(out)
}

/// A link that stands where somebody shall sign.
struct Place {
    page: ObjectId,
    link: ObjectId,
    name: String,
    width: f32,
    height: f32,
}

const SIGN_HERE: &[u8] = b"affiant:sign:";

fn places(document: &Document) -> Vec<Place> {
    let mut found = Vec::new();
    for page in document.page_iter() {
        let Ok(dictionary) = document.get_dictionary(page) else { continue };
        for annotation in array(document, dictionary, b"Annots") {
            let Ok(link) = annotation.as_reference() else { continue };
            let Ok(body) = document.get_dictionary(link) else { continue };
            let target = document::dictionary(document, body, b"A")
                .and_then(|action| action.get(b"URI").and_then(Object::as_str).ok());
            let Some(name) = target.and_then(|uri| uri.strip_prefix(SIGN_HERE)) else { continue };
            let edge = |i: usize| {
                array(document, body, b"Rect").get(i).and_then(|n| n.as_float().ok()).unwrap_or(0.0)
            };
            let (width, height) = ((edge(2) - edge(0)).abs(), (edge(3) - edge(1)).abs());
            found.push(Place { page, link, name: String::from_utf8_lossy(name).into_owned(), width, height });
        }
    }
    found
}

/// The structure element that holds the annotation.
fn structure_of(document: &Document, annotation: ObjectId) -> Option<ObjectId> {
    let refers = |kid: &Object| {
        let kid = document.dereference(kid).ok().and_then(|(_, kid)| kid.as_dict().ok());
        kid.is_some_and(|kid| kid.get(b"Obj").and_then(Object::as_reference).ok() == Some(annotation))
    };
    let is_it = |element: &Dictionary| match element.get(b"K") {
        Ok(Object::Array(kids)) => kids.iter().any(refers),
        Ok(kid) => refers(kid),
        Err(_) => false,
    };
    let mut elements =
        document.objects.iter().filter(|(_, object)| object.as_dict().is_ok_and(|d| d.has(b"S") && is_it(d)));
    elements.next().map(|(id, _)| *id)
}
