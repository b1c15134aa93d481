//! The sentences that the PDF and the HTML report share: `templates/words.yaml`, asked for by key. `code` in
//! backticks and *emphasis* are all their markup; values fill the braces afterwards and are never read as
//! markup.

use minijinja::Error;
use minijinja::value::{Kwargs, Value};

use super::escape::escaped;
use super::{RenderError, Templates};

const FILE: &str = "words.yaml";

impl Templates {
    /// Every sentence by its key, as both template languages read it.
    pub(super) fn words(&self) -> Result<serde_json::Value, RenderError> {
        crate::yaml::yaml(FILE, self.bytes(FILE)?).map_err(|problems| RenderError::Template {
            name: FILE.into(),
            what: problems.first().map(ToString::to_string).unwrap_or_default(),
        })
    }
}

/// What stands at a key such as `seal.limits`.
pub(super) fn entry(words: &serde_json::Value, key: &str) -> Result<serde_json::Value, Error> {
    let found = key.split('.').try_fold(words, |at, part| at.get(part));
    found.cloned().ok_or_else(|| wrong(format!("`{FILE}` has no `{key}`")))
}

/// The sentence at a key as HTML, its braces filled.
pub(super) fn say(words: &serde_json::Value, key: &str, values: &Kwargs) -> Result<Value, Error> {
    match entry(words, key)? {
        serde_json::Value::String(sentence) => said(&sentence, values),
        _ => Err(wrong(format!("`{key}` of `{FILE}` is no sentence"))),
    }
}

/// A sentence as HTML, its braces filled.
pub(super) fn said(sentence: &str, values: &Kwargs) -> Result<Value, Error> {
    let mut out = String::with_capacity(sentence.len() + 32);
    write(sentence, values, &mut out)?;
    Ok(Value::from_safe_string(out))
}

fn write(sentence: &str, values: &Kwargs, out: &mut String) -> Result<(), Error> {
    let mut rest = sentence;
    while let Some(at) = rest.find(['`', '*', '{']) {
        out.push_str(&escaped(&rest[..at]));
        let (mark, after) = (&rest[at..=at], &rest[at + 1..]);
        let Some(end) = after.find(if mark == "{" { "}" } else { mark }) else {
            out.push_str(&escaped(&rest[at..]));
            return Ok(());
        };
        let inner = &after[..end];
        match mark {
            "{" => fill(inner, values, out)?,
            "`" => enclosed("code", inner, values, out)?,
            _ => enclosed("b", inner, values, out)?,
        }
        rest = &after[end + 1..];
    }
    out.push_str(&escaped(rest));
    Ok(())
}

fn enclosed(tag: &str, inner: &str, values: &Kwargs, out: &mut String) -> Result<(), Error> {
    out.push_str(&format!("<{tag}>"));
    write(inner, values, out)?;
    out.push_str(&format!("</{tag}>"));
    Ok(())
}

/// What a macro made is HTML already; all else is text.
fn fill(name: &str, values: &Kwargs, out: &mut String) -> Result<(), Error> {
    let value: Value = values.get(name)?;
    let text = value.to_string();
    out.push_str(&if value.is_safe() { text } else { escaped(&text) });
    Ok(())
}

fn wrong(what: String) -> Error {
    Error::new(minijinja::ErrorKind::InvalidOperation, what)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn html(sentence: &str, values: &[(&str, &str)]) -> Result<String, Error> {
        said(sentence, &values.iter().map(|(name, value)| (*name, Value::from(*value))).collect())
            .map(|v| v.to_string())
    }

    #[test]
    fn markup_comes_from_the_sentence_and_never_from_a_value() {
        let made = html("*Look* at `{path}` & {who}.", &[("path", "a*b*`c`<d>"), ("who", "{path} *x*")])
            .expect("it is filled");
        assert_eq!(made, "<b>Look</b> at <code>a*b*`c`&lt;d&gt;</code> &amp; {path} *x*.");
        assert_eq!(html("a * b", &[]).expect("no markup"), "a * b");
        assert!(html("{who} is missing", &[("path", "x")]).is_err());
    }

    #[test]
    fn every_key_is_found_or_said_to_be_missing() {
        let words = Templates::new(crate::catalog::templates()).words().expect("our own words parse");
        assert!(entry(&words, "seal.limits").is_ok_and(|v| v.is_array()));
        assert!(entry(&words, "seal.nothing").is_err_and(|e| e.to_string().contains("`seal.nothing`")));
    }
}
