//! What a customer would see: the shop's page of a product, or its e-mail, in the shop's colour and with live picks.
//!
//! The documents are the shop's, not Handpick's: they stand in a frame, with styles of their own, and run nothing.

use super::answer::{answer, found};
use super::ask::{Asked, Controls, View};
use super::lookout::Lookout;
use super::picks::{Pick, picks};
use super::show::{Card, best_sellers, card, search_products};
use crate::auth::{Analyst, SignedIn};
use crate::installation::Installation;
use crate::records::{Customer, Event, EventKind, Events};
use crate::store::emails::{self, EmailSettings};
use crate::web::colour::Colour;
use crate::web::{self, Page, Shell, WebError};
use actix_web::HttpResponse;
use actix_web::web::{Data, Query};
use askama::Template;
use std::sync::Arc;

/// The frame may look like a shop and lead back to the explorer; it runs and sends nothing.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; img-src 'self' http: https: data:; \
    form-action 'none'; base-uri 'none'; frame-ancestors 'self'; \
    sandbox allow-same-origin allow-top-navigation-by-user-activation";

const FOUND: usize = 12;

/// The page around the frame.
#[derive(Template)]
#[template(path = "explorer/preview.html")]
struct PreviewPage {
    shell: Shell,
    controls: Controls,
    cautions: Vec<String>,
    customer: String,
    product: String,
    /// Products to choose from, when no single one was meant.
    meant: Vec<Card>,
    is_mail: bool,
    is_phone: bool,
    /// The frame's address, and what it shows in a few words.
    src: String,
    title: String,
    has_look: bool,
}

/// How the shop looks.
struct Look {
    name: String,
    logo: String,
    footer: String,
    /// A ground, what is written on it, and the same colour as dark as it must be to be read on white.
    ground: String,
    on_ground: String,
    on_white: String,
}

#[derive(Template)]
#[template(path = "explorer/preview_page.html")]
struct ProductDocument {
    look: Look,
    card: Card,
    brand: String,
    path: String,
    is_sold_out: bool,
    with_it: Vec<Pick>,
    for_them: Vec<Pick>,
    heading: &'static str,
    /// Of the page around it, up to the product's id.
    back: String,
}

#[derive(Template)]
#[template(path = "explorer/preview_mail.html")]
struct MailDocument {
    look: Look,
    /// Empty for roles that see ids alone, and where the shop does not say.
    first_name: String,
    picks: Vec<Pick>,
    refused: String,
    back: String,
}

/// Who looks, and at what.
struct Scene {
    view: View,
    /// `None`: somebody who has just come.
    customer: Option<Customer>,
    product: Option<u32>,
    meant: Vec<u32>,
}

impl Scene {
    fn of(installation: &Installation, lookout: &Lookout, asked: &Asked) -> Result<Self, WebError> {
        let view = View::of(installation, lookout, asked)?;
        let (catalogue, people) = (&view.standing.ledger.catalogue, &view.standing.ledger.people);
        let customer = match asked.customer.trim() {
            "" => None,
            id => Some(people.get(id).ok_or_else(|| {
                WebError::NotFound(format!(
                    "The shop has no customer with the id “{id}”. Leave the field empty for somebody who has just come."
                ))
            })?),
        };
        let text = asked.product.trim();
        let mut meant = if text.is_empty() {
            best_sellers(&view.standing, 1)
        } else {
            search_products(catalogue, text, FOUND)
        };
        if meant.is_empty() && !text.is_empty() {
            return Err(WebError::NotFound(format!(
                "The shop has no product “{text}”. Type another id, or words of its title."
            )));
        }
        let product = if meant.len() == 1 { meant.pop() } else { meant.first().copied() };
        Ok(Self { view, customer, product, meant })
    }

    /// For the customer; for somebody of whom nothing is known where there is none.
    fn picks(&self, installation: &Installation) -> super::picks::Picks {
        match &self.customer {
            Some(customer) => picks(installation, &self.view, customer, None, ""),
            None => picks(installation, &self.view, &stranger(), Some(&Events::default()), ""),
        }
    }

    /// What the model itself shows somebody who has taken this one product and is not known otherwise.
    fn with_it(&self, installation: &Installation, product: &str) -> Vec<Pick> {
        let person = stranger();
        let mut events = Events::default();
        events.push(Event {
            id: None,
            kind: EventKind::Purchase,
            at_us: self.view.standing.as_of.timestamp_micros() - 1,
            customer: Some(&person.id),
            product: Some(product),
            order: None,
            quantity: 1.0,
            value: None,
            currency: None,
            source: "",
        });
        let mut shown = picks(installation, &self.view, &person, Some(&events), "").picks;
        shown.retain(|pick| pick.origin == "personal");
        shown
    }

    /// The page around the frame, for the same customer, up to a product's id.
    fn back(&self) -> String {
        let customer = self.customer.as_ref().map(|customer| web::encode(&customer.id)).unwrap_or_default();
        format!("/explorer/preview?customer={customer}{}&product=", self.view.controls.query)
    }
}

fn stranger() -> Customer {
    Customer { id: "somebody who has just come".into(), active: true, ..Customer::default() }
}

fn settings(installation: &Installation) -> Result<EmailSettings, WebError> {
    Ok(installation.store.read(|conn| emails::settings(conn, installation.shop_id()))?)
}

