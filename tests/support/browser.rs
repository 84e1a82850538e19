//! A real headless Chromium, driven through chromedriver by the W3C WebDriver protocol.
//!
//! Finding waits up to ten seconds for what it looks for, so that tests say what they expect and not how long it takes.
//! Everything panics with the address and the page's text: a panic is how a test fails.

use super::{free_port, run, wait_for};
use serde_json::{Value, json};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use ureq::Agent;

const PATIENCE: Duration = Duration::from_secs(10);
const PACKAGES: &str = "chromium chromium-driver fonts-dejavu-core";
/// How WebDriver calls a reference to an element.
const ELEMENT: &str = "element-6066-11e4-a52e-4f735466cecf";

pub struct Browser {
    driver: Child,
    agent: Agent,
    session: String,
    /// The browser's profile and its downloads; removed on drop.
    folder: tempfile::TempDir,
}

/// Something on the page.
pub struct Element<'a> {
    browser: &'a Browser,
    id: String,
}

impl Browser {
    pub fn start() -> Self {
        Self::start_with(true)
    }

    /// The same browser with scripts switched off.
    pub fn start_without_scripts() -> Self {
        Self::start_with(false)
    }

    fn start_with(scripts: bool) -> Self {
        run(Command::new("chromedriver").arg("--version"), PACKAGES);
        let folder = tempfile::Builder::new().prefix("handpick-browser-").tempdir().expect("a folder");
        let port = free_port();
        let driver = Command::new("chromedriver")
            .arg(format!("--port={port}"))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("chromedriver starts");
        wait_for(port);
        let agent: Agent = Agent::config_builder()
            .http_status_as_error(false)
            .timeout_global(Some(Duration::from_secs(60)))
            .build()
            .into();
        let mut browser = Self { driver, agent, session: format!("http://127.0.0.1:{port}/session"), folder };
        let answer = browser.send("", &capabilities(browser.folder.path(), scripts));
        let id = answer["sessionId"].as_str().unwrap_or_else(|| panic!("no browser: {answer}"));
        browser.session = format!("{}/{id}", browser.session);
        browser.resize(1280, 900);
        browser
    }

    pub fn go(&self, url: &str) {
        self.post("/url", &json!({ "url": url }));
    }

    pub fn address(&self) -> String {
        self.get("/url").as_str().unwrap_or_default().to_owned()
    }

    pub fn title(&self) -> String {
        self.get("/title").as_str().unwrap_or_default().to_owned()
    }

