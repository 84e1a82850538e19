//! Templates in each tool's own words, with exactly the columns of its file.

/// One piece for each place, with `N` for its number.
fn each(slots: u8, piece: &str) -> String {
    (1..=slots).map(|slot| piece.replace("#N#", &slot.to_string())).collect::<Vec<_>>().join("\n")
}

pub fn mailchimp(slots: u8) -> String {
    each(
        slots,
        r#"*|IF:R#N#TITLE|*<p><a href="*|R#N#URL|*"><img src="*|R#N#IMG|*" alt="*|R#N#TITLE|*" width="240"><br>*|R#N#TITLE|*</a><br>*|R#N#PRICE|*</p>*|END:IF|*"#,
    )
}

pub fn klaviyo(slots: u8) -> String {
    each(
        slots,
        r#"{% if person|lookup:'rec_#N#_title' %}<p><a href="{{ person|lookup:'rec_#N#_url' }}"><img src="{{ person|lookup:'rec_#N#_image' }}" alt="{{ person|lookup:'rec_#N#_title' }}" width="240"><br>{{ person|lookup:'rec_#N#_title' }}</a><br>{{ person|lookup:'rec_#N#_price' }}<br>{{ person|lookup:'rec_#N#_reason' }}</p>{% endif %}"#,
    )
}

pub fn klaviyo_ids(slots: u8) -> String {
    each(
        slots,
        r#"{% if person|lookup:'rec_#N#_id' %}{% catalog person|lookup:'rec_#N#_id' unpublished="cancel" %}<p><a href="{{ catalog_item.url }}"><img src="{{ catalog_item.featured_image.full.src }}" alt="{{ catalog_item.title }}" width="240"><br>{{ catalog_item.title }}</a></p>{% endcatalog %}{% endif %}"#,
    )
}

pub fn mautic(slots: u8) -> String {
    each(
        slots,
        r#"<p><a href="{contactfield=rec#N#_url}"><img src="{contactfield=rec#N#_image}" alt="{contactfield=rec#N#_title}" width="240"><br>{contactfield=rec#N#_title}</a><br>{contactfield=rec#N#_price}<br>{contactfield=rec#N#_reason}</p>"#,
    )
}

pub fn listmonk(_: u8) -> String {
    r#"{{ range .Subscriber.Attribs.recs }}<p><a href="{{ .url }}"><img src="{{ .image }}" alt="{{ .title }}" width="240"><br>{{ .title }}</a><br>{{ .price }}<br>{{ .reason }}</p>{{ end }}"#.to_owned()
}

pub fn emarsys(slots: u8) -> String {
    each(
        slots,
        r#"<p><a href="$rec_#N#_url$"><img src="$rec_#N#_image$" alt="$rec_#N#_title$" width="240"><br>$rec_#N#_title$</a><br>$rec_#N#_price$<br>$rec_#N#_reason$</p>"#,
    )
}

pub fn salesforce(slots: u8) -> String {
    each(
        slots,
        r#"%%[ IF NOT EMPTY(AttributeValue("Rec#N#Title")) THEN ]%%<p><a href="%%=RedirectTo(AttributeValue("Rec#N#Url"))=%%"><img src="%%=v(AttributeValue("Rec#N#Image"))=%%" alt="%%=v(AttributeValue("Rec#N#Title"))=%%" width="240"><br>%%=v(AttributeValue("Rec#N#Title"))=%%</a><br>%%=v(AttributeValue("Rec#N#Price"))=%%<br>%%=v(AttributeValue("Rec#N#Reason"))=%%</p>%%[ ENDIF ]%%"#,
    )
}

pub fn braze(slots: u8) -> String {
    each(
        slots,
        r#"{% if {{custom_attribute.${rec_#N#_title}}} != blank %}<p><a href="{{custom_attribute.${rec_#N#_url}}}"><img src="{{custom_attribute.${rec_#N#_image}}}" alt="{{custom_attribute.${rec_#N#_title}}}" width="240"><br>{{custom_attribute.${rec_#N#_title}}}</a><br>{{custom_attribute.${rec_#N#_price}}}<br>{{custom_attribute.${rec_#N#_reason}}}</p>{% endif %}"#,
    )
}
