// One of the side bar's lists: its buttons become the events 'open', 'forget' and 'remove'.
element.addEventListener('click', async (event) => {
  const button = event.target.closest('button[data-do]');
  if (!button) return;
  const { do: action, id, name, count } = button.dataset;
  if (action === 'open') trigger('open', { id });
  if (action === 'forget') trigger('forget', { id });
  if (action === 'remove' && (await window.qa.confirmRemoval(name, count))) trigger('remove', { id });
});
