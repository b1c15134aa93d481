//! The dossier as the PDF templates read it: characters that no face has are written out, long names are cut
//! and broken into the lines of their column, and what the PDF does not print (passing rows, query texts) is
//! left out. Done once here, in place of a measure for each box on each pass of the layout.

use serde_json::{Value, json};

use super::breaks::{MAY_BREAK, breakable, lines};
use super::fields::{list, object, text};
use super::members::{children, short};
use crate::model::digest::Digest;
use crate::model::dossier::Dossier;

/// A name that would fill a page by itself, and break every table that it stands in, is cut; how much is
/// missing is said.
const NAME_MOST: usize = 300;
const TEXT_MOST: usize = 4000;

/// Characters that fit into one line of their column, in the mono face at the size that the template sets
/// there.
const ROW_LINE: usize = 98;
const PATH_LINE: usize = 134;
const PAST_LINE: usize = 56;

/// Strings that come from the evidence and are names rather than prose.
const FROM_EVIDENCE: [&str; 9] =
    ["resource", "name", "reason", "by", "examples", "readers", "gaps", "unread", "detail"];
/// Strings that the templates compare, link by, or break into lines of their own.
const IDENTITIES: [&str; 16] = [
    "id",
    "anchor",
    "control",
    "check",
    "verdict",
    "severity",
    "sha256",
    "sql_sha256",
    "evidence",
    "path",
    "head",
    "resource",
    "examples",
    "original",
    "state",
    "status",
];

pub fn data(dossier: &Dossier) -> Vec<u8> {
    let mut value = serde_json::to_value(dossier).expect("a dossier serialises");
    digests(&mut value, dossier);
    sources(&mut value, dossier);
    clean(&mut value, "");
    shape(&mut value, dossier);
    serde_json::to_vec(&value).expect("JSON serialises")
}

/// Text of a document of its own: characters that the faces lack are written out, and long words get places
/// to break.
pub fn prepare(value: &mut Value) {
    clean(value, "");
}

/// The digest of each query in place of its text, before anything is cut or written out.
fn digests(value: &mut Value, dossier: &Dossier) {
    for (control, report) in list(value, "controls").iter_mut().zip(&dossier.controls) {
        for (check, report) in list(control, "checks").iter_mut().zip(&report.checks) {
            let fields = object(check);
            fields.remove("sql");
            fields.insert("sql_sha256".into(), json!(Digest::of(report.sql.as_bytes()).to_string()));
        }
    }
}

/// The sources that a check lacks, by name; their reasons stand once, under coverage.
fn sources(value: &mut Value, dossier: &Dossier) {
    let gaps: Vec<(&str, String)> = dossier
        .scope
        .coverage
        .iter()
        .filter(|c| c.gap)
        .map(|c| (c.source.as_str(), format!(" {} {}", c.source, c.state)))
        .collect();
    for (control, report) in list(value, "controls").iter_mut().zip(&dossier.controls) {
        for (check, report) in list(control, "checks").iter_mut().zip(&report.checks) {
            let mut unread: Vec<&str> = Vec::new();
            for (source, words) in &gaps {
                if !unread.contains(source) && report.gaps.iter().any(|gap| gap.contains(words.as_str())) {
                    unread.push(source);
                }
            }
            object(check).insert("unread".into(), json!(unread));
        }
    }
}

fn shape(value: &mut Value, dossier: &Dossier) {
    let several = dossier.scope.accounts.len() > 1;
    for control in list(value, "controls") {
        for check in list(control, "checks") {
            let rows = list(check, "rows");
            rows.retain(|r| ["not met", "not evidenced", "accepted"].contains(&text(r, "verdict")));
            rows.iter_mut().for_each(|row| shape_row(row, several));
        }
    }
    for risk in value.get_mut("risks").map(|r| list(r, "rows")).into_iter().flatten() {
        children(risk, dossier.risks.seen_from != dossier.as_of);
        for example in list(risk, "examples") {
            if let Value::String(words) = example {
                *words = breakable(&short(words));
            }
        }
    }
    if let Some(past) = value.get_mut("past") {
        for kind in ["episodes", "stops"] {
            list(past, kind).iter_mut().for_each(shape_past);
        }
    }
    for exhibit in list(value, "evidence") {
        let source = text(exhibit, "source").replace(MAY_BREAK, "");
        let folder = format!("/{}", source.split(' ').next().unwrap_or_default().replace(':', "/"));
        let told = text(exhibit, "path").contains(&folder);
        let path = lines(text(exhibit, "path"), PATH_LINE);
        let fields = object(exhibit);
        fields.insert("path".into(), json!(path));
        if told {
            fields.insert("source".into(), json!(""));
        }
    }
}

/// The resource as grey path and inked name, on lines that fit, and the place where neither says it.
fn shape_row(row: &mut Value, several: bool) {
    let (resource, name) = (text(row, "resource").to_string(), text(row, "name").replace(MAY_BREAK, ""));
    let head = resource.strip_suffix(name.as_str()).unwrap_or("");
    let broken = lines(&resource, ROW_LINE);
    // The name begins after as many characters as its head has, line ends not counted.
    let mut left = head.chars().count();
    let at = broken.char_indices().find(|(_, c)| {
        if *c != '\n' && left == 0 {
            return true;
        }
        left = left.saturating_sub(usize::from(*c != '\n'));
        false
    });
    let (head, name) = broken.split_at(at.map_or(0, |(i, _)| i));
    let place = place(row, &resource, several);
    let fields = object(row);
    fields.insert("head".into(), json!(head));
    fields.insert("name".into(), json!(name));
    fields.insert("where".into(), json!(place));
    fields.remove("resource");
}

