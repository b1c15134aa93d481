//! Filter patterns of CloudWatch Logs, read. AWS's user guide, "Filter pattern syntax for metric filters",
//! says how they are written; `&&` binds closer than `||`. What this file cannot read is a pattern of which
//! nothing is known; it asks no pattern anything.

use regex::Regex;

/// AWS takes no pattern longer than 1024 characters.
const MAX_CHARS: usize = 4096;
const MAX_DEPTH: usize = 64;

/// A pattern, read.
#[derive(Debug, Clone)]
pub enum LogFilter {
    /// An empty pattern takes in everything.
    All,
    /// `{ … }`: tests of the members of a JSON event.
    Json(PatternNode),
    /// Words, which the text of the event holds.
    Words(Vec<Word>),
    /// `[ … ]` for events in columns, or what this program cannot read.
    Unread(&'static str),
}

/// A part of a JSON pattern.
#[derive(Debug, Clone)]
pub enum PatternNode {
    And(Vec<PatternNode>),
    Or(Vec<PatternNode>),
    Term(Term),
}

/// One test of one member.
#[derive(Debug, Clone)]
pub struct Term {
    /// `None` where the selector is one that this program does not follow, such as `[*]`.
    pub(super) path: Option<Vec<String>>,
    pub(super) test: Test,
    pub(super) text: String,
}

#[derive(Debug, Clone)]
pub(super) enum Test {
    Exists,
    NotExists,
    Null,
    Is(bool),
    Equals { wanted: bool, text: String },
    Compare { op: PatternOrder, number: f64 },
    Fits { wanted: bool, regex: Option<Regex> },
    Unread,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum PatternOrder {
    Less,
    LessOrEqual,
    More,
    MoreOrEqual,
}

/// One word of a pattern without braces.
#[derive(Debug, Clone)]
pub struct Word {
    /// `?`: one of these words is enough.
    pub(super) optional: bool,
    /// `-`: the word must not be there.
    pub(super) without: bool,
    pub(super) text: String,
    pub(super) regex: Option<Regex>,
}

impl LogFilter {
    /// Reads a pattern; it never fails, since what cannot be read is a pattern of which nothing is known.
    pub fn read(pattern: &str) -> LogFilter {
        let text = pattern.trim();
        if text.chars().count() > MAX_CHARS {
            return LogFilter::Unread("the pattern is longer than AWS allows");
        }
        match text.chars().next() {
            None => LogFilter::All,
            Some('[') => LogFilter::Unread("the pattern is for events in columns"),
            Some('{') => Reader { chars: text.chars().collect(), at: 1 }
                .whole()
                .map_or(LogFilter::Unread("the pattern cannot be read"), LogFilter::Json),
            Some(_) => words(text),
        }
    }
}

fn words(text: &str) -> LogFilter {
    let mut reader = Reader { chars: text.chars().collect(), at: 0 };
    let mut words = Vec::new();
    loop {
        reader.blanks();
        let mut word = Word { optional: false, without: false, text: String::new(), regex: None };
        match reader.peek() {
            None => break,
            Some('?') => word.optional = true,
            Some('-') => word.without = true,
            Some(_) => {}
        }
        if word.optional || word.without {
            reader.at += 1;
        }
        match reader.value(&|c| c.is_whitespace()) {
            Some(Text::Regex(regex, text)) => {
                if regex.is_none() {
                    return LogFilter::Unread("the regular expression cannot be read");
                }
                (word.regex, word.text) = (regex, text);
            }
            Some(Text::Quoted(text) | Text::Plain(text)) => word.text = text,
            None => return LogFilter::Unread("the pattern cannot be read"),
        }
        words.push(word);
    }
    LogFilter::Words(words)
}

/// A value as it is written.
enum Text {
    Quoted(String),
    Plain(String),
    Regex(Option<Regex>, String),
}

struct Reader {
    chars: Vec<char>,
    at: usize,
}

impl Reader {
    fn peek(&self) -> Option<char> {
        self.chars.get(self.at).copied()
    }

    fn blanks(&mut self) {
        while self.peek().is_some_and(char::is_whitespace) {
            self.at += 1;
        }
    }

    /// Takes `text` if it comes next, after blanks.
    fn take(&mut self, text: &str) -> bool {
        self.blanks();
        let length = text.chars().count();
        let next = self.chars.get(self.at..self.at + length);
        let here = next.is_some_and(|next| next.iter().copied().eq(text.chars()));
        if here {
            self.at += length;
        }
        here
    }

    /// Takes a word in capitals, whole.
    fn keyword(&mut self, word: &str) -> bool {
        let before = self.at;
        if self.take(word) && !self.peek().is_some_and(char::is_alphanumeric) {
            return true;
        }
        self.at = before;
        false
    }

    fn whole(mut self) -> Option<PatternNode> {
        let node = self.any(0)?;
        let closed = self.take("}");
        self.blanks();
        (closed && self.at == self.chars.len()).then_some(node)
    }

    fn any(&mut self, depth: usize) -> Option<PatternNode> {
        let mut nodes = vec![self.all(depth)?];
        while self.take("||") {
            nodes.push(self.all(depth)?);
        }
        Some(if nodes.len() == 1 { nodes.remove(0) } else { PatternNode::Or(nodes) })
    }

    fn all(&mut self, depth: usize) -> Option<PatternNode> {
        let mut nodes = vec![self.one(depth)?];
        while self.take("&&") {
            nodes.push(self.one(depth)?);
        }
        Some(if nodes.len() == 1 { nodes.remove(0) } else { PatternNode::And(nodes) })
    }

