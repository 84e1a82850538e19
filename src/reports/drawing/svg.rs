//! A drawing as SVG. Its colours stand in the marks, so that it can be taken along as a file; on a page the classes replace
//! them by those of the light or dark look.

use super::{Anchor, Drawing, Ink, Mark, Point};

impl Ink {
    const fn class(self) -> &'static str {
        match self {
            Self::Word => "ink-word",
            Self::Muted => "ink-muted",
            Self::Grid => "ink-grid",
            Self::First => "ink-1",
            Self::Second => "ink-2",
        }
    }

    fn hex(self) -> String {
        let [red, green, blue] = self.rgb();
        format!("#{red:02x}{green:02x}{blue:02x}")
    }
}

impl Drawing {
    /// One `<svg>` element; `title` is read out to whoever cannot see it.
    pub fn svg(&self, title: &str) -> String {
        let (width, height) = (self.width, self.height);
        let mut svg = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"drawing\" viewBox=\"0 0 {width} {height}\" width=\"{width}\" height=\"{height}\" \
             role=\"img\" aria-label=\"{}\" font-family=\"system-ui, sans-serif\">",
            escape(title)
        );
        self.marks.iter().for_each(|mark| svg += &one(mark));
        svg + "</svg>"
    }
}

fn one(mark: &Mark) -> String {
    match mark {
        Mark::Line { points, width, ink, dashed } => {
            let dash = if *dashed { " stroke-dasharray=\"5 4\"" } else { "" };
            format!(
                "<polyline class=\"{} is-line\" fill=\"none\" stroke=\"{}\" stroke-width=\"{width}\"{dash} points=\"{}\"/>",
                ink.class(),
                ink.hex(),
                places(points)
            )
        }
        Mark::Area { points, ink, opacity } => {
            let opacity =
                if *opacity < 1.0 { format!(" fill-opacity=\"{opacity:.2}\"") } else { String::new() };
            format!(
                "<polygon class=\"{}\" fill=\"{}\"{opacity} points=\"{}\"/>",
                ink.class(),
                ink.hex(),
                places(points)
            )
        }
        Mark::Dot { at, radius, ink } => {
            let (class, hex) = (ink.class(), ink.hex());
            format!(
                "<circle class=\"{class}\" fill=\"{hex}\" cx=\"{:.1}\" cy=\"{:.1}\" r=\"{radius:.1}\"/>",
                at.0, at.1
            )
        }
        Mark::Words { at, text, size, ink, anchor } => {
            let anchor = match anchor {
                Anchor::Start => "start",
                Anchor::Middle => "middle",
                Anchor::End => "end",
            };
            format!(
                "<text class=\"{}\" fill=\"{}\" font-size=\"{size}\" text-anchor=\"{anchor}\" x=\"{:.1}\" y=\"{:.1}\">{}</text>",
                ink.class(),
                ink.hex(),
                at.0,
                at.1,
                escape(text)
            )
        }
    }
}

fn places(points: &[Point]) -> String {
    let place = |(x, y): &Point| format!("{x:.1},{y:.1}");
    points.iter().map(place).collect::<Vec<_>>().join(" ")
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_escaped() {
        let mut drawing = Drawing::new(10.0, 10.0);
        drawing.words((1.0, 2.0), "<b>&\"", 11.0, Ink::Word, Anchor::Start);
        let svg = drawing.svg("a \"b\" <c>");
        assert!(svg.contains("&lt;b&gt;&amp;&quot;</text>"), "{svg}");
        assert!(svg.contains("aria-label=\"a &quot;b&quot; &lt;c&gt;\""), "{svg}");
    }
}
