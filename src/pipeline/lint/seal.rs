//! What the section `seal` of `affiant.yaml` names: one whole key, files that are there and are what they are
//! named as. It opens no key.

use super::Linter;
use crate::diag::Diagnostic;
use crate::model::decisions::SealFacts;
use crate::pipeline::key_files::{NamedAs, refused};
use crate::workspace::FILES;
use crate::yaml::is_placeholder;

impl Linter<'_> {
    /// A key is one of three things, whole.
    fn one_key(&mut self, place: &str, given: [bool; 4]) {
        if let [false, false, false, false]
        | [true, true, false, false]
        | [false, false, true, false]
        | [false, true, false, true] = given
        {
            return;
        }
        let message = "this names no whole key, or more than one".to_string();
        let hint = "give `key` and `certificate` (PEM), or `pkcs12`, or `kms` and `certificate`";
        self.say(FILES[0], place, Diagnostic::new("AFW-085", message).hint(hint));
    }

    pub(super) fn seal(&mut self, seal: &SealFacts) {
        let given =
            [seal.key.is_some(), seal.certificate.is_some(), seal.pkcs12.is_some(), seal.kms.is_some()];
        self.one_key("seal", given);
        for (i, s) in seal.signers.iter().enumerate() {
            let given = [s.key.is_some(), s.certificate.is_some(), s.pkcs12.is_some(), s.kms.is_some()];
            self.one_key(&format!("seal/signers/{i}"), given);
        }
        let mut named: Vec<(String, &String)> = Vec::new();
        let own = [("key", &seal.key), ("certificate", &seal.certificate), ("pkcs12", &seal.pkcs12)];
        named
            .extend(own.iter().filter_map(|(member, file)| Some((format!("seal/{member}"), file.as_ref()?))));
        named.extend(
            seal.revocation.iter().enumerate().map(|(i, file)| (format!("seal/revocation/{i}"), file)),
        );
        named.extend(
            seal.timestamp
                .iter()
                .filter_map(|t| Some(("seal/timestamp/trust".to_string(), t.trust.as_ref()?))),
        );
        for (i, signer) in seal.signers.iter().enumerate() {
            let of = [("key", &signer.key), ("certificate", &signer.certificate), ("pkcs12", &signer.pkcs12)];
            named.extend(
                of.iter().filter_map(|(member, file)| {
                    Some((format!("seal/signers/{i}/{member}"), file.as_ref()?))
                }),
            );
        }
        for (place, path) in named {
            self.file_of_seal(&place, path);
        }
    }

    /// One file that the section names: there, and what it is named as.
    fn file_of_seal(&mut self, place: &str, path: &str) {
        let file = self.workspace.root.join(path);
        let named = match place.rsplit('/').next() {
            Some("key") => Some(NamedAs::Key),
            Some("certificate") => Some(NamedAs::Certificate),
            Some("pkcs12") => Some(NamedAs::Pkcs12),
            _ => None,
        };
        let another = named.filter(|_| file.is_file()).and_then(|named| refused(&file, named));
        if let Some(mut problem) = another {
            problem.message = problem.message.replace(&file.display().to_string(), path);
            self.say(FILES[0], place, problem);
        }
        if is_placeholder(path) || file.is_file() {
            return;
        }
        let message = match file.is_dir() {
            true => format!("`{path}` is a folder, and should be a file"),
            false => format!("there is no file `{path}` in the workspace"),
        };
        let problem = Diagnostic::new("AFW-067", message);
        let hint = match path.strip_prefix("kms:") {
            Some(name) => format!("a key of AWS KMS is its own member: write `kms: \"{name}\"`"),
            None => {
                "paths are from the folder of affiant.yaml; `affiant seal key` makes a key, and no `seal` \
                     at all one for this workspace"
                    .to_string()
            }
        };
        self.say(FILES[0], place, problem.hint(hint));
    }
}
