//! Which proxy a request goes through.

use std::env;

use ureq::{Proxy, http::Uri};

use crate::DownloadError;

/// The proxies to use, by the scheme of the URL, and the hosts that need none.
///
/// [`Downloader`](crate::Downloader) asks [`from_env`](Self::from_env) if it is not given others.
/// A proxy is `http://host:port`, `https://...`, `socks4://...`, `socks4a://...`, `socks5://...` or
/// `socks5h://...`, with `user:password@` before the host where it wants that.
///
/// ```
/// use oneiric_download::{Downloader, Proxies};
///
/// let proxies = Proxies::none()
///     .https("http://proxy.example.org:3128")?
///     .bypass("localhost, .internal.example.org");
/// let downloader = Downloader::new().proxies(proxies);
/// # Ok::<(), oneiric_download::DownloadError>(())
/// ```
#[derive(Debug, Clone, Default)]
pub struct Proxies {
    http: Option<Proxy>,
    https: Option<Proxy>,
    bypass: Vec<String>,
}

impl Proxies {
    /// Direct connections.
    #[must_use]
    pub fn none() -> Self {
        Self::default()
    }

    /// As curl has it: `http_proxy` or `HTTP_PROXY` for `http` URLs, `https_proxy` or `HTTPS_PROXY`
    /// for `https` URLs, `all_proxy` or `ALL_PROXY` for both where those are not set, and
    /// `no_proxy` or `NO_PROXY` for [`bypass`](Self::bypass). The first that is set and not empty
    /// counts.
    ///
    /// # Errors
    ///
    /// [`DownloadError::ProxySetting`] when one holds no proxy's URL.
    pub fn from_env() -> Result<Self, DownloadError> {
        Self::from_variables(|name| env::var(name).ok())
    }

    /// Sets the proxy for `http` URLs.
    ///
    /// # Errors
    ///
    /// [`DownloadError::ProxySetting`] when this is no proxy's URL.
    pub fn http(mut self, url: &str) -> Result<Self, DownloadError> {
        self.http = Some(parse("Proxies::http", url)?);
        Ok(self)
    }

    /// Sets the proxy for `https` URLs.
    ///
    /// # Errors
    ///
    /// [`DownloadError::ProxySetting`] when this is no proxy's URL.
    pub fn https(mut self, url: &str) -> Result<Self, DownloadError> {
        self.https = Some(parse("Proxies::https", url)?);
        Ok(self)
    }

    /// Sets the hosts that are reached directly, separated by commas: `example.org` (with or
    /// without a dot or `*.` in front) is that host and those below it, `example.org:8080` only
    /// with that port, `*` is every host. Ranges of addresses (`10.0.0.0/8`) are not understood.
    #[must_use]
    pub fn bypass(mut self, hosts: &str) -> Self {
        let hosts = hosts.split([',', ' ']).filter(|host| !host.is_empty());
        self.bypass = hosts.map(str::to_ascii_lowercase).collect();
        self
    }

    /// The proxy for a URL.
    pub(crate) fn of(&self, uri: &Uri) -> Option<&Proxy> {
        let https = uri.scheme_str() == Some("https");
        let proxy = if https { &self.https } else { &self.http };
        let host = uri.host().unwrap_or_default().to_ascii_lowercase();
        let port = uri.port_u16().unwrap_or(if https { 443 } else { 80 });
        let bypassed = self.bypass.iter().any(|entry| bypasses(entry, &host, port));
        proxy.as_ref().filter(|_| !bypassed)
    }

    fn from_variables(get: impl Fn(&str) -> Option<String>) -> Result<Self, DownloadError> {
        let first = |names: &[&'static str]| {
            let set = names.iter().filter_map(|&name| Some((name, get(name)?)));
            set.into_iter().find(|(_, value)| !value.trim().is_empty())
        };
        let proxy = |names: &[&'static str]| {
            let found = first(names);
            found.map(|(name, value)| parse(name, &value)).transpose()
        };
        let this = Self {
            http: proxy(&["http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"])?,
            https: proxy(&["https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"])?,
            bypass: Vec::new(),
        };
        Ok(match first(&["no_proxy", "NO_PROXY"]) {
            Some((_, hosts)) => this.bypass(&hosts),
            None => this,
        })
    }
}

/// How a proxy is shown: without its user and password.
pub(crate) fn shown(proxy: &Proxy) -> String {
    let scheme = proxy.uri().scheme_str().unwrap_or("http");
    format!("{scheme}://{}:{}", proxy.host(), proxy.port())
}

