// What a script makes unnecessary: the buttons that only tell the server about a choice.
function submitQuietly(control) {
  const button = control.form?.querySelector('[data-enhanced="hide"]');
  if (button) button.form.requestSubmit(button);
}

for (const button of document.querySelectorAll('[data-enhanced="hide"]')) button.hidden = true;

document.addEventListener("change", (event) => {
  const control = event.target;
  if (control.matches('#buy input[type="radio"], #buy .option select')) submitQuietly(control);
  if (control.matches('select[name="country"]')) submitQuietly(control);
  if (control.matches("#sort-by")) control.form.requestSubmit();
});

document.querySelector("#errors")?.focus();
