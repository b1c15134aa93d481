//! What an update did to a signed revision. Only what adding a signature needs is allowed (ISO 32000-2
//! section 12.8.2.2, DocMDP P 2): new objects, a longer form and annotation list whose new members are
//! signature fields, a signature filled into an empty field, validation data. Everything else, such as a
//! replaced page, font or content stream (the "shadow attacks"), is reported.

use std::collections::BTreeSet;

use lopdf::{Dictionary, Document, Object, ObjectId};

use crate::seal::pades::document::{array, catalog_id, dictionary, form};

/// What kind of change it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PdfChange {
    /// Something else than a signature was changed or added.
    Content,
    /// A signature field was added that covers content or does something.
    Field,
    /// An object was added that the signed revision already refers to.
    Dangling,
}

/// The changes from `before` to `after` that no signature explains; empty if all is well.
pub(super) fn forbidden(before: &Document, after: &Document) -> Vec<(PdfChange, String)> {
    let content = |words: &str| vec![(PdfChange::Content, words.to_owned())];
    let Some(catalog) = catalog_id(before).filter(|id| catalog_id(after) == Some(*id)) else {
        return content("the catalog is another object");
    };
    if before.trailer.get(b"Info").ok() != after.trailer.get(b"Info").ok() {
        return content("the document information is another object");
    }
    let rules = Rules {
        before,
        after,
        catalog,
        form: reference(before.catalog().ok(), b"AcroForm"),
        lists: lists(before),
    };
    let used = references(before);
    let mut found = Vec::new();
    for (id, old) in before.objects.iter().filter(|(id, object)| used.contains(id) || !is_bookkeeping(object))
    {
        if let Err((kind, why)) = rules.explain(*id, old) {
            found.push((kind, format!("object {} {}: {why}", id.0, id.1)));
        }
    }
    let promised =
        used.iter().filter(|id| !before.objects.contains_key(id) && after.objects.contains_key(id));
    found.extend(promised.map(|id| {
        (
            PdfChange::Dangling,
            format!("object {} {} was added, which the signed part refers to and lacks", id.0, id.1),
        )
    }));
    found
}

/// Every object that another one, or the trailer, refers to. Streams of objects and tables refer to nothing
/// by themselves.
fn references(document: &Document) -> BTreeSet<ObjectId> {
    let mut found = BTreeSet::new();
    let bodies = document.objects.values().filter(|object| !is_bookkeeping(object));
    let mut open: Vec<&Object> = bodies
        .chain(document.trailer.iter().filter(|(key, _)| key.as_slice() != b"XRefStm").map(|(_, v)| v))
        .collect();
    while let Some(object) = open.pop() {
        match object {
            Object::Reference(id) => drop(found.insert(*id)),
            Object::Array(items) => open.extend(items),
            Object::Dictionary(dictionary) => open.extend(dictionary.iter().map(|(_, value)| value)),
            Object::Stream(stream) => open.extend(stream.dict.iter().map(|(_, value)| value)),
            _ => {}
        }
    }
    found
}

/// Whether nothing changed but the security store that the catalog names: what stands behind the last
/// signature at B-LT.
pub(super) fn only_validation(before: &Document, after: &Document) -> bool {
    let Some(catalog) = catalog_id(before).filter(|id| catalog_id(after) == Some(*id)) else { return false };
    let unchanged = |(id, old): (&ObjectId, &Object)| match (old, after.objects.get(id)) {
        (Object::Dictionary(old), Some(Object::Dictionary(new))) if *id == catalog => {
            same_except(old, new, &[b"DSS"]).is_ok()
        }
        (old, new) => new == Some(old),
    };
    let stores =
        [before, after].map(|document| document.catalog().ok().and_then(|catalog| catalog.get(b"DSS").ok()));
    before.trailer.get(b"Info").ok() == after.trailer.get(b"Info").ok()
        && stores[0] != stores[1]
        && before.objects.iter().filter(|(_, object)| !is_bookkeeping(object)).all(unchanged)
}

struct Rules<'a> {
    before: &'a Document,
    after: &'a Document,
    catalog: ObjectId,
    form: Option<ObjectId>,
    /// Arrays that are objects of their own and list annotations or fields.
    lists: BTreeSet<ObjectId>,
}

