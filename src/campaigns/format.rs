//! Which files a generation becomes, and how their cells are separated.

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    Wide,
    Long,
    JsonLines,
    Holdout,
}

impl Format {
    pub const ALL: [Format; 4] = [Self::Wide, Self::Long, Self::JsonLines, Self::Holdout];

    /// The file's name after the campaign's.
    pub const fn file(self) -> &'static str {
        match self {
            Self::Wide => "picks_wide.csv",
            Self::Long => "picks_long.csv",
            Self::JsonLines => "picks.jsonl",
            Self::Holdout => "control.csv",
        }
    }
}

/// How CSV is written: plainly, or as Excel in most of Europe expects it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Dialect {
    #[default]
    Plain,
    /// `;` between cells and a byte-order mark in front.
    Excel,
}

impl Dialect {
    pub const fn delimiter(self) -> u8 {
        match self {
            Self::Plain => b',',
            Self::Excel => b';',
        }
    }
}
