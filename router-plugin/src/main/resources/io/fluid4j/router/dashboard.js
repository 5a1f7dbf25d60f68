'use strict';
const $ = (id) => document.getElementById(id);

function row(cells) {
  const tr = document.createElement('tr');
  for (const cell of cells) {
    const td = document.createElement('td');
    if (cell instanceof Node) td.append(cell); else td.textContent = cell;
    tr.append(td);
  }
  return tr;
}

function action(instance) {
  const draining = instance.state === 'draining';
  const button = document.createElement('button');
  button.textContent = draining ? 'Undrain' : 'Drain';
  button.addEventListener('click', async () => {
    button.disabled = true;
    const answer = await fetch('/api/instances/' + encodeURIComponent(instance.id) + (draining ? '/undrain' : '/drain'), { method: 'POST' });
    $('said').textContent = await answer.text();
  });
  return button;
}

async function look() {
  const [ready, functions, instances] = await Promise.all(
    ['/readyz', '/api/functions', '/api/instances'].map((path) => fetch(path)));
  $('ready').textContent = ready.ok ? 'ready' : 'not ready';
  $('ready').className = ready.ok ? 'active' : 'paused';
  $('functions').tBodies[0].replaceChildren(...(await functions.json()).map((f) =>
    row([f.name, f.deployments.join(', '), f.instances, f.inFlight, f.waiting])));
  $('instances').tBodies[0].replaceChildren(...(await instances.json()).map((i) => {
    const state = document.createElement('span');
    state.textContent = i.state;
    state.className = i.state;
    return row([i.id, i.function, i.deployment, i.container, i.zone, state, i.reasons.join(', '), i.inFlight,
      Math.round(i.headroom * 100) + ' %', i.requests, i.nacks, new Date(i.connectedAt).toLocaleTimeString(), action(i)]);
  }));
}

async function again() {
  try {
    await look();
  } catch (failure) {
    $('ready').textContent = 'not reachable';
    $('ready').className = 'lost';
  }
  setTimeout(again, 1000);
}
again();
