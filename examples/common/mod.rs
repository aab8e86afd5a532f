//! What the examples share: arguments, a progress bar, and errors as people read them.

#![allow(dead_code, reason = "each example uses its part")]

use std::{
    env,
    error::Error,
    fmt,
    path::{Path, PathBuf},
    str::FromStr,
};

use indicatif::{ProgressBar, ProgressStyle};
#[cfg(feature = "download")]
use oneiric::download::{Downloader, Pretrained};
use oneiric::{InceptionV1, Picture, burn::tensor::Device, objective::Class};
use rand_chacha::{ChaCha8Rng, rand_core::SeedableRng};

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

/// What every example says about its network.
const WEIGHTS: &str = "[--weights FILE | inception5h | bvlc | torchvision]

Without --weights the network is the small one that ships inside oneiric. A FILE is a network in
any of the formats that there are; a name is that of a public one, which is downloaded once, by
examples that are built with --features download.";

/// The program's arguments in order, each with its name for the message when it is wrong.
pub(crate) struct Args {
    usage: &'static str,
    weights: Option<String>,
    rest: std::vec::IntoIter<String>,
}

impl Args {
    /// Prints the usage and ends the program if asked to.
    pub(crate) fn new(usage: &'static str) -> Self {
        let mut args: Vec<String> = env::args().skip(1).collect();
        if args.iter().any(|arg| arg == "--help" || arg == "-h") {
            println!("usage: {usage} {WEIGHTS}");
            std::process::exit(0);
        }
        let mut weights = None;
        if let Some(at) = args.iter().position(|arg| arg.starts_with("--weights")) {
            let flag = args.remove(at);
            weights = match flag.strip_prefix("--weights=") {
                Some(value) => Some(value.to_owned()),
                None if at < args.len() => Some(args.remove(at)),
                // No value, which is told where the network is loaded.
                None => Some(String::new()),
            };
        }
        Self {
            usage,
            weights,
            rest: args.into_iter(),
        }
    }

    /// The next one, if there is one; flags that nobody knows are refused.
    fn next(&mut self) -> Result<Option<String>, Report> {
        let next = self.rest.next();
        match next {
            Some(flag) if flag.starts_with("--") => Err(self.refuse(&format!("unknown {flag}"))),
            next => Ok(next),
        }
    }

    fn refuse(&self, what: &str) -> Report {
        format!("{what}; usage: {} {WEIGHTS}", self.usage).into()
    }

    /// Refuses what is left over: a name of two words needs quotes.
    pub(crate) fn end(&mut self) -> Result<(), Report> {
        match self.next()? {
            Some(left) => Err(self.refuse(&format!("one argument too many, {left:?}"))),
            None => Ok(()),
        }
    }

    /// The next one, which must be there.
    pub(crate) fn required(&mut self) -> Result<String, Report> {
        let next = self.next()?;
        next.ok_or_else(|| self.refuse("one argument is missing"))
    }

    /// The next one, or a default.
    pub(crate) fn or<T: FromStr>(&mut self, name: &str, default: T) -> Result<T, Report> {
        let Some(text) = self.next()? else {
            return Ok(default);
        };
        let value = text.parse();
        value.map_err(|_| self.refuse(&format!("{name} cannot be {text:?}")))
    }

    /// The file that `--weights` names, if it is an ONNX file.
    pub(crate) fn onnx_file(&self) -> Option<&Path> {
        let path = self.weights.as_ref().map(Path::new)?;
        path.extension().filter(|end| *end == "onnx").map(|_| path)
    }

