# Copyright the Fluid4J authors. SPDX-License-Identifier: Apache-2.0
"""Measures a router with a `local-process` pool of Tomcats. Started by run-provisioning."""
import glob
import http.client
import json
import os
import random
import re
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time

TOMCAT, DIST, WHAT = sys.argv[1:4]
ROUNDS = int(os.environ.get("ROUNDS", "10"))
RATE = float(os.environ.get("RATE", "30"))          # requests a second at the top
IO_MILLIS = int(os.environ.get("IO_MILLIS", "300"))
TOP_SECONDS = float(os.environ.get("TOP_SECONDS", "45"))
MOST = int(os.environ.get("MOST", "24"))
INSTANCE_JAVA_HOME = os.environ.get("INSTANCE_JAVA_HOME", "")   # the router's own unless set
JAVA_OPTIONS = os.environ.get("INSTANCE_OPTS", "-Xmx128m -XX:+UseSerialGC")
SECRET = "a secret for a benchmark only"


def template(folder, limit):
    """A base folder as Tomcat's RUNNING.txt describes it, and the two files that make it an instance."""
    base = os.path.join(folder, "template")
    shutil.copytree(os.path.join(TOMCAT, "conf"), os.path.join(base, "conf"))
    for name in ("lib", "webapps"):
        os.makedirs(os.path.join(base, name))
    shutil.copy(glob.glob(os.path.join(DIST, "tomcat", "*.jar"))[0], os.path.join(base, "lib"))
    # Unpacked once, not by each instance.
    root = os.path.join(base, "webapps", "ROOT")
    shutil.unpack_archive(os.path.join(DIST, "samples", "streaming.war"), root, "zip")
    with open(os.path.join(base, "conf", "fluid.properties"), "w") as out:
        out.write(f"fluid.function=shop\nfluid.tunnel.secret={SECRET}\n")
        if limit:
            out.write(f"fluid.max-concurrency={limit}\n")
    return base


