//! The flags by which `package` answers a regulator's request, and what is told once the answer is made.

use std::path::PathBuf;

use chrono::NaiveDate;
use clap::Args;

use super::key::KeyFlags;
use super::{Context, Exit, data, say, wrong};
use crate::diag::printable;
use crate::model::request::GivenState;
use crate::pipeline::Error;
use crate::pipeline::response::{self, ResponseMade, ResponseWanted};
use crate::pipeline::verify::Pins;
use crate::render::Templates;

/// What a regulator asked for, in place of a package
#[derive(Debug, Args)]
pub struct RequestFlags {
    /// Answer this request, YAML, from packages that were sealed by the day of --as-of: a folder for each
    /// item, one sealed archive in packages/responses/
    #[arg(long, value_name = "FILE", requires = "as_of",
        conflicts_with_all = ["run", "against", "draft", "edition", "audience", "require_complete"])]
    pub request: Option<PathBuf>,
    /// Draw on this package; may be repeated [default: every package in packages/]
    #[arg(long, value_name = "PACKAGE", requires = "request")]
    pub from: Vec<PathBuf>,
}

impl RequestFlags {
    /// Makes the response, for the day that `as_of` names.
    pub fn make(
        &self,
        as_of: Option<&str>,
        key: &KeyFlags,
        templates: &Templates,
        context: &Context,
    ) -> Result<Option<Exit>, Error> {
        let (Some(file), Some(as_of)) = (&self.request, as_of) else { return Ok(None) };
        let day = day(as_of)?;
        let now = context.clock.now();
        if day > now.date_naive() {
            return Err(wrong(format!("--as-of: {day} is yet to come"), "name the day that is asked about"));
        }
        let workspace = context.workspace()?;
        let sealer = context.sealer_by(&workspace, key)?;
        let pins = Pins { pinned_clock: context.clock.is_pinned(), ..Pins::default() };
        let progress = context.progress();
        let made = response::make(&ResponseWanted {
            workspace: &workspace,
            templates,
            file,
            day,
            from: &self.from,
            sealer: &sealer,
            pins: &pins,
            pinned_clock: context.clock.is_pinned(),
            now,
            step: &|what| progress.step(what),
        })?;
        drop(progress);
        Ok(Some(told(&made)))
    }
}

/// `2026-09-30`, or the day of a time.
fn day(text: &str) -> Result<NaiveDate, Error> {
    let read = NaiveDate::parse_from_str(text, "%Y-%m-%d")
        .ok()
        .or_else(|| crate::clock::parse(text).ok().map(|time| time.date_naive()));
    read.ok_or_else(|| wrong(format!("--as-of: `{text}` is no day"), "write it as 2026-09-30"))
}

fn told(made: &ResponseMade) -> Exit {
    let record = &made.record;
    for item in &record.items {
        say(&printable(&format!("{:<24} {:<8} {}", item.citation, item.id, item.state.as_str())));
        for part in item.parts.iter().filter(|part| part.state == GivenState::NotEvidenced) {
            say(&printable(&format!("{:<33} {}: {}", "", part.part, part.words)));
        }
    }
    let effective = record.packages.last().expect("a response draws on a package");
    say(&printable(&format!("in effect: package {}, which speaks for {}", effective.id, effective.as_of)));
    made.notes.iter().for_each(|note| say(&printable(note)));
    data(&format!("RESPONSE {}\n", made.zip.display()));
    say(&format!(
        "         sha256 {}\ncheck it: affiant verify {}\nread it before you hand it over",
        made.zip_digest,
        made.zip.display()
    ));
    let parts = || record.items.iter().flat_map(|item| &item.parts);
    let incomplete = parts().any(|part| part.state == GivenState::NotEvidenced || !part.gaps.is_empty());
    if incomplete { Exit::Incomplete } else { Exit::Done }
}
