//! Dataset examples, compared with each photograph by itself.

mod common;

use std::{fs, path::Path};

use common::{Linear, everywhere, photograph, tiny};
use oneiric_core::Picture;
use oneiric_inspect::{DatasetExamples, Example, Examples, InspectError, Statistic, activations};
use oneiric_model::InceptionV1;
use oneiric_objective::LayerError;

const LAYER: &str = "mixed3b";
const CHANNEL: usize = 3;

/// A folder with photographs of three sizes, one of them in a subfolder, and files that are no
/// photographs.
fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    fs::create_dir(folder.path().join("deep")).expect("writable");
    let sizes = [(48, 40), (48, 40), (40, 64), (48, 40), (56, 56)];
    for (number, (width, height)) in sizes.into_iter().enumerate() {
        let name = match number {
            4 => "deep/4.PNG".to_owned(),
            _ => format!("{number}.png"),
        };
        let path = folder.path().join(name);
        let picture = photograph(width, height, number as u64 + 1);
        let lower = path.with_extension("png");
        picture.save(&lower).expect("writable");
        fs::rename(lower, path).expect("writable");
    }
    fs::write(folder.path().join("2b.jpg"), b"no picture").expect("writable");
    fs::write(folder.path().join("notes.txt"), b"no picture").expect("writable");
    folder
}

/// The slow oracle: each file by itself.
fn ranked(
    net: &InceptionV1,
    files: &[&Path],
    side: Option<usize>,
) -> Vec<(String, f32, [usize; 2])> {
    let mut all: Vec<_> = files
        .iter()
        .map(|path| {
            let mut picture = Picture::open(path).expect("a picture");
            if let Some(side) = side {
                let (width, height) = (picture.width(), picture.height());
                let scale = side as f64 / width.min(height) as f64;
                let scaled = |n: usize| (n as f64 * scale).round() as usize;
                picture = picture
                    .resize(scaled(width), scaled(height))
                    .expect("a size");
            }
            let map = activations(net, &picture, LAYER).expect("a layer");
            let plane = map.channel(CHANNEL).expect("a channel");
            let most = plane.iter().copied().fold(f32::NEG_INFINITY, f32::max);
            let at = plane.iter().position(|v| *v == most).expect("one of them");
            let name = path.file_name().expect("a name").to_string_lossy();
            (
                name.into_owned(),
                most,
                [at % map.width(), at / map.width()],
            )
        })
        .collect();
    all.sort_by(|a, b| b.1.total_cmp(&a.1));
    all
}

fn assert_ranked(found: &[Example], expected: &[(String, f32, [usize; 2])]) {
    assert_eq!(found.len(), expected.len());
    for (found, (name, value, position)) in found.iter().zip(expected) {
        assert_eq!(
            found.path.file_name().expect("a name").to_string_lossy(),
            *name
        );
        assert!((found.value - value).abs() <= 1e-4 * value.abs(), "{name}");
        assert_eq!(found.position, *position, "{name}");
    }
}

#[test]
fn the_most_exciting_are_found_whatever_the_batch() {
    everywhere(|device| {
        let net = tiny(device);
        let folder = folder();
        let path = |name: &str| folder.path().join(name);
        let (a, b, c, d) = (path("0.png"), path("1.png"), path("2.png"), path("3.png"));
        let deep = path("deep/4.PNG");
        for side in [None, Some(32)] {
            let find = |batch, recursive, count| -> Examples {
                DatasetExamples::new(folder.path())
                    .side(side)
                    .batch(batch)
                    .recursive(recursive)
                    .count(count)
                    .find(&net, LAYER, CHANNEL)
                    .expect("a search")
            };
            let all = ranked(&net, &[&a, &b, &c, &d], side);
            for batch in [1, 2, 8] {
                let found = find(batch, false, 9);
                assert_ranked(&found.best, &all);
                assert_eq!(found.seen, 4);
                assert_eq!(found.unreadable.len(), 1);
                assert!(found.unreadable[0].path.ends_with("2b.jpg"));
                assert!(matches!(
                    found.unreadable[0].error,
                    InspectError::Picture(_)
                ));
                assert_ranked(&find(batch, false, 2).best, &all[..2]);
            }
            let all = ranked(&net, &[&a, &b, &c, &d, &deep], side);
            let found = find(8, true, 5);
            assert_ranked(&found.best, &all);
            let shorter = |p: &Picture| p.width().min(p.height());
            if let Some(side) = side {
                assert!(found.best.iter().all(|e| shorter(&e.picture) == side));
            }
        }
    });
}

