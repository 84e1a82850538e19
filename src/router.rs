//! Every URL on one screen.

use crate::campaigns::{email, landing, sending, series};
use crate::web::WebError;
use crate::{accounts, campaigns, dashboard, explorer, ingest, monitoring, reports, showroom, training};
use actix_web::HttpResponse;
use actix_web::web::{ServiceConfig, get, post};

#[rustfmt::skip]
pub fn routes(config: &mut ServiceConfig) {
    config
        .route("/",                             get().to(dashboard::pages::dashboard))

        .route("/sign-in",                      get().to(accounts::entrance::sign_in_page))
        .route("/sign-in",                      post().to(accounts::entrance::sign_in))
        .route("/sign-out",                     post().to(accounts::entrance::sign_out))
        .route("/setup/{token}",                get().to(accounts::entrance::setup_page))
        .route("/setup/{token}",                post().to(accounts::entrance::setup))
        .route("/account",                      get().to(accounts::own::page))
        .route("/account/password",             post().to(accounts::own::change_password))
        .route("/accounts",                     get().to(accounts::pages::list))
        .route("/accounts",                     post().to(accounts::pages::add))
        .route("/accounts/keys",                get().to(accounts::keys::list))
        .route("/accounts/keys",                post().to(accounts::keys::make))
        .route("/accounts/keys/{id}/revoke",    post().to(accounts::keys::revoke))
        .route("/accounts/{id}/role",           post().to(accounts::pages::change_role))
        .route("/accounts/{id}/disable",        post().to(accounts::pages::disable))
        .route("/accounts/{id}/enable",         post().to(accounts::pages::enable))
        .route("/accounts/{id}/reset-password", post().to(accounts::pages::reset_password))

        .configure(report_routes)

        .route("/shop",                         get().to(ingest::pages::shop))
        .route("/shop/email",                   get().to(email::show_settings))
        .route("/shop/email",                   post().to(email::save_settings))
        .route("/shop/logo",                    post().to(email::give_logo))
        .route("/shop/pictures",                get().to(showroom::show))
        .route("/shop/pictures/fetch",          post().to(showroom::fetch))
        .route("/shop/sync",                    post().to(ingest::pages::sync))

        .route("/jobs",                         get().to(monitoring::jobs::list))
        .route("/jobs/{id}",                    get().to(monitoring::jobs::show))
        .route("/jobs/{id}/progress",           get().to(monitoring::jobs::progress))
        .route("/jobs/{id}/cancel",             post().to(monitoring::jobs::cancel))
        .route("/logs",                         get().to(monitoring::logs::page))

        .route("/models",                       get().to(training::pages::list))
        .route("/models/train",                 post().to(training::pages::train))

        .route("/explorer",                     get().to(explorer::customers::show))
        .route("/explorer/customer",            get().to(explorer::customer::show))
        .route("/explorer/product",             get().to(explorer::product::show))
        .route("/explorer/basket",              get().to(explorer::basket::show))
        .route("/explorer/preview",             get().to(explorer::preview::show))
        .route("/explorer/preview/page",        get().to(explorer::preview::page))
        .route("/explorer/preview/mail",        get().to(explorer::preview::mail))
        .route("/explorer/compare",             get().to(explorer::compare::show))
        .route("/explorer/map",                 get().to(explorer::map::show))
        .route("/explorer/map.json",            get().to(explorer::map::points))
        .route("/explorer/map/draw",            post().to(explorer::map::draw))
        .route("/explorer/map/list",            post().to(explorer::map::list))
        .route("/explorer/models",              get().to(explorer::models::list))
        .route("/explorer/models/free",         post().to(explorer::models::free))
        .route("/explorer/models/{id}",         get().to(explorer::models::show))
        .route("/explorer/models/{id}/use",     post().to(explorer::models::use_it))

        .configure(campaign_routes)

        // For the e-mail service, with a key.
        .route("/api/v1/bounces",               post().to(campaigns::returns::hear))

        .route("/p/{token}.jpg",                get().to(showroom::copy))
        .route("/sample-shop/images/{shape}/{id}.svg", get().to(showroom::image))

        .route("/healthz",                      get().to(monitoring::health::alive))
        .route("/readyz",                       get().to(monitoring::health::ready));
}

#[rustfmt::skip]
fn report_routes(config: &mut ServiceConfig) {
    config
        .route("/reports",                      get().to(reports::programme_pages::list))
        .route("/reports/calculator",           get().to(reports::programme_pages::calculator))
        .route("/reports/letters",              get().to(reports::letters::pages::show))
        .route("/reports/letters",              post().to(reports::letters::pages::add))
        .route("/reports/letters/settle",       post().to(reports::letters::pages::settle))
        .route("/reports/letters/{id}/remove",  post().to(reports::letters::pages::remove))
        .route("/reports/links",                get().to(reports::links::all))
        .route("/campaigns/{id}/report/links",  get().to(reports::links::show))
        .route("/campaigns/{id}/report/links",  post().to(reports::links::make))
        .route("/campaigns/{id}/report/links/{link}/revoke", post().to(reports::links::revoke))
        // For who has the link: nobody signs in here.
        .route("/r/{token:[0-9a-f]+}",          get().to(reports::links::shared::show))
        .route("/r/{token:[0-9a-f]+}.{ending}", get().to(reports::links::shared::download))
        .route("/r/{token:[0-9a-f]+}/{name}.{ending:csv|parquet|svg}", get().to(reports::links::shared::part))
        // For programs, with a key.
        .route("/api/v1/openapi.json",          get().to(reports::api::description))
        .route("/api/v1/reports",               get().to(reports::api::list))
        .route("/api/v1/reports/{id}",          get().to(reports::api::one))
        .route("/reports/compare",              get().to(reports::side_by_side::show))
        .route("/reports/compare.{ending:csv|parquet|pdf|xlsx}", get().to(reports::side_by_side::download))
        .route("/reports/compare/{name}.{ending:csv|parquet|svg}", get().to(reports::side_by_side::part))
        .route("/campaigns/{id}/report",        get().to(reports::pages::show))
        .route("/campaigns/{id}/report.{ending}", get().to(reports::pages::download))
        .route("/campaigns/{id}/report/changes", get().to(reports::changes::show))
        .route("/campaigns/{id}/report/changes", post().to(reports::changes::take_over))
        .route("/campaigns/{id}/report/{name}.{ending:csv|parquet|svg}", get().to(reports::pages::part));
}

