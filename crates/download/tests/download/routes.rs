//! Proxies, set by the caller or by the environment.

use std::{
    env, fs,
    io::{Read, Write},
    net::TcpListener,
    thread,
};

use oneiric_download::{DownloadError, Downloader, Pretrained, RemoteFile, TransferProblem};

use crate::{
    kit::{content, downloader, passes_again, problem, remote},
    server::Server,
};

/// A URL that no name server knows, so that only a proxy can answer for it.
const FAR: &str = "http://weights.invalid/far/weights.bin";

#[test]
fn a_proxy_is_asked_for_a_tunnel() {
    let proxy = Server::proxy(content());
    let folder = tempfile::tempdir().expect("a folder");
    let path = downloader(folder.path())
        .proxy(format!("http://me:secret@{}", proxy.address))
        .fetch(remote(FAR))
        .expect("the proxy answers");
    assert_eq!(fs::read(path).expect("there"), content());
    let [connect, request] = &proxy.requests()[..] else {
        panic!("a tunnel and a request");
    };
    assert!(
        connect.starts_with("CONNECT weights.invalid:80 HTTP/1.1\r\n"),
        "{connect}"
    );
    // RFC 7617: the user, a colon and the password in Base64.
    let credentials = "Proxy-Authorization: Basic bWU6c2VjcmV0\r\n";
    assert!(connect.contains(credentials), "{connect}");
    assert!(
        request.starts_with("GET /far/weights.bin HTTP/1.1\r\n"),
        "{request}"
    );
    let request = request.to_ascii_lowercase();
    assert!(request.contains("host: weights.invalid\r\n"), "{request}");
    assert!(!request.contains("authorization"), "{request}");
}

#[test]
fn a_redirect_chooses_its_own_way() {
    const CHILD: &str = "ONEIRIC_TEST_REDIRECT";
    if env::var_os(CHILD).is_some() {
        let path = Downloader::new().fetch(remote(FAR));
        let path = path.expect("the way leads around the proxy");
        assert_eq!(fs::read(path).expect("there"), content());
        return;
    }
    let end = Server::of(content());
    let location = format!("Location: {}\r\n", end.url("/near"));
    let proxy = Server::start(move |mut exchange| {
        exchange.open_tunnel();
        exchange.answer("302 Found", &location, b"");
    });
    let folder = tempfile::tempdir().expect("a folder");
    let cache = folder.path().to_string_lossy();
    passes_again(
        "routes::a_redirect_chooses_its_own_way",
        &[
            (CHILD, "1"),
            ("ONEIRIC_CACHE", &cache),
            ("HTTP_PROXY", &format!("http://{}", proxy.address)),
            ("NO_PROXY", "127.0.0.1"),
        ],
    );
    assert!(end.requests()[0].starts_with("GET /near "));
}

#[test]
fn a_public_file_is_asked_for_by_its_url_and_checked() {
    let proxy = Server::proxy(content());
    let folder = tempfile::tempdir().expect("a folder");
    let address = format!("http://{}", proxy.address);
    let error = downloader(folder.path())
        .proxy(&address)
        .fetch(Pretrained::BvlcGooglenet)
        .expect_err("these are not its weights");
    let message = error.to_string();
    let file = RemoteFile::from(Pretrained::BvlcGooglenet);
    let sum = file.checksum.to_string();
    for part in [address.as_str(), &sum, "bvlc_googlenet.caffemodel"] {
        assert!(message.contains(part), "{part} is missing in: {message}");
    }
    assert!(matches!(
        problem(Err(error)),
        TransferProblem::Checksum { .. }
    ));
    let [connect, request] = &proxy.requests()[..] else {
        panic!("a tunnel and a request");
    };
    assert!(connect.starts_with("CONNECT dl.caffe.berkeleyvision.org:80 "));
    assert!(request.starts_with("GET /bvlc_googlenet.caffemodel "));
}

#[test]
fn https_goes_through_a_tunnel_and_a_refusal_is_told() {
    let proxy = Server::start(|exchange| exchange.answer("403 Forbidden", "", b""));
    let folder = tempfile::tempdir().expect("a folder");
    let address = format!("http://{}", proxy.address);
    let error = downloader(folder.path())
        .proxy(&address)
        .fetch(remote("https://weights.invalid/weights.bin"))
        .expect_err("the proxy refuses");
    let message = error.to_string();
    assert!(
        message.contains(&address) && message.contains("403"),
        "{message}"
    );
    assert!(matches!(
        problem(Err(error)),
        TransferProblem::Connection(_)
    ));
    assert!(proxy.requests()[0].starts_with("CONNECT weights.invalid:443 HTTP/1.1\r\n"));
}

