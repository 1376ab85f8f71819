#!/usr/bin/env python3
"""A small robot in the standard library alone: how to speak the protocol, in one page.

    LOOMWORK_CONNECTION='HubUrl=…;ClientId=…;ClientSecret=…;AuthenticationUrl=…' python3 robot.py [--poll]

It runs packages with main.py or main.sh. What it promises is on its disk (./robot-state) before it says so.
Left out, to stay short: pause, time limits, ending a run that has lost contact, a cache of packages, TLS.
"""
import base64, hashlib, io, json, os, pathlib, select, shutil, signal, socket, subprocess, sys, threading, time, zipfile
from datetime import datetime, timezone
from urllib import parse, request

SETTINGS = dict(part.split("=", 1) for part in os.environ.pop("LOOMWORK_CONNECTION").split(";") if part)
HUB, STATE = SETTINGS["HubUrl"].rstrip("/"), pathlib.Path("robot-state").absolute()
RUN, WORK, IN, OUT = (STATE / name for name in ("run.json", "work", "in.json", "out.json"))
PROGRAMS = {"main.py": ["python3", "-u", "main.py"], "main.sh": ["sh", "main.sh"]}


def ask(url, data, headers={}):
    return json.load(request.urlopen(request.Request(url, data, headers), timeout=30))

def token():
    form = {"grant_type": "client_credentials", "client_id": SETTINGS["ClientId"], "client_secret": SETTINGS["ClientSecret"]}
    return ask(SETTINGS["AuthenticationUrl"], parse.urlencode(form).encode())["access_token"]

def write(path, value):
    """So that it is there, whole, whatever happens next; only we may read it."""
    with open(os.open(path.with_suffix(".new"), os.O_CREAT | os.O_TRUNC | os.O_WRONLY, 0o600), "w") as file:
        json.dump(value, file)
        file.flush()
        os.fsync(file.fileno())
    os.replace(path.with_suffix(".new"), path)


class Socket:
    """A WebSocket, by hand. `turn` sends messages and gives those that have come after half a second at most."""

    def __init__(self):
        url, key, head = parse.urlparse(HUB), base64.b64encode(os.urandom(16)).decode(), b""
        self.sock = socket.create_connection((url.hostname, url.port or 80))
        self.sock.sendall((f"GET {url.path} HTTP/1.1\r\nHost: {url.netloc}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
                           f"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\nAuthorization: Bearer {token()}\r\n"
                           "Sec-WebSocket-Protocol: loomwork.robot.v1\r\n\r\n").encode())
        while not head.endswith(b"\r\n\r\n"):
            head += self.take(1)
        if b" 101 " not in head[:13]:
            raise OSError("the server speaks no WebSocket here; try --poll")

    def take(self, size):
        data = self.sock.recv(size, socket.MSG_WAITALL)
        if len(data) < size:
            raise OSError("the connection has ended")
        return data

    def send(self, opcode, data):
        head, mask = bytes([0x80 | opcode, 0xff]) + len(data).to_bytes(8, "big"), os.urandom(4)
        self.sock.sendall(head + mask + bytes(byte ^ mask[at % 4] for at, byte in enumerate(data)))

    def turn(self, messages):
        heard = []
        for message in messages:
            self.send(1, json.dumps(message).encode())
        while select.select([self.sock], [], [], 0 if heard else 0.5)[0]:
            first, size = self.take(2)
            data = self.take(size if size < 126 else int.from_bytes(self.take(2 if size == 126 else 8), "big"))
            if first == 0x88:
                code = int.from_bytes(data[:2], "big")
                raise (SystemExit if code in (4409, 4426) else OSError)(f"closed with {code}")
            if first == 0x89:
                self.send(10, data)
            if first == 0x81:  # one frame, one message
                heard.append(json.loads(data))
        return heard


class Poll:
    """The same by HTTP: every number is asked with until it has its answer."""

    def __init__(self):
        self.bearer, self.body = token(), {"n": 0}

    def turn(self, messages):
        self.body |= {"n": self.body["n"] + 1, "messages": messages, "waitMs": 0 if messages else 500}
        for _ in range(5):
            try:
                headers = {"Authorization": f"Bearer {self.bearer}", "Content-Type": "application/json"}
                reply = ask(HUB + "/poll", json.dumps(self.body).encode(), headers)
                self.body["session"] = reply["session"]
                return reply["messages"]
            except OSError as failed:
                if getattr(failed, "code", None) == 409:  # the session has ended; say hello in another one
                    raise
            time.sleep(0.3)
            self.bearer = token()
        raise OSError("no answer")