fn place(row: &Value, resource: &str, several: bool) -> String {
    let (account, region) = (text(row, "account"), text(row, "region"));
    let mut said = Vec::new();
    if several && !account.is_empty() && !resource.contains(account) {
        said.push(account);
    }
    if !region.is_empty() && region != "aws-global" && !resource.contains(region) {
        said.push(region);
    }
    said.join(", ")
}

fn shape_past(event: &mut Value) {
    let resource = text(event, "resource").to_string();
    let told = [text(event, "account"), text(event, "region")].iter().all(|p| resource.contains(p));
    let place =
        if told { String::new() } else { format!("{} {}", text(event, "account"), text(event, "region")) };
    let fields = object(event);
    fields.insert("resource".into(), json!(lines(&resource, PAST_LINE)));
    fields.insert("where".into(), json!(place));
}

fn clean(value: &mut Value, key: &str) {
    match value {
        Value::String(words) => {
            let mut made = bounded(&printable(words), key);
            if !IDENTITIES.contains(&key) {
                made = breakable(&made);
            }
            if made != *words {
                *words = made;
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| clean(item, key)),
        Value::Object(fields) => fields.iter_mut().for_each(|(name, item)| clean(item, name)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// Characters that every face of the report has. Anything else would print as a hole, which PDF/UA refuses.
fn in_every_face(c: char) -> bool {
    matches!(c,
        '\n' | ' '..='~' | '\u{A0}'..='\u{AC}' | '\u{AE}'..='\u{17F}' | '\u{218}'..='\u{21B}'
        | '\u{400}'..='\u{45F}' | '\u{1E80}'..='\u{1E85}' | '\u{1EA0}'..='\u{1EF9}'
        | '\u{2010}'..='\u{2015}' | '\u{2018}'..='\u{201A}' | '\u{201C}'..='\u{201E}'
        | '\u{2020}'..='\u{2022}' | '\u{2026}' | '\u{2030}' | '\u{2032}' | '\u{2033}' | '\u{2039}'
        | '\u{203A}' | '\u{20AC}' | '\u{2116}' | '\u{2122}' | '\u{2190}'..='\u{2193}' | '\u{2212}'
        | '\u{221E}' | '\u{2248}' | '\u{2260}' | '\u{2264}' | '\u{2265}')
}

/// A picture with a dot for each character that the faces lack; the words beside it spell them out.
pub fn dotted(svg: &str) -> Vec<u8> {
    svg.chars().map(|c| if in_every_face(c) { c } else { '\u{B7}' }).collect::<String>().into_bytes()
}

fn printable(text: &str) -> String {
    if text.chars().all(in_every_face) {
        return text.to_string();
    }
    let text = text.replace("\r\n", "\n").replace('\t', "    ");
    text.chars().fold(String::with_capacity(text.len()), |mut out, c| {
        if in_every_face(c) {
            out.push(c)
        } else {
            out.push_str(&format!("[U+{:04X}]", c as u32))
        }
        out
    })
}

fn bounded(text: &str, key: &str) -> String {
    if text.len() <= NAME_MOST || key == "words" {
        return text.to_string();
    }
    if FROM_EVIDENCE.contains(&key) {
        return shorten(text, NAME_MOST);
    }
    let words: Vec<String> = text.split(' ').map(|w| shorten(w, NAME_MOST)).collect();
    shorten(&words.join(" "), TEXT_MOST)
}

fn shorten(text: &str, most: usize) -> String {
    let all = text.chars().count();
    if all <= most {
        return text.to_string();
    }
    let head: String = text.chars().take(most).collect();
    format!("{head}\u{2026} [{} more characters: see the HTML report]", all - most)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_no_face_has_is_written_out() {
        assert_eq!(printable("a\u{202e}b\u{e000}\tc é"), "a[U+202E]b[U+E000]    c é");
        let name = "x".repeat(400);
        assert_eq!(
            bounded(&name, "name"),
            format!("{}\u{2026} [100 more characters: see the HTML report]", "x".repeat(300))
        );
        assert_eq!(bounded(&name, "words"), name);
    }

    #[test]
    fn a_row_shows_its_path_and_its_name() {
        let long = "n".repeat(90);
        let mut row = json!({
            "resource": format!("arn:aws:rds:us-east-1:111122223333:db:{long}"), "name": long,
            "account": "111122223333", "region": "us-east-1"
        });
        shape_row(&mut row, true);
        let whole = format!("{}{}", text(&row, "head"), text(&row, "name"));
        assert_eq!(whole.replace('\n', ""), format!("arn:aws:rds:us-east-1:111122223333:db:{long}"));
        assert_eq!((text(&row, "name").replace('\n', ""), text(&row, "where")), (long, ""));
    }
}
