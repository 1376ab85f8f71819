//! An address that stays while the server behind it starts again at another one.
//! Never: looks into what it passes on.

use std::{
    io,
    net::{Shutdown, SocketAddr, TcpListener, TcpStream},
    sync::{Arc, Mutex, PoisonError},
    thread,
};

/// The address, and where it leads now.
pub struct Forwarder {
    /// Where clients connect.
    pub address: SocketAddr,
    target: Arc<Mutex<SocketAddr>>,
}

impl Forwarder {
    /// Listens and leads there.
    ///
    /// # Panics
    /// When nothing can be bound.
    pub fn to(target: SocketAddr) -> Forwarder {
        let listener = TcpListener::bind("127.0.0.1:0");
        let listener = listener.unwrap_or_else(|error| panic!("no port: {error}"));
        let address = listener.local_addr();
        let address = address.unwrap_or_else(|error| panic!("no address: {error}"));
        let target = Arc::new(Mutex::new(target));
        let current = Arc::clone(&target);
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let target = *current.lock().unwrap_or_else(PoisonError::into_inner);
                // Nobody there: the client sees its connection end, and comes again.
                if let Ok(server) = TcpStream::connect(target) {
                    let _ = pass(&client, &server).and_then(|()| pass(&server, &client));
                }
            }
        });
        Forwarder { address, target }
    }

    /// Leads there from now on.
    pub fn lead_to(&self, target: SocketAddr) {
        *self.target.lock().unwrap_or_else(PoisonError::into_inner) = target;
    }
}

/// Passes on what comes until either side ends.
fn pass(from: &TcpStream, to: &TcpStream) -> io::Result<()> {
    let (mut from, mut to) = (from.try_clone()?, to.try_clone()?);
    thread::spawn(move || {
        // An end by force is an end.
        let _ = io::copy(&mut from, &mut to);
        let _ = to.shutdown(Shutdown::Both);
        let _ = from.shutdown(Shutdown::Both);
    });
    Ok(())
}
