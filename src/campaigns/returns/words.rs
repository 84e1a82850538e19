//! What e-mail tools call things in the files of what became of their e-mails.

/// What a column tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Column {
    Email,
    Customer,
    Opens,
    Clicks,
    Bounced,
    Unsubscribed,
    /// What happened, a word in each row.
    Event,
    When,
}

/// Names without spaces and signs, in small letters; of several columns the first known counts.
const NAMES: [(Column, &[&str]); 8] = [
    (
        Column::Email,
        &[
            "email",
            "emailaddress",
            "subscriberemail",
            "recipient",
            "recipientemail",
            "subscriber",
            "address",
            "contact",
            "to",
        ],
    ),
    (
        Column::Customer,
        &["userid", "customerid", "externalid", "subscriberkey", "customer", "customernumber", "user"],
    ),
    (
        Column::Opens,
        &[
            "opens",
            "opened",
            "opencount",
            "totalopens",
            "uniqueopens",
            "timesopened",
            "openedat",
            "open",
            "firstopened",
            "numopens",
        ],
    ),
    (
        Column::Clicks,
        &[
            "clicks",
            "clicked",
            "clickcount",
            "totalclicks",
            "uniqueclicks",
            "timesclicked",
            "clickedat",
            "click",
            "firstclicked",
            "numclicks",
        ],
    ),
    (
        Column::Bounced,
        &[
            "bounced",
            "bounce",
            "bouncetype",
            "bouncecategory",
            "hardbounce",
            "hardbounces",
            "bounces",
            "bouncedat",
            "bouncereason",
        ],
    ),
    (
        Column::Unsubscribed,
        &[
            "unsubscribed",
            "unsubscribe",
            "unsubscribes",
            "optout",
            "optedout",
            "unsubscribedat",
            "unsubscribetime",
        ],
    ),
    (Column::Event, &["event", "eventtype", "action", "activity", "status", "type", "emailstatus", "metric"]),
    (
        Column::When,
        &[
            "timestamp",
            "eventtime",
            "time",
            "date",
            "actiontime",
            "occurredat",
            "clicktime",
            "opentime",
            "datetime",
        ],
    ),
];

impl Column {
    /// `None` for a heading that says nothing to us.
    pub fn of(heading: &str) -> Option<Self> {
        let plain = plain(heading);
        NAMES.iter().find(|(_, names)| names.contains(&plain.as_str())).map(|(column, _)| *column)
    }
}

/// What a row says happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum What {
    Opened,
    Clicked,
    HardBounce,
    SoftBounce,
    Unsubscribed,
}

impl What {
    /// In forms; also what a list without telling columns is of.
    pub fn of_name(name: &str) -> Option<Self> {
        Some(match name {
            "opened" => Self::Opened,
            "clicked" => Self::Clicked,
            "bounced" => Self::HardBounce,
            "unsubscribed" => Self::Unsubscribed,
            _ => return None,
        })
    }

    /// A word such as “Clicked email” or “hard_bounce”; `None` for one that says nothing to us, as “delivered”.
    pub fn of_word(word: &str) -> Option<Self> {
        let plain = plain(word);
        let has = |part: &str| plain.contains(part);
        match () {
            () if has("bounc") && has("soft") => Some(Self::SoftBounce),
            () if has("bounc") || plain == "dropped" || plain == "hard" => Some(Self::HardBounce),
            () if plain == "soft" => Some(Self::SoftBounce),
            () if has("unsub") || has("optout") || has("optedout") => Some(Self::Unsubscribed),
            () if has("click") => Some(Self::Clicked),
            () if has("open") => Some(Self::Opened),
            () => None,
        }
    }
}

/// `Email Address` and `email_address` are one name.
pub fn plain(name: &str) -> String {
    name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// How often, from what a cell of a column of counts, marks or times has.
pub fn times(cell: &str) -> u32 {
    let cell = cell.trim();
    if let Ok(number) = cell.replace([',', ' '], "").parse::<f64>() {
        return if number.is_finite() && number > 0.0 { number.min(1_000_000.0) as u32 } else { 0 };
    }
    let nothing = ["", "-", "–", "no", "false", "n", "none", "null", "never", "nan", "n/a"];
    u32::from(!nothing.contains(&cell.to_lowercase().as_str()))
}
