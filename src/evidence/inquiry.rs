//! AWS's answers to a compliance inquiry: what `artifact:ListComplianceInquiryQueries` returns. Bounded, and
//! quoted as it stands.

use serde_json::Value;

use crate::model::aws_answers::AwsQuote;

const MAX_FILE: usize = 64 << 20;
const MAX_QUERIES: usize = 5_000;
const MAX_TEXT: usize = 20_000;

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InquiryProblem {
    #[error("it is larger than {} MiB, or has more than {MAX_QUERIES} queries", MAX_FILE >> 20)]
    Size,
    #[error("it is no JSON: {0}")]
    Json(String),
    #[error("it has no `queries`")]
    Shape,
}

/// The answered queries, and how many are not answered.
pub fn quotes(bytes: &[u8]) -> Result<(Vec<AwsQuote>, u64), InquiryProblem> {
    if bytes.len() > MAX_FILE {
        return Err(InquiryProblem::Size);
    }
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let value: Value = serde_json::from_slice(bytes).map_err(|e| InquiryProblem::Json(e.to_string()))?;
    let queries = value["queries"].as_array().ok_or(InquiryProblem::Shape)?;
    if queries.len() > MAX_QUERIES {
        return Err(InquiryProblem::Size);
    }
    let quotes: Vec<AwsQuote> = queries.iter().filter_map(quote).collect();
    let unanswered = (queries.len() - quotes.len()) as u64;
    Ok((quotes, unanswered))
}

fn quote(query: &Value) -> Option<AwsQuote> {
    let response = text(&query["response"]);
    if response.trim().is_empty() || query["status"].as_str() != Some("COMPLETED") {
        return None;
    }
    let cited = query["citations"].as_array().into_iter().flatten();
    let citation = |c: &Value| {
        let (label, link) = (text(&c["sourceLabel"]), text(&c["sourceLink"]));
        [label, link].into_iter().filter(|t| !t.is_empty()).collect::<Vec<_>>().join(", ")
    };
    Some(AwsQuote {
        number: query["queryIdentifier"].as_u64().unwrap_or_default(),
        query: text(&query["query"]),
        response,
        review: text(&query["reviewType"]),
        on: day(&query["createdAt"]),
        citations: cited.map(citation).filter(|words| !words.is_empty()).collect(),
    })
}

/// A day, of text or of seconds since 1970.
fn day(value: &Value) -> String {
    let time = match value {
        Value::String(text) => crate::clock::parse(text).ok(),
        Value::Number(number) => number.as_f64().and_then(|n| chrono::DateTime::from_timestamp(n as i64, 0)),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    };
    time.map(|time| time.format("%Y-%m-%d").to_string()).unwrap_or_default()
}

fn text(value: &Value) -> String {
    let text = value.as_str().unwrap_or_default();
    match text.char_indices().nth(MAX_TEXT) {
        Some((at, _)) => format!("{} [cut]", &text[..at]),
        None => text.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_finished_answers_are_quoted() {
        let file = br#"{"queries": [
          {"queryIdentifier": 1, "query": "q", "response": "r", "reviewType": "AI", "status": "COMPLETED",
           "createdAt": 1790762400.0,
           "citations": [
             {"sourceLabel": "SOC 2", "sourceContent": "long", "sourceLink": "https://example.com"}]},
          {"queryIdentifier": 2, "query": "q", "response": "r", "status": "PROCESSING",
           "createdAt": "2026-09-30T10:00:00Z"},
          {"queryIdentifier": 3, "query": "q", "status": "FAILED"}]}"#;
        let (quotes, unanswered) = quotes(file).expect("a file");
        assert_eq!((quotes.len(), unanswered), (1, 2));
        assert_eq!(
            (quotes[0].on.as_str(), quotes[0].citations.join("")),
            ("2026-09-30", "SOC 2, https://example.com".to_string())
        );
        assert_eq!(super::quotes(b"{}"), Err(InquiryProblem::Shape));
        assert!(matches!(super::quotes(b"["), Err(InquiryProblem::Json(_))));
    }
}
