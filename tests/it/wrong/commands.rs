//! Wrong command lines, and commands in the wrong place.

use super::{Case, Do, command};

pub fn cases() -> Vec<Case> {
    [words(), reading(), collecting(), verifying(), making(), options()].into_iter().flatten().collect()
}

const OUTSIDE: &[&str] = &["--workspace", "outside"];

fn outside(name: &'static str, args: &[&'static str]) -> Case {
    let args: Vec<&'static str> = OUTSIDE.iter().chain(args).copied().collect();
    command(name, &args)
        .does(vec![Do::Folder("outside")])
        .says(&["`outside` is no workspace"])
        .fix(&["affiant init"])
}

fn words() -> Vec<Case> {
    vec![
        command("unknown subcommand near a real one", &["asess"]).says(&["asess"]).fix(&["'assess'"]),
        command("help as a subcommand is understood", &["help", "assess"]).code(0).says(&["--fail-on"]),
        command("unknown option near a real one", &["assess", "--fail-onn", "high"])
            .says(&["--fail-onn"])
            .fix(&["'--fail-on'"]),
        command("wrong value of an option", &["assess", "--fail-on", "hi"]).says(&["'hi'"]).fix(&["high"]),
        command("wrong format name", &["assess", "--format", "yaml"])
            .says(&["'yaml'"])
            .fix(&["table, json, csv"]),
        command("a number that is none", &["assess", "--max-gaps", "few"]).says(&["'few'", "--max-gaps"]),
        command("two options that exclude each other", &["assess", "--max-gaps", "3", "--allow-gaps"])
            .says(&["cannot be used with"]),
        command("a color that is none", &["--color", "sometimes", "lint"])
            .says(&["'sometimes'"])
            .fix(&["auto, always, never"]),
        command("schema of an unknown kind", &["schema", "workspace"])
            .says(&["'workspace'"])
            .fix(&["affiant"]),
        command("completions for an unknown shell", &["completions", "cmd"]).says(&["'cmd'"]).fix(&["bash"]),
    ]
}

fn reading() -> Vec<Case> {
    vec![
        command("run that does not exist", &["assess", "2026-Q3"])
            .says(&["no run `2026-Q3`"])
            .fix(&["runs here:"]),
        command("run with a typo", &["assess", "2026-09-30T120000Z"])
            .says(&["no run"])
            .fix(&["did you mean `2026-09-30T120000Z-"]),
        command("no run yet", &["assess"])
            .does(vec![Do::Rename("evidence", "elsewhere")])
            .says(&["no run yet"])
            .fix(&["affiant collect"]),
        command("as-of is a date without time", &["assess", "--as-of", "2026-09-30"])
            .says(&["--as-of"])
            .fix(&["2026-09-30T12:00:00Z"]),
        command("controls show: typo", &["controls", "show", "encryption-at-reset"])
            .says(&["no control or check"])
            .fix(&["did you mean `encryption-at-rest`"]),
        command("controls show: check typo", &["controls", "show", "rds.storage-encryptd"])
            .says(&["no control or check"])
            .fix(&["did you mean `rds.storage-encrypted`"]),
        command("controls test: check typo", &["controls", "test", "rds.storage-encryptd"])
            .says(&["no check"])
            .fix(&["did you mean `rds.storage-encrypted`"]),
        command("risks show: unknown id", &["risks", "show", "R-xxxx"])
            .says(&["no risk has the id `R-xxxx`"])
            .fix(&["affiant risks list"]),
        command("workspace folder missing", &["--workspace", "nowhere", "assess"])
            .says(&["no folder `nowhere`"])
            .fix(&["affiant.yaml"]),
        outside("not in a workspace: assess", &["assess"]),
        outside("not in a workspace: lint", &["lint"]),
        outside("not in a workspace: package", &["package"]),
        outside("not in a workspace: collect", &["collect", "--snapshot", "in"]),
        outside("not in a workspace: risks", &["risks"]),
        outside("not in a workspace: services", &["services"]),
        command("policy --part 9", &["policy", "--part", "99"]).says(&["no part 99"]).fix(&["from 1 to"]),
        command("pinned clock wrong", &["assess"])
            .env(&[("AFFIANT_PINNED_CLOCK", "yesterday")])
            .says(&["AFFIANT_PINNED_CLOCK", "yesterday"])
            .fix(&["unset it"]),
        command("services --list is another kind of file", &["services", "--list", "program/risks.yaml"])
            .says(&["program/risks.yaml"])
            .fix(&["hint:"]),
        command("services --list is missing", &["services", "--list", "list.yaml"])
            .says(&["list.yaml"])
            .fix(&["controls/services/"]),
    ]
}

