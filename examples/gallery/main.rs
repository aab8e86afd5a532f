//! The pictures of `docs/gallery.md`, one per capability: `gallery [FOLDER=gallery] [NAME]`, all or
//! the one of that name.

#[path = "../common/mod.rs"]
mod common;
mod objectives;
mod parameterizations;
mod reading;

use std::{borrow::Borrow, path::PathBuf};

use common::{Args, Report, bar};
use oneiric::{
    InceptionV1, NetworkExt, Objective, Parameterization, Picture, Visualization, Visualizer,
    default_device,
};

/// Side of a picture.
const SIDE: usize = 128;

/// What a picture is made with.
struct Studio {
    net: InceptionV1,
    /// A class, and a layer half way up.
    class: &'static str,
    layer: &'static str,
    /// Channels of that layer.
    channels: usize,
    /// What a channel of it comes to in a picture, roughly, for what is to weigh as much.
    excitement: f64,
    /// What photographs show; they are drawn.
    photograph: Picture,
    texture: Picture,
}

type Make = fn(&Studio) -> Result<Picture, Report>;

/// In the order of the page.
const PICTURES: [(&str, Make); 18] = [
    ("parameterizations", parameterizations::all),
    ("alpha", parameterizations::alpha),
    ("maco", parameterizations::maco),
    ("mask", parameterizations::mask),
    ("interpolation", parameterizations::interpolation),
    ("transforms", parameterizations::transforms),
    ("objectives", objectives::kinds),
    ("arithmetic", objectives::arithmetic),
    ("diversity", objectives::diversity),
    ("caricature", objectives::caricature),
    ("style", objectives::style),
    ("batch", objectives::batch),
    ("activations", reading::activations),
    ("grid", reading::grid),
    ("attribution", reading::attribution),
    ("groups", reading::groups),
    ("weights", reading::weights),
    ("examples", reading::examples),
];

fn main() -> Result<(), Report> {
    let mut args = Args::new("gallery [FOLDER=gallery] [NAME]");
    let folder: PathBuf = args.or("FOLDER", PathBuf::from("gallery"))?;
    let only = args.or("NAME", String::new())?;
    args.end()?;
    std::fs::create_dir_all(&folder)?;
    let net = args.network(&default_device()?)?;
    let layer = "mixed4c";
    let (class, excitement) = match net.class("flower") {
        Ok(_) => ("flower", 4.0),
        // The public networks, whose activations are in the hundreds.
        Err(_) => ("flamingo", 400.0),
    };
    let studio = Studio {
        class,
        excitement,
        layer,
        channels: net.describe(net.layer(layer)?).channels(),
        photograph: common::photograph("butterfly", SIDE)?,
        texture: common::photograph("bricks", SIDE)?,
        net,
    };
    let wanted = || {
        PICTURES
            .iter()
            .filter(|(name, _)| only.is_empty() || *name == only)
    };
    let bar = bar(wanted().count());
    for (name, make) in wanted() {
        bar.set_message(*name);
        make(&studio)?.save(folder.join(format!("{name}.jpg")))?;
        bar.inc(1);
    }
    bar.finish();
    Ok(())
}

impl Studio {
    /// The picture of a run with the defaults of the gallery.
    fn picture(
        &self,
        objective: impl Borrow<Objective>,
        params: impl Parameterization,
    ) -> Result<Picture, Report> {
        Ok(self
            .run(Visualizer::new(), objective, params)?
            .picture()
            .clone())
    }

    fn run(
        &self,
        settings: Visualizer<'_>,
        objective: impl Borrow<Objective>,
        params: impl Parameterization,
    ) -> Result<Visualization, Report> {
        Ok(settings.steps(256).run(objective, params)?)
    }

    /// A channel of the layer, counted round.
    fn channel(&self, channel: usize) -> usize {
        channel % self.channels
    }
}

/// Pictures side by side.
fn row(pictures: &[Picture]) -> Result<Picture, Report> {
    rows(pictures, pictures.len())
}

/// Pictures in rows of so many.
fn rows(pictures: &[Picture], columns: usize) -> Result<Picture, Report> {
    Ok(Picture::grid(pictures, columns)?)
}
