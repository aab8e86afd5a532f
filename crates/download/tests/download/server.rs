//! An HTTP/1.1 server that does as each test says.

use std::{
    io::{BufRead, BufReader, Write},
    net::{TcpListener, TcpStream},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    thread::{self, JoinHandle},
    time::Duration,
};

/// A server on a free port of this machine, until it is dropped.
pub(crate) struct Server {
    pub(crate) address: String,
    requests: Arc<Mutex<Vec<String>>>,
    stopped: Arc<AtomicBool>,
    accepting: Option<JoinHandle<()>>,
}

/// A request, and the way back.
pub(crate) struct Exchange {
    /// The request's lines.
    pub(crate) head: String,
    /// How many requests came before.
    pub(crate) index: usize,
    stream: TcpStream,
    requests: Arc<Mutex<Vec<String>>>,
    stopped: Arc<AtomicBool>,
}

impl Server {
    /// Answers every request in a thread of its own; then the connection is closed.
    pub(crate) fn start(answer: impl Fn(Exchange) + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a free port");
        let address = listener.local_addr().expect("bound").to_string();
        let requests = Arc::<Mutex<Vec<String>>>::default();
        let stopped = Arc::<AtomicBool>::default();
        let (heard, stop, answer) = (requests.clone(), stopped.clone(), Arc::new(answer));
        let accepting = thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                if stop.load(Ordering::SeqCst) {
                    return;
                }
                let (heard, stopped, answer) = (heard.clone(), stop.clone(), answer.clone());
                thread::spawn(move || {
                    let Some(head) = read_head(&stream) else {
                        return;
                    };
                    let index = {
                        let mut heard = heard.lock().expect("no panic");
                        heard.push(head.clone());
                        heard.len() - 1
                    };
                    answer(Exchange {
                        head,
                        index,
                        stream,
                        requests: heard,
                        stopped,
                    });
                });
            }
        });
        Self {
            address,
            requests,
            stopped,
            accepting: Some(accepting),
        }
    }

    /// Answers every request with these bytes.
    pub(crate) fn of(content: Vec<u8>) -> Self {
        Self::start(move |exchange| exchange.send_ranged(&content))
    }

    /// Opens every tunnel that is asked for and answers in place of the server at its end.
    pub(crate) fn proxy(content: Vec<u8>) -> Self {
        Self::start(move |mut exchange| {
            exchange.open_tunnel();
            exchange.send_ranged(&content);
        })
    }

    /// The URL of a path.
    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// The requests that came.
    pub(crate) fn requests(&self) -> Vec<String> {
        self.requests.lock().expect("no panic").clone()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stopped.store(true, Ordering::SeqCst);
        // Wakes the thread that accepts.
        let woken = TcpStream::connect(&self.address).is_ok();
        if let (true, Some(accepting)) = (woken, self.accepting.take()) {
            let _ = accepting.join();
        }
    }
}

impl Exchange {
    /// The first byte that is asked for.
    pub(crate) fn range(&self) -> Option<usize> {
        let lower = self.head.to_ascii_lowercase();
        let range = lower.lines().find_map(|line| line.strip_prefix("range:"))?;
        let first = range.trim().strip_prefix("bytes=")?.strip_suffix('-')?;
        first.parse().ok()
    }

    /// Sends bytes as they are. That the client may have left is its right.
    pub(crate) fn send(&mut self, bytes: impl AsRef<[u8]>) -> bool {
        self.stream.write_all(bytes.as_ref()).is_ok()
    }

    /// Answers CONNECT and reads the request that comes through the tunnel.
    pub(crate) fn open_tunnel(&mut self) {
        assert!(self.head.starts_with("CONNECT "), "{}", self.head);
        self.send("HTTP/1.1 200 Connection established\r\n\r\n");
        self.head = read_head(&self.stream).expect("a request");
        let mut requests = self.requests.lock().expect("no panic");
        requests.push(self.head.clone());
    }

    /// Sends a whole answer.
    pub(crate) fn answer(mut self, status: &str, headers: &str, body: &[u8]) {
        self.head_of(status, headers, body.len());
        self.send(body);
    }

    /// Sends the beginning of an answer.
    pub(crate) fn head_of(&mut self, status: &str, headers: &str, length: usize) {
        self.send(format!(
            "HTTP/1.1 {status}\r\nContent-Length: {length}\r\nConnection: close\r\n{headers}\r\n"
        ));
    }

    /// Sends the content, or what is asked for of it.
    pub(crate) fn send_ranged(self, content: &[u8]) {
        let length = content.len();
        match self.range() {
            Some(start) if start < length => {
                let range = format!("Content-Range: bytes {start}-{}/{length}\r\n", length - 1);
                self.answer("206 Partial Content", &range, &content[start..]);
            }
            Some(_) => self.answer("416 Range Not Satisfiable", "", b""),
            None => self.answer("200 OK", "", content),
        }
    }

    /// Says nothing until the test is over.
    pub(crate) fn stall(self) {
        while !self.stopped.load(Ordering::SeqCst) {
            thread::sleep(Duration::from_millis(10));
        }
    }
}

fn read_head(stream: &TcpStream) -> Option<String> {
    let mut head = String::new();
    let mut reader = BufReader::new(stream);
    while !head.ends_with("\r\n\r\n") {
        if reader.read_line(&mut head).ok()? == 0 {
            return None;
        }
    }
    Some(head)
}
