//! Product pictures, drawn: a shape for the category, colours and pattern from the product's id.

use super::dice::mixed;

/// (background, body, shade, accent)
const PALETTES: [[&str; 4]; 12] = [
    ["#f4efe6", "#7d8f69", "#5f7050", "#e9c46a"],
    ["#f1f3f5", "#33658a", "#274d69", "#f6ae2d"],
    ["#fbeee6", "#c8553d", "#9f3f2b", "#f2d0a4"],
    ["#eef4ef", "#2f6f5e", "#235446", "#e7b98f"],
    ["#f6f0f4", "#8d5a7b", "#6c435e", "#f3c9b5"],
    ["#fdf5e0", "#d9a441", "#b07f26", "#5b7b7a"],
    ["#eef1f6", "#4a5568", "#323b4a", "#e2856e"],
    ["#f7f2ea", "#a47551", "#7f583b", "#d9c5a0"],
    ["#eaf4f6", "#4f9da6", "#39767d", "#ffd6a5"],
    ["#f8efee", "#b56576", "#8f4a59", "#eac7c7"],
    ["#f2f4ea", "#98a349", "#747d33", "#c96f4a"],
    ["#f0eef6", "#6d6a9c", "#514e78", "#f4c095"],
];

/// The picture of product `id` as an SVG of 160 × 160; `None` for a shape that is not drawn here. Only letters,
/// figures and hyphens of `id` matter, and nothing of it is written into the picture.
pub fn picture(shape: &str, id: &str) -> Option<String> {
    let (_, parts) = SHAPES.iter().find(|(name, _)| *name == shape)?;
    let bytes: Vec<u64> = id.bytes().map(u64::from).collect();
    let chance = mixed(&bytes);
    let [background, body, shade, accent] = PALETTES[(chance % PALETTES.len() as u64) as usize];
    let scale = 0.94 + (chance >> 8 & 15) as f64 * 0.008;
    let pattern = pattern(chance >> 16 & 3);
    let drawn = parts
        .replace("BODY", "url(#p)")
        .replace("MAIN", body)
        .replace("SHADE", shade)
        .replace("ACCENT", accent);
    Some(format!(
        r##"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 160 160" width="160" height="160"><defs><pattern id="p" width="16" height="16" patternUnits="userSpaceOnUse"><rect width="16" height="16" fill="{body}"/><g fill="{accent}" stroke="{accent}" opacity=".55">{pattern}</g></pattern></defs><rect width="160" height="160" fill="{background}"/><circle cx="112" cy="50" r="62" fill="#fff" opacity=".45"/><ellipse cx="80" cy="138" rx="48" ry="5" fill="{shade}" opacity=".18"/><g transform="translate(80 136) scale({scale:.3}) translate(-80 -136)" stroke-linecap="round" stroke-linejoin="round">{drawn}</g></svg>"##
    ))
}

fn pattern(kind: u64) -> &'static str {
    match kind {
        0 => r#"<path d="M0 8h16" stroke-width="3"/>"#,
        1 => {
            r#"<circle cx="4" cy="4" r="1.8" stroke="none"/><circle cx="12" cy="12" r="1.8" stroke="none"/>"#
        }
        2 => r#"<path d="M0 16L16 0" stroke-width="1.6"/>"#,
        _ => "",
    }
}

