//! What no output may say: claims that are not ours to make, and statements about the law that are not so.

use std::fs;

use crate::harness::{Sandbox, files, repository, unzip};

/// Words that we never use of a customer in our own words.
const NEVER: [&str; 6] = [
    "hipaa compliant",
    "is compliant",
    "fully compliant",
    "hipaa certified",
    "is certified",
    "hipaa-compliant",
];

fn texts() -> Vec<(String, String)> {
    let mut texts = Vec::new();
    for folder in ["controls", "templates", "docs", "program", "examples/sample/every-fault"] {
        for (name, bytes) in files(&repository().join(folder)) {
            if let Ok(text) = String::from_utf8(bytes) {
                texts.push((format!("{folder}/{name}"), text));
            }
        }
    }
    texts.push(("README.md".into(), fs::read_to_string(repository().join("README.md")).expect("a README")));
    texts
}

#[test]
fn nothing_claims_compliance() {
    for (name, text) in texts() {
        let lower = text.to_lowercase();
        for words in NEVER {
            // A text may name the words in order to say that we do not use them.
            for (at, _) in lower.match_indices(words) {
                let mut start = at.saturating_sub(120);
                while !lower.is_char_boundary(start) {
                    start -= 1;
                }
                let before = &lower[start..at];
                assert!(
                    ["never", " not ", "no claim", "nobody", "neither"].iter().any(|n| before.contains(n)),
                    "{name} says `{words}`: …{before}{words}"
                );
            }
        }
    }
}

#[test]
fn the_rule_is_not_said_to_name_what_it_does_not_name() {
    let wrong = regex::Regex::new(concat!(
        r"(?i)(hipaa|security rule|164\.\d+[()a-z0-9ivx]*)\s+",
        r"(requires|mandates|demands|names|prescribes)\s+(\w+\s+){0,3}",
        r"(mfa|multi-factor|tls|aes|vpc|pgaudit|15 minutes|fifteen minutes|seven years|7 years|7-year)",
    ))
    .expect("a pattern");
    for (name, text) in texts() {
        let joined = text.split_whitespace().collect::<Vec<_>>().join(" ");
        for found in wrong.find_iter(&joined) {
            assert!(found.as_str().to_lowercase().contains(" no "), "{name}: {}", found.as_str());
        }
    }
}

#[test]
fn reports_print_no_single_percentage_and_both_retention_numbers() {
    let box_ = Sandbox::default().workspace();
    let folder = unzip(&box_.package_sample(1), &box_.path().join("x"));
    let html = fs::read_to_string(folder.join("data/report/index.html")).expect("HTML");
    let body = html.split("</style>").last().expect("a body");
    let percent = regex::Regex::new(r"\b\d{1,3}(\.\d+)?\s?%\s+(compliant|compliance|complete|covered|ready)")
        .expect("a pattern");
    assert!(!percent.is_match(body), "{:?}", percent.find(body));
    assert!(
        body.contains("six years") && body.contains("164.316(b)(2)(i)"),
        "the law's six years are not named beside the policy's"
    );
}