    fn one(&mut self, depth: usize) -> Option<PatternNode> {
        if !self.take("(") {
            return self.term().map(PatternNode::Term);
        }
        let inner = if depth < MAX_DEPTH { self.any(depth + 1)? } else { return None };
        self.take(")").then_some(inner)
    }

    fn term(&mut self) -> Option<Term> {
        self.blanks();
        let start = self.at;
        let path = self.selector()?;
        let test = self.test()?;
        let text = self.chars[start..self.at].iter().collect::<String>();
        Some(Term { path, test, text: text.split_whitespace().collect::<Vec<_>>().join(" ") })
    }

    /// `$.a.b[0]`, `$.["a b"]`, `$."a b"`; the inner `None` for a selector that is read but not followed.
    fn selector(&mut self) -> Option<Option<Vec<String>>> {
        if self.peek()? != '$' {
            return None;
        }
        self.at += 1;
        let (mut path, mut followed) = (Vec::new(), true);
        loop {
            match self.peek() {
                Some('.') => self.at += 1,
                Some('"') => path.push(self.quoted()?),
                Some('[') => {
                    self.at += 1;
                    let name = self.index()?;
                    followed &= name != "*";
                    path.push(name);
                }
                Some(c) if is_name(c) => {
                    let start = self.at;
                    while self.peek().is_some_and(is_name) {
                        self.at += 1;
                    }
                    let name: String = self.chars[start..self.at].iter().collect();
                    followed &= !name.contains('*');
                    path.push(name);
                }
                Some(_) | None => break,
            }
        }
        Some((followed && !path.is_empty()).then_some(path))
    }

    fn index(&mut self) -> Option<String> {
        let name = match self.peek()? {
            '"' => self.quoted()?,
            quote @ '\'' => {
                self.at += 1;
                let name = self.until(quote)?;
                self.at += 1;
                name
            }
            _ => self.until(']')?,
        };
        self.take("]").then(|| name.trim().to_string())
    }

    fn until(&mut self, end: char) -> Option<String> {
        let length = self.chars.get(self.at..)?.iter().position(|c| *c == end)?;
        let text = self.chars[self.at..self.at + length].iter().collect();
        self.at += length;
        Some(text)
    }

    fn test(&mut self) -> Option<Test> {
        if self.keyword("NOT") {
            return self.keyword("EXISTS").then_some(Test::NotExists);
        }
        if self.keyword("EXISTS") {
            return Some(Test::Exists);
        }
        if self.keyword("IS") {
            let kinds = [("NULL", Test::Null), ("TRUE", Test::Is(true)), ("FALSE", Test::Is(false))];
            return kinds.into_iter().find_map(|(word, test)| self.keyword(word).then_some(test));
        }
        let order = [
            ("<=", PatternOrder::LessOrEqual),
            (">=", PatternOrder::MoreOrEqual),
            ("<", PatternOrder::Less),
            (">", PatternOrder::More),
        ];
        if let Some(op) = order.into_iter().find_map(|(sign, op)| self.take(sign).then_some(op)) {
            let number = match self.value(&ends)? {
                Text::Plain(text) => text.parse::<f64>().ok(),
                Text::Quoted(_) | Text::Regex(..) => None,
            };
            return Some(number.map_or(Test::Unread, |number| Test::Compare { op, number }));
        }
        let wanted = if self.take("!=") { false } else { self.take("=").then_some(true)? };
        Some(match self.value(&ends)? {
            Text::Quoted(text) => Test::Equals { wanted, text },
            // an apostrophe is no quotation mark of this language
            Text::Plain(text) if text.starts_with('\'') => Test::Unread,
            Text::Plain(text) => Test::Equals { wanted, text },
            Text::Regex(regex, _) => Test::Fits { wanted, regex },
        })
    }

    fn value(&mut self, ends: &dyn Fn(char) -> bool) -> Option<Text> {
        self.blanks();
        match self.peek()? {
            '"' => self.quoted().map(Text::Quoted),
            '%' => {
                self.at += 1;
                let text = self.until('%')?;
                self.at += 1;
                let regex = regex::RegexBuilder::new(&text).size_limit(1 << 20).build().ok();
                Some(Text::Regex(regex, text))
            }
            _ => {
                let start = self.at;
                while self.peek().is_some_and(|c| !ends(c)) {
                    let two = self.chars.get(self.at..self.at + 2);
                    if two == Some(&['&', '&']) || two == Some(&['|', '|']) {
                        break;
                    }
                    self.at += 1;
                }
                let text: String = self.chars[start..self.at].iter().collect();
                (!text.is_empty()).then_some(Text::Plain(text))
            }
        }
    }

    /// Text between quotation marks; a backslash keeps the mark that follows.
    fn quoted(&mut self) -> Option<String> {
        self.at += 1;
        let mut text = String::new();
        loop {
            let c = self.peek()?;
            self.at += 1;
            match c {
                '"' => return Some(text),
                '\\' if matches!(self.peek(), Some('"' | '\\')) => {
                    text.push(self.peek()?);
                    self.at += 1;
                }
                c => text.push(c),
            }
        }
    }
}

/// What ends a value that stands without quotation marks.
fn ends(c: char) -> bool {
    c.is_whitespace() || matches!(c, '(' | ')' | '{' | '}')
}

fn is_name(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '_' | '-' | '@' | ':' | '/' | '*')
}
