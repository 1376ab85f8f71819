//! The API's tests without a socket.
