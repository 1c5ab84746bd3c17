// What the page does by itself: theme, menu, copying, the two keys that the browser keeps, downloads.
window.qa = (() => {
  // -- the fields of Gradio
  const field = (id) => document.querySelector(`#${id} :is(textarea, input)`);
  const value = (id) => field(id)?.value ?? '';
  const setField = (id, text) => {
    Object.getOwnPropertyDescriptor(Object.getPrototypeOf(field(id)), 'value').set.call(field(id), text);
    field(id).dispatchEvent(new Event('input', { bubbles: true }));
    return field(id);
  };

  // -- theme: follows the system until the reader chooses, then keeps the choice
  const system = matchMedia('(prefers-color-scheme: dark)');
  const dark = () => (localStorage['qa-theme'] ?? (system.matches ? 'dark' : 'light')) === 'dark';
  const applyTheme = () => document.body?.classList.toggle('dark', dark());
  system.addEventListener('change', applyTheme);
  // Gradio sets the class by the system alone, and more than once.
  new MutationObserver(applyTheme).observe(document.documentElement, {
    subtree: true, childList: true, attributes: true, attributeFilter: ['class'],
  });

  // -- menu: the side bar, on a narrow screen
  const setMenu = (open) => {
    document.body.classList.toggle('menu-open', open);
    document.getElementById('menu')?.setAttribute('aria-expanded', String(open));
  };
  const closeMenu = () => setMenu(false);

  // -- whose conversations these are, and which one this tab shows
  const arrive = () => {
    localStorage['qa-browser'] ??= [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, '0')).join('');
    return [localStorage['qa-browser'], sessionStorage['qa-tab'] ?? ''];
  };
  const keepTab = (tab) => { sessionStorage['qa-tab'] = tab; };

  // -- copying: the words of an answer and its sources instead of Gradio's markup
  const words = (message) => {
    const copy = message.cloneNode(true);
    copy.querySelectorAll('.meta, .sources, .copy').forEach((each) => each.remove());
    copy.querySelectorAll('a.cite').forEach((each) => each.replaceWith(`[${each.textContent}]`));
    copy.querySelectorAll('br').forEach((each) => each.replaceWith('\n'));
    copy.querySelectorAll('p, li, tr').forEach((each) => each.append('\n'));
    const sources = [...message.querySelectorAll('.sources a.cite')];
    return [copy.textContent.trim(), ...sources.map((each) => `[${each.textContent}] ${each.title}: “${each.nextElementSibling.textContent}”`)].join('\n');
  };

  // -- a question goes back into its box, to be changed
  const edit = (message) => {
    const question = [...document.querySelectorAll('#chat .question')].filter((each) => each.compareDocumentPosition(message) & 4 || each.parentElement.contains(message)).at(-1);
    if (question) setField('ask', question.innerText).focus();
  };

  const save = (file) => {
    if (!file) return;
    const address = URL.createObjectURL(new Blob([file.text], { type: file.type }));
    Object.assign(document.createElement('a'), { href: address, download: file.name }).click();
    setTimeout(() => URL.revokeObjectURL(address), 10_000);
  };

  // -- dropping: a file let go anywhere on the page is one to add; the browser would leave the page and open it
  const hasFiles = (event) => [...(event.dataTransfer?.types ?? [])].includes('Files');
  const drag = (event) => {
    if (!hasFiles(event)) return;
    const box = document.querySelector('#upload input[type="file"]');
    document.body.classList.toggle('dragging', event.type === 'dragover' && Boolean(box));
    if (event.type !== 'dragleave' && !event.target.closest?.('#upload')) event.preventDefault();
    if (event.type !== 'drop' || event.defaultPrevented === false || !box) return;
    box.files = event.dataTransfer.files;
    box.dispatchEvent(new Event('change', { bubbles: true }));
  };
  for (const type of ['dragover', 'dragleave', 'drop']) document.addEventListener(type, drag);

  // -- the documents that are asked: those whose boxes are ticked, kept as a list of their ids in a field of Gradio
  document.addEventListener('change', ({ target }) => {
    if (!target.matches?.('#documents input[data-pick]')) return;
    const others = JSON.parse(value('picked') || '[]').filter((each) => each !== target.dataset.pick);
    setField('picked', JSON.stringify(target.checked ? [...others, target.dataset.pick] : others));
  });

  // -- Gradio names a message after its markup, some buttons not at all, and calls buttons without items a list
  const names = { bot: 'Answer', user: 'Question' };
  const rename = (part) => {
    const name = names[part.dataset.testid] ?? (part.matches('.submit-button') ? 'Ask' : part.matches('.stop-button') ? 'Stop' : '');
    if (name && part.getAttribute('aria-label') !== name) part.setAttribute('aria-label', name);
    if (part.dataset.pick) part.checked = part.hasAttribute('checked'); // Gradio gives the box of one row to another
    if (part.matches('.examples[role="list"]')) part.setAttribute('role', 'group');
  };
  const named = '[data-testid="bot"], [data-testid="user"], .examples, .submit-button, .stop-button';
  new MutationObserver((changes) => {
    for (const { type, target, addedNodes } of changes) {
      if (type === 'attributes') rename(target);
      for (const part of addedNodes) {
        if (part.matches?.(named)) rename(part);
        part.querySelectorAll?.(named).forEach(rename); // of what is new alone: all of a long conversation took half a second
      }
    }
  }).observe(document, { subtree: true, childList: true, attributes: true, attributeFilter: ['aria-label', 'checked'] });

  document.addEventListener('click', (event) => {
    const on = (selector) => event.target.closest?.(selector);
    if (on('#theme')) {
      localStorage['qa-theme'] = dark() ? 'light' : 'dark';
      applyTheme();
    }
    if (on('[data-pick="none"]')) {
      document.querySelectorAll('#documents input:checked').forEach((box) => { box.checked = false; });
      setField('picked', '[]');
    }
    if (on('#menu')) setMenu(!document.body.classList.contains('menu-open'));
    else if (on('#main, #new, [data-do="open"]')) closeMenu();
    if (on('#chat .edit')) edit(event.target);
    if (on('#chat .copy')) {
      navigator.clipboard?.writeText(event.target.nextElementSibling.textContent);
      event.target.textContent = 'Copied';
    }
    if (on('[data-find]')) setField('find', on('[data-find]').dataset.find);
    if (on('a.why')) event.preventDefault();
  });
  document.addEventListener('keydown', (event) => event.key === 'Escape' && closeMenu());
  document.addEventListener('click', (event) => {
    const copy = event.target.closest?.('#chat .message-buttons button[aria-label*="opy" i]');
    const message = copy?.closest('.message-buttons')?.previousElementSibling?.querySelector('.answer');
    if (!message) return;
    event.stopPropagation();
    navigator.clipboard?.writeText(words(message)).then(() => {
      copy.classList.add('copied');
      setTimeout(() => copy.classList.remove('copied'), 2_000);
    });
  }, true);

  return { arrive, keepTab, closeMenu, save, value };
})();