/// What published guides get wrong about HIPAA on AWS: a name, a pattern, a sentence that the pattern must
/// find, and words that, shortly before it or in it, make it a denial.
const MISSTATEMENTS: [(&str, &str, &str); 20] = [
    (
        "1 Security Hub has a HIPAA standard",
        r"security hub\W[^.]{0,40}hipaa\W[^.]{0,10}(standard|score|framework)",
        "the Security Hub HIPAA standard is enabled",
    ),
    (
        "2 seven years by HIPAA",
        concat!(
            r"(hipaa|security rule|164\.316\S*)\s[^.]{0,50}(requires|demands|mandates|asks for|says)",
            r"\s[^.]{0,30}(seven|7)[ -]?years?",
        ),
        "HIPAA requires logs for 7 years",
    ),
    (
        "2 seven years per HIPAA",
        concat!(
            r"(seven|7)[ -]years?[^.]{0,40}(required by|per|under|because of|demanded by) ",
            r"(hipaa|the security rule|45 cfr|164)",
        ),
        "7-year retention per HIPAA",
    ),
    (
        "2 a period for logs",
        concat!(
            r"(hipaa|security rule)\s[^.]{0,40}(retain|keep)[^.]{0,20}",
            r"(logs|backups|medical records)[^.]{0,20}\d+ (years|days)",
        ),
        "HIPAA says to keep logs for 2190 days",
    ),
    (
        "3 2555 days are seven years",
        r"2,?555\W[^.]{0,40}(seven|7)[ -]years?",
        "expiration { days = 2555 } # 7 years",
    ),
    (
        "4 automated backups reach seven years",
        r"automated backups?\W[^.]{0,60}(meet|satisf|fulfil|cover|reach)[^.]{0,40}(seven|7)[ -]years?",
        "RDS automated backups satisfy seven years",
    ),
    (
        "5 fifteen minutes by HIPAA",
        r"(hipaa|security rule|164\.312\S*)\s[^.]{0,60}(15|fifteen)[ -]?min",
        "HIPAA asks for a logoff after 15 minutes",
    ),
    (
        "6 a business associate notifies HHS",
        r"business associates?\W[^.]{0,60}(notif(y|ies)|report to) (hhs|the secretary|the media|individuals)",
        "A business associate must notify HHS within 60 days",
    ),
    (
        "7 all are required",
        r"all (ten|10) (controls|safeguards|specifications) are required",
        "All ten controls are required",
    ),
    (
        "7 encryption is required today",
        r"encryption (at rest|in transit)\W[^.]{0,20}is (a )?required( specification)?\b",
        "Encryption at rest is required by the Security Rule",
    ),
    (
        "8 the BAA is signed under Account",
        r"account\s*(->|→|>|/)\s*business associate add",
        "Sign it in the console under Account -> Business Associate Addendum",
    ),
    (
        "9 RDS encrypts by default",
        r"(rds|aurora)\W[^.]{0,30}(encrypted|encryption)( is (on|enabled))? by default",
        "RDS is encrypted by default",
    ),
    ("10 names that do not exist", r"aws_kms_key_rotation|\bpg_audit\b", "resource aws_kms_key_rotation"),
    (
        "11 AWS shows the extension",
        r"(config|aws) (shows|proves)[^.]{0,40}create extension",
        "AWS Config proves that CREATE EXTENSION pgaudit ran",
    ),
    (
        "12 a percentage of the rule",
        concat!(
            r"\b\d{1,3}(\.\d+)?\s?(%|percent) (of )?(the )?",
            r"(hipaa|security rule|control|requirements|compliant|compliance)",
        ),
        "Automated evidence for 94% of control requirements",
    ),
    (
        "13 NIST recommends synthetic data",
        r"(nist|800-53)\W[^.]{0,40}(recommends|requires|demands)[^.]{0,30}synthetic",
        "NIST 800-53 explicitly recommends synthetic data",
    ),
    ("14 compliant", r"\b(is|are|fully|now|100 ?%|hipaa)[ -]compliant\b", "the workload is compliant"),
    ("14 certified", r"\b(is|are|fully|hipaa|hhs)[ -]certified\b", "HIPAA certified"),
    (
        "the rule names a technique",
        concat!(
            r"(hipaa|the security rule|164\.3\d\d\S*)\s+(requires|mandates|demands|names|prescribes",
            r"|asks for)\s+([a-z-]+\s+){0,3}(mfa|multi-factor|vpcs?\b|tls|aes|pgaudit)",
        ),
        "The Security Rule requires TLS 1.2",
    ),
    (
        "a list of today",
        r"(the |a )?current(ly)? (list of (hipaa|eligible)|hipaa[- ]eligible)",
        "the service is currently HIPAA eligible",
    ),
];

/// A sentence that denies, quotes or warns of a misstatement may hold its words.
const DENIALS: [&str; 16] = [
    "never",
    " not ",
    " no ",
    "nobody",
    "neither",
    "nor ",
    "cannot",
    "without",
    "instead of",
    "would ",
    "misstat",
    "proposal",
    "policy",
    "does not",
    "n't",
    "names no",
];

fn squeezed(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase()
}

