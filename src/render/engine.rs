//! The template engine as both HTML and figures use it: everything escaped, nothing undefined, five filters of our own.

use minijinja::syntax::SyntaxConfig;
use minijinja::value::{Serde, Value};
use minijinja::{AutoEscape, Environment, UndefinedBehavior};
use serde::Serialize;

use super::{RenderError, Templates};

/// An environment with every template below `figures/` and `html/`.
pub fn environment(templates: &Templates) -> Result<Environment<'_>, RenderError> {
    let mut env = Environment::new();
    env.set_undefined_behavior(UndefinedBehavior::Strict);
    env.set_auto_escape_callback(|_| AutoEscape::Html);
    let syntax = SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build();
    env.set_syntax(syntax.expect("the delimiters are the usual ones"));
    env.add_filter("slug", |text: &str| slug(text));
    env.add_filter("short", |text: &str| text.chars().take(12).collect::<String>());
    env.add_filter("thousands", thousands);
    env.add_filter("middle", |text: &str, most: usize| middle(text, most));
    env.add_filter("breakable", |text: &str| Value::from_safe_string(breakable(text)));
    for folder in ["figures/", "html/"] {
        for (name, _) in templates.under(folder).filter(|(name, _)| name.ends_with(".jinja")) {
            env.add_template(name, templates.text(name)?).map_err(|e| fault(name, &e))?;
        }
    }
    Ok(env)
}

pub fn render(env: &Environment<'_>, name: &str, context: Value) -> Result<String, RenderError> {
    env.get_template(name).and_then(|t| t.render(context)).map_err(|e| fault(name, &e))
}

fn fault(name: &str, error: &minijinja::Error) -> RenderError {
    let line = error.line().map(|l| format!(" line {l}")).unwrap_or_default();
    RenderError::Template { name: error.name().unwrap_or(name).to_string(), what: format!("{error:#}{line}") }
}

/// A serialisable value as templates see it.
pub fn value<T: Serialize>(data: &T) -> Value {
    Value::from(Serde(data))
}

/// Safe in an anchor and in a file name: every run of other characters becomes one hyphen.
pub fn slug(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            'A'..='Z' | 'a'..='z' | '0'..='9' | '.' | '_' | '-' => out.push(c),
            _ if out.ends_with('-') => {}
            _ => out.push('-'),
        }
    }
    out
}

/// At most `most` characters: what is too long loses what lies before its end, where names of one account differ most.
fn middle(text: &str, most: usize) -> String {
    let chars: Vec<char> = text.chars().collect();
    if chars.len() <= most || most < 3 {
        return text.to_string();
    }
    let head = most / 3;
    let tail = most - head - 1;
    chars[..head].iter().chain(&['…']).chain(&chars[chars.len() - tail..]).collect()
}

fn thousands(number: i64) -> String {
    let digits = number.unsigned_abs().to_string();
    let mut out = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    if number < 0 { format!("-{out}") } else { out }
}

/// Escaped HTML that may break after each `:` and `/`.
fn breakable(text: &str) -> String {
    let mut out = String::with_capacity(text.len() * 2);
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#x27;"),
            ':' | '/' => {
                out.push(c);
                out.push_str("<wbr>");
            }
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn filters() {
        assert_eq!(slug("a b/ç:c"), "a-b-c");
        assert_eq!((thousands(1_234_567), thousands(999), thousands(-1000)), ("1,234,567".into(), "999".into(), "-1,000".into()));
        assert_eq!((middle("abcdefghij", 7), middle("abc", 7)), ("ab…ghij".into(), "abc".into()));
        assert_eq!(breakable("a:<b>"), "a:<wbr>&lt;b&gt;");
    }
}
