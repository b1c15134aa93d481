//! What the YAML parser finds, in words for somebody who writes a file. The parser's own words stay inside.

use granit_parser::ErrorKind;

/// What is wrong, and what to write instead.
pub fn syntax(kind: &ErrorKind) -> (String, &'static str) {
    use ErrorKind as K;
    match kind {
        K::UnclosedFlowCollection { open } => (format!("the `{open}` is never closed"), closing(*open)),
        K::MismatchedFlowCollectionEnd { open, close } => {
            (format!("a `{open}` that was opened before is closed by `{close}`"), closing(*open))
        }
        K::UnexpectedCharacter { character } => (
            format!("a value cannot begin with `{character}` unless it is quoted"),
            "put the value in quotes",
        ),
        other => {
            let (message, hint) = fixed(other);
            (message.to_string(), hint)
        }
    }
}

/// What is wrong where nothing of the file belongs in the sentence.
fn fixed(kind: &ErrorKind) -> (&'static str, &'static str) {
    use ErrorKind as K;
    match kind {
        K::TabNotAllowed
        | K::TabInBlockIndentation
        | K::TabInIndentation
        | K::TabAtBlockScalarStart
        | K::TabInPlainScalar => ("a tab stands where YAML takes spaces only", "indent with spaces"),
        K::UnexpectedEofFlowSequence => ("the file ends within a list that `[` opened", "close it with `]`"),
        K::UnexpectedEofFlowMapping | K::UnexpectedEofImplicitFlowMapping => {
            ("the file ends within an entry that `{` opened", "close it with `}`")
        }
        K::ExpectedFlowSequenceSeparator => (
            "a list that `[` opened is not closed before this",
            "close it with `]`, or put a comma between its items",
        ),
        K::ExpectedFlowMappingSeparator => (
            "an entry that `{` opened is not closed before this",
            "close it with `}`, or put a comma between its members",
        ),
        K::MisplacedFlowCollectionEnd => {
            ("a bracket closes here that was never opened", "remove it, or quote the text that holds it")
        }
        K::UnclosedQuotedScalar | K::DocumentIndicatorInQuotedScalar => (
            "a quotation mark opens here and is never closed",
            "close the quotation, or double a `'` that belongs to the text",
        ),
        K::InvalidTrailingSingleQuotedScalar | K::InvalidTrailingDoubleQuotedScalar => (
            "something follows the closing quotation mark",
            "quote the whole value, and double a `'` that belongs to it",
        ),
        _ => placed(kind),
    }
}

/// What is wrong with characters that mean something to YAML, and with where things are.
fn placed(kind: &ErrorKind) -> (&'static str, &'static str) {
    use ErrorKind as K;
    match kind {
        K::UnknownQuotedScalarEscape | K::InvalidQuotedScalarHexEscape | K::InvalidUnicodeEscape => (
            "a backslash within `\"…\"` begins an escape that YAML does not know",
            "write `\\\\` for a backslash, or use `'…'`",
        ),
        K::UnknownAnchor => {
            ("this alias (`*…`) names no value before it", "quote the text if the `*` belongs to it")
        }
        K::MissingAnchorOrAliasName => {
            ("`*` and `&` at the start of a value mean something to YAML", "quote the text")
        }
        K::MappingValueNotAllowed | K::InvalidColonPlacement | K::FlowMappingValueAdjacentCollection => (
            "a colon stands where no member can begin",
            "quote the text if the colon belongs to it; otherwise look at the indentation",
        ),
        K::SimpleKeyExpected | K::InvalidSimpleKey | K::ExpectedBlockMappingKey | K::MappingKeyNotAllowed => {
            (
                "a line is neither `member: value` nor part of what stands above it",
                "add the colon, or look at the indentation",
            )
        }
        K::ExpectedBlockSequenceEntry | K::BlockSequenceEntryNotAllowed | K::BlockEntryInFlowCollection => (
            "an item (`- …`) stands where no list is",
            "look at the indentation: the items of a list stand below each other",
        ),
        K::InvalidBlockEntryWhitespace => {
            ("an item's `-` is not followed by a space", "write `- ` before the item")
        }
        K::InvalidIndentation
        | K::InvalidFlowScalarIndent
        | K::InvalidQuotedScalarIndent
        | K::InvalidBlockScalarIndent => {
            ("this line does not stand where its indentation says", "indent the members of one entry alike")
        }
        K::CommentNotSeparated | K::CommentInterceptedScalar => (
            "a comment (`#`) stands in the middle of a value",
            "put a space before the `#`, or quote the text",
        ),
        K::InvalidBlockScalarHeader | K::ZeroBlockScalarIndent => {
            ("`|` or `>` is followed by something on its line", "begin the text on the next line, indented")
        }
        K::BomInsideDocument => {
            ("an invisible byte order mark stands within the file", "save the file as UTF-8 without it")
        }
        K::MultipleDocumentsUnsupported => ("a second document begins here", "one file holds one document"),
        K::RecursionLimitExceeded => {
            ("this is nested deeper than any file of this kind", "look for a bracket that is never closed")
        }
        K::UnexpectedEof
        | K::UnexpectedEofBlockMapping
        | K::UnexpectedEofBlockSequence
        | K::UnexpectedEndOfPlainScalar => (
            "the file ends in the middle of something",
            "look at the last lines: a value or a closing bracket is missing",
        ),
        _ => ("this is not YAML", "look at the line before this one, too: quotes, brackets and colons"),
    }
}

fn closing(open: char) -> &'static str {
    match open {
        '[' => "close it with `]`",
        '{' => "close it with `}`",
        _ => "close it",
    }
}

/// What serde-saphyr finds where the tree and the schema found nothing, without the parser's own terms.
pub fn shape(error: &serde_saphyr::Error) -> String {
    use serde_saphyr::Error as E;
    match error {
        E::WithSnippet { error, .. } | E::AliasError { error, .. } => shape(error),
        E::Message { msg, .. } => msg.lines().next().unwrap_or_default().to_string(),
        E::SerdeUnknownField { field, .. } => format!("there is no member `{field}` here"),
        E::SerdeMissingField { field, .. } => format!("the member `{field}` is missing"),
        E::SerdeUnknownVariant { variant, expected, .. } => {
            format!("`{variant}` is none of: {}", expected.join(", "))
        }
        E::SerdeInvalidType { unexpected, expected, .. }
        | E::SerdeInvalidValue { unexpected, expected, .. } => {
            format!("{unexpected} stands where {expected} belongs")
        }
        E::DuplicateMappingKey { key: Some(key), .. } => format!("`{key}` stands twice"),
        E::InvalidScalar { ty, .. } => match *ty {
            "floating point" | "f64" | "f32" => "this is not a number".to_string(),
            _ => "this value is not of the kind that belongs here".to_string(),
        },
        _ => "this value has not the form that the file needs".to_string(),
    }
}
