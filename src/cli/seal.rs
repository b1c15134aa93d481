//! `affiant seal`: the key that seals.

use clap::Subcommand;

use super::{Context, Exit, data, wrong};
use crate::diag::printable;
use crate::pipeline::Error;
use crate::pipeline::keys;

/// The key that seals packages and runs
#[derive(Debug, Subcommand)]
pub enum SealCommand {
    /// Make a workspace key: P-256, self-signed, mode 0600, ignored by git
    Key,
    /// Show which certificate seals, its fingerprint and when it ends
    Status,
}

pub fn cmd_seal(command: SealCommand, context: &Context) -> Result<Exit, Error> {
    let workspace = context.workspace()?;
    if let SealCommand::Key = command {
        let (key, _) = keys::paths(&workspace);
        if key.exists() {
            return Err(wrong(format!("there is a key in `{}` already", key.display()), "a key is never replaced; move it away first"));
        }
        keys::make(&workspace, context.clock.now())?;
    }
    let sealer = context.sealer(&workspace)?;
    let certificate = sealer.certificate();
    let (_, own) = keys::paths(&workspace);
    data(&printable(&format!(
        "certificate  {}\nfingerprint  sha256 {}\nvalid until  {}\n{}\n",
        certificate.subject(),
        certificate.fingerprint(),
        certificate.not_after().format("%Y-%m-%d"),
        sealer.info().words
    )));
    if certificate.is_workspace_key() {
        data(&format!("give others    {}\n", own.display()));
    }
    Ok(Exit::Done)
}
