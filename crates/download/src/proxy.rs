//! The proxy that requests go through.

use std::env;

use ureq::Proxy;

use crate::SettingError;

/// Environment variables that may hold the proxy, in the order in which ureq reads them.
const VARIABLES: &str = "ALL_PROXY all_proxy HTTPS_PROXY https_proxy HTTP_PROXY http_proxy";

/// Returns the proxy of a setting or else of the environment, or `None` for direct connections.
pub(crate) fn proxy(setting: Option<&str>) -> Result<Option<Proxy>, SettingError> {
    match setting {
        Some("") => Ok(None),
        Some(url) => parse("the proxy", url).map(Some),
        None => {
            // `try_from_env` skips a value that is not valid, and ends with a direct connection.
            let value = |name| env::var(name).ok().filter(|url| !url.trim().is_empty());
            let mut set = VARIABLES
                .split(' ')
                .filter_map(|name| Some((name, value(name)?)));
            set.next()
                .map(|(name, url)| parse(name, &url))
                .transpose()?;
            Ok(Proxy::try_from_env())
        }
    }
}

/// Parses the URL of a proxy. The error does not repeat the URL, as it may contain a password.
fn parse(setting: &str, url: &str) -> Result<Proxy, SettingError> {
    Proxy::new(url).map_err(|_| {
        let allowed = "the URL of a proxy, such as http://host:port (or https, socks4, socks5), or \
                       empty to connect directly";
        SettingError::new(setting, "[hidden]", allowed)
    })
}

/// Formats a proxy without its user and password.
pub(crate) fn shown(proxy: &Proxy) -> String {
    let scheme = proxy.uri().scheme_str().unwrap_or("http");
    format!("{scheme}://{}:{}", proxy.host(), proxy.port())
}
