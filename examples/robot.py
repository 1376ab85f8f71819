#!/usr/bin/env python3
"""A small robot in the standard library alone: how to speak the protocol, in one page.

    LOOMWORK_CONNECTION='HubUrl=…;ClientId=…;ClientSecret=…;AuthenticationUrl=…' python3 robot.py [--poll]

It runs packages with main.py or main.sh. What it promises is on its disk (./robot-state) before it says so.
Left out, to stay short: pause, time limits, ending a run that has lost contact, a cache of packages, TLS.
"""
import base64, hashlib, io, json, os, pathlib, select, shutil, signal, socket, struct, subprocess, sys, time
import urllib.error, urllib.parse, urllib.request, zipfile
from datetime import datetime, timezone

SETTINGS = dict(part.split("=", 1) for part in os.environ.pop("LOOMWORK_CONNECTION").split(";") if part)
HUB, STATE = SETTINGS["HubUrl"].rstrip("/"), pathlib.Path("robot-state").absolute()


def token():
    form = {"grant_type": "client_credentials", "client_id": SETTINGS["ClientId"], "client_secret": SETTINGS["ClientSecret"]}
    try:
        with urllib.request.urlopen(SETTINGS["AuthenticationUrl"], urllib.parse.urlencode(form).encode(), timeout=30) as answer:
            return json.load(answer)["access_token"]
    except urllib.error.HTTPError as error:
        sys.exit("the server refuses this robot's id and secret") if error.code in (400, 401) else None
        raise


class Socket:
    """A WebSocket, by hand. `turn` sends messages and gives those that have come after half a second at most."""

    def __init__(self):
        url = urllib.parse.urlparse(HUB)
        self.sock, self.data, self.text = socket.create_connection((url.hostname, url.port or 80), timeout=30), b"", b""
        key = base64.b64encode(os.urandom(16)).decode()
        self.sock.sendall((f"GET {url.path} HTTP/1.1\r\nHost: {url.netloc}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
                           f"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\nAuthorization: Bearer {token()}\r\n"
                           "Sec-WebSocket-Protocol: loomwork.robot.v1\r\n\r\n").encode())
        while b"\r\n\r\n" not in self.data:
            self.receive()
        head, self.data = self.data.split(b"\r\n\r\n", 1)
        if b" 101 " not in head.split(b"\r\n")[0]:
            raise OSError("the server speaks no WebSocket here; try --poll")

    def receive(self):
        data = self.sock.recv(65536)
        if not data:
            raise OSError("the connection has ended")
        self.data += data

    def send(self, data, opcode=1):
        size, mask = len(data), os.urandom(4)
        length = bytes([0x80 | size]) if size < 126 else struct.pack(">BH", 0xFE, size) if size < 65536 else struct.pack(">BQ", 0xFF, size)
        self.sock.sendall(bytes([0x80 | opcode]) + length + mask + bytes(byte ^ mask[at % 4] for at, byte in enumerate(data)))

    def turn(self, messages):
        for message in messages:
            self.send(json.dumps(message).encode())
        if not self.data and select.select([self.sock], [], [], 0.5)[0]:
            self.receive()
        heard = []
        while len(self.data) >= 2:
            first, size, at = self.data[0], self.data[1], 2
            if size > 125:
                at = 4 if size == 126 else 10
                size = int.from_bytes(self.data[2:at], "big") if len(self.data) >= at else 1 << 20
            if len(self.data) < at + size:
                self.receive()
                continue
            data, self.data, opcode = self.data[at:at + size], self.data[at + size:], first & 15
            if opcode == 8:
                code = int.from_bytes(data[:2], "big")
                sys.exit(f"the server does not want this robot any more: {code}") if code in (4409, 4426) else None
                raise OSError(f"closed with {code}")
            if opcode == 9:
                self.send(data, 10)
            if opcode in (0, 1):
                self.text += data
                if first & 0x80:
                    heard, self.text = heard + [json.loads(self.text)], b""
        return heard


