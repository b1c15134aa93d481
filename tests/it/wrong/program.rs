//! Wrong values in the plan, in risks, records and statements: days that are none, amounts of nothing, words
//! outside their list, decisions that nobody made, and what lapsed.

use super::{Case, Do, command, edit};

const A: &str = "affiant.yaml";
const R: &str = "program/risks.yaml";
const T: &str = "program/attestations.yaml";
const I: &str = "program/incident-response.yaml";
const G: &str = "program/agreements.yaml";
const C: &str = "program/records.yaml";
const X: &str = "program/exceptions.yaml";

/// Who confirmed the first own risk, and when.
const CONFIRMED: &str = "164.308(a)(7)(i)]\n    confirmed_by: Casey Example, security official\n    \
                         confirmed_on: 2026-09-29";

pub fn cases() -> Vec<Case> {
    [amounts(), incidents(), risks(), statements(), records(), lapsed(), files()]
        .into_iter()
        .flatten()
        .collect()
}

/// A risk's `detail`, put before the owner of the first entry.
fn detail(name: &'static str, to: &'static str, at: &'static str) -> Case {
    edit(name, R, "    owner: ", to, at)
}

/// A plan with one incident.
fn incident(name: &'static str, to: &'static str, at: &'static str) -> Case {
    edit(name, I, "drills:\n", to, at)
}

/// A file of one record.
fn record(name: &'static str, text: &'static str, at: &'static str) -> Case {
    command(name, &["lint"]).does(vec![Do::Write(C, text)]).at(C, at)
}

fn amounts() -> Vec<Case> {
    vec![
        edit("a parameter of no days", A, "parameters: {}", "parameters: { access_key_days: 0 }", "0 }")
            .says(&["out of range", "from 1 to 40000"])
            .fix(&["controls show"]),
        edit(
            "a parameter of millennia",
            A,
            "parameters: {}",
            "parameters: { log_retention_days: 9999999 }",
            "9999999",
        )
        .says(&["out of range"])
        .fix(&["controls show"]),
        edit("rows that no page takes", A, "pdf_rows: 12", "pdf_rows: 5000", "5000")
            .says(&["from 1 to 100"])
            .fix(&["write from 1 to 100"]),
        edit("notice within no hours", G, "notice_hours: 24", "notice_hours: 0", "0\n")
            .at(G, "0\n    owner")
            .says(&["out of range"])
            .fix(&["from 1 to 8760"]),
        edit("a clock of no hours", I, "    hours: 24", "    hours: 0", "0\n    source")
            .says(&["out of range"])
            .fix(&["from 1 to 8760"]),
        edit("a clock for no role", I, "    by: business associate", "    by: busines associate", "busines ")
            .says(&["`busines associate` is not a role under HIPAA"])
            .fix(&["did you mean `business associate`"]),
        edit("a hop of no minutes", I, "minutes: 15", "minutes: 0", "0\n    channel")
            .says(&["out of range"])
            .fix(&["from 1 to 10080"]),
        edit("a hop of years", I, "minutes: 15", "minutes: 999999999", "999999999")
            .says(&["out of range"])
            .fix(&["from 1 to 10080"]),
        edit("a drill of nobody", I, "participants: 11", "participants: 0", "0\n    outcome")
            .says(&["out of range"])
            .fix(&["from 1 to 100000"]),
        edit("a label that no folder can have", A, "label: 2026-Q3", "label: \"Q3: 2026\"", "\"Q3")
            .says(&["not a label that can name a folder"])
            .fix(&["2026-Q3"]),
        edit("a blank value that means PHI", A, "values: [phi]", "values: [\"\"]", "\"\"]")
            .says(&["is empty"])
            .fix(&["write it out"]),
    ]
}

