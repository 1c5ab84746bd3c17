// One of the side bar's lists: its buttons become the events 'open', 'forget', 'remove', 'replace', 'turn' and 'only'.
const isMeant = ({ name, count }) =>
  new Promise((resolve) => {
    const dialog = document.getElementById('removal');
    dialog.querySelector('p').textContent = `Remove “${name}”? Its ${count} will no longer be searched or cited.`;
    dialog.returnValue = ''; // else Escape would choose what was chosen before
    dialog.addEventListener('close', () => resolve(dialog.returnValue === 'yes'), { once: true });
    dialog.showModal();
  });

element.addEventListener('click', async (event) => {
  const button = event.target.closest('button[data-do]');
  if (!button) return;
  const { do: action, id } = button.dataset;
  if (action === 'close') return button.parentElement.remove();
  if (action !== 'remove' || (await isMeant(button.dataset))) trigger(action, { id });
});
