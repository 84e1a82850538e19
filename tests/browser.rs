//! What a person does in a browser, with a real Chromium.

#![allow(clippy::unwrap_used, reason = "a panic is how a test fails")]

mod support;

use std::path::Path;
use support::browser::{Browser, keys};

/// A page of our own as a file.
fn static_page(folder: &Path) -> String {
    let html = r#"<!doctype html><meta charset="utf-8"><title>A page</title>
        <h1>Hello</h1><input name="word"><button onclick="document.getElementById('said').textContent =
        document.querySelector('input').value">Say it</button><p id="said"></p>
        <script>setTimeout(() => document.body.insertAdjacentHTML('beforeend', '<p>Later</p>'), 300)</script>"#;
    let path = folder.join("page.html");
    std::fs::write(&path, html).unwrap();
    format!("file://{}", path.display())
}

#[test]
fn the_browser_does_what_it_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let page = static_page(folder.path());
    let browser = Browser::start();
    browser.go(&page);
    assert_eq!((browser.title().as_str(), browser.find("h1").text().as_str()), ("A page", "Hello"));
    browser.see("Later");
    browser.type_into("input", "Größe ✓");
    browser.follow("Say it");
    assert_eq!(browser.find("#said").text(), "Größe ✓");
    browser.type_into("input", "by keyboard");
    browser.press(keys::TAB);
    assert_eq!(browser.focus(), "Say it");
    browser.press(keys::ENTER);
    browser.find_text("#said", "by keyboard");
    browser.resize(390, 800);
    assert_eq!(browser.eval("return window.innerWidth"), 390);
    assert!(!browser.overflows());
    assert!(!browser.has("h2"));
    assert_eq!(browser.complaints(), Vec::<String>::new());
}

#[test]
fn a_browser_without_scripts_runs_none() {
    let folder = tempfile::tempdir().unwrap();
    let page = static_page(folder.path());
    let browser = Browser::start_without_scripts();
    browser.go(&page);
    browser.type_into("input", "quiet");
    browser.follow("Say it");
    assert_eq!(browser.find("#said").text(), "");
}
