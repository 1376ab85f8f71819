#!/usr/bin/env python3
"""A small robot in the standard library alone: how to speak the protocol, in one page.

    LOOMWORK_CONNECTION='HubUrl=…;ClientId=…;ClientSecret=…;AuthenticationUrl=…' python3 robot.py [--poll]

It runs packages with a main.py or main.sh, one at a time. What it promises is on its disk (./robot-state) before it says so.
Left out: pause, time limits, ending a run that has lost contact or its robot, a cache of packages, TLS without --poll,
stopping at a secret that is refused.
"""
import base64, hashlib, http.client, io, json, os, pathlib, select, shutil, signal, socket, subprocess, sys, threading, time
from urllib import parse, request
from zipfile import BadZipFile, ZipFile

SETTINGS = dict(part.split("=", 1) for part in os.environ.pop("LOOMWORK_CONNECTION").split(";") if part)
HUB, STATE = SETTINGS["HubUrl"].rstrip("/"), pathlib.Path("robot-state").absolute()
RUN, NEW, WORK, IN, OUT = (STATE / name for name in ("run.json", "new.json", "work", "in.json", "out.json"))
PROGRAMS = {"main.py": ["python3", "-u", "main.py"], "main.sh": ["sh", "main.sh"]}

def ask(url, data, headers={}):
    return json.load(request.urlopen(request.Request(url, data, headers), timeout=30))

def bearer():
    form = {"grant_type": "client_credentials", "client_id": SETTINGS["ClientId"], "client_secret": SETTINGS["ClientSecret"]}
    return {"Authorization": "Bearer " + ask(SETTINGS["AuthenticationUrl"], parse.urlencode(form).encode())["access_token"]}

class Socket:
    """A WebSocket, by hand. `turn` sends messages and gives those that have come after half a second at most."""

    def __init__(self):
        url, key = parse.urlparse(HUB), base64.b64encode(os.urandom(16)).decode()
        connection = http.client.HTTPConnection(url.netloc)
        connection.request("GET", url.path, headers=bearer() | {
            "Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13", "Sec-WebSocket-Key": key,
            "Sec-WebSocket-Protocol": "loomwork.robot.v1"})
        if connection.getresponse().status != 101:
            raise OSError("the server speaks no WebSocket here; try --poll")
        self.sock = connection.sock

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
            if first == 0x81:  # one frame, one message
                heard.append(json.loads(data))
            elif first == 0x89:
                self.send(10, data)
            elif first == 0x88:
                code = int.from_bytes(data[:2], "big")
                raise (SystemExit if code in (4409, 4426) else OSError)(f"closed with {code}")
        return heard

class Poll:
    """The same by HTTP. Where an answer fails to come, the next hello, in another session, brings what was in it."""

    def __init__(self):
        self.headers, self.body = bearer() | {"Content-Type": "application/json"}, {"n": 0}

    def turn(self, messages):
        self.body |= {"n": self.body["n"] + 1, "messages": messages, "waitMs": 0 if messages else 500}
        reply = ask(HUB + "/poll", json.dumps(self.body).encode(), self.headers)
        self.body["session"] = reply["session"]
        return reply["messages"]

def unpack(package):
    """A fresh copy in WORK, or the reason why it cannot be run here."""
    try:
        data = request.urlopen(package["url"], timeout=30).read()
        if hashlib.sha256(data).hexdigest() != package["sha256"]:
            return "package"
        shutil.rmtree(WORK, ignore_errors=True)
        ZipFile(io.BytesIO(data)).extractall(WORK)  # which lets no name out of the folder
    except (OSError, ValueError, BadZipFile):
        return "package"
    return None if any((WORK / name).exists() for name in PROGRAMS) else "unsupported"

