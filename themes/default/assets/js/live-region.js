// Forms marked data-live="name" act as soon as something changes: the page that they lead to is fetched and only
// its region of that name takes the place of ours. Where anything goes wrong, the form is sent as without a script.
{
  let latest = 0;

  const region = (root, name) => root.querySelector(`[data-region="${name}"]`);

  const keyOf = (element) => element && (element.id ? `#${CSS.escape(element.id)}`
    : element.name ? `[name="${CSS.escape(element.name)}"]${element.type === "radio" || element.type === "checkbox" ? `[value="${CSS.escape(element.value)}"]` : ""}` : null);

  // What a visitor has unfolded stays unfolded, and the place of the keyboard is kept.
  const swap = (old, fresh) => {
    for (const details of old.querySelectorAll("details[id]")) {
      const twin = fresh.querySelector(`#${CSS.escape(details.id)}`);
      if (twin) twin.open = details.open;
    }
    const focused = old.contains(document.activeElement) ? keyOf(document.activeElement) : null;
    old.replaceWith(fresh);
    enhance(fresh);
    const target = fresh.querySelector("#errors") ?? (focused && fresh.querySelector(focused));
    target?.focus({ preventScroll: target.id !== "errors" });
    const said = fresh.querySelector('[role="status"]')?.textContent.trim();
    if (said) document.querySelector("#announcer").textContent = said;
  };

  const request = (form, button) => {
    const data = new URLSearchParams(new FormData(form, button));
    const method = button?.getAttribute("formmethod") ?? form.method;
    const url = new URL(button?.getAttribute("formaction") ?? form.action, location.href);
    if (method === "post") return [url, { method, body: data }];
    for (const [name, value] of [...data]) if (value === "") data.delete(name, value);
    data.delete("product");
    url.search = data;
    return [url, {}];
  };

  const run = async (form, button) => {
    const name = form.dataset.live;
    const turn = ++latest;
    const [url, options] = request(form, button);
    region(document, name).setAttribute("aria-busy", "true");
    try {
      const answer = await fetch(url, { ...options, headers: { Accept: "text/html" } });
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      if (turn !== latest) return;
      const fresh = region(page, name);
      if (!fresh) throw new Error(`the answer has no region ${name}`);
      document.title = page.title;
      if (answer.ok) history.replaceState(history.state, "", options.method ? location.href : url);
      swap(region(document, name), fresh);
      refreshCount(page);
    } catch {
      form.requestSubmit(button);
    }
  };

  const refreshCount = (page) => {
    const fresh = page.querySelector(".header__cart");
    if (fresh) document.querySelector(".header__cart")?.replaceWith(fresh);
  };

  const enhance = (root) => {
    for (const button of root.querySelectorAll('[data-enhanced="hide"]')) button.hidden = true;
  };

  // Only some fields of a form change what the page shows.
  const LIVE = {
    buy: '[name^="options["]', results: "input, select", cart: ".quantity__input", checkout: 'select[name="country"]',
  };
  let timer;
  document.addEventListener("change", ({ target }) => {
    const form = target.form?.dataset.live ? target.form : null;
    if (!form || !target.matches(LIVE[form.dataset.live])) return;
    const button = form.querySelector('[data-enhanced="hide"]');
    if (form.dataset.live === "checkout" && !button) return;
    clearTimeout(timer);
    timer = setTimeout(run, form.dataset.live === "cart" ? 350 : 0, form, button);
  });

  enhance(document);
  document.querySelector("#errors")?.focus();
}
