//! What the sample shop sells: the departments of a shop for kitchen, table, home, garden and pantry.

/// One narrowest category, and how its products look, cost and sell.
pub struct Category {
    pub path: &'static str,
    /// The picture that stands for it, see `images`.
    pub shape: &'static str,
    pub nouns: &'static [&'static str],
    pub variants: &'static [&'static str],
    /// Median price in units of the currency.
    pub price: f64,
    /// Spread of the logarithm of the price.
    pub spread: f64,
    /// Share of the shop's products and interest, relative to the others.
    pub weight: f64,
    /// How likely a buyer comes back for the same thing.
    pub consumed: f64,
    /// Month of the year, 0 to 11, in which it sells best, and how much that matters (0 to 1).
    pub season: (u32, f64),
    /// Index of the category that goes with it.
    pub goes_with: usize,
}

const COLOURS: &[&str] = &[
    "sage",
    "chalk white",
    "terracotta",
    "midnight blue",
    "mustard",
    "charcoal",
    "blush",
    "sand",
    "forest green",
    "rust",
];
const SIZES: &[&str] = &["small", "medium", "large", "extra large"];
const WOODS: &[&str] = &["oak", "walnut", "ash", "beech", "black ash", "acacia"];
const YEARS: &[&str] = &["2018", "2019", "2020", "2021", "2022", "2023", "magnum 2020"];
const WEIGHTS: &[&str] = &["125 g", "250 g", "500 g", "1 kg", "gift box"];
const SCENTS: &[&str] =
    &["fig and cedar", "sea salt", "lavender", "orange blossom", "vetiver", "rose", "unscented", "pine"];
const POTS: &[&str] = &["9 cm pot", "12 cm pot", "17 cm pot", "24 cm pot"];

#[expect(clippy::too_many_arguments, reason = "the rows of one table below, read as columns")]
const fn category(
    path: &'static str,
    shape: &'static str,
    nouns: &'static [&'static str],
    variants: &'static [&'static str],
    (price, spread, weight): (f64, f64, f64),
    consumed: f64,
    season: (u32, f64),
    goes_with: usize,
) -> Category {
    Category { path, shape, nouns, variants, price, spread, weight, consumed, season, goes_with }
}

