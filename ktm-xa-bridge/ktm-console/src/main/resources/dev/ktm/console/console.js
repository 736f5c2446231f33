// The console's page. Whatever comes from the coordinator is put into the page as text, never as markup.

const REFRESH_MILLIS = 2000;
const LIMIT_MILLIS = 10000;
const MOST_POINTS = 1000;
const TOKEN = 'ktm-token';
const NAME = 'ktm-name';
const SVG = 'http://www.w3.org/2000/svg';

const byId = id => document.getElementById(id);
let history = [];
let historyId = '';
let shownTransaction = null;
let chosenFrom = null;
let acting = false;
let user = null;
let timer = 0;
let turn = 0;
let detailTurn = 0;

// Parts of a page.

function el(tag, attributes = {}, ...children) {
  return filled(document.createElement(tag), attributes, children);
}

function svg(tag, attributes = {}, ...children) {
  return filled(document.createElementNS(SVG, tag), attributes, children);
}

function filled(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== null && value !== undefined) {
      element.setAttribute(name, value);
    }
  }
  element.append(...children.flat().filter(each => each !== null && each !== undefined && each !== ''));
  return element;
}

// Rows are arrays of cells; one that has a key keeps its place and its focus while others come and go.
function table(columns, rows, none) {
  if (rows.length === 0) {
    return el('p', {class: 'none'}, none);
  }
  const head = columns.map(([title, kind]) => el('th', {scope: 'col', class: kind ?? null}, title));
  const body = rows.map(row => el('tr', {'data-key': row.key}, row.map((cell, i) => el('td', {class: columns[i][1] ?? null}, cell ?? ''))));
  return el('div', {class: 'table', tabindex: '0'}, el('table', {}, el('thead', {}, el('tr', {}, head)), el('tbody', {}, body)));
}

function keyed(key, cells) {
  cells.key = key;
  return cells;
}

function facts(pairs) {
  const shown = pairs.filter(([, value]) => value !== null && value !== undefined && value !== '');
  return el('dl', {}, shown.flatMap(([name, value]) => [el('dt', {}, name), el('dd', {}, value)]));
}

// What stays as it is keeps its selection, its focus and its place on the screen. What is clicked on is told by attributes, never by a
// listener of its own, so that an element that has become another's does not do what it did for the one before.
function put(id, ...content) {
  const place = byId(id);
  const fresh = place.cloneNode(false);
  fresh.append(...content);
  become(place, fresh);
}

function become(old, fresh) {
  if (old.nodeName !== fresh.nodeName) {
    old.replaceWith(fresh);
    return;
  }
  if (old.nodeType === Node.TEXT_NODE) {
    if (old.data !== fresh.data) {
      old.data = fresh.data;
    }
    return;
  }
  for (const {name} of [...old.attributes]) {
    if (!fresh.hasAttribute(name)) {
      old.removeAttribute(name);
    }
  }
  for (const {name, value} of [...fresh.attributes]) {
    if (old.getAttribute(name) !== value) {
      old.setAttribute(name, value);
    }
  }
  const wanted = [...fresh.childNodes];
  if (wanted.length > 0 && wanted.every(each => each.dataset?.key !== undefined)) {
    becomeRows(old, wanted);
    return;
  }
  while (old.childNodes.length > wanted.length) {
    old.lastChild.remove();
  }
  wanted.forEach((each, i) => i < old.childNodes.length ? become(old.childNodes[i], each) : old.append(each));
}

// Rows are found by what they are about, so that a focus goes with its row, and with nobody else's.
function becomeRows(old, wanted) {
  const known = new Map([...old.children].map(each => [each.dataset.key, each]));
  const keys = new Set(wanted.map(each => each.dataset.key));
  known.forEach((each, key) => keys.has(key) || each.remove());
  wanted.forEach((each, i) => {
    const row = known.get(each.dataset.key);
    if (row !== undefined) {
      become(row, each);
    }
    const there = old.children[i];
    if (there !== (row ?? each)) {
      old.insertBefore(row ?? each, there ?? null);
    }
  });
}

// Values.

// Those of one life begin alike.
const tail = id => id.slice(-8);
const words = constant => constant.toLowerCase().replaceAll('_', ' ');
const count = number => number.toLocaleString('en');
const percent = share => (100 * share).toFixed(share < 0.1 ? 1 : 0) + ' %';

function when(text) {
  return text.slice(0, 19).replace('T', ' ') + ' Z';
}

