//! Cancellation and progress of long operations, and sending them to threads.

mod common;

use common::{everywhere, photograph, tiny};
use oneiric_inspect::{
    ActivationGrid, ActivationMap, CancelToken, DatasetExamples, DirectionPictures, Factors,
    InspectError, NeuronGroups, Nmf,
};
use oneiric_testkit::Array;

const LAYER: &str = "mixed4a";

fn assert_send<T: Send>() {}

fn canceled() -> CancelToken {
    let token = CancelToken::new();
    token.cancel();
    token
}

fn directions(count: usize) -> Vec<Vec<f32>> {
    let direction = |channel| (0..16).map(move |c| if c == channel { 1.0 } else { 0.0 });
    (0..count).map(|c| direction(c).collect()).collect()
}

fn quick<'a>() -> DirectionPictures<'a> {
    DirectionPictures::new().size(12).steps(2).batch(2)
}

/// Number of pictures made before the operation was canceled, and number of all.
fn counts<T>(result: Result<T, InspectError>) -> (usize, usize) {
    match result {
        Err(InspectError::Canceled { done, total }) => (done, total),
        Err(other) => panic!("{other}"),
        Ok(_) => panic!("not canceled"),
    }
}

#[test]
fn all_can_be_sent_to_a_thread() {
    assert_send::<DirectionPictures<'static>>();
    assert_send::<ActivationGrid<'static>>();
    assert_send::<DatasetExamples<'static>>();
    assert_send::<Nmf<'static>>();
    assert_send::<InspectError>();
}

#[test]
fn pictures_of_directions_end_at_the_next_step() {
    everywhere(|device| {
        let net = tiny(device);
        let directions = directions(5);
        let render = |settings: DirectionPictures<'_>| settings.render(&net, LAYER, &directions);
        let token = CancelToken::new();
        let settings = quick().cancel(token.clone()).observer(move |progress| {
            if progress.done == 2 {
                token.cancel();
            }
        });
        assert_eq!(counts(render(settings)), (2, 5));
        assert_eq!(counts(render(quick().cancel(canceled()))), (0, 5));
    });
}

#[test]
fn a_grid_ends_by_its_own_token_and_by_that_of_its_pictures() {
    everywhere(|device| {
        let net = tiny(device);
        let photograph = photograph(48, 48, 1);
        let render = |grid: ActivationGrid<'_>| grid.render(&net, &photograph, LAYER);
        let token = CancelToken::new();
        let mut seen = Vec::new();
        let grid = ActivationGrid::new()
            .cancel(token.clone())
            .observer(|progress| {
                seen.push((progress.done, progress.total));
                token.cancel();
            })
            .pictures(quick());
        assert_eq!(counts(render(grid)), (2, 9));
        assert_eq!(seen, [(2, Some(9))]);
        let grid = ActivationGrid::new().pictures(quick().cancel(canceled()));
        assert_eq!(counts(render(grid)), (0, 9));
    });
}

#[test]
fn a_search_returns_what_it_has_seen() {
    everywhere(|device| {
        let net = tiny(device);
        let folder = tempfile::tempdir().expect("a folder");
        for number in 0..5 {
            let path = folder.path().join(format!("{number}.png"));
            let picture = photograph(32, 32, number + 1);
            picture.save(path).expect("writable");
        }
        let search = || DatasetExamples::new(folder.path()).batch(1);
        let find = |search: DatasetExamples<'_>| search.find(&net, LAYER, 1).expect("a search");
        let token = CancelToken::new();
        let found = find(search().cancel(token.clone()).observer(move |progress| {
            if progress.done == 3 {
                token.cancel();
            }
        }));
        // The third file was read, but canceled before its forward pass.
        assert_eq!((found.seen, found.best.len(), found.canceled), (2, 2, true));
        let found = find(search().cancel(canceled()));
        assert_eq!((found.seen, found.best.len(), found.canceled), (0, 0, true));
        let found = find(search().cancel(CancelToken::new()));
        assert_eq!((found.seen, found.canceled), (5, false));
    });
}

#[test]
fn a_factorization_returns_the_factors_so_far() {
    let matrix: Vec<f32> = Array::noise([20 * 9], 5).values;
    let matrix: Vec<f32> = matrix.iter().map(|v| v.abs()).collect();
    let nmf = || Nmf::new(3).tolerance(0.0).iterations(8);
    let factor = |nmf: Nmf<'_>| nmf.factor(&matrix, 9).expect("a matrix");
    let mut seen = Vec::new();
    let whole = factor(nmf().observer(|progress| seen.push((progress.done, progress.total))));
    let expected: Vec<_> = (1..=8).map(|done| (done, Some(8))).collect();
    assert_eq!((seen, whole.canceled), (expected, false));

    let token = CancelToken::new();
    let after = |updates: u64, nmf: Nmf<'static>, token: CancelToken| {
        nmf.cancel(token.clone()).observer(move |progress| {
            if progress.done == updates {
                token.cancel();
            }
        })
    };
    let part = factor(after(3, nmf(), token));
    assert!(part.canceled);
    assert_eq!(part.errors, whole.errors[..4]);
    let shorter = factor(nmf().iterations(3));
    let Factors { w, h, .. } = shorter;
    assert_eq!((part.w, part.h), (w, h));
    let start = factor(nmf().cancel(canceled()));
    assert_eq!((start.errors.len(), start.canceled), (1, true));

    let map = ActivationMap::new("a", [9, 4, 5], matrix.clone()).expect("finite");
    let groups =
        |nmf: Nmf<'_>| NeuronGroups::factor(std::slice::from_ref(&map), nmf).expect("a map");
    assert!(groups(nmf().cancel(canceled())).canceled());
    assert!(!groups(nmf()).canceled());
}
