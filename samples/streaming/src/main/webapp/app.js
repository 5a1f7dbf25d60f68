// Copyright the Fluid4J authors. SPDX-License-Identifier: Apache-2.0
"use strict";

const $ = id => document.getElementById(id);
const millis = value => `${Math.round(value)} ms`;

// --- the answer -------------------------------------------------------------------------------
let source = null;

function stop() {
  if (source) source.close();
  source = null;
  $("stop").disabled = true;
  $("answer").classList.remove("open");
}

function draw(gaps) {
  const canvas = $("gaps"), pen = canvas.getContext("2d");
  const most = Math.max(100, ...gaps), width = canvas.width / Math.max(60, gaps.length);
  pen.clearRect(0, 0, canvas.width, canvas.height);
  pen.fillStyle = getComputedStyle(document.documentElement).getPropertyValue("--accent");
  gaps.forEach((gap, i) => {
    const height = Math.max(1, gap / most * canvas.height);
    pen.fillRect(i * width, canvas.height - height, Math.max(1, width - 1), height);
  });
}

function ask(question) {
  stop();
  const answer = $("answer"), gaps = [];
  answer.textContent = "";
  answer.classList.add("open");
  $("stop").disabled = false;
  const start = performance.now();
  let last = 0;
  source = new EventSource("answer?q=" + encodeURIComponent(question));
  source.addEventListener("notice", event => {
    const notice = document.createElement("span");
    notice.className = "notice";
    notice.textContent = JSON.parse(event.data).text;
    answer.prepend(notice);
  });
  source.addEventListener("token", event => {
    const now = performance.now();
    if (last) gaps.push(now - last); else $("first").textContent = millis(now - start);
    last = now;
    answer.append(JSON.parse(event.data).text);
    $("count").textContent = gaps.length + 1;
    if (gaps.length) {
      const sorted = [...gaps].sort((a, b) => a - b);
      $("median").textContent = millis(sorted[sorted.length >> 1]);
      $("longest").textContent = millis(sorted[sorted.length - 1]);
      draw(gaps);
    }
  });
  source.addEventListener("done", () => { stop(); refresh(); });
  source.onerror = () => { answer.append(" [the stream has broken off]"); stop(); };
}

$("ask").addEventListener("submit", event => { event.preventDefault(); ask($("question").value); });
$("stop").addEventListener("click", stop);
document.querySelectorAll(".chip").forEach(chip => chip.addEventListener("click", () => {
  $("question").value = chip.textContent;
  ask(chip.textContent);
}));

// --- the slow page ----------------------------------------------------------------------------
$("slow").addEventListener("click", () => { $("page").src = "slow?rows=20&interval=200&t=" + Date.now(); });

// --- the upload -------------------------------------------------------------------------------
function upload(body) {
  const id = Array.from(crypto.getRandomValues(new Uint8Array(8)), b => b.toString(16).padStart(2, "0")).join("");
  const request = new XMLHttpRequest();
  $("sent").value = $("received").value = 0;
  $("uploaded").textContent = "…";
  request.upload.onprogress = event => { $("sent").value = event.loaded / event.total; };
  const poll = setInterval(async () => {
    const { received } = await (await fetch("upload?id=" + id)).json();
    if (received >= 0) $("received").value = received / body.size;
  }, 200);
  request.onloadend = () => {
    clearInterval(poll);
    if (request.status === 200) {
      const result = JSON.parse(request.responseText);
      $("received").value = result.bytes / body.size;
      $("uploaded").textContent = `${result.bytes.toLocaleString()} bytes in ${result.millis} ms, SHA-256 ${result.sha256}`;
    } else {
      $("uploaded").textContent = "failed: status " + request.status;
    }
    refresh();
  };
  request.open("POST", "upload?id=" + id);
  request.setRequestHeader("Content-Type", "application/octet-stream");
  request.send(body);
}

$("file").addEventListener("change", event => { if (event.target.files[0]) upload(event.target.files[0]); });
$("generated").addEventListener("click", () => upload(new Blob([new Uint8Array(32 << 20)])));

// --- work -------------------------------------------------------------------------------------
document.querySelectorAll("[data-url]").forEach(button => button.addEventListener("click", async () => {
  const bars = $("bars");
  bars.textContent = "";
  $("worked").textContent = "…";
  const start = performance.now();
  const times = await Promise.all(Array.from({ length: 20 }, async (_, i) => {
    const response = await fetch(button.dataset.url + "&n=" + i, { cache: "no-store" });
    await response.arrayBuffer();
    const time = performance.now() - start, bar = document.createElement("i");
    bar.dataset.time = time;
    bars.append(bar);
    const most = Math.max(...[...bars.children].map(b => Number(b.dataset.time)));
    for (const b of bars.children) b.style.width = `${Number(b.dataset.time) / most * 100}%`;
    return response.ok ? time : NaN;
  }));
  const failed = times.filter(Number.isNaN).length;
  $("worked").textContent = `20 × ${button.dataset.label}: all done after ${millis(performance.now() - start)}`
    + (failed ? `, ${failed} refused` : "");
  refresh();
}));

// --- who answers, and what it has done --------------------------------------------------------
async function refresh() {
  try {
    const status = await (await fetch("status", { cache: "no-store" })).json();
    const behind = status.function ? ` · function ${status.function}@${status.deployment}, through a tunnel` : " · on its own port";
    $("who").textContent = `${status.server}, process ${status.pid}, ${status.protocol}${behind}`;
    const rows = Object.entries(status).filter(([, value]) => typeof value === "number");
    $("counters").tBodies[0].replaceChildren(...rows.map(([name, value]) => {
      const row = document.createElement("tr");
      row.insertCell().textContent = name;
      row.insertCell().textContent = name === "pid" ? value : value.toLocaleString();
      return row;
    }));
  } catch (e) {
    $("who").textContent = "no server answers";
  }
}

refresh();
setInterval(refresh, 2000);
