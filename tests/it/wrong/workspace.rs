//! Wrong values in `affiant.yaml` and `program/`.

use super::{Case, Do, command, edit};

const A: &str = "affiant.yaml";
const X: &str = "program/exceptions.yaml";
const R: &str = "program/risks.yaml";
const T: &str = "program/attestations.yaml";
const I: &str = "program/incident-response.yaml";
const L: &str = "program/alternatives.yaml";
const C: &str = "program/clearances.yaml";

pub fn cases() -> Vec<Case> {
    [affiant(), program(), decisions(), files()].into_iter().flatten().collect()
}

fn affiant() -> Vec<Case> {
    vec![
        edit(
            "typo in a member name",
            A,
            "  role: business associate",
            "  rolle: business associate",
            "rolle:",
        )
        .says(&["`rolle` is not a member of `organization`"])
        .fix(&["did you mean `role`"]),
        edit("value outside its list", A, "role: business associate", "role: vendor", "vendor")
            .says(&["`vendor` is not a role"])
            .fix(&["`covered entity`"]),
        edit("account id as a number", A, "id: \"111122223333\"", "id: 111122223333", "111122223333")
            .says(&["`111122223333` reads as a number"])
            .fix(&["put it in quotes: `id: \"111122223333\"`"]),
        edit(
            "account id with 11 digits",
            A,
            "id: \"111122223333\"",
            "id: \"11112222333\"",
            "\"11112222333\"",
        )
        .says(&["`11112222333` is not the id of an AWS account"])
        .fix(&["twelve digits"]),
        edit("region typo", A, "regions: [us-east-1]", "regions: [us-east-1, us-esat-2]", "us-esat-2")
            .says(&["`us-esat-2` is not a region"])
            .fix(&["did you mean `us-east-2`"]),
        edit("region that does not exist", A, "regions: [us-east-1]", "regions: [us-west-9]", "us-west-9")
            .says(&["`us-west-9` is not a region"])
            .fix(&["did you mean `us-west-"]),
        edit("regions as a plain string", A, "regions: [us-east-1]", "regions: us-east-1", "us-east-1 ")
            .at(A, "us-east-1")
            .says(&["`regions` is a list"])
            .fix(&["`regions: [us-east-1]`"]),
        edit("tab indentation", A, "  role: business", "\trole: business", "role: business")
            .says(&["tab"])
            .fix(&["indent with spaces"]),
        edit("unclosed bracket", A, "regions: [us-east-1]", "regions: [us-east-1", "phi:")
            .says(&["not closed"])
            .fix(&["close it with `]`"]),
        edit("wrong date in period", A, "start: 2026-07-01", "start: 07/01/2026", "07/01/2026")
            .says(&["`07/01/2026` is not a date"])
            .fix(&["2026-09-30"]),
        edit("period end before start", A, "end: 2026-09-30", "end: 2026-06-30", "2026-06-30")
            .says(&["before `start`"])
            .fix(&["first day"]),
        edit("a day that no month has", A, "end: 2026-09-30", "end: 2026-09-31", "2026-09-31")
            .says(&["not a day of the calendar"])
            .fix(&["2026-09-30"]),
        edit("parameter typo", A, "parameters: {}", "parameters: { access_key_dayz: 60 }", "access_key_dayz")
            .says(&["`access_key_dayz`"])
            .fix(&["did you mean `access_key_days`"]),
        edit(
            "parameter looser than the catalog",
            A,
            "parameters: {}",
            "parameters: { access_key_days: 400 }",
            "400",
        )
        .says(&["looser"])
        .fix(&["controls show"]),
        edit("parameter as text", A, "parameters: {}", "parameters: { access_key_days: sixty }", "sixty")
            .says(&["`sixty` is not a number"])
            .fix(&["without quotes or unit"]),
        edit("parameter in quotes", A, "parameters: {}", "parameters: { access_key_days: \"60\" }", "\"60\"")
            .says(&["is not a number"])
            .fix(&["without quotes"]),
        edit("profile typo", A, "profiles: []", "profiles: [proposal2025]", "proposal2025")
            .says(&["no profile"])
            .fix(&["did you mean `proposal-2025`"]),
        edit("paper size", A, "paper: us-letter", "paper: legal", "legal")
            .says(&["not a paper size"])
            .fix(&["`us-letter`", "`a4`"]),
        edit("retention 3 years", A, "years: 7", "years: 3", "3\n  reason")
            .says(&["out of range"])
            .fix(&["164.316(b)(2)(i)"]),
        edit("retention in words", A, "years: 7", "years: seven", "seven")
            .says(&["not a whole number"])
            .fix(&["without quotes or unit"]),
        edit(
            "format of another version",
            A,
            "affiant.workspace/1",
            "affiant.workspace/9",
            "affiant.workspace/9",
        )
        .says(&["`affiant.workspace/9`"])
        .fix(&["affiant.workspace/1"]),
        edit(
            "exclusion without a reason",
            A,
            "exclude: []",
            "exclude: [{ match: \"arn:aws:s3:::x*\", by: \"<name>\", on: 2026-01-01, reason: \"\" }]",
            "\"\"",
        )
        .says(&["`reason` is empty", "not filled in"])
        .fix(&["write"]),
        edit(
            "exclusion of everything",
            A,
            "exclude: []",
            "exclude: [{ match: \"*\", by: A, on: 2026-01-01, reason: b }]",
            "\"*\"",
        )
        .says(&["`*` is not a resource"])
        .fix(&["ARN"]),
        edit("yes in quotes for true", A, "sample: true", "sample: \"yes\"", "\"yes\"")
            .says(&["is text"])
            .fix(&["`sample: true`"]),
        edit("yes for true", A, "sample: true", "sample: yes", "yes\n")
            .at(A, "yes")
            .says(&["is text"])
            .fix(&["`sample: true`"]),
        edit("duplicate member", A, "sample: true", "sample: true\nsample: false", "sample: false")
            .says(&["stands twice"])
            .fix(&["keep one"]),
        edit(
            "seal key file missing",
            A,
            "seal: {}",
            "seal: { key: keys/none.pem, certificate: keys/none.crt }",
            "keys/none.pem",
        )
        .args(&["package"])
        .says(&["no file `keys/none.pem`"])
        .fix(&["affiant seal key"]),
        edit(
            "placeholder left in the name",
            A,
            "name: Meridian Twin Systems (example)",
            "name: \"<organization>\"",
            "\"<organization>\"",
        )
        .args(&["package"])
        .says(&["not filled in: `<organization>`"])
        .fix(&["--draft"]),
        edit(
            "an account twice",
            A,
            "accounts:\n",
            "accounts:\n  - id: \"111122223333\"\n",
            "\"111122223333\" # quoted",
        )
        .says(&["second entry of `accounts`"])
        .fix(&["keep one"]),
        edit(
            "two partitions",
            A,
            "regions: [us-east-1]",
            "regions: [us-east-1, us-gov-west-1]",
            "us-gov-west-1",
        )
        .says(&["partition aws-us-gov"])
        .fix(&["a workspace for each"]),
        edit("role of another service", A, "    name: twin-prod", "    role: affiant-read", "affiant-read")
            .says(&["not the ARN of a role"])
            .fix(&["arn:aws:iam::111122223333:role/affiant-read"]),
        edit("organization without a role", A, "seal: {}", "aws: { organization: true }", "true }")
            .at(A, "true }")
            .says(&["needs a role"])
            .fix(&["role: affiant-read"]),
        edit(
            "authority without a scheme",
            A,
            "seal: {}",
            "seal: { timestamp: { authorities: [timestamp.example] } }",
            "timestamp.example",
        )
        .says(&["not the address of a timestamp authority"])
        .fix(&["https://"]),
        edit("level of signatures", A, "seal: {}", "seal: { level: b-ltv }", "b-ltv")
            .says(&["not a level"])
            .fix(&["did you mean `b-lt"]),
        edit("quotation never closed", A, "label: 2026-Q3", "label: \"2026-Q3", "\"2026-Q3")
            .at(A, "\"2026-Q3")
            .says(&["quotation"])
            .fix(&["close the quotation"]),
        edit("colon in a value", A, "system: County", "system: County: Surveillance: ", "County: S")
            .at(A, ": Surveillance")
            .says(&["colon"])
            .fix(&["quote the text"]),
    ]
}

