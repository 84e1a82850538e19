//! What changed from one list of rules to the next, in sentences.

use crate::picker::plan::Rule;
use crate::web::rule_in_words;
use std::mem::discriminant;

/// One sentence for each change; none when nothing changed.
pub fn changes(before: &[Rule], after: &[Rule], currency: &str) -> Vec<String> {
    let mut gone: Vec<&Rule> = before.iter().collect();
    let mut new: Vec<&Rule> = Vec::new();
    let mut kept: Vec<&Rule> = Vec::new();
    for rule in after {
        match gone.iter().position(|known| *known == rule) {
            Some(at) => kept.push(gone.remove(at)),
            None => new.push(rule),
        }
    }
    let mut told = Vec::new();
    for rule in new {
        // Of the rules that are no longer there the first that does the same kind of thing is what it was before.
        let was = gone.iter().position(|was| discriminant(&was.effect) == discriminant(&rule.effect));
        told.push(match was {
            Some(at) => changed(gone.remove(at), rule, currency),
            None => format!("Added “{}”.", rule_in_words(rule, currency)),
        });
    }
    told.extend(gone.into_iter().map(|rule| format!("Removed “{}”.", rule_in_words(rule, currency))));
    let order = before.iter().filter(|rule| kept.contains(rule));
    if !order.eq(kept.iter().copied()) {
        told.push("Put the rules in another order.".into());
    }
    told
}

fn changed(was: &Rule, rule: &Rule, currency: &str) -> String {
    let words = rule_in_words(&Rule { off: false, ..rule.clone() }, currency);
    if *was == (Rule { off: was.off, ..rule.clone() }) {
        return format!("Switched “{words}” {}.", if rule.off { "off" } else { "on" });
    }
    let old = rule_in_words(&Rule { off: false, ..was.clone() }, currency);
    if old != words {
        return format!("Changed “{old}” to “{words}”.");
    }
    match (was.note != rule.note, was.when != rule.when) {
        (true, false) => format!("Changed the note of “{words}”."),
        (false, true) => format!("Changed the condition of “{words}”."),
        _ => format!("Changed “{words}”."),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::picker::plan::Effect;

    #[test]
    fn every_change_is_told_once() {
        let bought = |days| Rule::from(Effect::ExcludeBought { days });
        let stock = Rule::from(Effect::ExcludeOutOfStock {});
        let off = Rule { off: true, ..stock.clone() };
        let picture = Rule::from(Effect::NeedsPicture {});
        let told = |before: &[Rule], after: &[Rule]| changes(before, after, "EUR").join(" ");
        assert_eq!(told(&[bought(90), stock.clone()], &[bought(90), stock.clone()]), "");
        assert_eq!(
            told(&[bought(90), stock.clone()], &[bought(30), off]),
            "Changed “Nothing they bought in the last 90 days” to “Nothing they bought in the last 30 days”. \
             Switched “Nothing that is out of stock” off."
        );
        assert_eq!(
            told(&[stock.clone(), bought(90)], &[bought(90), stock.clone()]),
            "Put the rules in another order."
        );
        assert_eq!(
            told(std::slice::from_ref(&stock), std::slice::from_ref(&picture)),
            "Added “Nothing without a picture”. Removed “Nothing that is out of stock”."
        );
        let named = Rule { name: "Summer".into(), ..picture };
        let noted = Rule { note: "till May".into(), ..named.clone() };
        assert_eq!(told(&[named], &[noted]), "Changed the note of “Summer”.");
    }
}
