//! [`FileOffset`]: the position in a file that a region's bytes come from.

use std::fs::File;
use std::sync::Arc;

/// A position in a file, in bytes, from which a region is mapped. On wasm32-unknown-unknown there are no files.
///
/// ```no_run
/// use guest_memory::FileOffset;
/// let firmware = FileOffset::new(std::fs::File::open("firmware.bin")?, 0x1000);
/// assert_eq!(firmware.start(), 0x1000);
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct FileOffset {
    file: Arc<File>,
    start: u64,
}

impl FileOffset {
    /// The position `start` in `file`.
    pub fn new(file: File, start: u64) -> Self {
        Self::from_arc(Arc::new(file), start)
    }

    /// The position `start` in a shared file.
    pub fn from_arc(file: Arc<File>, start: u64) -> Self {
        FileOffset { file, start }
    }

    /// The file.
    pub fn file(&self) -> &File {
        &self.file
    }

    /// The shared file.
    pub fn arc(&self) -> &Arc<File> {
        &self.file
    }

    /// The position, in bytes.
    pub fn start(&self) -> u64 {
        self.start
    }
}

#[cfg(all(test, not(target_family = "wasm")))]
mod tests {
    use super::*;

    #[test]
    fn a_position_shares_its_file() {
        let offset = FileOffset::new(File::open("Cargo.toml").unwrap(), 1 << 40);
        let other = FileOffset::from_arc(offset.arc().clone(), 5);
        assert!(std::ptr::eq(offset.file(), other.file()));
        assert_eq!((offset.start(), other.clone().start()), (1 << 40, 5));
    }
}
