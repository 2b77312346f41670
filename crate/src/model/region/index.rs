//! [`Index`]: which region an address is probably in, by one look at a small table.

/// The entries of the table for each region: with so many, few parts of an uneven layout have a region's start inside.
const PARTS: usize = 8;

/// The addresses from the first region's start to the last one's, in about eight equal parts for each region, and for
/// each part the last region that begins in it or before it.
///
/// That is a guess: right unless a region begins within the part, after the address. Who asks checks it, and searches
/// if it is wrong; so nothing here can lead to a wrong answer, only to a slow one.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(super) struct Index {
    /// Where the first part begins.
    base: u64,
    /// A part has `1 << shift` addresses. What is past the last part belongs to the last region.
    shift: u32,
    /// Half of a `usize`, to take half of the processor's cache.
    guesses: Vec<u32>,
    /// The last region.
    last: u32,
}

impl Index {
    /// The position of the region that probably holds `addr`. Without regions it is any number.
    #[inline]
    pub(super) fn guess(&self, addr: u64) -> usize {
        // Below the base it wraps, and is as wrong as any.
        let part = addr.wrapping_sub(self.base) >> self.shift;
        let guess = usize::try_from(part).map(|part| self.guesses.get(part));
        match guess {
            Ok(Some(guess)) => *guess as usize,
            _ => self.last as usize,
        }
    }

    /// Writes the table anew, for regions that begin at these addresses, which rise.
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
            // The parts up to this one belong to the region before; the last region that begins in one has it.
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

    /// The common layout must not need a search.
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
