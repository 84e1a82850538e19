//! The only SQL Handpick sends: SELECTs built here, around a table or around a checked SELECT of the mapping.

use super::Dialect;

/// `"name"` or `` `name` ``.
pub fn quote(name: &str, dialect: Dialect) -> String {
    match dialect {
        Dialect::Mysql => format!("`{}`", name.replace('`', "``")),
        Dialect::Postgres | Dialect::Sqlite => format!("\"{}\"", name.replace('"', "\"\"")),
    }
}

/// A table's name with its schema, each part quoted: `public.orders`, or `shop."odd.name"`.
pub fn quote_table(table: &str, dialect: Dialect) -> String {
    let mut parts = vec![String::new()];
    let mut quoted = false;
    for c in table.trim().chars() {
        match c {
            '"' | '`' => quoted = !quoted,
            '.' if !quoted => parts.push(String::new()),
            other => parts.last_mut().expect("invariant: there is always a part").push(other),
        }
    }
    parts.iter().map(|part| quote(part, dialect)).collect::<Vec<_>>().join(".")
}

/// Words that start or hide a statement which does more than read.
const FORBIDDEN: [&str; 33] = [
    "insert",
    "update",
    "delete",
    "merge",
    "truncate",
    "drop",
    "alter",
    "create",
    "grant",
    "revoke",
    "copy",
    "call",
    "do",
    "execute",
    "prepare",
    "lock",
    "set",
    "reset",
    "attach",
    "detach",
    "pragma",
    "vacuum",
    "reindex",
    "into",
    "begin",
    "commit",
    "rollback",
    "savepoint",
    "listen",
    "notify",
    "handler",
    "load",
    "share",
];

/// Functions that act, wait or read files, although a SELECT may call them.
const FORBIDDEN_FUNCTIONS: [&str; 14] = [
    "set_config",
    "nextval",
    "setval",
    "pg_sleep",
    "sleep",
    "benchmark",
    "get_lock",
    "load_file",
    "load_extension",
    "pg_read_file",
    "pg_terminate_backend",
    "pg_cancel_backend",
    "query_to_xml",
    "lo_import",
];

/// Functions whose names are also statements.
const HARMLESS_FUNCTIONS: [&str; 3] = ["replace", "insert", "truncate"];

/// One SELECT, without what would make it more than one or more than a SELECT.
///
/// This is the second of three fences; the session's read-only transaction is the first, and it does not depend on
/// whether this one understood every corner of a server's grammar.
pub fn checked_select(select: &str, dialect: Dialect) -> Result<String, String> {
    let text = select.trim().trim_end_matches(';').trim_end();
    let words = words(text, dialect)?;
    let first = words.first().map(|(word, _)| word.as_str()).unwrap_or_default();
    if !matches!(first, "select" | "with") {
        return Err("`select` must be one SELECT statement (it may start with WITH)".to_owned());
    }
    for (word, called) in &words {
        let function = *called && HARMLESS_FUNCTIONS.contains(&word.as_str());
        if FORBIDDEN.contains(&word.as_str()) && !function {
            let shown = word.to_uppercase();
            return Err(format!(
                "`select` contains the word {shown}; Handpick only reads. Quote it if it is a column's name."
            ));
        }
        if FORBIDDEN_FUNCTIONS.contains(&word.as_str())
            || word.starts_with("dblink")
            || word.starts_with("pg_advisory")
        {
            return Err(format!("`select` calls {word}, which does more than read"));
        }
    }
    Ok(text.to_owned())
}

/// The words outside literals, quoted names and comments, in lower case, and whether a parenthesis follows each.
fn words(text: &str, dialect: Dialect) -> Result<Vec<(String, bool)>, String> {
    let bytes = text.as_bytes();
    let mut found: Vec<(String, bool)> = Vec::new();
    let (mut at, mut depth) = (0, 0i32);
    while let Some(&byte) = bytes.get(at) {
        let rest = &text[at..];
        match byte {
            b'\'' | b'"' | b'`' => at += quoted_length(rest, byte, dialect)?,
            b'-' if rest.starts_with("--") => at += rest.find('\n').unwrap_or(rest.len()),
            b'#' if dialect == Dialect::Mysql => at += rest.find('\n').unwrap_or(rest.len()),
            b'/' if rest.starts_with("/*!") || rest.starts_with("/*M!") => {
                return Err("`select` contains a comment that the server would execute".to_owned());
            }
            b'/' if rest.starts_with("/*") => {
                at += rest.find("*/").ok_or("`select` contains a comment that does not end")? + 2;
            }
            b'$' if dialect == Dialect::Postgres => at += dollar_quoted_length(rest)?,
            b';' => return Err("`select` contains a semicolon; it must be one statement".to_owned()),
            b'(' => {
                if let Some(last) = found.last_mut() {
                    last.1 |= text[..at].trim_end().to_lowercase().ends_with(&last.0);
                }
                (at, depth) = (at + 1, depth + 1);
            }
            b')' => {
                (at, depth) = (at + 1, depth - 1);
                if depth < 0 {
                    return Err("`select` closes a parenthesis that it did not open".to_owned());
                }
            }
            byte if byte.is_ascii_alphabetic() || byte == b'_' || byte >= 0x80 => {
                let is_part = |c: char| c.is_alphanumeric() || matches!(c, '_' | '$');
                let length = rest
                    .find(|c| !is_part(c))
                    .unwrap_or(rest.len())
                    .max(rest.chars().next().map_or(1, char::len_utf8));
                found.push((rest[..length].to_lowercase(), false));
                at += length;
            }
            _ => at += 1,
        }
    }
    if depth == 0 { Ok(found) } else { Err("`select` opens a parenthesis that it does not close".to_owned()) }
}

