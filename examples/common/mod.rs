//! What the examples share: arguments, a progress bar, and errors as people read them.

#![allow(dead_code, reason = "each example uses its part")]

use std::{env, error::Error, fmt, str::FromStr};

use indicatif::{ProgressBar, ProgressStyle};

/// Any error, printed as its message: `main` prints errors in their debug form, which is for
/// programmers.
pub(crate) struct Report(Box<dyn Error>);

impl<E: Into<Box<dyn Error>>> From<E> for Report {
    fn from(error: E) -> Self {
        Self(error.into())
    }
}

impl fmt::Debug for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

/// The program's arguments in order, each with its name for the message when it is wrong.
pub(crate) struct Args {
    usage: &'static str,
    rest: std::vec::IntoIter<String>,
}

impl Args {
    /// Prints the usage and ends the program if asked to.
    pub(crate) fn new(usage: &'static str) -> Self {
        let args: Vec<String> = env::args().skip(1).collect();
        if args.iter().any(|arg| arg == "--help" || arg == "-h") {
            println!("usage: {usage}");
            std::process::exit(0);
        }
        Self {
            usage,
            rest: args.into_iter(),
        }
    }

    /// The next one, which must be there.
    pub(crate) fn required(&mut self) -> Result<String, Report> {
        let usage = self.usage;
        Ok(self.rest.next().ok_or_else(|| format!("usage: {usage}"))?)
    }

    /// The next one, or a default.
    pub(crate) fn or<T: FromStr>(&mut self, name: &str, default: T) -> Result<T, Report> {
        let Some(text) = self.rest.next() else {
            return Ok(default);
        };
        Ok(text
            .parse()
            .map_err(|_| format!("{name} cannot be {text:?}; usage: {}", self.usage))?)
    }

    /// The next one as LAYER:CHANNEL, or a default.
    pub(crate) fn unit(&mut self, default: &str) -> Result<(String, usize), Report> {
        let unit = self.or("the unit", default.to_owned())?;
        let parts = unit.rsplit_once(':');
        let parts = parts.and_then(|(layer, channel)| Some((layer, channel.parse().ok()?)));
        let (layer, channel) =
            parts.ok_or_else(|| format!("write a unit as mixed4c:1, not {unit:?}"))?;
        Ok((layer.to_owned(), channel))
    }
}

/// A bar for that many steps.
pub(crate) fn bar(steps: usize) -> ProgressBar {
    let style = ProgressStyle::with_template("{wide_bar} {pos}/{len} {msg} {eta}");
    ProgressBar::new(steps as u64)
        .with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
}