class Robot:
    """One run at a time, {id, offer, state: accepted|running|finished, lines, result}: on the disk before it is told of."""

    def __init__(self):
        STATE.mkdir(exist_ok=True)
        self.run, self.process, self.safe = json.loads(RUN.read_text()) if RUN.exists() else None, None, 0
        if self.run and self.run["state"] == "running":
            self.run = None  # hello does not name it, so it has failed

    def keep(self, **changes):
        self.run = {**(self.run or {}), **changes}
        write(RUN, self.run)

    def kill(self, process, number):
        if process and process.poll() is None:
            os.killpg(process.pid, number)

    def refusal(self, offer):
        if self.run:
            return "busy"
        try:
            data = request.urlopen(offer["package"]["url"], timeout=30).read()
            if hashlib.sha256(data).hexdigest() != offer["package"]["sha256"]:
                return "package"
            shutil.rmtree(WORK, ignore_errors=True)
            zipfile.ZipFile(io.BytesIO(data)).extractall(WORK)  # which lets no name out of the folder
        except (OSError, ValueError, zipfile.BadZipFile):
            return "package"
        return None if any((WORK / name).exists() for name in PROGRAMS) else "unsupported"

    def offered(self, offer):
        about, reason = {name: offer[name] for name in ("runInstanceId", "fence")}, self.refusal(offer)
        if reason:
            return {"type": "reject", **about, "reason": reason, "message": "one sound package with main.py or main.sh at a time"}
        self.sent, self.safe, self.told = 0, 0, False
        self.keep(id=about, offer=offer, state="accepted", lines=[])
        return {"type": "accept", **about}

    def start(self, offer, lines, assets):
        def read(level, output):
            for line in output:
                lines.append({"at": datetime.now(timezone.utc).isoformat(), "level": level, "logType": "Business",
                              "message": line.decode(errors="replace").rstrip("\r\n")[:8192]})
        self.keep(state="running")
        OUT.unlink(missing_ok=True)
        write(IN, {name: argument["value"] for name, argument in offer["arguments"].items() if "value" in argument} | assets)
        known = {"ARGUMENTS": IN, "RESULT": OUT, "JOB_ID": offer["jobId"], "RUN_ID": offer["runInstanceId"], "ATTEMPT": offer["attempt"]}
        self.cancelled, self.process = False, subprocess.Popen(
            next(command for name, command in PROGRAMS.items() if (WORK / name).exists()), cwd=WORK, start_new_session=True,
            env=os.environ | {f"LOOMWORK_{name}": str(value) for name, value in known.items()},
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        outputs = ("Info", self.process.stdout), ("Error", self.process.stderr)
        self.readers = [threading.Thread(target=read, args=output, daemon=True) for output in outputs]
        [reader.start() for reader in self.readers]

    def finish(self, code):
        [reader.join(1) for reader in self.readers]
        values, fault = {}, f"exit code {code}" if code else ""
        try:
            values = dict(json.loads(OUT.read_text()).items()) if not code and OUT.exists() else {}
        except (ValueError, AttributeError) as malformed:
            fault = f"malformed result: {malformed}"
        status = "Cancelled" if self.cancelled else "Failed" if fault else "Succeeded"
        self.keep(state="finished", result={"status": status, "exitCode": code, "arguments": values, "message": fault})

    def news(self):
        """What was not sent over this connection: lines, and when the server has them all the result."""
        if self.run["state"] == "running" and self.process.poll() is not None:
            self.finish(self.process.returncode)
        lines = [{"seq": seq} | line for seq, line in enumerate(self.run["lines"][self.sent:self.sent + 50], self.sent + 1)]
        self.sent += len(lines)
        done = not self.told and self.run["state"] == "finished" and self.safe == len(self.run["lines"])
        self.told |= done
        return [{"type": "logs", **self.run["id"], "entries": lines}] if lines else \
               [{"type": "result", **self.run["id"], **self.run["result"]}] if done else []

    def hear(self, kind, message):
        if not self.run or any(message.get(name, value) != value for name, value in self.run["id"].items()):
            return
        if kind == "ack" and message["of"] == "logs":
            self.safe = message["seq"]
        elif kind == "start" and self.run["state"] == "accepted":
            self.start(self.run["offer"], self.run["lines"], message["assets"])
        elif kind == "cancel" and self.run["state"] == "running":
            self.cancelled = True
            self.kill(self.process, signal.SIGTERM)
            threading.Timer(message.get("killAfterMs", 30000) / 1000, self.kill, [self.process, signal.SIGKILL]).start()
        elif kind in ("forget", "ack") or (kind == "withdraw" and self.run["state"] == "accepted"):
            self.kill(self.process, signal.SIGKILL)
            RUN.unlink()
            self.run = self.process = None

    def serve(self, link):
        """One connection, to its end."""
        self.sent, self.told, every, beat = self.safe, False, None, 0
        runs = [self.run["id"] | {"state": self.run["state"]}] if self.run else []
        say = [{"type": "hello", "protocol": 1, "version": "example", "capabilities": ["python", "sh"], "accepting": True, "runs": runs}]
        while True:
            heard, say = link.turn(say), []
            for message in heard:
                if message["type"] == "welcome":
                    every = message["heartbeatMs"] / 1000
                    [self.hear(it["verdict"], it) for it in message["runs"] if it["verdict"] in ("cancel", "forget")]
                elif message["type"] == "offer":
                    say.append(self.offered(message))
                else:
                    self.hear(message["type"], message)
            say += self.news() if every and self.run else []
            if every and time.monotonic() > beat:
                beat = time.monotonic() + every
                say.append({"type": "heartbeat"})


if __name__ == "__main__":
    robot = Robot()
    while True:
        try:
            robot.serve(Poll() if "--poll" in sys.argv else Socket())
        except OSError as failed:
            if getattr(failed, "code", None) in (400, 401):  # the server refuses this robot's id and secret
                raise
            print(f"no connection: {failed}", file=sys.stderr)
        time.sleep(1)
