//! Requests: the right agent for each, and redirects.

use std::time::Duration;

use ureq::{
    Agent, Body, Error,
    http::{
        Response, Uri,
        header::{LOCATION, RANGE},
    },
    unversioned::transport::DefaultConnector,
};

use crate::{
    Proxies,
    forward::{Forward, Lookup},
    proxies::shown,
};

/// What servers are told of who asks.
const USER_AGENT: &str = concat!("oneiric/", env!("CARGO_PKG_VERSION"));
/// Redirects in a row that are followed, as ureq and most browsers' older versions have it.
const MAX_REDIRECTS: usize = 10;

/// How to ask for a file.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Request<'a> {
    pub(crate) uri: &'a Uri,
    pub(crate) proxies: &'a Proxies,
    pub(crate) timeout: Duration,
    /// Bytes that are there already.
    pub(crate) start: u64,
}

/// Why there is no answer.
#[derive(Debug)]
pub(crate) enum Failure {
    Request(Error),
    Redirect {
        location: String,
        reason: &'static str,
    },
}

impl Request<'_> {
    /// Asks, and follows where it leads. Tells `via` the proxy of every request.
    pub(crate) fn send(
        self,
        mut via: impl FnMut(Option<String>),
    ) -> Result<Response<Body>, Failure> {
        let mut uri = self.uri.clone();
        let mut redirects = 0;
        loop {
            let proxy = self.proxies.of(&uri);
            via(proxy.map(shown));
            let mut request = self.agent(&uri).get(&uri);
            if self.start > 0 {
                request = request.header(RANGE, format!("bytes={}-", self.start));
            }
            let response = request.call().map_err(Failure::Request)?;
            let location = response.headers().get(LOCATION);
            let (Some(location), 301 | 302 | 303 | 307 | 308) =
                (location, response.status().as_u16())
            else {
                return Ok(response);
            };
            let location = String::from_utf8_lossy(location.as_bytes()).into_owned();
            redirects += 1;
            let next = match resolve(&uri, &location) {
                Ok(_) if redirects > MAX_REDIRECTS => Err("one time too many"),
                next => next,
            };
            // The answer is dropped unread, and with it the connection.
            uri = next.map_err(|reason| Failure::Redirect { location, reason })?;
        }
    }

    /// ureq, set up for this URL. The proxy depends on the URL, so each request has its own.
    fn agent(self, uri: &Uri) -> Agent {
        let limit = Some(self.timeout);
        let config = Agent::config_builder()
            .user_agent(USER_AGENT)
            // A compressed answer would be another file than the published one.
            .accept_encoding("identity")
            .http_status_as_error(false)
            .max_redirects(0)
            .timeout_resolve(limit)
            .timeout_connect(limit)
            .timeout_send_request(limit)
            .timeout_recv_response(limit)
            // Starts anew with every read: slow is fine, silent is not. `timeout_recv_body` would
            // limit the whole download.
            .timeout_per_read(limit)
            .timeout_per_write(limit);
        match self.proxies.of(uri) {
            Some(proxy) if uri.scheme_str() == Some("http") && forwards(proxy) => {
                let config = config.proxy(None).build();
                Agent::with_parts(config, Forward::new(proxy.clone()), Lookup::of(proxy))
            }
            proxy => {
                let config = config.proxy(proxy.cloned()).build();
                Agent::with_parts(config, DefaultConnector::new(), Lookup::default())
            }
        }
    }
}

/// Whether a proxy speaks HTTP.
fn forwards(proxy: &ureq::Proxy) -> bool {
    use ureq::ProxyProtocol::{Http, Https};
    matches!(proxy.protocol(), Http | Https)
}

/// Where a `Location` leads from here (a URL, a path from the server's root or from here, or another
/// query), or why one does not go there.
fn resolve(here: &Uri, location: &str) -> Result<Uri, &'static str> {
    let location = location.split('#').next().unwrap_or_default();
    let scheme = here.scheme_str().unwrap_or_default();
    let server = here.authority().map_or("", |server| server.as_str());
    let url = if has_scheme(location) {
        location.to_owned()
    } else if location.starts_with("//") {
        format!("{scheme}:{location}")
    } else if location.starts_with('/') {
        format!("{scheme}://{server}{location}")
    } else if location.starts_with('?') {
        format!("{scheme}://{server}{}{location}", here.path())
    } else {
        let folder = here
            .path()
            .rsplit_once('/')
            .map_or("", |(folder, _)| folder);
        format!("{scheme}://{server}{folder}/{location}")
    };
    let uri: Uri = url.parse().map_err(|_| "which is no URL")?;
    match (scheme, uri.scheme_str()) {
        (_, Some("https")) | ("http", Some("http")) => Ok(uri),
        (_, Some("http")) => Err("which is less safe than https"),
        _ => Err("which is neither http nor https"),
    }
}

/// Whether a reference begins with a scheme (RFC 3986, 3.1), and not with a path or a query.
fn has_scheme(reference: &str) -> bool {
    let Some((scheme, _)) = reference.split_once(':') else {
        return false;
    };
    let mut letters = scheme.chars();
    letters
        .next()
        .is_some_and(|first| first.is_ascii_alphabetic())
        && letters.all(|letter| letter.is_ascii_alphanumeric() || "+-.".contains(letter))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn locations_lead_where_rfc_3986_says() {
        let here: Uri = "http://example.org:81/a/b?c".parse().expect("a URL");
        let cases = [
            ("https://other.org/x", "https://other.org/x"),
            ("//other.org/x", "http://other.org/x"),
            ("/x?y#z", "http://example.org:81/x?y"),
            ("x", "http://example.org:81/a/x"),
            ("?x=y", "http://example.org:81/a/b?x=y"),
            (
                "/x?to=https://other.org/",
                "http://example.org:81/x?to=https://other.org/",
            ),
            (
                "x?to=https://other.org/",
                "http://example.org:81/a/x?to=https://other.org/",
            ),
        ];
        for (location, expected) in cases {
            let found = resolve(&here, location).map(|uri| uri.to_string());
            assert_eq!(found.as_deref(), Ok(expected), "{location}");
        }
        for location in ["ftp://other.org/x", "http://", "http://a b/", "data:,x"] {
            assert!(resolve(&here, location).is_err(), "{location}");
        }
    }

    #[test]
    fn https_is_not_left() {
        let here: Uri = "https://example.org/a".parse().expect("a URL");
        assert!(resolve(&here, "http://example.org/a").is_err());
        let root = resolve(&here, "//other.org/").map(|uri| uri.to_string());
        assert_eq!(root.as_deref(), Ok("https://other.org/"));
    }
}
