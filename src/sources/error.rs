//! What can go wrong between Handpick and the client's database, said so that an admin can act.

#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    #[error(
        "no database answers at {place} ({reason}). Is it running, and does the firewall let Handpick in?"
    )]
    Unreachable { place: String, reason: String },
    #[error("the database at {place} is not ready ({reason}); this usually passes")]
    NotReady { place: String, reason: String },
    #[error(
        "the database at {place} refuses the account “{user}”. Check source.user and source.password, and that the account may sign in from this machine."
    )]
    WrongPassword { place: String, user: String },
    #[error(
        "there is no database “{database}” at {place}, or the account may not see it. Check source.database."
    )]
    UnknownDatabase { place: String, database: String },
    #[error("the encrypted connection to {place} failed: {reason}. Check source.tls and source.ca_file.")]
    Tls { place: String, reason: String },
    #[error("the database file {path} cannot be read: {reason}. Check source.file.")]
    File { path: String, reason: String },
    #[error("[source] {reason}")]
    Setting { reason: String },
    #[error("the mapping “{mapping}”: there is no table “{table}” that this account can see.{hint}")]
    NoTable { mapping: String, table: String, hint: String },
    #[error("the mapping “{mapping}”, {field}: there is no column “{column}”.{hint}")]
    NoColumn { mapping: String, field: String, column: String, hint: String },
    #[error("the mapping “{mapping}”: {reason}")]
    Mapping { mapping: String, reason: String },
    #[error("the account may not read what the statement names: {answer}. Grant it SELECT.")]
    NotAllowed { answer: String },
    #[error("the database refused a statement: {answer}")]
    Refused { answer: String },
    #[error("the statement took longer than source.statement_timeout_s allows and was stopped")]
    TimedOut,
    #[error("a table stayed locked for longer than source.lock_timeout_s allows")]
    Locked,
    #[error("the connection to the database was lost ({reason}); nothing of this reading counts")]
    Lost { reason: String },
    #[error("the database sent something that cannot be understood: {reason}")]
    Garbled { reason: String },
    #[error("the account can do more than read ({}) and source.require_read_only_account is on. Make an account that has SELECT only.", powers.join("; "))]
    AccountCanWrite { powers: Vec<String> },
    #[error("stopped: {0}")]
    Stopped(String),
}

impl SourceError {
    /// True when the same attempt may succeed later without anybody changing anything: worth a retry.
    pub fn is_passing(&self) -> bool {
        matches!(
            self,
            Self::Unreachable { .. }
                | Self::NotReady { .. }
                | Self::TimedOut
                | Self::Locked
                | Self::Lost { .. }
        )
    }

    /// True when the configuration must change before anything else can be tried.
    pub fn is_configuration(&self) -> bool {
        matches!(
            self,
            Self::Setting { .. } | Self::NoTable { .. } | Self::NoColumn { .. } | Self::Mapping { .. }
        )
    }
}

/// “ Did you mean …?” with up to three of the nearest names, or the names themselves when there are few.
pub fn nearest_names<'a>(unknown: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    let folded = unknown.to_lowercase();
    let known: Vec<&str> = known.into_iter().collect();
    let mut near: Vec<(usize, &str)> = known
        .iter()
        .map(|name| {
            let other = name.to_lowercase();
            let tail = other.rsplit('.').next().unwrap_or(&other);
            // A name that contains the other (`id` for `customer_id`) is near however long it is.
            let contained = folded.len() > 1 && (other.contains(&folded) || folded.contains(tail));
            let distance =
                strsim::damerau_levenshtein(&folded, &other).min(strsim::damerau_levenshtein(&folded, tail));
            (if contained { distance.min(2) } else { distance }, *name)
        })
        .filter(|(distance, name)| *distance <= (name.chars().count() / 2).max(2))
        .collect();
    near.sort_unstable();
    near.truncate(3);
    let quoted = |names: &[&str]| names.iter().map(|name| format!("“{name}”")).collect::<Vec<_>>().join(", ");
    match near.len() {
        0 if known.is_empty() => String::new(),
        0 if known.len() <= 20 => format!(" There are: {}.", quoted(&known)),
        0 => String::new(),
        _ => format!(" Did you mean {}?", quoted(&near.iter().map(|(_, name)| *name).collect::<Vec<_>>())),
    }
}

#[cfg(test)]
mod tests {
    use super::nearest_names;

    #[test]
    fn names_the_nearest() {
        let known = ["unit_price", "customer_id", "quantity"];
        assert_eq!(nearest_names("unitprice", known), " Did you mean “unit_price”?");
        assert_eq!(nearest_names("Customer", known), " Did you mean “customer_id”?");
        assert_eq!(nearest_names("zzz", known), " There are: “unit_price”, “customer_id”, “quantity”.");
    }
}
