//! The text of VERIFY.md: how to check a sealed bag with tools that everybody can get, and what the answers
//! mean. Every `sh` block runs as printed from the unpacked top folder; a test does so.

use std::fmt::Write as _;

use crate::seal::bag::{CERTIFICATES, MANIFEST_SIGNATURE, SIGNATURE_SUFFIX, TAG_MANIFEST_SIGNATURE};
use crate::seal::keys::certificate::Certificate;
use crate::store::manifest::{MANIFEST, TAG_MANIFEST};

/// Where the sealer's certificate is put: beside the folder, so that nothing is added to what is being
/// checked.
const EXTRACTED: &str = "../sealer.pem";

/// What a bag holds, as far as its instructions speak of it. Paths are relative to the top folder.
#[derive(Debug, Clone, Copy)]
pub struct Contents<'a> {
    /// The package's or run's id.
    pub id: &'a str,
    pub certificate: &'a Certificate,
    pub pdf: Option<&'a str>,
    /// With its detached signature beside it.
    pub html: Option<&'a str>,
    /// The evidence database and a query that shows something of it.
    pub database: Option<(&'a str, &'a str)>,
    /// The folders of the runs inside, without a closing slash.
    pub runs: &'a [&'a str],
}

pub fn verify_md(contents: &Contents<'_>) -> String {
    let mut text = String::new();
    // Writing to a String cannot fail.
    let _ = write!(text, "# How to check `{}`\n\n{INTRODUCTION}", contents.id);
    integrity(&mut text, contents);
    authenticity(&mut text, contents);
    text.push_str(TIME);
    verdicts(&mut text, contents);
    super::verify_windows::windows(&mut text, contents.id);
    text.push_str(LIMITS);
    text
}

const INTRODUCTION: &str = "\
You need no program of ours. Unpack the archive, open a terminal in its top folder (the one with this file) \
and run the commands below. They answer separate questions; a yes to one is not a yes to another.

";

const TIME: &str = "\
## 3. When was it sealed?

The seal states the time by the clock of the computer that made it. A timestamp authority attests it if \
the folder `seal` holds `tagmanifest-sha256.txt.p7s.tsr`. To check that file, get the authority's root \
certificate from the authority, not from here, and run

```text
openssl ts -verify -data seal/tagmanifest-sha256.txt.p7s \\
  -in seal/tagmanifest-sha256.txt.p7s.tsr -CAfile ROOT.pem
openssl ts -reply -text -in seal/tagmanifest-sha256.txt.p7s.tsr
```

`Verification: OK` means that the authority saw this seal at the time that the second command prints. \
Folders below `seal/renewals` hold later timestamps, each over a list of all that was there before. In the \
order of their numbers, with `sha512` where the list is named so:

```text
sha256sum --quiet -c seal/renewals/0001/files.sha256
openssl ts -verify -data seal/renewals/0001/files.sha256 \\
  -in seal/renewals/0001/files.sha256.tsr -CAfile ROOT.pem
```

An authority whose certificate has ended by now is still good if a renewal was made before that end: \
give openssl the time of the renewal with `-attime SECONDS`. Without any such file, no authority attests \
the time.

";

const LIMITS: &str = "\
## What a seal does not prove

- That the evidence was right when it was collected: only that it is unchanged since it was sealed.
- Who holds the key, unless you know it from elsewhere than this archive.
- That anything was evidenced beyond what the reports count as read. What was not read is listed, not judged.
- That any law is obeyed. The reports show evidence and what follows from it by the checks inside; \
people judge.
";

fn integrity(text: &mut String, contents: &Contents<'_>) {
    let _ = write!(
        text,
        "## 1. Is everything here, and unchanged?\n\n\
         ```sh\nsha256sum --quiet -c {MANIFEST}\nsha256sum --quiet -c {TAG_MANIFEST}\n```\n\n\
         No output means that every listed file has the digest that the lists give. (On a Mac: `shasum -a \
         256 -c`.) The lists do not \
         notice files that were added. This does (a `>` stands before what no list names); what lies in \
         `seal` is checked by part 2:\n\n\
         ```sh\ncut -c67- {MANIFEST} {TAG_MANIFEST} | grep -v '^seal/' | LC_ALL=C sort > ../listed.txt\n\
         find . -type f ! -path './seal/*' ! -path './{TAG_MANIFEST}' | cut -c3- | LC_ALL=C sort | \
         diff ../listed.txt -\n```\n\n\
         So does the BagIt project's own program (`pip install bagit`):\n\n\
         ```sh\npython3 -m bagit --validate .\n```\n\n"
    );
    if let [first, ..] = contents.runs {
        let _ = write!(
            text,
            "The evidence as collected is a bag of its own, with its own lists and seal:\n\n\
             ```sh\n(cd {first} && sha256sum --quiet -c {MANIFEST} && sha256sum --quiet -c \
             {TAG_MANIFEST})\n```\n\n"
        );
    }
    text.push_str(
        "Whoever changes a file can also change the lists. So ask next whether the lists are those \
                   that were sealed.\n\n",
    );
}