impl Rules<'_> {
    fn explain(&self, id: ObjectId, old: &Object) -> Result<(), Why> {
        let content = |words: &'static str| (PdfChange::Content, words);
        let new = self.after.objects.get(&id).ok_or(content("it was removed"))?;
        if old == new {
            return Ok(());
        }
        if self.lists.contains(&id) {
            return match (old, new) {
                (Object::Array(old), Object::Array(new)) => self.grown(old, new),
                (_, _) => Err(content("a list became something else")),
            };
        }
        if reference(self.before.catalog().ok(), b"Metadata") == Some(id) {
            return match title(old) == title(new) {
                true => Ok(()),
                false => Err(content("the title in its metadata was changed")),
            };
        }
        let (Object::Dictionary(old), Object::Dictionary(new)) = (old, new) else {
            return Err(content("its content was replaced"));
        };
        if id == self.catalog {
            self.catalog(old, new)
        } else if Some(id) == self.form {
            self.form(Some(old), new)
        } else if old.has_type(b"Page") {
            self.page(old, new)
        } else if is_signature_field(old, self.before) && !old.has(b"V") {
            // whoever draws into the field of somebody else signs nothing
            let signed = reference(Some(new), b"V").is_some()
                && dictionary(self.after, new, b"V").is_some_and(|value| value.has(b"ByteRange"));
            let keys: &[&[u8]] = if signed { &[&b"V"[..], b"AP", b"F", b"MK", b"M"] } else { &[] };
            same_except(old, new, keys).map_err(content)
        } else if self.before.trailer.get(b"Info").and_then(Object::as_reference).ok() == Some(id) {
            same_except(old, new, &[b"ModDate", b"Producer"]).map_err(content)
        } else {
            Err(content("it was changed"))
        }
    }

    fn catalog(&self, old: &Dictionary, new: &Dictionary) -> Result<(), Why> {
        let content = |words: &'static str| (PdfChange::Content, words);
        same_except(old, new, &[b"AcroForm", b"DSS", b"Extensions", b"Perms", b"Version"])
            .map_err(content)?;
        // a program that signs may say which version of PDF its signature needs; pages look the same
        let version = new.get(b"Version").and_then(Object::as_name).unwrap_or_default();
        let named = !old.has(b"Version") && [&b"1.7"[..], b"2.0"].contains(&version);
        if old.get(b"Version").ok() != new.get(b"Version").ok() && !named {
            return Err(content("the catalog's version was changed"));
        }
        if old.has(b"Perms") && old.get(b"Perms").ok() != new.get(b"Perms").ok() {
            return Err(content("the catalog's permissions were changed"));
        }
        match (form(self.before), form(self.after)) {
            (None, None) => Ok(()),
            (old, Some(new)) => self.form(old, new),
            (Some(_), None) => Err(content("the form was removed")),
        }
    }

    fn form(&self, old: Option<&Dictionary>, new: &Dictionary) -> Result<(), Why> {
        let content = |words: &'static str| (PdfChange::Content, words);
        let nothing = Dictionary::new();
        let old = old.unwrap_or(&nothing);
        for key in [&b"DR"[..], b"DA"] {
            if old.has(key) && old.get(key).ok() != new.get(key).ok() {
                return Err(content("the form's resources were changed"));
            }
        }
        same_except(old, new, &[b"Fields", b"SigFlags", b"DR", b"DA"]).map_err(content)?;
        self.grown(array(self.before, old, b"Fields"), array(self.after, new, b"Fields"))
    }

    fn page(&self, old: &Dictionary, new: &Dictionary) -> Result<(), Why> {
        let content = |words: &'static str| (PdfChange::Content, words);
        same_except(old, new, &[b"Annots", b"Tabs"]).map_err(|_| content("a page was changed"))?;
        if old.has(b"Tabs") && old.get(b"Tabs").ok() != new.get(b"Tabs").ok() {
            return Err(content("a page's tab order was changed"));
        }
        self.grown(array(self.before, old, b"Annots"), array(self.after, new, b"Annots"))
    }

    /// The old members in their order, then only signature fields, which draw nothing and do nothing.
    fn grown(&self, old: &[Object], new: &[Object]) -> Result<(), Why> {
        let added = new
            .strip_prefix(old)
            .ok_or((PdfChange::Content, "a list of annotations or fields was changed"))?;
        for object in added {
            let field = self.after.dereference(object).ok().and_then(|(_, object)| object.as_dict().ok());
            let field = field.filter(|field| is_signature_field(field, self.after));
            self.quiet(field.ok_or((PdfChange::Content, "something else than a signature was added"))?, 0)?;
        }
        Ok(())
    }

    /// A field that was not there when the document was certified may not cover what was, and may start
    /// nothing.
    fn quiet(&self, field: &Dictionary, depth: u32) -> Result<(), Why> {
        if [&b"A"[..], b"AA", b"JS", b"Action"].iter().any(|key| field.has(key)) {
            return Err((PdfChange::Field, "a signature field with an action was added"));
        }
        if field.has(b"Rect") && !flat(self.after, field) {
            return Err((
                PdfChange::Field,
                "a visible signature field was added, which can cover what was certified",
            ));
        }
        for kid in array(self.after, field, b"Kids").iter().take(if depth < 8 { 100 } else { 0 }) {
            if let Some(kid) = self.after.dereference(kid).ok().and_then(|(_, object)| object.as_dict().ok())
            {
                self.quiet(kid, depth + 1)?;
            }
        }
        Ok(())
    }
}