#[rustfmt::skip]
fn campaign_routes(config: &mut ServiceConfig) {
    config
        .route("/campaigns",                    get().to(campaigns::pages::list))
        .route("/campaigns",                    post().to(campaigns::pages::add))
        .route("/campaigns/calendar",           get().to(series::calendar::show))
        .route("/campaigns/{id}",               get().to(campaigns::pages::show))
        .route("/campaigns/{id}/steps/{step}",  get().to(campaigns::steps::show))
        .route("/campaigns/{id}/steps/{step}",  post().to(campaigns::steps::save))
        .route("/campaigns/{id}/lists",         post().to(campaigns::upload))
        .route("/campaigns/{id}/audience-count", get().to(campaigns::counting::audience_count))
        .route("/campaigns/{id}/audience-count", post().to(campaigns::counting::count_typed))
        .route("/campaigns/{id}/groups",        get().to(campaigns::groups::show))
        .route("/campaigns/{id}/groups",        post().to(campaigns::groups::choose))
        .route("/campaigns/{id}/find-customers", get().to(campaigns::reverse::show))
        .route("/campaigns/{id}/find-customers", post().to(campaigns::reverse::choose))
        .route("/campaigns/{id}/find-customers/expect", post().to(campaigns::reverse::begin))
        .route("/campaigns/{id}/forecast",      get().to(campaigns::forecast::show))
        .route("/campaigns/{id}/impact",        post().to(campaigns::impact::show))
        .route("/rules/saved",                  get().to(campaigns::rule_sets::list))
        .route("/rules/saved/{id}",             get().to(campaigns::rule_sets::show))
        .route("/rules/saved/{id}/restore",     post().to(campaigns::rule_sets::restore))
        .route("/rules/saved/{id}/forget",      post().to(campaigns::rule_sets::forget))
        .route("/rules/complete",               get().to(campaigns::impact::completions))
        .route("/campaigns/{id}/generate",      post().to(campaigns::state::generate))
        .route("/campaigns/{id}/customers",     get().to(campaigns::preview::customer))
        .route("/campaigns/{id}/email",         get().to(email::show))
        .route("/campaigns/{id}/email",         post().to(email::save))
        .route("/campaigns/{id}/email/start",   post().to(email::start_from))
        .route("/campaigns/{id}/email/check",   post().to(email::check))
        .route("/campaigns/{id}/email/preview", get().to(email::preview))
        .route("/campaigns/{id}/sheet",         get().to(email::sheet))
        .route("/campaigns/{id}/sheet",         post().to(email::judge))
        .route("/campaigns/{id}/why",           get().to(campaigns::why::why))
        .route("/campaigns/{id}/approve",       post().to(campaigns::state::approve))
        .route("/campaigns/{id}/withdraw",      post().to(campaigns::state::withdraw))
        .route("/campaigns/{id}/files/{tool}",  get().to(campaigns::presets::show))
        .route("/campaigns/{id}/files/listmonk/push", post().to(campaigns::presets::begin))
        .route("/campaigns/{id}/files/{tool}/template", get().to(campaigns::presets::download))
        .route("/campaigns/{id}/download/{file}", get().to(campaigns::downloads::download))
        .route("/campaigns/{id}/sent",          post().to(campaigns::state::sent))
        .route("/campaigns/{id}/close",         post().to(campaigns::state::close))
        .route("/campaigns/{id}/copy",          post().to(campaigns::pages::copy))
        .route("/campaigns/{id}/repeat",        get().to(series::pages::show))
        .route("/campaigns/{id}/repeat",        post().to(series::pages::save))
        .route("/campaigns/{id}/repeat/now",    post().to(series::pages::run_now))
        .route("/campaigns/{id}/delete",        post().to(campaigns::state::delete))
        .route("/campaigns/{id}/send",          post().to(sending::pages::send))
        .route("/campaigns/{id}/send/pause",    post().to(sending::pages::pause))
        .route("/campaigns/{id}/send/cancel",   post().to(sending::pages::cancel))
        .route("/campaigns/{id}/send/settle",   post().to(sending::pages::settle_unclear))
        .route("/campaigns/{id}/send/trial",    post().to(sending::pages::send_trial))
        .route("/campaigns/{id}/sending",       get().to(sending::pages::progress))
        .route("/campaigns/{id}/sending.csv",   get().to(sending::list::list))
        // For customers: nobody signs in here.
        .route("/campaigns/{id}/returns",       post().to(campaigns::returns::upload))
        .route("/c/{token}",                    get().to(landing::follow))
        .route("/o/{token}.gif",                get().to(landing::picture))
        .route("/unsubscribe/{token}",          get().to(sending::unsubscribe::ask))
        .route("/unsubscribe/{token}",          post().to(sending::unsubscribe::unsubscribe));
}

/// Any other URL.
pub async fn nothing_here() -> Result<HttpResponse, WebError> {
    Err(WebError::NotFound("There is no page at this address. Check it, or start from the dashboard.".into()))
}