    /// The first match of a CSS selector, as soon as it is there.
    pub fn find(&self, css: &str) -> Element<'_> {
        self.wait_for(&format!("“{css}”"), || self.all(css).into_iter().next())
    }

    /// The first match of `css` whose text contains `text`.
    pub fn find_text(&self, css: &str, text: &str) -> Element<'_> {
        let found = || self.all(css).into_iter().find(|element| element.text().contains(text));
        self.wait_for(&format!("“{css}” with “{text}”"), found)
    }

    /// All matches at this moment.
    pub fn all(&self, css: &str) -> Vec<Element<'_>> {
        let found = self.post("/elements", &json!({ "using": "css selector", "value": css }));
        let ids = found.as_array().map(Vec::as_slice).unwrap_or_default();
        let element =
            |id: &Value| Element { browser: self, id: id[ELEMENT].as_str().unwrap_or_default().into() };
        ids.iter().map(element).collect()
    }

    /// Whether something is there at this moment.
    pub fn has(&self, css: &str) -> bool {
        !self.all(css).is_empty()
    }

    pub fn click(&self, css: &str) {
        self.find(css).click();
    }

    /// Clicks the first link or button that shows `text`, and waits for the page that follows.
    pub fn follow(&self, text: &str) {
        self.find_text("a, button, summary", text).click();
    }

    /// Replaces a field's text.
    pub fn type_into(&self, css: &str, text: &str) {
        self.find(css).type_text(text);
    }

    /// Waits until the page shows `text`.
    pub fn see(&self, text: &str) {
        self.wait_for(&format!("the text “{text}”"), || self.text().contains(text).then_some(()));
    }

    /// The same with more patience, for work that takes long.
    pub fn see_within(&self, text: &str, patience: Duration) {
        self.wait_within(patience, &format!("the text “{text}”"), || {
            self.text().contains(text).then_some(())
        });
    }

    /// What the page shows.
    pub fn text(&self) -> String {
        self.eval("return document.body ? document.body.innerText : ''")
            .as_str()
            .unwrap_or_default()
            .to_owned()
    }

    /// Runs a script's body and gives what it returns.
    pub fn eval(&self, script: &str) -> Value {
        self.post("/execute/sync", &json!({ "script": script, "args": [] }))
    }

    pub fn resize(&self, width: u32, height: u32) {
        self.post("/window/rect", &json!({ "width": width, "height": height }));
        // A headless window is never narrower than 500; the view itself may be.
        let metrics = json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": false });
        let command = json!({ "cmd": "Emulation.setDeviceMetricsOverride", "params": metrics });
        self.post("/goog/cdp/execute", &command);
    }

    /// Whether the page is wider than its window: it would have to be scrolled sideways.
    pub fn overflows(&self) -> bool {
        self.eval("return document.documentElement.scrollWidth > window.innerWidth").as_bool().unwrap_or(true)
    }

    /// `dark` or `light`, as the system would ask for it.
    pub fn prefer(&self, scheme: &str) {
        let features = json!({ "features": [{ "name": "prefers-color-scheme", "value": scheme }] });
        self.post("/goog/cdp/execute", &json!({ "cmd": "Emulation.setEmulatedMedia", "params": features }));
    }

    /// Presses and releases keys one after the other, wherever the focus is. Characters, or [`keys`].
    pub fn press(&self, pressed: &str) {
        let strokes: Vec<Value> = pressed
            .chars()
            .flat_map(|key| {
                [json!({ "type": "keyDown", "value": key }), json!({ "type": "keyUp", "value": key })]
            })
            .collect();
        self.post(
            "/actions",
            &json!({ "actions": [{ "type": "key", "id": "keyboard", "actions": strokes }] }),
        );
    }

    /// What has the focus, as its text or name.
    pub fn focus(&self) -> String {
        let script = "const e = document.activeElement; return e ? (e.innerText || e.name || e.tagName) : ''";
        self.eval(script).as_str().unwrap_or_default().trim().to_owned()
    }

    /// The whole page as PNG, when `HANDPICK_SCREENSHOTS` names a folder to keep it in.
    pub fn screenshot(&self, name: &str) {
        #[expect(clippy::disallowed_methods, reason = "a test's own switch, not the product's")]
        let Ok(folder) = std::env::var("HANDPICK_SCREENSHOTS") else { return };
        // Colours fade and charts are drawn again a moment after the window has changed.
        std::thread::sleep(Duration::from_millis(600));
        let whole = json!({ "cmd": "Page.captureScreenshot", "params": { "captureBeyondViewport": true } });
        let picture = self.post("/goog/cdp/execute", &whole);
        let bytes = decode_base64(picture["data"].as_str().unwrap_or_default());
        std::fs::create_dir_all(&folder).expect("the screenshots' folder");
        std::fs::write(Path::new(&folder).join(format!("{name}.png")), bytes).expect("a screenshot");
    }

    /// What the browser complained of since the last call (scripts, refused styles, missing files). That a part of a
    /// page was no longer fetched because the page was left is no complaint, though htmx calls it one.
    pub fn complaints(&self) -> Vec<String> {
        let entries = self.post("/se/log", &json!({ "type": "browser" }));
        let entries = entries.as_array().map(Vec::as_slice).unwrap_or_default();
        entries
            .iter()
            .filter(|entry| entry["level"] == "SEVERE")
            .map(|entry| entry["message"].as_str().unwrap_or_default().to_owned())
            .filter(|message| !message.contains("htmx:sendAbort") && !message.contains("htmx:afterRequest"))
            .collect()
    }

    /// The content of a download, as soon as it is complete.
    pub fn downloaded(&self, name: &str) -> String {
        let path = self.folder.path().join("downloads").join(name);
        self.wait_for(&format!("the download {name}"), || {
            std::fs::read_to_string(&path).ok().filter(|text| !text.is_empty())
        })
    }

    /// The same of a download that is no text; a file that is being written has another name until it is whole.
    pub fn saved(&self, name: &str) -> Vec<u8> {
        let path = self.folder.path().join("downloads").join(name);
        self.wait_for(&format!("the download {name}"), || {
            std::fs::read(&path).ok().filter(|bytes| !bytes.is_empty())
        })
    }

    fn wait_for<T>(&self, what: &str, look: impl Fn() -> Option<T>) -> T {
        self.wait_within(PATIENCE, what, look)
    }

    fn wait_within<T>(&self, patience: Duration, what: &str, look: impl Fn() -> Option<T>) -> T {
        let started = Instant::now();
        loop {
            if let Some(found) = look() {
                return found;
            }
            if started.elapsed() > patience {
                panic!(
                    "{what} is not at {} after {patience:?}, which shows:\n{}",
                    self.address(),
                    self.text()
                );
            }
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    fn post(&self, path: &str, body: &Value) -> Value {
        let value = self.send(path, body);
        // An element that went away while the page changed is looked for again by whoever waits.
        let gone = ["stale element reference", "no such element"];
        match value["error"].as_str() {
            Some(error) if !gone.contains(&error) => panic!("{path}: {error}: {}", value["message"]),
            _ => value,
        }
    }

    fn send(&self, path: &str, body: &Value) -> Value {
        let url = format!("{}{path}", self.session);
        let answer = self.agent.post(&url).content_type("application/json").send(body.to_string());
        value_of(answer.unwrap_or_else(|error| panic!("{url}: {error}")))
    }

    fn get(&self, path: &str) -> Value {
        let url = format!("{}{path}", self.session);
        value_of(self.agent.get(&url).call().unwrap_or_else(|error| panic!("{url}: {error}")))
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // Closing the session ends Chromium; the driver alone would leave it running.
        let closed = self.agent.delete(&self.session).call();
        if let Err(error) = closed {
            eprintln!("the browser could not be closed: {error}");
        }
        if let Err(error) = self.driver.kill().and_then(|()| self.driver.wait()) {
            eprintln!("chromedriver could not be ended: {error}");
        }
    }
}

impl Element<'_> {
    pub fn click(&self) {
        // The pages scroll smoothly; WebDriver would click while they are on their way.
        let script = "arguments[0].scrollIntoView({ block: 'center', behavior: 'instant' })";
        self.browser.post("/execute/sync", &json!({ "script": script, "args": [{ ELEMENT: self.id }] }));
        self.post("click", &json!({}));
    }

    pub fn text(&self) -> String {
        self.get("text")
    }

    pub fn value(&self) -> String {
        self.get("property/value")
    }

    pub fn attribute(&self, name: &str) -> String {
        self.get(&format!("attribute/{name}"))
    }

    /// Replaces a field's text.
    pub fn type_text(&self, text: &str) {
        self.post("clear", &json!({}));
        self.post("value", &json!({ "text": text }));
    }

    /// Types without emptying first: dates, files (a path), selects.
    pub fn send_keys(&self, text: &str) {
        self.post("value", &json!({ "text": text }));
    }

    fn post(&self, verb: &str, body: &Value) -> Value {
        self.browser.post(&format!("/element/{}/{verb}", self.id), body)
    }

    fn get(&self, what: &str) -> String {
        self.browser.get(&format!("/element/{}/{what}", self.id)).as_str().unwrap_or_default().to_owned()
    }
}