impl Look {
    fn of(installation: &Installation) -> Result<Self, WebError> {
        let EmailSettings { colour, logo_url, sender_name, footer, .. } = settings(installation)?;
        let usual = EmailSettings::default().colour;
        let colour = Colour::read(&colour).or_else(|| Colour::read(&usual));
        let text = |of: fn(Colour) -> Colour| colour.map(|colour| of(colour).text()).unwrap_or_default();
        Ok(Self {
            name: if sender_name.is_empty() { installation.shop.name.clone() } else { sender_name },
            logo: logo_url,
            footer,
            ground: text(|colour| colour),
            on_ground: text(Colour::on),
            on_white: text(Colour::on_light),
        })
    }
}

/// GET /explorer/preview?customer=…&product=…&show=mail&width=phone
pub async fn show(
    Analyst(who): Analyst,
    asked: Query<Asked>,
    installation: Data<Arc<Installation>>,
    lookout: Data<Lookout>,
) -> Page {
    answer(&who, &installation, lookout, asked, look).await
}

fn look(
    installation: &Installation,
    lookout: &Lookout,
    shell: Shell,
    asked: &Asked,
) -> Result<PreviewPage, WebError> {
    let scene = Scene::of(installation, lookout, asked)?;
    let catalogue = &scene.view.standing.ledger.catalogue;
    let product = scene.product.map(|number| catalogue.product(number));
    let is_mail = asked.show == "mail";
    let customer = asked.customer.trim().to_owned();
    let id = product.map(|product| product.id.clone()).unwrap_or_default();
    let query = &scene.view.controls.query;
    let (kind, what) = if is_mail {
        ("mail", "The shop's e-mail".to_owned())
    } else {
        ("page", format!("The shop's page of {}", product.map_or("no product", |one| one.title.as_str())))
    };
    let whom = if customer.is_empty() { "somebody who has just come" } else { &customer };
    let usual = EmailSettings::default();
    let known = settings(installation)?;
    Ok(PreviewPage {
        src: format!(
            "/explorer/preview/{kind}?customer={}&product={}{query}",
            web::encode(&customer),
            web::encode(&id)
        ),
        title: format!("{what}, for {whom}"),
        meant: scene.meant.iter().map(|&number| card(installation, catalogue.product(number))).collect(),
        product: if asked.product.trim().is_empty() { id } else { asked.product.trim().to_owned() },
        has_look: known.colour != usual.colour || !known.logo_url.is_empty(),
        is_mail,
        is_phone: asked.width == "phone",
        customer,
        controls: scene.view.controls,
        cautions: scene.view.cautions,
        shell,
    })
}

async fn document<T: Template + Send + 'static>(
    who: &SignedIn,
    installation: &Arc<Installation>,
    lookout: Data<Lookout>,
    asked: Query<Asked>,
    look: super::answer::Look<T>,
) -> Page {
    let document = found(who, installation, lookout, asked, look).await?;
    let html = document.render().map_err(|error| WebError::Internal(error.to_string()))?;
    Ok(HttpResponse::Ok()
        .content_type("text/html; charset=utf-8")
        .insert_header(("Content-Security-Policy", POLICY))
        .insert_header(("X-Frame-Options", "SAMEORIGIN"))
        .body(html))
}

/// GET /explorer/preview/page?customer=…&product=…
pub async fn page(
    Analyst(who): Analyst,
    asked: Query<Asked>,
    installation: Data<Arc<Installation>>,
    lookout: Data<Lookout>,
) -> Page {
    document(&who, &installation, lookout, asked, product_document).await
}

fn product_document(
    installation: &Installation,
    lookout: &Lookout,
    _: Shell,
    asked: &Asked,
) -> Result<ProductDocument, WebError> {
    let mut scene = Scene::of(installation, lookout, asked)?;
    let standing = scene.view.standing.clone();
    let number = scene
        .product
        .ok_or_else(|| WebError::NotFound("The shop has no products yet. Sync it first.".into()))?;
    let product = standing.ledger.catalogue.product(number);
    // A page does not show its own product again.
    scene.view.plan.products.exclude.push(product.id.clone());
    let for_them = scene.picks(installation).picks;
    let is_personal = for_them.iter().any(|pick| pick.origin != "best-seller");
    Ok(ProductDocument {
        look: Look::of(installation)?,
        card: card(installation, product),
        brand: product.brand.clone().unwrap_or_default(),
        path: product.category.clone().unwrap_or_default().replace(" > ", " › "),
        is_sold_out: product.stock.is_some_and(|pieces| pieces <= 0),
        with_it: scene.with_it(installation, &product.id),
        heading: if is_personal { "Picked for you" } else { "Others like these" },
        for_them,
        back: scene.back(),
    })
}

/// GET /explorer/preview/mail?customer=…
pub async fn mail(
    Analyst(who): Analyst,
    asked: Query<Asked>,
    installation: Data<Arc<Installation>>,
    lookout: Data<Lookout>,
) -> Page {
    document(&who, &installation, lookout, asked, mail_document).await
}

fn mail_document(
    installation: &Installation,
    lookout: &Lookout,
    Shell { may_market, .. }: Shell,
    asked: &Asked,
) -> Result<MailDocument, WebError> {
    let scene = Scene::of(installation, lookout, asked)?;
    let picked = scene.picks(installation);
    let name = scene.customer.as_ref().filter(|_| may_market).and_then(|one| one.first_name.clone());
    Ok(MailDocument {
        look: Look::of(installation)?,
        first_name: name.unwrap_or_default(),
        picks: picked.picks,
        refused: picked.refused,
        back: scene.back(),
    })
}