class Robot:
    """A run is {id, offer, state: accepted|running|finished, lines, safe: how many of them the server has, result}."""

    def __init__(self):
        STATE.mkdir(mode=0o700, exist_ok=True)
        run = json.loads(RUN.read_text()) if RUN.exists() else None
        self.run = None if run and run["state"] == "running" else run  # what hello does not name has failed

    def keep(self, **changes):
        self.run = {**(self.run or {}), **changes}
        with open(NEW, "w", opener=lambda path, flags: os.open(path, flags | os.O_SYNC, 0o600)) as file:
            json.dump(self.run, file)
        os.replace(NEW, RUN)

    def offered(self, offer):
        about = {name: offer[name] for name in ("runInstanceId", "fence")}
        reason = "busy" if self.run else unpack(offer["package"])
        if reason:
            return {"type": "reject", **about, "reason": reason, "message": "not here"}
        self.keep(id=about, offer=offer, state="accepted", lines=[], safe=0)
        return {"type": "accept", **about}

    def start(self, offer, assets):
        self.keep(state="running")
        OUT.write_text("{}")
        IN.write_text(json.dumps({name: it["value"] for name, it in offer["arguments"].items() if "value" in it} | assets))
        known = {"ARGUMENTS": IN, "RESULT": OUT, "JOB_ID": offer["jobId"], "RUN_ID": offer["runInstanceId"],
                 "ATTEMPT": offer["attempt"]}
        command = next(command for name, command in PROGRAMS.items() if (WORK / name).exists())
        self.kill_at, self.process = None, subprocess.Popen(
            command, cwd=WORK, env=os.environ | {f"LOOMWORK_{name}": str(value) for name, value in known.items()},
            start_new_session=True, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.readers = [threading.Thread(target=self.read, args=(self.run["lines"], *output), daemon=True)
                        for output in (("Info", self.process.stdout), ("Error", self.process.stderr))]
        for reader in self.readers:
            reader.start()

    def read(self, lines, level, output):
        for line in output:
            lines.append({
                "at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()), "level": level, "logType": "Business",
                "message": line.decode(errors="replace").rstrip("\r\n")[:4000]})

    def watch(self):
        """A process that has ended has a result; one that was cancelled is killed when it takes too long."""
        code = self.process.poll()
        if code is not None:
            for reader in self.readers:
                reader.join(1)  # a process of the program's own may keep its output open
            try:
                values, fault = {**json.loads(OUT.read_text())}, f"exit code {code}" if code else ""
            except (OSError, ValueError, TypeError) as malformed:
                values, fault = {}, f"malformed result: {malformed}"
            status = "Cancelled" if self.kill_at else "Failed" if fault else "Succeeded"
            self.keep(state="finished", result={"status": status, "exitCode": code, "arguments": values, "message": fault})
        elif self.kill_at and time.monotonic() > self.kill_at:
            os.killpg(self.process.pid, signal.SIGKILL)

    def news(self):
        """The lines that the server does not have, after them the result: one message, until it is acknowledged."""
        if self.run and self.run["state"] == "running":
            self.watch()
        if self.waiting or not self.run:
            return []
        safe = self.run["safe"]
        lines = [{"seq": seq} | line for seq, line in enumerate(self.run["lines"][safe:safe + 20], safe + 1)]
        self.waiting = bool(lines) or self.run["state"] == "finished"
        message = {"type": "logs", "entries": lines} if lines else {"type": "result", **self.run.get("result", {})}
        return [self.run["id"] | message] if self.waiting else []

    def hear(self, kind, message):
        state = self.run and self.run["state"]
        if not state or any(message.get(name, value) != value for name, value in self.run["id"].items()):
            return  # of another run, or of another offer of this one
        if kind == "ack" and message["of"] == "logs":
            self.run["safe"], self.waiting = message["seq"], False
        elif kind == "start" and state == "accepted" and "assets" in message:  # the verdict start comes without them
            self.start(self.run["offer"], message["assets"])
        elif kind == "cancel" and state == "running":
            self.kill_at = time.monotonic() + message.get("killAfterMs", 30000) / 1000
            os.killpg(self.process.pid, signal.SIGTERM)
        elif kind in ("ack", "forget", "withdraw"):
            if state == "running":
                os.killpg(self.process.pid, signal.SIGKILL)
            RUN.unlink()
            self.run, self.waiting = None, False

    def serve(self, link):
        """One connection, to its end."""
        self.waiting, every, beat = True, 0, float("inf")  # until it is welcome
        runs = [self.run["id"] | {"state": self.run["state"]}] if self.run else []
        hello = {"protocol": 1, "version": "example", "capabilities": ["python", "sh"], "accepting": True, "runs": runs}
        say = [{"type": "hello"} | hello]
        while True:
            heard, say = link.turn(say), []
            for message in heard:
                if message["type"] == "welcome":
                    self.waiting, every, beat = False, message["heartbeatMs"] / 1000, 0
                elif message["type"] == "offer":
                    say.append(self.offered(message))
                for part in message.get("runs", [message]):
                    self.hear(part.get("verdict", message["type"]), part)
            say += self.news()
            if time.monotonic() > beat:
                beat = time.monotonic() + every
                say.append({"type": "heartbeat"})

robot = Robot()
while True:
    try:
        robot.serve(Poll() if "--poll" in sys.argv else Socket())
    except OSError as failed:
        print(f"no connection: {failed}", file=sys.stderr)
    time.sleep(1)
