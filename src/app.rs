//! The running program: an installation becomes an HTTP server, a job runner and a schedule.

use crate::auth::setup;
use crate::campaigns::counting::Crowds;
use crate::campaigns::email::Drafts;
use crate::campaigns::groups::Alike;
use crate::campaigns::impact::Benches;
use crate::campaigns::sending::office::Office;
use crate::explorer::Lookout;
use crate::installation::Installation;
use crate::jobs::Runner;
use crate::pictures::Pictures;
use crate::showroom::Queue;
use crate::web::{asset_routes, wall};
use crate::{router, schedule, web};
use actix_web::middleware::{Compress, from_fn};
use actix_web::{App, HttpServer, web as actix};
use anyhow::{Context, bail};
use chrono::{DateTime, Utc};
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;

/// Pasted lists of ids are the largest forms.
const FORM_BYTES: usize = 4 << 20;

/// The real clock, for the assembly to hand out.
#[expect(clippy::disallowed_methods, reason = "the one place where the clock is read")]
pub fn clock() -> DateTime<Utc> {
    Utc::now()
}

/// Told once the server answers.
pub struct Ready {
    pub address: SocketAddr,
    /// How browsers reach it.
    pub url: String,
    /// While nobody has an account: where the first one is made.
    pub setup_link: Option<String>,
}

/// Serves until the process is told to stop, then lets requests finish and the running job return to the queue.
pub fn serve(installation: Installation, on_ready: impl FnOnce(&Ready)) -> anyhow::Result<()> {
    let installation = Arc::new(installation);
    let listener = listen(&installation.config.server.listen)?;
    let address = listener.local_addr()?;
    let url = match installation.config.server.public_url.trim_end_matches('/') {
        "" => format!("http://{address}"),
        public => public.to_owned(),
    };
    let setup_link = setup::link(&installation)?.map(|token| format!("{url}/setup/{token}"));
    let runner =
        Runner::start(installation.store.clone(), schedule::bodies(&installation), installation.clock)?;
    let clockwork = schedule::Clockwork::start(installation.clone())?;
    let office = Office::start(installation.clone())?;
    actix_web::rt::System::new().block_on(async {
        let server = server(&installation, listener)?;
        tracing::info!(%address, "serving");
        on_ready(&Ready { address, url, setup_link });
        server.await.context("the server stopped")
    })?;
    tracing::info!("stopping");
    drop(office);
    drop(clockwork);
    drop(runner);
    Ok(())
}

fn listen(address: &str) -> anyhow::Result<TcpListener> {
    match TcpListener::bind(address) {
        Ok(listener) => Ok(listener),
        Err(error) if error.kind() == std::io::ErrorKind::AddrInUse => bail!(
            "{address} is in use by another program; set server.listen to another port, or stop that program"
        ),
        Err(error) => {
            bail!("{address} cannot be listened on: {error}. Set server.listen to an address of this machine")
        }
    }
}

fn server(installation: &Arc<Installation>, listener: TcpListener) -> anyhow::Result<actix_web::dev::Server> {
    let data = actix::Data::new(installation.clone());
    let benches = actix::Data::new(Benches::default());
    let drafts = actix::Data::new(Drafts::default());
    let crowds = actix::Data::new(Crowds::default());
    let folder = installation.folder.pictures(installation.shop_id());
    let pictures = actix::Data::new(Pictures::new(folder, &installation.config.pictures));
    let queue = actix::Data::new(Queue::default());
    let alike = actix::Data::new(Alike::default());
    let lookout = actix::Data::new(Lookout::default());
    let workers = std::thread::available_parallelism().map_or(2, |cores| cores.get().clamp(2, 8));
    let server = HttpServer::new(move || {
        App::new()
            .app_data(data.clone())
            .app_data(benches.clone())
            .app_data(drafts.clone())
            .app_data(crowds.clone())
            .app_data(pictures.clone())
            .app_data(queue.clone())
            .app_data(alike.clone())
            .app_data(lookout.clone())
            .app_data(actix::FormConfig::default().limit(FORM_BYTES))
            .app_data(actix::PayloadConfig::new(FORM_BYTES))
            // The last one wrapped sees a request first.
            .wrap(from_fn(wall::same_site))
            .wrap(from_fn(web::error_pages))
            .wrap(from_fn(wall::headers))
            .wrap(Compress::default())
            .wrap(from_fn(web::log_request))
            .configure(asset_routes)
            .configure(router::routes)
            .default_service(actix::to(router::nothing_here))
    })
    .workers(workers)
    .shutdown_timeout(5)
    .listen(listener)?
    .run();
    Ok(server)
}
