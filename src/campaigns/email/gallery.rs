//! Templates to start from.

pub struct Starter {
    pub name: &'static str,
    pub title: &'static str,
    pub about: &'static str,
    /// What it looks like, drawn small.
    pub drawing: &'static str,
    pub subject: &'static str,
    pub preheader: &'static str,
    pub mjml: &'static str,
}

/// The first is the one that a campaign has until somebody chooses.
pub const GALLERY: [Starter; 4] = [
    Starter {
        name: "list",
        title: "List",
        about: "One product below the other, with picture, price and reason.",
        drawing: include_str!("../../../templates/campaigns/email/list.svg"),
        subject: "{{#if first_name}}{{first_name}}, picked{{else}}Picked{{/if}} for you at {{shop}}",
        preheader: "Things we think you will like.",
        mjml: include_str!("../../../templates/campaigns/email/list.mjml"),
    },
    Starter {
        name: "pairs",
        title: "Pairs",
        about: "Two products side by side: more at a glance.",
        drawing: include_str!("../../../templates/campaigns/email/pairs.svg"),
        subject: "New ideas from {{shop}}",
        preheader: "A few things that go with what you have.",
        mjml: include_str!("../../../templates/campaigns/email/pairs.mjml"),
    },
    Starter {
        name: "star",
        title: "Star",
        about: "The best pick large, the others small below it.",
        drawing: include_str!("../../../templates/campaigns/email/star.svg"),
        subject: "One thing above all{{#if first_name}}, {{first_name}}{{/if}}",
        preheader: "And some more that you may like.",
        mjml: include_str!("../../../templates/campaigns/email/star.mjml"),
    },
    Starter {
        name: "letter",
        title: "Letter",
        about: "A few words from a person, then the products in plain lines.",
        drawing: include_str!("../../../templates/campaigns/email/letter.svg"),
        subject: "A note from {{sender}}",
        preheader: "We had a look at what might suit you.",
        mjml: include_str!("../../../templates/campaigns/email/letter.mjml"),
    },
];

pub fn starter(name: &str) -> Option<&'static Starter> {
    GALLERY.iter().find(|starter| starter.name == name)
}
