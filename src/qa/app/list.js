// One of the side bar's lists: its buttons become the events 'open', 'rename', 'forget', 'undo', 'export', 'remove',
// 'replace', 'turn' and 'only' (Gradio looks for these names here), after a question where one is due.
const settled = (action, { name, count }) =>
  new Promise((resolve) => {
    const dialog = document.getElementById('asked');
    const [words, field, no, yes] = dialog.querySelectorAll('p, input, button');
    const renames = action === 'rename';
    words.textContent = renames ? 'The name of this conversation' : `Remove “${name}”? Its ${count} will no longer be searched or cited.`;
    Object.assign(field, { hidden: !renames, value: renames ? name : '' });
    no.onclick = () => dialog.close();
    yes.textContent = renames ? 'Rename' : 'Remove';
    dialog.className = action;
    dialog.returnValue = ''; // else Escape would choose what was chosen before
    dialog.addEventListener('close', () => resolve(dialog.returnValue && { name: field.value }), { once: true });
    dialog.showModal();
    field.select();
  });

let pressed = null; // the button that was, for whoever goes on by keyboard when the list has been drawn anew
element.addEventListener('click', async (event) => {
  const button = event.target.closest('button[data-do]');
  if (!button) return;
  const { do: action, id } = (pressed = button.dataset);
  if (action === 'close') return button.parentElement.remove();
  const said = action === 'remove' || action === 'rename' ? await settled(action, button.dataset) : {};
  if (said) trigger(action, { id, ...said });
});
watch('value', () => {
  const again = [...element.querySelectorAll('[data-do]')].find(({ dataset }) => dataset.do === pressed?.do && dataset.id === pressed.id);
  const next = element.querySelector('[data-do="undo"]') ?? again;
  if (next && (document.activeElement === document.body || next.dataset.do === 'undo')) next.focus();
});