#[rustfmt::skip]
pub const CATEGORIES: &[Category] = &[
    /* 0 */ category("Kitchen > Cookware > Pans", "pan", &["cast-iron pan", "frying pan", "sauté pan", "skillet"], &["20 cm", "24 cm", "28 cm", "30 cm"], (54.0, 0.5, 1.0), 0.0, (10, 0.3), 2),
    /* 1 */ category("Kitchen > Cookware > Casseroles", "casserole", &["casserole", "cocotte", "stock pot"], COLOURS, (89.0, 0.5, 0.8), 0.0, (10, 0.5), 0),
    /* 2 */ category("Kitchen > Preparation > Boards", "board", &["chopping board", "serving board", "bread board"], WOODS, (32.0, 0.5, 0.9), 0.0, (11, 0.3), 3),
    /* 3 */ category("Kitchen > Preparation > Knives", "knife", &["chef's knife", "paring knife", "bread knife", "santoku"], WOODS, (64.0, 0.6, 0.9), 0.0, (11, 0.3), 2),
    /* 4 */ category("Kitchen > Storage > Jars", "jar", &["storage jar", "preserving jar", "biscuit jar"], SIZES, (14.0, 0.4, 0.9), 0.1, (7, 0.4), 25),
    /* 5 */ category("Kitchen > Tea and coffee > Teapots", "teapot", &["teapot", "infuser pot", "tea set"], COLOURS, (39.0, 0.45, 0.8), 0.0, (10, 0.4), 23),
    /* 6 */ category("Kitchen > Tea and coffee > Kettles", "kettle", &["gooseneck kettle", "stove-top kettle", "pouring kettle"], COLOURS, (59.0, 0.4, 0.6), 0.0, (10, 0.3), 22),
    /* 7 */ category("Table > Drinking > Mugs", "mug", &["stoneware mug", "latte mug", "espresso cup", "travel mug"], COLOURS, (15.0, 0.35, 1.4), 0.1, (11, 0.4), 22),
    /* 8 */ category("Table > Drinking > Wine glasses", "glass", &["red wine glass", "white wine glass", "champagne flute", "tasting glass"], &["single", "set of 2", "set of 4", "set of 6"], (29.0, 0.5, 1.0), 0.05, (11, 0.5), 19),
    /* 9 */ category("Table > Dining > Plates", "plate", &["dinner plate", "side plate", "pasta bowl", "serving plate"], COLOURS, (18.0, 0.4, 1.2), 0.05, (11, 0.4), 10),
    /* 10 */ category("Table > Dining > Cutlery", "cutlery", &["cutlery set", "cake forks", "steak knives", "salad servers"], &["16 pieces", "24 pieces", "4 pieces", "6 pieces"], (46.0, 0.55, 0.7), 0.0, (11, 0.4), 9),
    /* 11 */ category("Table > Dining > Linen", "towel", &["linen napkins", "tablecloth", "table runner", "tea towel"], COLOURS, (24.0, 0.45, 0.9), 0.05, (11, 0.5), 9),
    /* 12 */ category("Living > Lighting > Lamps", "lamp", &["table lamp", "reading lamp", "bedside lamp", "desk lamp"], COLOURS, (79.0, 0.5, 1.0), 0.0, (10, 0.5), 15),
    /* 13 */ category("Living > Lighting > Candles", "candle", &["scented candle", "pillar candle", "dinner candles"], SCENTS, (19.0, 0.4, 1.3), 0.45, (11, 0.7), 14),
    /* 14 */ category("Living > Decoration > Vases", "vase", &["vase", "bud vase", "carafe vase"], COLOURS, (34.0, 0.5, 1.1), 0.0, (3, 0.3), 30),
    /* 15 */ category("Living > Textiles > Cushions", "cushion", &["cushion", "velvet cushion", "floor cushion", "linen cushion"], COLOURS, (32.0, 0.4, 1.2), 0.0, (9, 0.3), 16),
    /* 16 */ category("Living > Textiles > Blankets", "blanket", &["wool blanket", "throw", "picnic blanket"], COLOURS, (68.0, 0.45, 1.0), 0.0, (10, 0.7), 15),
    /* 17 */ category("Living > Furniture > Chairs", "chair", &["dining chair", "lounge chair", "stool", "armchair"], WOODS, (189.0, 0.6, 0.7), 0.0, (1, 0.2), 18),
    /* 18 */ category("Living > Furniture > Tables", "table", &["side table", "coffee table", "bench", "console table"], WOODS, (249.0, 0.6, 0.6), 0.0, (1, 0.2), 17),
    /* 19 */ category("Pantry > Wine > Red", "bottle", &["Rioja Reserva", "Pinot Noir", "Barolo", "Côtes du Rhône", "Malbec"], YEARS, (16.0, 0.55, 1.3), 0.55, (11, 0.5), 21),
    /* 20 */ category("Pantry > Wine > White and rosé", "bottle", &["Riesling", "Sancerre", "Grüner Veltliner", "Provence rosé", "Chardonnay"], YEARS, (14.0, 0.5, 1.2), 0.55, (6, 0.6), 8),
    /* 21 */ category("Pantry > Oil and vinegar", "bottle", &["olive oil", "balsamic vinegar", "walnut oil", "chilli oil"], &["250 ml", "500 ml", "750 ml", "first harvest"], (17.0, 0.4, 1.0), 0.5, (5, 0.2), 4),
    /* 22 */ category("Pantry > Coffee", "bag", &["espresso beans", "filter roast", "house blend", "decaf roast"], WEIGHTS, (13.0, 0.35, 1.4), 0.7, (0, 0.1), 7),
    /* 23 */ category("Pantry > Tea", "tin", &["Assam", "jasmine green tea", "rooibos", "Earl Grey", "herbal blend"], WEIGHTS, (11.0, 0.4, 1.2), 0.6, (10, 0.4), 5),
    /* 24 */ category("Pantry > Chocolate", "chocolate", &["dark chocolate", "milk chocolate", "praline box", "drinking chocolate"], &["70 %", "85 %", "sea salt", "hazelnut", "orange", "advent edition"], (7.5, 0.5, 1.3), 0.5, (11, 0.8), 22),
    /* 25 */ category("Pantry > Honey and jam", "jar", &["heather honey", "apricot jam", "orange marmalade", "plum butter"], WEIGHTS, (8.5, 0.35, 0.9), 0.5, (8, 0.3), 23),
    /* 26 */ category("Garden > Tools", "trowel", &["hand trowel", "secateurs", "weeding fork", "dibber"], WOODS, (26.0, 0.5, 0.9), 0.0, (3, 0.9), 28),
    /* 27 */ category("Garden > Outdoor living > Lanterns", "lantern", &["lantern", "storm lantern", "solar lantern"], COLOURS, (36.0, 0.45, 0.8), 0.0, (6, 0.7), 13),
    /* 28 */ category("Garden > Planting > Seeds", "seeds", &["wildflower seeds", "tomato seeds", "herb seeds", "sweet pea seeds"], &["sachet", "collection", "seed tape", "organic"], (4.5, 0.35, 1.1), 0.45, (2, 0.95), 29),
    /* 29 */ category("Garden > Planting > Pots", "pot", &["terracotta pot", "glazed pot", "hanging pot", "trough"], SIZES, (22.0, 0.55, 1.0), 0.1, (4, 0.8), 30),
    /* 30 */ category("Garden > Plants > House plants", "plant", &["monstera", "snake plant", "fern", "rubber plant", "pilea"], POTS, (24.0, 0.5, 1.3), 0.1, (4, 0.3), 29),
    /* 31 */ category("Garden > Outdoor living > Watering cans", "can", &["watering can", "plant mister", "long-reach can"], COLOURS, (28.0, 0.4, 0.7), 0.0, (4, 0.8), 30),
    /* 32 */ category("Bath > Towels", "towel", &["bath towel", "hand towel", "hammam towel", "bath sheet"], COLOURS, (26.0, 0.4, 1.1), 0.05, (0, 0.2), 33),
    /* 33 */ category("Bath > Soap and care", "soap", &["hand soap", "bar soap", "body wash", "hand balm"], SCENTS, (12.0, 0.35, 1.2), 0.6, (11, 0.2), 32),
    /* 34 */ category("Bath > Storage > Baskets", "basket", &["seagrass basket", "laundry basket", "rattan tray", "wire basket"], SIZES, (31.0, 0.5, 0.8), 0.0, (0, 0.3), 32),
    /* 35 */ category("Study > Clocks", "clock", &["wall clock", "alarm clock", "mantel clock"], COLOURS, (48.0, 0.45, 0.5), 0.0, (11, 0.3), 12),
    /* 36 */ category("Study > Books > Cookery", "book", &["seasonal cookbook", "baking book", "bread book", "wine atlas"], &["hardback", "paperback", "signed copy", "new edition"], (27.0, 0.3, 1.1), 0.05, (11, 0.6), 0),
    /* 37 */ category("Study > Books > Garden", "book", &["garden almanac", "kitchen garden guide", "house plant guide"], &["hardback", "paperback", "new edition"], (24.0, 0.3, 0.7), 0.05, (2, 0.5), 26),
];

