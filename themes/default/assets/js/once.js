// A form marked data-once is sent once: a second press while the first is on its way does nothing. The server
// sees to it as well; this only spares the wait.
{
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.dataset.once === undefined) return;
    if (form.dataset.sent !== undefined) event.preventDefault();
    else form.dataset.sent = "";
  });
  addEventListener("pageshow", () => {
    for (const form of document.querySelectorAll("[data-sent]")) delete form.dataset.sent;
  });
}
