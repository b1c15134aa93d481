//! The one door to the YAML crate: a document becomes a value, or a diagnostic with line and column.

use serde::de::DeserializeOwned;

use crate::diag::Diagnostic;

/// Parses one YAML document. `path` is only for the diagnostic.
pub fn yaml<T: DeserializeOwned>(path: &str, bytes: &[u8]) -> Result<T, Diagnostic> {
    let text = std::str::from_utf8(bytes).map_err(|error| Diagnostic::new("AFC-003", format!("not UTF-8: {error}")).file(path))?;
    serde_saphyr::from_str(text).map_err(|error| {
        let (line, column) = error.location().map_or((0, 0), |at| (at.line(), at.column()));
        Diagnostic::new("AFC-003", first_line(&error.to_string())).file(path).at(line, column)
    })
}

fn first_line(text: &str) -> String {
    let line = text.lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or("invalid YAML");
    line.trim_start_matches("error: ").to_string()
}

/// Where `needle` first stands in a document (1-based line and column), for problems found after parsing.
pub fn place(bytes: &[u8], needle: &str) -> (u64, u64) {
    String::from_utf8_lossy(bytes)
        .lines()
        .enumerate()
        .find_map(|(i, line)| line.find(needle).map(|at| (i as u64 + 1, line[..at].chars().count() as u64 + 1)))
        .unwrap_or((1, 1))
}
