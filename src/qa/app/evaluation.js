// The Quality view takes the conversation's place. A report runs in a frame of no origin, which may reach nothing.
const show = (evaluating) => document.body.classList.toggle('evaluating', evaluating);

document.addEventListener('click', (event) => {
  const on = (selector) => event.target.closest?.(selector);
  if (on('#evaluate')) {
    show(true);
    window.qa.closeMenu();
  } else if (on('#new, #history [data-do="open"], #runs [data-do="leave"]')) show(false);
});

const open = async ({ run, title }) => {
  const report = await server.open_report({ run });
  const frame = document.createElement('iframe');
  frame.setAttribute('sandbox', 'allow-scripts');
  frame.title = `Report: ${title}`;
  frame.srcdoc = report ?? 'This report is gone.';
  element.querySelector('#report-frame').replaceChildren(frame);
  element.querySelector('#runs').classList.add('reading');
};

element.addEventListener('click', (event) => {
  const button = event.target.closest('button');
  if (button?.dataset.run) open(button.dataset);
  if (button?.dataset.do === 'runs') element.querySelector('#runs').classList.remove('reading');
});
