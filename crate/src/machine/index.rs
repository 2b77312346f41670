//! `Index`: sorted keys, in chunks, so that a change moves few of them. The standard library's B-tree would be 10 KiB of
//! code.

/// A key. Its owner knows its meaning.
pub(crate) type Key = (u64, u64, u64);

/// The most keys of a chunk.
const MOST: usize = 64;

/// Keys in ascending order, each once.
#[derive(Debug, Default)]
pub(crate) struct Index {
    /// None is empty.
    chunks: Vec<Vec<Key>>,
}

impl Index {
    /// Where the first key lies that is not less than another: its chunk, and its index there. The end of a chunk
    /// stands for the start of the next.
    #[inline(never)]
    fn place(&self, key: &Key) -> (usize, usize) {
        let first_behind = |chunk: &Vec<Key>| chunk.first().is_some_and(|first| first <= key);
        let chunk = self.chunks.partition_point(first_behind).saturating_sub(1);
        let keys = self.chunks.get(chunk).map_or(&[][..], |chunk| chunk);
        (chunk, keys.partition_point(|other| other < key))
    }

    /// Adds a key, unless it is there.
    #[inline(never)]
    pub(crate) fn insert(&mut self, key: Key) {
        let (at, index) = self.place(&key);
        if self.chunks.is_empty() {
            self.chunks.push(Vec::new());
        }
        let chunk = &mut self.chunks[at];
        if chunk.get(index) == Some(&key) {
            return;
        }
        chunk.insert(index, key);
        if chunk.len() > MOST {
            // Keys often come in ascending order, and then all but the last chunk stay full.
            let half = if index + 1 == chunk.len() {
                MOST
            } else {
                MOST / 2
            };
            let rest = chunk.split_off(half);
            self.chunks.insert(at + 1, rest);
        }
    }

    /// Takes a key out, if it is there.
    #[inline(never)]
    pub(crate) fn remove(&mut self, key: &Key) {
        let (at, index) = self.place(key);
        let Some(chunk) = self.chunks.get_mut(at) else {
            return;
        };
        if chunk.get(index) != Some(key) {
            return;
        }
        chunk.remove(index);
        let length = chunk.len();
        let next = self.chunks.get(at + 1).map_or(MOST, Vec::len);
        if length == 0 {
            self.chunks.remove(at);
        } else if length + next <= MOST / 2 {
            let mut next = self.chunks.remove(at + 1);
            self.chunks[at].append(&mut next);
        }
    }

    /// The keys from one on.
    #[inline(never)]
    pub(crate) fn from(&self, key: Key) -> Keys<'_> {
        let (chunk, index) = self.place(&key);
        let mut chunks = self.chunks.get(chunk..).unwrap_or(&[]).iter();
        let first = chunks.next().and_then(|chunk| chunk.get(index..));
        let keys = first.unwrap_or(&[]).iter();
        Keys { chunks, keys }
    }

    pub(crate) fn last(&self) -> Option<&Key> {
        self.chunks.last()?.last()
    }
}

/// The keys and flat ranges that this thread has looked at, so that tests see the cost of an operation without a clock.
#[cfg(test)]
pub(crate) mod looked {
    use core::cell::Cell;

    std::thread_local! {
        static COUNT: Cell<u64> = const { Cell::new(0) };
    }

    pub(crate) fn at_one() {
        COUNT.set(COUNT.get() + 1);
    }

    /// The number since the last call.
    pub(crate) fn take() -> u64 {
        COUNT.replace(0)
    }
}

/// Keys in ascending order.
pub(crate) struct Keys<'a> {
    chunks: core::slice::Iter<'a, Vec<Key>>,
    /// The rest of the current chunk.
    keys: core::slice::Iter<'a, Key>,
}

impl<'a> Iterator for Keys<'a> {
    type Item = &'a Key;

    #[inline(never)]
    fn next(&mut self) -> Option<&'a Key> {
        #[cfg(test)]
        looked::at_one();
        loop {
            if let Some(key) = self.keys.next() {
                return Some(key);
            }
            self.keys = self.chunks.next()?.iter();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn it_has_the_keys_of_a_set_in_their_order() {
        let mut seed = 7_u32;
        let mut random = |limit: u32| {
            seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            u64::from((seed >> 8) % limit)
        };
        let (mut index, mut set) = (Index::default(), BTreeSet::new());
        for step in 0..if cfg!(miri) { 600 } else { 20_000 } {
            // Grows at first, later shrinks; some of the keys come in order.
            let key = match random(4) {
                0 => (step / 50, step, 0),
                _ => (random(30), random(30), random(3)),
            };
            if random(20_000) >= step {
                index.insert(key);
                set.insert(key);
            } else {
                let key = set.range(key..).next().copied().unwrap_or(key);
                index.remove(&key);
                set.remove(&key);
            }
            if step % 50 == 0 {
                assert!(index.from((0, 0, 0)).eq(&set));
                assert_eq!(index.last(), set.last());
                assert!(
                    index
                        .chunks
                        .iter()
                        .all(|chunk| (1..=MOST).contains(&chunk.len()))
                );
            }
            assert_eq!(index.from(key).next(), set.range(key..).next());
        }
    }
}
