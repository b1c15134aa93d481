//! Wrong inputs of a second round: pipes and devices for files, values that only look right, options that
//! contradict one another, tables with other columns.

use super::{Case, Do, command, edit};

const A: &str = "affiant.yaml";
const X: &str = "program/exceptions.yaml";
const R: &str = "program/risks.yaml";
const I: &str = "program/incident-response.yaml";

pub fn cases() -> Vec<Case> {
    [endless(), values(), options(), tables(), surroundings()].into_iter().flatten().collect()
}

/// Files that never end. The test itself would not end where one is waited for.
fn endless() -> Vec<Case> {
    let device = |name, args: &[&'static str]| command(name, args).says(&["a device"]);
    let pipe = |name, args: &[&'static str]| command(name, args).does(vec![Do::Pipe("pipe")]);
    let request = &["package", "--request", "pipe", "--as-of", "2026-09-30"];
    vec![
        device("verify: a device for a certificate", &["verify", "evidence/RUN", "--trust", "/dev/zero"])
            .fix(&["name a file that can be read"]),
        device("verify: a device for an authority", &["verify", "evidence/RUN", "--tsa-trust", "/dev/zero"])
            .fix(&["name a file that can be read"]),
        device("verify: a device for a list", &["verify", "evidence/RUN", "--revocation", "/dev/zero"])
            .fix(&["name a file that can be read"]),
        device("services: a device for the list", &["services", "--list", "/dev/zero"])
            .fix(&["controls/services/"]),
        device("package: a device for a key", &["package", "--key", "/dev/zero", "--certificate", A])
            .fix(&["BEGIN PRIVATE KEY"]),
        pipe("verify: a pipe for a package", &["verify", "pipe"])
            .says(&["neither a ZIP nor a folder"])
            .fix(&["name a package"]),
        pipe("verify: a pipe for a certificate", &["verify", "evidence/RUN", "--trust", "pipe"])
            .says(&["this is a pipe"])
            .fix(&["name a file that can be read"]),
        pipe("a pipe for a request", request).says(&["this is no file"]).fix(&["YAML"]),
        pipe("collect: a pipe for a snapshot", &["collect", "--snapshot", "pipe"])
            .says(&["nothing in `pipe` is evidence"])
            .fix(&["AWS Config snapshot files"]),
        pipe("archive: a pipe for a package", &["archive", "pipe", "kept"])
            .says(&["neither a ZIP nor a folder"])
            .fix(&["name a package"]),
    ]
}

fn values() -> Vec<Case> {
    vec![
        edit("a tag of AWS for PHI", A, "tag: data-classification", "tag: \"aws:x\"", "\"aws:x\"")
            .code(0)
            .says(&["only AWS sets tags"])
            .fix(&["data-classification"]),
        edit("a drill of a plan to come", I, "plan_version: \"3.2\"", "plan_version: \"9.9\"", "\"9.9\"")
            .code(0)
            .says(&["tried version `9.9`"])
            .fix(&["in force on the day"]),
        edit("a file without its format", X, "format: affiant.exceptions/1\n", "", "exceptions:")
            .code(0)
            .says(&["does not say its `format`"])
            .fix(&["affiant.exceptions/1"]),
        edit(
            "closed by a run that is not here",
            R,
            "    owner: ",
            "    closed: { by: A B, on: 2026-09-30, reason: seen, run: 2026-Q9 }\n    owner: ",
            "2026-Q9 }",
        )
        .code(0)
        .says(&["no run `2026-Q9`"])
        .fix(&["affiant runs"]),
        edit(
            "an account that many name",
            A,
            "id: \"111122223333\"",
            "id: \"111122223334\"",
            "\"111122223334\"",
        )
        .at(R, "\"111122223333\"")
        .says(&["`111122223333` is not of this workspace", "more entries name it"])
        .fix(&["did you mean `111122223334`?"]),
        edit("a day that no month has", A, "end: 2026-09-30", "end: 2026-02-30", "2026-02-30")
            .says(&["not a day of the calendar"])
            .fix(&["write dates as"]),
        edit("a month that no year has", X, "expires: 2026-12-15", "expires: 2026-13-01", "2026-13-01")
            .says(&["not a day of the calendar"])
            .fix(&["write dates as"]),
        edit("rows below nothing", A, "pdf_rows: 12", "pdf_rows: -3", "-3 #")
            .says(&["out of range"])
            .fix(&["1"]),
        edit("an alias of nothing", A, "profiles: []", "profiles: *none", "*none")
            .says(&["names no value before it"])
            .fix(&["quote the text"]),
        edit("a tab on the line after a value", X, "    approver:", "\tapprover:", "\tapprover:")
            .says(&["a tab stands"])
            .fix(&["indent with spaces"]),
        edit("a check in capitals", X, "check: ec2.volume-encrypted", "check: EC2.Volume-Encrypted", "EC2.")
            .says(&["no check is called"])
            .fix(&["did you mean `ec2.volume-encrypted`?"]),
        edit("a value behind a percent sign", A, "contact: security", "contact: %security", "%security")
            .says(&["cannot begin with `%`"])
            .fix(&["in quotes"]),
        edit("a backslash of no escape", A, "name: Meridian", "name: \"Meridian \\q\" #", "\"Meridian")
            .says(&["an escape that YAML does not know"])
            .fix(&["'…'"]),
    ]
}

fn options() -> Vec<Case> {
    vec![
        command("gaps: some and all", &["assess", "--max-gaps", "3", "--allow-gaps"])
            .says(&["--max-gaps", "cannot be used with", "--allow-gaps"])
            .fix(&["Usage"]),
        command("a draft of a response", &["package", "--draft", "--request", "r", "--as-of", "2026-09-30"])
            .says(&["--draft", "cannot be used with", "--request"])
            .fix(&["Usage"]),
        command("quiet and verbose", &["-q", "-v", "lint"])
            .says(&["--quiet", "cannot be used with", "--verbose"])
            .fix(&["Usage"]),
        command("as of a day that no month has", &["assess", "--as-of", "2026-02-30T12:00:00Z"])
            .says(&["--as-of", "2026-02-30"])
            .fix(&["2026-09-30T12:00:00Z"]),
        command("as of a zone by name", &["assess", "--as-of", "2026-09-30T12:00:00 America/Chicago"])
            .says(&["not a time with its zone"])
            .fix(&["2026-09-30T12:00:00Z"]),
        command(
            "a zone that is none",
            &["breach", "clock", "--discovered", "2026-09-20T12:00@America/Chigaco"],
        )
        .says(&["`America/Chigaco` is not a time zone"])
        .fix(&["America/Chicago"]),
        command("calls at once: none", &["collect", "--aws", "--parallel", "0"])
            .says(&["--parallel"])
            .fix(&["from 1 to 64"]),
        command("attempts in words", &["collect", "--aws", "--attempts", "many"])
            .says(&["--attempts"])
            .fix(&["from 1 to 20"]),
        command("a descriptor in words", &["--password-fd", "secret", "lint"])
            .says(&["--password-fd"])
            .fix(&["such as 3"]),
        command("one run joined with itself", &["join", "evidence/RUN", "evidence/RUN"])
            .says(&["is about account 111122223333 too"])
            .fix(&["different accounts"]),
        command("a bucket without a name", &["policy", "--archive", "s3://"])
            .says(&["no name of a bucket"])
            .fix(&["s3://BUCKET/PREFIX"]),
    ]
}

fn tables() -> Vec<Case> {
    vec![
        command("leavers under other heads", &["review", "access", "--leavers", "l.csv"])
            .does(vec![Do::Write("l.csv", "who,when\nA,2026-01-01\n")])
            .says(&["`name` and `left`"])
            .fix(&["name,left,user"]),
        command("JSON of some program", &["collect", "--snapshot", "f.json"])
            .does(vec![Do::Write("f.json", "[{\"a\": 1}]")])
            .says(&["f.json"])
            .fix(&["AWS Config snapshot files"]),
    ]
}

fn surroundings() -> Vec<Case> {
    let asked = &["collect", "--aws", "--attempts", "1", "--call-timeout", "1"];
    vec![
        command("an endpoint that is no address", asked)
            .env(&[
                ("AWS_ENDPOINT_URL", "nonsense"),
                ("AWS_ACCESS_KEY_ID", "a"),
                ("AWS_SECRET_ACCESS_KEY", "b"),
                ("AWS_REGION", "us-east-1"),
                ("AWS_EC2_METADATA_DISABLED", "true"),
            ])
            .code(5)
            .says(&["`nonsense` is named as the endpoint"])
            .fix(&["AWS_ENDPOINT_URL"]),
    ]
}
