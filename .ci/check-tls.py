"""A client with the feature `tls` believes a node at https:// exactly if an authority that it was told of vouches for it.

Usage: check-tls.py EARNEST ASK, where ASK is crates/api/examples/ask.rs, built with `--features tls`.
"""

import os
import socket
import ssl
import subprocess
import sys
import tempfile
import threading

EARNEST, ASK = sys.argv[1:3]


def run(*words, **more):
    return subprocess.run(words, capture_output=True, text=True, timeout=60, **more)


def authority(folder, name):
    """An authority of our own, and a certificate of it for localhost."""
    made = f"{folder}/{name}"
    os.mkdir(made)
    new = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"]
    calls = [
        ["req", "-x509", *new, "-subj", f"/CN={name}", "-keyout", "ca.key", "-out", "ca.crt"],
        ["req", *new[:-2], "-subj", "/CN=localhost", "-keyout", "node.key", "-out", "node.csr"],
        ["x509", "-req", "-in", "node.csr", "-CA", "ca.crt", "-CAkey", "ca.key", "-days", "2",
         "-extfile", "names", "-out", "node.crt"],
    ]
    with open(f"{made}/names", "w", encoding="utf-8") as file:
        file.write("subjectAltName=DNS:localhost\n")
    for call in calls:
        done = run("openssl", *call, cwd=made)
        assert done.returncode == 0, done.stderr
    return made


def carry(source, target):
    try:
        while piece := source.recv(65_536):
            target.sendall(piece)
    except OSError:
        pass
    for end in (source, target):
        try:
            end.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass


def proxy(made, node):
    """TLS in front of the node, for at most twenty connections; returns its port."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(f"{made}/node.crt", f"{made}/node.key")
    listener = socket.create_server(("127.0.0.1", 0))
    listener.settimeout(60)

    def serve():
        for _ in range(20):
            try:
                plain, _ = listener.accept()
                plain.settimeout(20)
                inside = context.wrap_socket(plain, server_side=True)
                outside = socket.create_connection(node, timeout=20)
            except OSError:
                continue
            for ends in ((inside, outside), (outside, inside)):
                threading.Thread(target=carry, args=ends, daemon=True).start()

    threading.Thread(target=serve, daemon=True).start()
    return listener.getsockname()[1]


with tempfile.TemporaryDirectory() as folder:
    made, other = authority(folder, "ours"), authority(folder, "other")
    up = run(EARNEST, "up", "--data", f"{folder}/net", "--blocks", "1", "--port", "0", "--json")
    assert up.returncode == 0, up.stderr
    words = [EARNEST, "node", "--data", f"{folder}/net/node", "--listen", "127.0.0.1:0", "--until-input-closes"]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as node:
        url = node.stdout.readline().strip()
        port = proxy(made, ("127.0.0.1", int(url.rsplit(":", 1)[1])))
        ask = lambda name, root: run(ASK, f"https://{name}:{port}", env={**os.environ, "SSL_CERT_FILE": f"{root}/ca.crt"})
        known = ask("localhost", made)
        assert known.returncode == 0 and "is at height" in known.stdout, known
        for name, root in (("localhost", other), ("127.0.0.1", made)):
            doubtful = ask(name, root)
            assert doubtful.returncode != 0 and "NotTrusted" in doubtful.stderr, doubtful
        plain = run(EARNEST, "--node", f"https://localhost:{port}", "query", "network")
        assert plain.returncode == 3 and "--features tls" in plain.stderr, plain
        node.stdin.close()
        node.wait(timeout=30)
print("TLS: a node that is vouched for is heard, two that are not are refused")
