// A form is sent once, however often its button is pressed; and leaving one that was changed is asked about.
{
  let changed = null;
  addEventListener("input", (event) => { if (event.target.form?.method === "post") changed = event.target.form; });
  addEventListener("submit", (event) => {
    if (event.target.dataset.sent) return event.preventDefault();
    event.target.dataset.sent = "1";
    changed = null;
  });
  addEventListener("pageshow", () => {
    for (const form of document.querySelectorAll("form[data-sent]")) delete form.dataset.sent;
  });
  addEventListener("beforeunload", (event) => { if (changed) event.preventDefault(); });
}
