//! Id packs: which question of ours stands behind an id of a known questionnaire. They hold ids alone, and
//! propose; a person picks.

use crate::model::answers::{IdPack, Proposed, QuestionSet};

/// The pack whose ids a sheet has most of, and enough of.
pub fn pack_of<'a>(packs: &'a [IdPack], ids: &[&str]) -> Option<&'a IdPack> {
    let known = |pack: &IdPack| {
        let mut found: Vec<&str> =
            ids.iter().map(|id| id.trim()).filter(|id| pack.ids.contains_key(*id)).collect();
        found.sort_unstable();
        found.dedup();
        found.len()
    };
    packs.iter().filter(|pack| known(pack) >= pack.at_least).max_by_key(|pack| known(pack))
}

/// What the pack proposes for an id goes before what the words propose; three are left at most.
pub fn with_pack(pack: &IdPack, id: &str, set: &QuestionSet, proposals: Vec<Proposed>) -> Vec<Proposed> {
    let Some(ours) = pack.ids.get(id.trim()) else { return proposals };
    let Some(question) = set.questions.iter().find(|q| q.id == *ours) else { return proposals };
    let best = proposals.iter().map(|p| p.score).fold(0.0, f64::max);
    let first = Proposed {
        question: ours.clone(),
        score: best,
        text: question.question.clone(),
        by: format!("id pack {}", pack.name),
    };
    std::iter::once(first).chain(proposals.into_iter().filter(|p| p.question != *ours)).take(3).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pack() -> IdPack {
        let ids = (1..=20).map(|n| (format!("AB-{n:02}"), "mfa".to_string())).collect();
        IdPack { format: String::new(), name: "A".into(), checked: String::new(), at_least: 12, ids }
    }

    #[test]
    fn a_few_ids_that_look_alike_are_no_questionnaire() {
        let packs = [pack()];
        let ids: Vec<String> = (1..=12).map(|n| format!(" AB-{n:02}")).collect();
        let all: Vec<&str> = ids.iter().map(String::as_str).collect();
        assert!(pack_of(&packs, &all).is_some());
        assert!(pack_of(&packs, &all[..11]).is_none());
        assert!(pack_of(&packs, &vec!["AB-01"; 40]).is_none(), "one id many times is one id");
    }
}