fn collecting() -> Vec<Case> {
    vec![
        command("collect without a source", &["collect"])
            .says(&["nothing to collect"])
            .fix(&["--snapshot PATH"]),
        command("collect: file missing", &["collect", "--snapshot", "missing.json"])
            .says(&["missing.json"])
            .fix(&["hint:"]),
        command("collect: no JSON", &["collect", "--snapshot", "not.json"])
            .does(vec![Do::Write("not.json", "hello")])
            .says(&["not.json", "not JSON"])
            .fix(&["hint:"]),
        command("collect: empty folder", &["collect", "--snapshot", "empty"])
            .does(vec![Do::Folder("empty")])
            .says(&["empty"])
            .fix(&["hint:"]),
        command("collect: a csv", &["collect", "--snapshot", "x.csv"])
            .does(vec![Do::Write("x.csv", "a,b\n1,2\n")])
            .says(&["x.csv"])
            .fix(&["hint:"]),
        command("collect --cli-json: wrong folder", &["collect", "--cli-json", "program"])
            .says(&["program"])
            .fix(&["hint:"]),
        command("collect --cli-json: missing folder", &["collect", "--cli-json", "nowhere/aws"])
            .says(&["nowhere/aws"])
            .fix(&["hint:"]),
        command("collect --dry-run without --aws", &["collect", "--dry-run"]).says(&["--aws"]),
        command(
            "collect --aws without credentials",
            &["collect", "--aws", "--attempts", "1", "--call-timeout", "2"],
        )
        .env(&[("AWS_EC2_METADATA_DISABLED", "true"), ("HOME", "/nonexistent")])
        .code(5)
        .says(&["no credentials"])
        .fix(&["aws configure", "hint:"]),
        command("collect --aws: profile missing", &["collect", "--aws", "--profile", "nope"])
            .env(&[("AWS_EC2_METADATA_DISABLED", "true"), ("HOME", "/nonexistent")])
            .code(5)
            .says(&["profile `nope`"])
            .fix(&["hint:"]),
        command("collect --resume with nothing to resume", &["collect", "--aws", "--resume"])
            .says(&["no such run"])
            .fix(&["leave out --resume"]),
        command("collect --since wrong", &["collect", "--aws", "--since", "1 July"]).says(&["'1 July'"]),
        command("collect: a region that does not exist", &["collect", "--aws", "--region", "us-esat-1"])
            .says(&["us-esat-1"])
            .fix(&["us-east-1"]),
        command("collect: a placeholder for an account", &["collect", "--aws", "--dry-run"])
            .does(vec![Do::Edit("affiant.yaml", "\"111122223333\"", "\"<twelve digits>\"")])
            .at("affiant.yaml", "\"<twelve digits>\"")
            .says(&["not filled in"])
            .fix(&["write"]),
    ]
}

fn verifying() -> Vec<Case> {
    vec![
        command("verify: no such file", &["verify", "x.zip"])
            .says(&["no `x.zip`"])
            .fix(&["package (ZIP or folder)"]),
        command("verify: not a zip", &["verify", "not.json"])
            .does(vec![Do::Write("not.json", "hello")])
            .says(&["not.json", "neither"])
            .fix(&["hint:"]),
        command("verify: the folder above", &["verify", "evidence"])
            .says(&["evidence", "holds"])
            .fix(&["verify evidence/2026-09-30"]),
        command("verify: a PDF alone", &["verify", "report.pdf"])
            .does(vec![Do::Write("report.pdf", "%PDF-1.7\n")])
            .says(&["PDF"])
            .fix(&["pdfsig"]),
        command("verify: the litter of a file manager", &["verify", ".DS_Store"])
            .does(vec![Do::Write(".DS_Store", "\0\0\0\u{1}Bud1")])
            .says(&[".DS_Store"])
            .fix(&["hint:"]),
        command("verify: an empty folder", &["verify", "empty"])
            .does(vec![Do::Folder("empty")])
            .says(&["`empty`"])
            .fix(&["hint:"]),
        command("verify: --trust is no PEM", &["verify", "evidence", "--trust", "not.json"])
            .does(vec![Do::Write("not.json", "hello")])
            .says(&["--trust"])
            .fix(&["PEM"]),
        command("verify: --trust missing", &["verify", "evidence", "--trust", "nope.pem"])
            .says(&["nope.pem"])
            .fix(&["can be read"]),
        command("seal apply garbage", &["seal", "apply", "evidence/RUN", "not.json"])
            .does(vec![Do::Write("not.json", "hello")])
            .says(&["not.json"])
            .fix(&["hint:"]),
        command("seal renew without authority", &["seal", "renew", "evidence/RUN"])
            .says(&["authority"])
            .fix(&["--authority"]),
        command("seal status of nothing", &["seal", "status", "x.zip"]).says(&["x.zip"]).fix(&["hint:"]),
    ]
}

