//! The photographs of a folder that excite a unit most, and what of each does it. Without a folder
//! one is made, of drawn pictures.

mod common;

use std::path::PathBuf;

use common::{Args, Report, bar};
use oneiric::{Picture, default_device, inspect::DatasetExamples};

/// Drawn pictures of each class.
const EACH: u64 = 4;

/// Side of what is cut out around the most exciting position.
const CROP: usize = 64;

fn main() -> Result<(), Report> {
    let mut args =
        Args::new("dataset_examples [FOLDER] [LAYER:CHANNEL=mixed4b:1] [PICTURE=examples.png]");
    let folder = args.or("FOLDER", PathBuf::new())?;
    let (layer, channel) = common::unit(&args.or("the unit", "mixed4b:1".to_owned())?)?;
    let picture = args.or("PICTURE", "examples.png".to_owned())?;
    args.end()?;

    Picture::check_writable(&picture)?;
    let net = args.network(&default_device()?)?;
    let folder = if folder.as_os_str().is_empty() {
        common::drawn_folder(EACH, common::side(&net))?
    } else {
        folder
    };

    let bar = bar(0);
    let search = DatasetExamples::new(folder)
        .side(Some(common::side(&net)))
        .observer(|progress| {
            bar.set_length(progress.total.unwrap_or_default());
            bar.set_position(progress.done);
        });
    let found = search.find(&net, &layer, channel)?;
    bar.finish();
    for file in &found.unreadable {
        println!("skipped: {}", file.error);
    }
    if !found.others.is_empty() {
        println!("{} files are no pictures", found.others.len());
    }
    for example in &found.best {
        println!("{:8.3} {}", example.value, example.path.display());
    }
    let crops = found.best.iter().map(|example| example.crop(CROP));
    let crops = crops.collect::<Result<Vec<_>, _>>()?;
    Picture::sheet(&crops)?.save(&picture)?;
    println!("{picture}");
    Ok(())
}
