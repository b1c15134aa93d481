//! A sheet of answers as CSV and YAML, its evidence as an index, and the cells of a buyer's file. A sheet
//! that nobody approved says DRAFT in every answer.

use serde_json::Value;

use crate::diag::{printable, safe_cell};
use crate::model::answers::{AnswerSheet, AnswerWord, AnsweredQuestion, Proof, QuestionnaireWords};
use crate::model::aws_answers::{AwsQuote, AwsQuotes};

const DRAFT: &str = "DRAFT, not approved: ";

/// The answer's word; a draft cannot be mistaken for an approved one.
fn word(sheet: &AnswerSheet, answer: AnswerWord) -> String {
    marked(sheet, answer.as_str())
}

/// Text that says so where it is of a draft or a sample.
pub fn marked(sheet: &AnswerSheet, text: &str) -> String {
    let sample = if sheet.sample { "SAMPLE: " } else { "" };
    let draft = if sheet.draft { DRAFT } else { "" };
    format!("{sample}{draft}{text}")
}

fn written(rows: impl Iterator<Item = Vec<String>>) -> Vec<u8> {
    let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(Vec::new());
    let memory = "memory takes all";
    for row in rows {
        writer.write_record(row.iter().map(|cell| safe_cell(cell))).expect(memory);
    }
    writer.into_inner().expect(memory)
}

/// A row a question.
pub fn csv(sheet: &AnswerSheet) -> Vec<u8> {
    let heads = [
        "id",
        "section",
        "question",
        "answer",
        "narrative",
        "evidence",
        "as_of",
        "responsibility",
        "confidence",
        "gaps",
        "approved_by",
    ];
    let approved = sheet
        .approved
        .as_ref()
        .map_or_else(|| "nobody: DRAFT".to_string(), |a| format!("{}, {}, {}", a.by, a.role, a.on));
    let row = |a: &AnsweredQuestion| {
        vec![
            a.id.clone(),
            a.section.clone(),
            a.question.clone(),
            word(sheet, a.answer),
            a.narrative.clone(),
            cited(&a.evidence),
            a.as_of.clone(),
            a.responsibility.clone(),
            a.confidence.map(|c| c.as_str().to_string()).unwrap_or_default(),
            gaps(a),
            approved.clone(),
        ]
    };
    written(std::iter::once(heads.map(String::from).to_vec()).chain(sheet.answers.iter().map(row)))
}

/// `E12 sha256 0123456789ab as of 2026-09-30`.
fn cited(proofs: &[Proof]) -> String {
    let one = |p: &Proof| {
        let (sha256, day) = (p.sha256.get(..12).unwrap_or_default(), p.as_of.get(..10).unwrap_or_default());
        format!("{} sha256 {sha256} as of {day}", p.id)
    };
    proofs.iter().map(one).collect::<Vec<_>>().join("; ")
}

fn gaps(answer: &AnsweredQuestion) -> String {
    let or = |text: &str, none: &str| if text.is_empty() { none.to_string() } else { text.to_string() };
    let one = |g: &crate::model::answers::AnswerGap| {
        format!("{} (risk: {}; by: {})", g.gap, or(&g.risk, "none on record"), or(&g.due, "no date set"))
    };
    answer.gaps.iter().map(one).collect::<Vec<_>>().join("; ")
}

/// A row for each thing that an answer rests on, with its whole digest.
pub fn evidence(sheet: &AnswerSheet) -> Vec<u8> {
    let heads = ["question", "kind", "id", "path", "sha256", "as_of"].map(String::from).to_vec();
    let of = |a: &AnsweredQuestion| {
        let row =
            |p: &Proof| [&a.id, &p.kind, &p.id, &p.path, &p.sha256, &p.as_of].map(String::clone).to_vec();
        a.evidence.iter().map(row).collect::<Vec<_>>()
    };
    written(std::iter::once(heads).chain(sheet.answers.iter().flat_map(of)))
}

/// A row for each answer of AWS, as it stands in its file.
pub fn aws(sheet: &AnswerSheet, quoted: &AwsQuotes) -> Vec<u8> {
    let heads = ["query", "asked", "aws_answered", "reviewed_by", "on", "citations", "file", "sha256"]
        .map(String::from)
        .to_vec();
    let row = |q: &AwsQuote| {
        let cited = q.citations.join("; ");
        let all = [
            &q.number.to_string(),
            &q.query,
            &marked(sheet, &q.response),
            &q.review,
            &q.on,
            &cited,
            &quoted.file,
            &quoted.sha256,
        ];
        all.map(String::clone).to_vec()
    };
    written(std::iter::once(heads).chain(quoted.quotes.iter().map(row)))
}