fn making() -> Vec<Case> {
    let new = |name, more: &[&'static str]| {
        let args: Vec<&'static str> =
            ["controls", "new", "rds.my-zone"].iter().chain(more).copied().collect();
        command(name, &args)
    };
    vec![
        new("controls new: unknown table", &["--table", "rds_instanc"])
            .says(&["no table is called `rds_instanc`"])
            .fix(&["did you mean `rds_instance"]),
        new("controls new: unknown control", &["--control", "backup"])
            .says(&["no control is called `backup`"])
            .fix(&["did you mean `backup"]),
        new("controls new: unknown column", &["--table", "rds_database", "--column", "deletionprotection"])
            .says(&["no column"])
            .fix(&["did you mean `deletion_protection`"]),
        command("controls new: a service without a table", &["controls", "new", "foo.bar"])
            .says(&["like the service `foo`"])
            .fix(&["--table"]),
        command("controls new: a name that is none", &["controls", "new", "Rds"])
            .says(&["cannot name a check"])
            .fix(&["rds.multi-az"]),
        command("controls new: an id that is taken", &["controls", "new", "rds.storage-encrypted"])
            .says(&["already"])
            .fix(&["another name"]),
        command("init in a workspace", &["init"]).says(&["is a workspace already"]).fix(&["empty folder"]),
        command("init where a file is in the way", &["init", "not.json"])
            .does(vec![Do::Write("not.json", "hello")])
            .says(&["not.json", "is a file"])
            .fix(&["hint:"]),
    ]
}

/// Values of options that name nothing, or a time of which nothing can be said.
fn options() -> Vec<Case> {
    let time = |name, day: &'static str| command(name, &["assess", "--as-of", day]);
    vec![
        time("as-of before the run", "2020-01-01T00:00:00Z")
            .says(&["before the run", "2026-09-30"])
            .fix(&["name a later one"]),
        time("as-of yet to come is told", "2030-01-01T00:00:00Z").code(3).says(&["yet to come"]),
        command("max-gaps below nothing", &["assess", "--max-gaps", "-1"])
            .says(&["--max-gaps"])
            .fix(&["0 or more"]),
        command("max-gaps in words", &["assess", "--max-gaps", "all"])
            .says(&["--max-gaps"])
            .fix(&["a whole number"]),
        command("days below nothing", &["calendar", "--days", "-3"]).says(&["--days"]).fix(&["0 or more"]),
        command("an audience without an edition", &["package", "--for", "county"])
            .says(&["`--for`"])
            .fix(&["--edition shareable"]),
        command(
            "an edition of nothing",
            &["package", "--edition", "shareable", "--for", "county", "--of", "x.zip"],
        )
        .says(&["no `x.zip`"])
        .fix(&["a package"]),
        command("templates that are not there", &["package", "--templates", "nowhere"])
            .says(&["`nowhere` is no folder"])
            .fix(&[".html"]),
        command("templates under other names", &["package", "--templates", "documents"])
            .says(&["`documents` holds no template"])
            .fix(&[".html"]),
        command("a comparison with nothing", &["package", "--against", "nowhere"])
            .says(&["`nowhere`"])
            .fix(&["affiant runs"]),
        command("a run set against itself is told", &["diff", "RUN"])
            .code(0)
            .says(&["both are run"])
            .fix(&["OLD"]),
        command("diff of what is not there", &["diff", "a", "b"])
            .says(&["`a` is not a run"])
            .fix(&["affiant runs"]),
        command("join of what is not there", &["join", "a", "b"]).says(&["`a`"]).fix(&["affiant runs"]),
        command(
            "archive: a day that no year has",
            &["archive", "x.zip", "dest", "--retain-until", "2026-02-30"],
        )
        .says(&["2026-02-30", "not a day"])
        .fix(&["2026-09-30"]),
        command("history since a day that no year has", &["collect", "--aws", "--since", "2026-02-30"])
            .says(&["2026-02-30", "not a day"])
            .fix(&["2026-09-30"]),
        command("history since a day to come", &["collect", "--aws", "--since", "2036-01-01"])
            .says(&["yet to come"])
            .fix(&["first day"]),
        command("no time at all", &["collect", "--aws", "--time-limit", "0"])
            .says(&["--time-limit"])
            .fix(&["1 or more"]),
        command("a questionnaire that is no workbook", &["answer", "x.zip", "--questionnaire", "q.xlsx"])
            .does(vec![Do::Write("q.xlsx", "PK\u{3}\u{4}")])
            .says(&["q.xlsx", "not a ZIP archive"])
            .fix(&[".xlsx"]),
    ]
}
