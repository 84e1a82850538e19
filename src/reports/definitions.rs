//! What each number means, as it stands at the end of every form of a report.

pub const DEFINITIONS: [(&str, &str); 16] = [
    (
        "Customers",
        "Everybody assigned to the group, whether they opened the mail or not. Guests belong to no group.",
    ),
    (
        "Buyers and conversion",
        "Customers with at least one order between the first and the last day; divided by the group's customers. Who gave \
         everything back still counts as a buyer.",
    ),
    ("Orders", "Distinct order numbers; without a number, what a customer bought at the same moment."),
    (
        "Revenue",
        "What was paid in these days less what was given back of it until the last day, in the shop's currency. Refunds of \
         earlier purchases are left out.",
    ),
    (
        "Per order, per customer",
        "Revenue divided by orders, and by all customers of the group, also those who bought nothing.",
    ),
    (
        "Bought a pick",
        "Customers who bought at least one of the products picked for them; divided by the customers who had picks. In the \
         group with best-sellers, the best-sellers are the picks.",
    ),
    (
        "Personal picks",
        "Picks that came from what the customer did or bought, of all picks of the group with personal picks. The others are \
         best-sellers, pinned products, or from a favourite category.",
    ),
    (
        "Range of products",
        "Different products picked, divided by the products that could have been picked under the rules.",
    ),
    (
        "Unlike other customers' picks",
        "One less the part of a list that two customers of the group share on average (personalisation): 0\u{a0}% where all are \
         shown the same. Unlike the other picks of the same e-mail says how different the products of one list are \
         (diversity). The ten products picked most often say how much best-sellers are leant on (popularity).",
    ),
    (
        "Additional revenue and buyers",
        "The difference to the control per customer, times the customers who got the mail. With its 95 % interval: Newcombe's \
         score interval for buyers, Welch's for revenue.",
    ),
    (
        "Large baskets cut",
        "The same difference, resampled 5 000 times with the largest baskets cut to a stated amount, so that one of them \
         cannot make the result (bootstrap, bias-corrected and accelerated).",
    ),
    (
        "With what they spent before",
        "The same difference, less what the 90 days before the mail explain of it (CUPED). It needs fewer customers for the \
         same certainty.",
    ),
    (
        "Few buyers",
        "Where a group has fewer than 200 buyers, the amounts' interval is the wider of two: Welch's, and one that takes \
         baskets for log-normal. With fewer than ten, nothing is claimed of money.",
    ),
    (
        "Expected",
        "Of places, kinds and categories of picks: the share of all picks that was bought. Of segments: the difference that \
         all customers together show.",
    ),
    (
        "Chance of a purchase",
        "Scores only put products in order. What chance they stand for was learnt before the campaign: the same picks were \
         made as they would have been as many days earlier, by a model that knew no more than was known then, and it was \
         counted which of them were bought since (isotonic regression). Of a pick that nobody was sent, within as many days as \
         the campaign has.",
    ),
    (
        "95 % interval",
        "Made in this way, 95 of 100 intervals hold the true value. Where it holds zero, the difference may as well be chance.",
    ),
];
