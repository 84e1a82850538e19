//! Reads the end of the JSON log files, newest line first, in bounded memory.

use crate::telemetry::{FILE_PREFIX, FILE_SUFFIX};
use chrono::{DateTime, Utc};
use serde_json::Value;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

/// Read at once from a file's end.
const BLOCK: u64 = 256 << 10;
/// A filter that matches little gives up after so much.
const READ_AT_MOST: u64 = 64 << 20;
/// A longer line is cut by whoever wrote it; here it is skipped.
const LINE_AT_MOST: usize = 1 << 20;

/// Which lines are wanted. Empty text matches all.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// The least serious level that is shown.
    pub level: String,
    pub text: String,
    pub request: String,
    pub job: String,
    pub from: Option<DateTime<Utc>>,
    pub until: Option<DateTime<Utc>>,
}

#[derive(Debug, Clone)]
pub struct Line {
    pub at: Option<DateTime<Utc>>,
    pub level: String,
    pub message: String,
    pub request: String,
    pub job: String,
    /// The other fields, `key=value`.
    pub fields: String,
}

pub struct Found {
    pub lines: Vec<Line>,
    /// There are more that match.
    pub more: More,
}

#[derive(Debug, PartialEq, Eq)]
pub enum More {
    Nothing,
    Lines,
    /// Enough was read; older lines were not looked at.
    NotLookedAt,
}

/// The newest `at_most` matching lines after skipping `skip` of them.
pub fn newest(folder: &Path, filter: &Filter, skip: usize, at_most: usize) -> io::Result<Found> {
    let mut found = Found { lines: Vec::new(), more: More::Nothing };
    let mut to_skip = skip;
    let mut budget = READ_AT_MOST;
    for path in files(folder)? {
        let mut end = Backwards::open(&path)?;
        while let Some(text) = end.line(&mut budget)? {
            let Some(line) = parse(&text).filter(|line| matches(line, &text, filter)) else { continue };
            if to_skip > 0 {
                to_skip -= 1;
            } else if found.lines.len() == at_most {
                found.more = More::Lines;
                return Ok(found);
            } else {
                found.lines.push(line);
            }
        }
        if budget == 0 {
            found.more = More::NotLookedAt;
            return Ok(found);
        }
    }
    Ok(found)
}

/// Newest first: the day is in the name.
fn files(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        if name.starts_with(FILE_PREFIX) && name.ends_with(FILE_SUFFIX) {
            files.push(path);
        }
    }
    files.sort();
    files.reverse();
    Ok(files)
}

/// A file's lines from the last to the first.
struct Backwards {
    file: File,
    /// What lies before this offset is not read yet.
    unread: u64,
    held: Vec<u8>,
}

impl Backwards {
    fn open(path: &Path) -> io::Result<Self> {
        let mut file = File::open(path)?;
        let unread = file.seek(SeekFrom::End(0))?;
        Ok(Self { file, unread, held: Vec::new() })
    }

    fn line(&mut self, budget: &mut u64) -> io::Result<Option<String>> {
        loop {
            if let Some(at) = self.held.iter().rposition(|byte| *byte == b'\n') {
                let line = self.held.split_off(at + 1);
                self.held.truncate(at);
                if line.is_empty() {
                    continue;
                }
                return Ok(Some(String::from_utf8_lossy(&line).into_owned()));
            }
            if self.unread == 0 || *budget == 0 {
                let line = std::mem::take(&mut self.held);
                let whole = self.unread == 0 && !line.is_empty();
                return Ok(whole.then(|| String::from_utf8_lossy(&line).into_owned()));
            }
            if self.held.len() > LINE_AT_MOST {
                self.held.clear();
            }
            let size = BLOCK.min(self.unread).min(*budget);
            *budget -= size;
            self.unread -= size;
            self.file.seek(SeekFrom::Start(self.unread))?;
            let mut block = vec![0; size as usize];
            self.file.read_exact(&mut block)?;
            block.append(&mut self.held);
            self.held = block;
        }
    }
}

fn parse(text: &str) -> Option<Line> {
    let value: Value = serde_json::from_str(text).ok()?;
    let object = value.as_object()?;
    let shown = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    // The innermost span that has the key.
    let in_spans = |key: &str| {
        let spans = object.get("spans").and_then(Value::as_array);
        spans.and_then(|all| all.iter().rev().find_map(|span| span.get(key))).map(shown).unwrap_or_default()
    };
    const OWN: [&str; 6] = ["timestamp", "level", "message", "target", "span", "spans"];
    let fields: Vec<String> = object
        .iter()
        .filter(|(key, _)| !OWN.contains(&key.as_str()))
        .map(|(key, value)| format!("{key}={}", shown(value)))
        .chain(
            ["method", "path", "kind"]
                .into_iter()
                .map(|key| format!("{key}={}", in_spans(key)))
                .filter(|field| !field.ends_with('=')),
        )
        .collect();
    Some(Line {
        at: object.get("timestamp").and_then(Value::as_str).and_then(|at| at.parse().ok()),
        level: object.get("level").map(shown).unwrap_or_default(),
        message: object.get("message").map(shown).unwrap_or_default(),
        request: in_spans("request"),
        job: in_spans("job"),
        fields: fields.join(" "),
    })
}

fn matches(line: &Line, text: &str, filter: &Filter) -> bool {
    let rank = |level: &str| ["ERROR", "WARN", "INFO", "DEBUG", "TRACE"].iter().position(|l| *l == level);
    let serious = rank(&filter.level).is_none_or(|least| rank(&line.level).is_some_and(|r| r <= least));
    let in_time = filter.from.is_none_or(|from| line.at.is_some_and(|at| at >= from))
        && filter.until.is_none_or(|until| line.at.is_some_and(|at| at < until));
    serious
        && in_time
        && (filter.request.is_empty() || line.request == filter.request)
        && (filter.job.is_empty() || line.job == filter.job)
        && (filter.text.is_empty() || text.to_lowercase().contains(&filter.text.to_lowercase()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_newest_first_across_files_and_filters() {
        let folder = tempfile::tempdir().unwrap();
        let line = |n: u32, level: &str| {
            format!(
                "{{\"timestamp\":\"2026-11-2{n}T10:00:00Z\",\"level\":\"{level}\",\"message\":\"line {n}\",\
                 \"spans\":[{{\"job\":\"{n}\",\"name\":\"job\"}}]}}\n"
            )
        };
        std::fs::write(folder.path().join("handpick.2026-11-21.jsonl"), line(1, "INFO") + &line(2, "ERROR"))
            .unwrap();
        std::fs::write(folder.path().join("handpick.2026-11-23.jsonl"), line(3, "WARN") + "half a li")
            .unwrap();
        let messages = |filter: &Filter, skip, at_most| {
            let found = newest(folder.path(), filter, skip, at_most).unwrap();
            (found.lines.into_iter().map(|line| line.message).collect::<Vec<_>>(), found.more)
        };
        let all = Filter::default();
        assert_eq!(
            messages(&all, 0, 9),
            (vec!["line 3".into(), "line 2".into(), "line 1".into()], More::Nothing)
        );
        assert_eq!(messages(&all, 1, 1), (vec!["line 2".into()], More::Lines));
        let serious = Filter { level: "ERROR".into(), ..Filter::default() };
        assert_eq!(messages(&serious, 0, 9).0, ["line 2"]);
        let of_job = Filter { job: "1".into(), ..Filter::default() };
        assert_eq!(messages(&of_job, 0, 9).0, ["line 1"]);
    }
}
