//! A small least-recently-used cache.

/// Values by key, of which the most recently used are kept.
///
/// Entries lie in a vector in the order of their last use, which for the few dozen entries here is
/// faster than a map with a list.
#[derive(Debug)]
pub(crate) struct Lru<K, V> {
    capacity: usize,
    /// The most recently used entry is the last.
    entries: Vec<(K, V)>,
}

impl<K: PartialEq, V: Clone> Lru<K, V> {
    /// An empty cache for `capacity` entries.
    pub(crate) fn new(capacity: usize) -> Self {
        Self {
            capacity,
            entries: Vec::new(),
        }
    }

    /// The value of a key, which is then the most recently used one.
    pub(crate) fn get(&mut self, key: &K) -> Option<V> {
        let found = self.entries.iter().position(|(known, _)| known == key)?;
        self.entries[found..].rotate_left(1);
        self.entries.last().map(|(_, value)| value.clone())
    }

    /// Inserts a value, unless the key has one, and returns the value that the key has then. The
    /// least recently used entry makes room.
    pub(crate) fn get_or_insert(&mut self, key: K, value: V) -> V {
        if let Some(known) = self.get(&key) {
            return known;
        }
        if self.entries.len() >= self.capacity {
            self.entries.remove(0);
        }
        self.entries.push((key, value.clone()));
        value
    }

    /// Number of entries.
    #[cfg(test)]
    pub(crate) fn len(&self) -> usize {
        self.entries.len()
    }
}

#[cfg(test)]
mod tests {
    use super::Lru;

    #[test]
    fn the_least_recently_used_entry_is_evicted() {
        let mut cache = Lru::new(3);
        for key in 0..3 {
            assert_eq!(cache.get_or_insert(key, key * 10), key * 10);
        }
        assert_eq!(cache.get(&0), Some(0));
        assert_eq!(cache.get_or_insert(3, 30), 30);
        assert_eq!(cache.len(), 3);
        assert_eq!(
            [0, 1, 2, 3].map(|key| cache.get(&key)),
            [Some(0), None, Some(20), Some(30)]
        );
    }

    #[test]
    fn a_known_key_keeps_its_value() {
        let mut cache = Lru::new(2);
        cache.get_or_insert("a", 1);
        assert_eq!(cache.get_or_insert("a", 2), 1);
        assert_eq!(cache.len(), 1);
    }
}