    /// The network that `--weights` asks for.
    pub(crate) fn network(&self, device: &Device) -> Result<InceptionV1, Report> {
        let Some(weights) = &self.weights else {
            return Ok(InceptionV1::bundled(device)?);
        };
        if Path::new(weights).exists() {
            return Ok(InceptionV1::load(weights, device)?);
        }
        #[cfg(feature = "download")]
        if let Ok(public) = weights.parse() {
            let file = download(public)
                .map_err(|error| format!("{error:?}\n(here: with --weights FILE)"))?;
            return Ok(InceptionV1::load(file, device)?);
        }
        let names = if cfg!(feature = "download") {
            "and no public network of that name"
        } else {
            "and names of public networks need a build with --features download"
        };
        Err(self.refuse(&format!("there is no file {weights:?}, {names}")))
    }
}

/// A unit written as LAYER:CHANNEL.
pub(crate) fn unit(text: &str) -> Result<(String, usize), Report> {
    let parts = text.rsplit_once(':');
    let parts = parts.and_then(|(layer, channel)| Some((layer, channel.parse().ok()?)));
    let (layer, channel) =
        parts.ok_or_else(|| format!("write a unit as mixed4c:1, not {text:?}"))?;
    Ok((layer.to_owned(), channel))
}

/// A class by its number or its label.
pub(crate) fn class(text: &str) -> Class {
    text.parse()
        .map_or_else(|_| Class::Label(text.to_owned()), Class::Number)
}

/// The photograph in a file, scaled to that longer side; or a picture of one of the classes that
/// the network inside knows, drawn for the occasion.
pub(crate) fn photograph(text: &str, side: usize) -> Result<Picture, Report> {
    let classes = oneiric_procedural::labels();
    match classes.iter().position(|class| class == text) {
        Some(class) if !Path::new(text).exists() => drawn(class, 7, side),
        _ => {
            let photograph = Picture::open(text)?;
            let (width, height) = (photograph.width(), photograph.height());
            let scaled = |n: usize| (n * side / width.max(height)).max(1);
            Ok(photograph.resize(scaled(width), scaled(height))?)
        }
    }
}

/// A square picture of a class.
pub(crate) fn drawn(class: usize, seed: u64, side: usize) -> Result<Picture, Report> {
    let planes = oneiric_procedural::draw(class, side, &mut ChaCha8Rng::seed_from_u64(seed));
    let plane = side * side;
    let pixels = (0..plane).flat_map(|at| [0, 1, 2].map(|color| planes[color * plane + at]));
    Ok(Picture::new(side, side, pixels.collect())?)
}

/// A folder with so many drawn pictures of each class.
pub(crate) fn drawn_folder(each: u64, side: usize) -> Result<PathBuf, Report> {
    let folder = env::temp_dir().join(format!("oneiric-drawn-{side}"));
    std::fs::create_dir_all(&folder)?;
    for (class, name) in oneiric_procedural::labels().iter().enumerate() {
        for seed in 0..each {
            let file = format!("{}-{seed}.png", name.replace(' ', "-"));
            drawn(class, seed, side)?.save(folder.join(file))?;
        }
    }
    Ok(folder)
}

/// The longer side of photographs that a network is asked about.
pub(crate) fn side(net: &InceptionV1) -> usize {
    net.config().side.max(128)
}

/// Returns the file of a public network, from the cache or the network, with a progress bar.
#[cfg(feature = "download")]
fn download(public: Pretrained) -> Result<PathBuf, Report> {
    let bar = ProgressBar::no_length().with_style(ProgressStyle::with_template(
        "{wide_bar} {bytes}/{total_bytes} {eta}",
    )?);
    let file = Downloader::new()
        .observer({
            let bar = bar.clone();
            move |report| {
                let progress = report.progress();
                if let Some(total) = progress.total {
                    bar.set_length(total);
                }
                bar.set_position(progress.done);
            }
        })
        .fetch(public)?;
    bar.finish_and_clear();
    Ok(file)
}

/// A bar for that many steps.
pub(crate) fn bar(steps: usize) -> ProgressBar {
    let style = ProgressStyle::with_template("{wide_bar} {pos}/{len} {msg} {eta}");
    ProgressBar::new(steps as u64)
        .with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
}
