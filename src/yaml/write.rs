//! Values as text: in block and in flow style, quoted where anybody could read them as something else.

/// A value to write.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    Text(String),
    /// A number, `true` or `false`: written as it is.
    Plain(String),
    Map(Vec<(String, Value)>),
    List(Vec<Value>),
}

impl Value {
    pub fn text(text: impl Into<String>) -> Value {
        Value::Text(text.into())
    }
}

/// `key: value` as it stands in a block mapping whose keys stand at `indent`.
pub fn block_member(member: &str, value: &Value, indent: usize, newline: &str) -> String {
    match value {
        Value::Text(_) | Value::Plain(_) => {
            format!("{member}: {}", block_scalar(value, indent, newline, false))
        }
        Value::Map(_) | Value::List(_) => format!("{member}:{}", block_below(value, indent, newline)),
    }
}

/// A mapping or list in lines of its own below a key at `indent`; an empty one behind it.
pub fn block_below(value: &Value, indent: usize, newline: &str) -> String {
    let deeper = " ".repeat(indent + 2);
    match value {
        Value::Map(members) if !members.is_empty() => members
            .iter()
            .map(|(k, v)| format!("{newline}{deeper}{}", block_member(k, v, indent + 2, newline)))
            .collect(),
        Value::List(items) if !items.is_empty() => items
            .iter()
            .map(|v| format!("{newline}{deeper}- {}", block_item(v, indent + 4, newline)))
            .collect(),
        other => format!(" {}", flow_value(other)),
    }
}

/// An item behind its dash, its lines at `indent`.
pub fn block_item(value: &Value, indent: usize, newline: &str) -> String {
    match value {
        Value::Map(members) if !members.is_empty() => {
            let lines: Vec<String> =
                members.iter().map(|(k, v)| block_member(k, v, indent, newline)).collect();
            lines.join(&format!("{newline}{}", " ".repeat(indent)))
        }
        Value::Text(_) | Value::Plain(_) => block_scalar(value, indent, newline, true),
        other => flow_value(other),
    }
}

/// Longer text than this is folded, as people write it.
const LONG: usize = 88;
const WIDTH: usize = 110;

pub fn block_scalar(value: &Value, indent: usize, newline: &str, one_line: bool) -> String {
    let text = match value {
        Value::Plain(text) => return text.clone(),
        Value::Text(text) => text,
        Value::Map(_) | Value::List(_) => return flow_value(value),
    };
    let spaced = text.contains("  ") || text.contains(['\n', '\r', '\t']) || text.trim() != text.as_str();
    let odd = text.chars().any(|c| {
        c.is_control()
            || ('\u{7f}'..='\u{a0}').contains(&c)
            || matches!(c, '\u{2028}' | '\u{2029}' | '\u{feff}')
    });
    let longest = text.split(' ').map(|w| w.chars().count()).max().unwrap_or(0);
    if one_line || spaced || odd || text.chars().count() <= LONG || longest > WIDTH - 2 - indent.min(60) {
        return short_scalar(text);
    }
    let deeper = " ".repeat(indent + 2);
    let mut out = ">-".to_string();
    let mut line = String::new();
    for word in text.split(' ') {
        if !line.is_empty() && indent + 2 + line.chars().count() + 1 + word.chars().count() > WIDTH {
            out.push_str(&format!("{newline}{deeper}{line}"));
            line.clear();
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
    }
    out.push_str(&format!("{newline}{deeper}{line}"));
    out
}

/// Without quotes where nobody can read it as anything else.
fn short_scalar(text: &str) -> String {
    let first = text.chars().next();
    let starts = first.is_some_and(|c| c.is_alphanumeric());
    let tame = text.chars().all(|c| c.is_alphanumeric() || " .,_-()/'".contains(c))
        && !text.ends_with(' ')
        && !text.contains("  ");
    let word = matches!(
        text.to_ascii_lowercase().as_str(),
        "true" | "false" | "null" | "yes" | "no" | "on" | "off" | "y" | "n" | "nan" | "inf"
    );
    let date = text.len() == 10
        && text.split('-').count() == 3
        && text.bytes().all(|b| b.is_ascii_digit() || b == b'-');
    let number = first.is_some_and(|c| c.is_ascii_digit()) && !date;
    if starts && tame && !word && !number { text.to_string() } else { quoted(text) }
}

/// In double quotes (YAML 1.2, 7.3.1).
fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if c.is_control()
                || ('\u{7f}'..='\u{a0}').contains(&c)
                || matches!(c, '\u{2028}' | '\u{2029}' | '\u{feff}') =>
            {
                out.push_str(&format!("\\u{:04x}", c as u32));
            }
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

pub fn flow_value(value: &Value) -> String {
    match value {
        Value::Plain(text) => text.clone(),
        Value::Text(text) => quoted(text),
        Value::List(items) => format!("[{}]", items.iter().map(flow_value).collect::<Vec<_>>().join(", ")),
        Value::Map(members) => {
            let inner: Vec<String> = members.iter().map(|(k, v)| format!("{k}: {}", flow_value(v))).collect();
            format!("{{ {} }}", inner.join(", "))
        }
    }
}
