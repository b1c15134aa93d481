//! The tables of an edition, as CSV and in a database of their own.

use std::io::Write;
use std::path::Path;

use super::dossier::own_words;
use crate::assess::database::sharing::{self, ColumnUse, SHARED, SharedDatabase};
use crate::assess::input::Fault;
use crate::model::dossier::Dossier;
use crate::pipeline::Error;
use crate::pipeline::record::csv_path;
use crate::redact::pseudonyms::Pseudonyms;
use crate::store::bag::Payload;

pub(super) const EDITION_DATABASE: &str = "data/tables/edition.sqlite";

pub(super) fn write(
    database: &Path,
    names: &Pseudonyms,
    dossier: &Dossier,
    bag: &mut Payload,
    scratch: &Path,
) -> Result<(), Error> {
    let queries = own_words(dossier);
    let path = scratch.join("edition.sqlite");
    let copy = SharedDatabase::create(&path)?;
    let memory = |error: csv::Error| Error::from(Fault::Io(std::io::Error::other(error)));
    for shared @ (table, columns) in SHARED {
        let headers: Vec<&str> = columns.iter().map(|(name, _)| *name).collect();
        copy.table(table, &headers)?;
        let mut file = bag.file(&csv_path(table))?;
        let mut writer = csv::WriterBuilder::new()
            .terminator(csv::Terminator::CRLF)
            .from_writer(&mut file as &mut dyn Write);
        writer.write_record(&headers).map_err(memory)?;
        let mut rows = Vec::new();
        sharing::rows(database, shared, &mut |mut cells| {
            let check = sharing::text(&mut cells[0]).map(|text| text.clone()).unwrap_or_default();
            for ((_, kind), cell) in columns.iter().zip(&mut cells) {
                let Some(text) = sharing::text(cell) else { continue };
                *text = match (kind, queries.get(&check)) {
                    (ColumnUse::Own, _) => continue,
                    (ColumnUse::Name, _) => names.name(text),
                    (ColumnUse::Sentence, Some(query)) => names.sentence(text, query),
                    (ColumnUse::Sentence, None) | (ColumnUse::Prose, _) => names.text(text),
                };
            }
            rows.push(cells);
            Ok(())
        })?;
        // in the order of what is shown: that of the originals tells which name comes before which
        rows.sort_by_cached_key(|cells| cells.iter().map(sharing::shown).collect::<Vec<String>>());
        for cells in &rows {
            copy.insert(table, cells)?;
            writer.write_record(cells.iter().map(sharing::shown)).map_err(memory)?;
        }
        writer.flush().map_err(Fault::Io)?;
        drop(writer);
        file.finish()?;
    }
    copy.finish()?;
    let mut bytes = std::fs::File::open(&path).map_err(Error::io("read", &path))?;
    bag.add(EDITION_DATABASE, &mut bytes)?;
    Ok(())
}