/// Each misstatement in `text`, with the words around it.
fn misstated(text: &str) -> Vec<String> {
    static PATTERNS: std::sync::OnceLock<Vec<regex::Regex>> = std::sync::OnceLock::new();
    let patterns = PATTERNS.get_or_init(|| {
        MISSTATEMENTS.iter().map(|(_, p, _)| regex::Regex::new(p).expect("a pattern")).collect()
    });
    let text = squeezed(text);
    let mut found = Vec::new();
    for (pattern, (name, ..)) in patterns.iter().zip(MISSTATEMENTS) {
        for hit in pattern.find_iter(&text) {
            let mut start = hit.start().saturating_sub(100);
            let mut end = (hit.end() + 60).min(text.len());
            while !text.is_char_boundary(start) {
                start -= 1;
            }
            while !text.is_char_boundary(end) {
                end += 1;
            }
            let around = &text[start..end];
            if !DENIALS.iter().any(|d| around.contains(d)) {
                found.push(format!("{name}: …{around}…"));
            }
        }
    }
    found
}

#[test]
fn each_misstatement_would_be_found() {
    for (name, pattern, bad) in MISSTATEMENTS {
        let found = misstated(bad);
        assert!(found.iter().any(|f| f.starts_with(name)), "`{pattern}` does not find `{bad}`: {found:?}");
    }
    assert_eq!(
        misstated("The Security Rule names no MFA, and HIPAA sets six years for documentation."),
        Vec::<String>::new()
    );
}

#[test]
fn no_text_of_ours_holds_a_misstatement() {
    let mut all = texts();
    for (name, bytes) in files(&repository().join("src")) {
        all.push((format!("src/{name}"), String::from_utf8(bytes).expect("UTF-8")));
    }
    let bad: Vec<String> = all
        .iter()
        .flat_map(|(name, text)| misstated(text).into_iter().map(move |m| format!("{name}: {m}")))
        .collect();
    assert!(bad.is_empty(), "{}", bad.join("\n"));
}

/// Words that are so only beside others: a name, a pattern, what must stand near it, and a
/// sentence that is not so.
const ONLY_WITH: [(&str, &str, &[&str], &str); 12] = [
    (
        "an equivalent measure is bound to reason, 164.306(d)(3)(ii)(B)(2)",
        r"equivalent (alternative )?measure",
        &["reasonable and appropriate"],
        "or document why not and use an equivalent measure",
    ),
    (
        "a breach is what 164.402 says",
        r"(possible|is a|as a|be a) breach\b",
        &["164.402", "unsecured"],
        "treat a public snapshot as a possible breach",
    ),
    (
        "a breach until shown otherwise",
        r"breach until shown",
        &["164.402"],
        "Ransomware is a breach until shown otherwise",
    ),
    (
        "the minimum necessary is the Privacy Rule's",
        r"minimum necessary",
        &["514(d)", "persons or classes"],
        "The minimum necessary is a list of stores",
    ),
    (
        "164.312(c)(1) asks for policies and procedures",
        r"improper (alteration or )?destruction",
        &["policies and procedures", "may be", "may amount"],
        "protect ePHI from improper destruction, which the deletion of a key amounts to",
    ),
    (
        "164.310(d)(2)(iv) asks for a copy when needed",
        r"copy,? before equipment|copy before equipment",
        &["when needed", "where one is needed"],
        "copy before equipment is moved",
    ),
    (
        "164.308(a)(6)(ii) binds to what is practicable and known",
        r"(mitigate|limit) (known )?harm",
        &["practicable"],
        "identify, respond, limit harm, document",
    ),
    (
        "discovery includes the workforce and agents",
        r"reasonable diligence",
        &["agent"],
        "Discovery is the first day on which the breach would have been known with reasonable diligence.",
    ),
    (
        "the sign-off page holds signature fields",
        r"pen and ink",
        &["signature field"],
        "the sign-off page is for pen and ink",
    ),
    (
        "pgaudit leaves out bind parameters only",
        r"log_parameter (is )?(on|off|to 0)",
        &["bind", "is not in the evidence", "parameter_group", "then '", "else '"],
        "With pgaudit.log_parameter off, no value of a statement stands in the log",
    ),
    (
        "an agreement is documented, 164.308(b)(3)",
        r"satisfactory assurances first",
        &["308(b)(3)"],
        "gives satisfactory assurances first",
    ),
    (
        "a foreign account may be the covered entity's",
        r"another company's account|account outside the organization may read",
        &["covered entity", "access."],
        "Another company's account that reads ePHI makes that company a business associate",
    ),
];

