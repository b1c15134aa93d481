//! Wrong inputs of other shapes: lists where a value belongs, look-alikes, files of another kind,
//! keys that are none.

use super::{Case, Do, command, edit};

const A: &str = "affiant.yaml";
const I: &str = "program/incident-response.yaml";
const X: &str = "program/exceptions.yaml";
const T: &str = "program/attestations.yaml";
const G: &str = "program/agreements.yaml";

pub fn cases() -> Vec<Case> {
    [shapes(), days(), places(), keys(), others()].into_iter().flatten().collect()
}

fn shapes() -> Vec<Case> {
    vec![
        edit(
            "a list for a text",
            A,
            "name: Meridian Twin Systems (example)",
            "name: [Meridian, Twin]",
            "[Mer",
        )
        .says(&["`name` is text, and this is a list"])
        .fix(&["write one text"]),
        edit("a group for a list", A, "regions: [us-east-1]", "regions: { us-east-1: true }", "{ us")
            .says(&["`regions` is a list"])
            .fix(&["`- ` before each entry"]),
        edit("a word for a group", A, "seal: {}", "seal: workspacekey", "workspacekey")
            .says(&["`seal` is a group of members"])
            .fix(&["certificate"]),
        edit("hours with their unit", G, "notice_hours: 24", "notice_hours: 24h", "24h")
            .says(&["`24h` is not a number"])
            .fix(&["`notice_hours: 24`"]),
        edit("hours beyond a year", G, "notice_hours: 24", "notice_hours: 99999999", "99999999")
            .says(&["out of range"])
            .fix(&["8760"]),
        edit(
            "digits of another script",
            A,
            "id: \"111122223333\"",
            "id: \"\u{ff11}11122223333\"",
            "\"\u{ff11}",
        )
        .says(&["not the id of an AWS account"])
        .fix(&["type them again"]),
        edit("a label of nothing", A, "label: 2026-Q3", "label: \"\"", "\"\"\n")
            .says(&["`label` is empty"])
            .fix(&["2026-Q3"]),
        edit("a label that is a device of Windows", A, "label: 2026-Q3", "label: con", "con\n")
            .says(&["no folder named `con`"])
            .fix(&["2026-Q3"]),
        edit("an account of zeros", A, "id: \"111122223333\"", "id: \"000000000000\"", "\"000000000000\"")
            .says(&["no account `000000000000`"])
            .fix(&["get-caller-identity"]),
        edit(
            "an exclusion of everything",
            A,
            "exclude: []",
            "exclude: [{ match: \"arn:aws:*\", by: A, on: 2026-01-01, reason: b }]",
            "\"arn:aws:*\"",
        )
        .says(&["every resource"])
        .fix(&["a service"]),
        edit(
            "an incident on a name without its ARN",
            I,
            "drills:\n",
            "incidents:\n  - { id: I-1, discovered: 2026-09-01, resources: [snap-1] }\ndrills:\n",
            "snap-1]",
        )
        .says(&["`snap-1` is not a resource"])
        .fix(&["write its ARN"]),
        edit("retention for ever", A, "years: 7", "years: 600", "600")
            .says(&["out of range"])
            .fix(&["six years"]),
        edit(
            "a profile twice",
            A,
            "profiles: []",
            "profiles: [proposal-2025, proposal-2025]",
            "proposal-2025]",
        )
        .says(&["named twice"])
        .fix(&["keep one"]),
        edit(
            "a digest in capitals",
            G,
            "notice_hours: 24",
            "notice_hours: 24\n    sha256: ABABABABABABABABABABABABABABABABABABABABABABABABABABABABABABABAB",
            "ABAB",
        )
        .says(&["not a SHA-256 digest"])
        .fix(&["lower case"]),
        command("a packed file under the name of a text", &["lint"])
            .does(vec![Do::Bytes(A, |_| b"\x1f\x8b\x08\0abc".to_vec())])
            .says(&["gzip", "no text"])
            .fix(&["the YAML file itself"]),
    ]
}

