// The navigation: always open on wide screens, closed by Escape on phones; and "/" goes to the search.
// Every page works without it.
{
  const menu = document.querySelector("[data-menu]");
  const wide = matchMedia("(min-width: 60rem)");
  const fit = () => { if (menu) menu.open = wide.matches; };
  wide.addEventListener("change", fit);
  fit();
  addEventListener("keydown", (event) => {
    if (event.key === "Escape" && menu?.open && !wide.matches) {
      menu.open = false;
      menu.querySelector("summary").focus();
    }
    const search = document.querySelector('[data-shortcut="/"]');
    if (event.key === "/" && search?.checkVisibility() && !event.target.closest("input, textarea, select") && !event.ctrlKey && !event.metaKey) {
      event.preventDefault();
      search.focus();
    }
  });
  document.querySelector("[data-focus]")?.focus();
}
