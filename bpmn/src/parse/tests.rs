//! What models are taken, and what is said of those that are not.