fn incidents() -> Vec<Case> {
    vec![
        incident(
            "an incident of last week",
            "incidents:\n  - { id: I1, discovered: last week }\ndrills:\n",
            "last week",
        )
        .says(&["`last week` is not a date"])
        .fix(&["2026-09-30"]),
        incident(
            "a breach that is perhaps",
            "incidents:\n  - { id: I1, discovered: 2026-09-20, breach: perhaps }\ndrills:\n",
            "perhaps",
        )
        .says(&["`perhaps` is not a decision on the four factors"])
        .fix(&["`undecided`"]),
        incident(
            "a breach that nobody decided",
            "incidents:\n  - { id: I1, discovered: 2026-09-20, breach: \"no\" }\ndrills:\n",
            "\"no\" }",
        )
        .says(&["nobody stands behind it"])
        .fix(&["`decided_by`"]),
        incident(
            "a decision before the discovery",
            "incidents:\n  - { id: I1, discovered: 2026-09-20, breach: \"no\", decided_by: A B, \
             decided_on: 2026-09-02 }\ndrills:\n",
            "2026-09-02",
        )
        .says(&["before `discovered`"])
        .fix(&["the day of the decision"]),
        incident(
            "a severity of no plan",
            "incidents:\n  - { id: I1, discovered: 2026-09-20, severity: 1 Critcal }\ndrills:\n",
            "1 Critcal",
        )
        .says(&["the plan has no severity `1 Critcal`"])
        .fix(&["did you mean `1 Critical`"]),
        incident(
            "an incident twice",
            "incidents:\n  - { id: I1, discovered: 2026-09-20 }\n  - { id: \"I1\", \
             discovered: 2026-09-21 }\ndrills:\n",
            "\"I1\"",
        )
        .says(&["second entry of `incidents`"])
        .fix(&["keep one"]),
        incident(
            "an assessment that is not there",
            "incidents:\n  - { id: I1, discovered: 2026-09-20, \
             assessment: documents/none-of-it.md }\ndrills:\n",
            "documents/none-of-it.md",
        )
        .says(&["no file `documents/none-of-it.md`"])
        .fix(&["documents/"]),
        incident(
            "an account of eleven digits for evidence",
            "environment: { evidence_account: \"12345678901\" }\ndrills:\n",
            "\"12345678901\"",
        )
        .says(&["not the id of an AWS account"])
        .fix(&["twelve digits"]),
        incident(
            "a bucket with its scheme for evidence",
            "environment: { evidence_bucket: \"s3://example\" }\ndrills:\n",
            "\"s3://",
        )
        .says(&["not the name of a bucket"])
        .fix(&["its name alone"]),
        incident(
            "a role for emergencies by its name",
            "environment: { break_glass: [responder] }\ndrills:\n",
            "responder]",
        )
        .says(&["not the ARN of a role or a user"])
        .fix(&["arn:aws:iam::111122223333:role/"]),
        incident(
            "a group for quarantine by its name",
            "environment: { quarantine_groups: [quarantine] }\ndrills:\n",
            "quarantine]",
        )
        .says(&["not the id of a security group"])
        .fix(&["sg-0123456789abcdef0"]),
        edit(
            "a deputy who is the same person",
            I,
            "    deputy: Riley Example\n",
            "    deputy: Jordan Example\n",
            "Jordan Example\n    contact",
        )
        .says(&["is the same person"])
        .fix(&["name a second person"]),
    ]
}

