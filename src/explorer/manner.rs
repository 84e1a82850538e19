//! How a model goes about it, in plain words, from the parameters that it learned with.

use crate::recommender::models::blend::{Mixture, Weights};
use crate::recommender::{Params, plain_name};

/// Pairs of a label and what stands under it; empty for a model that was trained by an older Handpick in another way.
pub fn in_words(params: &str) -> Vec<(&'static str, String)> {
    let Ok(params) = serde_json::from_str::<Params>(params) else { return Vec::new() };
    let mut told = Vec::new();
    if let Params::Blend(blend) = &params {
        let names: Vec<&str> = blend.components.iter().filter_map(|part| plain_name(part.kind())).collect();
        told.push(("Made of", names.join(", ")));
        let context = blend.mixture.as_ref().map(|Mixture { context, .. }| raised(*context));
        told.extend(context.filter(|raised| !raised.is_empty()).map(|raised| ("Raises", raised)));
    }
    told.extend(forgets(&params).map(|forgets| ("Forgets", forgets)));
    told
}

/// What counts beside the votes of a mixture.
fn raised(context: Weights) -> String {
    let all = [
        "new products",
        "what sells better of late than before",
        "what sells at this time of year",
        "prices the customer usually pays",
    ];
    let raised: Vec<&str> = all
        .into_iter()
        .zip(context.all())
        .filter(|(_, weight)| *weight > 0.0)
        .map(|(what, _)| what)
        .collect();
    raised.join(", ")
}

/// The shortest half-life of all that it is made of.
fn forgets(params: &Params) -> Option<String> {
    let days = |params: &Params| match params {
        Params::ItemKnn(params) => params.half_life_days,
        Params::Als(params) => params.half_life_days,
        Params::Ease(params) => params.half_life_days,
        Params::Spectral(params) => params.half_life_days,
        Params::Popular(params) => params.half_life_days,
        _ => 0.0,
    };
    let parts: Vec<f32> = match params {
        Params::Blend(blend) => blend.components.iter().map(days).collect(),
        other => vec![days(other)],
    };
    let shortest = parts.into_iter().filter(|days| *days > 0.0).min_by(f32::total_cmp)?;
    Some(format!("what was done {shortest:.0} days earlier counts half"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mixture_says_what_it_is_made_of_and_what_it_raises() {
        let params = r#"{"model":"blend","components":[{"model":"als","half_life_days":25},{"model":"session"}],
            "mixture":{"votes":[{"weight":1,"growth":0},{"weight":1,"growth":0}],"slope":1,"offset":0,
            "context":{"newness":0.5,"price":0.1}}}"#;
        assert_eq!(
            in_words(params),
            [
                ("Made of", "Similar tastes, What comes next".to_owned()),
                ("Raises", "new products, prices the customer usually pays".to_owned()),
                ("Forgets", "what was done 25 days earlier counts half".to_owned()),
            ]
        );
    }

    #[test]
    fn a_plain_model_and_one_of_before_have_nothing_to_add() {
        assert!(in_words(r#"{"model":"ease"}"#).is_empty());
        assert!(in_words(r#"{"model":"ease","reach":"far"}"#).is_empty() && in_words("").is_empty());
    }
}
