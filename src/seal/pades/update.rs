//! Additions to a PDF document: fields into its form, elements into its lists, and why one could not be made.

use lopdf::{Dictionary, IncrementalDocument, Object, ObjectId};

use crate::seal::signature::cms::SignError;

#[derive(Debug, thiserror::Error)]
pub enum PadesError {
    #[error("the PDF cannot be signed: {0}")]
    Document(String),
    #[error(transparent)]
    Sign(#[from] SignError),
    #[error("the PDF cannot be extended: {0}")]
    Extend(#[from] lopdf::Error),
    #[error("the PDF cannot be written")]
    Write(#[from] std::io::Error),
}

/// Puts the widget into the form, which is the catalog's own dictionary, an object of its own, or not there
/// yet.
pub(super) fn add_to_form(
    update: &mut IncrementalDocument,
    catalog: ObjectId,
    widget: ObjectId,
) -> Result<(), PadesError> {
    let known = dictionary_of(update, catalog)?
        .get(b"AcroForm")
        .cloned()
        .unwrap_or_else(|_| Dictionary::new().into());
    let form = match known {
        Object::Reference(id) => id,
        direct => {
            let id = update.new_document.add_object(direct);
            dictionary_of(update, catalog)?.set("AcroForm", id);
            id
        }
    };
    append(update, form, b"Fields", widget)?;
    // SignaturesExist and AppendOnly (ISO 32000-1 table 219).
    dictionary_of(update, form)?.set("SigFlags", 3);
    Ok(())
}

/// Appends a reference to the array under `key`, which may be direct, an object of its own, or not there yet.
pub(super) fn append(
    update: &mut IncrementalDocument,
    owner: ObjectId,
    key: &[u8],
    item: ObjectId,
) -> Result<(), PadesError> {
    match dictionary_of(update, owner)?.get(key).cloned() {
        Ok(Object::Reference(id)) => {
            update.opt_clone_object_to_new_document(id)?;
            update.new_document.get_object_mut(id)?.as_array_mut()?.push(item.into());
        }
        Ok(Object::Array(mut items)) => {
            items.push(item.into());
            dictionary_of(update, owner)?.set(key, items);
        }
        Ok(_) | Err(_) => dictionary_of(update, owner)?.set(key, vec![item.into()]),
    }
    Ok(())
}

/// An object's dictionary in the update, copied there first if need be.
pub(super) fn dictionary_of(
    update: &mut IncrementalDocument,
    id: ObjectId,
) -> Result<&mut Dictionary, PadesError> {
    update.opt_clone_object_to_new_document(id)?;
    Ok(update.new_document.get_object_mut(id)?.as_dict_mut()?)
}
