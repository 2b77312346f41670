//! `Needle`: bytes that are sought in a stream of chunks, by the automaton of Knuth, Morris and Pratt: whatever a guest
//! holds, each of its bytes costs the same few steps. Where nothing of the needle stands, many bytes are skipped at once.

/// The longest needle.
pub(super) const LONGEST: usize = 4096;

pub(super) struct Needle<'a> {
    bytes: &'a [u8],
    /// For each prefix, how long the longest shorter one is that it ends with.
    borders: [u16; LONGEST],
    first: u8,
    /// A byte that is seldom, for where the first one is not, and how far behind that it stands.
    seldom: u8,
    apart: usize,
    /// How many bytes of the needle the stream ends with.
    matched: usize,
    /// How many bytes were skipped, less those that were looked at a second time.
    saved: usize,
}

impl<'a> Needle<'a> {
    /// Of one byte at least and [`LONGEST`] at most: what is longer is never found.
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        let first = bytes.first().copied().unwrap_or(0);
        let near = bytes.iter().take(64).enumerate();
        let seldom = near.min_by_key(|&(_, &byte)| (commonness(byte), byte == first));
        let (apart, &seldom) = seldom.unwrap_or((0, &0));
        let mut needle = Needle {
            bytes,
            borders: [0; LONGEST],
            first,
            seldom,
            apart,
            matched: 0,
            saved: 0,
        };
        for (index, &byte) in bytes.iter().enumerate().skip(1) {
            needle.follow(byte);
            if let Some(border) = needle.borders.get_mut(index) {
                *border = u16::try_from(needle.matched).unwrap_or(0); // below `LONGEST`
            }
        }
        needle.matched = 0;
        needle
    }

    /// Goes through the next chunk of the stream until the needle has been seen; gives the index behind its last byte.
    /// What is left of the chunk is to come next.
    pub(super) fn end_in(&mut self, chunk: &[u8]) -> Option<usize> {
        let mut at = 0;
        loop {
            if self.matched == 0 {
                let skipped = self.skip(chunk.get(at..)?);
                self.saved += skipped;
                at += skipped;
            }
            let byte = *chunk.get(at)?;
            let before = self.matched;
            self.follow(byte);
            at += 1;
            if self.matched == self.bytes.len() {
                self.matched = self.border(self.matched);
                return Some(at);
            }
            // An almost-match leaves a shorter one. What follows is perhaps to be skipped with all of it, which is worth
            // going back, as long as what was skipped before pays for what is looked at again.
            let back = self.matched;
            if (1..=before).contains(&back) && back <= at.min(self.saved) {
                at -= back;
                self.saved -= back;
                self.matched = 0;
            }
        }
    }

    /// One byte more of the stream.
    #[inline]
    fn follow(&mut self, byte: u8) {
        while self.matched > 0 && self.bytes.get(self.matched) != Some(&byte) {
            self.matched = self.border(self.matched);
        }
        if self.bytes.get(self.matched) == Some(&byte) {
            self.matched += 1;
        }
    }

    #[inline]
    fn border(&self, length: usize) -> usize {
        let border = length
            .checked_sub(1)
            .and_then(|index| self.borders.get(index));
        border.map_or(0, |&border| border.into())
    }

    /// How many bytes come before the first place where the needle may begin.
    #[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
    fn skip(&self, chunk: &[u8]) -> usize {
        use core::arch::wasm32::{u8x16_bitmask, u8x16_eq, u8x16_splat, v128_and, v128_load};
        let (first, seldom) = (u8x16_splat(self.first), u8x16_splat(self.seldom));
        let mut at = 0;
        while let Some(bytes) = chunk.get(at..at + self.apart + 16) {
            let start = bytes.as_ptr();
            // SAFETY: both loads lie in `bytes`, which are sixteen more than `apart`, at any alignment. Raw, because there
            // is no safe load of a vector.
            let (starts, behind) = unsafe {
                (
                    v128_load(start.cast()),
                    v128_load(start.add(self.apart).cast()),
                )
            };
            let places = u8x16_bitmask(v128_and(u8x16_eq(starts, first), u8x16_eq(behind, seldom)));
            if places != 0 {
                return at + places.trailing_zeros() as usize;
            }
            at += 16;
        }
        let rest = chunk.get(at..).unwrap_or(&[]);
        at + rest
            .iter()
            .position(|&byte| byte == self.first)
            .unwrap_or(rest.len())
    }

    /// The same by memchr, which is vectorised elsewhere.
    #[cfg(not(all(target_arch = "wasm32", target_feature = "simd128")))]
    fn skip(&self, chunk: &[u8]) -> usize {
        let behind = chunk.get(self.apart..).unwrap_or(&[]);
        let place =
            memchr::memchr_iter(self.seldom, behind).find(|&at| chunk.get(at) == Some(&self.first));
        // Of the last bytes nobody knows yet what stands behind them.
        place.unwrap_or_else(|| {
            let rest = chunk.get(behind.len()..).unwrap_or(&[]);
            behind.len() + memchr::memchr(self.first, rest).unwrap_or(rest.len())
        })
    }
}

/// How often a byte stands in memory, roughly: zeros, then what fills flash, text and small numbers.
fn commonness(byte: u8) -> u8 {
    match byte {
        0 => 3,
        0xff | b' ' => 2,
        1..=16 | b'a'..=b'z' => 1,
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every place where the needle ends, in a stream that comes in chunks of a few lengths.
    fn ends(needle: &[u8], hay: &[u8], lengths: &[usize]) -> Vec<usize> {
        let mut needle = Needle::new(needle);
        let (mut ends, mut done) = (Vec::new(), 0);
        for length in lengths.iter().cycle() {
            let chunk = &hay[done..hay.len().min(done + length)];
            let mut from = 0;
            while let Some(end) = needle.end_in(&chunk[from..]) {
                from += end;
                ends.push(done + from);
            }
            done += chunk.len();
            if done == hay.len() {
                break;
            }
        }
        ends
    }

    #[test]
    fn every_place_is_found_however_the_stream_is_cut() {
        let mut seed = 1_u32;
        let mut random = |limit: usize| {
            seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (seed >> 8) as usize % limit
        };
        for round in 0..if cfg!(miri) { 40 } else { 20_000 } {
            // Few letters, so that much of it almost matches; zeros and blanks, which are seldom sought by.
            let letters = [b"ab".as_slice(), b"\0\xff a", b"\0\x01\x80z"][round % 3];
            let mut text = |length| -> Vec<u8> {
                (0..length)
                    .map(|_| letters[random(letters.len())])
                    .collect()
            };
            let (needle, hay) = (text(1 + round % 9), text(round % 200));
            let lengths = [1 + random(70), 1 + random(20), 1];
            let windows = hay.windows(needle.len()).enumerate();
            let expected: Vec<usize> = windows
                .filter(|(_, window)| *window == needle)
                .map(|(at, _)| at + needle.len())
                .collect();
            assert_eq!(
                ends(&needle, &hay, &lengths),
                expected,
                "{needle:?} in {hay:?}"
            );
        }
    }

    #[test]
    fn the_longest_needle_with_the_longest_borders() {
        let needle = [b'a'; LONGEST];
        let hay = vec![b'a'; LONGEST + 3];
        let last = [LONGEST, LONGEST + 1, LONGEST + 2, LONGEST + 3];
        assert_eq!(ends(&needle, &hay, &[1000, 7]), last);
    }
}
