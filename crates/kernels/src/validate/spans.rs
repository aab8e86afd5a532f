//! Sets of numbers as sorted spans.

use std::ops::Range;

/// A set of offsets: sorted spans that neither overlap nor touch.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Spans(Vec<Range<usize>>);

impl Spans {
    /// The union of spans in any order.
    pub(super) fn new(mut spans: Vec<Range<usize>>) -> Self {
        spans.retain(|span| !span.is_empty());
        spans.sort_unstable_by_key(|span| span.start);
        let mut all: Vec<Range<usize>> = Vec::new();
        for span in spans {
            match all.last_mut() {
                Some(last) if span.start <= last.end => last.end = last.end.max(span.end),
                _ => all.push(span),
            }
        }
        Self(all)
    }

    /// Adds spans.
    pub(super) fn extend(&mut self, spans: Vec<Range<usize>>) {
        let mut all = std::mem::take(&mut self.0);
        all.extend(spans);
        *self = Self::new(all);
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Range<usize>> {
        self.0.iter()
    }

    /// Count of numbers.
    pub(super) fn len(&self) -> usize {
        self.0.iter().map(Range::len).sum()
    }

    /// Returns true if all of a span is in the set.
    pub(super) fn covers(&self, span: &Range<usize>) -> bool {
        span.is_empty()
            || self
                .behind(span.start)
                .is_some_and(|found| found.start <= span.start && span.end <= found.end)
    }

    /// Returns true if a part of a span is in the set.
    pub(super) fn meets(&self, span: &Range<usize>) -> bool {
        !span.is_empty()
            && self
                .behind(span.start)
                .is_some_and(|found| found.start < span.end)
    }

    /// Count of numbers that are not in another set.
    pub(super) fn without(&self, other: &Self) -> usize {
        let mut count = 0;
        for span in &self.0 {
            count += span.len();
            let first = other.0.partition_point(|found| found.end <= span.start);
            for found in other.0[first..]
                .iter()
                .take_while(|found| found.start < span.end)
            {
                count -= found.end.min(span.end) - found.start.max(span.start);
            }
        }
        count
    }

    /// The first span that ends behind an offset.
    fn behind(&self, offset: usize) -> Option<&Range<usize>> {
        let first = self.0.partition_point(|span| span.end <= offset);
        self.0.get(first)
    }
}

#[cfg(test)]
mod tests {
    use super::Spans;

    #[test]
    fn sets_are_as_their_numbers() {
        let spans = [3..5, 9..12, 5..6, 11..14, 20..20];
        let set = Spans::new(spans.to_vec());
        assert_eq!(set.iter().cloned().collect::<Vec<_>>(), [3..6, 9..14]);
        let has = |at: usize| spans.iter().any(|span| span.contains(&at));
        for start in 0..22 {
            for end in start..22 {
                assert_eq!(
                    set.covers(&(start..end)),
                    (start..end).all(has),
                    "{start} {end}"
                );
                assert_eq!(
                    set.meets(&(start..end)),
                    (start..end).any(has),
                    "{start} {end}"
                );
                let outside = (start..end).filter(|&at| !has(at)).count();
                assert_eq!(
                    Spans::new(std::iter::once(start..end).collect()).without(&set),
                    outside
                );
            }
        }
    }
}
