// The source panel. Text from documents arrives as plain values and is only ever set as text.
const panel = element.querySelector('#panel');
let around = []; // a citation link for each quote of the message that the open one belongs to
let opened = null;

const make = (tag, attributes = {}, ...children) => {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  node.append(...children);
  return node;
};

const button = (text, label, act) => {
  const node = make('button', { type: 'button', 'aria-label': label }, text);
  node.addEventListener('click', act);
  return node;
};

const scattered = 'The document has changed since. The words that were cited stand in it more than once, so none are marked.';
const notes = {
  moved: 'The document has changed since. The words that were cited still stand in it, and are marked.',
  changed: 'The document has changed since. The words that were cited no longer stand in it.',
  gone: 'This document is no longer indexed.',
};

// What the server says of a link, in the conversation that is open.
const ask = (link, more = {}) => server.open_source({ link, key: window.qa.value('key'), tab: window.qa.value('tab'), ...more }).catch(() => null);

const more = (words) => make('p', { class: 'more' }, words);

function heading(source) {
  const page = source.page === null ? '' : ` · page ${source.page}`;
  const address = `original/${source.digest}?document=${opened.getAttribute('href').split('/')[1]}`;
  const name = 'Download the original file';
  return make('header', {},
    make('div', {}, make('h2', {}, source.title), make('p', {}, `${source.document}${page}`)),
    ...(source.digest ? [make('a', { class: 'original', href: address, download: '', 'aria-label': name, title: name }, '↓')] : []),
    button('×', 'Close the source panel', close));
}

// A page of the file itself, with boxes over the words that were cited, in place of the text until that is asked for.
let zoom = 1;
let asText = false;
async function drawPage(link, source, text, page) {
  text.replaceChildren(more('Opening the page …'));
  const drawn = await ask(link, { page: String(page) });
  if (opened?.getAttribute('href') !== link || !text.isConnected) return;
  if (!drawn) {
    text.replaceChildren(more('The page cannot be drawn, so this is its text.'));
    drawUnits(text, source.units);
    return;
  }
  const picture = make('img', { src: `data:image/png;base64,${drawn.picture}`, alt: `Page ${drawn.page} of ${source.title}. Marked: ${source.quote}` });
  const sheet = make('div', { class: 'sheet' }, picture, ...drawn.boxes.map((box) => {
    const mark = make('mark');
    ['left', 'top', 'width', 'height'].forEach((side, at) => { mark.style[side] = `${box[at] * 100}%`; });
    return mark;
  }));
  const size = (by) => { zoom = Math.min(4, Math.max(1, zoom * by)); sheet.style.width = `${zoom * 100}%`; };
  size(1);
  const turn = (by) => drawPage(link, source, text, drawn.page + by);
  const before = button('‹', 'Previous page', () => turn(-1));
  const after = button('›', 'Next page', () => turn(1));
  before.disabled = drawn.page <= 1;
  after.disabled = drawn.page >= drawn.pages;
  text.replaceChildren(make('div', { class: 'tools' }, before, make('span', { role: 'status' }, `Page ${drawn.page} of ${drawn.pages}`), after,
    button('−', 'Smaller', () => size(1 / 1.5)), button('+', 'Larger', () => size(1.5))), sheet);
  await picture.decode().catch(() => null);
  scrollToMark(text);
}

function views(source) {
  const choose = (name, value) => {
    const node = button(name, `Show the ${name.toLowerCase()}`, () => { asText = value; show(source); });
    node.setAttribute('aria-pressed', String(asText === value));
    return node;
  };
  return make('div', { class: 'views', role: 'group', 'aria-label': 'Page or text' }, choose('Page', false), choose('Text', true));
}

function scrollToMark(text) {
  const mark = panel.querySelector('mark');
  const top = (node) => node.getBoundingClientRect().top;
  if (mark) text.scrollTop += top(mark) - top(text) - text.clientHeight / 3;
}

function steps() {
  const at = around.indexOf(opened);
  const step = (by) => around[at + by] && follow(around[at + by], true);
  const previous = button('‹', 'Previous citation', () => step(-1));
  const next = button('›', 'Next citation', () => step(1));
  previous.disabled = at <= 0;
  next.disabled = at < 0 || at === around.length - 1;
  const numbers = around.map((link, position) => {
    const number = button(link.textContent, `Citation ${link.textContent}`, () => follow(link, true));
    if (position === at) number.setAttribute('aria-current', 'true');
    return number;
  });
  return make('nav', { 'aria-label': 'Citations of this answer' }, previous, ...numbers, next);
}