/// Words that are not so whatever stands near them.
const NEVER_SO: [(&str, &str, &str); 4] = [
    (
        "the ten controls are ours",
        r"controls of the (hipaa )?security rule",
        "ten technical controls of the HIPAA Security Rule",
    ),
    ("the last day of a document in effect is not known", r"\bkeep until\b", "keep until 2033-09-30"),
    (
        "AWS's addendum is AWS's",
        r"business associate agreement with aws",
        "Business associate agreement with AWS: in force",
    ),
    ("standards bind", r"standard: the aim", "Standard: the aim that its specifications serve"),
];

/// Each place in `text` where words stand that are not so, or not alone.
fn struck(text: &str) -> Vec<String> {
    let text = squeezed(text);
    let near = |start: usize, end: usize| {
        let (mut from, mut to) = (start.saturating_sub(320), (end + 320).min(text.len()));
        while !text.is_char_boundary(from) {
            from -= 1;
        }
        while !text.is_char_boundary(to) {
            to += 1;
        }
        text[from..to].to_string()
    };
    let mut found = Vec::new();
    for (name, pattern, needed, _) in ONLY_WITH {
        for hit in regex::Regex::new(pattern).expect("a pattern").find_iter(&text) {
            let around = near(hit.start(), hit.end());
            if !needed.iter().any(|n| around.contains(n)) {
                found.push(format!("{name}: …{around}…"));
            }
        }
    }
    for (name, pattern, _) in NEVER_SO {
        let hits = regex::Regex::new(pattern).expect("a pattern");
        found.extend(hits.find_iter(&text).map(|hit| format!("{name}: …{}…", near(hit.start(), hit.end()))));
    }
    found
}

#[test]
fn words_that_a_lawyer_would_strike_do_not_occur() {
    for (name, pattern, _, bad) in ONLY_WITH {
        assert!(struck(bad).iter().any(|f| f.starts_with(name)), "`{pattern}` does not find `{bad}`");
    }
    for (name, pattern, bad) in NEVER_SO {
        assert!(struck(bad).iter().any(|f| f.starts_with(name)), "`{pattern}` does not find `{bad}`");
    }
    let mut all = texts();
    for folder in ["src/program", "src/assess", "src/cli", "src/pipeline", "src/render", "src/seal"] {
        for (name, bytes) in files(&repository().join(folder)) {
            all.push((format!("{folder}/{name}"), String::from_utf8(bytes).expect("UTF-8")));
        }
    }
    let bad: Vec<String> = all
        .iter()
        .flat_map(|(name, text)| struck(text).into_iter().map(move |m| format!("{name}: {m}")))
        .collect();
    assert!(bad.is_empty(), "{}", bad.join("\n"));
}

/// Everything that the program prints about the sample, by the command or file that printed it.
fn outputs(box_: &Sandbox) -> Vec<(String, String)> {
    let mut out = Vec::new();
    for args in [
        &["assess", "--checks"][..],
        &["assess", "--format", "json"],
        &["assess", "--format", "csv"],
        &["services"],
        &["risks"],
        &["risks", "lint"],
        &["lint"],
        &["controls", "list"],
        &["risks", "list"],
        &["controls", "test"],
        &["policy"],
        &["seal", "status"],
        &["man"],
        &["schema", "check"],
        &["schema", "affiant"],
    ] {
        let ran = box_.affiant(args);
        out.push((args.join(" "), format!("{}\n{}", ran.out, ran.err)));
    }
    for number in 1..=10 {
        out.push((
            format!("controls show {number}"),
            box_.affiant(&["controls", "show", &number.to_string()]).exits(0).out,
        ));
    }
    let catalog = affiant::catalog::load(None).expect("our own catalog");
    for id in catalog.checks.keys() {
        out.push((format!("controls show {id}"), box_.affiant(&["controls", "show", id]).exits(0).out));
    }
    let zip = box_.package();
    let path = zip.to_str().expect("UTF-8");
    for args in [
        &["verify", path][..],
        &["verify", path, "--format", "json"],
        &["seal", "status", path],
        &["seal", "declaration", path],
    ] {
        let ran = box_.affiant(args);
        assert!(ran.code == 0 || ran.code == 3, "{args:?}: {}{}", ran.out, ran.err);
        out.push((args[..args.len().min(2)].join(" "), format!("{}\n{}", ran.out, ran.err)));
    }
    let folder = unzip(&zip, &box_.path().join("x"));
    for (name, bytes) in files(&folder) {
        // The evidence is not ours to word; the catalog and the decisions are read where they lie.
        if name.starts_with("data/evidence/") || name.starts_with("data/catalog/") {
            continue;
        }
        if name.ends_with(".pdf") {
            out.push((name.clone(), pdf_text(&folder.join(&name))));
        } else if let Ok(text) = String::from_utf8(bytes) {
            let text = if name.ends_with(".html") {
                text.split("</style>").last().expect("a body").replace('<', " <")
            } else {
                text
            };
            out.push((name, text));
        }
    }
    out
}

