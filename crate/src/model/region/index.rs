//! [`Index`]: guesses the region of an address, by one look at a small table.

/// The number of table entries for each region. With this many, few parts of an uneven layout have a region's start
/// inside.
const PARTS: usize = 8;

/// A table over the addresses from the first region's start to the last region's start. It divides them into equal
/// parts, about eight for each region. For each part it holds the last region that begins in it or before it.
///
/// The entry is a guess: it is wrong only if a region begins within the part, after the address. The caller checks it,
/// and searches if it is wrong. So a fault here could only make the answer slow, never wrong.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(super) struct Index {
    /// The address where the first part begins.
    base: u64,
    /// A part has `1 << shift` addresses. Addresses past the last part belong to the last region.
    shift: u32,
    /// `u32`, because a `usize` would take twice the room in the processor's cache.
    guesses: Vec<u32>,
    /// The last region.
    last: u32,
}

impl Index {
    /// The position of the region that probably holds `addr`. Without regions the number means nothing.
    #[inline]
    pub(super) fn guess(&self, addr: u64) -> usize {
        // The distance wraps for an address below the base. Then any guess is wrong.
        let part = addr.wrapping_sub(self.base) >> self.shift;
        let guess = usize::try_from(part).map(|part| self.guesses.get(part));
        match guess {
            Ok(Some(guess)) => *guess as usize,
            _ => self.last as usize,
        }
    }

    /// Rebuilds the table for regions that begin at these addresses, in rising order.
    pub(super) fn rebuild(&mut self, starts: impl ExactSizeIterator<Item = u64> + Clone) {
        let parts = starts.len() * PARTS;
        let (Some(first), Some(last)) = (starts.clone().next(), starts.clone().last()) else {
            return self.guesses.clear();
        };
        self.base = first;
        self.shift = (0..u64::BITS - 1)
            .find(|shift| ((last - first) >> shift) < parts as u64)
            .unwrap_or(u64::BITS - 1);
        self.last = 0;
        self.guesses.clear();
        for (index, start) in (0..).zip(starts) {
            // Fits: it is less than `parts`.
            let part = usize::try_from((start - first) >> self.shift).unwrap_or(parts - 1);
            // The parts up to this one belong to the region before. If several regions begin in one part, it holds the
            // last.
            self.guesses.resize(part, self.last);
            self.guesses.push(index);
            self.last = index;
        }
        self.guesses.resize(parts, self.last);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn index(starts: &[u64]) -> Index {
        let mut index = Index::default();
        index.rebuild(starts.iter().copied());
        index
    }

    #[test]
    fn a_guess_is_the_last_region_of_its_part() {
        let far: Vec<u64> = (0..9)
            .map(|index| index * 0x1000 + (u64::MAX << 20))
            .collect();
        let mixed = [&[0, 1, 5][..], &far].concat();
        for starts in [&[7][..], &[0, u64::MAX], &[3, 4], &far, &mixed] {
            let index = index(starts);
            assert_eq!(index.guesses.len(), starts.len() * PARTS);
            let part = |addr: u64| (addr - starts[0]) >> index.shift;
            assert!(part(starts[starts.len() - 1]) < (starts.len() * PARTS) as u64);
            for addr in starts
                .iter()
                .flat_map(|start| [*start, start.saturating_add(1)])
            {
                let expected = starts.iter().rposition(|start| part(*start) <= part(addr));
                assert_eq!(
                    Some(index.guess(addr)),
                    expected,
                    "{addr:#x} in {starts:x?}"
                );
            }
            assert_eq!(index.guess(u64::MAX), starts.len() - 1);
        }
    }

    /// A common layout never needs a search.
    #[test]
    fn regions_of_one_size_are_guessed_right() {
        for count in [1, 2, 3, 100, 256] {
            let starts: Vec<u64> = (5..5 + count).map(|index| index << 20).collect();
            let index = index(&starts);
            for (expected, start) in starts.iter().enumerate() {
                assert_eq!(index.guess(*start), expected);
                assert_eq!(index.guess(start + 0xf_ffff), expected);
            }
        }
    }
}