/// The shapes in SVG, with words where colours go: BODY is the patterned body, MAIN the plain one.
#[rustfmt::skip]
const SHAPES: &[(&str, &str)] = &[
    ("bottle", r#"<path d="M71 26h18v26c0 12 13 14 13 30v48a6 6 0 0 1-6 6H64a6 6 0 0 1-6-6V82c0-16 13-18 13-30z" fill="MAIN"/><path d="M71 26h18v15H71z" fill="SHADE"/><path d="M58 86h44v32H58z" fill="ACCENT"/><path d="M66 96h28M70 104h20" stroke="SHADE" stroke-width="3" fill="none"/><path d="M65 80v50" stroke="white" stroke-width="3" opacity=".35"/>"#),
    ("mug", r#"<path d="M104 76c26-6 30 36 0 36" fill="none" stroke="SHADE" stroke-width="9"/><path d="M44 62h62v58a16 16 0 0 1-16 16H60a16 16 0 0 1-16-16z" fill="BODY"/><ellipse cx="75" cy="62" rx="31" ry="8" fill="SHADE"/><ellipse cx="75" cy="63" rx="25" ry="5" fill="ACCENT" opacity=".6"/><path d="M64 46c-5-8 5-10 0-18M84 46c-5-8 5-10 0-18" fill="none" stroke="SHADE" stroke-width="3" opacity=".4"/>"#),
    ("glass", r#"<path d="M56 30h48c4 34-4 56-24 56S52 64 56 30z" fill="white" opacity=".75"/><path d="M55 52h50c-1 20-9 34-25 34S56 72 55 52z" fill="MAIN"/><path d="M80 86v46" stroke="SHADE" stroke-width="5" opacity=".5"/><path d="M58 135h44" stroke="SHADE" stroke-width="5" opacity=".6"/><path d="M56 30h48c4 34-4 56-24 56S52 64 56 30z" fill="none" stroke="SHADE" stroke-width="2.5" opacity=".5"/>"#),
    ("plate", r#"<circle cx="80" cy="84" r="54" fill="SHADE"/><circle cx="80" cy="82" r="54" fill="BODY"/><circle cx="80" cy="82" r="36" fill="MAIN"/><circle cx="80" cy="82" r="36" fill="none" stroke="white" stroke-width="2" opacity=".6"/><path d="M58 68a28 28 0 0 1 20-14" stroke="white" stroke-width="4" fill="none" opacity=".5"/>"#),
    ("pan", r#"<path d="M108 92l46-20" stroke="SHADE" stroke-width="10"/><path d="M14 84h98c0 30-16 46-49 46S14 114 14 84z" fill="MAIN"/><ellipse cx="63" cy="84" rx="49" ry="14" fill="SHADE"/><ellipse cx="63" cy="86" rx="40" ry="9" fill="ACCENT" opacity=".55"/>"#),
    ("casserole", r#"<path d="M24 92h-8M144 92h-8" stroke="SHADE" stroke-width="9"/><path d="M28 80h104v38a18 18 0 0 1-18 18H46a18 18 0 0 1-18-18z" fill="BODY"/><path d="M24 80c4-24 108-24 112 0z" fill="MAIN"/><path d="M24 80h112" stroke="SHADE" stroke-width="5"/><circle cx="80" cy="56" r="7" fill="ACCENT"/>"#),
    ("board", r#"<path d="M70 18h20a6 6 0 0 1 6 6v24h14a8 8 0 0 1 8 8v72a8 8 0 0 1-8 8H50a8 8 0 0 1-8-8V56a8 8 0 0 1 8-8h14V24a6 6 0 0 1 6-6z" fill="ACCENT"/><path d="M54 62c12 14 8 40 0 62M72 58c12 20 8 46 2 68M92 58c10 22 8 46 0 68M106 64c4 18 4 40 0 60" stroke="SHADE" stroke-width="2.4" fill="none" opacity=".4"/><circle cx="80" cy="30" r="5" fill="SHADE"/>"#),
    ("knife", r#"<g transform="rotate(38 80 80)"><path d="M70 12c22 8 24 40 22 72H70z" fill="white"/><path d="M70 12c22 8 24 40 22 72H70z" fill="SHADE" opacity=".25"/><path d="M70 12v72" stroke="SHADE" stroke-width="2"/><rect x="68" y="84" width="24" height="56" rx="8" fill="MAIN"/><path d="M80 96v.1M80 112v.1M80 128v.1" stroke="ACCENT" stroke-width="6"/></g>"#),
    ("jar", r#"<rect x="50" y="28" width="60" height="18" rx="5" fill="SHADE"/><path d="M48 46h64c8 6 10 10 10 18v58a14 14 0 0 1-14 14H52a14 14 0 0 1-14-14V64c0-8 2-12 10-18z" fill="ACCENT"/><path d="M38 78h84v32H38z" fill="white" opacity=".85"/><path d="M56 90h48M64 99h32" stroke="MAIN" stroke-width="4"/><path d="M48 58v8" stroke="white" stroke-width="4" opacity=".7"/>"#),
    ("teapot", r#"<path d="M116 84c34-14 34 36-2 38" fill="none" stroke="SHADE" stroke-width="8"/><path d="M44 96L18 66l-6 4c8 30 16 46 36 50z" fill="MAIN"/><path d="M40 96c0-48 80-48 80 0 0 24-12 40-40 40S40 120 40 96z" fill="BODY"/><path d="M56 66c8-12 40-12 48 0z" fill="SHADE"/><circle cx="80" cy="52" r="7" fill="ACCENT"/>"#),
    ("kettle", r#"<path d="M54 66c0-52 56-52 56 0" fill="none" stroke="SHADE" stroke-width="7"/><path d="M112 122c22-6 8-48 32-56" fill="none" stroke="MAIN" stroke-width="9"/><path d="M52 66h60l10 62a8 8 0 0 1-8 8H50a8 8 0 0 1-8-8z" fill="MAIN"/><path d="M50 66h64l2 10H48z" fill="SHADE"/><circle cx="82" cy="62" r="6" fill="ACCENT"/><path d="M56 88l-4 34" stroke="white" stroke-width="4" opacity=".4"/>"#),
    ("cutlery", r#"<g fill="none" stroke="MAIN" stroke-width="6"><path d="M50 134V74M40 26v26a10 10 0 0 0 20 0V26M50 26v46"/><path d="M80 134V30c14 10 16 34 12 52H80"/><path d="M118 134V72"/></g><ellipse cx="118" cy="48" rx="12" ry="22" fill="ACCENT" stroke="MAIN" stroke-width="5"/>"#),
    ("towel", r#"<rect x="30" y="98" width="100" height="38" rx="12" fill="SHADE"/><rect x="30" y="66" width="100" height="38" rx="12" fill="BODY"/><rect x="34" y="36" width="92" height="36" rx="12" fill="ACCENT"/><path d="M44 54h72M40 84h80M40 117h80" stroke="white" stroke-width="3" opacity=".6"/>"#),
    ("lamp", r#"<path d="M56 28h48l22 50H34z" fill="ACCENT"/><path d="M56 28h48l22 50H34z" fill="white" opacity=".25"/><path d="M80 78v14" stroke="SHADE" stroke-width="6"/><path d="M80 88c26 8 24 40 8 44H72c-16-4-18-36 8-44z" fill="BODY"/><path d="M56 134h48" stroke="SHADE" stroke-width="7"/>"#),
    ("candle", r#"<path d="M80 18c14 16 10 30 0 30s-14-14 0-30z" fill="ACCENT"/><path d="M80 44v16" stroke="SHADE" stroke-width="3"/><ellipse cx="80" cy="64" rx="38" ry="8" fill="white"/><path d="M42 64v64c0 10 76 10 76 0V64c0 11-76 11-76 0z" fill="MAIN"/><rect x="58" y="86" width="44" height="30" rx="3" fill="white" opacity=".85"/><path d="M68 97h24M72 105h16" stroke="SHADE" stroke-width="3"/>"#),
    ("vase", r#"<path d="M78 60C70 40 60 32 52 26M84 60c2-22 6-30 14-42M90 62c8-14 18-20 26-22" stroke="SHADE" stroke-width="3" fill="none"/><g fill="ACCENT"><circle cx="50" cy="25" r="9"/><circle cx="99" cy="18" r="10"/><circle cx="118" cy="40" r="8"/></g><path d="M68 54h28c-2 16 22 26 22 50 0 20-12 32-24 32H70c-12 0-24-12-24-32 0-24 24-34 22-50z" fill="BODY"/><path d="M66 54h32" stroke="SHADE" stroke-width="5"/>"#),
    ("cushion", r#"<path d="M30 40c20 8 80 8 100 0 8 0 12 6 8 14-8 20-8 46 0 66 4 8-2 16-10 14-22-6-74-6-96 0-8 2-14-6-10-14 8-20 8-46 0-66-4-8 0-14 8-14z" fill="BODY"/><path d="M48 62c8-6 18-8 26-8" stroke="white" stroke-width="4" opacity=".5" fill="none"/><circle cx="80" cy="88" r="5" fill="SHADE"/>"#),
    ("blanket", r#"<path d="M28 60c0-14 104-14 104 0v60H28z" fill="BODY"/><path d="M28 84h104M28 104h104" stroke="ACCENT" stroke-width="6"/><path d="M28 60c0 14 104 14 104 0" fill="none" stroke="SHADE" stroke-width="4"/><path d="M34 120v14M46 120v14M58 120v14M70 120v14M82 120v14M94 120v14M106 120v14M118 120v14M128 120v14" stroke="SHADE" stroke-width="4"/>"#),
    ("chair", r#"<path d="M52 22v112M108 84v50M52 84h56M52 84l-6 50M108 84l6 50" stroke="SHADE" stroke-width="7" fill="none"/><rect x="46" y="24" width="14" height="60" rx="6" fill="MAIN"/><path d="M52 30c24-8 50-8 54 0v24c-6 8-48 8-54 0z" fill="BODY"/><path d="M106 30v54" stroke="SHADE" stroke-width="6"/><rect x="44" y="78" width="72" height="14" rx="7" fill="ACCENT"/>"#),
    ("table", r#"<path d="M38 78l-8 58M122 78l8 58M56 78l4 42M104 78l-4 42" stroke="SHADE" stroke-width="7"/><rect x="16" y="64" width="128" height="15" rx="7" fill="MAIN"/><path d="M24 70h112" stroke="white" stroke-width="2.5" opacity=".4"/><path d="M94 34h16l-2 30H96z" fill="ACCENT"/><path d="M102 34c-8-10-2-16 0-20 2 4 8 10 0 20z" fill="MAIN"/>"#),
    ("bag", r#"<path d="M50 34h60l10 16v78a8 8 0 0 1-8 8H48a8 8 0 0 1-8-8V50z" fill="MAIN"/><path d="M50 34h60l10 16H40z" fill="SHADE"/><rect x="54" y="68" width="52" height="48" rx="4" fill="ACCENT"/><g transform="rotate(28 80 92)"><ellipse cx="80" cy="92" rx="11" ry="16" fill="SHADE"/><path d="M80 77c-6 10 6 20 0 30" stroke="ACCENT" stroke-width="3" fill="none"/></g>"#),
    ("tin", r#"<path d="M46 50h68v76c0 12-68 12-68 0z" fill="BODY"/><path d="M42 40h76v16c0 8-76 8-76 0z" fill="SHADE"/><ellipse cx="80" cy="40" rx="38" ry="9" fill="MAIN"/><circle cx="80" cy="94" r="21" fill="white" opacity=".9"/><path d="M68 104c0-20 10-22 24-24 0 18-6 26-24 24zM68 106l14-16" fill="MAIN" stroke="SHADE" stroke-width="2"/>"#),
    ("chocolate", r#"<g transform="rotate(-8 80 84)"><rect x="42" y="24" width="76" height="76" rx="4" fill="SHADE"/><path d="M42 50h76M67 24v50M93 24v50M42 74h76" stroke="ACCENT" stroke-width="2" opacity=".5"/><path d="M38 66l10 6 10-6 10 6 12-6 10 6 12-6 10 6 10-6v66a4 4 0 0 1-4 4H42a4 4 0 0 1-4-4z" fill="BODY"/><rect x="54" y="92" width="52" height="26" rx="3" fill="white" opacity=".9"/><path d="M64 101h32M68 109h24" stroke="MAIN" stroke-width="3"/></g>"#),
    ("trowel", r#"<g transform="rotate(35 80 80)"><path d="M80 70c-26 0-24 34 0 66 24-32 26-66 0-66z" fill="SHADE" opacity=".75"/><path d="M80 78v40" stroke="white" stroke-width="3" opacity=".5"/><path d="M80 46v28" stroke="SHADE" stroke-width="7"/><rect x="70" y="4" width="20" height="46" rx="9" fill="MAIN"/><path d="M71 16h18" stroke="ACCENT" stroke-width="5"/></g>"#),
    ("lantern", r#"<path d="M62 36a18 18 0 0 1 36 0" fill="none" stroke="SHADE" stroke-width="5"/><path d="M54 52l10-16h32l10 16z" fill="MAIN"/><rect x="52" y="52" width="56" height="72" fill="white" opacity=".8"/><path d="M80 66c10 12 8 22 0 22s-10-10 0-22z" fill="ACCENT"/><rect x="70" y="90" width="20" height="34" fill="ACCENT" opacity=".5"/><path d="M52 52v72M108 52v72M80 52v8" stroke="MAIN" stroke-width="6"/><rect x="44" y="122" width="72" height="14" rx="4" fill="SHADE"/>"#),
    ("seeds", r#"<rect x="42" y="24" width="76" height="112" rx="4" fill="BODY"/><path d="M42 24h76v16H42z" fill="SHADE"/><circle cx="80" cy="88" r="31" fill="white" opacity=".92"/><path d="M80 114V84" stroke="SHADE" stroke-width="4"/><path d="M80 88c-18 0-20-12-20-20 14 0 20 8 20 20zM80 82c0-14 8-20 20-20 0 14-6 20-20 20z" fill="MAIN"/>"#),
    ("pot", r#"<path d="M44 66h72l-9 62a9 9 0 0 1-9 8H62a9 9 0 0 1-9-8z" fill="BODY"/><rect x="36" y="48" width="88" height="22" rx="5" fill="MAIN"/><path d="M36 68h88" stroke="SHADE" stroke-width="4"/><ellipse cx="80" cy="50" rx="38" ry="5" fill="SHADE"/>"#),
    ("plant", r##"<path d="M80 104C78 80 60 66 46 60M80 104c0-30 6-52 4-74M80 104c2-24 20-38 36-42" stroke="#3f6b45" stroke-width="4" fill="none"/><g fill="#5f9163"><path d="M48 62c-18-2-22-18-20-28 18 2 26 14 20 28z"/><path d="M84 34c-14-8-10-20-2-28 12 8 14 20 2 28z"/><path d="M114 64c2-18 14-24 26-22 0 16-10 26-26 22z"/></g><g fill="#79ab7a"><path d="M70 78c-16 4-26-6-28-16 16-4 26 4 28 16z"/><path d="M86 62c4-16 16-20 26-18-2 16-12 22-26 18z"/></g><path d="M52 96h56l-7 34a7 7 0 0 1-7 6H66a7 7 0 0 1-7-6z" fill="BODY"/><rect x="48" y="92" width="64" height="12" rx="4" fill="SHADE"/>"##),
    ("can", r#"<path d="M104 76c34-20 40 34 0 46" fill="none" stroke="SHADE" stroke-width="7"/><path d="M56 106L18 62" stroke="MAIN" stroke-width="9"/><path d="M8 66l18-14" stroke="SHADE" stroke-width="8"/><path d="M52 68h54l6 60a8 8 0 0 1-8 8H54a8 8 0 0 1-8-8z" fill="BODY"/><path d="M52 68c0-30 54-30 54 0" fill="none" stroke="SHADE" stroke-width="6"/>"#),
    ("soap", r#"<path d="M74 24h26v8H88v14H74z" fill="SHADE"/><path d="M100 28h14" stroke="SHADE" stroke-width="7"/><rect x="66" y="44" width="30" height="12" rx="3" fill="SHADE"/><path d="M56 56h50c8 4 12 10 12 18v52a10 10 0 0 1-10 10H54a10 10 0 0 1-10-10V74c0-8 4-14 12-18z" fill="MAIN"/><rect x="56" y="80" width="50" height="38" rx="4" fill="white" opacity=".88"/><path d="M81 88c10 12 8 20 0 20s-10-8 0-20z" fill="ACCENT"/>"#),
    ("basket", r#"<path d="M44 74c0-60 72-60 72 0" fill="none" stroke="SHADE" stroke-width="6"/><path d="M30 72h100l-10 56a10 10 0 0 1-10 8H50a10 10 0 0 1-10-8z" fill="ACCENT"/><path d="M34 88h92M37 104h86M40 120h80M54 72l6 64M80 72v64M106 72l-6 64" stroke="SHADE" stroke-width="3" opacity=".5"/><rect x="26" y="66" width="108" height="12" rx="6" fill="MAIN"/>"#),
    ("clock", r#"<circle cx="80" cy="82" r="54" fill="MAIN"/><circle cx="80" cy="82" r="43" fill="white"/><path d="M80 46v7M80 111v7M44 82h7M109 82h7" stroke="SHADE" stroke-width="4"/><path d="M80 82V58M80 82l18 12" stroke="SHADE" stroke-width="5" fill="none"/><circle cx="80" cy="82" r="5" fill="ACCENT"/>"#),
    ("book", r#"<path d="M44 28h72a4 4 0 0 1 4 4v100H50a10 10 0 0 1-10-10V32a4 4 0 0 1 4-4z" fill="BODY"/><path d="M40 122a10 10 0 0 1 10-10h70v24H50a10 10 0 0 1-10-14z" fill="SHADE"/><path d="M50 118h68v10H50a5 5 0 0 1 0-10z" fill="white"/><rect x="58" y="46" width="48" height="34" rx="3" fill="white" opacity=".92"/><path d="M66 57h32M70 67h24" stroke="MAIN" stroke-width="4"/>"#),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample_shop::assortment::CATEGORIES;

    #[test]
    fn every_category_has_a_picture_and_the_same_product_looks_the_same() {
        for category in CATEGORIES {
            let drawn = picture(category.shape, "PRD-00001").expect(category.shape);
            assert!(drawn.starts_with("<svg") && !drawn.contains("SHADE"), "{}", category.shape);
            assert_eq!(Some(drawn), picture(category.shape, "PRD-00001"));
        }
        assert_eq!(picture("../mug", "x"), None);
    }
}
