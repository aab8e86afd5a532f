//! Plain `http` through a proxy: the request itself is handed to the proxy, with the whole URL in
//! its first line (RFC 9112, section 3.2.2).
//!
//! ureq would open a tunnel with CONNECT, which proxies commonly refuse for any port but 443
//! (squid's default `http_access deny CONNECT !SSL_ports`). So the proxy takes the place of the
//! server when ureq connects, and requests are rewritten on their way out.

use base64::{Engine, prelude::BASE64_STANDARD};
use ureq::{
    Error, Proxy,
    config::Config,
    http::Uri,
    unversioned::{
        resolver::{DefaultResolver, ResolvedSocketAddrs, Resolver},
        transport::{
            Buffers, ConnectionDetails, Connector, DefaultConnector, NextTimeout, Transport,
        },
    },
};

/// A request's first line begins so; what follows is the path.
const GET: &[u8] = b"GET /";

/// A name lookup that failed, of a host which need not be the URL's.
#[derive(Debug, thiserror::Error)]
#[error("{source}")]
pub(crate) struct LookupFailed {
    pub(crate) host: String,
    pub(crate) source: std::io::Error,
}

/// Looks up hosts, and says which one it was if that fails.
#[derive(Debug, Default)]
pub(crate) struct Lookup {
    system: DefaultResolver,
    /// Looked up in place of what is asked for.
    instead: Option<Uri>,
}

impl Lookup {
    /// Finds the proxy, whatever is asked for.
    pub(crate) fn of(proxy: &Proxy) -> Self {
        Self {
            system: DefaultResolver::default(),
            instead: Some(proxy.uri().clone()),
        }
    }
}

impl Resolver for Lookup {
    fn resolve(
        &self,
        uri: &Uri,
        config: &Config,
        timeout: NextTimeout,
    ) -> Result<ResolvedSocketAddrs, Error> {
        let uri = self.instead.as_ref().unwrap_or(uri);
        let found = self.system.resolve(uri, config, timeout);
        found.map_err(|error| match error {
            Error::Io(source) => Error::Other(Box::new(LookupFailed {
                host: uri.host().unwrap_or_default().to_owned(),
                source,
            })),
            other => other,
        })
    }
}

/// Connects to the proxy in place of the server; goes with [`Lookup::of`] the same proxy.
#[derive(Debug)]
pub(crate) struct Forward {
    proxy: Proxy,
    inner: DefaultConnector,
}

impl Forward {
    pub(crate) fn new(proxy: Proxy) -> Self {
        Self {
            proxy,
            inner: DefaultConnector::new(),
        }
    }
}

impl Connector for Forward {
    type Out = Forwarding;

    fn connect(
        &self,
        details: &ConnectionDetails<'_>,
        chained: Option<()>,
    ) -> Result<Option<Forwarding>, Error> {
        let to_proxy = ConnectionDetails {
            uri: self.proxy.uri(),
            addrs: details.addrs.clone(),
            config: details.config,
            request_level: details.request_level,
            resolver: details.resolver,
            now: details.now,
            timeout: details.timeout,
            current_time: details.current_time.clone(),
            run_connector: details.run_connector.clone(),
            register_shutdown: details.register_shutdown.clone(),
        };
        let server = details.uri.authority().map_or("", |server| server.as_str());
        let connected = self.inner.connect(&to_proxy, chained)?;
        Ok(connected.map(|inner| Forwarding {
            inner,
            server: server.to_owned(),
            credentials: credentials(&self.proxy),
        }))
    }
}

/// A connection to the proxy.
#[derive(Debug)]
pub(crate) struct Forwarding {
    inner: Box<dyn Transport>,
    /// Host and port that the requests are for.
    server: String,
    credentials: Option<Credentials>,
}

/// The value of `Proxy-Authorization`, which does not show itself.
struct Credentials(String);

impl std::fmt::Debug for Credentials {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Credentials")
    }
}

impl Transport for Forwarding {
    fn buffers(&mut self) -> &mut dyn Buffers {
        self.inner.buffers()
    }

    fn transmit_output(&mut self, amount: usize, timeout: NextTimeout) -> Result<(), Error> {
        let output = self.inner.buffers().output();
        let Some(rewritten) = rewrite(&output[..amount], &self.server, self.credentials.as_ref())
        else {
            return self.inner.transmit_output(amount, timeout);
        };
        let Some(place) = output.get_mut(..rewritten.len()) else {
            return Err(Error::LargeResponseHeader(rewritten.len(), output.len()));
        };
        place.copy_from_slice(&rewritten);
        self.inner.transmit_output(rewritten.len(), timeout)
    }

    fn await_input(&mut self, timeout: NextTimeout) -> Result<bool, Error> {
        self.inner.await_input(timeout)
    }

    fn is_open(&mut self) -> bool {
        self.inner.is_open()
    }
}

/// The beginning of a request, as a proxy wants it; `None` for any other bytes.
fn rewrite(request: &[u8], server: &str, credentials: Option<&Credentials>) -> Option<Vec<u8>> {
    let path = request.strip_prefix(GET)?;
    let first = path.iter().position(|&byte| byte == b'\n')? + 1;
    let (first, rest) = path.split_at(first);
    let mut rewritten = format!("GET http://{server}/").into_bytes();
    rewritten.extend_from_slice(first);
    if let Some(Credentials(value)) = credentials {
        rewritten.extend_from_slice(format!("Proxy-Authorization: {value}\r\n").as_bytes());
    }
    rewritten.extend_from_slice(rest);
    Some(rewritten)
}

fn credentials(proxy: &Proxy) -> Option<Credentials> {
    let (user, password) = (proxy.username(), proxy.password());
    user.or(password)?;
    let (user, password) = (user.unwrap_or_default(), password.unwrap_or_default());
    let encoded = BASE64_STANDARD.encode(format!("{user}:{password}"));
    Some(Credentials(format!("Basic {encoded}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_line_gets_the_whole_url() {
        let request = b"GET /a?b HTTP/1.1\r\nhost: example.org\r\n\r\n";
        let rewritten = rewrite(request, "example.org:81", None).expect("a request");
        let expected = b"GET http://example.org:81/a?b HTTP/1.1\r\nhost: example.org\r\n\r\n";
        assert_eq!(rewritten, expected);
        assert_eq!(rewrite(b"host: example.org\r\n", "example.org", None), None);
    }

    #[test]
    fn credentials_go_to_the_proxy_decoded_and_are_not_shown() {
        // The example of RFC 7617, section 2.
        let proxy = Proxy::new("http://Aladdin:open%20sesame@host:1").expect("a proxy");
        let credentials = credentials(&proxy).expect("a user");
        assert_eq!(credentials.0, "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==");
        assert_eq!(format!("{credentials:?}"), "Credentials");
        let sent = rewrite(b"GET / HTTP/1.1\r\n\r\n", "a", Some(&credentials));
        let sent = String::from_utf8(sent.expect("a request")).expect("text");
        let expected = format!(
            "GET http://a/ HTTP/1.1\r\nProxy-Authorization: {}\r\n\r\n",
            credentials.0
        );
        assert_eq!(sent, expected);
    }
}
