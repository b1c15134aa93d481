//! Small faults in a check's SQL, one a mutant: a predicate negated, a condition dropped, a comparison moved
//! by one, verdicts swapped. Good cases notice each of them.

use crate::tokens::{Node, Span, reach, tree};

/// One fault: what was done, and the SQL with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mutant {
    pub what: String,
    pub sql: String,
}

const VERDICTS: [&str; 5] = ["'met'", "'not met'", "'not evidenced'", "'not applicable'", "'attested'"];

/// What begins a finding: a verdict, or a rank.
const PAIRED: [&str; 9] =
    ["'met'", "'not met'", "'not evidenced'", "'not applicable'", "'attested'", "0", "1", "2", "3"];

/// Words that end a condition.
const ENDS: [&str; 27] = [
    "select",
    "from",
    "where",
    "group",
    "order",
    "limit",
    "having",
    "union",
    "except",
    "intersect",
    "join",
    "left",
    "inner",
    "cross",
    "right",
    "full",
    "natural",
    "on",
    "then",
    "else",
    "when",
    "window",
    "partition",
    "rows",
    "as",
    ",",
    "by",
];

/// Every mutant of a statement, each once.
pub fn of(sql: &str) -> Vec<Mutant> {
    let mut maker = Maker { sql, out: Vec::new() };
    maker.walk(&tree(sql));
    let mut out: Vec<Mutant> = Vec::new();
    for mutant in maker.out {
        if mutant.sql != sql && !out.iter().any(|m| m.sql == mutant.sql) {
            out.push(mutant);
        }
    }
    out
}

struct Maker<'a> {
    sql: &'a str,
    out: Vec<Mutant>,
}

