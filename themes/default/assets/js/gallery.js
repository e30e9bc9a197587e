// A thumbnail pushes the strip to its picture without moving the page.
document.addEventListener("click", (event) => {
  const slide = document.querySelector(event.target.closest?.(".gallery__thumb")?.getAttribute("href") ?? null);
  const strip = slide?.closest(".gallery__main");
  if (!strip) return;
  event.preventDefault();
  strip.scrollTo({ left: slide.offsetLeft - strip.offsetLeft });
});
