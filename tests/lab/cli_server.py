"""The AWS CLI, loaded once: a script that calls it some hundred times waits for most of that time until Python has read it. Listens on the
socket named on the command line and runs each call in a fork, with the arguments, environment, folder and files of whoever asks.

Runs with the interpreter of the CLI; `CLIENT` is what stands in its place on PATH."""

import json
import os
import signal
import socket
import sys

CLIENT = """#!{python} -IS
import json, os, socket, sys
asked = socket.socket(socket.AF_UNIX)
asked.connect({path!r})
text = json.dumps([sys.argv[1:], dict(os.environ), os.getcwd()]).encode()
socket.send_fds(asked, [len(text).to_bytes(8, "big")], [0, 1, 2])
asked.sendall(text)
sys.exit(int(asked.recv(16) or b"255"))
"""


def whole(asked: socket.socket, length: int) -> bytes:
    text = b""
    while len(text) < length:
        more = asked.recv(length - len(text))
        if not more:
            raise ConnectionError
        text += more
    return text


def one(asked: socket.socket, driver: object) -> int:
    """Runs a call in this process, as the CLI's own script does."""
    head, files, _, _ = socket.recv_fds(asked, 8, 3)
    words, environment, folder = json.loads(whole(asked, int.from_bytes(head, "big")))
    for number, file in enumerate(files):
        os.dup2(file, number)
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(folder)
    sys.argv = ["aws", *words]
    try:
        return driver.main(words) or 0  # type: ignore[attr-defined]
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else 1


def serve(path: str) -> None:
    import awscli
    import awscli.clidriver

    if int(awscli.__version__.partition(".")[0]) > 1:
        sys.exit("version 2 of the CLI is called as it is")  # its threads do not outlive a fork
    from botocore import loaders, session

    loader = loaders.create_loader(os.environ.get("AWS_DATA_PATH"))
    for service in ("ec2", "iam", "rds", "s3", "config", "sts"):  # the larger models, read before the forks
        loader.load_service_model(service, "service-2")
    session.create_loader = lambda *_: loader  # type: ignore[assignment]
    driver = awscli.clidriver.create_clidriver()
    driver._get_command_table()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    listening = socket.socket(socket.AF_UNIX)
    listening.bind(path)
    listening.listen(16)
    while True:
        asked, _ = listening.accept()
        if os.fork():
            asked.close()
            continue
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        code = 255
        try:
            code = one(asked, driver)
            sys.stdout.flush()
            sys.stderr.flush()
        finally:
            asked.sendall(str(code & 255).encode())
            os._exit(0)


if __name__ == "__main__":
    serve(sys.argv[1])
