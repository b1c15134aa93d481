//! Where a value is in a document, as members and positions from the root.

/// Where we are, as people say it: `exceptions[1].check`.
#[derive(Default, Clone)]
pub(super) struct Path(pub(super) String);

impl Path {
    pub(super) fn member(&self, name: &str) -> Path {
        Path(if self.0.is_empty() { name.to_string() } else { format!("{}.{name}", self.0) })
    }

    pub(super) fn item(&self, index: usize) -> Path {
        Path(format!("{}[{}]", self.0, index + 1))
    }

    pub(super) fn leaf(&self) -> &str {
        if self.0.is_empty() { "the file" } else { self.0.rsplit('.').next().unwrap_or_default() }
    }

    /// The member in backticks, or the file itself.
    pub(super) fn named(&self) -> String {
        if self.0.is_empty() { "the file".to_string() } else { format!("`{}`", self.leaf()) }
    }

    /// ` of X`, for messages; nothing at the top.
    pub(super) fn of(&self) -> String {
        if self.0.is_empty() { String::new() } else { format!(" of `{}`", self.0) }
    }
}