fn program() -> Vec<Case> {
    vec![
        edit(
            "exception: unknown check",
            X,
            "check: ec2.volume-encrypted",
            "check: ec2.volumes-encrypted",
            "ec2.volumes-encrypted",
        )
        .says(&["no check is called `ec2.volumes-encrypted`"])
        .fix(&["did you mean `ec2.volume-encrypted`"]),
        edit(
            "exception: resource matches nothing",
            X,
            "111122223333:vol-0a1",
            "111122223333:vol-0a9",
            "arn:aws:ec2:us-east-1:111122223333:vol-0a9",
        )
        .says(&["judged no resource `arn:aws:ec2:us-east-1:111122223333:vol-0a9`"])
        .fix(&["did you mean `arn:aws:ec2:us-east-1:111122223333:vol-0a1`"]),
        edit(
            "exception: approver is owner",
            X,
            "approver: Rowan Example, chief executive",
            "approver: Riley Example",
            "Riley Example\n",
        )
        .says(&["not its owner"])
        .fix(&["second person"]),
        edit("exception: missing expires", X, "    expires: 2026-12-15\n", "", "check:")
            .says(&["`expires`", "missing"])
            .fix(&["add `expires"]),
        edit(
            "exception: expires before accepted",
            X,
            "expires: 2026-12-15",
            "expires: 2026-01-15",
            "2026-01-15",
        )
        .says(&["before `accepted`"])
        .fix(&["last day"]),
        edit(
            "exception: reason left out",
            X,
            "reason: The volume is deleted with its instance in November.",
            "reason:",
            "reason:",
        )
        .at(X, ":\n    accepted")
        .says(&["`reason` has no value"])
        .fix(&["write text"]),
        edit(
            "exception: everything",
            X,
            "resource: arn:aws:ec2:us-east-1:111122223333:vol-0a1",
            "resource: \"*\"",
            "\"*\"",
        )
        .says(&["not a resource"])
        .fix(&["ARN"]),
        edit(
            "exception: the second of two",
            X,
            "format: affiant.exceptions/1\nexceptions:\n",
            "format: affiant.exceptions/1\nexceptions:\n  \
             - { check: ec2.volume-encrypted, resource: \"arn:aws:ec2:us-east-1:111122223333:vol-0b2\", \
             approver: A B, owner: C D, reason: x, accepted: 2026-01-01, expires: 2026-12-01 }\n",
            "x",
        )
        .does(vec![
            Do::Edit(
                X,
                "exceptions:\n  -",
                "exceptions:\n  \
                 - { check: ec2.volume-encrypted, resource: \"arn:aws:ec2:us-east-1:111122223333:vol-0b2\", \
                 approver: A B, owner: C D, reason: x, accepted: 2026-07-20, expires: 2026-12-01 }\n  -",
            ),
            Do::Edit(X, "expires: 2026-12-15", "expires: 2026-07-19"),
        ])
        .at(X, "2026-07-19")
        .says(&["before `accepted`"])
        .fix(&["last day"]),
        edit(
            "risk: unknown control",
            R,
            "control: encryption-at-rest",
            "control: encryption-at-reset",
            "encryption-at-reset",
        )
        .says(&["no control is called `encryption-at-reset`"])
        .fix(&["did you mean `encryption-at-rest`"]),
        edit("risk: treatment typo", R, "treatment: mitigate", "treatment: mitigat", "mitigat\n")
            .says(&["`mitigat` is not a treatment"])
            .fix(&["did you mean `mitigate`"]),
        edit("risk: likelihood typo", R, "likelihood: moderate", "likelihood: medium", "medium")
            .says(&["`medium` is not a step"])
            .fix(&["`moderate`"]),
        edit("risk: due is no date", R, "due: 2026-10-25", "due: next month", "next month")
            .says(&["`next month` is not a date"])
            .fix(&["2026-09-30"]),
        edit(
            "risk: an account of nobody",
            R,
            "account: \"111122223333\"",
            "account: \"111122223334\"",
            "\"111122223334\"",
        )
        .says(&["not of this workspace"])
        .fix(&["did you mean `111122223333`"]),
        edit("risk: accepted by nobody", R, "treatment: mitigate", "treatment: accept", "accept\n")
            .says(&["nobody did"])
            .fix(&["acceptance"]),
        edit(
            "risk: confirmed by nobody",
            R,
            "    confirmed_by: Casey Example, security official\n",
            "",
            "2026-09-29",
        )
        .says(&["nobody beside it"])
        .fix(&["`confirmed_by`"]),
        edit(
            "attestation: unknown id",
            T,
            "id: internal-paths-encrypted",
            "id: internal-path-encrypted",
            "internal-path-encrypted",
        )
        .says(&["no control asks"])
        .fix(&["did you mean `internal-paths-encrypted`"]),
        edit(
            "attestation: evidence file does not exist",
            T,
            "evidence: [documents/interface-list.md]",
            "evidence: [documents/interface-lst.md]",
            "documents/interface-lst.md",
        )
        .says(&["no file `documents/interface-lst.md`"])
        .fix(&["did you mean `documents/interface-list.md`"]),
        edit(
            "attestation: evidence outside",
            T,
            "evidence: [documents/interface-list.md]",
            "evidence: [../secret.md]",
            "../secret.md",
        )
        .says(&["outside the workspace"])
        .fix(&["documents/"]),
        edit(
            "attestation: on after valid_until",
            T,
            "valid_until: 2027-04-14",
            "valid_until: 2025-04-14",
            "2025-04-14",
        )
        .says(&["before `on`"])
        .fix(&["last day"]),
        edit(
            "attestation: the same twice",
            T,
            "id: external-interfaces-encrypted",
            "id: internal-paths-encrypted",
            "internal-paths-encrypted\n    statement: >-\n      The county",
        )
        .says(&["second entry of `attestations`"])
        .fix(&["keep one"]),
        edit("plan: next_review is no date", I, "next_review: 2027-03-18", "next_review: soon", "soon")
            .says(&["`soon` is not a date"])
            .fix(&["2026-09-30"]),
        edit("plan: missing required member", I, "version: \"3.2\"\n", "", "format:")
            .says(&["`version`", "missing"])
            .fix(&["add `version"]),
        edit("plan: version as a number", I, "version: \"3.2\"", "version: 3.2", "3.2")
            .says(&["reads as a number"])
            .fix(&["`version: \"3.2\"`"]),
        edit("plan: hours of a clock", I, "    hours: 24", "    hours: -24", "-24")
            .says(&["out of range"])
            .fix(&["from 1 to 8760"]),
        edit(
            "alternatives: malformed citation",
            L,
            "164.312(a)(2)(iii)",
            "164.312-a-2-iii",
            "164.312-a-2-iii",
        )
        .says(&["164.312-a-2-iii"])
        .fix(&["164.312(a)(2)(iv)"]),
        edit(
            "alternatives: a citation of another control",
            L,
            "citation: 164.312(a)(2)(iii)",
            "citation: 164.312(b)",
            "164.312(b)",
        )
        .says(&["does not cite"])
        .fix(&["it cites"]),
        edit(
            "clearance: no digest",
            C,
            "clearances: []",
            "clearances: [{ path: a, sha256: abc, rules: [phi-telephone], by: A, on: 2026-01-01, \
             until: 2026-12-31, reason: b }]",
            "abc",
        )
        .says(&["not a SHA-256 digest"])
        .fix(&["sha256sum"]),
        edit(
            "clearance: of a secret",
            C,
            "clearances: []",
            "clearances: [{ path: a, sha256: abc, rules: [aws-secret-key], by: A, on: 2026-01-01, \
             until: 2026-12-31, reason: b }]",
            "aws-secret-key",
        )
        .says(&["`aws-secret-key` is not a rule that can be cleared"])
        .fix(&["only PHI rules"]),
    ]
}