fn risks() -> Vec<Case> {
    vec![
        detail(
            "a step that is due soon",
            "    detail: { steps: [{ action: x, due: soon }] }\n    owner: ",
            "soon }",
        )
        .says(&["`soon` is not a date"])
        .fix(&["2026-09-30"]),
        detail(
            "a step that is done, yes",
            "    detail: { steps: [{ action: x, done: sure }] }\n    owner: ",
            "sure }",
        )
        .says(&["`sure` is not a date"])
        .fix(&["2026-09-30"]),
        detail(
            "a step proved by nothing",
            "    detail: { steps: [{ action: x, proof: documents/none-of-it.md }] }\n    owner: ",
            "documents/none-of-it.md",
        )
        .says(&["no file `documents/none-of-it.md`"])
        .fix(&["documents/"]),
        detail(
            "a step done next year",
            "    detail: { steps: [{ action: x, done: 2027-09-22 }] }\n    owner: ",
            "2027-09-22",
        )
        .code(0)
        .says(&["cannot have been done by then"])
        .fix(&["mend the date"]),
        detail("a review each month", "    detail: { next_review: monthly }\n    owner: ", "monthly }")
            .says(&["`monthly` is not a date"])
            .fix(&["2026-09-30"]),
        detail(
            "a source of threats with a typo",
            "    detail: { threat_source: adversary }\n    owner: ",
            "adversary }",
        )
        .says(&["not a source of threats"])
        .fix(&["`adversarial`"]),
        detail(
            "a confidence of another scale",
            "    detail: { confidence: medium }\n    owner: ",
            "medium }",
        )
        .says(&["not a degree of confidence"])
        .fix(&["`moderate`"]),
        detail(
            "a target of another scale",
            "    detail: { target: { likelihood: rare, impact: low } }\n    owner: ",
            "rare,",
        )
        .says(&["not a step of the scale"])
        .fix(&["`very low`"]),
        detail("an id that is none", "    detail: { in_place_of: [e33fad] }\n    owner: ", "e33fad]")
            .says(&["not the id of a suggestion"])
            .fix(&["risks list"]),
        edit(
            "an own risk confirmed yesterday",
            R,
            CONFIRMED,
            "164.308(a)(7)(i)]\n    confirmed_by: Casey Example\n    confirmed_on: yesterday",
            "yesterday",
        )
        .says(&["`yesterday` is not a date"])
        .fix(&["2026-09-30"]),
        edit(
            "an own risk confirmed on no day",
            R,
            CONFIRMED,
            "164.308(a)(7)(i)]\n    confirmed_by: \"Casey Example\"",
            "\"Casey Example\"",
        )
        .says(&["no day beside it"])
        .fix(&["`confirmed_on`"]),
        edit(
            "an own risk accepted by nobody",
            R,
            "    owner: Rowan Example, chief executive\n    treatment: mitigate",
            "    owner: Rowan Example, chief executive\n    treatment: \"accept\"",
            "\"accept\"",
        )
        .says(&["`R-P01` is to be accepted, and nobody did"])
        .fix(&["acceptance"]),
    ]
}

fn statements() -> Vec<Case> {
    let more = |name, to, at| edit(name, T, "    evidence: [documents/interface-list.md]", to, at);
    vec![
        more("a page for a paper", "    evidence: [\"https://wiki.example/x\"]", "\"https")
            .says(&["no file `https://wiki.example/x`"])
            .fix(&["save it as a file"]),
        more("no name of a paper", "    evidence: [\"\"]", "\"\"]")
            .says(&["is empty"])
            .fix(&["write it out"]),
        more("a review before the statement", "    next_review: 2020-01-01", "2020-01-01")
            .says(&["before `on`"])
            .fix(&["the day of the next review"]),
        more(
            "a decision on access of another word",
            "    decided: [{ principal: x, decision: delete, by: A B, access: 0a1b }]",
            "delete,",
        )
        .says(&["not a decision on an access"])
        .fix(&["`remove`"]),
        edit(
            "a statement for fifty years",
            T,
            "valid_until: 2027-04-14",
            "valid_until: 2076-04-14",
            "2076-04-14",
        )
        .code(0)
        .says(&["counts until 2027-04-14"])
        .fix(&["write `valid_until: 2027-04-14`"]),
    ]
}