class Poll:
    """The same by HTTP: every number is asked with until it has its answer."""

    def __init__(self):
        self.bearer, self.body = token(), {"n": 0}

    def turn(self, messages):
        self.body |= {"n": self.body["n"] + 1, "messages": messages, "waitMs": 0 if messages else 500}
        for attempt in range(5):
            headers = {"Authorization": f"Bearer {self.bearer}", "Content-Type": "application/json"}
            try:
                with urllib.request.urlopen(urllib.request.Request(HUB + "/poll", json.dumps(self.body).encode(), headers), timeout=30) as answer:
                    reply = json.load(answer)
                self.body["session"] = reply["session"]
                return reply["messages"]
            except urllib.error.HTTPError as error:
                if error.code == 409:
                    raise OSError("the session has ended")
                self.bearer = token() if error.code == 401 else self.bearer
            except OSError as error:
                print(f"asking again: {error}", file=sys.stderr)
            time.sleep(0.3)
        raise OSError("no answer")


class Run:
    """The run in hand. Its folder has offer.json from the accept on, `started` from the start on, result.json from the end on."""

    def __init__(self, offer):
        self.offer, self.id = offer, {"runInstanceId": offer["runInstanceId"], "fence": offer["fence"]}
        self.home = STATE / f"{offer['runInstanceId']}.{offer['fence']}"
        self.process = self.result = None
        self.entries, self.sent, self.safe, self.read, self.cancelled, self.kill_at = [], 0, 0, {}, False, None

    def state(self):
        return "finished" if self.result else "running" if self.process else "accepted"

    def prepare(self):
        """Unpacks it; the reason why not, else None."""
        package = self.offer["package"]
        with urllib.request.urlopen(package["url"], timeout=30) as answer:
            data = answer.read(package["size"] + 1)
        if hashlib.sha256(data).hexdigest() != package["sha256"] or len(data) != package["size"]:
            return "package"
        zipfile.ZipFile(io.BytesIO(data)).extractall(self.home / "work")  # which lets no name out of the folder
        if not self.command():
            return "unsupported"
        keep(self.home / "offer.json", self.offer)

    def command(self):
        known = (["python3", "-u", "main.py"], ["sh", "main.sh"])
        return next((command for command in known if (self.home / "work" / command[-1]).exists()), None)

    def start(self, assets):
        keep(self.home / "started", {})
        values = {name: argument["value"] for name, argument in self.offer["arguments"].items() if "value" in argument}
        with open(os.open(self.home / "arguments.json", os.O_CREAT | os.O_WRONLY, 0o600), "w") as file:
            json.dump(values | assets, file)
        extra = {"LOOMWORK_ARGUMENTS": self.home / "arguments.json", "LOOMWORK_RESULT": self.home / "out.json", "LOOMWORK_JOB_ID": self.offer["jobId"],
                 "LOOMWORK_RUN_ID": self.offer["runInstanceId"], "LOOMWORK_ATTEMPT": self.offer["attempt"]}
        self.process = subprocess.Popen(
            self.command(), cwd=self.home / "work", env=os.environ | {name: str(value) for name, value in extra.items()}, start_new_session=True,
            stdin=subprocess.DEVNULL, stdout=open(self.home / "Info", "wb"), stderr=open(self.home / "Error", "wb"))

    def kill(self, number):
        if self.process and not self.result:
            os.killpg(self.process.pid, number)

    def look(self):
        """Takes new lines from the output's files; makes the result when the process has ended."""
        if not self.process or self.result:
            return
        if self.kill_at and time.monotonic() > self.kill_at:
            self.kill(signal.SIGKILL)
        code = self.process.poll()
        for level in ("Info", "Error"):
            with open(self.home / level, "rb") as file:
                file.seek(self.read.get(level, 0))
                for line in file:
                    if not line.endswith(b"\n") and code is None:
                        break
                    self.read[level] = self.read.get(level, 0) + len(line)
                    self.entries.append({"seq": len(self.entries) + 1, "at": datetime.now(timezone.utc).isoformat(), "level": level,
                                         "logType": "Business", "message": line.decode(errors="replace").rstrip("\r\n")[:8192]})
        if code is None:
            return
        values, fault = {}, None if code == 0 else f"exit code {code}"
        if code == 0 and (self.home / "out.json").exists():
            try:
                values = dict(json.loads((self.home / "out.json").read_text()).items())
            except (ValueError, AttributeError) as error:
                fault = f"malformed result: {error}"
        status = "Cancelled" if self.cancelled else "Failed" if fault else "Succeeded"
        self.result = {"type": "result", **self.id, "status": status, "exitCode": code, "arguments": values} | ({"message": fault} if fault else {})
        keep(self.home / "entries.json", self.entries)
        keep(self.home / "result.json", self.result)


