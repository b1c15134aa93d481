//! Wrong values and forms in files that people write: numbers, dates, what is said twice, what a merge or a
//! word processor leaves.

use super::{Case, Do, command, edit};

const A: &str = "affiant.yaml";
const X: &str = "program/exceptions.yaml";
const T: &str = "program/attestations.yaml";
const R: &str = "program/risks.yaml";
const I: &str = "program/incident-response.yaml";
const G: &str = "program/agreements.yaml";

pub fn cases() -> Vec<Case> {
    [values(), marks(), twice(), later(), files()].into_iter().flatten().collect()
}

fn values() -> Vec<Case> {
    let parameter = |name, value: &'static str| {
        edit(name, A, "parameters: {}", value, "parameters: {")
            .at(A, value.split_once("_days: ").expect("one").1)
    };
    vec![
        edit("years beyond any number", A, "years: 7", "years: 99999999999999999999", "99999999999999999999")
            .says(&["out of range"])
            .fix(&["six years"]),
        parameter("a parameter in hexadecimal", "parameters: { access_key_days: 0x1E }")
            .says(&["`0x1E` is not a decimal number"])
            .fix(&["decimal digits"]),
        parameter("a parameter that is no number", "parameters: { access_key_days: .nan }")
            .says(&["`.nan` is not a decimal number"])
            .fix(&["decimal digits"]),
        parameter("a parameter below nothing", "parameters: { access_key_days: -5 }")
            .says(&["out of range"])
            .fix(&["controls show"]),
        edit("a day that no year has", A, "end: 2026-09-30", "end: 2026-02-30", "2026-02-30")
            .says(&["not a day of the calendar"])
            .fix(&["2026-09-30"]),
        edit("a report without rows", A, "pdf_rows: 12", "pdf_rows: 0", "0 #")
            .says(&["out of range"])
            .fix(&["from 1 to 100"]),
        edit("a tag without a name", A, "tag: data-classification", "tag: \"\"", "\"\"\n")
            .says(&["`tag` is empty"])
            .fix(&["write it out"]),
        edit("no value that means PHI", A, "values: [phi]", "values: []", "[]\n")
            .says(&["`values` holds fewer than 1"]),
        edit("left for later", A, "name: Meridian Twin Systems (example)", "name: TODO", "TODO")
            .says(&["not filled in: `TODO`"])
            .fix(&["what is true"]),
        edit(
            "a contact to be determined",
            A,
            "contact: security-official@example.com",
            "contact: TBD",
            "TBD",
        )
        .says(&["not filled in: `TBD`"])
        .fix(&["what is true"]),
        edit(
            "an agreement that ends before it begins",
            G,
            "ends: 2027-06-16",
            "ends: 2023-06-16",
            "2023-06-16",
        )
        .says(&["before `signed`"])
        .fix(&["last day as `ends`"]),
        edit("hours of notice below nothing", G, "notice_hours: 24", "notice_hours: -1", "-1")
            .says(&["out of range"])
            .fix(&["from 1 to 8760"]),
        edit("a digest cut short", G, "notice_hours: 24", "notice_hours: 24\n    sha256: 1a0b", "1a0b")
            .says(&["not a SHA-256 digest"])
            .fix(&["sha256sum"]),
        edit(
            "a key in two ways",
            A,
            "seal: {}",
            "seal: { key: affiant.yaml, certificate: affiant.yaml, pkcs12: affiant.yaml }",
            "{ key",
        )
        .says(&["more than one"])
        .fix(&["`pkcs12`"]),
        edit("half a key", A, "seal: {}", "seal: { key: affiant.yaml }", "{ key")
            .says(&["no whole key"])
            .fix(&["`certificate`"]),
        edit(
            "a key of AWS KMS in the place of a file",
            A,
            "seal: {}",
            "seal: { key: \"kms:alias/x\", certificate: affiant.yaml }",
            "\"kms:",
        )
        .says(&["no file `kms:alias/x`"])
        .fix(&["`kms: \"alias/x\"`"]),
    ]
}

