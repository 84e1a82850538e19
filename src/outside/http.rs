//! The one client for the web: bounded in time and size, and blind to the network it runs in unless an admin wants
//! otherwise.

use std::io::Read;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::time::Duration;
use ureq::config::Config;
use ureq::http::{Response, Uri, header};
use ureq::unversioned::resolver::{DefaultResolver, ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::{DefaultConnector, NextTimeout};
use ureq::{Agent, Body, Error};

const CONNECT: Duration = Duration::from_secs(5);
const WHOLE: Duration = Duration::from_secs(20);
const REDIRECTS: u32 = 3;

#[derive(Debug, thiserror::Error)]
pub enum FetchError {
    #[error("it is no address of the web")]
    NoAddress,
    #[error("it lies inside the network (pictures.allow_private is off)")]
    Private,
    #[error("the server answers {0}")]
    Status(u16),
    #[error("it is larger than {0} MB")]
    TooLarge(u64),
    #[error("it cannot be reached ({0})")]
    Unreachable(String),
}

/// Cheap to clone.
#[derive(Debug, Clone)]
pub struct Client {
    agent: Agent,
}

/// Addresses of the world only.
#[derive(Debug)]
struct Public(DefaultResolver);

impl Resolver for Public {
    fn resolve(
        &self,
        uri: &Uri,
        config: &Config,
        timeout: NextTimeout,
    ) -> Result<ResolvedSocketAddrs, Error> {
        let found = self.0.resolve(uri, config, timeout)?;
        // One that is private is enough: whoever set the name up means no good.
        if found.iter().any(|address| !is_public(address.ip())) {
            return Err(Error::Other(Box::new(FetchError::Private)));
        }
        Ok(found)
    }
}

impl Client {
    pub fn new(allow_private: bool) -> Self {
        let config = Agent::config_builder()
            .timeout_connect(Some(CONNECT))
            .timeout_global(Some(WHOLE))
            .max_redirects(REDIRECTS)
            // A proxy would look names up itself, and reach what must not be reached.
            .proxy(None)
            .user_agent("Handpick")
            .build();
        let agent = match allow_private {
            true => config.new_agent(),
            false => {
                let resolver = Public(DefaultResolver::default());
                Agent::with_parts(config, DefaultConnector::default(), resolver)
            }
        };
        Self { agent }
    }

    /// The bytes at an address, at most `most` of them.
    pub fn get(&self, url: &str, most: u64) -> Result<Vec<u8>, FetchError> {
        let is_web = ["https://", "http://"].iter().any(|scheme| url.starts_with(scheme));
        if !is_web {
            return Err(FetchError::NoAddress);
        }
        let answer = self.agent.get(url).call().map_err(fetch_error)?;
        body(answer, most)
    }

    /// What a program at an address answers to `json`, or to nothing but the question: its status, whatever it is, and at
    /// most `most` bytes.
    pub fn ask(
        &self,
        how: Ask,
        url: &str,
        (authorization, json): (&str, Option<&serde_json::Value>),
        most: u64,
    ) -> Result<(u16, Vec<u8>), FetchError> {
        let answer = match (how, json) {
            (Ask::Get, _) | (_, None) => {
                let asked = self.agent.get(url).config().http_status_as_error(false).build();
                asked.header(header::AUTHORIZATION, authorization).call()
            }
            (Ask::Post | Ask::Put, Some(json)) => {
                let asked = if how == Ask::Post { self.agent.post(url) } else { self.agent.put(url) };
                let asked = asked.config().http_status_as_error(false).build();
                let asked = asked.header(header::AUTHORIZATION, authorization);
                asked.content_type("application/json").send(json.to_string())
            }
        };
        let answer = answer.map_err(fetch_error)?;
        Ok((answer.status().as_u16(), body(answer, most)?))
    }
}

/// Whether a program is asked for something, told something new, or told what holds instead.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ask {
    Get,
    Post,
    Put,
}

