//! SQL as a tree of tokens: parentheses and CASE … END nest, everything else lies flat. It knows words,
//! strings and operators of SQLite, and where each stands in the text; it knows no grammar.

/// A half-open range of bytes in the SQL text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    pub start: usize,
    pub end: usize,
}

#[derive(Debug)]
pub enum Node {
    Token(Span),
    /// From the opening to the closing parenthesis.
    Paren(Span, Vec<Node>),
    /// From `CASE` to `END`, without either in the children.
    Case(Span, Vec<Node>),
}

impl Node {
    pub fn span(&self) -> Span {
        match self {
            Node::Token(span) | Node::Paren(span, _) | Node::Case(span, _) => *span,
        }
    }

    /// Whether this is the word `word`, in any case.
    pub fn is(&self, sql: &str, word: &str) -> bool {
        matches!(self, Node::Token(span) if sql[span.start..span.end].eq_ignore_ascii_case(word))
    }

    pub fn is_any(&self, sql: &str, words: &[&str]) -> bool {
        words.iter().any(|word| self.is(sql, word))
    }

    pub fn children(&self) -> &[Node] {
        match self {
            Node::Token(_) => &[],
            Node::Paren(_, children) | Node::Case(_, children) => children,
        }
    }
}

/// From the first node's start to the last one's end.
pub fn reach(nodes: &[Node]) -> Span {
    match (nodes.first(), nodes.last()) {
        (Some(first), Some(last)) => Span { start: first.span().start, end: last.span().end },
        _ => Span { start: 0, end: 0 },
    }
}

/// The tree of a statement. A parenthesis or CASE that is never closed ends with the text.
pub fn tree(sql: &str) -> Vec<Node> {
    let tokens = tokens(sql);
    let mut at = 0;
    nest(sql, &tokens, &mut at, "")
}

fn nest(sql: &str, tokens: &[Span], at: &mut usize, close: &str) -> Vec<Node> {
    let mut nodes = Vec::new();
    while let Some(token) = tokens.get(*at) {
        let word = &sql[token.start..token.end];
        if !close.is_empty() && word.eq_ignore_ascii_case(close) {
            break;
        }
        *at += 1;
        let inner_close = match word {
            "(" => ")",
            _ if word.eq_ignore_ascii_case("case") => "end",
            _ => {
                nodes.push(Node::Token(*token));
                continue;
            }
        };
        let children = nest(sql, tokens, at, inner_close);
        let end = tokens.get(*at).map_or(sql.len(), |t| t.end);
        *at += 1;
        let span = Span { start: token.start, end };
        nodes.push(if inner_close == ")" { Node::Paren(span, children) } else { Node::Case(span, children) });
    }
    nodes
}

/// Words, numbers, strings, operators; white space and comments fall away.
fn tokens(sql: &str) -> Vec<Span> {
    let bytes = sql.as_bytes();
    let mut out = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        let start = at;
        let next = bytes.get(at + 1).copied().unwrap_or(0);
        match bytes[at] {
            b if b.is_ascii_whitespace() => {
                at += 1;
                continue;
            }
            b'-' if next == b'-' => {
                at = sql[at..].find('\n').map_or(bytes.len(), |n| at + n);
                continue;
            }
            b'/' if next == b'*' => {
                at = sql[at..].find("*/").map_or(bytes.len(), |n| at + n + 2);
                continue;
            }
            quote @ (b'\'' | b'"' | b'`') => at = quoted(bytes, at, quote),
            b if b.is_ascii_alphanumeric() || b == b'_' || b >= 0x80 => {
                while bytes
                    .get(at)
                    .is_some_and(|b| b.is_ascii_alphanumeric() || *b == b'_' || *b == b'.' || *b >= 0x80)
                {
                    at += 1;
                }
            }
            _ => {
                at += ["->>", "->", "||", "<>", "!=", "<=", ">=", "==", "<<", ">>"]
                    .iter()
                    .find(|o| sql[at..].starts_with(**o))
                    .map_or(1, |o| o.len())
            }
        }
        out.push(Span { start, end: at });
    }
    out
}

/// The end of a quoted text; a doubled quote stands for itself.
fn quoted(bytes: &[u8], start: usize, quote: u8) -> usize {
    let mut at = start + 1;
    while at < bytes.len() {
        match (bytes[at] == quote, bytes.get(at + 1) == Some(&quote)) {
            (true, true) => at += 2,
            (true, false) => return at + 1,
            (false, _) => at += 1,
        }
    }
    at
}
