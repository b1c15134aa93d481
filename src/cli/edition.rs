//! The flags of a shareable edition, and what is told once it is made.

use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};

use super::{Context, data, say, wrong};
use crate::catalog;
use crate::diag::printable;
use crate::pipeline::Error;
use crate::pipeline::edition::{self, EditionMade, EditionRequest};
use crate::pipeline::keys::Sealer;
use crate::pipeline::verify::Pins;
use crate::render::Templates;
use crate::workspace::Workspace;

/// Which edition, and for whom
#[derive(Debug, Args)]
pub struct EditionFlags {
    /// The whole package; or beside it one with pseudonyms in place of names, numbers and addresses, and
    /// without the evidence
    #[arg(long, value_enum, default_value_t = Edition::Full)]
    pub edition: Edition,
    /// Whom the edition is for: each audience has a key and pseudonyms of its own
    #[arg(long = "for", value_name = "AUDIENCE", required_if_eq("edition", "shareable"))]
    pub audience: Option<String>,
    /// Whose copy it is: printed with the date on every page
    #[arg(long, value_name = "NAME", requires = "audience")]
    pub recipient: Option<String>,
    /// Make the edition of this package [default: the package is made first]
    #[arg(long, value_name = "PACKAGE", requires = "audience",
        conflicts_with_all = ["run", "as_of", "against", "draft"])]
    pub of: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Edition {
    Full,
    Shareable,
}

impl EditionFlags {
    /// An audience without an edition for it, or an edition of nothing.
    pub fn refuse(&self) -> Result<(), Error> {
        if self.edition == Edition::Full && self.audience.is_some() {
            return Err(wrong(
                "`--for` names an audience, and the whole package has none",
                "add `--edition shareable`",
            ));
        }
        match &self.of {
            Some(package) if !package.exists() => Err(wrong(
                format!("--of: there is no `{}`", package.display()),
                "name a package (ZIP or folder)",
            )),
            Some(_) | None => Ok(()),
        }
    }

    /// Makes the edition of `package`, if one is wanted.
    pub fn make(
        &self,
        package: &Path,
        workspace: &Workspace,
        holder: &Sealer,
        context: &Context,
    ) -> Result<(), Error> {
        let (Edition::Shareable, Some(audience)) = (self.edition, &self.audience) else { return Ok(()) };
        let pins = Pins { pinned_clock: context.clock.is_pinned(), ..Pins::default() };
        let progress = context.progress();
        let made = edition::make(&EditionRequest {
            workspace,
            templates: Templates::new(catalog::templates()),
            package,
            audience,
            recipient: self.recipient.as_deref(),
            holder,
            pins: &pins,
            now: context.clock.now(),
            step: &|what| progress.step(what),
        })?;
        drop(progress);
        told(&made, package);
        Ok(())
    }
}

fn told(made: &EditionMade, package: &Path) {
    say("\nshareable edition");
    for removal in &made.sharing.removals {
        say(&format!(
            "  {:>6} places, {:>5} different  {} ({}-…)",
            removal.places, removal.originals, removal.what, removal.kind
        ));
    }
    made.sharing.left_out.iter().for_each(|words| say(&format!("  left out: {words}")));
    if made.first {
        say(&printable(&format!(
            "made a key for the audience {}; keep its folder private: it joins the edition to its original",
            made.sharing.audience
        )));
    }
    say(&format!(
        "fingerprint of the edition's seal {}\nread the edition before you hand it over",
        made.fingerprint
    ));
    data(&format!("EDITION {}\nLINK    {}\n", made.zip.display(), made.link.display()));
    say(&format!(
        "        sha256 {}\ncheck it: affiant verify {}\njoin it:  affiant verify {} --link {} --original {} \
         --edition-key {}",
        made.zip_digest,
        made.zip.display(),
        made.zip.display(),
        made.link.display(),
        package.display(),
        made.key.display()
    ));
}
