//! Keeps the floors of `src/lib.rs`: a room imports strictly lower floors, and every room stands on one.

#![allow(clippy::unwrap_used, reason = "a panic is how a test fails")]

use std::collections::HashMap;
use std::path::{Path, PathBuf};

/// Room → floor, as the table in `src/lib.rs` says.
fn floors() -> HashMap<String, u32> {
    let lib = std::fs::read_to_string("src/lib.rs").unwrap();
    let mut floors = HashMap::new();
    for line in lib.lines().filter_map(|line| line.strip_prefix("//! | ")) {
        let Some((floor, rooms)) = line.split_once(" | ") else { continue };
        let Ok(floor) = floor.trim().parse() else { continue };
        // Rooms stand in backticks: every second piece.
        for room in rooms.split('`').skip(1).step_by(2) {
            floors.insert(room.to_owned(), floor);
        }
    }
    floors
}

fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

fn room_of(path: &Path) -> String {
    let first = path.strip_prefix("src").unwrap().components().next().unwrap();
    first.as_os_str().to_string_lossy().trim_end_matches(".rs").to_owned()
}

/// The rooms that `text` names after `crate::`, also inside `use crate::{a, b::c}`.
fn imports(text: &str) -> Vec<String> {
    let mut rooms = Vec::new();
    let code: String = text
        .lines()
        .filter(|line| !line.trim_start().starts_with("//"))
        .map(|line| format!("{line}\n"))
        .collect();
    for rest in code.split("crate::").skip(1) {
        if let Some(list) = rest.strip_prefix('{') {
            let mut depth = 0;
            let mut name = String::new();
            for letter in list.chars() {
                match letter {
                    '{' => depth += 1,
                    '}' if depth == 0 => break,
                    '}' => depth -= 1,
                    ',' if depth == 0 => rooms.push(std::mem::take(&mut name)),
                    _ if depth == 0 && !letter.is_whitespace() => name.push(letter),
                    _ => {}
                }
            }
            rooms.push(name);
        } else {
            rooms.push(rest.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect());
        }
    }
    let first = |name: &String| name.split("::").next().unwrap_or_default().to_owned();
    rooms.iter().map(first).filter(|room| !room.is_empty()).collect()
}

#[test]
fn rooms_import_strictly_lower_floors() {
    let floors = floors();
    let mut found = Vec::new();
    files(Path::new("src"), &mut found);
    assert!(found.len() > 20, "the sources were not found");
    let mut faults = Vec::new();
    for path in found {
        let room = room_of(&path);
        if room == "lib" || room == "main" {
            continue;
        }
        let Some(floor) = floors.get(&room) else {
            faults.push(format!("src/{room} stands on no floor: give it one in src/lib.rs"));
            continue;
        };
        for import in imports(&std::fs::read_to_string(&path).unwrap()) {
            match floors.get(&import) {
                // The assembly's files are one room together.
                _ if import == room || *floor == 7 => {}
                Some(below) if below < floor => {}
                Some(_) => faults.push(format!("{} (floor {floor}) imports {import}", path.display())),
                None => faults.push(format!("{} imports {import}, which stands on no floor", path.display())),
            }
        }
    }
    faults.sort();
    faults.dedup();
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn imports_are_read_in_all_their_forms() {
    let text =
        "use crate::store::jobs;\nuse crate::{web, auth::{self, Admin}, ids};\nlet x = crate::money::Money;";
    assert_eq!(imports(text), ["store", "web", "auth", "ids", "money"]);
}

#[test]
fn every_file_says_what_it_is_for() {
    let mut found = Vec::new();
    files(Path::new("src"), &mut found);
    for path in found {
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(text.starts_with("//! "), "{} does not open with its sentence", path.display());
    }
}