// How the document was understood there: read only when somebody opens it.
function details(link, source) {
  const node = make('details', {}, make('summary', {}, 'Details'));
  if (source.end > source.start) node.append(make('p', {}, `Characters ${source.start}–${source.end}, understood as:`));
  node.addEventListener('toggle', async () => {
    const found = await ask(link, { details: 'yes' });
    const lines = (found?.details ?? []).map((line) => {
      const leads = line.leads ? ` · leads to ${line.leads}` : '';
      const item = make('li', {}, make('small', {}, `${line.kind}${leads}`), ` ${line.text}`);
      item.style.marginInlineStart = `${Math.min(line.depth, 8) * 14}px`;
      return item;
    });
    node.append(make('ul', {}, ...(lines.length ? lines : [make('li', {}, 'Nothing is known of it any more.')])));
  }, { once: true });
  return node;
}

// Sets these words into a node; what was cited goes on in the mark that is there.
function say(node, words) {
  for (const [text, cited] of words) {
    const mark = node.lastChild?.tagName === 'MARK' && node.lastChild;
    if (mark && cited) mark.append(text);
    else node.append(cited ? make('mark', {}, text) : text);
  }
  return node;
}

// The units of the document as elements of ours: sentences join to paragraphs, items to lists, rows to tables.
function drawUnits(text, units) {
  let open = null; // the element that the next unit may go on in
  let page = units[0]?.page;
  let above = 2;
  for (const unit of units) {
    if (unit.page !== page) text.append(more(`Page ${unit.page}`));
    const lists = unit.kind === 'item' || unit.kind === 'step';
    if (unit.page !== page || (unit.apart && !unit.cells.length && !lists)) open = null;
    page = unit.page;
    if (unit.cells.length) {
      if (open?.tagName !== 'TABLE' || unit.kind === 'heading') text.append(make('div', { class: 'wide' }, (open = make('table'))));
      if (unit.names.length) open.append(row('th', unit.names.map(([column, name]) => [column, [[name, false]]])));
      open.append(row(unit.kind === 'heading' ? 'th' : 'td', unit.cells));
    } else if (unit.kind === 'heading') {
      above = Math.min(unit.depth + 3, above + 1, 6);
      text.append(say(make(`h${above}`), unit.words));
    } else if (lists) {
      if (open?.tagName !== 'UL') text.append((open = make('ul')));
      const item = say(make('li', { class: unit.kind }), unit.words);
      item.style.marginInlineStart = `${Math.min(unit.depth, 8) * 18}px`;
      open.append(item);
    } else if (unit.kind === 'code') {
      text.append(say(make('pre'), unit.words));
    } else {
      if (open?.tagName !== 'P') text.append((open = make('p', { class: unit.kind })));
      say(open, unit.words);
      if (unit.depth) open.style.marginInlineStart = `${Math.min(unit.depth, 8) * 18 + 18}px`;
    }
  }
}

function row(tag, cells) {
  const node = make('tr');
  for (const [column, words] of cells) {
    while (node.children.length < Math.min(column, 200)) node.append(make(tag));
    node.append(say(make(tag), words));
  }
  return node;
}

function body(source) {
  const parts = [];
  if (notes[source.state]) {
    const note = source.state === 'moved' && !source.quote ? scattered : notes[source.state];
    parts.push(make('p', { class: 'changed', role: 'status' }, note));
    if (source.cited && !source.quote) parts.push(make('blockquote', {}, source.cited));
  }
  if (source.altered) parts.push(make('p', { class: 'changed', role: 'status' }, 'The file has changed since it was indexed, or is gone, so this is its text as it was read.'));
  const text = make('div', { class: 'text', tabindex: '0', role: 'region', 'aria-label': 'Text of the document' });
  if (source.earlier) text.append(more(`… ${source.earlier.toLocaleString('en')} more characters before this`));
  drawUnits(text, source.units);
  if (source.later) text.append(more(`${source.later.toLocaleString('en')} more characters after this …`));
  return [...parts, text];
}