/// The sheet as YAML; every text is quoted, so that none can be read as anything else.
pub fn yaml(sheet: &AnswerSheet) -> String {
    let mut value = serde_json::to_value(sheet).expect("a sheet serialises");
    for (said, answer) in value["answers"].as_array_mut().into_iter().flatten().zip(&sheet.answers) {
        said["answer"] = Value::String(word(sheet, answer.answer));
    }
    block(&value)
}

/// A value in YAML's block style.
pub fn block(value: &Value) -> String {
    let mut out = String::new();
    put(value, 0, &mut out);
    out
}

fn put(value: &Value, indent: usize, out: &mut String) {
    let pad = "  ".repeat(indent);
    match value {
        Value::Object(map) if !map.is_empty() => {
            for (key, inner) in map {
                out.push_str(&format!("{pad}{key}:"));
                below(inner, indent + 1, out);
            }
        }
        Value::Array(list) if !list.is_empty() => {
            for inner in list {
                let mut text = String::new();
                put(inner, indent + 1, &mut text);
                out.push_str(&format!("{pad}- {}", text.trim_start()));
            }
        }
        // JSON's own way to write a text or number is one of YAML's
        scalar => out.push_str(&format!("{pad}{scalar}\n")),
    }
}

fn below(value: &Value, indent: usize, out: &mut String) {
    let nested = matches!(value, Value::Object(map) if !map.is_empty())
        || matches!(value, Value::Array(list) if !list.is_empty());
    if nested {
        out.push('\n');
        put(value, indent, out);
    } else {
        out.push_str(&format!(" {value}\n"));
    }
}

/// Whether every answer must say what it is.
pub fn is_marked(sheet: &AnswerSheet) -> bool {
    sheet.draft || sheet.sample
}

/// What a buyer's row says, without marks.
pub struct RowTexts {
    pub answer: &'static str,
    pub comment: String,
    pub evidence: String,
}

/// The answer's own word, what goes into the comment, and the evidence; characters that hide are shown.
pub fn row_texts(answer: &AnsweredQuestion) -> RowTexts {
    let gaps = gaps(answer);
    let gaps = if gaps.is_empty() { gaps } else { format!(" Open: {gaps}.") };
    let comment = printable(&format!("{}{gaps}", answer.narrative));
    RowTexts { answer: answer.answer.as_str(), comment, evidence: printable(&cited(&answer.evidence)) }
}

/// What goes into a buyer's row of CSV. None where the file has no word for the answer.
pub fn cells(
    sheet: &AnswerSheet,
    words: &QuestionnaireWords,
    answer: &AnsweredQuestion,
) -> Option<[String; 3]> {
    let word = word_for(words, answer.answer);
    if word.is_empty() {
        return None;
    }
    let texts = row_texts(answer);
    Some([word, &texts.comment, &texts.evidence].map(|cell| safe_cell(&marked(sheet, cell))))
}

/// What became of each row of a buyer's workbook.
pub fn report(rows: &[ReportRow<'_>]) -> Vec<u8> {
    let heads = ["sheet", "cell", "id", "pick", "became", "why"];
    let all = std::iter::once(heads).chain(rows.iter().copied());
    written(all.map(|row| row.map(String::from).to_vec()))
}

/// Sheet, cell, the buyer's id, the pick, what became of it, and why.
pub type ReportRow<'a> = [&'a str; 6];

/// The file's word for an answer; empty where it has none.
pub fn word_for(words: &QuestionnaireWords, answer: AnswerWord) -> &str {
    match answer {
        AnswerWord::Yes => &words.yes,
        AnswerWord::No => &words.no,
        AnswerWord::Partial => &words.partial,
        AnswerWord::NotApplicable => &words.not_applicable,
        AnswerWord::Unknown => &words.unknown,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::block;

    #[test]
    fn what_is_written_as_yaml_reads_as_the_same() {
        let value = json!({
            "a": "yes", "b": [{ "c": "x: y\n- z", "d": [] }, { "c": null, "d": [1, "\"#"] }], "e": {}
        });
        let read: serde_json::Value = read(&block(&value));
        assert_eq!(read, value);
    }

    fn read(text: &str) -> serde_json::Value {
        let (document, twice) = crate::yaml::Document::read("f", text.as_bytes()).expect("YAML");
        assert!(twice.is_empty());
        crate::yaml::value(&document).expect("a value")
    }
}
