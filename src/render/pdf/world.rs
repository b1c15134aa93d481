//! All that typst may see: our templates, fonts, figures, attachments and the dossier. No disk, no network,
//! no clock.

use std::collections::HashMap;

use typst::diag::{FileError, FileResult};
use typst::foundations::{Bytes, Datetime, Duration};
use typst::syntax::{FileId, RootedPath, Source, VirtualPath, VirtualRoot};
use typst::text::{Font, FontBook};
use typst::utils::LazyHash;
use typst::{Library, LibraryExt, World};

pub struct ClosedWorld {
    library: LazyHash<Library>,
    book: LazyHash<FontBook>,
    fonts: Vec<Font>,
    main: FileId,
    sources: HashMap<FileId, Source>,
    files: HashMap<FileId, Bytes>,
}

/// The id of a file at an absolute path of the virtual project.
pub fn id(path: &str) -> Result<FileId, String> {
    let path = VirtualPath::new(path).map_err(|e| format!("`{path}`: {e:?}"))?;
    Ok(RootedPath::new(VirtualRoot::Project, path).intern())
}

impl ClosedWorld {
    /// `files` are paths such as `/main.typ`, `/data.json`; those ending in `.typ` are sources.
    pub fn new(
        main: &str,
        files: Vec<(String, Vec<u8>)>,
        fonts: Vec<Vec<u8>>,
    ) -> Result<ClosedWorld, String> {
        let fonts: Vec<Font> =
            fonts.into_iter().flat_map(|bytes| Font::iter(Bytes::new(bytes)).collect::<Vec<_>>()).collect();
        let mut world = ClosedWorld {
            library: LazyHash::new(Library::default()),
            book: LazyHash::new(FontBook::from_fonts(&fonts)),
            fonts,
            main: id(main)?,
            sources: HashMap::new(),
            files: HashMap::new(),
        };
        for (path, bytes) in files {
            let id = id(&path)?;
            if path.ends_with(".typ") {
                let text = String::from_utf8(bytes).map_err(|e| format!("`{path}`: {e}"))?;
                world.sources.insert(id, Source::new(id, text));
            } else {
                world.files.insert(id, Bytes::new(bytes));
            }
        }
        Ok(world)
    }
}

impl World for ClosedWorld {
    fn library(&self) -> &LazyHash<Library> {
        &self.library
    }

    fn book(&self) -> &LazyHash<FontBook> {
        &self.book
    }

    fn main(&self) -> FileId {
        self.main
    }

    fn source(&self, id: FileId) -> FileResult<Source> {
        self.sources.get(&id).cloned().ok_or_else(|| not_found(id))
    }

    fn file(&self, id: FileId) -> FileResult<Bytes> {
        let source = || self.sources.get(&id).map(|s| Bytes::from_string(s.text().to_string()));
        self.files.get(&id).cloned().or_else(source).ok_or_else(|| not_found(id))
    }

    fn font(&self, index: usize) -> Option<Font> {
        self.fonts.get(index).cloned()
    }

    /// No template of ours asks for the day, and none may.
    fn today(&self, _: Option<Duration>) -> Option<Datetime> {
        None
    }
}

fn not_found(id: FileId) -> FileError {
    FileError::NotFound(format!("{:?}", id.vpath()).into())
}
