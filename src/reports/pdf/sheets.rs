//! Sheets being filled from the top: what stands where on which page, and what it is to whoever has it read out.

use super::face::{Faces, Weight};
use crate::reports::drawing::{Anchor, Drawing, Ink, Mark, Point};

/// A4, in points.
pub const WIDTH: f64 = 595.0;
pub const HEIGHT: f64 = 842.0;
pub const LEFT: f64 = 52.0;
pub const RIGHT: f64 = WIDTH - 52.0;
const TOP: f64 = 56.0;
pub const BOTTOM: f64 = HEIGHT - 62.0;

/// What a part of the document is.
#[derive(Debug, Clone, PartialEq)]
pub enum Role {
    Heading(u16, String),
    Paragraph,
    /// With what it shows in words.
    Figure(String),
    Table,
    Row,
    ColumnHead,
    RowHead,
    Cell,
}

/// A part with what it is made of.
#[derive(Debug)]
pub struct Element {
    pub role: Role,
    pub children: Vec<Child>,
}

#[derive(Debug, Clone, Copy)]
pub enum Child {
    Element(usize),
    /// The piece so many on that page.
    Piece {
        page: usize,
        at: usize,
    },
}

/// Marks that belong together; `None` is decoration that is not read out.
#[derive(Debug)]
pub struct Piece {
    pub is_read: bool,
    pub weight: Weight,
    pub marks: Vec<Mark>,
    /// Left, top, width and height of the shop's logo, which is all of this piece.
    pub logo: Option<[f64; 4]>,
}

pub struct Sheets {
    pub faces: Faces,
    pub pages: Vec<Vec<Piece>>,
    /// The first is the document.
    pub elements: Vec<Element>,
    open: Vec<usize>,
    /// Headings of the second level: name, page, height.
    pub outline: Vec<(String, usize, f64)>,
    pub y: f64,
}

impl Sheets {
    pub fn new(faces: Faces) -> Self {
        Self {
            faces,
            pages: vec![Vec::new()],
            elements: vec![Element { role: Role::Paragraph, children: Vec::new() }],
            open: vec![0],
            outline: Vec::new(),
            y: TOP,
        }
    }

    /// Everything that `fill` puts down belongs to the part.
    pub fn part<T>(&mut self, role: Role, fill: impl FnOnce(&mut Self) -> T) -> T {
        let number = self.elements.len();
        self.elements.push(Element { role, children: Vec::new() });
        let parent = self.open.last().copied().unwrap_or(0);
        self.elements[parent].children.push(Child::Element(number));
        self.open.push(number);
        let answer = fill(self);
        self.open.pop();
        answer
    }

    pub fn put(&mut self, weight: Weight, marks: Vec<Mark>) {
        let page = self.pages.len() - 1;
        let at = self.pages[page].len();
        self.pages[page].push(Piece { is_read: true, weight, marks, logo: None });
        let parent = self.open.last().copied().unwrap_or(0);
        self.elements[parent].children.push(Child::Piece { page, at });
    }

    /// The shop's logo.
    pub fn put_logo(&mut self, place: [f64; 4]) {
        self.put(Weight::Regular, Vec::new());
        if let Some(piece) = self.pages.last_mut().and_then(|page| page.last_mut()) {
            piece.logo = Some(place);
        }
    }

    pub fn decorate(&mut self, weight: Weight, marks: Vec<Mark>) {
        let page = self.pages.len() - 1;
        self.pages[page].push(Piece { is_read: false, weight, marks, logo: None });
    }

    /// Goes to the next page when less than `height` is left on this one; answers whether it did.
    pub fn need(&mut self, height: f64) -> bool {
        let is_full = self.y + height > BOTTOM && self.y > TOP;
        if is_full {
            self.pages.push(Vec::new());
            self.y = TOP;
        }
        is_full
    }

    pub fn heading(&mut self, level: u16, text: &str, size: f64) {
        self.need(size * 6.0);
        if level == 2 {
            self.outline.push((text.to_owned(), self.pages.len() - 1, self.y));
        }
        self.part(Role::Heading(level, text.to_owned()), |sheets| {
            sheets.lines(text, (LEFT, RIGHT), size, Ink::Word, Weight::Bold);
        });
    }

    pub fn paragraph(&mut self, text: &str, size: f64, ink: Ink, weight: Weight) {
        if !text.is_empty() {
            self.part(Role::Paragraph, |sheets| sheets.lines(text, (LEFT, RIGHT), size, ink, weight));
        }
    }

    /// Text between two edges, line below line, over the end of a page when it must.
    pub fn lines(&mut self, text: &str, (left, right): (f64, f64), size: f64, ink: Ink, weight: Weight) {
        for line in self.faces.of(weight).wrap(text, size, right - left) {
            self.need(size * 1.4);
            self.y += size * 1.4;
            let at = (left, self.y - size * 0.35);
            self.put(weight, vec![Mark::Words { at, text: line, size, ink, anchor: Anchor::Start }]);
        }
    }

    /// A chart over the whole width, smaller when it is narrower.
    pub fn figure(&mut self, drawing: &Drawing, alt: String) {
        let factor = ((RIGHT - LEFT) / drawing.width).min(1.0);
        self.need(drawing.height * factor + 8.0);
        let corner = (LEFT, self.y);
        self.part(Role::Figure(alt), |sheets| sheets.put(Weight::Regular, moved(drawing, factor, corner)));
        self.y += drawing.height * factor + 8.0;
    }
}

/// A drawing's marks, made smaller, from `corner` on.
pub fn moved(drawing: &Drawing, factor: f64, corner: Point) -> Vec<Mark> {
    let place = |at: Point| (corner.0 + at.0 * factor, corner.1 + at.1 * factor);
    let all = |points: &[Point]| points.iter().map(|at| place(*at)).collect();
    let moved = |mark: &Mark| match mark {
        Mark::Line { points, width, ink, dashed } => {
            Mark::Line { points: all(points), width: width * factor, ink: *ink, dashed: *dashed }
        }
        Mark::Area { points, ink, opacity } => {
            Mark::Area { points: all(points), ink: *ink, opacity: *opacity }
        }
        Mark::Dot { at, radius, ink } => Mark::Dot { at: place(*at), radius: radius * factor, ink: *ink },
        Mark::Words { at, text, size, ink, anchor } => Mark::Words {
            at: place(*at),
            text: text.clone(),
            size: size * factor,
            ink: *ink,
            anchor: *anchor,
        },
    };
    drawing.marks.iter().map(moved).collect()
}