fn quoted_length(rest: &str, quote: u8, dialect: Dialect) -> Result<usize, String> {
    let bytes = rest.as_bytes();
    let mut at = 1;
    while let Some(&byte) = bytes.get(at) {
        if byte == b'\\' && dialect == Dialect::Mysql && quote != b'`' {
            at += 2;
        } else if byte == quote {
            if bytes.get(at + 1) != Some(&quote) {
                return Ok(at + 1);
            }
            at += 2;
        } else {
            at += 1;
        }
    }
    Err("`select` contains a quotation mark without its partner".to_owned())
}

/// `$$ … $$` and `$tag$ … $tag$`; a lone dollar is one byte.
fn dollar_quoted_length(rest: &str) -> Result<usize, String> {
    let Some(end) = rest[1..].find('$') else { return Ok(1) };
    let tag = &rest[..end + 2];
    if !tag[1..end + 1].bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_') {
        return Ok(1);
    }
    let length = rest[tag.len()..].find(tag).ok_or("`select` contains a $-quotation that does not end")?;
    Ok(length + 2 * tag.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn admits_reading() {
        for select in [
            "SELECT id, replace(name, ';', 'delete') AS \"update\" FROM t -- drop\n WHERE a = 'it''s; drop'",
            "with x as (select 1 as id) select id from x;",
            "SELECT updated_at, created FROM orders",
            "SELECT $$ ; drop $$ AS a, 1 AS b",
        ] {
            assert!(checked_select(select, Dialect::Postgres).is_ok(), "{select}");
        }
        assert!(checked_select("SELECT 'a\\'; drop' AS a # delete", Dialect::Mysql).is_ok());
    }

    #[test]
    fn refuses_everything_else() {
        for select in [
            "DELETE FROM t",
            "SELECT 1; DROP TABLE t",
            "WITH gone AS (DELETE FROM t RETURNING *) SELECT * FROM gone",
            "SELECT * INTO copy_of FROM t",
            "SELECT * FROM t FOR UPDATE",
            "SELECT 1) AS a; (SELECT 2",
            "SELECT 1) AS handpick UNION (SELECT 2",
            "SELECT /*! 1 INTO OUTFILE '/tmp/x' */ 1",
            "SELECT nextval('s')",
            "SELECT set_config('transaction_read_only', 'off', true)",
            "SELECT 'open",
            "",
        ] {
            assert!(checked_select(select, Dialect::Mysql).is_err(), "{select}");
            assert!(checked_select(select, Dialect::Postgres).is_err(), "{select}");
        }
    }

    #[test]
    fn names_are_quoted_part_by_part() {
        assert_eq!(quote_table("shop.Orders", Dialect::Postgres), "\"shop\".\"Orders\"");
        assert_eq!(quote_table("a`; drop", Dialect::Mysql), "`a; drop`");
        assert_eq!(quote_table("shop.\"odd.name\"", Dialect::Sqlite), "\"shop\".\"odd.name\"");
        assert_eq!(quote("we\"ird", Dialect::Sqlite), "\"we\"\"ird\"");
    }

    proptest::proptest! {
        #[test]
        fn no_select_is_too_strange(text in "\\PC{0,60}", tail in "[-/*'\"`$a-z;() \n#\\\\é]{0,40}") {
            for dialect in [Dialect::Postgres, Dialect::Mysql, Dialect::Sqlite] {
                let checked = checked_select(&format!("SELECT {text}{tail}"), dialect);
                proptest::prop_assert!(checked.is_err() || !tail.is_empty() || !text.contains(';') || text.contains(['\'', '"', '`', '-', '/', '$', '#']) || text.ends_with(';') );
            }
        }
    }
}
