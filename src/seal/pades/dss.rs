//! The document security store (ETSI EN 319 142-1 section 5.4.2): certificates, revocation lists and OCSP
//! answers that let a signature be verified when nobody can be asked any more (B-LT).

use lopdf::{Dictionary, Document, IncrementalDocument, Object, Stream};

use crate::seal::keys::certificate::Certificate;
use crate::seal::pades::document::{self, array, dictionary};
use crate::seal::pades::update::{PadesError, dictionary_of};
use crate::seal::signature::revocation::Revocation;

/// The most that one entry may unpack to, and the most entries that are read of each kind.
const MAX_ENTRY: usize = 16 << 20;
const MAX_ENTRIES: usize = 200;

/// Adds what is not there yet, as one update after the last signature.
pub fn add_validation(
    pdf: &[u8],
    certificates: &[Certificate],
    revocation: &Revocation,
) -> Result<Vec<u8>, PadesError> {
    let document = document::load(pdf).map_err(PadesError::Document)?;
    let catalog = document::catalog_id(&document)
        .ok_or_else(|| PadesError::Document("it has no catalog".to_owned()))?;
    let old = store(&document).cloned().unwrap_or_default();
    let ders: Vec<&[u8]> = certificates.iter().map(Certificate::der).collect();
    let (crls, answers) = (slices(&revocation.crls), slices(&revocation.answers));
    let mut fresh = Vec::new();
    for (key, wanted) in [("Certs", ders), ("CRLs", crls), ("OCSPs", answers)] {
        let there = entries(&document, &old, key.as_bytes());
        let mut missing: Vec<&[u8]> =
            wanted.into_iter().filter(|der| !there.iter().any(|known| known == der)).collect();
        missing.sort_unstable();
        missing.dedup();
        fresh.push((key, array(&document, &old, key.as_bytes()).to_vec(), missing));
    }
    let mut update = IncrementalDocument::create_from(pdf.to_vec(), document);
    let mut new = old;
    new.set("Type", "DSS");
    for (key, mut list, missing) in fresh {
        let added = missing
            .into_iter()
            .map(|der| update.new_document.add_object(Stream::new(Dictionary::new(), der.to_vec())));
        list.extend(added.map(Object::Reference));
        if !list.is_empty() {
            new.set(key, list);
        }
    }
    // A new object each time: nothing that an earlier signature covers is changed but the catalog's pointer.
    let place = update.new_document.add_object(new);
    dictionary_of(&mut update, catalog)?.set("DSS", place);
    let mut out = Vec::with_capacity(pdf.len() + (64 << 10));
    update.save_to(&mut out)?;
    Ok(out)
}

/// What the store holds; entries that cannot be read are left out, as they then help nobody.
pub(super) fn read(document: &Document) -> (Vec<Certificate>, Revocation) {
    let Some(store) = store(document) else { return (Vec::new(), Revocation::default()) };
    let certificates =
        entries(document, store, b"Certs").iter().filter_map(|der| Certificate::from_der(der).ok()).collect();
    let mut revocation = Revocation::default();
    for der in entries(document, store, b"CRLs").iter().chain(&entries(document, store, b"OCSPs")) {
        revocation.add(der);
    }
    (certificates, revocation)
}

fn store(document: &Document) -> Option<&Dictionary> {
    dictionary(document, document.catalog().ok()?, b"DSS")
}

fn entries(document: &Document, store: &Dictionary, key: &[u8]) -> Vec<Vec<u8>> {
    let streams = array(document, store, key).iter().take(MAX_ENTRIES);
    let streams = streams.filter_map(|entry| document.dereference(entry).ok()?.1.as_stream().ok());
    streams
        .filter_map(|stream| {
            if stream.dict.has(b"Filter") {
                stream.decompressed_content_with_limit(MAX_ENTRY).ok()
            } else {
                Some(stream.content.clone())
            }
        })
        .collect()
}

fn slices(list: &[Vec<u8>]) -> Vec<&[u8]> {
    list.iter().map(Vec::as_slice).collect()
}