impl Maker<'_> {
    fn text(&self, span: Span) -> &str {
        &self.sql[span.start..span.end]
    }

    fn put(&mut self, what: &str, edits: &[(Span, String)]) {
        let mut edits = edits.to_vec();
        edits.sort_by_key(|(span, _)| std::cmp::Reverse(span.start));
        let mut sql = self.sql.to_string();
        edits.iter().for_each(|(span, new)| sql.replace_range(span.start..span.end, new));
        let old: Vec<String> = edits.iter().rev().map(|(span, _)| squeeze(self.text(*span))).collect();
        self.out.push(Mutant { what: format!("{what}: {}", old.join(" … ")), sql });
    }

    /// Looks at one level and then below.
    fn walk(&mut self, nodes: &[Node]) {
        for (at, node) in nodes.iter().enumerate() {
            self.comparison(node);
            if node.is_any(self.sql, &["where", "on", "having"]) {
                self.condition(&nodes[at + 1..], "1");
            }
            if let Node::Case(_, children) = node {
                self.case(children);
            }
            if let Node::Paren(_, children) = node {
                self.paren(nodes.get(at.wrapping_sub(1)), children);
            }
            self.walk(node.children());
        }
        self.lone_verdicts(nodes);
    }

    /// `<` and `<=`, `>` and `>=`, `=` and `<>`.
    fn comparison(&mut self, node: &Node) {
        let Node::Token(span) = node else { return };
        let (what, new) = match self.text(*span) {
            "<" => ("boundary", "<="),
            "<=" => ("boundary", "<"),
            ">" => ("boundary", ">="),
            ">=" => ("boundary", ">"),
            _ => return,
        };
        let around = Span { start: span.start.saturating_sub(24), end: (span.end + 24).min(self.sql.len()) };
        let context = if self.sql.is_char_boundary(around.start) && self.sql.is_char_boundary(around.end) {
            squeeze(self.text(around))
        } else {
            String::new()
        };
        self.put(&format!("{what} ({context}) to {new}"), &[(*span, new.to_string())]);
    }

    /// A condition and its parts. `alone` replaces a condition that is one predicate: `1` where a filter
    /// falls away, `0` where a branch is never taken.
    fn condition(&mut self, nodes: &[Node], alone: &str) {
        let end = nodes.iter().position(|n| n.is_any(self.sql, &ENDS)).unwrap_or(nodes.len());
        self.boolean(&nodes[..end], alone);
    }

    fn boolean(&mut self, nodes: &[Node], alone: &str) {
        if nodes.is_empty() {
            return;
        }
        for (word, neutral) in [("or", "0"), ("and", "1")] {
            let parts = split(self.sql, nodes, word);
            if parts.len() > 1 {
                parts.iter().for_each(|part| self.boolean(part, neutral));
                return;
            }
        }
        let start = usize::from(nodes[0].is(self.sql, "not"));
        if let [Node::Paren(_, inner)] = &nodes[start..]
            && !inner.first().is_some_and(|n| n.is_any(self.sql, &["select", "with"]))
        {
            self.put("negated", &[(reach(nodes), format!("(NOT ({}))", self.text(reach(nodes))))]);
            self.boolean(inner, alone);
            return;
        }
        let span = reach(nodes);
        self.put("negated", &[(span, format!("(NOT ({}))", self.text(span)))]);
        self.put(&format!("dropped (as {alone})"), &[(span, alone.to_string())]);
    }

    /// Conditions in brackets outside WHERE: `(a AND b)`, `iif(a, …)`, `max(a = b)`.
    fn paren(&mut self, before: Option<&Node>, children: &[Node]) {
        let select = children
            .first()
            .is_some_and(|n| n.is_any(self.sql, &["select", "with", "values", "partition", "order", "case"]));
        if select || before.is_some_and(|n| n.is_any(self.sql, &["in", "over", "as"])) {
            return;
        }
        let function =
            before.is_some_and(|n| n.is_any(self.sql, &["iif", "max", "min", "sum", "total", "count"]));
        let logical = children.iter().any(|n| n.is_any(self.sql, &["and", "or"]))
            && !children.iter().any(|n| n.is_any(self.sql, &["between", "by", "where"]));
        let first = children.iter().position(|n| n.is(self.sql, ",")).unwrap_or(children.len());
        let compares = children[..first].iter().any(|n| {
            n.is_any(self.sql, &["=", "<>", "<", "<=", ">", ">=", "is", "like", "glob", "in", "and", "or"])
        });
        if function && compares {
            self.boolean(&children[..first], "1");
        } else if logical && first == children.len() {
            self.boolean(children, "1");
        }
    }

    /// Conditions of a CASE, and its verdicts changed for one another.
    fn case(&mut self, children: &[Node]) {
        let searched = children.first().is_some_and(|n| n.is(self.sql, "when"));
        let mut verdicts = Vec::new();
        for (at, node) in children.iter().enumerate() {
            if searched && node.is(self.sql, "when") {
                self.condition(&children[at + 1..], "0");
            }
            if node.is_any(self.sql, &["then", "else"]) {
                verdicts.extend(self.verdict(&children[at + 1..]));
            }
        }
        for (at, one) in verdicts.iter().enumerate() {
            for other in &verdicts[at + 1..] {
                let (a, b) = (self.text(*one).to_string(), self.text(*other).to_string());
                if a != b {
                    self.put("swapped", &[(*one, b), (*other, a)]);
                }
            }
        }
    }

    /// The verdict of an alternative, alone or before its reason, or its rank: `'met'`,
    /// `json_array('met', …)`, `json_array(1, …)`.
    fn verdict(&self, nodes: &[Node]) -> Option<Span> {
        let (first, words) = match nodes {
            [function, Node::Paren(_, members), ..] if function.is(self.sql, "json_array") => {
                (members.first()?, &PAIRED[..])
            }
            _ => (nodes.first()?, &VERDICTS[..]),
        };
        let Node::Token(span) = first else { return None };
        words.contains(&self.text(*span)).then_some(*span)
    }

    /// A verdict that stands by itself: `SELECT …, 'not met' AS verdict`.
    fn lone_verdicts(&mut self, nodes: &[Node]) {
        for pair in nodes.windows(2) {
            if let (Node::Token(span), true) = (&pair[0], pair[1].is(self.sql, "as"))
                && VERDICTS.contains(&self.text(*span))
            {
                let new = if self.text(*span) == "'met'" { "'not met'" } else { "'met'" };
                self.put("verdict", &[(*span, new.to_string())]);
            }
        }
    }
}

/// Parts between `word`, where the AND of a BETWEEN is none.
fn split<'n>(sql: &str, nodes: &'n [Node], word: &str) -> Vec<&'n [Node]> {
    let mut parts = Vec::new();
    let (mut start, mut between) = (0, false);
    for (at, node) in nodes.iter().enumerate() {
        if node.is(sql, "between") {
            between = true;
        } else if node.is(sql, word) && !(between && word == "and") {
            parts.push(&nodes[start..at]);
            start = at + 1;
        } else if node.is(sql, "and") {
            between = false;
        }
    }
    parts.push(&nodes[start..]);
    parts
}

fn squeeze(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