/// Names of collections; products of one collection look alike and attract the same people.
pub const COLLECTIONS: &[&str] = &[
    "Fjord",
    "Olive Grove",
    "Havn",
    "Marlow",
    "Casa Verde",
    "Lumen",
    "Tide",
    "Alder",
    "Petra",
    "Moor",
    "Solana",
    "Wren",
    "Kinfolk",
    "Harvest",
    "Nori",
    "Bellevue",
    "Aska",
    "Rowan",
    "Siena",
    "Pebble",
    "Isla",
    "Bramble",
    "Orchard",
    "Mistral",
    "Kumo",
    "Clay & Co",
    "Linnea",
    "Dune",
    "Foxglove",
    "Arbor",
    "Lagom",
    "Cove",
    "Tilia",
    "Ember",
    "Vesper",
    "Saffron",
    "Heath",
    "Juniper",
    "Quarry",
    "Sorrel",
    "Atrium",
    "Meadow",
    "Cinder",
    "Sable",
    "Lark",
    "Thistle",
    "Galway",
    "Prado",
];

/// A second word, once the first ones are used up.
pub const EDITIONS: &[&str] = &[
    "", "Studio", "Classic", "Atelier", "Heritage", "North", "South", "Nuovo", "Grand", "Petite", "Rustic",
    "Pure", "Urban", "Country", "Coast", "Valley", "Summit", "Garden", "Winter", "Summer", "Blue", "Green",
    "Noir", "Blanc", "Primo", "Folk", "Craft", "Royal", "Harbour", "Lane", "Hill", "Bay",
];