/// The text of a PDF: by `pdftotext` (poppler-utils), which `./test` installs.
fn pdf_text(pdf: &std::path::Path) -> String {
    let output = std::process::Command::new("pdftotext")
        .arg("-layout")
        .arg(pdf)
        .arg("-")
        .output()
        .expect("pdftotext is installed");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[test]
fn no_output_holds_a_misstatement() {
    let box_ = Sandbox::default().workspace();
    box_.collect_sample(1);
    let all = outputs(&box_);
    for kind in [
        ".pdf",
        ".html",
        ".csv",
        ".json",
        "VERIFY.md",
        "assess --checks",
        "services",
        "controls show 10",
        "controls show rds.force-ssl",
        "seal declaration",
        "man",
        "policy",
    ] {
        assert!(
            all.iter().any(|(name, text)| name.ends_with(kind) && text.len() > 200),
            "no {kind} among {:?}",
            all.iter().map(|a| &a.0).collect::<Vec<_>>()
        );
    }
    let bad: Vec<String> = all
        .iter()
        .flat_map(|(name, text)| misstated(text).into_iter().map(move |m| format!("{name}: {m}")))
        .collect();
    assert!(bad.is_empty(), "{}", bad.join("\n"));
}

/// Facts that a wrong sentence could not change: five specifications stay addressable, no automated backup
/// reaches the policy, the extension is a matter of people, and a business associate tells the covered
/// entity.
#[test]
fn the_facts_behind_the_words_hold() {
    let box_ = Sandbox::default().workspace();
    box_.collect_sample(1);
    let assessment = crate::spine::json(&box_.affiant(&["assess", "--format", "json"]).out);
    let folder = unzip(&box_.package(), &box_.path().join("x"));
    let rule = fs::read_to_string(repository().join("controls/hipaa/security-rule.yaml")).expect("the rule");
    for citation in
        ["164.312(a)(2)(iv)", "164.312(e)(2)(ii)", "164.312(a)(2)(iii)", "164.312(e)(2)(i)", "164.312(c)(2)"]
    {
        let row = rule
            .split("- citation:")
            .find(|r| r.trim_start().starts_with(&format!("\"{citation}\"")))
            .expect("a row");
        assert!(row.contains("status: addressable"), "{citation}");
    }
    let html = fs::read_to_string(folder.join("data/report/index.html")).expect("HTML");
    let row =
        html.split("<tr").find(|r| r.contains("164.312(a)(2)(iv)<small>")).expect("a row of the crosswalk");
    assert!(row.contains("addressable"), "{row}");
    let logging = &assessment["controls"][7];
    let said = logging["attested"].as_array().expect("a list").len()
        + logging["unattested"].as_array().expect("a list").len();
    assert!(said > 0 && logging["verdict"] != "met", "database access logging rests on people too");
    let shown = box_.affiant(&["controls", "show", "database-access-logging"]).exits(0).out.to_lowercase();
    assert!(shown.contains("pgaudit") && shown.contains("only a person can say"), "{shown}");
    let retention = box_.affiant(&["controls", "show", "9"]).exits(0).out;
    assert!(
        retention.contains("backup_retention_days = 2557") && squeezed(&retention).contains("policy"),
        "{retention}"
    );
    let clocks = fs::read_to_string(repository().join("controls/hipaa/breach-clocks.yaml")).expect("clocks");
    for entry in clocks
        .split("- id:")
        .skip(1)
        .filter(|e| e.contains("by: business associate") || e.contains("by: subcontractor"))
    {
        let who = entry.lines().find(|l| l.trim_start().starts_with("who:")).expect("who").to_lowercase();
        assert!(who.contains("covered entity") || who.contains("business associate"), "{who}");
    }
}