fn days() -> Vec<Case> {
    let told = |name, file, from, to, at: &'static str| edit(name, file, from, to, at).at(file, at).code(0);
    vec![
        edit("a year of two digits", A, "start: 2026-07-01", "start: 0026-07-01", "0026-07-01")
            .says(&["lies in no year of ours"])
            .fix(&["2026-09-30"]),
        edit("a date for never", X, "expires: 2026-12-15", "expires: 9999-12-31", "9999-12-31")
            .says(&["lies in no year of ours"])
            .fix(&["2026-09-30"]),
        told("an exception for decades", X, "expires: 2026-12-15", "expires: 2099-12-15", "2099-12-15")
            .says(&["for 73 years"])
            .fix(&["decided anew"]),
        told(
            "the period of a year ago",
            A,
            "start: 2026-07-01\n  end: 2026-09-30",
            "start: 2025-07-01\n  end: 2025-09-30",
            "2025-09-30",
        )
        .says(&["not of the period"])
        .fix(&["write the period"]),
        told("no region", A, "regions: [us-east-1]", "regions: []", "[]")
            .says(&["`regions` names none"])
            .fix(&["must have been read"]),
        edit(
            "an approver who is the owner, family name first",
            X,
            "approver: Rowan Example, chief executive",
            "approver: \"Example, Riley\"",
            "\"Example, Riley\"",
        )
        .says(&["not its owner"])
        .fix(&["second person"]),
    ]
}

fn places() -> Vec<Case> {
    vec![
        edit(
            "a role of another account",
            A,
            "    name: twin-prod",
            "    role: arn:aws:iam::999988887777:role/affiant-read",
            "arn:aws:iam",
        )
        .says(&["one of account `999988887777`"])
        .fix(&[":111122223333:"]),
        edit("an external id of no role", A, "seal: {}", "seal: {}\naws: { external_id: abc }", "abc }")
            .says(&["goes with a role"])
            .fix(&["`role`"]),
        edit(
            "a bucket with its scheme",
            A,
            "seal: {}",
            "seal: {}\naws: { delivered: { bucket: \"s3://example-config\" } }",
            "\"s3://",
        )
        .says(&["not the name of a bucket"])
        .fix(&["its name alone"]),
        edit(
            "a folder for a paper",
            T,
            "evidence: [documents/interface-list.md]",
            "evidence: [documents]",
            "documents]",
        )
        .says(&["`documents` is a folder"])
        .fix(&["documents/"]),
        command("a folder of decisions in capitals", &["lint"])
            .does(vec![Do::Rename("program", "Program")])
            .says(&["Program", "nobody reads a folder"])
            .fix(&["mv Program program"]),
        command("a folder of papers in the singular", &["lint"])
            .does(vec![Do::Rename("documents", "document")])
            .code(0)
            .says(&["document:", "nobody reads a folder"])
            .fix(&["mv document documents"]),
        edit(
            "a folder for a key",
            A,
            "seal: {}",
            "seal: { key: program, certificate: affiant.yaml }",
            "program,",
        )
        .says(&["`program` is a folder"])
        .fix(&["affiant seal key"]),
        edit(
            "a text for a certificate",
            A,
            "seal: {}",
            "seal: { key: program, certificate: affiant.yaml }",
            "affiant.yaml }",
        )
        .says(&["`affiant.yaml` holds no certificate"])
        .fix(&["BEGIN CERTIFICATE"]),
    ]
}

