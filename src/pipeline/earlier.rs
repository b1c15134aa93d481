//! What people picked for the questions of earlier files: the same question gets the same pick. Nothing is
//! picked by a score.

use std::collections::BTreeMap;
use std::path::Path;

use super::Error;
use crate::diag::Diagnostic;
use crate::model::answers::QuestionnaireMap;
use crate::model::workbook_map::WorkbookMap;
use crate::yaml::yaml;

/// Questions with what was picked for them and in which map.
#[derive(Debug, Default)]
pub struct EarlierPicks {
    picks: BTreeMap<String, Vec<(String, String)>>,
    /// How many maps were read.
    pub maps: usize,
}

/// Letters and digits in lower case, one blank between words: what two files spell alike.
pub fn normalized(text: &str) -> String {
    let words = text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    words.map(str::to_lowercase).collect::<Vec<_>>().join(" ")
}

impl EarlierPicks {
    /// Reads the maps of a folder beside `own`; what is no map of ours is passed over.
    pub fn beside(own: &Path) -> EarlierPicks {
        let folder =
            own.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or_else(|| Path::new("."));
        let mut picks = EarlierPicks::default();
        let mut paths: Vec<_> =
            std::fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path()).collect();
        paths.sort();
        let own = own.file_name();
        for path in paths
            .iter()
            .filter(|path| path.extension().is_some_and(|e| e == "yaml") && path.file_name() != own)
        {
            if let Ok(bytes) = std::fs::read(path) {
                let name =
                    path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
                picks.maps += usize::from(picks.read(&name, &bytes));
            }
        }
        picks
    }

    /// Whether it was a map. Of a workbook one counts that a person confirmed.
    fn read(&mut self, name: &str, bytes: &[u8]) -> bool {
        let text = String::from_utf8_lossy(bytes);
        if text.contains("affiant.workbook/1") {
            let Ok(map) = yaml::<WorkbookMap>(name, bytes) else { return false };
            if map.confirmed_by.trim().is_empty() {
                return false;
            }
            map.sheets
                .iter()
                .flat_map(|sheet| &sheet.rows)
                .for_each(|row| self.add(&row.text, &row.pick, name));
            return true;
        }
        if text.contains("affiant.questionnaire/1") {
            let Ok(map) = yaml::<QuestionnaireMap>(name, bytes) else { return false };
            map.rows.iter().for_each(|row| self.add(&row.text, &row.pick, name));
            return true;
        }
        false
    }

    fn add(&mut self, text: &str, pick: &str, name: &str) {
        let key = normalized(text);
        if !pick.is_empty() && !key.is_empty() {
            self.picks.entry(key).or_default().push((pick.into(), name.into()));
        }
    }

    /// What was picked for the question, and where; none where two files disagree.
    pub fn pick(&self, text: &str) -> Option<(&str, &str)> {
        let all = self.picks.get(&normalized(text))?;
        let (pick, name) = all.first()?;
        all.iter().all(|(other, _)| other == pick).then_some((pick.as_str(), name.as_str()))
    }

    /// Refuses a pick that differs from an earlier one for the same question, or from one in the same file. A
    /// row comes with the words for its place, such as `row 3`.
    pub fn agrees<'a>(
        &self,
        own: &str,
        rows: impl Iterator<Item = (String, &'a str, &'a str)>,
    ) -> Result<(), Error> {
        let mut mine: BTreeMap<String, (String, &str)> = BTreeMap::new();
        for (row, text, pick) in rows.filter(|(.., pick)| !pick.is_empty()) {
            let key = normalized(text);
            let earlier = self.picks.get(&key).into_iter().flatten().find(|(other, _)| other != pick);
            let twice = mine.get(&key).filter(|(_, other)| *other != pick);
            let other = match (earlier, twice) {
                (Some((other, name)), _) => format!("`{name}` picks `{other}`"),
                (None, Some((first, other))) => format!("{first} picks `{other}`"),
                (None, None) => {
                    mine.insert(key, (row, pick));
                    continue;
                }
            };
            let problem = Diagnostic::new(
                "AFU-039",
                format!("{row} picks `{pick}`, and {other} for the same question"),
            )
            .file(own);
            return Err(problem
                .hint("the same question gets the same answer: correct one of the two")
                .into());
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bank(rows: &[(&str, &str, &str)]) -> EarlierPicks {
        let mut picks = EarlierPicks::default();
        rows.iter().for_each(|(text, pick, name)| picks.add(text, pick, name));
        picks
    }

    #[test]
    fn the_same_question_gets_the_same_pick() {
        let picks = bank(&[
            ("Do you have MFA?", "mfa", "a.yaml"),
            ("Is it fast?", "none", "a.yaml"),
            ("is it FAST", "recovery", "b.yaml"),
        ]);
        assert_eq!(picks.pick("do you have  mfa"), Some(("mfa", "a.yaml")));
        assert_eq!((picks.pick("Is it fast?"), picks.pick("And SSO?")), (None, None));
        let agrees = |rows: &[(u64, &'static str, &'static str)]| {
            let rows = rows.iter().map(|(row, text, pick)| (format!("row {row}"), *text, *pick));
            picks.agrees("c.yaml", rows).is_ok()
        };
        assert!(agrees(&[
            (1, "Do you have MFA", "mfa"),
            (2, "Other", "sso"),
            (3, "other?", "sso"),
            (4, "Do you have MFA?", "")
        ]));
        assert!(!agrees(&[(1, "Do you have MFA", "sso")]));
        assert!(!agrees(&[(2, "Other", "sso"), (3, "other?", "mfa")]));
    }
}