fn authenticity(text: &mut String, contents: &Contents<'_>) {
    let _ = write!(
        text,
        "## 2. Whose seal is it?\n\n\
         The first command takes one certificate, the sealer's, out of the archive and puts it beside this \
         folder; the others use that \
         one and no other:\n\n\
         ```sh\nopenssl x509 -in {CERTIFICATES} -out {EXTRACTED}\n{}\n{}\n",
        cms(MANIFEST_SIGNATURE, MANIFEST),
        cms(TAG_MANIFEST_SIGNATURE, TAG_MANIFEST)
    );
    if let Some(html) = contents.html {
        let _ = writeln!(text, "{}", cms(&format!("{html}{SIGNATURE_SUFFIX}"), html));
    }
    text.push_str("```\n\nEach must say `CMS Verification successful`.");
    text.push_str(" After the certificate's end date, add `-no_check_time`.\n\n");
    if let Some(pdf) = contents.pdf {
        let _ = write!(
            text,
            "The PDF carries its signature inside (`pdfsig` is part of Poppler; any PDF reader that shows \
             signatures will do):\n\n\
             ```sh\npdfsig {pdf}\n```\n\nIt must say `Signature is Valid` for each signature, and `Total \
             document signed` for one. A field that \
             is not signed is a free place on the sign-off page. It may say that the certificate's issuer is \
             unknown: see below.\n\n"
        );
    }
    who(text, contents.certificate);
}

fn who(text: &mut String, certificate: &Certificate) {
    let _ = write!(
        text,
        "These commands use the certificate that travels in this archive, so they show only that the seal \
         fits it. The certificate is\n\n\
         - name: `{}`\n- valid until: {}\n- SHA-256 fingerprint: `{}`\n- the same as openssl prints it: \
         `{}`\n\n",
        certificate.name(),
        certificate.not_after().format("%Y-%m-%d"),
        certificate.fingerprint(),
        in_pairs(&certificate.fingerprint().to_string()),
    );
    if certificate.is_workspace_key() {
        text.push_str(
            "It belongs to a *workspace key*: the program made it, it names no person, and no authority \
             vouches for it. It seals; it does not sign for anybody.\n\n",
        );
    }
    let _ = write!(
        text,
        "To know whose seal it is, **pin** the certificate: ask its owner for the fingerprint by a way that \
         is not this archive (a call, a \
         letter, an earlier archive you trust) and compare it with\n\n\
         ```sh\nopenssl x509 -in {EXTRACTED} -noout -subject -fingerprint -sha256\n```\n\n\
         If they agree, keep `{EXTRACTED}`, which holds that certificate alone, and give it to `-CAfile` \
         above, or to `affiant verify --trust`. \
         Never give `{CERTIFICATES}` itself: a file can hold several certificates, and each of them would \
         then be believed. From then on a \
         package by another key is noticed.\n\n"
    );
}

fn verdicts(text: &mut String, contents: &Contents<'_>) {
    let Some((database, query)) = contents.database else { return };
    let _ = write!(
        text,
        "## 4. Do the verdicts follow from the evidence?\n\n\
         The database holds the evidence as tables; each check is one query, printed in the report's \
         appendix and kept in `data/catalog`. Any SQLite \
         from 3.40 on runs them:\n\n\
         ```sh\nsqlite3 -safe -readonly {database} \"{query}\"\n```\n\n\
         One check again, from its own text; put the id of any other in its place:\n\n\
         ```sh\nsqlite3 -safe -readonly {database} \\\n  \"SELECT sql FROM check_sql WHERE check_id = \
         'ec2.volume-encrypted'\" \\\n  | sqlite3 -safe -readonly -header -csv {database}\n```\n\n\
         `affiant verify --recompute` builds the database anew from the collected files and repeats every \
         check.\n\n"
    );
}

/// Hexadecimal digits as openssl prints a fingerprint: in capitals, with colons between pairs.
fn in_pairs(hexadecimal: &str) -> String {
    let digits: Vec<char> = hexadecimal.to_uppercase().chars().collect();
    digits.chunks(2).map(String::from_iter).collect::<Vec<_>>().join(":")
}

fn cms(signature: &str, content: &str) -> String {
    format!(
        "openssl cms -verify -binary -inform DER -in {signature} -content {content} \\\n  -CAfile \
         {EXTRACTED} -partial_chain -purpose any -out /dev/null"
    )
}
