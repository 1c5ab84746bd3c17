// Below the conversation: questions that may follow, found once an answer is there; and asking one of it again.
const group = element.querySelector('[role="group"]');
const answers = () => document.querySelectorAll('#chat .answer');
const place = () => `${window.qa.value('tab')} ${answers().length}`;

window.qa.goOn = (going) => {
  group.replaceChildren();
  if (going) return trigger('follow');
  const asked = place();
  if (!answers().length) return;
  server.follow_up({ key: window.qa.value('key'), tab: window.qa.value('tab') }).catch(() => []).then((questions) => {
    if (place() === asked) group.replaceChildren(...(questions ?? []).map((text) => Object.assign(document.createElement('button'), { type: 'button', textContent: text })));
  });
};
element.addEventListener('click', ({ target }) => {
  if (!target.matches('button')) return;
  group.replaceChildren();
  document.querySelector('#ask textarea').focus();
  trigger('wish', { value: { text: target.textContent } });
});
document.addEventListener('click', ({ target }) => {
  const answer = target.matches?.('#chat .again') && target.closest('.answer');
  if (answer) trigger('again', { number: [...answers()].indexOf(answer) });
});
