//! The archive: what is put is found again, by every filter, in pages, and only once.