function lasting(millis) {
  const seconds = millis / 1000;
  if (seconds < 60) {
    return seconds.toFixed(seconds < 10 ? 1 : 0) + ' s';
  }
  const units = [[86400, 'd'], [3600, 'h'], [60, 'min']];
  const [size, name] = units.find(each => seconds >= each[0]);
  return (seconds / size).toFixed(seconds / size < 10 ? 1 : 0) + ' ' + name;
}

function bytes(number) {
  const units = ['bytes', 'KiB', 'MiB', 'GiB', 'TiB'];
  let i = 0;
  while (number >= 1024 && i < units.length - 1) {
    number /= 1024;
    i++;
  }
  return (i === 0 ? number : number.toFixed(1)) + ' ' + units[i];
}

// Talking to the coordinator.

// It has said no.
class Refused extends Error {
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

// It has said nothing, or somebody else has.
class NoAnswer extends Error {}

async function ask(path, form = null) {
  const options = {headers: {'KTM-Token': sessionStorage.getItem(TOKEN) ?? ''}, cache: 'no-store'};
  if (form === null) {
    options.signal = AbortSignal.timeout(LIMIT_MILLIS);
  } else {
    options.method = 'POST';
    options.body = new URLSearchParams(form);
  }
  let answer;
  try {
    answer = await fetch(path, options);
  } catch (e) {
    throw new NoAnswer('does not answer: it has ended, is being restarted, or cannot be reached', {cause: e});
  }
  let content;
  try {
    content = await answer.json();
  } catch (e) {
    throw new NoAnswer('somebody else answers, with the status ' + answer.status, {cause: e});
  }
  if (!answer.ok) {
    throw new Refused(answer.status, content.error?.message ?? 'refused, with the status ' + answer.status);
  }
  return content;
}

async function refresh() {
  clearTimeout(timer);
  const mine = ++turn;
  try {
    const last = history.length === 0 ? 0 : history[history.length - 1].number;
    const seen = await ask('api/overview?since=' + last + '&history=' + historyId);
    if (mine !== turn) {
      return;
    }
    keep(seen.history);
    show(seen);
    byId('content').hidden = false;
    byId('content').classList.remove('old');
    byId('entrance').hidden = true;
    if (shownTransaction !== null) {
      await refreshDetail();
    }
  } catch (e) {
    if (mine !== turn) {
      return;
    }
    if (e instanceof Refused && e.status === 401) {
      enter(sessionStorage.getItem(TOKEN) === null ? '' : e.message);
      return;
    }
    failed(e);
  }
  if (mine === turn) {
    timer = setTimeout(refresh, REFRESH_MILLIS);
  }
}

// What is on the page is older than it looks.
function failed(e) {
  if (!(e instanceof Refused || e instanceof NoAnswer)) {
    console.error(e);
  }
  state('bad', e instanceof Refused || e instanceof NoAnswer ? e.message : 'this page has failed: ' + e.message);
  byId('content').classList.add('old');
}

function keep({id, points}) {
  if (id !== historyId) {
    // Another life of the coordinator, or of its console.
    historyId = id;
    history = [];
  }
  history = history.concat(points).slice(-MOST_POINTS);
}

function enter(why) {
  byId('act').close();
  byId('content').hidden = true;
  byId('entrance').hidden = false;
  put('entrance-why', why);
  put('state');
  byId('entrance-token').focus();
}

function state(kind, text) {
  const place = byId('state');
  place.className = kind;
  if (place.textContent !== text) {
    place.textContent = text;
  }
}

// The whole page.

function show(seen) {
  acting = seen.acting;
  user = seen.user;
  const {manager} = seen;
  document.title = (manager.inDoubt + manager.damaged > 0 ? '(!) ' : '') + 'KTM ' + (manager.name || manager.identity.slice(0, 8));
  put('who', (manager.name ? manager.name + ' · ' : '') + manager.identity);
  state(manager.isOnline ? 'good' : 'bad', (manager.isOnline ? 'online' : 'offline: it cannot write its log, or is closing') + ', ' + new Date().toTimeString().slice(0, 8));
  put('alarms', ...alarms(seen));
  put('plots', ...plots());
  put('transactions-count', seen.transactionsInAll + (seen.transactionsInAll > seen.transactions.length
      ? ', of which ' + seen.transactions.length + ' are shown: those that wait for an operator, then the oldest' : ''));
  put('transactions', transactions(seen.transactions));
  put('damaged-count', String(seen.damagedInAll));
  put('damaged', damaged(seen.damaged));
  put('managers', managers(seen.resourceManagers));
  put('reports', reports(seen.reports));
  put('acts', acts(seen.acts));
  put('facts', coordinator(seen));
}

function alarms(seen) {
  const {manager} = seen;
  const all = [];
  const alarm = (kind, text) => all.push(el('li', {class: kind}, text));
  if (!manager.isOnline) {
    alarm('bad', 'The coordinator is offline. ktm doctor tells more.');
  }
  if (manager.inDoubt > 0) {
    alarm('bad', manager.inDoubt + ' in doubt: whoever decides has not said how. Choose it below for what can be done.');
  }
  if (manager.damaged > 0) {
    alarm('bad', manager.damaged + ' damaged: a participant did otherwise than was decided. Compare their data.');
  }
  for (const each of seen.resourceManagers) {
    if (!each.isRegistered) {
      alarm('bad', each.name + ' is not registered; branches that wait for it: ' + each.pending + '.');
    } else if (each.error !== '') {
      alarm('warn', each.name + ' cannot be asked: ' + each.error);
    }
  }
  if (manager.log !== null && manager.log.usedShare > 0.8) {
    const oldest = manager.log.oldestUnfinished;
    alarm('warn', 'The log is ' + percent(manager.log.usedShare) + ' full.' + (oldest === null ? '' : ' The oldest transaction that it has to keep is ' + oldest + '.'));
  }
  if (all.length === 0) {
    alarm('good', 'Nothing needs anybody.');
  }
  return all;
}

function coordinator({manager, counts}) {
  return facts([
    ['Log', manager.logPath ?? 'none: nothing outlives this process'],
    ['Log used', manager.log === null ? null : percent(manager.log.usedShare) + ' of ' + bytes(manager.log.capacityBytes)],
    ['Open since', when(manager.opened)],
    ['Life', count(manager.incarnation)],
    ['Process', manager.processId + ', user ' + manager.user],
    ['Begun', count(counts.begun)],
    ['Committed', count(counts.committed) + ' (' + count(counts.onePhase) + ' in one phase, ' + count(counts.readOnly) + ' read only)'],
    ['Rolled back', Object.entries(counts.rolledBack).filter(each => each[1] > 0)
        .map(([cause, number]) => count(number) + ' ' + words(cause)).join(', ') || '0'],
    ['Unknown to their client', count(counts.unknown)],
    ['Heuristic reports', count(counts.heuristic)],
  ]);
}

// Tables.

function transactionLink(unit) {
  return el('button', {class: 'link', type: 'button', 'data-show': unit}, unit);
}

// Time is over for nobody who has voted.
function timeLeft(seen) {
  const matters = seen.timeLeftMillis !== null && seen.outcome === 'UNDETERMINED' && !seen.isInDoubt && !seen.isWaitingForLast;
  return matters ? lasting(seen.timeLeftMillis) : '';
}

function transactions(all) {
  return table(
      [['Unit of work'], ['State'], ['Age', 'number'], ['Time left', 'number'], ['Participants', 'wide'], ['Next step', 'wide']],
      all.map(each => keyed(each.unitOfWork, [
        transactionLink(each.unitOfWork),
        [el('span', {class: each.isInDoubt || each.isWaitingForLast ? 'bad' : null}, words(each.state)), each.description ? el('div', {}, each.description) : ''],
        lasting(each.ageMillis),
        timeLeft(each),
        each.participants.map(one => one.resourceManager + (owes(one) ? ' …' : '')).join(', '),
        each.nextStep,
      ])),
      'no transaction');
}

function damaged(all) {
  return table(
      [['Unit of work'], ['Decided'], ['Who did otherwise', 'wide'], ['']],
      all.map(each => [
        el('code', {class: 'id'}, each.unitOfWork),
        words(each.outcome),
        each.damage.map(one => el('div', {}, words(one.decision) + ', ' + when(one.when), el('div', {}, one.note || one.resourceManager))),
        acting ? actButton('forget', 'Forget', each.unitOfWork, 'The data of its participants was compared and mended: it need not be remembered.') : '',
      ]),
      'nothing damaged');
}

function managers(all) {
  return table(
      [['Name'], ['Product'], ['Kind'], ['Last asked', 'when'], ['Waiting branches', 'number'], ['State', 'wide']],
      all.map(each => [
        each.name,
        each.product,
        each.kind === 'XA' ? 'XA' : words(each.kind),
        each.lastAsked === null ? '' : when(each.lastAsked),
        count(each.pending),
        !each.isRegistered ? el('span', {class: 'bad'}, 'not registered')
            : each.error !== '' ? el('span', {class: 'warn'}, each.error) : el('span', {class: 'good'}, 'ok'),
      ]),
      'no resource manager');
}

function reports(all) {
  return table(
      [['When', 'when'], ['Event'], ['Resource manager'], ['Cause', 'wide'], ['Next step', 'wide']],
      all.slice().reverse().map(each => [
        when(each.when),
        each.event + ' ' + words(each.kind),
        each.resourceManager,
        [each.cause, each.code && !each.cause.includes(each.code) ? el('div', {}, el('code', {}, each.code)) : ''],
        each.nextStep,
      ]),
      'nothing was reported');
}

function acts(all) {
  return table(
      [['When', 'when'], ['Who'], ['What'], ['Unit of work'], ['Why', 'wide']],
      all.slice().reverse().map(each => [
        when(each.when), each.who, words(each.kind), el('code', {class: 'id'}, each.unitOfWork), each.why,
      ]),
      'nothing was done by hand');
}

// Whether its answer is waited for, also that of one that has to be found again first.
function owes(participant) {
  return participant.owes || ['COMMITTED_NOTIFY', 'ABORTING', 'RECOVERING'].includes(participant.state);
}

// One transaction.

async function choose(button) {
  shownTransaction = button.dataset.show;
  chosenFrom = button;
  try {
    await refreshDetail();
  } catch (e) {
    failed(e);
    return;
  }
  byId('detail').scrollIntoView({block: 'nearest'});
  byId('detail-title').focus({preventScroll: true});
}

async function refreshDetail() {
  const unit = shownTransaction;
  const mine = ++detailTurn;
  const place = byId('detail');
  let content;
  try {
    content = detail(await ask('api/transaction?id=' + encodeURIComponent(unit)));
  } catch (e) {
    if (!(e instanceof Refused) || e.status === 401) {
      throw e;
    }
    content = [el('p', {}, e.status === 404 ? 'It has ended.' : e.message)];
  }
  if (mine !== detailTurn || unit !== shownTransaction) {
    return;
  }
  put('detail-title', 'Transaction ', el('code', {}, unit));
  put('detail-content', ...content, el('div', {class: 'buttons'}, el('button', {type: 'button', 'data-leave': ''}, 'Close')));
  place.hidden = false;
}

function leaveDetail() {
  shownTransaction = null;
  byId('detail').hidden = true;
  chosenFrom?.focus();
}

function detail(seen) {
  const parts = [facts([
    ['State', words(seen.state) + (seen.isRecovered ? ', of an earlier life' : '')],
    ['Next step', seen.nextStep],
    ['Identity', seen.id],
    ['Description', seen.description],
    ['Begun', seen.begun === null ? null : when(seen.begun)],
    ['Age', lasting(seen.ageMillis)],
    ['Time left', timeLeft(seen)],
    ['Superior', seen.superior],
    ['Rolled back', seen.rollbackCause],
    ['History', seen.history.map(each => words(each.state) + ' ' + when(each.entered)).join(' → ')],
    ['On a terminal', el('code', {}, 'ktm show ' + seen.unitOfWork)],
  ])];
  parts.push(el('h3', {}, 'Participants'), table(
      [['Resource manager'], ['Product'], ['State'], ['Branch', 'wide'], ['Enlistment'], ['']],
      seen.participants.map(each => [
        each.resourceManager,
        each.product,
        [words(each.state), owes(each) ? el('span', {class: 'warn'}, ', owes an answer') : ''],
        each.branch === null ? '' : [el('code', {}, each.nativeBranch ?? each.branch)],
        el('code', {title: each.id}, each.id.slice(0, 8)),
        acting && seen.outcome !== 'UNDETERMINED' && owes(each) ? actButton('complete', 'Complete', seen.unitOfWork, each.resourceManager + ' is gone for good, or has acted on the outcome already: it is not waited for any more.', each.id) : '',
      ]),
      'nobody takes part'));
  if (seen.owner !== null) {
    parts.push(el('h3', {}, 'Thread ' + seen.owner.thread + (seen.owner.isAlive ? '' : ', which has ended')),
        el('pre', {}, seen.owner.stack.map(each => each.replace(/^app\/\//, '')).join('\n') || 'no stack'));
  }
  if (seen.lastReport !== null) {
    parts.push(el('h3', {}, 'Last report'), el('p', {}, when(seen.lastReport.when) + ' · ' + words(seen.lastReport.kind) + ' · ' + seen.lastReport.cause));
  }
  if (acting) {
    parts.push(el('div', {class: 'buttons'}, possibleActs(seen)));
  }
  return parts;
}

function possibleActs(seen) {
  const unit = seen.unitOfWork;
  if (seen.isInDoubt) {
    return [
      actButton('resolve-commit', 'The superior has committed', unit, 'Its superior is known to have decided to commit.'),
      actButton('resolve-rollback', 'The superior has rolled back', unit, 'Its superior is known to have rolled back, or to know nothing of it.'),
      actButton('force-commit', 'Force commit', unit, 'Nobody knows what the superior has decided. If it has decided otherwise, data differs.'),
      actButton('force-rollback', 'Force rollback', unit, 'Nobody knows what the superior has decided. If it has decided otherwise, data differs.'),
    ];
  }
  if (seen.isWaitingForLast) {
    return [
      actButton('commit-in-place-of-last', 'Commit in place of the last resource', unit, 'Its last resource is gone for good. If that has decided otherwise, data differs.'),
      actButton('rollback-in-place-of-last', 'Roll back in place of the last resource', unit, 'Its last resource is gone for good. If that has decided otherwise, data differs.'),
    ];
  }
  return seen.outcome === 'UNDETERMINED' && !seen.isInLog
      ? [actButton('rollback', 'Roll back', unit, 'Nobody has decided about it: its client is told that it was rolled back.')] : [];
}

// Acting.

function actButton(verb, label, unit, text, enlistment = null) {
  return el('button', {type: 'button', class: 'danger', 'data-verb': verb, 'data-unit': unit, 'data-text': text, 'data-enlistment': enlistment}, label);
}

let pending = null;

function openAct(button) {
  const {verb, unit, text, enlistment} = button.dataset;
  pending = {verb, id: unit, ...(enlistment === undefined ? {} : {enlistment})};
  put('act-title', button.textContent);
  put('act-text', text + ' It is done to ' + unit + ', and recorded with your name and reason.');
  put('act-word', tail(unit));
  put('act-do', button.textContent);
  put('act-error');
  byId('act-name').value = user ?? sessionStorage.getItem(NAME) ?? '';
  byId('act-name').readOnly = user !== null;
  byId('act-reason').value = '';
  byId('act-confirm').value = '';
  byId('act').showModal();
}

async function doAct(event) {
  event.preventDefault();
  if (byId('act-confirm').value.trim() !== tail(pending.id)) {
    put('act-error', 'Expected ' + tail(pending.id) + ', found something else: nothing was done.');
    return;
  }
  under(true);
  if (user === null) {
    sessionStorage.setItem(NAME, byId('act-name').value);
  }
  try {
    await ask('api/act', {...pending, name: byId('act-name').value, reason: byId('act-reason').value});
    under(false);
    byId('act').close();
  } catch (e) {
    under(false);
    put('act-error', e instanceof Refused ? e.message
        : 'It ' + e.message + '. What was asked for may have been done: look at what operators did before you ask again.');
  }
  refresh();
}

// While an act is under way nobody leaves the dialog, so that the answer finds it.
function under(isUnderWay) {
  byId('act-do').disabled = isUnderWay;
  byId('act-cancel').disabled = isUnderWay;
}

// Plots.

function plots() {
  return [
    plot('Transactions/s', [['committed', rate('committed')], ['rolled back', rate('rolledBack')]], rounded),
    plot('Not ended', [['live', level('live')], ['in doubt', level('inDoubt')]], value => String(Math.round(value)), 4),
    plot('Forced writes/s', [['forces', rate('forces')]], rounded),
    plot('Log used', [['used', level('usedShare')]], percent, 1),
  ];
}

const rounded = value => value >= 100 ? count(Math.round(value)) : value.toFixed(1);

function level(name) {
  return history.filter(each => each[name] !== null).map(each => [each.millis, each[name]]);
}

function rate(name) {
  const all = [];
  for (let i = 1; i < history.length; i++) {
    const seconds = (history[i].millis - history[i - 1].millis) / 1000;
    if (seconds > 0) {
      all.push([history[i].millis, Math.max(0, history[i][name] - history[i - 1][name]) / seconds]);
    }
  }
  return all;
}

// The time of day of a point. Between two of them it may have been set, so nothing is measured by it.
function timeOf(millis) {
  return history.find(each => each.millis === millis).when.slice(11, 19);
}

// The next of 1, 2, 4, 10, 20, ... that is not below.
function ceiling(value) {
  const power = 10 ** Math.floor(Math.log10(value));
  return [1, 2, 4, 10].map(each => each * power).find(each => each >= value * 0.999);
}

function plot(title, series, format, least = 1) {
  const width = 320, height = 120, left = 40, bottom = 16, top = 8;
  const points = series.flatMap(each => each[1]);
  const most = ceiling(Math.max(least, ...points.map(each => each[1])));
  const first = Math.min(...points.map(each => each[0]));
  const last = Math.max(...points.map(each => each[0]));
  const x = time => left + (last === first ? 1 : (time - first) / (last - first)) * (width - left - 4);
  const y = value => top + (1 - value / most) * (height - top - bottom);
  const latest = series.map(([name, values]) => name + ' ' + (values.length === 0 ? 'unknown' : format(values[values.length - 1][1])));
  const image = svg('svg', {viewBox: `0 0 ${width} ${height}`, role: 'img', 'aria-label': title + ', now ' + latest.join(', ')});
  for (const part of [0, 0.5, 1]) {
    image.append(
        svg('line', {class: 'grid', x1: left, x2: width - 4, y1: y(part * most), y2: y(part * most)}),
        svg('text', {x: left - 5, y: y(part * most) + 3, 'text-anchor': 'end'}, format(part * most)));
  }
  if (points.length > 0) {
    image.append(
        svg('text', {x: left, y: height - 3}, timeOf(first)),
        svg('text', {x: width - 4, y: height - 3, 'text-anchor': 'end'}, timeOf(last) + ' Z'));
  }
  series.forEach(([name, values], i) => {
    if (values.length > 0) {
      const line = values.map(each => x(each[0]).toFixed(1) + ',' + y(each[1]).toFixed(1));
      if (i === 0) {
        image.append(svg('polygon', {class: 'area', points: [x(values[0][0]).toFixed(1) + ',' + y(0), ...line, x(values[values.length - 1][0]).toFixed(1) + ',' + y(0)].join(' ')}));
      }
      image.append(svg('polyline', {class: 'series ' + (i === 0 ? 'first' : 'second'), points: line.join(' ')}, svg('title', {}, name)));
    }
  });
  const now = series.map(([name, values], i) => [
    el('span', {class: 'nowrap'},
        series.length > 1 ? el('span', {class: 'key ' + (i === 0 ? 'first' : 'second')}) : '',
        (series.length > 1 ? name + ' ' : '') + (values.length === 0 ? '–' : format(values[values.length - 1][1]))),
    i + 1 < series.length ? ' ' : '',
  ]);
  return el('figure', {}, el('figcaption', {}, title, el('span', {class: 'now'}, now.flat())), image);
}

// The start.

function takeToken() {
  const found = /[#&]token=([A-Za-z0-9_-]+)/.exec(location.hash);
  if (found !== null) {
    sessionStorage.setItem(TOKEN, found[1]);
    // So that it is not on the screen, nor behind the button that goes back.
    window.history.replaceState(null, '', location.pathname);
  }
}

byId('entrance').addEventListener('submit', event => {
  event.preventDefault();
  const typed = byId('entrance-token').value.trim().replace(/^.*#token=/, '');
  byId('entrance-token').value = '';
  if (!/^[A-Za-z0-9_-]+$/.test(typed)) {
    put('entrance-why', 'expected letters, digits, hyphens and underscores, or the whole link, found something else');
    return;
  }
  sessionStorage.setItem(TOKEN, typed);
  refresh();
});
byId('act-form').addEventListener('submit', doAct);
byId('act-cancel').addEventListener('click', () => byId('act').close());
byId('act').addEventListener('cancel', event => byId('act-cancel').disabled && event.preventDefault());
byId('content').addEventListener('click', event => {
  const button = event.target.closest('button');
  if (button?.dataset.show !== undefined) {
    choose(button);
  } else if (button?.dataset.verb !== undefined) {
    openAct(button);
  } else if (button?.dataset.leave !== undefined) {
    leaveDetail();
  }
});
window.addEventListener('hashchange', () => { takeToken(); refresh(); });
takeToken();
refresh();
