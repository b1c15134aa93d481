//! Files of AWS Config's history on their way into a run: told by their names, stored under short ones,
//! counted for no type, since they say what was and not what is.

use super::seen::{LostEvidence, Past, Seen, place_in_name};
use crate::evidence::config_files::{self, Found};
use crate::evidence::config_item;
use crate::model::run::{HISTORY, State};
use crate::store::portable_name;
use crate::store::run::Writer;

/// Whether a file is one of AWS Config's history, by the name that AWS gives it.
pub fn is_history(file: &str) -> bool {
    file.contains("_ConfigHistory_")
}

/// Where a file of history goes in a run: `history/<account>_<region>/<type>_<start>_<end>_<n>.json.gz`,
/// short enough for a bag. The file's own name is in its custody record.
pub fn history_path(file: &str) -> String {
    let parts = file.split_once("_Config_").and_then(|(account, rest)| {
        let (region, rest) = rest.split_once("_ConfigHistory_")?;
        let (kind, rest) = rest.split_once('_')?;
        let kind = kind.strip_prefix("AWS::").unwrap_or(kind).replace("::", "-");
        Some((format!("{account}_{region}"), format!("{kind}_{rest}")))
    });
    match parts {
        Some((folder, name)) => format!("history/{}/{}", portable_name(&folder), portable_name(&name)),
        None => format!("history/{}", portable_name(file)),
    }
}

/// Counts the items of a stored file of history. They say what was, so they count for no type; what cannot be
/// read is a gap of the history.
pub fn tally_history(writer: &Writer, stored: &str, file: &str, seen: &mut Seen) {
    let (account, region) = place_in_name(file).unwrap_or_default();
    let mut past = Past { files: 1, items: 0 };
    let mut faults = Vec::new();
    let walked = writer.open(stored).map_err(config_files::ItemsFault::Io).and_then(|input| {
        config_files::walk(input, |found| -> Result<(), config_files::ItemsFault> {
            let outcome = match found {
                Found::Item(bytes) | Found::Row(bytes) => config_item::parse(bytes, None).map(drop),
                Found::Around(_) => return Ok(()),
                Found::Bad(what) => Err(what.to_string()),
            };
            past.items += 1;
            faults.extend(outcome.err().map(|what| format!("item {}: {what}", past.items)));
            Ok(())
        })
    });
    if let Err(fault) = walked {
        faults.push(format!("after {} items: {fault}", past.items));
    }
    let lost = |what| LostEvidence {
        account: account.clone(),
        region: region.clone(),
        source: HISTORY.into(),
        file: file.into(),
        what,
        state: State::Unreadable,
    };
    seen.faults.extend(faults.into_iter().map(lost));
    let known = seen.histories.entry((account.clone(), region.clone())).or_default();
    known.files += past.files;
    known.items += past.items;
}