fn parse(setting: &str, url: &str) -> Result<Proxy, DownloadError> {
    Proxy::new(url.trim()).map_err(|_| DownloadError::ProxySetting {
        setting: setting.to_owned(),
    })
}

fn bypasses(entry: &str, host: &str, port: u16) -> bool {
    if entry == "*" {
        return true;
    }
    // An IPv6 address has colons of its own, so a port follows its bracket.
    let (name, only) = match entry.rsplit_once(':') {
        Some((name, digits)) if !name.contains(':') || name.ends_with(']') => {
            (name, digits.parse().ok())
        }
        _ => (entry, None),
    };
    let bare = |name: &str| name.trim_matches(['[', ']']).to_owned();
    let name = bare(name.trim_start_matches('*').trim_start_matches('.'));
    let host = bare(host);
    let below = host
        .strip_suffix(&name)
        .is_some_and(|rest| rest.is_empty() || rest.ends_with('.'));
    below && !name.is_empty() && only.is_none_or(|only: u16| only == port)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn variables(set: &[(&str, &str)]) -> Result<Proxies, DownloadError> {
        Proxies::from_variables(|name| {
            let found = set.iter().find(|(key, _)| *key == name);
            found.map(|(_, value)| (*value).to_owned())
        })
    }

    fn route(proxies: &Proxies, url: &str) -> Option<String> {
        proxies.of(&url.parse().expect("a URL")).map(shown)
    }

    #[test]
    fn each_scheme_has_its_variable() {
        let proxies = variables(&[
            ("HTTP_PROXY", "http://one:1"),
            ("https_proxy", "two:2"),
            ("HTTPS_PROXY", "http://unused:9"),
            ("ALL_PROXY", "socks5://unused:9"),
        ])
        .expect("well formed");
        let http = route(&proxies, "http://example.org/a");
        assert_eq!(http.as_deref(), Some("http://one:1"));
        let https = route(&proxies, "https://example.org/a");
        assert_eq!(https.as_deref(), Some("http://two:2"));
    }

    #[test]
    fn all_proxy_stands_in_and_empty_counts_as_unset() {
        let proxies = variables(&[("HTTP_PROXY", " "), ("ALL_PROXY", "socks5://both:1080")]);
        let proxies = proxies.expect("well formed");
        for url in ["http://example.org/", "https://example.org/"] {
            assert_eq!(route(&proxies, url).as_deref(), Some("socks5://both:1080"));
        }
        let none = variables(&[]).expect("nothing to parse");
        assert_eq!(route(&none, "http://example.org/"), None);
    }

    #[test]
    fn a_wrong_value_names_the_variable_and_keeps_the_password() {
        let error = variables(&[("HTTPS_PROXY", "gopher://me:secret@host")]);
        let message = error.expect_err("no such proxy").to_string();
        assert!(message.starts_with("HTTPS_PROXY"), "{message}");
        assert!(!message.contains("secret"), "{message}");
    }

    #[test]
    fn passwords_are_not_shown() {
        let proxies = Proxies::none().http("http://me:secret@host:1");
        let proxies = proxies.expect("well formed");
        assert!(!format!("{proxies:?}").contains("secret"));
        let shown = route(&proxies, "http://example.org/");
        assert_eq!(shown.as_deref(), Some("http://host:1"));
    }

    #[test]
    fn bypassed_hosts_are_reached_directly() {
        let proxies = Proxies::none().http("http://proxy:1").expect("a proxy");
        let cases = [
            ("example.org", "http://example.org/", true),
            ("example.org", "http://EXAMPLE.org/", true),
            ("example.org", "http://a.example.org/", true),
            ("example.org", "http://badexample.org/", false),
            ("a.org, .example.org", "http://a.example.org/", true),
            ("*.example.org", "http://a.example.org/", true),
            ("example.org:8080", "http://example.org:8080/", true),
            ("example.org:8080", "http://example.org/", false),
            ("example.org:80", "http://example.org/", true),
            ("::1", "http://[::1]:5/", true),
            ("[::1]:5", "http://[::1]:5/", true),
            ("127.0.0.1", "http://127.0.0.1:5/", true),
            ("*", "http://example.org/", true),
            (".", "http://example.org/", false),
            ("", "http://example.org/", false),
        ];
        for (list, url, direct) in cases {
            let proxies = proxies.clone().bypass(list);
            assert_eq!(route(&proxies, url).is_none(), direct, "{list:?} for {url}");
        }
    }
}
