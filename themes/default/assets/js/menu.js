// The menu closes by Escape, by a press beside it, and when the keyboard leaves it.
for (const menu of document.querySelectorAll(".menu")) {
  const close = () => { menu.open = false; };
  menu.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !menu.open) return;
    close();
    menu.querySelector("summary").focus();
  });
  menu.addEventListener("focusout", ({ relatedTarget }) => {
    if (relatedTarget && !menu.contains(relatedTarget)) close();
  });
  document.addEventListener("pointerdown", ({ target }) => {
    if (menu.open && !menu.contains(target)) close();
  });
}