type Why = (PdfChange, &'static str);

/// Whether the rectangle of a widget has no area: four numbers, of which two that face each other are the
/// same.
pub(super) fn flat(document: &Document, field: &Dictionary) -> bool {
    let rect = array(document, field, b"Rect");
    let number = |object: &Object| document.dereference(object).ok()?.1.as_float().ok();
    let edges: Vec<f32> = rect.iter().filter_map(number).collect();
    matches!(edges[..], [left, bottom, right, top] if rect.len() == 4 && (left == right || bottom == top))
}

/// The title that viewers show, as the metadata have it; nothing where they are packed or no such text.
fn title(metadata: &Object) -> Option<String> {
    let stream = metadata.as_stream().ok().filter(|stream| !stream.dict.has(b"Filter"))?;
    let text = std::str::from_utf8(&stream.content).ok().filter(|text| !text.contains("<!--"))?;
    let (_, rest) = text.split_once("<dc:title")?;
    let (inside, rest) = rest.split_once("</dc:title>")?;
    let words = inside.split('<').filter_map(|part| part.split_once('>')).map(|(_, words)| words.trim());
    (!rest.contains("<dc:title")).then(|| words.collect())
}

/// Equal but for the keys named.
fn same_except(old: &Dictionary, new: &Dictionary, keys: &[&[u8]]) -> Result<(), &'static str> {
    let counts = |d: &Dictionary| d.iter().filter(|(key, _)| !keys.contains(&key.as_slice())).count();
    let mut kept = old.iter().filter(|(key, _)| !keys.contains(&key.as_slice()));
    let same =
        kept.all(|(key, value)| new.get(key).is_ok_and(|other| other == value)) && counts(old) == counts(new);
    if same { Ok(()) } else { Err("it was changed") }
}

fn is_signature_field(field: &Dictionary, document: &Document) -> bool {
    let own = |d: &Dictionary| d.get(b"FT").and_then(Object::as_name).is_ok_and(|name| name == b"Sig");
    own(field) || dictionary(document, field, b"Parent").is_some_and(own)
}

/// Streams that hold objects or tables: each revision brings its own.
fn is_bookkeeping(object: &Object) -> bool {
    object.as_stream().is_ok_and(|s| s.dict.has_type(b"XRef") || s.dict.has_type(b"ObjStm"))
}

fn lists(document: &Document) -> BTreeSet<ObjectId> {
    let pages = document.objects.values().filter_map(|o| o.as_dict().ok()).filter(|d| d.has_type(b"Page"));
    let annotations = pages.filter_map(|page| reference(Some(page), b"Annots"));
    annotations.chain(reference(form(document), b"Fields")).collect()
}

fn reference(dictionary: Option<&Dictionary>, key: &[u8]) -> Option<ObjectId> {
    dictionary?.get(key).and_then(Object::as_reference).ok()
}
