//! The template engine as both HTML and figures use it: everything escaped, nothing undefined, and filters
//! and functions of our own.

use minijinja::syntax::SyntaxConfig;
use minijinja::value::{Kwargs, Serde, Value};
use minijinja::{AutoEscape, Environment, UndefinedBehavior};
use serde::Serialize;

use super::escape::{escape, escaped};
use super::{RenderError, Templates, words};
use crate::model::numbers;

/// An environment with every template below `figures/` and `html/`.
pub fn environment(templates: &Templates) -> Result<Environment<'_>, RenderError> {
    let mut env = Environment::new();
    env.set_undefined_behavior(UndefinedBehavior::Strict);
    env.set_auto_escape_callback(|_| AutoEscape::Html);
    // The engine's own escaper also writes `'` and `/` as references: of no use where attributes stand in
    // double quotes, as a test below holds, and every quote of every query would take six bytes.
    env.set_formatter(|out, state, value| match value.as_str() {
        Some(text) if !value.is_safe() => out.write_str(&escaped(text)).map_err(minijinja::Error::from),
        _ => minijinja::escape_formatter(out, state, value),
    });
    let syntax = SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build();
    env.set_syntax(syntax.expect("the delimiters are the usual ones"));
    env.add_filter("slug", |text: &str| slug(text));
    env.add_filter("short", |text: &str| text.chars().take(12).collect::<String>());
    env.add_filter("thousands", thousands);
    env.add_filter("middle", |text: &str, most: usize| middle(text, most));
    env.add_filter("breakable", |text: &str| Value::from_safe_string(breakable(text)));
    let words = std::sync::Arc::new(templates.words()?);
    let listed = words.clone();
    env.add_function("say", move |key: &str, values: Kwargs| words::say(&words, key, &values));
    env.add_function("entries", move |key: &str| words::entry(&listed, key).map(|entry| value(&entry)));
    env.add_filter("said", |sentence: &str, values: Kwargs| words::said(sentence, &values));
    env.add_filter("svg_uri", |svg: &str| Value::from_safe_string(svg_uri(svg)));
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

/// What is wrong and where, from the innermost of templates that include one another.
fn fault(name: &str, error: &minijinja::Error) -> RenderError {
    let mut error = error;
    while let Some(inner) =
        std::error::Error::source(error).and_then(|source| source.downcast_ref::<minijinja::Error>())
    {
        error = inner;
    }
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

/// At most `most` characters: what is too long loses what lies before its end, where names of one account
/// differ most.
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
    let sign = if number < 0 { "-" } else { "" };
    format!("{sign}{}", numbers::thousands(number.unsigned_abs()))
}

/// Escaped HTML that may break after `:` and `/`. Not between separators, and not in the first words of an
/// ARN, which fit into any column.
fn breakable(text: &str) -> String {
    let mut out = String::with_capacity(text.len() * 2);
    let mut quiet = if text.starts_with("arn:") { 3 } else { 0 };
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        escape(c, &mut out);
        if !matches!(c, ':' | '/') {
            continue;
        }
        if quiet > 0 {
            quiet -= 1;
        } else if chars.peek().is_some_and(|next| !matches!(next, ':' | '/')) {
            out.push_str("<wbr>");
        }
    }
    out
}

/// An SVG picture as a `data:` URI that may stand in double quotes (RFC 2397, RFC 3986 section 2.1).
fn svg_uri(svg: &str) -> String {
    const RESERVED: &percent_encoding::AsciiSet =
        &percent_encoding::CONTROLS.add(b'"').add(b'#').add(b'%').add(b'<').add(b'>');
    format!("data:image/svg+xml,{}", percent_encoding::utf8_percent_encode(svg, RESERVED))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn filters() {
        assert_eq!(slug("a b/ç:c"), "a-b-c");
        assert_eq!(
            (thousands(1_234_567), thousands(999), thousands(-1000)),
            ("1,234,567".into(), "999".into(), "-1,000".into())
        );
        assert_eq!((middle("abcdefghij", 7), middle("abc", 7)), ("ab…ghij".into(), "abc".into()));
        assert_eq!(breakable("a:<b>"), "a:<wbr>&lt;b&gt;");
        assert_eq!(
            breakable("arn:aws:iam::111122223333:user/a"),
            "arn:aws:iam::<wbr>111122223333:<wbr>user/<wbr>a"
        );
        assert_eq!(breakable("s3://a/"), "s3://<wbr>a/");
        assert_eq!(svg_uri("<a b=\"#1\"/>"), "data:image/svg+xml,%3Ca b=%22%231%22/%3E");
    }

    /// What `escaped` leaves alone is harmless only while no attribute that takes a value stands in single
    /// quotes or in none.
    #[test]
    fn templates_quote_with_double_quotes() {
        let templates = Templates::new(crate::catalog::templates());
        let bare = regex::Regex::new(r#"=(?:'|\{\{)"#).expect("a literal pattern");
        for folder in ["figures/", "html/"] {
            for (name, _) in templates.under(folder).filter(|(name, _)| name.ends_with(".jinja")) {
                let text = templates.text(name).expect("our own templates are UTF-8");
                assert!(!bare.is_match(text), "{name}: a value outside double quotes");
            }
        }
        let mut env = environment(&templates).expect("our own templates parse");
        env.add_template("probe", "<a b=\"{{ x }}\">{{ x }}").expect("a literal template");
        let made = render(&env, "probe", minijinja::context! { x => "<'/&\">" }).expect("it renders");
        assert_eq!(made, "<a b=\"&lt;'/&amp;&quot;&gt;\">&lt;'/&amp;&quot;&gt;");
    }
}
