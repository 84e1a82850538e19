//! What decided about a product for a customer, in sentences.

use super::rule_in_words;
use crate::picker::catalogue::Catalogue;
use crate::picker::plan::Plan;
use crate::picker::reason::Reader;
use crate::picker::trace::Trace;

pub struct TraceWords {
    pub answer: String,
    /// What somebody may change in a campaign; empty for nothing.
    pub advice: String,
}

pub fn trace_in_words(
    found: &Trace,
    plan: &Plan,
    catalogue: &Catalogue,
    product: &str,
    currency: &str,
) -> TraceWords {
    let rule =
        |number: usize| format!("rule {}, “{}”", number + 1, rule_in_words(&plan.rules[number], currency));
    let (answer, advice) = match found {
        Trace::UnknownProduct => (format!("The shop has no product with the id “{product}”."), String::new()),
        Trace::NotChosen(why) => (
            format!("It is not among the campaign's products: it is {why}."),
            "Change it in the step “Products”.".into(),
        ),
        Trace::TakenByRule(number) => (format!("Nobody gets it: {} takes it away.", rule(*number)), loosen()),
        Trace::UnknownCustomer => ("The shop has no customer with this id.".into(), String::new()),
        Trace::NotInAudience(why) => (
            format!("The customer is not in the campaign: one of those {why}."),
            "Change it in the step “Customers”.".into(),
        ),
        Trace::Holdout => {
            ("The customer gets no e-mail, so that there is something to compare with.".into(), String::new())
        }
        Trace::Picked { slot, why, past, .. } => {
            let past = past.map(|number| catalogue.product(number).title.as_str());
            let number = catalogue.number(product);
            let category = number.and_then(|number| catalogue.product(number).category.as_deref());
            let because = why.sentence(Reader::Shop, past, category);
            (format!("It is picked, at place {}: {because}.", slot + 1), String::new())
        }
        Trace::BarredByRule(number) => {
            (format!("For this customer {} leaves it out.", rule(*number)), loosen())
        }
        Trace::Outranked { .. }
        | Trace::LostToRule { .. }
        | Trace::VariantPicked { .. }
        | Trace::LostToVariety { .. } => outdone(found, catalogue, &rule),
        Trace::NoSignal { knows_customer: false } => (
            "Too little is known of this customer: the picks are best-sellers, and it is none of those."
                .into(),
            String::new(),
        ),
        Trace::NoSignal { knows_customer: true } => (
            "Nothing that this customer did speaks for it: no score, and the places went to others.".into(),
            "A product that nobody bought yet is found by “Similar products” in the step “How to pick”."
                .into(),
        ),
        Trace::Baseline => (
            "The customer gets best-sellers on purpose, for comparison, and it is none of those.".into(),
            String::new(),
        ),
    };
    TraceWords { answer, advice }
}

/// What might have been picked, and was not: answer and advice.
fn outdone(found: &Trace, catalogue: &Catalogue, rule: &dyn Fn(usize) -> String) -> (String, String) {
    match found {
        Trace::Outranked { rank, of, places, .. } => (
            format!(
                "It is number {} of {} for this customer, and the {places} places went to others.",
                super::whole(*rank as i64),
                super::whole(*of as i64)
            ),
            "More places, or a rule that promotes it, would bring it nearer.".into(),
        ),
        Trace::LostToRule { rule: number, rank } => (
            format!(
                "It is number {} for this customer, but {} gave its place to another.",
                super::whole(*rank as i64),
                rule(*number)
            ),
            loosen(),
        ),
        Trace::VariantPicked { rule: number, of, rank } => (
            format!(
                "It is number {} for this customer, but a variant of it, “{}”, is picked: {}.",
                super::whole(*rank as i64),
                catalogue.product(*of).title,
                rule(*number)
            ),
            loosen(),
        ),
        Trace::LostToVariety { rank } => (
            format!(
                "It is number {} for this customer, but lost its place to variety: it is too much like what else is picked.",
                super::whole(*rank as i64)
            ),
            "Move the slider in the step “Places and rules” towards similar products.".into(),
        ),
        _ => (String::new(), String::new()),
    }
}

fn loosen() -> String {
    "Change or switch off the rule in the step “Places and rules”.".to_owned()
}
