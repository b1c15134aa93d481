//! Which of our questions a buyer's may be: full-text search over our questions and their terms, with topics
//! that we do not answer among them. It proposes with scores; nobody but a person picks.

use rusqlite::{Connection, params};

use crate::model::answers::{Proposed, QuestionSet};

/// How many are proposed.
const PROPOSED: u32 = 3;
/// Words without which a question means the same.
const STOP: [&str; 52] = [
    "a",
    "an",
    "and",
    "any",
    "are",
    "as",
    "at",
    "be",
    "been",
    "by",
    "can",
    "describe",
    "do",
    "does",
    "each",
    "explain",
    "for",
    "from",
    "has",
    "have",
    "how",
    "if",
    "in",
    "is",
    "it",
    "its",
    "list",
    "of",
    "on",
    "or",
    "organization",
    "our",
    "please",
    "provide",
    "that",
    "the",
    "their",
    "them",
    "there",
    "they",
    "this",
    "to",
    "under",
    "was",
    "we",
    "what",
    "when",
    "which",
    "who",
    "with",
    "you",
    "your",
];

/// Our questions, ready to be searched.
pub struct QuestionIndex(Connection);

impl QuestionIndex {
    pub fn new(set: &QuestionSet) -> rusqlite::Result<QuestionIndex> {
        let db = Connection::open_in_memory()?;
        db.execute_batch(
            "CREATE VIRTUAL TABLE q USING fts5(id UNINDEXED, shown UNINDEXED, question, terms, tokenize = \
             'porter unicode61')",
        )?;
        let mut insert = db.prepare("INSERT INTO q VALUES (?, ?, ?, ?)")?;
        for q in &set.questions {
            insert.execute(params![q.id, q.question, q.question, q.terms])?;
        }
        for t in &set.elsewhere {
            insert.execute(params!["none", format!("not answered here: {}", t.topic), t.topic, t.terms])?;
        }
        drop(insert);
        Ok(QuestionIndex(db))
    }

    /// At most three, best first; none where no word fits.
    pub fn proposals(&self, text: &str) -> rusqlite::Result<Vec<Proposed>> {
        let query = query(text);
        if query.is_empty() {
            return Ok(Vec::new());
        }
        let mut search = self.0.prepare(
            "SELECT id, shown, -bm25(q, 0, 0, 1.0, 1.5) FROM q WHERE q MATCH ? ORDER BY bm25(q, 0, \
                      0, 1.0, 1.5), rowid LIMIT ?",
        )?;
        let row = |row: &rusqlite::Row<'_>| {
            let score: f64 = row.get(2)?;
            Ok(Proposed {
                question: row.get(0)?,
                text: row.get(1)?,
                score: (score * 100.0).round() / 100.0,
                by: String::new(),
            })
        };
        search.query_map(params![query, PROPOSED], row)?.collect()
    }
}

/// The words of a question, each quoted, any of which may fit.
fn query(text: &str) -> String {
    let mut words: Vec<String> = text
        .split(|c: char| !c.is_alphanumeric())
        .map(str::to_lowercase)
        .filter(|word| word.chars().count() > 1 && !STOP.contains(&word.as_str()))
        .collect();
    words.sort();
    words.dedup();
    words.truncate(60);
    words.iter().map(|word| format!("\"{word}\"")).collect::<Vec<_>>().join(" OR ")
}
