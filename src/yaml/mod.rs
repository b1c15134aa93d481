//! The one door to YAML: a document becomes a value, or diagnostics that show the line and say what to write
//! instead.

mod culprit;
pub mod edit;
mod rule;
mod schema;
mod spans;
mod tree;
mod words;
mod write;

pub use schema::{Strictness, is_placeholder, schema_of};
pub use tree::{At, Node, NodeKind, NodeValue, Written};

use schemars::JsonSchema;
use serde::de::DeserializeOwned;

use crate::diag::Diagnostic;

/// A file as it was read, with the places of all that stands in it.
#[derive(Debug, Clone)]
pub struct Document {
    pub file: String,
    pub text: String,
    pub root: Node,
}

impl Document {
    /// Reads the tree; a key that stands twice is among the problems.
    pub fn read(file: &str, bytes: &[u8]) -> Result<(Document, Vec<Diagnostic>), Diagnostic> {
        let text = decoded(file, bytes)?;
        let (root, mut twice) = tree::read(&text).map_err(|problem| problem.file(file).quoting(&text, 1))?;
        for problem in &mut twice {
            let width = problem.excerpt.as_ref().map_or(1, |excerpt| excerpt.width);
            *problem = problem.clone().file(file).quoting(&text, width);
        }
        Ok((Document { file: file.to_string(), text, root }, twice))
    }

    /// The problem at the value of a path such as `exceptions/1/check`.
    pub fn mark(&self, problem: Diagnostic, path: &str) -> Diagnostic {
        self.place(problem, self.root.at(path))
    }

    /// The problem at the key of a path.
    pub fn mark_key(&self, problem: Diagnostic, path: &str) -> Diagnostic {
        self.place(problem, self.root.at_key(path))
    }

    fn place(&self, problem: Diagnostic, at: At) -> Diagnostic {
        problem.file(self.file.clone()).at(at.line, at.column).quoting(&self.text, at.width)
    }

    /// What the schema objects to, all of it.
    pub fn check(&self, schema: &serde_json::Value, strictness: Strictness) -> Vec<Diagnostic> {
        let found = schema::check(&self.root, schema, strictness);
        found.into_iter().map(|(at, problem)| self.place(problem, at)).collect()
    }
}

/// Parses one YAML document. `file` is only for the diagnostics, which are many where many things are wrong.
pub fn yaml<T: DeserializeOwned + JsonSchema>(file: &str, bytes: &[u8]) -> Result<T, Vec<Diagnostic>> {
    let text = decoded(file, bytes).map_err(|problem| vec![problem])?;
    serde_saphyr::from_str(&text).map_err(|error| explain::<T>(file, bytes, &text, &error))
}

/// The value of a document that was checked before.
pub fn value<T: DeserializeOwned>(document: &Document) -> Result<T, Diagnostic> {
    serde_saphyr::from_str(&document.text).map_err(|error| last(&document.file, &document.text, &error))
}

/// Why a document does not parse: what the tree and the schema tell, or else what the parser does.
fn explain<T: JsonSchema>(
    file: &str,
    bytes: &[u8],
    text: &str,
    error: &serde_saphyr::Error,
) -> Vec<Diagnostic> {
    let found = match Document::read(file, bytes) {
        Err(problem) => vec![problem],
        Ok((document, twice)) if twice.is_empty() => {
            document.check(&schema_of::<T>(Strictness::Shape), Strictness::Shape)
        }
        Ok((_, twice)) => twice,
    };
    if found.is_empty() { vec![last(file, text, error)] } else { found }
}

fn last(file: &str, text: &str, error: &serde_saphyr::Error) -> Diagnostic {
    let (line, column) = error.location().map_or((0, 0), |at| (at.line(), at.column()));
    Diagnostic::new("AFC-003", words::shape(error)).file(file).at(line, column).quoting(text, 1)
}