/// Brands of what is eaten and drunk.
pub const PANTRY_BRANDS: &[&str] = &[
    "Vinea",
    "Torrefazione Blu",
    "Leaf & Kettle",
    "Cacao Norte",
    "Bee Meadow",
    "Sunday Table",
    "Old Mill",
    "Casa Bruna",
    "Evergood",
    "Hinterland",
    "Maison Perle",
    "Field Notes Supply",
];

/// Brands of everything else.
pub const BRANDS: &[&str] = &[
    "Hearth & Oak",
    "Nordlys",
    "Bottega Lina",
    "Greenhouse 9",
    "Atelier Moreau",
    "Stillwater",
    "Kiln House",
    "Maison Perle",
    "Ardent",
    "Field Notes Supply",
    "Lowland",
    "Sunday Table",
    "Ferrow",
    "Old Mill",
    "Tandem",
    "Copper Lane",
    "Wildling",
    "Hinterland",
    "Casa Bruna",
    "Potter's Yard",
    "Evergood",
    "Blackwood & Daughters",
    "Salt & Stone",
    "Oakham",
    "Loom Room",
];

/// Where customers live.
pub struct Nation {
    pub country: &'static str,
    pub language: &'static str,
    /// Of all customers.
    pub share: f64,
    pub first_names: &'static [&'static str],
    pub last_names: &'static [&'static str],
}

#[rustfmt::skip]
pub const NATIONS: &[Nation] = &[
    Nation { country: "DE", language: "de", share: 0.46,
        first_names: &["Anna", "Lukas", "Lena", "Jonas", "Marie", "Felix", "Sophie", "Paul", "Katrin", "Stefan", "Miriam", "Jan", "Ute", "Holger", "Aylin", "Emre"],
        last_names: &["Schneider", "Weber", "Koch", "Bauer", "Richter", "Wolf", "Krüger", "Hofmann", "Lange", "Yılmaz", "Brandt", "Vogel", "Jansen", "Seidel", "Kuhn", "Arndt"] },
    Nation { country: "AT", language: "de", share: 0.12,
        first_names: &["Johanna", "Maximilian", "Elisabeth", "Florian", "Theresa", "Dominik", "Valentina", "Matthias"],
        last_names: &["Gruber", "Huber", "Pichler", "Steiner", "Moser", "Leitner", "Wimmer", "Egger"] },
    Nation { country: "NL", language: "nl", share: 0.14,
        first_names: &["Sanne", "Daan", "Fleur", "Bram", "Lotte", "Sem", "Noor", "Thijs"],
        last_names: &["de Vries", "Jansen", "Bakker", "Visser", "Smit", "Meijer", "Mulder", "Bos"] },
    Nation { country: "FR", language: "fr", share: 0.16,
        first_names: &["Camille", "Hugo", "Manon", "Louis", "Chloé", "Jules", "Inès", "Théo"],
        last_names: &["Martin", "Bernard", "Petit", "Durand", "Leroy", "Moreau", "Fournier", "Mercier"] },
    Nation { country: "IE", language: "en", share: 0.12,
        first_names: &["Aoife", "Conor", "Niamh", "Seán", "Ciara", "Oisín", "Emma", "Declan"],
        last_names: &["Murphy", "Kelly", "O’Brien", "Walsh", "Byrne", "Ryan", "Doyle", "Nolan"] },
];