class Router:
    def __init__(self, folder, limit, archive, most, idle="10s"):
        self.lines = []
        self.changed = threading.Condition()
        config = os.path.join(folder, "router.properties")
        with open(config, "w") as out:
            out.write("\n".join([
                "fluid.router.http.port=0", "fluid.router.http.bind=127.0.0.1", "fluid.router.tunnel.port=0",
                "fluid.router.admin.port=0", "fluid.router.shutdown-delay=0", "fluid.router.max-wait=60s",
                f"fluid.tunnel.secret={SECRET}", f"fluid.data-dir={folder}/data", "fluid.route.all.function=shop",
                "fluid.provision.shop.provider=local-process",
                f"fluid.provision.shop.template={template(folder, limit)}", f"fluid.provision.shop.home={TOMCAT}",
                f"fluid.provision.shop.java-options={JAVA_OPTIONS}", f"fluid.provision.shop.archive={archive}",
                f"fluid.provision.shop.max={most}", f"fluid.provision.shop.idle-time={idle}",
                "fluid.provision.shop.start-timeout=5m",
                f"fluid.provision.shop.java-home={INSTANCE_JAVA_HOME}" if INSTANCE_JAVA_HOME else "", ""]))
        self.process = subprocess.Popen([os.path.join(DIST, "bin", "fluid"), "router", "--config", config],
                                        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        threading.Thread(target=self.read, daemon=True).start()
        ports = self.line(r"http (\d+), https \S+, tunnels \d+, admin (\d+)")
        self.http, self.admin = int(ports.group(1)), int(ports.group(2))

    def read(self):
        for line in self.process.stdout:
            with self.changed:
                self.lines.append(line.rstrip())
                self.changed.notify_all()
        with self.changed:
            self.lines.append("")
            self.changed.notify_all()

    def line(self, pattern, begin=0, limit=300):
        """The first line from that one on that fits, said before or to come."""
        until = time.monotonic() + limit
        with self.changed:
            while True:
                for line in self.lines[begin:]:
                    found = re.search(pattern, line)
                    if found:
                        return found
                if self.process.poll() is not None or time.monotonic() > until:
                    raise SystemExit(f"the router did not say {pattern}:\n" + "\n".join(self.lines[-30:]))
                self.changed.wait(1)

    def get(self, path):
        connection = http.client.HTTPConnection("127.0.0.1", self.admin, timeout=30)
        try:
            connection.request("GET", path)
            return connection.getresponse().read().decode()
        finally:
            connection.close()

    def function(self):
        return json.loads(self.get("/api/functions"))[0]

    def newest(self):
        """The process that was started last."""
        pids = [re.search(r"is process ([\d,]+)", line) for line in self.lines]
        return int([found.group(1) for found in pids if found][-1].replace(",", ""))

    def close(self):
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(60)
        except subprocess.TimeoutExpired:
            self.process.kill()


def cpu_seconds(pid):
    with open(f"/proc/{pid}/stat") as stat:
        fields = stat.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def cold():
    """One instance at a time: it is ended, the pool asks for the next, and says when that is there."""
    took, cpu = {"true": [], "false": []}, {"true": [], "false": []}
    with tempfile.TemporaryDirectory() as folder:
        routers = {}
        try:
            for archive in took:
                own = os.path.join(folder, archive)
                os.makedirs(own)
                routers[archive] = Router(own, 0, archive, 1)
                routers[archive].line(r"is there, ([\d,]+) ms after")
            made = routers["true"].line(r"archive of shared classes is there after ([\d,]+) ms: \S+, ([\d,]+) KiB")
            for _ in range(ROUNDS):
                for archive, router in routers.items():
                    begin = len(router.lines)
                    os.kill(router.newest(), signal.SIGTERM)
                    there = router.line(r"is there, ([\d,]+) ms after", begin)
                    cpu[archive].append(cpu_seconds(router.newest()))
                    took[archive].append(int(there.group(1).replace(",", "")))
        finally:
            for router in routers.values():
                router.close()
    print(f"archive: made in {made.group(1)} ms beside the first start, {made.group(2)} KiB")
    for archive, name in (("false", "without"), ("true", "with")):
        print(f"{name} archive: p50 {statistics.median(took[archive]):.0f} ms, {sorted(took[archive])},"
              f" CPU {statistics.median(cpu[archive]):.2f} s")
    print(f"ratio of the medians: {statistics.median(took['true']) / statistics.median(took['false']):.2f},"
          f" of CPU {statistics.median(cpu['true']) / statistics.median(cpu['false']):.2f}")


class Load:
    """Requests come at their times, whatever became of those before; the same times in each run."""

    def __init__(self, router, seconds):
        self.router, self.took, self.failed, self.in_flight, self.most = router, [], 0, 0, 0
        self.lock = threading.Lock()
        dice, at, self.times = random.Random(1), 0.0, []
        low, top = seconds
        while at < low + top + low:
            rate = RATE if low <= at < low + top else RATE / 10
            at += dice.expovariate(rate)
            self.times.append(at)

    def run(self):
        began, threads = time.monotonic(), []
        for at in self.times:
            wait = began + at - time.monotonic()
            if wait > 0:
                time.sleep(wait)
            thread = threading.Thread(target=self.request)
            thread.start()
            threads.append(thread)
        for thread in threads:
            thread.join()

    def request(self):
        with self.lock:
            self.in_flight += 1
            self.most = max(self.most, self.in_flight)
        began = time.monotonic()
        try:
            connection = http.client.HTTPConnection("127.0.0.1", self.router.http, timeout=120)
            connection.request("GET", f"/io?millis={IO_MILLIS}")
            response = connection.getresponse()
            response.read()
            connection.close()
            good = response.status == 200
        except OSError:
            good = False
        with self.lock:
            self.in_flight -= 1
            self.failed += not good
            if good:
                self.took.append(time.monotonic() - began)


def share():
    for limit, name in ((1, "one request per instance"), (0, "shared")):
        with tempfile.TemporaryDirectory() as folder:
            router = Router(folder, limit, "true", MOST)
            try:
                router.line(r"is there, ([\d,]+) ms after")
                router.line(r"archive of shared classes is there")
                load, counts, ended = Load(router, (8, TOP_SECONDS)), [], threading.Event()

                def count():
                    while not ended.wait(0.5):
                        function = router.function()
                        counts.append(function["instances"] + function["provision"]["starting"])

                counter = threading.Thread(target=count)
                counter.start()
                load.run()
                ended.set()
                counter.join()
                function = router.function()
                took = sorted(load.took)
                print(f"{name}: {len(load.times)} requests, {load.failed} failed; instances at most {max(counts)},"
                      f" {statistics.mean(counts):.1f} on average, {function['provision']['asked']} started;"
                      f" {function['coldStarts']} requests met a cold start"
                      f" ({100 * function['coldStarts'] / len(load.times):.1f} %);"
                      f" p50 {took[len(took) // 2] * 1000:.0f} ms, p99 {took[len(took) * 99 // 100] * 1000:.0f} ms;"
                      f" {load.most} under way at most", flush=True)
            finally:
                router.close()


{"cold": cold, "share": share}[WHAT]()