/// The text of a file, without a byte order mark.
fn decoded(file: &str, bytes: &[u8]) -> Result<String, Diagnostic> {
    let wrong = |message: &str| Diagnostic::new("AFC-003", message.to_string()).file(file);
    if bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]) {
        return Err(wrong("the file is written in UTF-16").hint("save it as UTF-8"));
    }
    if web_page(bytes) {
        let hint = "download the file itself: what was saved is the page around it, or an error";
        return Err(wrong("this is a web page (HTML), and no YAML").at(1, 1).hint(hint));
    }
    if let Some(what) = no_text(bytes) {
        let message = format!("this is {what}, and no text");
        return Err(wrong(&message).hint("put the YAML file itself here, as UTF-8"));
    }
    match std::str::from_utf8(bytes) {
        Ok(text) => Ok(text.strip_prefix('\u{feff}').unwrap_or(text).to_string()),
        Err(error) => {
            let before = String::from_utf8_lossy(&bytes[..error.valid_up_to()]).into_owned();
            let line = before.matches('\n').count() as u64 + 1;
            let column = before.rsplit('\n').next().unwrap_or_default().chars().count() as u64 + 1;
            let message = format!("the byte {:#04x} is not UTF-8", bytes[error.valid_up_to()]);
            let problem = wrong(&message)
                .at(line, column)
                .hint("save the file as UTF-8; it looks like Latin-1 or Windows-1252");
            Err(problem.quoting(&String::from_utf8_lossy(bytes), 1))
        }
    }
}

fn web_page(bytes: &[u8]) -> bool {
    let head = String::from_utf8_lossy(&bytes[..bytes.len().min(64)]).trim_start().to_lowercase();
    head.starts_with("<!doctype") || head.starts_with("<html")
}

/// What a file is that nobody wrote with an editor.
fn no_text(bytes: &[u8]) -> Option<&'static str> {
    let known: [(&[u8], &str); 4] = [
        (b"\x1f\x8b", "a file packed with gzip"),
        (b"PK\x03\x04", "a ZIP archive, or a document of an office program"),
        (b"%PDF-", "a PDF"),
        (b"\xd0\xcf\x11\xe0", "a document of an old office program"),
    ];
    known.iter().find(|(magic, _)| bytes.starts_with(magic)).map(|(_, what)| *what)
}

/// Where `sql` or another block of text stands in a file: the line and column of a character of its text.
pub fn within(node: &Node, text: &str, offset: usize) -> Option<At> {
    let NodeValue::Scalar { text: content, style } = &node.value else { return None };
    let before = content.get(..offset.min(content.len()))?;
    let (skipped, column) =
        (before.matches('\n').count(), before.rsplit('\n').next().unwrap_or_default().chars().count());
    let rest = &content[before.len()..];
    let width = rest.chars().take_while(|c| c.is_alphanumeric() || *c == '_').count().max(1) as u64;
    match style {
        Written::Literal => {
            let first = content.lines().next()?;
            let header = usize::try_from(node.at.line).ok()?;
            let lines: Vec<&str> = text.lines().collect();
            // the header (`|`) stands on the line above the first line of text, or on the line that the node
            // names
            let begin = (header.saturating_sub(1)..lines.len())
                .find(|i| lines[*i].trim_start() == first.trim_start())?;
            let indent = lines[begin].chars().count() - first.chars().count();
            Some(At { line: (begin + skipped) as u64 + 1, column: (indent + column) as u64 + 1, width })
        }
        Written::Plain | Written::Quoted if skipped == 0 => {
            let quote = u64::from(*style == Written::Quoted);
            Some(At { line: node.at.line, column: node.at.column + quote + column as u64, width })
        }
        Written::Plain | Written::Quoted | Written::Folded => Some(node.at),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_within_a_block_of_text_is_one_of_the_file() {
        let text = "id: a\nsql: |\n  SELECT arn,\n         nope\n  FROM t\n";
        let (document, _) = Document::read("f", text.as_bytes()).expect("YAML");
        let sql = document.root.find("sql").expect("a member");
        let offset = sql.text().and_then(|sql| sql.find("nope")).expect("it is there");
        assert_eq!(within(sql, text, offset), Some(At { line: 4, column: 10, width: 4 }));
    }

    #[test]
    fn what_no_editor_wrote_is_named() {
        let told = |bytes: &[u8]| Document::read("f", bytes).expect_err("no text").message;
        assert!(told(b"\x1f\x8b\x08\0").contains("gzip"));
        assert!(told(b"PK\x03\x04\0").contains("ZIP"));
        assert!(told(b"\n<!DOCTYPE html><html>").contains("web page"));
        assert!(Document::read("f", b"PK: 1\n").is_ok());
    }

    #[test]
    fn what_is_no_utf8_is_told_with_its_place() {
        let problem = Document::read("f", b"a: 1\nb: M\xe9ridian\n").expect_err("Latin-1");
        assert_eq!(problem.place, Some((2, 5)));
    }
}