def keep(path, value):
    path.parent.mkdir(parents=True, exist_ok=True)
    with open(path.with_suffix(".new"), "w") as file:
        json.dump(value, file)
        file.flush()
        os.fsync(file.fileno())
    os.replace(path.with_suffix(".new"), path)


def found():
    """What an earlier process has promised or finished. What it had begun is lost: hello does not name it, so it has failed."""
    for home in STATE.glob("*/"):
        if (home / "offer.json").exists() and ((home / "result.json").exists() or not (home / "started").exists()):
            run = Run(json.loads((home / "offer.json").read_text()))
            if (home / "result.json").exists():
                run.entries, run.result = (json.loads((home / name).read_text()) for name in ("entries.json", "result.json"))
            return run
        shutil.rmtree(home)


class Robot:
    def __init__(self):
        self.run = found()

    def forget(self):
        self.run.kill(signal.SIGKILL)
        shutil.rmtree(self.run.home, ignore_errors=True)
        self.run = None

    def offered(self, offer):
        run = Run(offer)
        if self.run and self.run.state() == "running":
            reason, text = "busy", "there is a run"
        else:
            try:
                reason, text = run.prepare(), "this robot runs main.py and main.sh of sound packages"
            except (OSError, ValueError, zipfile.BadZipFile) as error:
                reason, text = "package", str(error)
            self.run = self.run if reason else run
        return {"type": "reject", **run.id, "reason": reason, "message": text} if reason else {"type": "accept", **run.id}

    def hear(self, message):
        """What to answer."""
        run, kind = self.run, message["type"]
        if kind == "offer":
            return [self.offered(message)]
        if kind == "ack" and message["of"] == "logs" and run and message["runInstanceId"] == run.id["runInstanceId"]:
            run.safe = message["seq"]
        if kind == "welcome":
            for judged in message["runs"]:
                judged["verdict"] in ("cancel", "forget") and self.hear(judged | {"type": judged["verdict"], "killAfterMs": 30000})
        if not run or any(message.get(name) != value for name, value in run.id.items()):
            return []
        if kind == "start" and run.state() == "accepted":
            run.start(message["assets"])
        if kind == "cancel" and run.state() == "running":
            run.cancelled, run.kill_at = True, time.monotonic() + message["killAfterMs"] / 1000
            run.kill(signal.SIGTERM)
        if kind == "forget" or (kind == "withdraw" and run.state() == "accepted") or (kind == "ack" and message["of"] == "result"):
            self.forget()
        return []

    def serve(self, link):
        """One connection, to its end."""
        runs = [self.run.id | {"state": self.run.state()}] if self.run else []
        say = [{"type": "hello", "protocol": 1, "version": "example", "capabilities": ["python", "sh"], "accepting": True, "autoAccept": False, "runs": runs}]
        every, beat, told = None, 0, None
        while True:
            heard, say = link.turn(say), []
            for message in heard:
                every = message["heartbeatMs"] / 1000 if message["type"] == "welcome" else every
                say += self.hear(message)
            run = self.run
            if run:
                run.look()
                if told is None or told[0] is not run:  # over this connection nothing of it was sent yet
                    told, run.sent = [run, False], run.safe
            if run and every and run.entries[run.sent:]:
                say.append({"type": "logs", **run.id, "entries": run.entries[run.sent:run.sent + 50]})
                run.sent += len(say[-1]["entries"])
            elif run and every and run.result and run.safe == len(run.entries) and not told[1]:
                say.append(run.result)
                told[1] = True
            if every and time.monotonic() > beat:
                beat = time.monotonic() + every
                say.append({"type": "heartbeat"})


if __name__ == "__main__":
    robot = Robot()
    while True:
        try:
            robot.serve(Poll() if "--poll" in sys.argv else Socket())
        except OSError as error:
            print(f"no connection: {error}", file=sys.stderr)
        time.sleep(1)
