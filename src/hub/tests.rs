//! The hub by hand, over real sockets.