/// Keys without a character, as WebDriver numbers them.
pub mod keys {
    pub const TAB: &str = "\u{e004}";
    pub const ENTER: &str = "\u{e007}";
    pub const ESCAPE: &str = "\u{e00c}";
    pub const SPACE: &str = " ";
    pub const HOME: &str = "\u{e011}";
    pub const DOWN: &str = "\u{e015}";
}

fn capabilities(folder: &Path, scripts: bool) -> Value {
    let args = [
        "--force-prefers-reduced-motion",
        "--headless=new",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-dev-shm-usage",
        "--disable-quic",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
    ];
    let mut args: Vec<String> = args.iter().map(|arg| (*arg).to_owned()).collect();
    args.push(format!("--user-data-dir={}", folder.join("profile").display()));
    let downloads = folder.join("downloads");
    std::fs::create_dir_all(&downloads).expect("the downloads' folder");
    let preferences = json!({
        "download.default_directory": downloads,
        "download.prompt_for_download": false,
        "profile.managed_default_content_settings.javascript": if scripts { 1 } else { 2 },
        "credentials_enable_service": false,
    });
    json!({ "capabilities": { "alwaysMatch": {
        "browserName": "chrome",
        "goog:loggingPrefs": { "browser": "SEVERE" },
        "goog:chromeOptions": { "args": args, "prefs": preferences },
    } } })
}

fn value_of(mut answer: ureq::http::Response<ureq::Body>) -> Value {
    let body = answer.body_mut().with_config().limit(64 << 20).read_to_string().expect("WebDriver answers");
    let mut value: Value = serde_json::from_str(&body).unwrap_or_else(|error| panic!("{error}: {body}"));
    value["value"].take()
}

/// The standard alphabet; anything else (line ends, padding) is passed over.
fn decode_base64(text: &str) -> Vec<u8> {
    let digit = |byte: u8| match byte {
        b'A'..=b'Z' => Some(byte - b'A'),
        b'a'..=b'z' => Some(byte - b'a' + 26),
        b'0'..=b'9' => Some(byte - b'0' + 52),
        b'+' => Some(62),
        b'/' => Some(63),
        _ => None,
    };
    let (mut bits, mut held, mut bytes) = (0u32, 0u32, Vec::with_capacity(text.len() / 4 * 3));
    for value in text.bytes().filter_map(digit) {
        bits = bits << 6 | u32::from(value);
        held += 6;
        if held >= 8 {
            held -= 8;
            bytes.push((bits >> held) as u8);
        }
    }
    bytes
}