#[test]
fn statistics_are_those_of_the_map() {
    everywhere(|device| {
        let net = tiny(device);
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("a.png");
        photograph(60, 44, 9).save(&path).expect("writable");
        let picture = Picture::open(&path).expect("just written");
        let map = activations(&net, &picture, LAYER).expect("a layer");
        let plane = map.channel(CHANNEL).expect("a channel");
        let find = |statistic| {
            let search = DatasetExamples::new(folder.path())
                .side(None)
                .statistic(statistic);
            let found = search.find(&net, LAYER, CHANNEL).expect("a search");
            found.best[0].clone()
        };
        let close = |found: f32, expected: f32| {
            assert!(
                (found - expected).abs() <= 1e-5 * expected.abs(),
                "{found} {expected}"
            );
        };
        close(find(Statistic::Mean).value, map.means()[CHANNEL]);
        let most = plane.iter().copied().fold(0.0, f32::max);
        close(find(Statistic::Max).value, most);
        let center = find(Statistic::Center);
        let (x, y) = (map.width() / 2, map.height() / 2);
        close(center.value, plane[y * map.width() + x]);
        assert_eq!(center.position, [x, y]);
        assert_eq!(center.map, [map.width(), map.height()]);
    });
}

#[test]
fn a_crop_lies_around_the_position_and_inside() {
    everywhere(|device| {
        let net = tiny(device);
        let folder = folder();
        let found = DatasetExamples::new(folder.path())
            .side(None)
            .find(&net, LAYER, CHANNEL)
            .expect("a search");
        let mut example = found.best[0].clone();
        let picture = example.picture.clone();
        let (width, height) = (picture.width(), picture.height());
        let corner = |p: &Picture| p.values()[..3].to_vec();
        let pixel = |x: usize, y: usize| {
            let at = (y * width + x) * 3;
            picture.values()[at..at + 3].to_vec()
        };
        example.map = [width / 8, height / 8];
        example.position = [2, 3];
        let crop = example.crop(10).expect("a crop");
        assert_eq!((crop.width(), crop.height()), (10, 10));
        assert_eq!(corner(&crop), pixel(20 - 5, 28 - 5));
        example.position = [0, height / 8 - 1];
        let crop = example.crop(10).expect("a crop");
        assert_eq!(corner(&crop), pixel(0, height - 10));
        assert_eq!(example.crop(999).expect("all of it"), picture);
        assert!(example.crop(0).is_err());
    });
}

#[test]
fn the_observer_sees_every_file_and_nothing_is_looked_at_in_vain() {
    everywhere(|device| {
        let net = tiny(device);
        let folder = folder();
        let mut seen = Vec::new();
        let search = DatasetExamples::new(folder.path())
            .side(Some(32))
            .observer(|progress| seen.push((progress.done, progress.total)));
        search.find(&net, LAYER, CHANNEL).expect("a search");
        let expected: Vec<_> = (1..=5).map(|done| (done, Some(5))).collect();
        assert_eq!(seen, expected);

        let find =
            |search: DatasetExamples<'_>| search.find(&net, LAYER, CHANNEL).expect_err("a refusal");
        let search = || DatasetExamples::new(folder.path());
        for search in [search().count(0), search().batch(0), search().side(Some(0))] {
            assert!(matches!(find(search), InspectError::Setting(_)));
        }
        let missing = find(DatasetExamples::new(folder.path().join("missing")));
        assert!(matches!(missing, InspectError::Folder { .. }));
        let empty = tempfile::tempdir().expect("a folder");
        let error = find(DatasetExamples::new(empty.path()));
        assert!(matches!(error, InspectError::NoPictures { .. }));
        assert!(error.to_string().contains("recursive"));
        let channel = search().find(&net, LAYER, 16);
        assert!(matches!(
            channel,
            Err(InspectError::Layer(LayerError::Channel {
                channels: 16,
                ..
            }))
        ));
    });
}

#[test]
fn a_sliver_of_a_photograph_is_cut_to_its_middle() {
    everywhere(|device| {
        let net = tiny(device);
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("sliver.png");
        photograph(200, 4, 3).save(&path).expect("writable");
        let search = DatasetExamples::new(folder.path()).side(Some(24));
        let found = search.find(&net, LAYER, CHANNEL).expect("a search");
        let picture = &found.best[0].picture;
        assert_eq!((picture.width(), picture.height()), (96, 24));
    });
}

#[test]
fn a_photograph_that_does_not_fit_is_told_and_the_others_are_ranked() {
    everywhere(|device| {
        let net = Linear::new(device);
        let folder = tempfile::tempdir().expect("a folder");
        for (number, side) in [4, 9, 4, 9].into_iter().enumerate() {
            let path = folder.path().join(format!("{number}.png"));
            let picture = photograph(side, 9, number as u64 + 1);
            picture.save(path).expect("writable");
        }
        let search = DatasetExamples::new(folder.path()).side(None);
        let found = search.find(&net, "second", 1).expect("a search");
        assert_eq!((found.seen, found.best.len()), (2, 2));
        assert!(found.best[0].value >= found.best[1].value);
        let names = found.unreadable.iter().map(|file| {
            assert!(matches!(
                file.error,
                InspectError::Layer(LayerError::TooSmall { width: 4, .. })
            ));
            file.path.file_name().expect("a name").to_owned()
        });
        assert_eq!(names.collect::<Vec<_>>(), ["0.png", "2.png"]);
    });
}
