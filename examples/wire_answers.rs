//! Says what this program makes of answers of AWS, one JSON line in and one out: what
//! `tests/lab/wire_models.py` holds against botocore, which reads the same bytes.
//!
//! `{"service", "operation", "custody": {name: text}, "file": PATH}` gives `{"body": the answer}`, `{"rows":
//! [...]}` or `{"refused": why}`. `--catalog DIR` overlays the catalog.

#![allow(clippy::disallowed_methods)] // a program of its own

use std::collections::BTreeMap;
use std::io::{BufRead, Write};
use std::path::Path;

use affiant::evidence::api_answer::{self, Answer};
use serde_json::{Value, json};

fn main() -> std::io::Result<()> {
    let folder = std::env::args().skip_while(|a| a != "--catalog").nth(1);
    let catalog = affiant::catalog::load(folder.as_deref().map(Path::new))
        .map_err(|_| std::io::Error::other("the catalog has problems"))?;
    let mut out = std::io::stdout().lock();
    for line in std::io::stdin().lock().lines() {
        let asked: Value = serde_json::from_str(&line?).map_err(std::io::Error::other)?;
        let text = |name: &str| asked[name].as_str().unwrap_or_default();
        let custody: BTreeMap<String, String> =
            serde_json::from_value(asked["custody"].clone()).map_err(std::io::Error::other)?;
        let bytes = std::fs::read(text("file"))?;
        let said =
            match api_answer::read(&bytes, text("service"), text("operation"), &custody, false, &catalog) {
                Answer::Body(body) => json!({ "body": body }),
                Answer::Rows(rows) => json!({ "rows": rows }),
                Answer::Absent(code) | Answer::Error(code, _) | Answer::Unreadable(code) => {
                    json!({ "refused": code })
                }
            };
        writeln!(out, "{said}")?;
    }
    out.flush()
}
