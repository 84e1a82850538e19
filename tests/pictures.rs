//! Copies of products' pictures, from a web server of the test's own.

#![allow(clippy::unwrap_used, reason = "a panic is how a test fails")]

mod support;

use chrono::DateTime;
use handpick::history::{Coverage, History, Reading};
use handpick::progress::Silent;
use handpick::records::Product;
use image::{ImageFormat, Rgb, RgbImage};
use std::collections::HashMap;
use std::io::{BufRead, BufReader, Cursor, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::sync::{Arc, Mutex};
use support::server::{Server, Visitor, browser};

/// Answers by path, and counts what it is asked.
#[derive(Clone)]
struct Web {
    port: u16,
    asked: Arc<Mutex<HashMap<String, usize>>>,
}

fn png(side: u32) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    RgbImage::from_pixel(side, side, Rgb([180, 40, 40])).write_to(&mut bytes, ImageFormat::Png).unwrap();
    bytes.into_inner()
}

impl Web {
    fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let web = Self { port: listener.local_addr().unwrap().port(), asked: Arc::default() };
        let own = web.clone();
        std::thread::spawn(move || {
            for line in listener.incoming().flatten() {
                let own = own.clone();
                std::thread::spawn(move || own.answer(line).ok());
            }
        });
        web
    }

    fn answer(&self, mut line: TcpStream) -> std::io::Result<()> {
        let mut head = BufReader::new(line.try_clone()?).lines();
        let first = head.next().unwrap()?;
        for other in head {
            if other?.is_empty() {
                break;
            }
        }
        let path = first.split(' ').nth(1).unwrap_or("/").to_owned();
        *self.asked.lock().unwrap().entry(path.clone()).or_default() += 1;
        let svg = b"<svg xmlns='http://www.w3.org/2000/svg'/>".to_vec();
        let (status, body) = match path.as_str() {
            "/good.png" => ("200 OK", png(1_000)),
            "/moved.png" => ("302 Found\r\nLocation: /good.png", Vec::new()),
            "/drawing.svg" => ("200 OK", svg),
            "/heavy.png" => ("200 OK", vec![0; 1_500_000]),
            _ => ("404 Not Found", Vec::new()),
        };
        write!(line, "HTTP/1.1 {status}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n", body.len())?;
        line.write_all(&body)
    }

    fn times(&self, path: &str) -> usize {
        self.asked.lock().unwrap().get(path).copied().unwrap_or(0)
    }
}

/// Products with a picture each, one without.
fn fill(folder: &Path, web: &Web) {
    let history = History::open(&folder.join("data/shops/1/history")).unwrap();
    let mut update = history.begin().unwrap();
    let product = |name: &str| Product {
        id: name.into(),
        title: format!("Product {name}"),
        image: (name != "none").then(|| format!("http://127.0.0.1:{}/{name}", web.port)),
        active: true,
        ..Product::default()
    };
    let names = ["good.png", "moved.png", "drawing.svg", "heavy.png", "gone.png", "none"];
    update.products(&names.map(product)).unwrap();
    let at = DateTime::from_timestamp(1_790_000_000, 0).unwrap();
    update.commit(&[(Reading::Products, Coverage::Everything)], at, &Silent).unwrap();
}

fn start(settings: &str, web: &Web) -> Server {
    Server::start(&format!("[pictures]\n{settings}"), |folder| fill(folder, web))
}

/// The addresses of the pictures on the page where products are chosen.
fn shown(visitor: &Visitor) -> Vec<String> {
    let campaign = visitor.new_campaign();
    let page = visitor.page(&format!("{campaign}/steps/products"));
    let images = page.split("<img src=\"").skip(1);
    let urls = images.map(|rest| rest.split('"').next().unwrap().to_owned());
    urls.filter(|url| !url.starts_with("/assets/")).collect()
}

#[test]
fn pictures_are_fetched_once_and_drawn_anew_and_what_is_missing_is_said() {
    let web = Web::start();
    let server = start("fetch = true\nallow_private = true\nmax_mb = 1\n", &web);
    let ada = server.owner();
    let copies = shown(&ada);
    assert!(copies.len() == 5 && copies.iter().all(|url| url.starts_with("/p/")), "{copies:?}");
    // As a mail program asks: nobody is signed in.
    let stranger = browser();
    let mut sizes = HashMap::new();
    for copy in copies.iter().chain(&copies) {
        let mut answer = stranger.get(format!("{}{copy}", server.url)).call().unwrap();
        assert_eq!(
            (answer.status().as_u16(), answer.headers()["content-type"].to_str().unwrap()),
            (200, "image/jpeg")
        );
        let jpeg = answer.body_mut().read_to_vec().unwrap();
        let picture = image::load_from_memory_with_format(&jpeg, ImageFormat::Jpeg).unwrap();
        *sizes.entry(picture.width()).or_insert(0) += 1;
    }
    // Two that can be had, twice each; three in whose place something quiet stands.
    assert_eq!((sizes[&640], sizes[&320]), (4, 6), "{sizes:?}");
    assert_eq!((web.times("/moved.png"), web.times("/gone.png"), web.times("/good.png")), (1, 1, 2));
    let page = ada.page("/shop/pictures");
    for why in [
        "no picture that can be read",
        "larger than 1 MB",
        "the server answers 404",
        "the shop names no picture",
    ] {
        assert!(page.contains(why), "{why}: {page}");
    }
    for wrong in ["/p/00.jpg", "/p/zz.jpg", &format!("{}0.jpg", copies[0].trim_end_matches(".jpg"))] {
        assert_eq!(stranger.get(format!("{}{wrong}", server.url)).call().unwrap().status(), 404, "{wrong}");
    }
}

#[test]
fn a_job_fetches_all_of_them() {
    let web = Web::start();
    let server = start("fetch = true\nallow_private = true\n", &web);
    let ada = server.owner();
    assert_eq!(ada.post("/shop/pictures/fetch", &[]).status(), 303);
    let page = ada.wait("/shop/pictures", |page| !page.contains("being fetched. <a"));
    assert!(page.contains("the server answers 404") && web.times("/good.png") >= 1, "{page}");
    assert_eq!(ada.adds("bo@example.com", "analyst").post("/shop/pictures/fetch", &[]).status(), 403);
}

#[test]
fn nothing_is_fetched_unless_an_admin_wants_it_nor_inside_the_network() {
    let web = Web::start();
    let off = start("fetch = false\n", &web);
    let ada = off.owner();
    assert!(shown(&ada).iter().all(|url| url.starts_with("http://127.0.0.1:")));
    assert_eq!(ada.post("/shop/pictures/fetch", &[]).status(), 409);
    let inside = start("fetch = true\n", &web);
    let bo = inside.owner();
    for copy in shown(&bo) {
        assert_eq!(bo.get(&copy).status(), 200);
    }
    assert!(bo.page("/shop/pictures").contains("inside the network"));
    assert!(web.asked.lock().unwrap().is_empty(), "the server was never asked");
}
