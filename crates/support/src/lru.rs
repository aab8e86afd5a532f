//! A map of a few entries that drops the least recently used one.

/// A map that keeps the `capacity` most recently used entries.
///
/// Entries are found by a walk over all of them, so the map is meant for tens of entries, not
/// thousands.
///
/// ```
/// use oneiric_support::Lru;
///
/// let mut squares = Lru::new(2);
/// squares.insert(2, 4);
/// squares.insert(3, 9);
/// assert_eq!(squares.get(&2), Some(&4)); // 2 is now used more recently than 3
/// squares.insert(4, 16);
/// assert_eq!(squares.get(&3), None);
/// assert_eq!(squares.len(), 2);
/// ```
#[derive(Debug, Clone)]
pub struct Lru<K, V> {
    capacity: usize,
    /// Least recently used first.
    entries: Vec<(K, V)>,
}

impl<K: PartialEq, V> Lru<K, V> {
    /// Creates an empty map; a capacity of 0 counts as 1.
    #[must_use]
    pub const fn new(capacity: usize) -> Self {
        let capacity = if capacity == 0 { 1 } else { capacity };
        Self {
            capacity,
            entries: Vec::new(),
        }
    }

    /// Returns the value of a key and marks its entry as the most recently used.
    pub fn get(&mut self, key: &K) -> Option<&V> {
        let place = self.entries.iter().position(|(other, _)| other == key)?;
        self.entries[place..].rotate_left(1);
        self.entries.last().map(|(_, value)| value)
    }

    /// Puts a value in as the most recently used, in place of an earlier value of that key.
    /// Returns the value that left the map: the key's earlier one, or that of the least recently
    /// used entry if the map was full.
    pub fn insert(&mut self, key: K, value: V) -> Option<V> {
        let same = self.entries.iter().position(|(other, _)| *other == key);
        let full = (self.entries.len() == self.capacity).then_some(0);
        let left = same.or(full).map(|place| self.entries.remove(place).1);
        self.entries.push((key, value));
        left
    }

    /// The number of entries.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.entries.len()
    }

    /// Returns true if the map has no entry.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Removes every entry.
    pub fn clear(&mut self) {
        self.entries.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::Lru;

    #[test]
    fn the_least_recently_used_entry_leaves() {
        let mut map = Lru::new(3);
        for key in 0..3 {
            assert_eq!(map.insert(key, key * 10), None);
        }
        assert_eq!(map.get(&0), Some(&0));
        assert_eq!(map.insert(3, 30), Some(10));
        assert_eq!(map.get(&1), None);
        assert_eq!(map.insert(2, 21), Some(20), "the key's earlier value");
        assert_eq!(map.get(&2), Some(&21));
        assert_eq!(map.len(), 3);
        map.clear();
        assert!(map.is_empty());
    }
}