fn marks() -> Vec<Case> {
    let lint = |name| command(name, &["lint"]);
    vec![
        edit(
            "marks of a merge",
            A,
            "sample: true",
            "<<<<<<< HEAD\nsample: true\n=======\nsample: false\n>>>>>>> main",
            "<<<<<<<",
        )
        .says(&["merge"])
        .fix(&["keep one version"]),
        edit("spaces that are none", A, "  role: business", "\u{a0}\u{a0}role: business", "\u{a0}")
            .says(&["U+00A0"])
            .fix(&["with spaces"]),
        edit("a member indented by one less", X, "    resource: arn", "   resource: arn", "resource: arn")
            .says(&["column 4"])
            .fix(&["alike"]),
        edit(
            "quotation marks of a word processor",
            A,
            "id: \"111122223333\"",
            "id: \u{201c}111122223333\u{201d}",
            "\u{201c}",
        )
        .says(&["not the id of an AWS account"])
        .fix(&["straight"]),
        edit("a tag of another program", A, "sample: true", "sample: !!python/name:x true", "true\n")
            .says(&["means nothing"])
            .fix(&["remove the tag"])
            .at(A, "true\n"),
        lint("a wrong value in a file with CRLF")
            .does(vec![Do::Bytes(R, |text| {
                text.replace("due: 2026-10-25", "due: soon").replace('\n', "\r\n").into_bytes()
            })])
            .at(R, "soon")
            .says(&["not a date"])
            .fix(&["2026-09-30"]),
        lint("a wrong value behind a byte order mark")
            .does(vec![Do::Bytes(R, |text| {
                format!("\u{feff}{}", text.replace("due: 2026-10-25", "due: soon")).into_bytes()
            })])
            .at(R, "soon")
            .says(&["not a date"])
            .fix(&["2026-09-30"]),
    ]
}

fn twice() -> Vec<Case> {
    const AGAIN: &str = "  - { check: ec2.volume-encrypted, \
                         resource: \"arn:aws:ec2:us-east-1:111122223333:vol-0a1\", approver: A B, \
                         owner: C D, reason: again, accepted: 2026-08-01, expires: 2026-12-01 }\n";
    const TWO: &str = "format: affiant.risks/1\nentries:\n  - { match: { control: encryption-at-rest }, \
                       owner: A B, treatment: mitigate, plan: x, due: 2026-12-01 }\n  - { match: { control: \
                       encryption-at-rest }, owner: C D, treatment: avoid, plan: y, due: 2026-12-02 }\n";
    vec![
        command("an exception for the same twice", &["lint"])
            .does(vec![Do::Append(X, AGAIN)])
            .at(X, "\"arn:aws:ec2:us-east-1:111122223333:vol-0a1\", approver")
            .says(&["second exception"])
            .fix(&["keep one"]),
        command("two entries about the same risk", &["lint"])
            .does(vec![Do::Write(R, TWO)])
            .at(R, "{ control: encryption-at-rest }, owner: C D")
            .says(&["second entry"])
            .fix(&["keep one"]),
    ]
}

/// Days after the one that is judged: told, and no obstacle.
fn later() -> Vec<Case> {
    let warned = |name, file, from, to, at: &'static str| {
        edit(name, file, from, to, at)
            .at(file, at)
            .code(0)
            .says(&["is after 2026-09-30"])
            .fix(&["mend the date"])
    };
    vec![
        warned(
            "an exception from November on",
            X,
            "accepted: 2026-07-20",
            "accepted: 2026-11-20",
            "2026-11-20",
        )
        .says(&["no effect"]),
        warned("a statement of next year", T, "on: 2026-04-14", "on: 2027-01-14", "2027-01-14")
            .says(&["no effect"]),
        warned(
            "a risk confirmed next year",
            R,
            "confirmed_on: 2026-09-29",
            "confirmed_on: 2027-09-29",
            "2027-09-29",
        )
        .says(&["confirmed"]),
        warned("a contact tested next year", I, "tested: 2026-08-18", "tested: 2027-08-18", "2027-08-18")
            .says(&["reached"]),
        warned(
            "an exclusion decided in ten years",
            A,
            "exclude: []",
            "exclude: [{ match: \"arn:aws:ec2:us-east-1:111122223333:vol-0b2\", by: Riley Example, \
             on: 2036-01-01, reason: later }]",
            "2036-01-01",
        )
        .says(&["all the same"]),
    ]
}

fn files() -> Vec<Case> {
    let lint = |name| command(name, &["lint"]);
    vec![
        lint("a file where program/ should be")
            .does(vec![Do::Rename("program", "old"), Do::Write("program", "x")])
            .says(&["program: this is a file", "1 error\n"])
            .fix(&["move the file away"]),
        lint("a link that leads nowhere")
            .does(vec![Do::Remove(X), Do::Link(X, "/nowhere/exceptions.yaml")])
            .says(&["`/nowhere/exceptions.yaml`", "nothing is there"])
            .fix(&["remove the link"]),
    ]
}
