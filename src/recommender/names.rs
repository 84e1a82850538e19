//! What each model is called where people read who know no papers.

/// In plain words; `None` for what is no model.
pub fn plain_name(kind: &str) -> Option<&'static str> {
    Some(match kind {
        "popular" => "Best-sellers",
        "item_knn" => "Bought together",
        "als" => "Similar tastes",
        "ease" => "For and against",
        "spectral" => "Chains of purchases",
        "session" => "What comes next",
        "multi_event" => "What foretells a purchase",
        "content" => "Similar products",
        "blend" => "A mixture of ways",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::plain_name;
    use crate::recommender::Params;

    #[test]
    fn every_model_has_a_name_of_its_own() {
        let mut names: Vec<&str> = Params::KINDS.iter().map(|kind| plain_name(kind).unwrap()).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), Params::KINDS.len());
        assert_eq!(plain_name("auto"), None);
    }
}