fn records() -> Vec<Case> {
    vec![
        record(
            "a record due in millennia",
            "format: affiant.records/1\nrecords:\n  - { kind: training, title: T, on: 2026-09-01, by: A B, \
             every_days: 4000000000 }\n",
            "4000000000",
        )
        .says(&["out of range"])
        .fix(&["from 1 to 3660"]),
        record(
            "a record twice",
            "format: affiant.records/1\nrecords:\n  \
             - { kind: training, title: T, on: 2026-09-01, by: A B }\n  \
             - { kind: training, title: T, on: \"2026-09-01\", by: A B }\n",
            "\"2026-09-01\"",
        )
        .says(&["a second record of `T`"])
        .fix(&["keep one"]),
        record(
            "a basis of no privilege",
            "format: affiant.records/1\nrecords:\n  - { kind: training, title: T, on: 2026-09-01, by: A B, \
             basis: work product }\n",
            "work product",
        )
        .says(&["names a basis and is not privileged"])
        .fix(&["`privileged: true`"]),
    ]
}

/// What is over is told, and stops nothing.
fn lapsed() -> Vec<Case> {
    vec![
        edit("an agreement that ended", G, "ends: 2027-06-16", "ends: 2026-06-16", "2026-06-16")
            .code(0)
            .says(&["ended on 2026-06-16"])
            .fix(&["the one that followed"]),
        edit(
            "an agreement that nobody signed",
            G,
            "    agreement: business associate agreement\n    signed: 2024-05-02\n",
            "    agreement: business associate agreement\n",
            "business associate agreement\n    notice",
        )
        .code(0)
        .says(&["no day of signing"])
        .fix(&["`signed`"]),
        edit(
            "a plan whose review has passed",
            I,
            "next_review: 2027-03-18",
            "next_review: 2026-04-18",
            "2026-04-18",
        )
        .code(0)
        .says(&["was to be reviewed by 2026-04-18"])
        .fix(&["the next review"]),
        edit(
            "an acceptance that expired",
            R,
            "    owner: Rowan Example, chief executive\n    treatment: mitigate",
            "    owner: Rowan Example, chief executive\n    treatment: accept\n    \
             acceptance: { approver: Casey Example, reason: r, accepted: 2024-01-01, expires: 2025-01-01 }",
            "2025-01-01",
        )
        .code(0)
        .says(&["expired on 2025-01-01"])
        .fix(&["accepted anew"]),
    ]
}

fn files() -> Vec<Case> {
    let lint = |name| command(name, &["lint"]);
    vec![
        lint("a saved page of an error")
            .does(vec![Do::Write(X, "<!DOCTYPE html><html><body>404</body></html>\n")])
            .says(&["web page", "1 error\n"])
            .fix(&["download the file itself"]),
        lint("a character that no editor shows")
            .does(vec![Do::Bytes(X, |text| text.replace("reason: The", "reason: a\u{7} The").into_bytes())])
            .at(X, "\u{7}")
            .says(&["control character", "U+0007"])
            .fix(&["delete it"]),
        lint("a link to a device without end")
            .does(vec![Do::Remove(X), Do::Link(X, "/dev/zero")])
            .says(&["a pipe, a socket or a device"])
            .fix(&["move it away"]),
        lint("a link to itself")
            .does(vec![Do::Remove(A), Do::Link(A, "affiant.yaml")])
            .says(&["nothing is there"])
            .fix(&["remove the link"]),
        command("a file for a workspace", &["--workspace", "affiant.yaml", "lint"])
            .says(&["`affiant.yaml` is a file"])
            .fix(&["name the folder"]),
        command("the newest run without its record", &["assess"])
            .does(vec![Do::Write("evidence/2026-12-31T000000Z-00000000/bagit.txt", "BagIt-Version: 1.0\n")])
            .says(&["2026-12-31T000000Z-00000000", "no data/run.json"]),
        command("a dash of a word processor", &["assess", "\u{2013}format", "json"])
            .says(&["dash of a word processor"])
            .fix(&["`--format`"]),
        command("days beyond a century", &["calendar", "--days", "999999999999"])
            .says(&["--days"])
            .fix(&["36500"]),
    ]
}