fn body(mut answer: Response<Body>, most: u64) -> Result<Vec<u8>, FetchError> {
    let told = answer.headers().get(header::CONTENT_LENGTH);
    let told = told.and_then(|length| length.to_str().ok()?.parse::<u64>().ok());
    if told.is_some_and(|length| length > most) {
        return Err(FetchError::TooLarge(most / 1_000_000));
    }
    let mut bytes = Vec::new();
    let read = answer.body_mut().as_reader().take(most + 1).read_to_end(&mut bytes);
    read.map_err(|error| FetchError::Unreachable(error.to_string()))?;
    if bytes.len() as u64 > most {
        return Err(FetchError::TooLarge(most / 1_000_000));
    }
    Ok(bytes)
}

fn fetch_error(error: Error) -> FetchError {
    match error {
        Error::StatusCode(code) => FetchError::Status(code),
        Error::BadUri(_) | Error::Http(_) => FetchError::NoAddress,
        Error::Other(other) if other.is::<FetchError>() => FetchError::Private,
        error => FetchError::Unreachable(error.to_string()),
    }
}

/// Whether an address belongs to the world: not to this machine, this network, or any special purpose (RFC 6890).
fn is_public(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => is_public_v4(ip),
        IpAddr::V6(ip) => is_public_v6(ip),
    }
}

fn is_public_v4(ip: Ipv4Addr) -> bool {
    let [a, b, c, _] = ip.octets();
    let is_special = ip.is_private()
        || ip.is_loopback()
        || ip.is_link_local()
        || ip.is_multicast()
        || ip.is_documentation()
        || matches!((a, b, c), (0 | 240.., ..) | (100, 64..=127, _) | (192, 0, 0) | (198, 18 | 19, _));
    !is_special
}

fn is_public_v6(ip: Ipv6Addr) -> bool {
    if let Some(v4) = ip.to_ipv4_mapped() {
        return is_public_v4(v4);
    }
    // Only 2000::/3 is handed out; of it, addresses that hold others (6to4, Teredo) and those of documentation.
    let [first, second, ..] = ip.segments();
    let is_handed_out = first & 0xe000 == 0x2000;
    let is_special = first == 0x2002 || (first == 0x2001 && (second < 0x200 || second == 0xdb8));
    is_handed_out && !is_special
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_world_is_public() {
        for ip in [
            "127.0.0.1",
            "10.1.2.3",
            "172.16.0.1",
            "192.168.1.1",
            "169.254.169.254",
            "0.0.0.0",
            "100.64.0.1",
            "192.0.0.8",
            "198.18.0.1",
            "198.51.100.7",
            "224.0.0.1",
            "255.255.255.255",
            "::1",
            "::",
            "fe80::1",
            "fd00::1",
            "ff02::1",
            "::ffff:127.0.0.1",
            "::ffff:10.0.0.1",
            "64:ff9b::7f00:1",
            "2002:7f00:1::",
            "2001::1",
            "2001:db8::1",
        ] {
            assert!(!is_public(ip.parse().unwrap()), "{ip}");
        }
        for ip in
            ["1.1.1.1", "93.184.215.14", "172.32.0.1", "100.128.0.1", "2606:2800:21f:cb07::1", "2a00:1450::1"]
        {
            assert!(is_public(ip.parse().unwrap()), "{ip}");
        }
    }

    #[test]
    fn this_machine_is_not_asked_under_any_name() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let client = Client::new(false);
        for url in [
            format!("http://127.0.0.1:{port}/a.png"),
            format!("http://localhost:{port}/a.png"),
            format!("http://[::1]:{port}/"),
        ] {
            assert!(
                matches!(client.get(&url, 10), Err(FetchError::Private | FetchError::Unreachable(_))),
                "{url}"
            );
        }
        listener.set_nonblocking(true).unwrap();
        assert!(listener.accept().is_err(), "nobody knocked");
        for url in ["file:///etc/passwd", "ftp://x/y", "", "//x", "http://"] {
            assert!(
                matches!(client.get(url, 10), Err(FetchError::NoAddress | FetchError::Unreachable(_))),
                "{url}"
            );
        }
    }
}
