// Races: faults that the models of threads (crate/src/models.rs) must see.

/** @type {import("./mutants.mjs").Mutant[]} `cargo` is the model */
export const models = [
  {
    file: "crate/src/machine/memory_map/region.rs",
    find: `        let mut all = ALL.lock().unwrap_or_else(PoisonError::into_inner);
        if all.len() == all.capacity() {`,
    replace: `        let id = NEXT.fetch_add(1, Ordering::Relaxed);
        let mut all = ALL.lock().unwrap_or_else(PoisonError::into_inner);
        NEXT.store(id, Ordering::Relaxed);
        if all.len() == all.capacity() {`,
    why: "a region's id is taken before the lock: two threads get one id, or list theirs out of order",
    cargo: "each_region_is_found_by_its_id",
  },
  {
    file: "crate/src/machine/siblings.rs",
    find: `        let client = free.ok_or(Fault::TooManyClients)?;
`,
    replace: `        let client = free.ok_or(Fault::TooManyClients)?;
        drop(members);
        let mut members = self.lock();
`,
    why: "the lock is let go between the look for a free client and its use: one client for two threads",
    cargo: "two_threads_get_two_dirty_clients",
  },
  {
    file: "crate/src/machine/handle.rs",
    find: `    let mut slots = slots();
    let index = match slots.iter().position(|slot| slot.space.is_none()) {`,
    replace: `    let free = slots().iter().position(|slot| slot.space.is_none());
    let mut slots = slots();
    let index = match free {`,
    why: "the lock is let go between the look for a free slot and its use: one handle for two spaces",
    cargo: "two_threads_get_two_handles",
  },
  {
    file: "crate/src/linear/allocator.rs",
    find: "        if readers::wait() {\n            allocator()",
    replace: "        if true {\n            allocator()",
    why: "pages go back while a thread is in the middle of an access to them",
    cargo: "an_access_ends_before_the_pages_of_an_unmapped_region_go_back",
  },
  {
    file: "crate/src/linear/readers.rs",
    find: "    reading.0.reading.store(true, Ordering::Relaxed);\n",
    replace: "",
    why: "an access does not say that it goes on, so that nobody waits for its end",
    cargo: "an_access_ends_before_discarded_pages_go_back",
  },
  {
    file: "crate/src/linear/readers.rs",
    find: "let free = |slot: &&&'static Slot| !slot.taken.swap(true, Ordering::Relaxed);",
    replace: "let free = |_: &&&'static Slot| true;",
    why: "two threads share a slot: the end of one's access is taken for the end of the other's",
    cargo: "an_access_ends_before_",
  },
  {
    file: "crate/src/machine/discard.rs",
    find: "                            space.let_go(map, first, last);\n",
    replace: "                            let _ = (space, first, last);\n",
    why: "discarded pages go back while the page table has their entries",
    cargo: "an_access_ends_before_discarded_pages_go_back",
  },
  {
    file: "crate/src/machine/address_space/changes.rs",
    find: `            self.table.refresh(map, first, last);
        });
        for Protection { first, last, .. } in protections.iter() {
            self.table.refresh(map, *first, *last);
        }
        if !protections.is_empty() {
            self.table.bump_permissions();
        }
        if undo.len() > protections.len() {
            self.table.bump_generation();
        }
`,
    replace: `        });
        for Protection { first, last, .. } in protections.iter() {
            self.table.refresh(map, *first, *last);
        }
        if !protections.is_empty() {
            self.table.bump_permissions();
        }
        if undo.len() > protections.len() {
            self.table.bump_generation();
        }
        each_span(spans, |first, last| self.table.refresh(map, first, last));
`,
    why: "the generation moves before the entries: a cache keeps an old entry under the new number",
    cargo: "an_entry_of_this_generation_is_the_table_s",
  },
  {
    file: "crate/src/machine/address_space/transaction.rs",
    find: "taken.is_some_and(|(thread, _)| thread != own)",
    replace: "taken.is_some_and(|(thread, _)| thread != own) && false",
    why: "a thread changes the map inside another's transaction, and its change is undone with that",
    cargo: "a_transaction_that_is_undone_takes_nothing_of_another_thread_s",
  },
  {
    file: "crate/src/machine/page_table.rs",
    find: "        let _ = readers::wait(); // without certainty there is nothing else to do\n",
    replace: "",
    why: "a store that began before a protection, or a trap, ends after it",
    cargo: "no_store_passes_",
  },
  {
    file: "crate/src/model/atomic.rs",
    find: `        match self.inner.1.lock() {
            Ok(lock)`,
    replace: `        drop(self.inner.1.lock());
        match Box::leak(Box::new(Mutex::new(()))).lock() {
            Ok(lock)`,
    why: "the right to replace a memory is nobody's: a change made beside another is lost",
    cargo: "no_change_of_an_atomic_memory_is_lost",
  },
];