function show(source) {
  const parts = [heading(source)];
  if (around.length > 1) parts.push(steps());
  if (source.paged) parts.push(views(source));
  panel.replaceChildren(...parts, ...body(source), details(opened.getAttribute('href'), source));
  document.body.classList.add('source-open');
  const text = panel.querySelector('.text');
  if (source.paged && !asText) drawPage(opened.getAttribute('href'), source, text, 'cited');
  else scrollToMark(text);
}

async function follow(link, keepFocus) {
  document.querySelectorAll('a.cite.opened').forEach((each) => each.classList.remove('opened'));
  const message = link.closest('.answer');
  const links = message ? [...message.querySelectorAll(':not(.sources) > a[href^="#cite/"]'), link] : [];
  around = [...new Map(links.map((each) => [each.href, each])).values()];
  opened = link;
  link.classList.add('opened');
  const href = link.getAttribute('href');
  const source = await ask(href);
  if (!source || opened !== link) return;
  show(source);
  panel.dataset.link = href;
  if (!keepFocus) panel.focus({ preventScroll: true });
}

function close() {
  document.body.classList.remove('source-open');
  opened?.classList.remove('opened');
  opened?.focus({ preventScroll: true });
  opened = null;
  delete panel.dataset.link;
  panel.replaceChildren();
}

// A card beside a number: the quote, its document, heading and page; on hover, on focus, and on a long press.
const card = document.querySelector('main').appendChild(make('div', { id: 'card', role: 'tooltip', hidden: '' }));
const known = new Map(); // what the server said of a link
let pointed = null;
let waiting = 0;
async function preview(link) {
  pointed = link;
  const href = link.getAttribute('href');
  if (!known.has(href)) known.set(href, ask(href, { card: 'yes' }));
  const source = await known.get(href);
  if (!source || pointed !== link || !link.isConnected) return;
  const where = [source.heading, source.page === null ? '' : `page ${source.page}`].filter(Boolean).join(' · ');
  card.replaceChildren(make('q', {}, source.quote || source.cited || '…'), make('b', {}, source.title), make('small', {}, where));
  card.hidden = false;
  const at = link.getBoundingClientRect();
  const left = Math.max(8, Math.min(at.left, innerWidth - card.offsetWidth - 8));
  const below = at.bottom + 6 + card.offsetHeight < innerHeight;
  Object.assign(card.style, { left: `${left}px`, top: `${below ? at.bottom + 6 : Math.max(8, at.top - 6 - card.offsetHeight)}px` });
  link.setAttribute('aria-describedby', 'card');
}
const unpoint = () => {
  clearTimeout(waiting);
  pointed?.removeAttribute('aria-describedby');
  pointed = null;
  card.hidden = true;
};
const cited = (event) => event.target.closest?.('#chat a.cite');
const soon = (event, after) => {
  unpoint();
  const link = cited(event);
  if (link) waiting = setTimeout(preview, after, link);
};
document.addEventListener('pointerover', (event) => event.pointerType === 'mouse' && cited(event) !== pointed && soon(event, 150));
document.addEventListener('focusin', (event) => cited(event)?.matches(':focus-visible') && soon(event, 0));
document.addEventListener('focusout', unpoint);
document.addEventListener('touchstart', (event) => soon(event, 450), { passive: true });
document.addEventListener('touchmove', unpoint, { passive: true });
document.addEventListener('contextmenu', (event) => cited(event) && event.preventDefault()); // else a long press opens the browser's own
document.addEventListener('scroll', unpoint, { capture: true, passive: true });
document.addEventListener('keydown', (event) => event.key === 'Escape' && unpoint());

document.addEventListener('click', (event) => {
  const link = event.target.closest?.('a[href^="#cite/"]');
  if (!link) return;
  event.preventDefault();
  if (!card.hidden && event.pointerType === 'touch') return; // the end of a long press
  unpoint();
  window.qa.closeMenu();
  follow(link, event.detail > 0);
});
panel.addEventListener('keydown', (event) => {
  if (event.key === 'Escape') close();
  const by = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
  const link = by && around[around.indexOf(opened) + by];
  if (link) follow(link, false);
});