fn keys() -> Vec<Case> {
    let key = |name, text: &'static str| {
        command(name, &["package", "--key", "k.pem", "--certificate", "c.pem"]).does(vec![
            Do::Write("k.pem", text),
            Do::Write("c.pem", "-----BEGIN CERTIFICATE-----\nAA==\n-----END CERTIFICATE-----\n"),
        ])
    };
    vec![
        command("a key that is not there", &["package", "--key", "none.pem", "--certificate", "c.pem"])
            .says(&["--key", "no file", "none.pem"])
            .fix(&["BEGIN PRIVATE KEY"]),
        command("a PKCS#12 file that is not there", &["package", "--key", "none.p12"])
            .says(&["--key", "no file", "none.p12"])
            .fix(&["PKCS#12"]),
        key("a certificate for a key", "-----BEGIN CERTIFICATE-----\nAA==\n-----END CERTIFICATE-----\n")
            .says(&["is a certificate, and no private key"])
            .fix(&["the key's own file"]),
        key("a public key", "-----BEGIN PUBLIC KEY-----\nAA==\n-----END PUBLIC KEY-----\n")
            .says(&["is a public key"])
            .fix(&["private key"]),
        key(
            "a key of OpenSSH",
            "-----BEGIN OPENSSH PRIVATE KEY-----\nAA==\n-----END OPENSSH PRIVATE KEY-----\n",
        )
        .says(&["OpenSSH"])
        .fix(&["ssh-keygen -p -m PKCS8"]),
        key(
            "a locked key",
            "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAA==\n-----END ENCRYPTED PRIVATE KEY-----\n",
        )
        .says(&["password"])
        .fix(&["openssl pkcs12"]),
        key("a key of nothing", "").says(&["is empty"]).fix(&["BEGIN PRIVATE KEY"]),
    ]
}

fn others() -> Vec<Case> {
    let clock = |name, more: &[&'static str]| {
        let args: Vec<&'static str> = ["breach", "clock", "--discovered", "2026-09-20T12:00@America/Chicago"]
            .iter()
            .chain(more)
            .copied()
            .collect();
        command(name, &args)
    };
    vec![
        command("verify: a chain of one file", &["verify", "affiant.yaml", "--chain"])
            .says(&["is no folder"])
            .fix(&["leave it out"]),
        command("verify: an archive of something else", &["verify", "b.zip"])
            .does(vec![Do::Write("b.zip", "PK\u{3}\u{4}word/document.xml PK\u{1}\u{2} PK\u{5}\u{6}")])
            .says(&["holds no package"])
            .fix(&["affiant package"]),
        command("assess: an archive for a run", &["assess", "p.zip"])
            .does(vec![Do::Write("p.zip", "PK")])
            .says(&["`p.zip` is a package, and this takes a run"])
            .fix(&["affiant runs"]),
        command(
            "a request that is not there",
            &["package", "--request", "none.yaml", "--as-of", "2026-09-30"],
        )
        .says(&["none.yaml", "no such file"])
        .fix(&["YAML"]),
        command("a folder for a request", &["package", "--request", "program", "--as-of", "2026-09-30"])
            .says(&["program", "this is a folder"])
            .fix(&["YAML"]),
        command("answer: an age in words", &["answer", "x.zip", "-o", "o", "--max-age", "3 months"])
            .says(&["--max-age"])
            .fix(&["a whole number"]),
        clock("a State twice", &["--residents", "CA=5,CA=6"]).says(&["named twice"]).fix(&["name it once"]),
        clock("half a day of a contract", &["--contract", "0.5d=X"]).says(&["part of a day"]).fix(&["12h"]),
        clock("nobody of a State", &["--residents", "CA=0"]).says(&["names nobody"]).fix(&["leave out"]),
        command("init within a workspace", &["init", "program"])
            .says(&["is a folder of the workspace"])
            .fix(&["outside of it"]),
        clock("told before the discovery is told", &["--told", "hhs=2026-01-01"])
            .code(0)
            .says(&["before the discovery"])
            .fix(&["mend the date"]),
        command(
            "a discovery to come is told",
            &["breach", "clock", "--discovered", "2036-09-30T12:00@America/Chicago"],
        )
        .code(0)
        .says(&["yet to come"])
        .fix(&["mend the date"]),
    ]
}