/// What other commands than `lint` say of the same files.
fn decisions() -> Vec<Case> {
    let as_ = |name, file, from, to, at, args: &[&'static str]| edit(name, file, from, to, at).args(args);
    vec![
        as_(
            "risk: unknown control, risks lint",
            R,
            "control: encryption-at-rest",
            "control: encryption-at-reset",
            "encryption-at-reset",
            &["risks", "lint"],
        )
        .says(&["no control is called"])
        .fix(&["did you mean"]),
        as_(
            "risk: treatment typo, risks lint",
            R,
            "treatment: mitigate",
            "treatment: mitigat",
            "mitigat\n",
            &["risks", "lint"],
        )
        .says(&["not a treatment"])
        .fix(&["`mitigate`"]),
        as_(
            "risk: likelihood medium, risks list",
            R,
            "likelihood: moderate",
            "likelihood: medium",
            "medium",
            &["risks", "list"],
        )
        .says(&["not a step"])
        .fix(&["`moderate`"]),
        as_(
            "risk: due next month, risks lint",
            R,
            "due: 2026-10-25",
            "due: next month",
            "next month",
            &["risks", "lint"],
        )
        .says(&["not a date"])
        .fix(&["2026-09-30"]),
        as_(
            "account with 11 digits, assess",
            A,
            "id: \"111122223333\"",
            "id: \"11112222333\"",
            "\"11112222333\"",
            &["assess"],
        )
        .says(&["not the id of an AWS account"])
        .fix(&["twelve digits"]),
        as_(
            "region typo, assess",
            A,
            "regions: [us-east-1]",
            "regions: [us-esat-1]",
            "us-esat-1",
            &["assess"],
        )
        .says(&["not a region"])
        .fix(&["`us-east-1`"]),
        as_(
            "plan next_review: soon, assess",
            I,
            "next_review: 2027-03-18",
            "next_review: soon",
            "soon",
            &["assess"],
        )
        .says(&["not a date"])
        .fix(&["2026-09-30"]),
        as_(
            "exception matches nothing, package",
            X,
            "111122223333:vol-0a1",
            "111122223333:vol-0a9",
            "arn:aws:ec2:us-east-1:111122223333:vol-0a9",
            &["package"],
        )
        .says(&["judged no resource"])
        .fix(&["did you mean"]),
        as_(
            "unknown statement, package",
            T,
            "id: internal-paths-encrypted",
            "id: internal-path-encrypted",
            "internal-path-encrypted",
            &["package"],
        )
        .says(&["no control asks"])
        .fix(&["did you mean"]),
        as_(
            "exception of an unknown check, package",
            X,
            "check: ec2.volume-encrypted",
            "check: ec2.volume-encryptd",
            "ec2.volume-encryptd",
            &["package"],
        )
        .says(&["no check is called"])
        .fix(&["did you mean"]),
    ]
}

fn files() -> Vec<Case> {
    let lint = |name| command(name, &["lint"]);
    vec![
        lint("affiant.yml: lint")
            .does(vec![Do::Rename(A, "affiant.yml")])
            .says(&["affiant.yml"])
            .fix(&["mv affiant.yml affiant.yaml"]),
        command("affiant.yml: assess", &["assess"])
            .does(vec![Do::Rename(A, "affiant.yml")])
            .says(&["affiant.yml"])
            .fix(&["mv affiant.yml affiant.yaml"]),
        lint("affiant.yml beside affiant.yaml")
            .does(vec![Do::Write("affiant.yml", "sample: true\n")])
            .says(&["not read"])
            .fix(&["affiant.yaml"]),
        lint("a program file with a typo in its name")
            .does(vec![Do::Rename(X, "program/exception.yaml")])
            .says(&["program/exception.yaml", "nobody reads"])
            .fix(&["did you mean `program/exceptions.yaml`"]),
        lint("a program file that ends in .yml")
            .does(vec![Do::Rename(R, "program/risks.yml")])
            .says(&["nobody reads"])
            .fix(&["did you mean `program/risks.yaml`"]),
        lint("a program file of another name")
            .does(vec![Do::Write("program/vendors.yaml", "a: 1\n")])
            .says(&["nobody reads"])
            .fix(&["exceptions.yaml"]),
        lint("empty affiant.yaml")
            .does(vec![Do::Write(A, "")])
            .says(&["the file is empty"])
            .fix(&["affiant init"]),
        lint("only comments in affiant.yaml")
            .does(vec![Do::Write(A, "# nothing yet\n")])
            .says(&["the file is empty"])
            .fix(&["affiant init"]),
        lint("latin-1 affiant.yaml")
            .does(vec![Do::Bytes(A, |text| {
                text.replace("Meridian", "M\u{e9}ridian").chars().map(|c| c as u8).collect()
            })])
            .says(&["0xe9", "not UTF-8", "affiant.yaml:6:"])
            .fix(&["save the file as UTF-8"]),
        lint("utf-16 affiant.yaml")
            .does(vec![Do::Bytes(A, |text| {
                [0xff, 0xfe].into_iter().chain(text.encode_utf16().flat_map(u16::to_le_bytes)).collect()
            })])
            .says(&["UTF-16"])
            .fix(&["UTF-8"]),
        lint("a byte order mark and CRLF are fine")
            .does(vec![Do::Bytes(A, |text| {
                [b"\xef\xbb\xbf".to_vec(), text.replace('\n', "\r\n").into_bytes()].concat()
            })])
            .says(&["no problems"])
            .code(0),
        lint("affiant.yaml is a folder")
            .does(vec![Do::Remove(A), Do::Folder(A)])
            .says(&["this is a folder"])
            .fix(&["move the folder away"]),
        lint("affiant.yaml is a list")
            .does(vec![Do::Write(A, "- a\n- b\n")])
            .at(A, "- a")
            .says(&["group of members"]),
        lint("another file's content")
            .does(vec![Do::Write(R, "format: affiant.exceptions/1\nexceptions: []\n")])
            .at(R, "affiant.exceptions/1")
            .says(&["affiant.exceptions/1"])
            .fix(&["affiant.risks/1"]),
        lint("two documents in one file")
            .does(vec![Do::Append(A, "---\nformat: affiant.workspace/1\n")])
            .says(&["second document"])
            .fix(&["`---`"]),
        lint("JSON with a trailing comma")
            .does(vec![Do::Write(R, "{ \"format\": \"affiant.risks/1\", \"entries\": [}\n")])
            .says(&["program/risks.yaml:1:"])
            .fix(&["hint:"]),
        command("lint names a wrong file only once", &["lint"])
            .does(vec![Do::Edit(A, "role: business associate", "role: business associate\n  rolle: x")])
            .at(A, "rolle")
            .says(&["1 error\n"]),
    ]
}