#[test]
fn a_socks_proxy_is_asked_to_connect() {
    let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a free port");
    let address = listener.local_addr().expect("bound");
    // RFC 1928: no authentication, connect to a name, then as if it were the server.
    let proxy = thread::spawn(move || {
        let (mut stream, _) = listener.accept().expect("the client");
        let mut greeting = [0; 2];
        stream.read_exact(&mut greeting).expect("a greeting");
        let mut methods = vec![0; greeting[1].into()];
        stream.read_exact(&mut methods).expect("methods");
        stream.write_all(&[5, 0]).expect("the client listens");
        let mut request = [0; 5];
        stream.read_exact(&mut request).expect("a request");
        assert_eq!(request[..4], [5, 1, 0, 3], "connect to a name");
        let mut host = vec![0; request[4].into()];
        stream.read_exact(&mut host).expect("a host");
        stream.read_exact(&mut [0; 2]).expect("a port");
        let done = [5, 0, 0, 1, 0, 0, 0, 0, 0, 0];
        stream.write_all(&done).expect("the client listens");
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            let mut byte = [0];
            stream.read_exact(&mut byte).expect("a request");
            head.push(byte[0]);
        }
        let answer = "HTTP/1.1 200 OK\r\nContent-Length: 300000\r\n\r\n";
        stream.write_all(answer.as_bytes()).expect("heard");
        stream.write_all(&content()).expect("heard");
        (host, head)
    });
    let folder = tempfile::tempdir().expect("a folder");
    let path = downloader(folder.path())
        .proxy(format!("socks5h://{address}"))
        .fetch(remote(FAR))
        .expect("the proxy answers");
    assert_eq!(fs::read(path).expect("there"), content());
    let (host, head) = proxy.join().expect("a good client");
    assert_eq!(host, b"weights.invalid");
    assert!(head.starts_with(b"GET /far/weights.bin HTTP/1.1\r\n"));
}

#[test]
fn the_environment_names_the_proxy() {
    const CHILD: &str = "ONEIRIC_TEST_PROXY";
    if env::var_os(CHILD).is_some() {
        let path = Downloader::new().fetch(remote(FAR));
        let path = path.expect("the proxy answers");
        assert_eq!(fs::read(path).expect("there"), content());
        return;
    }
    for variable in ["HTTP_PROXY", "http_proxy", "ALL_PROXY"] {
        let proxy = Server::proxy(content());
        let folder = tempfile::tempdir().expect("a folder");
        let cache = folder.path().to_string_lossy();
        let address = format!("http://{}", proxy.address);
        passes_again(
            "routes::the_environment_names_the_proxy",
            &[
                (CHILD, "1"),
                ("ONEIRIC_CACHE", &cache),
                (variable, &address),
            ],
        );
        let head = &proxy.requests()[0];
        assert!(head.starts_with("CONNECT weights.invalid:80 "), "{head}");
    }
}

#[test]
fn the_environment_names_hosts_that_need_no_proxy() {
    const URL: &str = "ONEIRIC_TEST_NO_PROXY";
    if let Ok(url) = env::var(URL) {
        let path = Downloader::new().fetch(remote(url));
        let path = path.expect("reached directly");
        assert_eq!(fs::read(path).expect("there"), content());
        return;
    }
    let (server, proxy) = (Server::of(content()), Server::of(Vec::new()));
    let folder = tempfile::tempdir().expect("a folder");
    let cache = folder.path().to_string_lossy();
    let (url, address) = (server.url("/"), format!("http://{}", proxy.address));
    passes_again(
        "routes::the_environment_names_hosts_that_need_no_proxy",
        &[
            (URL, &url),
            ("ONEIRIC_CACHE", &cache),
            ("HTTP_PROXY", &address),
            ("NO_PROXY", "example.org,127.0.0.1"),
        ],
    );
    assert_eq!(server.requests().len(), 1);
    assert!(proxy.requests().is_empty());
}

#[test]
fn a_wrong_proxy_is_named_and_its_password_is_not_shown() {
    const CHILD: &str = "ONEIRIC_TEST_WRONG_PROXY";
    const WRONG: &str = "gopher://me:secret@host";
    let refused = |downloader: &mut Downloader, name: &str| {
        let error = downloader.fetch(remote(FAR)).expect_err("no proxy");
        let message = error.to_string();
        assert!(matches!(error, DownloadError::Setting(_)), "{message}");
        assert!(message.starts_with(name), "{message}");
        assert!(!message.contains("secret"), "{message}");
    };
    if env::var_os(CHILD).is_some() {
        refused(&mut Downloader::new(), "HTTPS_PROXY");
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    let mut downloader = downloader(folder.path()).proxy(WRONG);
    assert!(!format!("{downloader:?}").contains("secret"));
    refused(&mut downloader, "the proxy");
    let cache = folder.path().to_string_lossy();
    passes_again(
        "routes::a_wrong_proxy_is_named_and_its_password_is_not_shown",
        &[
            (CHILD, "1"),
            ("ONEIRIC_CACHE", &cache),
            ("ALL_PROXY", " "),
            ("HTTPS_PROXY", WRONG),
        ],
    );
}
