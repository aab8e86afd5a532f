//! Memory of past runs, kept for later ones.

use std::{
    mem,
    sync::{Mutex, MutexGuard, PoisonError},
};

use crate::{
    lanes::LANES,
    memory::{Aligned, Arena},
    plan::Layout,
};

/// Arenas that are kept.
const ARENAS: usize = 8;

/// An arena is kept if it is at most this many times as large as the latest run needed.
const MOST_SPARE: usize = 4;

/// Arenas that no run uses.
#[derive(Debug, Default)]
pub(crate) struct Spares {
    /// The latest is the last.
    arenas: Mutex<Vec<Arena>>,
}

impl Spares {
    /// Takes an arena for that many batch items, with zeros around all tensors: one that was
    /// cleared for this layout, else one that is large enough, else a new one.
    pub(crate) fn take(&self, layout: &Layout, items: usize) -> Arena {
        let needed = layout.len * items;
        let mut arena = self.choose(layout, items, needed);
        if !is_cleared(&arena, layout, items) {
            if arena.memory.len() < needed {
                // The old memory is freed before the new memory is allocated.
                drop(mem::take(&mut arena.memory));
                arena.memory = Aligned::zeros(needed.div_ceil(LANES));
            } else {
                for item in 0..items {
                    for (start, len) in layout.halos() {
                        arena.memory.clear(item * layout.len + start, len);
                    }
                }
            }
            (arena.layout, arena.items) = (layout.id, items);
        }
        arena.used = needed;
        arena
    }

    /// Keeps the arena of a run that has ended, and frees those that are much larger than what
    /// that run needed.
    pub(crate) fn keep(&self, arena: Arena) {
        let used = arena.used;
        let mut arenas = lock(&self.arenas);
        arenas.push(arena);
        arenas.retain(|arena| arena.memory.len() / MOST_SPARE <= used);
        if arenas.len() > ARENAS {
            arenas.remove(0);
        }
    }

    /// The best spare arena, or an empty one.
    fn choose(&self, layout: &Layout, items: usize, needed: usize) -> Arena {
        let mut arenas = lock(&self.arenas);
        let cleared = |arena: &Arena| is_cleared(arena, layout, items);
        let fits = |arena: &Arena| arena.memory.len() >= needed;
        let found = arenas.iter().position(cleared);
        let found = found.or_else(|| arenas.iter().position(fits));
        match found.or_else(|| arenas.len().checked_sub(1)) {
            Some(found) => arenas.swap_remove(found),
            None => Arena::default(),
        }
    }
}

/// Returns true if the zeros around the layout's tensors are there for that many items.
fn is_cleared(arena: &Arena, layout: &Layout, items: usize) -> bool {
    arena.layout == layout.id && arena.items >= items
}

/// Locks a mutex, also after a panic elsewhere: each of ours holds a whole value at all times.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
